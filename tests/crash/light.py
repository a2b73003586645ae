# SPDX-License-Identifier: MIT
"""The light root: a lab base in namespaces of its own, without a boot.

A world is an overlay over a base and the layers of a checkpoint, new pid, mount, net, uts and ipc
namespaces, a cable to the caller's network namespace (the outside), and pid1.py as PID 1. Making
one takes 50 ms; killing its PID 1 ends all in it. What it changed lies in `upper` alone, which can become
the layer of a checkpoint: a later world then begins there, with the same filter and units.
"""
import ctypes
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import time
import traceback

import answers
import pid1

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_NS, NEW_UTS, NEW_IPC, NEW_PID, NEW_NET = 0x20000, 0x4000000, 0x8000000, 0x20000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x1000, 0x4000, 1 << 18, 2
NET4, NET6 = "198.51.100.", "2001:db8:1::"
OUTSIDE, INSIDE = "1", "10"
NAME = "lightbox"
SYS = "/proc/sys/"
# Settings of the machine that kannuki changes: a world has files of its own in their place, with these values.
STAND_INS = {"kernel/kptr_restrict": "0", "kernel/dmesg_restrict": "0", "kernel/unprivileged_bpf_disabled": "0",
             "kernel/perf_event_paranoid": "1", "kernel/randomize_va_space": "2", "kernel/yama/ptrace_scope": "0",
             "kernel/sysrq": "438", "kernel/core_pattern": "core", "fs/suid_dumpable": "2", "fs/protected_hardlinks": "1",
             "fs/protected_symlinks": "1", "fs/protected_fifos": "0", "fs/protected_regular": "0",
             "dev/tty/ldisc_autoload": "1", "net/core/bpf_jit_harden": "0"}
# And those that go with the network namespace.
KERNEL = [*STAND_INS, "net/ipv4/ip_local_reserved_ports", "net/ipv4/tcp_syncookies", "net/ipv4/icmp_echo_ignore_broadcasts",
          "net/ipv4/icmp_ignore_bogus_error_responses"]
KERNEL += ["net/ipv%d/conf/%s/%s" % (version, name, setting) for name in ("all", "default", "eth0")
           for version, settings in ((4, "accept_redirects send_redirects accept_source_route rp_filter"),
                                     (6, "accept_redirects accept_source_route")) for setting in settings.split()]


def check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mount(source, target, kind, flags=0, data=""):
    check(LIBC.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags, data.encode()))


class Checkpoint:
    """Layers from newest to oldest, what the kernel held (World.saved), and the units that ran."""

    def __init__(self, layers, saved=(), active=()):
        self.layers, self.saved, self.active = layers, list(saved), list(active)


