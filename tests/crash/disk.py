# SPDX-License-Identifier: MIT
"""Disks: a world's root on a real file system, and what of it is on the disk at a given instant.

The file system lies on a loop device over a file in memory. What a program writes stays in the page cache
until it is synced; what has been synced is in that file, and nothing else is. So a copy of the file
is what a power cut at this instant would leave. It takes 5 ms, the world need not die for it, and
it holds for every file system; EXT4_IOC_SHUTDOWN (which the lab uses) ends the file system, so that each
cut would need a run of its own, and btrfs has none. Both leave the same: README.md says how that was seen.
"""
import ctypes
import errno
import fcntl
import mmap
import os
import shutil
import stat
import struct
import subprocess
import uuid

import light
import state

LOOP_CTL_GET_FREE, LOOP_CONFIGURE, AUTOCLEAR = 0x4c82, 0x4c0a, 4
BTRFS_IOC_START_SYNC, BTRFS_IOC_WAIT_SYNC = 0x80089418, 0x40089416
SEEK_DATA, SEEK_HOLE = 3, 4
BLOCK, STRIDE = 4096, 1 << 16
NEW_TIME = 0x80
MS_NOATIME = 1024
# Nothing goes to the disk by itself: neither the journal every few seconds, nor (within 30 seconds) data.
SYSTEMS = {
    "ext4": ("commit=3600,data=ordered", "64M", "mkfs.ext4 -q -F -m 0 -b 4096 -J size=8 "
             "-E lazy_itable_init=1,lazy_journal_init=1"),
    "xfs": ("nouuid", "320M", "mkfs.xfs -q -f"),
    "btrfs": ("commit=3600", "2G", "mkfs.btrfs -q -f -m single -d single"),
}


def loop_device(image):
    """-> (number, a descriptor): goes with the last one who has it open or mounted."""
    file = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        while True:
            control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
            number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
            os.close(control)
            device = os.open("/dev/loop%d" % number, os.O_RDWR | os.O_CLOEXEC)
            config = bytearray(304)  # struct loop_config; lo_flags of its info
            struct.pack_into("I", config, 0, file)
            struct.pack_into("I", config, 8 + 52, AUTOCLEAR)
            try:
                fcntl.ioctl(device, LOOP_CONFIGURE, bytes(config))
                return number, device
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:  # somebody else was quicker
                    raise
    finally:
        os.close(file)


def extents(fd):
    """(start, end) of what the file holds; the rest are zeros."""
    at, size = 0, os.fstat(fd).st_size
    while at < size:
        try:
            at = os.lseek(fd, at, SEEK_DATA)
        except OSError:
            return
        end = os.lseek(fd, at, SEEK_HOLE)
        yield at, end
        at = end


