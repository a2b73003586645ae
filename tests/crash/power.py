# SPDX-License-Identifier: MIT
"""The power is cut at every call: from what the disk holds then, a boot must lead to the old state or the confirmed one.

A course is the program at work on a disk (disk.py), from the old state on, with nothing synced but what it syncs
itself. At each counted call it stands still, and what the disk holds is noted. Each different disk
is then put into a new world, which boots: what is enabled is started, nobody helps. In `nolog` the disk
has what was synced; in `flush` the file system has also written its journal at that very call, as it may
at any time: what was renamed or made is there, data that was not synced is not. (Had it done so earlier,
and nothing was synced since, it would be what an earlier cut leaves.)
"""
import glob
import multiprocessing.connection
import os
import pickle
import re
import socket
import subprocess
import threading
import time
import traceback

import disk
import light
import rounds
import setting
import state

MODES = ("nolog", "flush")
SOCKET = "/dev/cuts"
TRACER = [setting.TRACE, "-s", SOCKET, "-o", "/dev/null", "--"]
# Calls that the disk does not show: the next cut is of the same disk.
ELSEWHERE = set("fork vfork clone clone3 execve execveat kill tkill mount umount sendto sendmsg sendmmsg".split())
BY_ITSELF = 5  # seconds within which all must be right after the boot
CANARY = "/.usr/canary"
SETTLE = "/etc/systemd/system/multi-user.target.wants/kannuki-settle.service"
LAYERS = 4  # ARMED records before the first step


class Cut:
    """A place where the power goes."""

    def __init__(self, phase, call, changes, sure):
        self.phase, self.call, self.changes, self.sure = phase, call, changes, sure


class Course:
    """What was carried out: its cuts, what was written between them, and which calls synced all."""

    def __init__(self, changes):
        self.cuts, self.changes, self.synced = [], changes, set()
        self.killed = None  # so many changes had reached the disk when apply was killed
        self.confirmed = None  # the state in the end
        self.seconds = 0.0


    def told(self):
        """What the witness says: was anything written that nobody had synced?"""
        seen = [int(block[:8]) for change in self.changes for block in change.values()
                if block[:8].isdigit() and not any(block[8:])]
        return [n for n in seen if n not in self.synced]


class Recorder:
    """Notes, at each call that the tracers tell of, what the disk holds."""

    def __init__(self, w, mode, before):
        self.w, self.flush = w, mode == "flush"
        self.course = Course(list(before))
        self.stage = None  # the phase; None: its cuts are another course's
        self.kill_at = None  # asked of (call, tracer): is all that it traces to be killed here?
        self.lock, self.calls, self.tracers, self.faults = threading.Lock(), 0, 0, []
        self.writer, self.syncing = None, False  # who wrote a record last; it is just syncing CONFIRM
        self.sure = False  # CONFIRM must be durable
        self.shown = True  # the disk may differ from the last cut's
        self.canary = os.open(w.path(CANARY), os.O_WRONLY | os.O_CREAT, 0o600)
        os.ftruncate(self.canary, 2 * disk.BLOCK)
        self.course.changes += w.watch.look()
        self.journal = disk.Journal(w)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(w.path(SOCKET))
        self.listener.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            self.tracers += 1
            if self.stage == "start" and self.tracers == 2:  # the first one is the terminal's
                self.stage = "apply"
            threading.Thread(target=self.follow, args=(client, self.tracers), daemon=True).start()

    def follow(self, client, tracer):
        with client, client.makefile("r", encoding="utf-8", errors="replace") as lines:
            try:
                for line in lines:
                    client.sendall(self.answer(line.rstrip("\n"), tracer))
            except OSError:
                pass  # the tracer, or the world, has ended

    def answer(self, call, tracer):
        try:
            with self.lock:
                return self.at(call, tracer)
        except Exception:  # it would stand still for ever
            self.faults.append(traceback.format_exc())
            return b"g"

    def at(self, call, tracer):
        self.calls += 1
        # What nobody syncs must not reach the disk: this number is a witness.
        os.pwrite(self.canary, b"%08d" % self.calls, 0)  # a block of the file, see Course.told
        word = call.split()[1]
        if word in ("sync", "syncfs"):
            self.course.synced |= {self.calls, self.calls + 1}
        if not self.sure and tracer == self.writer and "confirm" in records(self.w):
            # The only call that may come between writing it and relying on it is the one that syncs it.
            self.sure = self.syncing or word != "fdatasync"
            self.syncing = True
            if self.sure:
                self.stage = "finish"
        if word == "pwrite":  # by that the journal's records are written
            self.writer = tracer
        killed = bool(self.kill_at) and self.kill_at(call, tracer)
        if self.stage or killed:
            self.cut(call)
        self.shown = self.shown or word not in ELSEWHERE
        if killed:
            self.course.killed, self.kill_at = len(self.course.changes), None
        return b"k" if killed else b"g"

    def cut(self, call):
        if self.flush and self.shown:
            self.journal.write()
        self.course.changes += self.w.watch.look()
        self.shown = False
        if self.stage:
            self.course.cuts.append(Cut(self.stage, call, len(self.course.changes), self.sure))

    def end(self, words):
        """It has ended, and the power goes then."""
        with self.lock:
            self.shown = True
            self.cut("(%s)" % words)

    def close(self):
        self.listener.close()
        self.w.watch.close()
        self.journal.close()
        os.close(self.canary)
        if self.faults:
            raise RuntimeError("\n".join(self.faults))