class World:
    alive = []  # of this process: all have the same addresses

    def __init__(self, base, folder, checkpoint, wrap=None, disk=None):
        """`disk`: the size of the file system that its changes lie in; None: as much as there is."""
        self.folder, self.checkpoint, self.disk = folder, checkpoint, disk
        self.upper = folder + "/upper"
        if disk:
            os.makedirs(folder)
            mount("disk", folder, "tmpfs", 0, "size=" + disk)
        for name in ("upper/rest", "upper/usr", "work/rest", "work/usr", "root"):
            os.makedirs(os.path.join(folder, name))
        self.control = folder + "/control"
        ready, tell = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(ready)
                self.enter(base, wrap, tell)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        os.close(tell)
        World.alive.append(self)
        self.plug_in(ready)
        self.begin()

    # --- making it ------------------------------------------------------------------------------

    def enter(self, base, wrap, tell):
        """In the child: becomes the parent of PID 1, and ends with it."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.go_apart()
        inner = os.fork()
        if inner == 0:
            try:
                check(LIBC.prctl(1, signal.SIGKILL, 0, 0, 0))
                self.pid_one(base, wrap, tell)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        os.waitpid(inner, 0)
        os._exit(0)

    def pid_one(self, base, wrap, tell):
        os.write(tell, b"n")  # the namespaces are there
        mount("none", "/", None, MS_REC | MS_PRIVATE)
        root = self.folder + "/root"
        self.mount_root(base, root)
        LIBC.sethostname(NAME.encode(), len(NAME))
        os.chdir(root)
        self.devices(root)
        mount("proc", root + "/proc", "proc")
        mount("sysfs", root + "/sys", "sysfs", 1)
        self.stand_ins(root)
        self.mount_own(root)
        served = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        served.bind(self.control)  # while it can still be reached by this path
        served.listen(64)
        check(LIBC.pivot_root(b".", b"."))
        check(LIBC.umount2(b".", MNT_DETACH))
        os.chdir("/")
        os.umask(0o022)
        check(LIBC.prctl(15, b"systemd", 0, 0, 0))  # PID 1's name is how programs know it
        self.network_inside()
        manager = pid1.Manager(wrap)
        does = answers.listen(manager)
        answers.serve_on(served, {"harness": does.harness, "systemctl": does.systemctl})
        os.write(tell, b"r")
        os.close(tell)
        while True:
            signal.pause()

    def go_apart(self):
        check(LIBC.unshare(NEW_NS | NEW_UTS | NEW_IPC | NEW_PID | NEW_NET))

    def overlay(self, base, part, root, own):
        """A part of the root (rest or usr), with what is changed in `own`."""
        lower = ":".join(os.path.join(layer, part) for layer in self.checkpoint.layers + [base])
        mount("overlay", root, "overlay", 0, "lowerdir=%s,upperdir=%s,workdir=%s" % (lower, *own))

    def mount_root(self, base, root):
        for part, at in (("rest", root), ("usr", root + "/usr")):
            self.overlay(base, part, at, [os.path.join(self.folder, which, part) for which in ("upper", "work")])

    def mount_own(self, root):
        """What else is mounted in there."""

    def devices(self, root):
        mount("dev", root + "/dev", "tmpfs", 0, "mode=0755")
        for name, major, minor in (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8),
                                   ("urandom", 1, 9), ("tty", 5, 0)):
            os.mknod(root + "/dev/" + name, 0o666 | 0o020000, os.makedev(major, minor))
            os.chmod(root + "/dev/" + name, 0o666)
        for name in ("pts", "shm"):
            os.mkdir(root + "/dev/" + name)
        mount("devpts", root + "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620,gid=5")
        os.symlink("pts/ptmx", root + "/dev/ptmx")
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            os.symlink("/proc/self/fd/%d" % number, root + "/dev/" + name)
        os.symlink("/proc/self/fd", root + "/dev/fd")

    def stand_ins(self, root):
        for name, value in STAND_INS.items():
            if os.path.exists(root + SYS + name):
                own = root + "/dev/" + name.replace("/", ".")
                with open(own, "w", encoding="ascii") as file:
                    file.write(value + "\n")
                mount(own, root + SYS + name, None, MS_BIND)

    def plug_in(self, ready):
        """The outside's end of the cable, once the network namespace is there."""
        if os.read(ready, 1) != b"n":
            raise RuntimeError("the world did not begin")
        name = "v%d" % self.pid
        batch(["link add %s type veth peer name eth0 netns %d" % (name, self.pid),
               "addr add %s%s/24 dev %s" % (NET4, OUTSIDE, name),
               "addr add %s%s/64 dev %s nodad" % (NET6, OUTSIDE, name), "link set %s up" % name])
        if os.read(ready, 1) != b"r":
            raise RuntimeError("PID 1 did not begin")
        os.close(ready)

    def network_inside(self):
        end = time.monotonic() + 5
        while not os.path.exists("/sys/class/net/eth0"):
            if time.monotonic() > end:
                raise RuntimeError("no cable")
            time.sleep(0.001)
        batch(["link set lo up", "link set eth0 up", "addr add %s%s/24 dev eth0" % (NET4, INSIDE),
               "addr add %s%s/64 dev eth0 nodad" % (NET6, INSIDE), "route add default via %s%s" % (NET4, OUTSIDE),
               "route add ::/0 via %s%s" % (NET6, OUTSIDE)])

    def begin(self):
        for argv, given in self.checkpoint.saved:
            self.run(argv, given=given)
        if self.checkpoint.active:
            self.ask("harness", "resume", *self.checkpoint.active)

    # --- using it -------------------------------------------------------------------------------

    def ask(self, *words, may_fail=False):
        """-> (status, output, errors) of PID 1's answer."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(answers.RUN_LIMIT + 30)
            sock.connect(self.control)
            sock.sendall(b"".join(w.encode() + b"\0" for w in words))
            sock.shutdown(socket.SHUT_WR)
            data = b""
            while part := sock.recv(65536):
                data += part
        if len(data) < 12:
            raise RuntimeError("PID 1 is gone")
        status, out_len, _ = struct.unpack("!III", data[:12])
        out = data[12:12 + out_len].decode("utf-8", "replace")
        err = data[12 + out_len:].decode("utf-8", "replace")
        if status != 0 and not may_fail:
            raise RuntimeError("%s: status %d: %s%s" % (" ".join(words)[:200], status, out, err))
        return status, out, err

    def run(self, argv, given="", may_fail=False):
        return self.ask("harness", "run", given, *argv, may_fail=may_fail)

    def path(self, name):
        """A path in there, for the outside."""
        return "/proc/%d/root%s" % (self.inner(), name)

    def inner(self):
        with open("/proc/%d/task/%d/children" % (self.pid, self.pid), encoding="ascii") as file:
            return int(file.read().split()[0])

    def changed(self, since):
        """Paths that may not be as `since` layers below; a True with it: and all below."""
        for layer in self.checkpoint.layers[:since] + [self.upper]:
            for part, prefix in (("rest", ""), ("usr", "/usr")):
                yield from in_layer(os.path.join(layer, part), prefix)

    def rules(self):
        """Without how long a ban still lasts, and the tables by name: a packet that one of them drops is dropped."""
        text = self.run(["nft", "-s", "list", "ruleset"])[1]
        text = re.sub(r"(?m)^\s*elements = .*", lambda line: re.sub(r" (timeout|expires) \w+", r" \1 -", line[0]), text)
        return "".join(sorted(re.split(r"(?m)^(?=table )", text)))

    def saved(self):
        """What the kernel of this world holds, as [(command, its input)] that puts it back."""
        parts, theirs = [], {"inet f2b-table"}  # fail2ban makes it at its start
        for family, program in (("ip", "/usr/sbin/iptables"), ("ip6", "/usr/sbin/ip6tables")):
            text = self.run([program + "-save"], may_fail=True)[1]  # only iptables reads back what it made
            theirs |= {"%s %s" % (family, line[1:]) for line in text.splitlines() if line.startswith("*")}
            if text:
                parts.append(([program + "-restore"], text))
        tables = [line.partition(" ")[2] for line in self.run(["nft", "list", "tables"])[1].splitlines()]
        text = "".join(self.run(["nft", "-s", "list", "table", *t.split()])[1] for t in tables if t not in theirs)
        if text:
            parts.append((["nft", "-f", "-"], text))
        return parts + [(["sysctl", "-q", "-w", *("%s=%s" % pair for pair in self.kernel() if pair[1])], "")]

    def kernel(self):
        """[(name, value)] of the settings that a new world does not have. Asked in there: whoever reads gets those of
        his own network namespace."""
        lines = self.run(["grep", "-sH", "", *(SYS + name for name in KERNEL)], may_fail=True)[1].splitlines()
        return [(path[len(SYS):], value) for path, _, value in (line.partition(":") for line in lines)]

    def active(self):
        return [line.split()[0] for line in self.ask("harness", "state")[1].splitlines() if line.endswith(" active")]

    def end(self):
        """Everything in it dies; upper stays."""
        if self.pid:
            try:
                os.kill(self.inner(), signal.SIGKILL)
            except (OSError, IndexError):
                pass
            os.waitpid(self.pid, 0)
            self.pid = 0
            World.alive.remove(self)

    def remove(self):
        self.end()
        if self.disk:
            check(LIBC.umount2(self.folder.encode(), MNT_DETACH))
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self, folder, saved=(), active=()):
        """Ends it; what it changed is the newest layer of the checkpoint that comes back."""
        self.end()
        os.rename(self.upper, folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        return Checkpoint([folder] + self.checkpoint.layers, saved, active)


def own_network():
    """The outside of whoever calls, for the worlds that he makes."""
    check(LIBC.unshare(NEW_NET))
    batch(["link set lo up"])


def in_layer(top, prefix):
    """Paths that an overlay's layer holds, with `prefix` before them; a True with it: and all below."""
    for folder, folders, files in os.walk(top):
        for entry in folders + files:
            full = os.path.join(folder, entry)
            info = os.lstat(full)
            gone = stat.S_ISCHR(info.st_mode) and info.st_rdev == 0
            opaque = stat.S_ISDIR(info.st_mode) and "trusted.overlay.opaque" in os.listxattr(full)
            yield prefix + full[len(top):], gone or opaque


def own_network():
    """The outside of whoever calls, for the worlds that he makes."""
    check(LIBC.unshare(NEW_NET))
    batch(["link set lo up"])


def batch(lines):
    result = subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        raise RuntimeError("ip: " + result.stdout)
