# SPDX-License-Identifier: MIT
"""shared.py: kannuki-guard and fail2ban's own filter on the same lines, for the tests beside it.

Arguments: PROGRAM PACKAGE [--seed N] [--altered N] [--only NAME]..."""
import argparse
import ipaddress
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NOW = 1124013600
ZONE = "CET-01CEST-02,M3.5.0,M10.5.0"
parser = argparse.ArgumentParser()
parser.add_argument("program", type=lambda p: Path(p).resolve())
parser.add_argument("package", type=lambda p: Path(p).resolve())
parser.add_argument("--only", action="append", help="this filter alone")
parser.add_argument("--seed", type=int, default=20261126)
parser.add_argument("--altered", type=int, default=5)
arguments = parser.parse_args()
program, package = arguments.program, arguments.package
python = package / "usr/lib/python3/dist-packages"
sys.path.insert(0, str(python))
os.environ["TZ"] = ZONE
time.tzset()
logging.disable(logging.CRITICAL)

# pylint: disable=wrong-import-position
from fail2ban.client.filterreader import FilterReader  # noqa: E402
from fail2ban.server import strptime  # noqa: E402
from fail2ban.server.failregex import RegexException  # noqa: E402
from fail2ban.server.filter import Filter  # noqa: E402
from fail2ban.server.ipdns import IPAddr  # noqa: E402
from fail2ban.server.mytime import MyTime  # noqa: E402
from fail2ban.server.utils import Utils  # noqa: E402

MyTime.setTime(NOW)
count = {"passed": 0, "failed": 0, "found": 0}  # found: lines in which fail2ban found something

# The zones that we know; fail2ban knows more (README.md) and is made to forget them.
SOURCE = Path(__file__).resolve().parents[2] / "src/guard/date_zone.c"
zones = {name: int(minutes) for name, minutes in re.findall(r'\{ "(\w+)", (-?\d+) \}', SOURCE.read_text(encoding="utf-8"))}
their_zones = dict(strptime.TZ_ABBR_OFFS)
for zone in their_zones:
    if zone and len(zone) > 1 and zone not in zones:
        del strptime.TZ_ABBR_OFFS[zone]


def too_slow(*_):
    raise TimeoutError


signal.signal(signal.SIGALRM, too_slow)


class Combination:
    """A filter with its options, and the lines that are for it."""

    def __init__(self, name, options, folder):
        self.name, self.options, self.folder = name, options, folder
        self.lines = []  # (text, what is said of it, where it stands)

    def words(self):
        given = ", ".join(f'{k}="{v}"' for k, v in self.options.items())
        return f"{self.name}[{given}]" if given else self.name

    def bytes(self):
        return [text.encode("utf-8", "surrogateescape") for text, _, _ in self.lines]


def ours(combination, lines, *more):
    """What the program makes of each line; None and why when it fails."""
    journal = ["--at", str(NOW)] if combination.options.get("logtype") == "journal" else []
    with tempfile.NamedTemporaryFile("wb") as log:
        for line in lines:
            log.write(line + b"\n")
        log.flush()
        run = subprocess.run([str(program), "test", log.name, combination.words(), "--each", "--all", "--now", str(NOW),
                              "--config", str(combination.folder), *journal, *more],
                             capture_output=True, check=False, timeout=600)
    if run.returncode != 0:
        return None, run.stderr.decode().strip() or f"exit status {run.returncode}"
    result = [json.loads(line) for line in run.stdout.decode().rstrip("\n").split("\n") if line]
    return (result, "") if len(result) == len(lines) else (None, "not a result for each line")


class Connections(Utils.Cache):
    """As many as we remember (failure.c), or altered logs of more connections than it keeps would differ."""

    def __init__(self):
        super().__init__(maxCount=4096, maxTime=300)

    def __bool__(self):
        return True


def their_filter(combination, first):
    filt = Filter(None)
    filt._Filter__mlfidCache = Connections()
    filt.returnRawHost = filt.active = True
    filt.checkAllRegex = not first
    filt.checkFindTime = False
    reader = FilterReader(combination.name, "jail", dict(combination.options), basedir=str(combination.folder),
                          share_config={})
    reader.read()
    reader.getOptions({})
    for one in reader.convert():
        for value in one[3] if one[0] == "multi-set" else [one[3]]:
            if one[2] == "prefregex":
                filt.prefRegex = value
            elif one[2] == "addfailregex":
                filt.addFailRegex(value)
            elif one[2] == "addignoreregex":
                filt.addIgnoreRegex(value)
            elif one[2] == "maxlines":
                filt.setMaxLines(value)
            elif one[2] == "usedns":
                filt.setUseDns(value)
            elif one[2] == "datepattern":
                filt.setDatePattern(value)
    return filt


def theirs(combination, lines, first=False):
    """What fail2ban's filter makes of each line, in our terms; None where it fails itself."""
    filt, result = their_filter(combination, first), []
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        signal.setitimer(signal.ITIMER_REAL, 2)  # some of its expressions take for ever on some lines
        try:
            if combination.options.get("logtype") == "journal":
                found = filt.processLine(("", "2005-08-14T10:00:00", text), NOW)
            else:
                found = filt.processLine(text)
            result.append([their_found(*one) for one in found])
        except Exception:
            result.append(None)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return result