def folder(w):
    """Of the newest transaction; or none."""
    return max(glob.glob(w.path(setting.TXN) + "2*"), default="/nonexistent")


def records(w):
    return setting.records_in(folder(w))


def under_way(w):
    return os.path.exists(w.path(setting.TXN + "ACTIVE"))


def world(s, system, changes=(), asks=False):
    place = os.path.join(s.work, "d%d-%d" % (os.getpid(), time.monotonic_ns()))
    return disk.DiskWorld(s, place, s.images[system], changes, {"unit": "kannuki-*", "ask": SOCKET} if asks else None)


# --- the courses --------------------------------------------------------------------------------------


def begun(s, w):
    """By root in a terminal; until apply has told him what to do."""
    return w.run([*TRACER, *s.words(), "--window", "1h"], given=s.secret(), may_fail=True)


def applied(s, w):
    """It waits for the proof."""
    status, out, err = begun(s, w)
    if "pending" not in records(w):
        raise RuntimeError("apply: status %d: %s%s" % (status, out, err))


def ended(w, r, last):
    setting.wait_for(lambda: records(w)[-1:] == ["end"] and not under_way(w) and not running(w), 120)
    if last not in records(w):
        raise RuntimeError("it ended otherwise: %s" % " ".join(records(w)))
    r.end("it has ended")


def running(w):
    """What of ours is at work and shall end."""
    return [line for line in w.ask("harness", "state")[1].splitlines()
            if line.startswith("kannuki-") and not line.startswith("kannuki-filter") and not line.endswith(" failed")]


def confirmed(s, w, r):
    r.stage = "start"
    applied(s, w)
    r.end("apply has returned")
    r.stage = "confirm"
    said = s.confirm(" ".join(TRACER))
    if said.returncode != 0:
        raise RuntimeError("confirm: " + said.stdout)
    r.sure, r.stage = True, "finish"  # it has said so
    r.end("confirm has returned")
    ended(w, r, "confirm")
    r.course.confirmed = s.look("old")(w)


def undone(s, w, r):
    applied(s, w)
    r.stage = "undo"
    w.run([*TRACER, setting.INSTALLED, "undo"])
    ended(w, r, "undo")


def interrupted(s, w, r, then, kill_at):
    """apply is killed there, and the sentinel sees it."""

    def ask():
        try:
            begun(s, w)
        except (RuntimeError, OSError):  # the world went while it waited
            pass

    def kills(call, tracer):
        if kill_at(call, tracer):
            r.stage = then
            return True
        return False

    r.kill_at = kills
    threading.Thread(daemon=True, target=ask).start()
    setting.wait_for(lambda: r.course.killed is not None, 120)
    ended(w, r, "undo")
    if "pending" in records(w):
        raise RuntimeError("apply was not interrupted before PENDING: %s" % " ".join(records(w)))


