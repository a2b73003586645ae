#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""measure.py NAME ROUNDS STATUS A... -- B... [-- AFTER_A... -- AFTER_B...]

Runs A and B in turn, ROUNDS times (one round before does not count), and prints one line of JSON:
for each the median of wall and CPU seconds (its children's too), and the median of the ratios A/B of
each round, which hold on a machine whose speed drifts. AFTER_A and AFTER_B put back what A and B did
and are not counted. A ends with STATUS and all others with 0, or the run is worth nothing and ends.
An argument "<FILE" in front of a command is its standard input.
"""
import json
import resource
import statistics
import subprocess
import sys
import time


def split(words):
    parts = [[]]
    for word in words:
        if word == "--":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def run(argv, wanted):
    source = subprocess.DEVNULL
    if argv[0].startswith("<"):
        source, argv = open(argv[0][1:]), argv[1:]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(argv, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != wanted:
        sys.exit(f"{argv} ended with {done.returncode}, not {wanted}:\n{done.stdout.decode()}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    name, rounds, status = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    a, b, *after = split(sys.argv[4:])
    seen = []
    for counted in range(-1, rounds):
        one = run(a, status)
        if after:
            run(after[0], 0)
        two = run(b, 0)
        if after:
            run(after[1], 0)
        if counted >= 0:
            seen.append((one, two))
    median = statistics.median
    print(json.dumps({
        "name": name,
        "a": [median(s[0][i] for s in seen) for i in (0, 1)],
        "b": [median(s[1][i] for s in seen) for i in (0, 1)],
        "ratio": [median(s[0][i] / max(s[1][i], 1e-6) for s in seen) for i in (0, 1)],
    }))


main()
