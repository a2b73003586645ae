#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""made.py PROGRAM PACKAGE [--seed N] [--altered N]: filters and lines made for this, through kannuki-guard and fail2ban.

What the stock filters do not use: every form of date and of datepattern, every construct of Python's expressions, lines
that belong together (maxlines, <SKIPLINES>, <F-MLFID>) in every order. Prints TAP-like lines; counted is every line."""
import json
import random
import subprocess
import tempfile
import time
from pathlib import Path

from shared import NOW, Combination, MyTime, alter, arguments, count, differences, end, program, report, their_zones, zones

PATTERNS = [
    None, "{^LN-BEG}", "{DEFAULT}", "{NONE}", "^{DATE}", r"^\[{DATE}\]", r"\s{DATE}\s", r"^\S+ {DATE}", "EPOCH", "^EPOCH", "{^LN-BEG}EPOCH",
    "LEPOCH", "^LEPOCH", r"\[{EPOCH}\]", r"(?<=\|\s){LEPOCH}(?=\s\|)", "TAI64N", "^TAI64N", "epoch",
    "%Y-%m-%d %H:%M:%S", "^%Y-%m-%d %H:%M:%S", "{^LN-BEG}%Y-%m-%d %H:%M:%S", "**%Y-%m-%d %H:%M:%S**", "{UNB}%H:%M:%S", r"%d/%b/%Y[ :]%H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S", "%a %b %d %H:%M:%S %Y", "%b %d %k:%M:%S", "%b %d %H:%M:%S.%f", "%Y %j %H:%M:%S", "%U %a %Y %H:%M", "%W %w %H:%M",
    "%m/%d/%y %I:%M:%S %p", "%l:%M %p", "%x %X", "%c", "%ExY%Exm%Exd%ExH%ExM%ExS", "%ExY-%Exm-%Exd %H:%M:%S(?: ?%Exz)?", "%Y-%m-%d %H:%M:%S %Exz",
    "%d %B %y %H:%M", "%A %d %B %Y %H:%M:%S", r"(?:%Z )?%b %d %H:%M:%S", r"^\[?%Y-%m-%dT%H:%M:%S(?:\.%f)?(?:%z)?\]?", "%%%H%M%S",
    "%Y-%m-%d %H:%M:%S\n^{DATE}\nEPOCH", "^%H:%M:%S\n{^LN-BEG}", "^%H:%M:%S\n{DEFAULT}", "(%Y)-%m-%d", r"(?i)date=%Y-%m-%d", r"^%Y-%m-%d$|^%H:%M:%S",
    r"\b%Y\b", r"%Y-%m-%d\s", r"^(?:%b %d )?%H:%M:%S", r"^(?:\[|)%d-%m-%Y %H:%M:%S(?:\]|)", "%H:%M:%S\\$", "(?:^|x)%H:%M:%S",
]
FORMS = [
    "%Y-%m-%dT%H:%M:%S.981746", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S,123", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d %H:%M:%S", "%Y-%m-%d %H:%M:%S +0200",
    "%Y-%m-%d %H:%M:%SZ", "%Y-%m-%dT%H:%M:%S-10:45", "%a %b %d %H:%M:%S %Y", "%b %d %H:%M:%S", "%b  %e %H:%M:%S", "%a %b %d %H:%M:%S.011 %Y",
    "%a %b %d %Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d/%m/%y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "[%d/%b/%Y:%H:%M:%S -0000]", "%d-%b-%Y %H:%M:%S.252",
    "%d-%b-%Y %H:%M:%S +0200", "%m/%d/%Y:%H:%M:%S", "%m-%d-%Y %H:%M:%S.252", "%s", "[%s]", "%s.555", "audit(%s.555:101)", "%s000", "%s123456",
    "| %s |", "%H:%M:%S", "<%m/%d/%y@%H:%M:%S>", "%y%m%d %H:%M:%S", "%y%m%d  %H:%M:%S", "%b %d, %Y %I:%M:%S %p", "%b-%d-%y %H:%M:%S", "%Y%m%dT%H%M%S",
    "%Y%m%d %H%M%S", "CET %b %d %H:%M:%S", "PDT %a %b %d %H:%M:%S", "+00:00 %b %d %H:%M:%S", "-0330 %b %d %H:%M:%S %Y", "@4000000042ff3c6c2f1c1a1c",
    "%Y %j %H:%M:%S", "%U %a %Y %H:%M", "%W %w %H:%M", "%m/%d/%y %I:%M:%S %p", "%I:%M %p", "%d %B %y %H:%M", "%A %d %B %Y %H:%M:%S", "%Y-%m-%d %H:%M:%S CET",
    "%Y-%m-%d %H:%M:%S CEST+0130", "%Y-%m-%d %H:%M:%S K", "date=%Y-%m-%d", "%m/%d/%y %H:%M:%S", "Feb 29 %H:%M:%S", "2005-02-30 %H:%M:%S", "31/Apr/2005:%H:%M:%S",
    "%Y-%m-%d 23:59:60", "%Y-%m-%d 24:00:00", "1999-12-31 23:59:59", "2039-01-01 00:00:00", "0000-00-00 00:00:00", "%%%H%M%S", "", "no date",
]
AROUND = ["{} srv x", "[{}] x", "x {} y", "{}: x", "srv {} x", "  {} x", "({}) x", "x|{}|", "{}", "a{} x", "{}a x", "あ {} い", "\u3000{} x", "<13>{} x"]
# Where the first one's date was, the others have the beginning of theirs, and nothing that a date has.
NARROWED = ["2011-12-16 07:47:01Z: x", "<13>date=2005-08-14 x", "\u3042 2004-08-14 11:37:01Z \u3044", ": 07:46:48 K root srv 2011-12-16"]

EXPRESSIONS = [
    r"^a{,2}b", r"^a{2,}b", r"^a{2}b", r"^a{1,2}?b", r"a{b", r"a{,}b", r"a{1,b", r"x{}y", r"[]a]+b", r"[^]a]+b", r"[[:alpha:]]+", r"[a[b]+", r"[\]\[]+", r"[\b]|a",
    r"[\x41-\x43]+", r"\x41+", r"\u0041+b", r"\U00000042", r"\101+", r"\0|a", r"(a)\1", r"(a)(b)\2\1", r"(?P<q>['\"])a(?P=q)", r"(?P<q>a)?b(?(q)c|d)", r"(a)?b(?(1)c|d)",
    r"(?i)AB", r"(?i:a)B", r"((?i)ab)C", r"(?:(?i)ab)C", r"(?im-s:a.)b", r"(?s)a.b", r"(?x) a  b # c", r"(?u)\w+b", r"(?a)\w+b", r"(?iu)é", r"\w+é", r"\d+", r"\D+b", r"\W+b",
    r"\s+b", r"\S+ b", r"[\s,]+b", r"[^\s,]+b", r"[\w.-]+b", r"[^\W\d]+", r"\Aab", r"b\Z", r"b$", r"^$", r"\bab\b", r"\Bb", r"(?=ab)a", r"(?!ab)a", r"(?<=a)b", r"(?<!a)b",
    r"(?>a+)b", r"a++b", r"a*+b", r"a?+b", r"(?#comment)ab", r"a|b|", r"(?:a|ab)(?:c|bcd)", r"(?:(a)|b)*c", r"(a*)*b", r"(a|b)*?c", r"a.c", r"a\.c", r"\-\_\/\:\ \<\>\#\%", r"\t|\n|\r|\f|\v|\a",
    r".*?b", r".*b", r".+?c$", r"[+*?.(){}|^$]+", r"(?:)", r"(?P<a1>a)(?P<b_2>b)", r"あ+", r"[あ-ん]+", r"[^あ]b", r"(?i)[k]", r"a\\b", r"<a>", r"<F-USER>a+</F-USER>b", r"<F-ALT_USER>a</F-ALT_USER>?(?:b)(?:<F-USER>c</F-USER>)?",
    r"<F-ALT_USER_1>a+</F-ALT_USER_1>(?:b)<F-ALT_USER_2>c*</F-ALT_USER_2>", r"<F-PORT/>", r"(?:<F-NOFAIL>a</F-NOFAIL>|b)", r"</F-USER>a", r"<f-user>", r"<F-USER/>",
    # What Python refuses.
    r"\Qa\E", r"\Ka", r"\h", r"\R", r"\p{L}", r"\N", r"(?R)", r"(?1)a", r"(?&a)", r"(?'n'a)", r"(?<n>a)", r"(?|a|b)", r"(*FAIL)", r"\g1", r"\k<a>", r"(?P>a)", r"a**", r"(?P<1a>b)", r"(a", r"a)",
    r"[a", r"\1", r"(?P=zz)", r"(?<=a+)b", r"[\h]", r"\x4", r"\u12", r"(?z)a", r"*a", "a\\",
]
SOURCES = ["<HOST>", "<ADDR>", "<IP4>", "<IP6>", "<DNS>", "<SUBNET>", "<ADDR>/<CIDR>", "<F-ID/>", "<F-ID>x+</F-ID>", "<F-IP4/>", "<F-SUBNET/>", r"\[<HOST>\]:<F-PORT/>", "<F-ID>\\S+</F-ID> <HOST>"]
HOSTS = ["192.0.2.1", "192.0.2.1:22", "::1", "[::1]", "[2001:db8::1]:22", "2001:DB8:0:0:0:0:0:1", "::ffff:192.0.2.1", "::FFFF:192.0.2.1", "::ffff:c000:201", "::1.2.3.4", "fe80::1%eth0", "192.0.2.0/24", "2001:db8::/32", "192.0.2.1/0", "192.0.2.1/99",
         "999.999.999.999", "1.2.3", "01.02.03.04", "host", "host.example.", "a_b-c.^d", "xxx", "xxx 192.0.2.9", "あ.example", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "::", "1::", ":::", "٣.٣.٣.٣", ""]

TOGETHER = [
    ("two", 2, [r"^first <F-USER>\w+</F-USER>$<SKIPLINES>^second <HOST>$"], [], None),
    ("five", 5, [r"^first <F-USER>\w+</F-USER>$<SKIPLINES>^second <HOST>$", r"^second <HOST>$<SKIPLINES>^third$", r"^only <HOST>$"], [], None),
    ("ignore", 4, [r"^first <F-USER>\w+</F-USER>$<SKIPLINES>^second <HOST>$", r"^only <HOST>$"], [r"^second 192\.0\.2\.2$", r"\bc$"], None),
    ("prefix", 3, [r"^first <F-USER>\w+</F-USER>$<SKIPLINES>^second <HOST>$", r"<HOST>"], [], r"(?s)^<F-CONTENT>.*(?:second|only).+</F-CONTENT>$"),
    ("single", 1, [r"^first", r"^second <HOST>$", r"^only <HOST>", r"<HOST>$"], [r"192\.0\.2\.3"], r"^(?P<fid>\w+) <F-CONTENT>.*</F-CONTENT>$"),
    ("few", 1, [r"^second <HOST>$", r"^only <HOST>", r"<HOST>$", r"<F-ID>third</F-ID>", r"x<HOST>"], [r"192\.0\.2\.3"], None),
]
CONNECTION = {
    "prefregex": r"^<F-MLFID>\w+</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$",
    "failregex": [r"^fail <F-USER>\S*</F-USER> <HOST>$", r"^fail <F-USER>\S+</F-USER>$", r"^<F-NOFAIL>hello</F-NOFAIL> <HOST>$", r"^<F-NOFAIL>try</F-NOFAIL> <F-USER>\S+</F-USER>(?: <HOST>)?$",
                  r"^<F-MLFFORGET><F-MLFGAINED>in</F-MLFGAINED></F-MLFFORGET> <F-USER>\S+</F-USER> <HOST>$", r"^<F-MLFGAINED>stay</F-MLFGAINED> <F-USER>\S+</F-USER>$",
                  r"^<F-MLFFORGET>bye</F-MLFFORGET>$", r"^<F-NOFAIL><F-MLFFORGET>close</F-MLFFORGET></F-NOFAIL> <HOST>$", r"^drop$", r"^<F-ID>id\d</F-ID>$"],
}
EVENTS = ["fail {u} {h}", "fail {u}", "hello {h}", "try {u}", "try {u} {h}", "in {u} {h}", "stay {u}", "bye", "close {h}", "drop", "id1", "noise"]


def write(folder, name, **options):
    text = ["[Definition]"]
    for key, value in options.items():
        if value is None:
            continue
        lines = value if isinstance(value, list) else str(value).split("\n")
        text.append(f"{key} = " + "\n            ".join(line.replace("%", "%%") for line in lines))
    (folder / "filter.d").mkdir(exist_ok=True)
    (folder / "filter.d" / f"{name}.conf").write_text("\n".join(text) + "\n", encoding="utf-8")


def try_lines(folder, name, what, lines, least=0):
    """least: in so many of a hundred lines something has to be found, or the test would test nothing."""
    combination = Combination(name, {}, folder)
    data = [line.encode("utf-8", "surrogateescape") for line in lines]
    for first in (False, True):
        before = count["found"]
        report(f"{what}{', first expression' if first else ''}: {len(data)} lines", len(data), differences(combination, data, first))
        if count["found"] - before < len(data) * least / 100:
            report(f"{what}: something to be found", 1, [f"#   {count['found'] - before} of {len(data)} lines"])


def dates(folder, rnd):
    for i, pattern in enumerate(PATTERNS):
        lines = [text + " fail 192.0.2.1" for text in NARROWED]
        for _ in range(40 * max(arguments.altered, 1)):
            when = NOW + rnd.choice([0, -3600, 3600, -86400, 90000, -31536000, 200000000]) + rnd.randint(-5000, 5000)
            text = rnd.choice(AROUND).format(time.strftime(rnd.choice(FORMS), time.localtime(when)))
            if rnd.random() < 0.2:
                text = alter(text.encode(), b"12:34:56 2005-01-01", rnd).decode("utf-8", "surrogateescape")
            # In runs of one form, as logs are, and mixed.
            lines += [text + " fail 192.0.2.1"] * rnd.choice([1, 1, 1, 3])
        write(folder, f"date{i}", failregex=r"^<F-REST>.*</F-REST> fail <HOST>$", datepattern=pattern)
        try_lines(folder, f"date{i}", f"dates by {pattern!r}", lines, 0 if pattern == "%H:%M:%S\\$" else 50)


def expressions(folder, rnd):
    alphabet = ["a", "b", "c", "ab", "aab", "A", "B", "AB", "k", "K", " ", "  ", "\t", "é", "É", "あ", "ん", "1", "٣", "_", "-", ".", "\\", "[", "]", "{", "}", "<", ">", "'", '"', "#", "%", "/", ":", ",", "\x08", "\x0b", "\x0c", "x{}y", "a{b", "(", ")", "|", "^", "$", "?", "*", "+"]
    for i, text in enumerate(EXPRESSIONS):
        # Each with something that tells who failed behind it, anywhere.
        write(folder, f"regex{i}", failregex=f"(?:{text}).*?<HOST>$" if not text.startswith("(?") or text[2] not in "imsxua" or ")" not in text[2:8] else f"{text}.*?<HOST>$",
              datepattern="{NONE}")
        lines = ["".join(rnd.choice(alphabet) for _ in range(rnd.randint(0, 6))) + rnd.choice([" ", "", "-"]) + "192.0.2.1" for _ in range(60)]
        try_lines(folder, f"regex{i}", f"expression {text!r}", lines)


def sources(folder, rnd):
    for i, text in enumerate(SOURCES):
        for dns in ("warn", "no"):
            write(folder, f"source{i}{dns}", failregex=[f"^from {text}$", f"^from {text} "], datepattern="{NONE}", usedns=dns)
            lines = [f"from {host}{rnd.choice(['', '', ' x'])}" for host in HOSTS * 2]
            try_lines(folder, f"source{i}{dns}", f"source {text} usedns={dns}", lines, 3)


def together(folder, rnd):
    words = ["first a", "first b", "first c", "second 192.0.2.1", "second 192.0.2.2", "third", "noise", "only 192.0.2.3", "only 192.0.2.4", "second 192.0.2.2", "x", "xx 192.0.2.5"]
    for name, maxlines, fail, ignore, prefix in TOGETHER:
        write(folder, name, failregex=fail, ignoreregex=ignore or None, prefregex=prefix, maxlines=maxlines, datepattern=r"^%H:%M:%S\s")
        lines = [f"{rnd.randint(10, 12)}:00:0{rnd.randint(0, 9)} {rnd.choice(words)}" for _ in range(200 * max(arguments.altered, 1))]
        try_lines(folder, name, f"lines together: {name}", lines, 5)


def connections(folder, rnd):
    write(folder, "connection", datepattern="{NONE}", **CONNECTION)
    lines = []
    for _ in range(400 * max(arguments.altered, 1)):
        event = rnd.choice(EVENTS).format(u=rnd.choice(["root", "bob", "bob"]), h=rnd.choice(["192.0.2.1", "2001:db8::1", "host"]))
        lines.append(f"{rnd.choice('abcd')}: {event}")
    try_lines(folder, "connection", "connections", lines, 10)


TIMES = ["600", "10m", "1h", "1d12h", "1d 12h", "1hour+30min", "0d 1h 30m", "1year-6mo", "6 months", "1w", "2 weeks", "1yy", "1mon", "-1", "1.5h", ".5d", "5.", "2*3m",
         "2**2h", "2 ** 3 ** 2", "-2**2", "1/2h", "7//2", "(1h+30m)*2", "60 * 60 * 24", "1h 2m 3s", "2*3 4", "1H", "1Day", "1 d 2", "10 min", "1s", "1sec", "90 seconds", "1wee",
         "0", "1h-", "abc", "1x", "1h2", "(1h", "1)", "", " 1h ", "1,5h", "1e3", "1 + ", "(1) 2", "1h(2)", "h", "1m1", "1 m", "--1", "1 - -1h", "1ms", "2m*3"]


def times(folder, _):
    """bantime's little language: the same seconds, the same refused."""
    (folder / "jail.conf").write_text("".join(f"[t{i}]\nfilter =\nbantime = {text}\n" for i, text in enumerate(TIMES)), encoding="utf-8")
    run = subprocess.run([str(program), "config", "--all", "--config", str(folder), "--format", "json"], capture_output=True, text=True, check=False, timeout=60)
    said = {jail["name"]: {s["name"]: s.get("seconds") for s in jail["settings"]} for jail in json.loads(run.stdout)["jails"]}
    for i, text in enumerate(TIMES):
        try:
            theirs = float(MyTime.str2seconds(text.strip()))
        except Exception:
            theirs = None
        ours = said[f"t{i}"].get("bantime")
        report(f"bantime = {text}: {theirs}", 1, [] if ours == theirs else [f"#   kannuki {ours}"])


def main():
    print(f"# made by seed {arguments.seed}: --seed {arguments.seed} is the same again")
    wrong = [f"#   {name}: {minutes}, fail2ban {their_zones.get(name)}" for name, minutes in zones.items()
             if name not in ("UT", "HDT") and their_zones.get(name) != minutes]
    report(f"{len(zones)} zones have fail2ban's offsets", 1, wrong[:1])
    with tempfile.TemporaryDirectory() as work:
        for kind in (times, dates, expressions, sources, together, connections):
            kind(Path(work), random.Random(f"{arguments.seed} {kind.__name__}"))
    end()


main()
