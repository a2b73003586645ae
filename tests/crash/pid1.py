# SPDX-License-Identifier: MIT
"""The light root's PID 1: a small service manager that really does what systemctl is asked.

It stands in for systemd where booting one for every kill would take hours. It reads the unit files of
/etc, /run and /usr/lib as of the last daemon-reload, starts and stops real processes, waits for
READY=1, restarts what asks for it, fires timers, and answers `show` from that state. Enabling is
done by the real `systemctl --root=/`, what is enabled is read from the links on the disk. It keeps
what is logged to /dev/log with the kernel's word on who sent it, and answers journalctl from it.

What it does not know it refuses loudly, and the round fails: nothing is answered "ok" untried.
Left out: dependencies and ordering between units, cgroups (a unit's processes are the main process
and its descendants), generators, buses, sandboxing.

Clients (ask.c in there, the harness over a second socket) send their words NUL-ended; the answer is
status, two lengths, standard output, standard error.
"""
import fcntl
import glob
import os
import re
import shlex
import shutil
import signal
import threading
import time

import sockets
import units

REAL_SYSTEMCTL = "/usr/lib/kannuki-crash/systemctl"
TRACER = "/usr/lib/kannuki-crash/trace"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
JOB_LIMIT = 90
# What a service may say: what is done here, and what makes no difference to what we look at.
DONE = set("""Type ExecStartPre ExecStart ExecStartPost ExecReload ExecStop ExecStopPost RemainAfterExit Environment
    EnvironmentFile RuntimeDirectory RuntimeDirectoryMode KillMode Restart RestartSec RestartPreventExitStatus
    SuccessExitStatus TimeoutStartSec TimeoutStopSec UMask""".split())
NO_MATTER = set("""OOMScoreAdjust StandardInput StandardOutput StandardError Nice IOSchedulingClass IOSchedulingPriority
    PIDFile GuessMainPID IgnoreSIGPIPE WatchdogSec""".split())
SANDBOX = re.compile(r"Protect|Private|Restrict|ReadWritePaths|ReadOnlyPaths|NoNewPrivileges|LockPersonality|MemoryDeny|"
                     r"CapabilityBoundingSet|SystemCall|Limit|MemoryMax|TasksMax|DevicePolicy|ProcSubset|KeyringMode|RemoveIPC|IPAddressDeny")
TYPES = "simple exec idle oneshot notify".split()


class Refused(Exception):
    """A job that failed: exit status and words for standard error."""

    def __init__(self, status, words):
        super().__init__(words)
        self.status, self.words = status, words


def descendants(pid):
    """pid and all below it, parents first."""
    children = {}
    for entry in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(entry, encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.split("/")[2]))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


class Reaper:
    """The one place that waits for children: ours, and those that others left to PID 1."""

    def __init__(self):
        self.ended = {}
        self.news = threading.Condition()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                time.sleep(0.002)
                continue
            with self.news:
                self.ended[pid] = os.waitstatus_to_exitcode(status)
                self.news.notify_all()

    def wait(self, pid, limit, also=lambda: False):
        """Its exit status (negative: the signal), or None at the limit or when `also` came true."""
        end = time.monotonic() + limit
        with self.news:
            while pid not in self.ended:
                left = end - time.monotonic()
                if left <= 0 or also():
                    return None
                self.news.wait(min(left, 0.5))
            return self.ended[pid]


class Unit:
    def __init__(self, name):
        self.name = name
        self.path = None  # of the unit file as loaded; None: not found
        self.stamp = None
        self.says = {}
        self.active, self.result = "inactive", "success"
        self.main = 0
        self.stopping = False
        self.round = 0  # counts starts, so that a late watcher knows that it is of an earlier one
        self.sockets, self.holding = [], threading.Lock()  # what a socket unit holds
        self.job = threading.RLock()

    def get(self, section, key, default=""):
        values = self.says.get(section, {}).get(key, [])
        return values[-1] if values else default

    def all(self, section, key):
        return self.says.get(section, {}).get(key, [])


