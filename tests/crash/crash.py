# SPDX-License-Identifier: MIT
"""crash.py WORK PROGRAM BASES [OPTION...] [PHASE [FROM-TO]]: all rounds, told in TAP; run starts it and tells the
options.

A phase is a command from a certain state on. A round is: that state in a fresh world, the command
killed at its N-th changing call (or that call fails), recover as the dead-man would, a look. Rounds go on
until the command has fewer calls. With --power the rounds are those of power.py.
"""
import argparse
import multiprocessing
import os
import resource
import sys
import time
import traceback

import disk
import faults
import kinds
import light
import power
import report
import rounds
import setting

WORKERS = int(os.environ.get("KANNUKI_CRASH_WORKERS", "5"))  # on 2 cores; half of a round is waiting
EVERY_SECONDS = 20  # a sign of life


def work(phase, counter, every, last, results):
    """A worker: takes the next number until one was not reached. Has an outside of its own."""
    light.own_network()
    while True:
        with counter.get_lock():
            number = counter.value
            counter.value += every
        if number > last.value:
            break
        try:
            done = phase.one(number)
        except Exception:  # a worker that dies silently would be a phase that never ends
            done = rounds.Round(number)
            done.lines.append(traceback.format_exc())
        if done is None:
            with last.get_lock():
                last.value = min(last.value, number - 1)
        else:
            results.put(done)
    results.put(None)


def run_phase(phase, first, last, every):
    """-> (rounds, seconds, came to its end)."""
    begin = told = time.monotonic()
    counter, limit = multiprocessing.Value("i", first), multiprocessing.Value("i", last)
    results = multiprocessing.SimpleQueue()
    arguments = phase, counter, every, limit, results
    # (one that waits for a limit needs no processor)
    workers = [multiprocessing.Process(target=work, args=arguments) for _ in range(WORKERS * (4 if phase.patience > 1 else 1))]
    for worker in workers:
        worker.start()
    done, left = [], len(workers)
    while left:
        one = results.get()
        if one is None:
            left -= 1
            continue
        done.append(one)
        if one.lines:
            tell(phase, one)
        if time.monotonic() - told > EVERY_SECONDS:
            told = time.monotonic()
            print("# %s: %d rounds in %d s" % (phase.title, len(done), told - begin), flush=True)
    for worker in workers:
        worker.join()
    return sorted(done, key=lambda r: r.number), time.monotonic() - begin, limit.value < last


def tell(phase, one):
    second = ", then recover at call " + one.second if one.second else ""
    print("not ok - %s, at call %d (%s)%s: not the %s state" % (phase.title, one.number, one.call, second,
                                                               one.end or "promised"))
    for line in "\n".join(one.lines).splitlines()[:40]:
        print("#   " + line)
    sys.stdout.flush()


def summary(phase, done):
    good = [r for r in done if not r.lines]
    ends = ["%d %s state" % (n, end) for end in ("old", "confirmed") if (n := sum(r.end == end for r in good))]
    return "%s: %d of %d %s: %s (%s)" % (phase.title, len(good), len(done), phase.events, ", ".join(ends) or "none",
                                         phase.kinds(done))


