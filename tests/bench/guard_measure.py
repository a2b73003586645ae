#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""guard_measure.py BUILD FAIL2BAN SSHGUARD LINES SAMPLE SEED: the guard beside fail2ban-regex and sshguard's parser, on the
same invented logs (guard_log.py), per second of CPU. Prints the tables of RESULTS.md; `tests/bench/guard` calls it.

FAIL2BAN and SSHGUARD are folders with Debian's packages unpacked. fail2ban-regex gets the first SAMPLE lines. What it decides
of them is compared with what the guard does: its counts of the sample, and of 5000 lines each one. The time that a program
takes for one line is taken off each."""
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

build, fail2ban, sshguard = (Path(word).resolve() for word in sys.argv[1:4])
lines, sample, seed = (int(word) for word in sys.argv[4:7])
here = Path(__file__).resolve().parent
config = fail2ban / "etc/fail2ban"
FILTER = "sshd[mode=aggressive]"
MIXES = ((5, 15_000), (40, 100_000), (90, 300_000))
ROUNDS = 3
guard, guard_lines = build / "kannuki-guard", build / "tests/bench/guard_lines"
os.environ["TZ"] = "UTC0"


def run(argv, source=subprocess.DEVNULL, env=None):
    """CPU seconds of the program and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(word) for word in argv], stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                          check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{argv} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout.decode(errors="replace")


def best(command, log, one):
    """The least of some rounds, without what it takes for one line; and what it printed of the log."""
    start = min(command(one)[0] for _ in range(ROUNDS))
    results = [command(log) for _ in range(ROUNDS)]
    return max(min(cpu for cpu, _ in results) - start, 1e-9), results[0][1]


def ours(log, *more):
    return run([guard, "test", log, FILTER, "--config", config, "--format", "json", *more])


FAIL2BAN_REGEX = """
import contextlib, io, json, sys
from fail2ban.client.fail2banregex import Fail2banRegex, get_opt_parser
options, rest = get_opt_parser().parse_args(["--raw", "--config", sys.argv[1], sys.argv[2], sys.argv[3], *sys.argv[4:]])
regex = Fail2banRegex(options)
with contextlib.redirect_stdout(io.StringIO()):
    regex.start(rest)
stats = regex._line_stats
print(json.dumps({"lines": stats.tested, "matched": stats.matched, "missed": stats.missed, "ignored": stats.ignored,
                  "failregex": [one.getStats() for one in regex._failregex]}))
"""


def theirs(log, *more):
    env = {**os.environ, "PYTHONPATH": str(fail2ban / "usr/lib/python3/dist-packages")}
    return run([sys.executable, "-c", FAIL2BAN_REGEX, config, log, FILTER, *more], env=env)


def parser(log):
    with open(log, "rb") as source:
        return run([sshguard / "usr/libexec/sshguard/sshg-parser"], source)


def matcher(log, *jails):
    result = json.loads(run([guard_lines, config, log, 1_000_000, *jails])[1])
    return result


def same_counts(mine, other):
    mine, other = json.loads(mine), json.loads(other)
    have = {key: mine[key] for key in ("lines", "matched", "missed", "ignored")}
    have["failregex"] = [one["hits"] for one in mine["failregex"]]
    return have == other


def same_lines(log):
    """How many of the first 5000 lines are decided otherwise, by tests/guard's own comparison."""
    code = ("import sys; sys.path.insert(0, sys.argv.pop(1)); log = sys.argv.pop(1)\n"
            "from shared import Combination, differences, package\n"
            "lines = open(log, 'rb').read().split(b'\\n')[:5000]\n"
            "combination = Combination('sshd', {'mode': 'aggressive'}, package / 'etc/fail2ban')\n"
            "print(sum(len(differences(combination, lines, first)) for first in (False, True)))\n")
    return int(run([sys.executable, "-c", code, here.parent / "guard", log, guard, fail2ban])[1])


def per_second(count, seconds):
    rate = count / seconds
    return f"{rate / 1e6:.2f} M" if rate >= 1e6 else f"{rate / 1e3:.0f} k"


def make_log(work, attack, sources, form="syslog"):
    log = work / f"{attack}-{form}.log"
    with open(log, "wb") as out:
        subprocess.run([sys.executable, here / "guard_log.py", "--lines", str(lines), "--attack", str(attack), "--sources",
                        str(sources), "--seed", str(seed), "--form", form], stdout=out, stderr=subprocess.DEVNULL, check=True)
    head = work / f"{attack}-{form}.head"
    with open(log, "rb") as whole, open(head, "wb") as out:
        for _ in range(sample):
            out.write(whole.readline())
    return log, head


def side_by_side(work, one):
    print("| attack lines | sources | guard | of all expressions | fail2ban-regex | of all | times | of all | sshguard's parser | times | "
          "decided alike |\n|---|---|---|---|---|---|---|---|---|---|---|")
    for attack, sources in MIXES:
        log, head = make_log(work, attack, sources)
        first, _ = best(lambda path: ours(path, "--first"), log, one)
        every, _ = best(ours, log, one)
        them_first = theirs(head, "--no-check-all")[0] - theirs(one, "--no-check-all")[0]
        them_cpu, them = theirs(head)
        them_every = them_cpu - theirs(one)[0]
        others, _ = best(parser, log, one)
        different = same_lines(log)
        alike = "all" if same_counts(ours(head)[1], them) and different == 0 else f"NO: {different}"
        rates = [lines / first, lines / every, sample / them_first, sample / them_every, lines / others]
        print(f"| {attack} % | {sources} | {per_second(lines, first)} | {per_second(lines, every)} | "
              f"{per_second(sample, them_first)} | {per_second(sample, them_every)} | {rates[0] / rates[2]:.0f} | "
              f"{rates[1] / rates[3]:.0f} | {per_second(lines, others)} | {rates[0] / rates[4]:.1f} | {alike} |", flush=True)


def as_daemon(work):
    print("\n| log | jails | lines | memory | of it windows | sources tracked | due | start |\n|---|---|---|---|---|---|---|---|")
    for attack, sources in MIXES:
        for jails, name in ((("sshd",), "sshd"), ((), "all")):
            results = [matcher(work / f"{attack}-syslog.log", *jails) for _ in range(ROUNDS if jails else 1)]
            result = min(results, key=lambda one: one["cpu_s"])
            print(f"| {attack} %, {sources} sources | {result['jails'] if name == 'all' else name} | "
                  f"{per_second(lines, result['cpu_s'])} | {result['max_rss_kib'] / 1024:.1f} MiB | "
                  f"{result['window_bytes'] / 2**20:.1f} MiB | {result['tracked']} | {result['due']} | "
                  f"{result['start_s'] * 1000:.0f} ms |", flush=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        one = work / "one.log"
        one.write_text("Jan  1 00:00:00 web1 nothing: of interest\n", encoding="utf-8")
        side_by_side(work, one)
        as_daemon(work)
        log, _ = make_log(work, 40, 100_000, "iso")
        every, _ = best(lambda path: ours(path, "--first"), log, one)
        print(f"\nThe second log with dates as rsyslog writes them now (2026-01-01T00:00:00.123456+00:00): {per_second(lines, every)} lines.")


main()