class Image:
    """A disk as a file, and the changes of it: {place: block}."""

    def __init__(self, system, file):
        self.system, self.file = system, file

    def copy(self, to, changes=()):
        """A file of its own, with these changes one after the other."""
        # dd and cp would start a process; the kernel copies from memory to memory
        source, target = os.open(self.file, os.O_RDONLY), os.open(to, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.ftruncate(target, os.fstat(source).st_size)
            for start, end in extents(source):
                while start < end:
                    start += os.copy_file_range(source, target, end - start, start, start)
            for place, block in {p: b for change in changes for p, b in change.items()}.items():
                os.pwrite(target, block, place)
        finally:
            os.close(source)
            os.close(target)


class Watch:
    """Sees what a disk that is in use holds, change after change."""

    def __init__(self, file, number):
        with open(file, "r+b") as disk:
            self.size = os.fstat(disk.fileno()).st_size
            self.disk = mmap.mmap(disk.fileno(), self.size)
            self.held = mmap.mmap(-1, self.size)
        self.fd = os.open(file, os.O_RDONLY)
        self.at = [ctypes.addressof(ctypes.c_char.from_buffer(m)) for m in (self.disk, self.held)]
        self.counters = "/sys/block/loop%d/stat" % number
        self.told = None
        for place, block in self.difference().items():
            self.held[place:place + BLOCK] = block

    def counts(self):
        """(finished writes, requests that are under way)"""
        with open(self.counters, encoding="ascii") as file:
            words = file.read().split()
        return int(words[4]), int(words[8])

    def look(self):
        """-> the changes since the last look: one or none. What is being written meanwhile is looked at again."""
        while True:
            before = self.counts()
            if before == self.told:
                return []
            change = self.difference()
            if before[1] == 0 and self.counts() == before:
                break
        for place, block in change.items():
            self.held[place:place + BLOCK] = block
        self.told = before
        return [change] if change else []

    def differ(self, place, length):
        return light.LIBC.memcmp(ctypes.c_void_p(self.at[0] + place), ctypes.c_void_p(self.at[1] + place), length)

    def difference(self):
        found = {}
        for start, end in extents(self.fd):
            for at in range(start, end, STRIDE):
                if self.differ(at, min(STRIDE, end - at)):
                    for place in range(at, min(at + STRIDE, end), BLOCK):
                        if self.differ(place, BLOCK):
                            found[place] = self.disk[place:place + BLOCK]
        return found

    def close(self):
        os.close(self.fd)


class DiskWorld(light.World):
    """A world as a VPS has it: all but /usr is on the disk, of /usr what was changed; /run is new at each boot,
    clocks and boot id too."""

    def __init__(self, s, folder, image, changes=(), wrap=None):  # wrap: as pid1.py's; then it is watched
        os.makedirs(folder)
        self.image, self.stamps, self.at_boot = image, s.stamps[image.system], s.work + "/run-at-boot"
        self.file = folder + "/disk"
        image.copy(self.file, changes)
        self.number, self.device = loop_device(self.file)
        self.watch = Watch(self.file, self.number) if wrap else None  # before it is mounted, which changes it
        try:
            super().__init__(s.base, folder, s.checkpoint["old"], wrap)
        finally:
            os.close(self.device)

    def go_apart(self):
        super().go_apart()
        light.check(light.LIBC.unshare(NEW_TIME))
        with open("/proc/uptime", encoding="ascii") as file:
            up = int(float(file.read().split()[0]))
        with open("/proc/self/timens_offsets", "w", encoding="ascii") as offsets:
            offsets.write("monotonic -%d 0\nboottime -%d 0\n" % (up - 5, up - 5))

    def mount_root(self, base, root):
        light.mount("/dev/loop%d" % self.number, root, self.image.system, MS_NOATIME, SYSTEMS[self.image.system][0])
        os.close(self.device)
        self.overlay(base, "usr", root + "/usr", [root + "/.usr/upper", root + "/.usr/work"])
        for name in ("run", "tmp"):
            light.mount(name, root + "/" + name, "tmpfs", 0, "mode=%s" % ("1777" if name == "tmp" else "0755"))
        shutil.copytree(self.at_boot, root + "/run", dirs_exist_ok=True)

    def mount_own(self, root):
        with open(root + "/dev/boot_id", "w", encoding="ascii") as file:
            file.write("%s\n" % uuid.uuid4())
        light.mount(root + "/dev/boot_id", root + "/proc/sys/kernel/random/boot_id", None, light.MS_BIND)

    def begin(self):
        """Nothing runs until boot()."""

    def boot(self):
        """What is enabled, as its units order it -> what failed. systemd-sysctl comes first."""
        self.run(["sh", "-c", "for f in /etc/sysctl.d/*kannuki*.conf; do [ ! -e $f ] || sysctl -q -p $f; done"])
        return self.ask("harness", "boot", *self.checkpoint.active)[1].splitlines()

    def changed(self, since):
        """By inode and times of change: whoever loses his data or changes it has others than the first image."""
        del since
        root = self.path("")
        now = stamps(root)
        yield from ((name, False) for name, stamp in now.items() if self.stamps.get(name) != stamp)
        yield from ((name, False) for name in self.stamps if name not in now)
        yield from light.in_layer(root + "/.usr/upper", "/usr")


def stamps(root):
    """{path: what changes with the file} of all that state.py looks at, /usr left out."""
    found, todo = {}, [""]
    while todo:
        folder = todo.pop()
        for entry in os.scandir(root + (folder or "/")):
            name = folder + "/" + entry.name
            if name == "/usr" or state.left_out(name):
                continue
            info = entry.stat(follow_symlinks=False)
            found[name] = info.st_ino, info.st_ctime_ns, info.st_mode, info.st_size
            if stat.S_ISDIR(info.st_mode):
                todo.append(name)
    return found


class Journal:
    """Makes the file system write its journal, as any other program's fsync does: what was renamed or made is on the
    disk then, data that was not synced is not."""

    def __init__(self, w):
        self.fd, self.mode = os.open(w.path("/.usr/beat"), os.O_RDWR), 0o600
        self.write = self.by_ioctl if w.image.system == "btrfs" else self.by_fsync

    def by_fsync(self):
        self.mode ^= 0o040
        os.fchmod(self.fd, self.mode)
        os.fsync(self.fd)

    def by_ioctl(self):
        """btrfs: an fsync is of its own file alone."""
        number = bytearray(8)
        fcntl.ioctl(self.fd, BTRFS_IOC_START_SYNC, number)
        fcntl.ioctl(self.fd, BTRFS_IOC_WAIT_SYNC, bytes(number))

    def close(self):
        os.close(self.fd)


def make(s, system):
    """The image with the old state, all of it synced; s.stamps[system] are its files."""
    file, folder = s.work + "/" + system, s.work + "/making"
    options, size, command = SYSTEMS[system]
    subprocess.run(["truncate", "-s", size, file], check=True)
    subprocess.run([*command.split(), file], check=True, stdout=subprocess.DEVNULL)
    w = s.world("old")
    number, device = loop_device(file)
    os.mkdir(folder)
    light.mount("/dev/loop%d" % number, folder, system, MS_NOATIME, options)
    os.close(device)
    skipped = ["usr", "proc", "sys", "dev", "run", "tmp", "lost+found"]
    names = [n for n in os.listdir(w.path("/")) if n not in skipped]
    subprocess.run(["cp", "-a", *(w.path("/") + n for n in names), folder], check=True)
    if os.path.exists(folder + "/lost+found"):
        os.rmdir(folder + "/lost+found")
    for name in [n for n in skipped if n != "lost+found"] + [".usr", ".usr/upper", ".usr/work"]:
        os.mkdir(folder + "/" + name)
    for name in ("beat", "canary"):
        os.close(os.open(folder + "/.usr/" + name, os.O_CREAT | os.O_WRONLY, 0o600))
    if not os.path.exists(s.work + "/run-at-boot"):
        shutil.copytree(w.path("/run"), s.work + "/run-at-boot", symlinks=True,
                        ignore=shutil.ignore_patterns("notify", "journal", "sshd", "kannuki"))
    s.stamps[system] = stamps(folder)
    light.check(light.LIBC.umount2(folder.encode(), 0))
    os.rmdir(folder)
    w.remove()
    subprocess.run(["fallocate", "--dig-holes", file], check=True)
    s.images[system] = Image(system, file)