class Manager:
    def __init__(self, wrap):
        # {"unit": pattern, "kill": N, "options": [of trace], "log": file}: started under the tracer;
        # {"unit": pattern, "hold": True}: the job never ends; "idle": pattern: something that only sleeps is
        # started instead; {"unit": pattern, "ask": socket}: under the tracer, which asks there at each call
        self.wrap = wrap or {}
        self.held = threading.Event()
        self.faults = []
        self.ready = set()  # processes that have said READY=1
        self.units = {}
        self.lock = threading.RLock()
        self.reaper = Reaper()
        self.began = time.monotonic()
        self.journal = []  # (time, pid, uid, text)

    # --- units ----------------------------------------------------------------------------------

    def unit(self, name):
        with self.lock:
            real, path = units.find(name)
            if real in self.units:
                return self.units[real]
            unit = self.units[real] = Unit(real)
            self.load(unit, path)
            return unit

    def load(self, unit, path):
        unit.path, unit.says, unit.stamp = path, {}, None
        if path and path != "/dev/null":
            try:
                unit.stamp = os.stat(path).st_mtime_ns
                unit.says = units.parse(path, unit.name.rpartition(".")[0].partition("@")[2])
            except FileNotFoundError:  # removed between the search and the reading
                unit.path = None

    def daemon_reload(self):
        with self.lock:
            for unit in list(self.units.values()):
                if unit.path == "transient":
                    continue
                real, path = units.find(unit.name)
                if real != unit.name or (path is None and unit.active in ("inactive", "failed")):
                    del self.units[unit.name]
                elif path is not None and os.path.exists(path):
                    self.load(unit, path)
                # a unit that runs keeps what it was started with when its file is gone

    def loaded(self, unit):
        if unit.path == "/dev/null":
            raise Refused(1, "Unit %s is masked." % unit.name)
        if unit.path is None:
            raise Refused(5, "Unit %s not found." % unit.name)

    # --- processes ------------------------------------------------------------------------------

    def variables(self, unit):
        env = dict(ENVIRONMENT, NOTIFY_SOCKET="/run/systemd/notify", MAINPID=str(unit.main))
        for file in unit.all("Service", "EnvironmentFile"):
            optional = file.startswith("-")
            try:
                with open(file.lstrip("-"), encoding="utf-8") as text:
                    for line in text:
                        key, eq, value = line.strip().partition("=")
                        if eq and not key.startswith("#"):
                            env[key] = " ".join(shlex.split(value))
            except OSError:
                if not optional:
                    raise
        for line in unit.all("Service", "Environment"):
            for pair in shlex.split(line):
                key, _, value = pair.partition("=")
                env[key] = value
        return env

    def words(self, command, env):
        argv = []
        for word in shlex.split(command):
            if re.fullmatch(r"\$[A-Za-z_]+", word):
                argv += env.get(word[1:], "").split()
            else:
                argv.append(re.sub(r"\$\{([A-Za-z_]+)\}", lambda m: env.get(m.group(1), ""), word))
        return argv

    def spawn(self, unit, command, wrapped=False, held=()):
        """`held`: sockets that it is given, as sd_listen_fds(3) has it."""
        env = self.variables(unit)
        marks = re.match(r"[-@:+!|]*", command).group()
        argv = self.words(command[len(marks):], env)
        if set(marks) - set("-@+!"):
            self.fault("%s: %s is not known here" % (unit.name, command))
        if "@" in marks:  # its first word is the program's own name for itself
            del argv[1]
        if held:
            env.update(LISTEN_FDS=str(len(held)), LISTEN_FDNAMES=":".join([unit.name.replace(".service", ".socket")] * len(held)))
            argv = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"'] + argv
        if wrapped and "ask" in self.wrap:
            argv = [TRACER, "-s", self.wrap["ask"], "-o", "/dev/null", "--"] + argv
        elif wrapped:
            argv = [TRACER, "-k", str(self.wrap["kill"]), *self.wrap.get("options", []), "-o", self.wrap["log"], "--"] + argv
        if mask := unit.get("Service", "UMask"):
            argv = ["/bin/sh", "-c", 'umask %s; exec "$0" "$@"' % mask] + argv
        if units.matching([unit.name], self.wrap.get("idle", "")):
            argv = ["/bin/sleep", "infinity"]
        log = os.open("/dev/units.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open("/dev/null", os.O_RDONLY)
        high = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD_CLOEXEC, 200) for s in held]  # out of the way of 3, 4, ...
        try:
            return os.posix_spawn(argv[0], argv, env, setsid=True, setsigmask=[],
                                  file_actions=[(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, log, 1),
                                                (os.POSIX_SPAWN_DUP2, log, 2),
                                                *((os.POSIX_SPAWN_DUP2, fd, 3 + i) for i, fd in enumerate(high))])
        except OSError as error:
            raise Refused(1, "%s: %s" % (argv[0], error.strerror)) from error
        finally:
            for fd in [log, null, *high]:
                os.close(fd)

    def is_wrapped(self, unit):
        return bool(units.matching([unit.name], self.wrap.get("unit", "")))

    def run_all(self, unit, key):
        for command in unit.all("Service", key):
            pid = self.spawn(unit, command)
            status = self.reaper.wait(pid, JOB_LIMIT)
            if status != 0 and not command.startswith("-"):
                return status
        return 0

    # --- jobs -----------------------------------------------------------------------------------

    def start(self, unit):
        self.loaded(unit)
        joined = unit.round if unit.active == "activating" and unit.main else None
        with unit.job:
            if unit.active in ("active", "reloading"):
                return
            if joined == unit.round and unit.active != "activating":
                if unit.result != "success":  # the job that was under way was ours too
                    raise Refused(1, "Job for %s failed." % unit.name)
                return
            unit.active, unit.result, unit.stopping = "activating", "success", False
            unit.round += 1
            if unit.name.endswith(".timer"):
                self.start_timer(unit)
            elif unit.name.endswith(".socket"):
                self.start_socket(unit)
            elif unit.name.endswith(".service"):
                if self.condition(unit):
                    self.start_service(unit)
                else:
                    unit.active = "inactive"
            else:
                unit.active = "inactive"
                self.fault("cannot start %s: no such kind here" % unit.name)

    def condition(self, unit):
        for test in unit.all("Unit", "ConditionPathExists"):
            if os.path.exists(test.lstrip("!")) == test.startswith("!"):
                return False
        return True

    def start_socket(self, unit):
        odd = sockets.what_is_not_known(unit)
        service = self.unit(sockets.service_of(unit))
        if odd:
            unit.active = "inactive"
            self.fault("%s: not known here: %s" % (unit.name, " ".join(odd)))
        if service.active not in ("inactive", "failed"):
            self.failed(unit, "resources")
            raise Refused(1, "Job for %s failed: its service %s is active already." % (unit.name, service.name))
        try:
            unit.sockets = sockets.open_all(unit)
        except OSError as error:
            self.failed(unit, "resources")
            raise Refused(1, "Job for %s failed: %s" % (unit.name, error)) from error
        unit.active = "active"
        sockets.watch(self, unit, unit.round)

    def start_service(self, unit):
        if self.wrap.get("hold") and self.is_wrapped(unit):
            self.held.set()
            threading.Event().wait()
        kind = unit.get("Service", "Type", "simple")
        odd = [k for k in unit.says.get("Service", {}) if k not in DONE | NO_MATTER and not SANDBOX.match(k)]
        if odd or kind not in TYPES:
            unit.active = "inactive"
            self.fault("%s: not known here: %s" % (unit.name, " ".join(odd or ["Type=" + kind])))
        for name in unit.get("Service", "RuntimeDirectory").split():
            os.makedirs("/run/" + name, exist_ok=True)
            os.chmod("/run/" + name, int(unit.get("Service", "RuntimeDirectoryMode", "0755"), 8))
        if not unit.all("Service", "ExecStart"):  # a file that is empty, or has lost its end
            self.failed(unit, "exit-code")
            raise Refused(1, "Unit %s has a bad unit file setting." % unit.name)
        if self.run_all(unit, "ExecStartPre") != 0:
            self.start_failed(unit)
        if kind == "oneshot":
            self.run_oneshot(unit)
        else:
            self.start_main(unit, kind)
        if unit.active == "active" and self.run_all(unit, "ExecStartPost") != 0:
            self.signal_tree(unit, signal.SIGKILL)
            self.start_failed(unit)

    def start_failed(self, unit):
        self.failed(unit, "exit-code")
        raise Refused(1, "Job for %s failed." % unit.name)

    def run_oneshot(self, unit):
        limit = units.seconds(unit.get("Service", "TimeoutStartSec", "86400"))
        for command in unit.all("Service", "ExecStart"):
            unit.main = self.spawn(unit, command, self.is_wrapped(unit))
            status = self.reaper.wait(unit.main, limit)
            if status != 0 and not command.startswith("-"):
                self.ended(unit, unit.round, status)
                raise Refused(1, "Job for %s failed." % unit.name)
        self.ended(unit, unit.round, 0)
        if unit.get("Service", "RemainAfterExit") == "yes":
            unit.active = "active"

    def start_main(self, unit, kind):
        try:
            unit.main = self.spawn(unit, unit.get("Service", "ExecStart"), self.is_wrapped(unit),
                                   sockets.of_service(self, unit.name))
        except Refused:
            self.failed(unit, "exit-code")
            raise
        if kind == "notify":
            self.reaper.wait(unit.main, JOB_LIMIT, lambda: self.is_ready(unit))
            if not self.is_ready(unit):
                status = self.reaper.wait(unit.main, 0)
                if status is None:
                    self.signal_tree(unit, signal.SIGKILL)
                self.ended(unit, unit.round, status)
                raise Refused(1, "Job for %s failed." % unit.name)
        unit.active = "active"
        threading.Thread(target=self.watch, args=(unit, unit.round, unit.main), daemon=True).start()

    def try_start(self, unit):
        try:
            self.start(unit)
        except Refused:
            pass

    def is_ready(self, unit):
        return not self.ready.isdisjoint(descendants(unit.main))

    def watch(self, unit, number, pid):
        status = None
        while status is None:
            status = self.reaper.wait(pid, 3600)
        if not unit.stopping:
            with unit.job:
                self.ended(unit, number, status)

    def ended(self, unit, number, status):
        if unit.round != number:
            return
        if status is None:
            self.signal_tree(unit, signal.SIGKILL)
        unit.main = 0
        good = [0, -signal.SIGHUP, -signal.SIGINT, -signal.SIGTERM, -signal.SIGPIPE]
        good += [int(s) for s in unit.get("Service", "SuccessExitStatus").split() if s.isdigit()]
        clean = status in good and not (status != 0 and status is not None and status < 0
                                        and unit.get("Service", "Type") == "oneshot")
        prevent = unit.get("Service", "RestartPreventExitStatus").split()
        restart = unit.get("Service", "Restart", "no")
        killed = status is not None and status < 0
        again = restart == "always" or (restart == "on-failure" and not clean) or (restart == "on-abnormal" and killed and not clean)
        if clean:
            unit.active, unit.result = "inactive", "success"
        else:
            self.failed(unit, "signal" if status is not None and status < 0 else "exit-code")
        if again and str(status) not in prevent and not unit.stopping:
            unit.active = "activating"
            threading.Thread(target=self.start_again, args=(unit, number), daemon=True).start()

    def start_again(self, unit, number):
        time.sleep(units.seconds(unit.get("Service", "RestartSec", "100ms")))
        with unit.job:
            if unit.round != number or unit.active != "activating":
                return
            unit.active = "inactive"
            self.try_start(unit)

    def failed(self, unit, result):
        unit.active, unit.result, unit.main = "failed", result, 0
        if unit.get("Unit", "CollectMode") == "inactive-or-failed":
            unit.active = "inactive"

    def start_timer(self, unit):
        if not unit.get("Timer", "OnStartupSec"):  # somebody else's, at some hour that does not come in a round
            unit.active = "active"
            return
        at = self.began + units.seconds(unit.get("Timer", "OnStartupSec", "0"))
        unit.active = "active"
        threading.Thread(target=self.fire, args=(unit, unit.round, at), daemon=True).start()

    def fire(self, timer, number, at):
        time.sleep(max(0, at - time.monotonic()))
        if timer.active == "active" and timer.round == number:
            self.try_start(self.unit(timer.get("Timer", "Unit")))

    def signal_tree(self, unit, number):
        pids = descendants(unit.main) if unit.main else []
        if unit.get("Service", "KillMode") == "process" or (unit.get("Service", "KillMode") == "mixed" and number != signal.SIGKILL):
            pids = pids[:1]
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def stop(self, unit):
        unit.stopping = True
        with unit.job:
            if unit.active in ("inactive", "failed"):
                if unit.path is None:
                    raise Refused(5, "Unit %s not loaded." % unit.name)
                return
            main, unit.active = unit.main, "deactivating"
            unit.round += 1
            sockets.let_go(unit)
            self.run_all(unit, "ExecStop")
            if main:
                self.signal_tree(unit, signal.SIGTERM)
                limit = units.seconds(unit.get("Service", "TimeoutStopSec", "90"))
                if self.reaper.wait(main, limit) is None:
                    self.signal_tree(unit, signal.SIGKILL)
                    self.reaper.wait(main, 10)
            self.run_all(unit, "ExecStopPost")
            for name in unit.get("Service", "RuntimeDirectory").split():
                shutil.rmtree("/run/" + name, ignore_errors=True)
            unit.main, unit.active, unit.result = 0, "inactive", "success"

    def reload(self, unit):
        self.loaded(unit)
        with unit.job:
            if unit.active != "active":
                raise Refused(1, "%s is not active, cannot reload." % unit.name)
            if self.run_all(unit, "ExecReload") != 0:
                raise Refused(1, "Job for %s failed." % unit.name)

    def reload_or_restart(self, unit):
        if unit.active == "active" and unit.all("Service", "ExecReload"):
            self.reload(unit)
        else:
            self.restart(unit)

    def boot(self, known):
        """Starts what the disk has enabled, of those known here and of kannuki's, one after the other in the
        order that they ask for. -> what failed"""
        said = []
        for name in units.ordered([n for n in units.wanted_at_boot() if n in known or n.startswith("kannuki-")]):
            try:
                self.start(self.unit(name))
            except Refused as why:
                said.append("%s: %s" % (name, why.words))
        return said

    def restart(self, unit):
        self.loaded(unit)
        with unit.job:
            if unit.active not in ("inactive", "failed"):
                self.stop(unit)
            self.start(unit)

    def kill(self, unit, number):
        if unit.path is None:
            raise Refused(1, "Unit %s not loaded." % unit.name)
        self.signal_tree(unit, number)

    def fault(self, words):
        self.faults.append(words)
        raise Refused(1, words)
