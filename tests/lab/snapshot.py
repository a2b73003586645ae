# SPDX-License-Identifier: MIT
"""snapshot.py ROOT [GLOB...]: every file under ROOT, one line each, for comparing byte for byte.

A line: path, type, mode, owner, extended attributes (ACLs and capabilities are among them), and
the sha256 or the link's target; below a small text file in /etc or a home its lines, so that a
diff of two listings explains itself.  Below /usr, but for /usr/local, size and time of change
stand for the sum.  Times and inodes are not part of the state.

LEFT_OUT and the GLOBs (both matched against whole paths, * matches / too) name what is not listed.
"""
import fnmatch
import hashlib
import os
import stat
import sys

LEFT_OUT = [
    *"/proc /sys /dev /run /tmp /var/tmp".split(),  # the kernel's own, or gone at every boot
    "/.usr",  # the lab's own: the upper layer of what is /usr in there
    *"/var/log /var/cache".split(),  # written by every program that runs
    "/var/lib/kannuki",  # the journal and the history of transactions
    *"/var/lib/apt /var/lib/logrotate /var/backups/dpkg.* /var/backups/alternatives.tar.*".split(),  # the daily timers
    *"/var/lib/systemd/timers /var/lib/systemd/random-seed /var/lib/systemd/timesync".split(),
    *"/var/lib/systemd/catalog /var/lib/private".split(),
    "/var/lib/cloud",  # cloud-init's account of each boot
    *"/var/lib/sudo /var/lib/fail2ban".split(),  # who has been lectured; who was banned
    *"/var/lib/rpm /var/lib/dnf".split(),  # its database notes each time that it was read
    *"/root/.bash_history /home/*/.bash_history /root/.cache /home/*/.cache".split(),  # a login by itself
]
TEXT_LIMIT = 32768  # bytes; longer files show their sum only


def quoted(data):
    return data.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\n", "\\n")


def attributes(path):
    pairs = []
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        if not name.startswith("trusted.overlay."):
            pairs.append("%s=%s" % (name, os.getxattr(path, name, follow_symlinks=False).hex()))
    return ",".join(pairs) or "-"


def describe(path, name, info):
    """What a file holds -> (a word, its lines)"""
    if stat.S_ISLNK(info.st_mode):
        return "-> " + quoted(os.readlink(path)), []
    if stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
        return "%d:%d" % (os.major(info.st_rdev), os.minor(info.st_rdev)), []
    if not stat.S_ISREG(info.st_mode):
        return "-", []
    if name.startswith("/usr/") and not name.startswith("/usr/local/"):
        return "%d bytes, changed %d" % (info.st_size, info.st_mtime_ns), []
    with open(path, "rb") as file:
        data = file.read()
    lines = []
    if name.startswith(("/etc/", "/root/", "/home/")) and len(data) <= TEXT_LIMIT and b"\0" not in data:
        lines = ["    | " + quoted(line) for line in data.decode("utf-8", "surrogateescape").splitlines()]
    return hashlib.sha256(data).hexdigest(), lines


def show(root, name):
    path = root + name
    info = os.lstat(path)
    what, lines = describe(path, name, info)
    kind = stat.filemode(info.st_mode)[0]
    print("%s %s %04o %d:%d %s %s" % (quoted(name), kind, stat.S_IMODE(info.st_mode), info.st_uid,
                                      info.st_gid, attributes(path), what))
    for line in lines:
        print(line)
    return kind == "d"


def walk(root, name, patterns):
    for entry in sorted(os.listdir(root + name)):
        child = name.rstrip("/") + "/" + entry
        if any(fnmatch.fnmatchcase(child, pattern) for pattern in patterns):
            continue
        try:
            if show(root, child):
                walk(root, child, patterns)
        except FileNotFoundError:  # gone between the listing and the look
            pass


if __name__ == "__main__":
    walk(sys.argv[1].rstrip("/"), "/", LEFT_OUT + sys.argv[2:])
