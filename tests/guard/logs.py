#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""logs.py PROGRAM PACKAGE [--seed N] [--altered N] [--only FILTER]...: kannuki-guard on the test logs of fail2ban's package.

Every filter with every set of options that its log names, line by line: against what the log says of the line
(# failJSON: match or not, host, time, user, ...), and against what fail2ban's own filter makes of the same lines (which
expressions match, every group, attempts, users, lines that are no failure by themselves). Then as when it runs, which ends
with the first expression that matches; then each line N times altered by chance; and, altered 20 times, with and without the
program's short cuts (--plain). Then all of the log as one, by what fail2ban-regex counts. Prints TAP-like lines, one for each set of options; counted is every line."""
import contextlib
import io
import json
import random
import re
import subprocess
import tempfile
import time
from datetime import datetime

from shared import (NOW, Combination, alter, arguments, count, differences, end, normal, ours, package, program, python,
                    report)
from fail2ban.client.fail2banregex import Fail2banRegex, get_opt_parser
from fail2ban.server.filter import FileContainer


PLAIN_TIMES = 20  # our own program alone is fast


def combinations(name, folder, logs):
    """The log's lines, each for the sets of options that are in force where it stands."""
    found, current, common, files = {}, None, {}, [name]

    def want(options):
        plain = {k: v for k, v in options.items() if not k.startswith("test.")}
        key = options.get("test.filter-name") or json.dumps(plain, sort_keys=True)
        return found.setdefault(key, Combination(name, plain, folder)), options

    for file in files:  # grows
        ignore = False
        source = FileContainer(str(logs / file), "UTF-8", doOpen=True)
        source.waitForLineEnd = False
        said = None
        for number, line in enumerate(source, 1):
            note = re.match("^#+ ?(failJSON|(?:file|filter)Options|addFILE):(.+)$", line) if said is None else None
            if note:
                kind, data = note.group(1), json.loads(note.group(2))
                if kind == "fileOptions":
                    common = data
                elif kind == "addFILE":
                    files.append(data)
                elif kind == "failJSON":
                    said = data
                else:
                    current, ignore = [], False
                    for one in data if isinstance(data, list) else [data]:
                        options = {**common, **one}
                        if options.get("test.condition"):
                            ignore = not eval(options["test.condition"], {"name": name})
                        if not ignore:
                            current.append(want(options))
                continue
            if said is None and (ignore or line.startswith("#") or not line.strip()):
                continue
            said_now, said = said or {}, None
            if ignore:
                continue
            if not current:
                current = [want({})]
            text = line.rstrip("\r\n")
            for combination, options in current:
                condition = said_now.get("constraint")
                if condition and not eval(condition, {"name": name, "opts": options}):
                    continue
                if options.get("logtype") == "journal":
                    text = options.get("test.prefix-line", "") + text
                combination.lines.append((text, said_now, f"{file}:{number}"))
    return list(found.values())


def local_time(text):
    form = "%Y-%m-%dT%H:%M:%S.%f" if "." in text else "%Y-%m-%dT%H:%M:%S"
    when = datetime.strptime(text, form)
    return time.mktime(when.timetuple()) + when.microsecond / 1000000


def against_log(said, line):
    """What of the line is not as its log says."""
    found = [one for one in line["found"] if one["id"] is not None and not one["harmless"]]
    if bool(found) != said.get("match", False):
        return f"match: {bool(found)}"
    if not found:
        return None
    if len(found) > 1:
        return f"matched by {[one['regex'] for one in found]}"
    one = found[0]
    for key, value in said.items():
        have = one["groups"].get(key)
        if key in ("match", "desc", "constraint"):
            continue
        if key == "host":
            have, value = normal(one["id"] if have is None else have), normal(value)
        elif key == "time" and value is None:
            continue
        elif key == "time":
            have, value = one["time"], local_time(value)
        elif key == "attempts":
            have = one["attempts"]
        elif key == "users":
            have, value = sorted(one["users"]), sorted(value)
        if have != value:
            return f"{key}: {have!r}, not {value!r}"
    return None


def as_the_log_says(combination):
    lines = combination.bytes()
    mine, error = ours(combination, lines)
    if mine is None:
        return [f"#   {error}"] * len(lines)
    complaints = []
    for (text, said, where), line in zip(combination.lines, mine):
        wrong = against_log(said, line)
        if wrong:
            complaints.append(f"#   {where}: {wrong}\n#     {text[:300]}")
    return complaints