def cpu():
    """Seconds that all worlds have used: every process in them is waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def asked():
    """-> (arguments, first, last)."""
    parser = argparse.ArgumentParser(prog="run", allow_abbrev=False)
    parser.add_argument("--report", action="store_true", help="write the counts down, in RESULTS.md")
    parser.add_argument("--every", type=int, default=1, metavar="K",
                        help="only every K-th kill; which of them changes from day to day, so that K days are all")
    parser.add_argument("--fault", default="", metavar="FAULT,...",
                        help="this instead of the kill: %s; calls, children, hangs: all of these; kill: the kill too" % " ".join(faults.ALL))
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is drawn by lot: the second kills")
    parser.add_argument("--all", action="store_true", help="all kinds, with all that may come over them")
    parser.add_argument("--kind", default="cloud", metavar="KIND,...",
                        help="the settings: %s; all; others: all but cloud; turns: two of these, each day the next" % " ".join(k.name for k in kinds.KINDS))
    parser.add_argument("--act", metavar="NAME", help="of the acts of a kind only this one's phases (-: the first)")
    parser.add_argument("--power", choices=[*power.MODES, "both"], metavar="MODE",
                        help="the power is cut instead, the file system's journal written at that moment or not: nolog, flush, "
                        "both; of the first act of cloud")
    parser.add_argument("--fs", default="ext4", metavar="SYSTEM,...", help="on these: %s" % " ".join(disk.SYSTEMS))
    parser.add_argument("phase", nargs="?", choices=power.PHASES)
    parser.add_argument("numbers", nargs="?", metavar="FROM-TO", help="these kills of the phase")
    a = parser.parse_args(sys.argv[4:])
    if a.every < 1 or (a.all and (a.fault or a.kind != "cloud")):
        parser.error("--every takes a number from 1 on; --all chooses kinds and faults itself")
    a.fs = a.fs.split(",")
    if set(a.fs) - set(disk.SYSTEMS) or (a.fs != ["ext4"] and not a.power):
        parser.error("--fs goes with --power: %s" % " ".join(disk.SYSTEMS))
    if a.power and (a.all or a.fault or a.kind != "cloud" or a.act not in (None, "-")):
        parser.error("--power is of the first act of cloud, without another fault")
    if a.phase not in [None, *(k.name for k in rounds.PHASES)] and not a.power:
        parser.error("%s goes with --power" % a.phase)
    try:
        # (a report has the single calls too)
        a.faults = faults.named("kill,calls" if a.report and not a.fault else a.fault)
        a.kinds = kinds.chosen("all" if a.all else a.kind)
    except KeyError as unknown:
        parser.error("no %s; the kinds are %s, the faults %s" % (unknown, " ".join(k.name for k in kinds.KINDS),
                                                                  " ".join(faults.ALL)))
    first, _, last = (a.numbers or "1-1000000").partition("-")
    return a, int(first), int(last or first)


class Tally:
    """What has passed, and the lines of the report."""

    def __init__(self):
        self.passed = self.failed = 0
        self.used = cpu()
        self.rows = []

    def phase(self, phase, part, whole):
        done, seconds, complete = run_phase(phase, *part)
        bad = sum(bool(r.lines) for r in done)
        if not complete and whole:
            bad += 1
            print("not ok - %s did not come to its end" % phase.title)
        self.used, before = cpu(), self.used
        # Of a few calls every K-th may be none.
        empty = not done and (part[2] == 1 or phase.few)
        said = summary(phase, done)
        verdict = "not ok -" if bad or empty else "ok -" if done else "#"  # (a sample may have nothing of a short phase)
        print("%s %s [%d s, %d s of CPU]" % (verdict, said, seconds, self.used - before), flush=True)
        if whole:
            self.rows.append(report.Row(phase.title, said.partition(": ")[2], part[2], len(done), bad + empty))
        self.passed += len(done) - min(bad, len(done))
        self.failed += bad + empty


def run_act(s, a, part, tally):
    first, last = part
    if a.power:
        for phase in power.phases(s, a):
            tally.phase(phase, (first, last, a.every), not a.numbers)
        return
    for fault in planned(s.kind, a):
        for cls in rounds.PHASES:
            if a.phase in (None, cls.name) and cls.possible(s):
                few = cls.few and not a.numbers
                tally.phase(cls(s, fault, a.seed), (1, last, 1) if few else (first, last, a.every), not a.numbers)


def planned(kind, a):
    """The faults that are asked for; all of them: single calls only where the policy is the standard one or has all."""
    if not a.all:
        return a.faults
    return ["", "twice", "full", *faults.CHILDREN, *(faults.CALLS if kind.name in ("cloud", "all-steps") else [])]


def run_kind(kind, a, part, tally):
    wanted = [act for act in kind.acts if a.act in (None, act.name or "-") and not (a.power and act.name)]
    needed, by_name = set(), {act.name: act for act in kind.acts}
    for act in wanted:
        while act.name not in needed:
            needed.add(act.name)
            act = by_name[act.after]
    made = {}
    for act in [act for act in kind.acts if act.name in needed]:
        begin = time.monotonic()
        s = made[act.name] = setting.Setting(*sys.argv[1:4], kind, act)
        setting.make_all(s, made[act.after] if act.name else None)
        print("# %s: the states to begin from are made [%d s]" % (" ".join(filter(None, (kind.name, act.name))),
                                                                 time.monotonic() - begin), flush=True)
        if act in wanted:
            run_act(s, a, part, tally)
    for s in made.values():
        s.forget_layers()


def all_runs(a):
    """-> [(kind, how)]; of everything power comes last, for the act that it is for."""
    runs = [(kind, a) for kind in a.kinds]
    if a.all and a.act in (None, "-"):
        more = {"all": False, "power": "both", "fs": list(disk.SYSTEMS)}
        runs.append((kinds.chosen("cloud")[0], argparse.Namespace(**{**vars(a), **more})))
    return runs


def end_worlds():
    for world in list(light.World.alive):
        world.remove()


def main():
    a, first, last = asked()
    if a.every > 1:
        first += int(time.time() // 86400) % a.every
        print("# every %d. call, from %d on" % (a.every, first))
    a.first = first
    if a.all or "twice" in a.faults:
        print("# the lots are drawn with --seed %d" % a.seed)
    light.own_network()
    tally = Tally()
    for words in kinds.unused():
        print("not ok - %s" % words)
        tally.failed += 1
    for kind, how in all_runs(a):
        try:
            run_kind(kind, how, (first, last), tally)
        except Exception:  # its states could not be made; the others are looked at all the same
            tally.failed += 1
            why = "".join("#   %s\n" % line for line in traceback.format_exc().splitlines())
            print("not ok - %s: its states\n%s" % (kind.name, why))
            end_worlds()
        if a.report:  # after each: what is stopped in between keeps what was done
            report.write(tally.rows, sys.argv[2], a.seed)
    print("%d passed, %d failed" % (tally.passed, tally.failed), flush=True)
    return tally.failed == 0 and tally.passed > 0


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
