# SPDX-License-Identifier: MIT
"""What comes over a command at its N-th call, beside the plain kill (\"\").

ENOSPC ... short   that call fails so, once, and all goes on
full               before that call another process fills the disk, which stays full until all is over
child-MODE         counted are the programs that kannuki starts; over the N-th comes what child.c says
twice              the kill; then recover is killed too, at a call that is drawn by lot; then recover once more
"""
import math
import os
import random
import subprocess

CALLS = "ENOSPC EIO EDQUOT EROFS ENOMEM EINTR short".split()
MODES = "killed fails rubbish empty hangs done-killed done-fails done-hangs".split()
CHILDREN = ["child-" + mode for mode in MODES]
ALL = [*CALLS, "full", "twice", *CHILDREN]
HANGS = 20  # how much longer than others a round may take that waits for a limit of kannuki's
FILLER = "/var/cache/filler"  # trace.c makes it
DISK = "96m"
OWN = ["/etc", "/home", "/root", "/usr/local", "/var/lib/kannuki"]
SECOND_MAX = 450  # calls that recover makes, about


def named(text):
    """ "kill,EIO,children" -> their names, in order; KeyError: there is none."""
    groups = {"kill": [""], "calls": CALLS, "children": [c for c in CHILDREN if "hangs" not in c],
              "hangs": [c for c in CHILDREN if "hangs" in c]}
    found = []
    for word in text.split(","):
        found += groups.get(word, [word])
    if unknown := [f for f in found if f and f not in ALL]:
        raise KeyError(" ".join(unknown))
    return found


def options(name):
    """Of trace."""
    if name.startswith("child-"):
        return ["-c", name.removeprefix("child-")]
    return ["-f", name] if name and name != "twice" else []


def goes_on(name):
    """The command is not killed, so it comes to some end of its own."""
    return name not in ("", "twice")


def patience(name):
    return HANGS if name.endswith("hangs") else 1


def second(seed, title, number):
    """At which call the recover after this kill is killed: half of the lots anywhere, half early, as many recovers are
    short."""
    lot = random.Random("%d %s %d" % (seed, title, number))
    if lot.random() < 0.5:
        return lot.randint(1, SECOND_MAX)
    return int(math.exp(lot.uniform(0, math.log(SECOND_MAX))))


def own_disk(w):
    """What lies in a layer below would need room to go or to change, other than on a real disk: it comes up first."""
    for top in OWN:
        for folder, _, files in os.walk(w.path(top)):
            for name in files:
                path = os.path.join(folder, name)
                info = os.lstat(path)
                os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns), follow_symlinks=False)


def build(source, target):
    subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", target,
                    source], check=True)
