# SPDX-License-Identifier: MIT
"""The light root: a lab base in namespaces of its own, without a boot.

A world is an overlay over a base and the layers of a checkpoint, new pid, mount, net, uts and ipc
namespaces, a cable to the caller's network namespace (the outside), and pid1.py as PID 1. Making
one takes 50 ms; killing its PID 1 ends all in it. What it changed lies in `upper` alone, which can become
the layer of a checkpoint: a later world then begins there, with the same filter and units.
"""
import ctypes
import os
import shutil
import signal
import socket
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


def check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mount(source, target, kind, flags=0, data=""):
    check(LIBC.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags, data.encode()))


class Checkpoint:
    """Layers from newest to oldest, the filter's text, and the units that ran."""

    def __init__(self, layers, rules="", active=()):
        self.layers, self.rules, self.active = layers, rules, list(active)


class World:
    def __init__(self, base, folder, checkpoint, wrap=None):
        self.folder, self.checkpoint = folder, checkpoint
        self.upper = folder + "/upper"
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
        self.plug_in(ready)
        self.begin()

    # --- making it ------------------------------------------------------------------------------

    def enter(self, base, wrap, tell):
        """In the child: becomes the parent of PID 1, and ends with it."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        check(LIBC.unshare(NEW_NS | NEW_UTS | NEW_IPC | NEW_PID | NEW_NET))
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
        layers = [self.checkpoint.layers, [base]]
        for part in ("rest", "usr"):
            lower = ":".join(os.path.join(layer, part) for group in layers for layer in group)
            mount("overlay", root + ("/usr" if part == "usr" else ""), "overlay", 0,
                  "lowerdir=%s,upperdir=%s/upper/%s,workdir=%s/work/%s" % (lower, self.folder, part, self.folder, part))
        LIBC.sethostname(NAME.encode(), len(NAME))
        os.chdir(root)
        self.devices(root)
        mount("proc", root + "/proc", "proc")
        mount("sysfs", root + "/sys", "sysfs", 1)
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
        if self.checkpoint.rules:
            self.run(["nft", "-f", "-"], given=self.checkpoint.rules)
        if self.checkpoint.active:
            self.ask("systemctl", "start", *self.checkpoint.active)

    # --- using it -------------------------------------------------------------------------------

    def ask(self, *words, may_fail=False):
        """-> (status, output, errors) of PID 1's answer."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(150)
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

    def rules(self):
        return self.run(["nft", "-s", "list", "ruleset"])[1]

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

    def remove(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self, folder, rules, active):
        """Ends it; what it changed is the newest layer of the checkpoint that comes back."""
        self.end()
        os.rename(self.upper, folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        return Checkpoint([folder] + self.checkpoint.layers, rules, active)


def batch(lines):
    result = subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        raise RuntimeError("ip: " + result.stdout)