def recovered(s, w, r):
    """Killed when all its steps are done, as it is about to write PENDING."""
    writes = [0]

    def kill_at(call, tracer):
        writes[0] += tracer == 2 and call.startswith("self pwrite ")
        return writes[0] == s.log_writes

    interrupted(s, w, r, "recover", kill_at)


def recovered_half(s, w, r):
    """Killed while useradd puts a database in its place."""
    interrupted(s, w, r, "recover-half", lambda call, _: call.startswith("useradd rename "))


def booted(_, w, r):
    """The power went there, and what boots is cut once more."""
    r.stage = "boot"
    w.boot()
    ended(w, r, "undo")


COURSES = [(confirmed, ("start", "apply", "confirm", "finish")), (undone, ("undo",)), (recovered, ("recover",)),
           (booted, ("boot",)), (recovered_half, ("recover-half",))]
PHASES = [name for _, names in COURSES for name in names]


def record(s, system, mode, course):
    """-> Course. On a machine so busy that it takes half a minute the kernel writes by itself what is old: then again."""
    for _ in range(3):
        done = record_once(s, system, mode, course)
        if not done.told():
            return done
    raise RuntimeError("data reached the disk by itself, in %d s" % done.seconds)


def record_once(s, system, mode, course):
    before, synced = [], set()
    if course is booted:
        killed = record(s, system, mode, recovered)
        before, synced = killed.changes[:killed.killed], killed.synced
    begin, w = time.monotonic(), world(s, system, before, asks=True)
    try:
        r = Recorder(w, mode, before)
        r.course.synced |= synced
        if course is not booted:
            w.boot()
        try:
            course(s, w, r)
        finally:
            r.close()
    finally:
        w.remove()
    r.course.seconds = time.monotonic() - begin
    return r.course


def record_all(s, wanted):
    """{(system, mode, course): Course}: each in a process of its own, two at once and before all others, because they
    must not take half a minute (see record)."""
    made, waiting, going = {}, list(wanted), {}

    def one(key, file):
        light.own_network()
        os.setpriority(os.PRIO_PROCESS, 0, -15)
        try:
            result = record(s, *key)
        except Exception:
            result = traceback.format_exc()
        with open(file, "wb") as out:
            pickle.dump(result, out)

    while waiting or going:
        while waiting and len(going) < 2:
            key = waiting.pop(0)
            file = os.path.join(s.work, "course-%d" % len(waiting))
            process = multiprocessing.Process(target=one, args=(key, file))
            process.start()
            going[process] = key, file
        multiprocessing.connection.wait([p.sentinel for p in going])
        for process in [p for p in going if not p.is_alive()]:
            process.join()
            key, file = going.pop(process)
            with open(file, "rb") as done:
                made[key] = pickle.load(done)
            name = "%s, %s, %s" % (key[2].__name__, *key[:2])
            if isinstance(made[key], Course):
                print("# %s: %d changes of the disk, %d s" % (name, len(made[key].changes), made[key].seconds), flush=True)
            else:
                print("# %s: the course itself failed\n# %s" % (name, made[key].replace("\n", "\n# ")), flush=True)
            os.unlink(file)
    return made


# --- the rounds ---------------------------------------------------------------------------------------


def after_boot(got):
    """Without what a boot ends, and what sudo leaves in a home, which it does not sync."""
    files = {n: d for n, d in got["files"].items() if not n.endswith("/.sudo_as_admin_successful")}
    return {**got, "files": files, "/run/sudo/ts": []}


def but_ours(got):
    """Without what of our own may be left where nothing starts it."""
    files = {n: d for n, d in got["files"].items() if not re.search(r"/kannuki-|\.kannuki~$", n)}
    return {**got, "files": files, "staged": [],
            "unit files": [u for u in got["unit files"] if not u.startswith("kannuki-")],
            "left of transactions": [], "under way": False}


