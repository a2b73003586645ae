# SPDX-License-Identifier: MIT
"""crash.py WORK PROGRAM BASE [--report] [--every K] [--fault FAULT,...] [PHASE [FROM-TO]]: all rounds, told in TAP;
run starts it.

A phase is a command from a certain state on. A round is: that state in a fresh world, the command
killed at its N-th changing call (or that call fails), recover as the dead-man would, a look. Rounds go on
until the command has fewer calls.
"""
import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import time
import traceback

import light
import rounds
import setting

FAULTS = "ENOSPC EIO EDQUOT EROFS ENOMEM EINTR short".split()
WORKERS = int(os.environ.get("KANNUKI_CRASH_WORKERS", "5"))  # on 2 cores; half of a round is waiting
EVERY_SECONDS = 20  # a sign of life


def work(phase, counter, every, last, results):
    """A worker: takes the next number until one was not reached. Has an outside of its own."""
    light.check(light.LIBC.unshare(light.NEW_NET))
    light.batch(["link set lo up"])
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
    workers = [multiprocessing.Process(target=work, args=arguments) for _ in range(WORKERS)]
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
            print("# %s: %d rounds in %d s" % (title(phase), len(done), told - begin), flush=True)
    for worker in workers:
        worker.join()
    return sorted(done, key=lambda r: r.number), time.monotonic() - begin, limit.value < last


def title(phase):
    return phase.name + (", " + phase.fault if phase.fault else "")


def tell(phase, one):
    print("not ok - %s, at call %d (%s): not the %s state" % (title(phase), one.number, one.call, one.end or "promised"))
    for line in "\n".join(one.lines).splitlines()[:40]:
        print("#   " + line)
    sys.stdout.flush()


def summary(phase, done):
    good = [r for r in done if not r.lines]
    ends = ["%d %s state" % (n, end) for end in ("old", "confirmed") if (n := sum(r.end == end for r in good))]
    own = sum(r.call.startswith("self ") for r in done)
    return "%s: %d of %d %s: %s (%d at calls of its own, %d of programs it runs)" % (
        title(phase), len(good), len(done), "failures" if phase.fault else "kills", ", ".join(ends) or "none", own,
        len(done) - own)


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
                        help="the call fails so, instead of the kill: %s" % " ".join(FAULTS))
    parser.add_argument("phase", nargs="?", choices=[k.name for k in rounds.PHASES])
    parser.add_argument("numbers", nargs="?", metavar="FROM-TO", help="these kills of the phase")
    a = parser.parse_args(sys.argv[4:])
    if a.every < 1 or (a.report and (a.every > 1 or a.fault)):
        parser.error("--every takes a number from 1 on; a report is of all kills and failures")
    a.faults = a.fault.split(",")
    if a.fault and set(a.faults) - set(FAULTS):
        parser.error("--fault: %s; there are: %s" % (a.fault, " ".join(FAULTS)))
    first, _, last = (a.numbers or "1-1000000").partition("-")
    return a, int(first), int(last or first)


def main():
    a, first, last = asked()
    kinds = [k for k in rounds.PHASES if a.phase in (None, k.name)]
    if a.every > 1:
        first += int(time.time() // 86400) % a.every
        print("# every %d. call, from %d on" % (a.every, first))
    begin = time.monotonic()
    light.check(light.LIBC.unshare(light.NEW_NET))
    light.batch(["link set lo up"])
    s = setting.Setting(*sys.argv[1:4])
    commit = said("git", "rev-parse", "--short", "HEAD") or "unknown"
    setting.make_all(s)
    print("# the states to begin from are made [%d s]" % (time.monotonic() - begin), flush=True)
    passed = failed = 0
    lines, used = [], cpu()
    faults = ["", *FAULTS] if a.report else a.faults
    for phase in [kind(s, fault) for fault in faults for kind in kinds]:
        part = (1, last, 1) if phase.few and not a.numbers else (first, last, a.every)
        done, seconds, complete = run_phase(phase, *part)
        bad = sum(bool(r.lines) for r in done)
        if not complete and not a.numbers:
            bad += 1
            print("not ok - %s did not come to its end" % title(phase))
        lines.append(summary(phase, done))
        used, before = cpu(), used
        print("%s - %s [%d s, %d s of CPU]" % ("not ok" if bad or not done else "ok", lines[-1], seconds, used - before),
              flush=True)
        passed += len(done) - min(bad, len(done))
        failed += bad + (not done)
    if a.report:
        write_report(s, commit, lines, (passed, failed, time.monotonic() - begin))
    print("%d passed, %d failed" % (passed, failed), flush=True)
    return failed == 0 and passed > 0


def said(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


def write_report(s, commit, lines, totals):
    passed, failed, seconds = totals
    text = ["# Results of the crash suite", "",
            "Written by `tests/crash/run --report` on %s." % time.strftime("%Y-%m-%d", time.gmtime()), "",
            "- program: `%s`, commit %s" % (said(s.program, "--version"), commit),
            "- machine: kernel %s, %d cores; %d rounds at once; %d min %02d s" % (
                os.uname().release, os.cpu_count(), WORKERS, seconds // 60, seconds % 60), "",
            "Every N, no sampling:", ""]
    text += ["- " + line for line in lines] + ["", "%d passed, %d failed" % (passed, failed), ""]
    with open(os.path.join(setting.HERE, "RESULTS.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(text))


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
