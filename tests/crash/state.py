# SPDX-License-Identifier: MIT
"""What a world is like: all that a kill must not change, and the words for what differs.

Files are described by the lab's snapshot.py. The first state is listed whole; of a later one only
the paths that its world says may have changed are looked at.
"""
import contextlib
import fnmatch
import functools
import io
import os
import re
import stat
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lab"))
import snapshot  # noqa: E402

# These come back with their time of change: nobody shall see that they were written.
WITH_TIME = ["/etc/" + n + d for n in "passwd shadow group gshadow subuid subgid".split() for d in ("", "-")]
# What the snapshot leaves out, and we do not: name -> what may be in there
FOLDERS = ["/tmp", "/var/tmp", "/run/systemd/system", "/run/kannuki", "/var/lib/sudo", "/run/sudo/ts", "/run/sshd"]


TXN = "/var/lib/kannuki/txn/"
# SQLite's: what is in its pages and which helpers lie beside it is another at each run; `look` asks whether it is there
DATABASES = "/var/lib/kannuki-guard"
# kannuki's lock file, which stays for the next one; what sshd tells a login, when the login was killed
NO_LEFTOVER = r"/run/kannuki/lock|/tmp/sshauth\.\w+"


@functools.lru_cache(None)
def left_out(name):
    return any(fnmatch.fnmatchcase(name, p) or fnmatch.fnmatchcase(name, p + "/*") for p in [*snapshot.LEFT_OUT, DATABASES + "/*.db*"])


def described(root, name):
    """Its lines, or None when it is not there."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            snapshot.show(root, name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    text = said.getvalue()
    if name in WITH_TIME:
        text += "    changed %d\n" % os.lstat(root + name).st_mtime_ns
    return text


def all_files(root):
    found = {}
    plain = snapshot.show

    def show(_root, name):
        found[name] = described(root, name)
        return stat.S_ISDIR(os.lstat(root + name).st_mode)

    snapshot.show = lambda r, n: plain(r, n)
    todo = ["/"]
    while todo:
        folder = todo.pop()
        for entry in os.listdir(root + folder):
            name = folder.rstrip("/") + "/" + entry
            if not left_out(name) and show(root, name):
                todo.append(name)
    return found


def files_now(root, changed, before):
    """All files, given what they were before the changes."""
    names = set()
    for name, below in changed:
        names.add(name)
        if below and before.get(name, "").startswith(snapshot.quoted(name) + " d "):
            names |= {n for n in before if n.startswith(name + "/")}
    now = dict(before)
    for name in names:
        if not left_out(name):
            now[name] = described(root, name)
    return {n: d for n, d in now.items() if d is not None}


def listing(root, folder):
    try:
        return sorted(os.listdir(root + folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def processes(world):
    """Their command lines; PID 1, what asks and what traces left out."""
    lines = []
    for line in world.run(["ps", "-eo", "pid,ppid,args", "--no-headers"])[1].splitlines():
        pid, parent, words = line.split(None, 2)
        if pid != "1" and not words.startswith("ps -eo") and "<defunct>" not in words and "crash/trace" not in words:
            lines.append(re.sub(r" \d+ of [\d-]+ startups", "", words))
    return sorted(lines)


def staged(root, changed):
    """Files that something of ours had staged, anywhere."""
    return [n for n, _ in changed if re.search(r"/\.[^/]*\.kannuki~", n) and os.path.lexists(root + n)]


def look(world, before, since):
    """The state as {aspect: value}; `before` are the files as of layer `since` layers below."""
    root = world.path("")
    changed = list(world.changed(since))
    state = {"files": files_now(root, changed, before) if before else all_files(root)}
    state["rules"] = world.rules()
    state["kernel"] = ["%s %s" % pair for pair in world.kernel()]
    listeners = world.run(["ss", "-Hlntup"])[1]
    state["listeners"] = sorted({" ".join(re.sub(r"pid=\d+,fd=\d+", "-", line).split()[i] for i in (0, 4, 6))
                                 for line in listeners.splitlines() if len(line.split()) > 6})
    state["units"] = world.ask("harness", "state")[1].splitlines()
    state["unit files"] = world.ask("harness", "files")[1].splitlines()
    state["processes"] = processes(world)
    for folder in FOLDERS:
        state[folder] = [n for n in listing(root, folder) if not re.fullmatch(NO_LEFTOVER, folder + "/" + n)]
    state[DATABASES] = sorted({n.partition("-")[0] for n in listing(root, DATABASES)})
    state["staged"] = staged(root, changed)
    # images (pre, post) stay where it was confirmed, for a later undo; they hold password hashes
    state["left of transactions"] = [n for ident in listing(root, TXN) for n in listing(root, TXN + ident)
                                     if n in ("reserve", "recover", "pre", "post")]
    state["under way"] = os.path.exists(root + TXN + "ACTIVE")
    return state


def timeless(state):
    """The same, but for when the account databases were written."""
    files = {name: re.sub(r"^    changed .*\n", "", text, flags=re.M) if name in WITH_TIME else text
             for name, text in state["files"].items()}
    return dict(state, files=files)


def differences(want, got):
    """Words, one line each."""
    lines = []
    for aspect in want:
        if want[aspect] == got[aspect]:
            continue
        if aspect == "files":
            for name in sorted(set(want[aspect]) | set(got[aspect])):
                a, b = want[aspect].get(name), got[aspect].get(name)
                if a != b:
                    lines += ["file %s" % name] + two(a, b)
        elif isinstance(want[aspect], list):
            lines.append("%s: missing %s, too many %s" % (aspect, [x for x in want[aspect] if x not in got[aspect]],
                                                          [x for x in got[aspect] if x not in want[aspect]]))
        else:
            lines += [aspect] + two(str(want[aspect]), str(got[aspect]))
    return lines


def two(a, b):
    old, new = (a or "not there").splitlines(), (b or "not there").splitlines()
    return ["  - " + x for x in old if x not in new][:6] + ["  + " + x for x in new if x not in old][:6]


def wait_like(world, want, limit, see):
    """Looks until nothing differs, or the limit has passed -> (state, differences)."""
    end = time.monotonic() + limit
    while True:
        got = see(world)
        lines = differences(want, got)
        if not lines or time.monotonic() > end:
            return got, lines
        time.sleep(0.1)
