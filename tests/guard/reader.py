#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""reader.py PROGRAM PACKAGE CASES: kannuki-guard's reader of configuration against fail2ban's own.

PACKAGE is the unpacked Debian package, CASES a folder of configurations of ours. Every jail (enabled or not) and every
filter: the same settings with the same values in the same order, the same actions. Prints TAP-like lines."""
import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

program, package, cases = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()
sys.path.insert(0, str(package / "usr/lib/python3/dist-packages"))
logging.disable(logging.CRITICAL)
os.chdir("/")  # where a service is: relative paths of logs are below it

# pylint: disable=wrong-import-position
from fail2ban.client.filterreader import FilterReader  # noqa: E402
from fail2ban.client.jailreader import JailReader  # noqa: E402
from fail2ban.client.jailsreader import JailsReader  # noqa: E402
from fail2ban.server.failregex import RegexException  # noqa: E402
from fail2ban.server.filter import Filter  # noqa: E402

passed = failed = 0


def verdict(name, theirs, ours):
    global passed, failed
    if theirs == ours:
        passed += 1
        print(f"ok - {name}" + (" (left out by both)" if theirs is None else ""))
        return
    failed += 1
    print(f"not ok - {name}")
    for who, what, other in (("fail2ban", theirs, ours), ("kannuki", ours, theirs)):
        if isinstance(what, list) and isinstance(other, list):
            what = [one for one in what if one not in other] or what
        print(f"#   {who}: {json.dumps(what, ensure_ascii=False)[:1500]}")


def as_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def commands(stream, jail):
    """fail2ban's commands for one jail: its settings, and its actions."""
    settings, actions, backend = [], [], None
    for one in stream:
        if one[0] == "add":
            backend = one[2]
        elif one[0] == "config-error":
            return None
        elif one[0] == "start":
            continue
        elif one[2] == "addaction":
            options = json.loads(one[5]) if len(one) > 4 else {}
            actions.append([one[3], options])
        elif one[2] == "action":
            pairs = one[4] if one[0] == "multi-set" else [[one[4], one[5]]]
            actions[-1][1] = {name: as_text(value) for name, value in pairs}
        elif one[0] == "multi-set":
            settings.append([one[2], [as_text(v) for v in one[3]]])
        else:
            settings.append([one[2], [as_text(v) for v in one[3:] if v is not None]])
    assert jail is None or backend is not None
    return [backend, in_order(settings), actions]


def ask(folder, *arguments):
    run = subprocess.run([str(program), "config", "--config", str(folder), "--format", "json", *arguments],
                         capture_output=True, text=True, check=False, timeout=60)
    if run.returncode not in (0, 3):
        return {"error": run.stderr.strip()}
    return json.loads(run.stdout)


def ours_of(jail):
    if jail["left_out"]:
        return None
    return [jail["backend"], in_order([[s["name"], s["value"]] for s in jail["settings"]]),
            [[a["name"], a["options"]] for a in jail["actions"]]]


def in_order(settings):
    """The files of a pattern come in the order of the folder there, sorted here."""
    paths = sorted(one for one in settings if one[0] == "addlogpath")
    return [paths.pop(0) if one[0] == "addlogpath" else one for one in settings]


def usable(settings):
    """Does fail2ban's server take these expressions and dates?"""
    filt = Filter(None)
    try:
        for name, values in settings:
            for value in values:
                if name == "prefregex":
                    filt.prefRegex = value
                elif name == "addfailregex":
                    filt.addFailRegex(value)
                elif name == "addignoreregex":
                    filt.addIgnoreRegex(value)
                elif name == "maxlines":
                    filt.setMaxLines(value)
                elif name == "datepattern":
                    filt.setDatePattern(value)
    except (RegexException, ValueError, TypeError):
        return False
    return True


def their_jails(folder):
    """{name: what fail2ban would do}; None: it leaves the jail out. Each by itself: one that is wrong hides no other."""
    reader = JailsReader(force_enable=True, basedir=str(folder), share_config={})
    reader.read()
    result = {}
    for name in list(reader.sections()):
        if name == "INCLUDES":
            continue
        jail = JailReader(name, force_enable=True, basedir=str(folder), share_config=reader.share_config,
                          use_config=reader._cfg)
        try:
            result[name] = commands(jail.convert(allow_no_files=True), name) if jail.getOptions() else None
        except Exception:  # whatever it stumbles over, it does not start with this
            result[name] = None
    return result


def compare_jails(what, folder):
    theirs = their_jails(folder)
    answer = ask(folder, "--all")
    ours = {jail["name"]: ours_of(jail) for jail in answer.get("jails", [])}
    verdict(f"{what}: the same jails", list(theirs), list(ours) if ours or not theirs else answer)
    can = {jail["name"]: not jail["unusable"] for jail in answer.get("jails", [])}
    for name, one in theirs.items():
        verdict(f"{what}: jail {name}", one, ours.get(name))
        if one:
            verdict(f"{what}: jail {name} can be used", usable(one[1]), can.get(name))
    return len(theirs)


def their_filter(folder, name, options):
    reader = FilterReader(name, "jail", dict(options), basedir=str(folder), share_config={})
    try:
        if not reader.read():
            return None
        reader.getOptions({})
        return commands(reader.convert(), None)[1]
    except Exception:
        return None


def compare_filter(what, folder, name, options):
    text = name + ("[" + ", ".join(f'{k}="{v}"' for k, v in options.items()) + "]" if options else "")
    answer = ask(folder, "--filter", text)
    ours = None if "error" in answer else [[s["name"], s["value"]] for s in answer["settings"]]
    theirs = their_filter(folder, name, options)
    if "mode" in options and f"-{options['mode']}>" in json.dumps(theirs):  # fail2ban takes the tag for an expression
        wanted, said = f"mode = {options['mode']}: there are ", answer.get("error", "")
        verdict(f"{what}: filter {text}: has no such mode, and it is said which there are", wanted, wanted if wanted in said else said)
        return
    verdict(f"{what}: filter {text}", theirs, ours)


def compare_filters(what, folder):
    for path in sorted((folder / "filter.d").glob("*.conf")):
        for options in [{}] + [{"mode": m} for m in ("normal", "ddos", "extra", "aggressive", "auth", "rbl", "errors")]:
            if options and f"-{options['mode']}".encode() not in path.read_bytes():
                continue
            compare_filter(what, folder, path.stem, options)
        for logtype in ("short", "journal", "rfc5424"):
            compare_filter(what, folder, path.stem, {"logtype": logtype})


def compare(what, folder):
    with contextlib.redirect_stderr(io.StringIO()):
        count = compare_jails(what, folder)
        compare_filters(what, folder)
    return count


if compare("Debian", package / "etc/fail2ban") < 50:
    verdict("Debian's package has its jails", ">= 50", "fewer")
compare("fail2ban's own tests", package / "usr/lib/python3/dist-packages/fail2ban/tests/config")
compare("compiled in", cases.parent.parent.parent / "src/guard/built-in")
for case in sorted(cases.iterdir()):
    compare(case.name, case)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