HIDDEN = ("matches", "nofail-matches", "users", "mlfpending", "mlfforget")


def as_text(value):
    """Some control characters become another white space here."""
    return re.sub("[\x1c-\x1f]", "\u205f", str(value))


def as_source(value):
    """As fail2ban names it when it runs, and not only tests."""
    try:
        return as_text(IPAddr(str(value)))
    except ValueError:
        return as_text(value)


def their_found(regex, source, when, fail):
    return {"regex": regex, "id": None if source is None else as_source(source), "time": when,
            "harmless": bool(fail.get("nofail")), "attempts": len(fail.get("matches", [])),
            "users": sorted(as_text(user) for user in fail.get("users") or []),
            "groups": {k: as_text(v) for k, v in fail.items() if v is not None and k not in HIDDEN}}


def our_found(one):
    return {"regex": one["regex"], "id": one["id"], "time": one["time"], "harmless": one["harmless"],
            "attempts": one["attempts"], "users": sorted(one["users"]),
            "groups": {k: v for k, v in one["groups"].items() if v is not None and k not in HIDDEN}}


def normal(host):
    try:
        address = ipaddress.ip_address(host)
        return str(getattr(address, "ipv4_mapped", None) or address)
    except ValueError:
        return host


def report(name, lines, complaints):
    count["passed"] += lines - len(complaints)
    count["failed"] += len(complaints)
    print(f"{'not ' if complaints else ''}ok - {name}")
    for one in complaints[:10]:
        print(one)


def differences(combination, lines, first):
    """Where the program and fail2ban find different things. That the program gave up is none where fail2ban finds nothing either."""
    more = ["--first"] if first else []
    try:
        found_there = theirs(combination, lines, first)
    except (RegexException, ValueError, TypeError) as refused:
        # What it does not take is not to be taken here.
        mine, error = ours(combination, lines, *more)
        return [] if mine is None and "exit status" not in error else [f"#   taken, but fail2ban: {refused}"] * len(lines)
    if None in found_there:
        # What a line did to its memory before it failed at that line nobody can say: neither sees that line.
        lines = [line for line, found in zip(lines, found_there) if found is not None]
        found_there = theirs(combination, lines, first)
    mine, error = ours(combination, lines, *more)
    if mine is None:
        # Some of what it takes it can use for no line.
        return [] if not any(found_there) and "exit status" not in error else [f"#   {error}"] * len(lines)
    complaints = []
    for line, my_line, their_line in zip(lines, mine, found_there):
        found = [our_found(one) for one in my_line["found"]]
        count["found"] += bool(their_line)
        if their_line is not None and found != their_line:
            complaints.append(f"#   {line!r:.400}\n#     kannuki  {found}\n#     fail2ban {their_line}")
    return complaints


PIECES = [b" ", b"  ", b"\t", b"[", b"]", b":", b"<", b">", b"'", b'"', b"=", b"\\", b"192.0.2.77", b"::1", b"2001:db8::77", b"::ffff:192.0.2.7",
          b"999.1.1.1", b"host.example", b"from", b"user", b"root", b"port 22", b"\xff\xfe", b"\xe3\x81\x82", b"\xc2\xa0", b"\xe2\x80\xa8",
          b"\x1f", b"\x0b", b"2005-08-14 11:58:59", b"Aug 14 11:58:58", b"Feb 29 10:00:00", b"1124013555", b"14/Aug/2005:11:57:00 +0100",
          b"@4000000042ff1234", b"23:59:59", b"Sat Dec 31 23:59:59 2005", b"0" * 40, b"a" * 300]


def alter(line, other, rnd):
    """The line changed in one to three places."""
    for _ in range(rnd.randint(1, 3)):
        words = line.split(b" ")
        at = rnd.randrange(len(words))
        byte = rnd.randrange(len(line) + 1)
        how = rnd.randrange(9)
        if how == 0:
            del words[at]
        elif how == 1:
            words.insert(at, rnd.choice(words))
        elif how == 2:
            words[at], words[0] = words[0], words[at]
        elif how == 3:
            words[at] = rnd.choice(PIECES)
        elif how == 4:
            words.insert(at, rnd.choice(PIECES))
        if how <= 4:
            line = b" ".join(words)
        elif how == 5:
            line = line[:byte] + rnd.choice(PIECES) + line[byte:]
        elif how == 6:
            line = line[:byte] + line[byte + rnd.randint(1, 4):]
        elif how == 7:
            line = line[:byte] + other[rnd.randrange(len(other) + 1):]
        else:
            line = line[:byte] + bytes([rnd.choice(b"0123456789 .:-/[]()aZ")]) + line[byte + 1:]
    return line.replace(b"\n", b" ").replace(b"\0", b" ").rstrip(b"\r")


def end():
    print(f"{count['passed']} passed, {count['failed']} failed")
    sys.exit(count["failed"] > 0)