def their_counts(combination, log):
    """What fail2ban-regex says of the whole log."""
    words = ["--raw", "--config", str(combination.folder), str(log), combination.words()]
    options, rest = get_opt_parser().parse_args(words)
    with contextlib.redirect_stdout(io.StringIO()):
        regex = Fail2banRegex(options)
        regex.start(rest)
    stats = regex._line_stats
    return {"lines": stats.tested, "matched": stats.matched, "missed": stats.missed, "ignored": stats.ignored,
            "failregex": [one.getStats() for one in regex._failregex],
            "ignoreregex": [one.getStats() for one in regex._ignoreregex]}


def our_counts(combination, log):
    run = subprocess.run([str(program), "test", str(log), combination.words(), "--config", str(combination.folder),
                          "--now", str(NOW), "--format", "json"], capture_output=True, text=True, check=False, timeout=600)
    if run.returncode != 0:
        return run.stderr.strip()
    said = json.loads(run.stdout)
    return {key: [one["hits"] for one in said[key]] if key.endswith("regex") else said[key]
            for key in ("lines", "matched", "missed", "ignored", "failregex", "ignoreregex")}


def by_counts(combination, log):
    with tempfile.NamedTemporaryFile("wb") as whole:
        # fail2ban waits for the end of a last line that has none; here it is a line.
        whole.write(log.read_bytes().rstrip(b"\n") + b"\n")
        whole.flush()
        mine, other = our_counts(combination, whole.name), their_counts(combination, whole.name)
    return [] if mine == other else [f"#   kannuki  {mine}\n#   fail2ban {other}"]


def without_short_cuts(combination, lines, first):
    """Where asking every expression of every line decides otherwise. It may come to a limit that is not met else."""
    more = ["--first"] if first else []
    mine, error = ours(combination, lines, *more)
    plain, plain_error = ours(combination, lines, "--plain", *more)
    if mine is None or plain is None:
        return [] if error == plain_error else [f"#   {error}, without short cuts: {plain_error}"] * len(lines)
    return [f"#   {line!r:.400}\n#     kannuki  {one}\n#     --plain  {other}"
            for line, one, other in zip(lines, mine, plain) if one != other and not other["gave_up"]]


def try_one(combination, log, rnd):
    lines = combination.bytes()
    words, matches = combination.words(), sum(bool(said.get("match")) for _, said, _ in combination.lines)
    report(f"{words}: {len(lines)} lines, {matches} match", len(lines), as_the_log_says(combination))
    report(f"{words}: as fail2ban, all expressions", len(lines), differences(combination, lines, False))
    report(f"{words}: as fail2ban, first expression", len(lines), differences(combination, lines, True))
    report(f"{words}: the counts of fail2ban-regex", 1, by_counts(combination, log))
    if not arguments.altered:
        return
    for first in (False, True):
        altered = [alter(line, rnd.choice(lines), rnd) for line in lines * arguments.altered]
        report(f"{words}: {len(altered)} altered lines, {'first' if first else 'all'}", len(altered),
               differences(combination, altered, first))
        more = [alter(line, rnd.choice(lines), rnd) for line in lines * PLAIN_TIMES]
        report(f"{words}: with and without short cuts, {'first' if first else 'all'}", len(more),
               without_short_cuts(combination, more, first))


def main():
    tests = python / "fail2ban/tests"
    seen = 0
    print(f"# altered by seed {arguments.seed}: --seed {arguments.seed} is the same again")
    for folder, prefix in ((package / "etc/fail2ban", ""), (tests / "config", "zzz-")):
        for path in sorted((folder / "filter.d").glob(prefix + "*.conf")):
            log = tests / "files/logs" / path.stem
            if path.stem.endswith("common") or (arguments.only and path.stem not in arguments.only):
                continue
            if not log.is_file():
                report(f"{path.stem} has a log of its own in the package", 1, ["#   it has none"])
                continue
            for combination in combinations(path.stem, folder, tests / "files/logs"):
                try_one(combination, log, random.Random(f"{arguments.seed} {combination.words()}"))
                seen += len(combination.lines)
    if not arguments.only and seen < 1000:
        print(f"not ok - only {seen} lines were found")
        count["failed"] += 1
    end()


main()