def without_own(got):
    """Without what differs between two who did the same: when, and with which salt."""
    return {**got, "files": {n: d for n, d in got["files"].items() if n not in state.WITH_TIME}}


class Power(rounds.Phase):
    """A round of it is one of the different disks of the cuts in one phase of a course."""

    def __init__(self, s, name, system, mode, course):
        super().__init__(s, "")
        self.name, self.system, self.mode, self.course, self.disks = name, system, mode, course, {}
        self.wanted, self.amiss = {"old": after_boot(s.wanted["old"])}, []
        self.title, self.events = "%s %s, power, %s, %s" % (s.kind.name, name, system, mode), "disks"
        if isinstance(course, Course):
            for cut in course.cuts:
                if cut.phase == name:
                    self.disks.setdefault((cut.changes, cut.sure), []).append(cut)
            if course.confirmed:
                self.wanted["confirmed"] = after_boot(course.confirmed)
                self.amiss = state.differences(*(without_own(w) for w in (s.wanted["confirmed"], course.confirmed)))

    def look(self, w):
        return after_boot(self.s.look("old")(w))

    def kinds(self, done):
        return "of %d cuts, each at another call" % sum(len(cuts) for cuts in self.disks.values())

    def one(self, number):
        r = rounds.Round(number)
        if number > len(self.disks):
            return None
        if number == 1 and self.amiss:
            r.lines += ["the course came to another state:"] + self.amiss
        cuts = list(self.disks.values())[number - 1]
        r.call = cuts[0].call
        w = None
        try:
            w = world(self.s, self.system, self.course.changes[:cuts[0].changes])
            r.end = self.promised(w, cuts[0], r.lines)
            r.lines += self.boot(w, r.end)
            r.lines += state.wait_like(w, self.wanted[r.end], BY_ITSELF, self.look)[1]
            if number % rounds.LOGIN_EVERY == 0:
                r.lines += self.log_in(r.end)
        except (RuntimeError, OSError, IndexError, subprocess.SubprocessError) as error:
            r.lines.append("the round itself: %r" % error)
        finally:
            if w:
                w.remove()
        return r

    @staticmethod
    def promised(w, cut, lines):
        """What is durable decides. CONFIRM that was written and not yet synced may be lost: then the old state is right.
        Once the fdatasync has returned, and confirm has said so to its user, only the confirmed one is."""
        end = "confirmed" if "confirm" in records(w) else "old"
        if cut.sure and end == "old":
            lines.append("CONFIRM was durable, or success was said, and it is not there")
            return "confirmed"
        return end

    def boot(self, w, end):
        """Nobody helps. But where the dead-man was not armed yet, and where it has just been taken away, the host is as
        promised and what is left of our own lies still; it goes with the next word that the owner says to the program."""
        kinds = records(w)
        alone = "confirm" not in kinds and kinds.count("armed") < LAYERS
        alone = alone or ("end" in kinds and not os.path.lexists(w.path(SETTLE)))
        # what failed; an earlier unit of the same boot may have taken a later one away, having done all
        lines = ["at boot: " + line for line in w.boot() if not line.endswith(" not found.")]
        if lines:
            with open(w.path("/dev/units.log"), encoding="utf-8", errors="replace") as log:
                lines.append(log.read())
        if alone:
            want = but_ours(self.wanted[end])
            lines += state.wait_like(w, want, BY_ITSELF, lambda w: but_ours(self.look(w)))[1]
            lines += filter(None, [rounds.run(w, rounds.PROGRAM, "recover")])
        return lines


def phases(s, a):
    """All that is asked for, its courses carried out."""
    modes = MODES if a.power == "both" else [a.power]
    courses = [(c, names) for c, names in COURSES if a.phase is None or a.phase in names]
    for system in a.fs:
        disk.make(s, system)
    made = record_all(s, [(system, mode, c) for system in a.fs for c, _ in courses for mode in modes])
    return [Power(s, name, system, mode, made[system, mode, c]) for system in a.fs for c, names in courses
            for name in names if a.phase in (None, name) for mode in modes]
