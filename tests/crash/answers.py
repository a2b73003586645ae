# SPDX-License-Identifier: MIT
"""What the light root's PID 1 answers: systemctl, systemd-run, journalctl, and the harness."""
import os
import re
import signal
import socket
import struct
import threading
import time
import traceback

import pid1
import sockets
import units

SOCKET = "/dev/pid1"  # in there; ask.c knows it
RUN_LIMIT = 300  # seconds for a command of the harness
SIGNALS = {"KILL": signal.SIGKILL, "TERM": signal.SIGTERM, "HUP": signal.SIGHUP}
PROPERTIES = ("Id Description LoadState ActiveState UnitFileState Result MainPID ExecStart Environment EnvironmentFiles "
              "Listen NeedDaemonReload RequiredBy BoundBy ConsistsOf TriggeredBy Triggers").split()
# Which unit says it of another one, seen from that one: property -> its key in [Unit]
BACKWARDS = {"RequiredBy": "Requires", "BoundBy": "BindsTo", "ConsistsOf": "PartOf"}


class Answers:
    def __init__(self, manager):
        self.manager = manager

    # --- systemctl --------------------------------------------------------------------------------

    def systemctl(self, argv):
        flags = {w for w in argv if w.startswith("-") and w not in ("-p", "-s", "--")}
        unknown = flags - {"--value", "--no-block", "-q", "--quiet"}
        if unknown:
            self.manager.fault("systemctl: option not known here: %s" % " ".join(sorted(unknown)))
        options, words = {}, []
        rest = iter([w for w in argv if w not in flags and w != "--"])
        for word in rest:
            if word in ("-p", "-s"):
                options[word] = next(rest)
            else:
                words.append(word)
        verb, names = words[0], words[1:]
        if verb == "show":
            return self.show(options.get("-p"), "--value" in flags, names)
        if verb == "daemon-reload":
            self.manager.daemon_reload()
        elif verb in ("enable", "disable"):
            return self.real([verb] + names)
        elif verb in ("start", "stop", "restart", "reload", "reload-or-restart", "reset-failed", "kill"):
            self.jobs(verb, names, options.get("-s", "TERM"), "--no-block" in flags)
        else:
            self.manager.fault("systemctl: verb not known here: %s" % verb)
        return ""

    def real(self, words):
        """Links are the real systemctl's work; PID 1 reads the files anew, as it does after enable."""
        status, said = self.run([pid1.REAL_SYSTEMCTL, "--root=/", "-q"] + words, "")[:2]
        if status != 0:
            raise pid1.Refused(status, said)
        self.manager.daemon_reload()
        return ""

    def meant(self, names):
        for name in names:
            if "*" in name:
                with self.manager.lock:
                    known = [u.name for u in self.manager.units.values() if u.active != "inactive"]
                yield from (self.manager.unit(n) for n in units.matching(known, name))
            else:
                yield self.manager.unit(name)

    def jobs(self, verb, names, sig, no_block):
        m = self.manager
        does = {"start": m.start, "stop": m.stop, "restart": m.restart, "reload": m.reload,
                "reload-or-restart": m.reload_or_restart, "reset-failed": self.reset_failed,
                "kill": lambda unit: m.kill(unit, SIGNALS[sig])}[verb]
        found, refused = list(self.meant(names)), []

        def one(unit):
            try:
                does(unit)
            except pid1.Refused as why:
                refused.append(why)

        def all_of(part):
            threads = [threading.Thread(target=one, args=(unit,), daemon=True) for unit in part]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        def in_order():  # a socket comes before the service that it starts, and goes after it
            first = [unit for unit in found if unit.name.endswith(".socket") != (verb == "stop")]
            all_of(first)
            all_of([unit for unit in found if unit not in first])

        if no_block:
            threading.Thread(target=in_order, daemon=True).start()
        else:
            in_order()
        if refused:
            raise refused[0]

    def reset_failed(self, unit):
        if unit.path is None:
            raise pid1.Refused(1, "Failed to reset failed state of unit %s: Unit %s not loaded." % (unit.name, unit.name))
        if unit.active == "failed":
            unit.active, unit.result = "inactive", "success"

    def show(self, wanted, value_only, names):
        if not names:
            has = {"UserspaceTimestampMonotonic": "%d" % int(self.manager.began * 1000000), "Version": "252"}
            if wanted not in has:
                self.manager.fault("systemctl show: property of the manager not known here: %s" % wanted)
            return ("" if value_only else wanted + "=") + has[wanted] + "\n"
        unknown = set(wanted.split(",")) - set(PROPERTIES)
        if unknown:
            self.manager.fault("systemctl show: property not known here: %s" % " ".join(sorted(unknown)))
        blocks = []
        for unit in self.meant(names):
            has = self.properties(unit)
            lines = [(p, v) for p in PROPERTIES if p in wanted.split(",") for v in has[p]]
            blocks.append("".join((v if value_only else "%s=%s" % (p, v)) + "\n" for p, v in lines))
        return "\n".join(blocks)

    def properties(self, unit):
        execs = []
        for command in unit.all("Service", "ExecStart"):
            execs.append("{ path=%s ; argv[]=%s ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; "
                         "pid=0 ; code=(null) ; status=0/0 }" % (command.split()[0], command))
        files = ["%s (ignore_errors=%s)" % (f.lstrip("-"), "yes" if f.startswith("-") else "no")
                 for f in unit.all("Service", "EnvironmentFile")]
        stale = unit.stamp is not None and (not os.path.exists(unit.path) or os.stat(unit.path).st_mtime_ns != unit.stamp)
        load = "not-found" if unit.path is None else "masked" if unit.path == "/dev/null" else "loaded"
        return {"Id": [unit.name], "LoadState": [load], "ActiveState": [unit.active],
                "UnitFileState": [units.file_state(unit.name)], "Result": [unit.result], "MainPID": [str(self.main(unit))],
                "ExecStart": execs, "Environment": [" ".join(unit.all("Service", "Environment"))],
                "EnvironmentFiles": files, "Listen": sockets.shown(unit), "NeedDaemonReload": ["yes" if stale else "no"],
                "Description": [unit.get("Unit", "Description", unit.name)], **self.relations(unit)}

    def relations(self, unit):
        """What the units that are loaded say of each other."""
        with self.manager.lock:
            loaded = list(self.manager.units.values())
        found = {backwards: [u.name for u in loaded if unit.name in " ".join(u.all("Unit", key)).split()]
                 for backwards, key in BACKWARDS.items()}
        is_socket = unit.name.endswith(".socket")
        found["Triggers"] = [units.find(sockets.service_of(unit))[0]] if is_socket else []
        found["TriggeredBy"] = [u.name for u in loaded if u.name.endswith(".socket") and u.path is not None
                                and units.find(sockets.service_of(u))[0] == unit.name]
        return {name: [" ".join(sorted(values))] for name, values in found.items()}

    def main(self, unit):
        """A traced unit's main process is the tracer's child."""
        if unit.main and self.manager.is_wrapped(unit):
            return (pid1.descendants(unit.main) + [unit.main])[1]
        return unit.main

    # --- systemd-run, journalctl --------------------------------------------------------------------

    def systemd_run(self, argv):
        match = re.fullmatch(r"--unit=(\S+)", argv[0])
        if not match or argv[1:3] != ["-p", "KillMode=process"] or argv[3].startswith("-"):
            self.manager.fault("systemd-run: not known here: %s" % " ".join(argv))
        unit = self.manager.unit(match.group(1))
        unit.path, unit.stamp = "transient", None
        unit.says = {"Service": {"ExecStart": [" ".join(argv[3:])], "KillMode": ["process"]}}
        self.manager.start(unit)
        return ""

    def journalctl(self, argv):
        fields = {"_PID": None, "_UID": None}
        since = 0.0
        for word in argv:
            key, _, value = word.partition("=")
            if key in fields:
                fields[key] = int(value)
            elif key == "--since" and value.startswith("@"):
                since = float(value[1:])
            elif word not in ("-q", "--no-pager", "-o", "cat"):
                self.manager.fault("journalctl: not known here: %s" % word)
        return "".join(text + "\n" for at, pid, uid, text in self.manager.journal
                       if at >= since and fields["_PID"] in (None, pid) and fields["_UID"] in (None, uid))

    # --- the harness --------------------------------------------------------------------------------

    def run(self, argv, given):
        """-> (exit status, standard output, standard error) of a command in there, as root."""
        pipes = [os.pipe() for _ in range(3)]
        actions = [(os.POSIX_SPAWN_DUP2, pipes[0][0], 0), (os.POSIX_SPAWN_DUP2, pipes[1][1], 1),
                   (os.POSIX_SPAWN_DUP2, pipes[2][1], 2)]
        env = dict(pid1.ENVIRONMENT, HOME="/root")
        try:
            pid = os.posix_spawnp(argv[0], argv, env, file_actions=actions, setsid=True, setsigmask=[])
        except FileNotFoundError:
            for fd in sum(pipes, ()):
                os.close(fd)
            return 127, "", "there is no %s" % argv[0]
        for ours in (pipes[0][0], pipes[1][1], pipes[2][1]):
            os.close(ours)
        said = {}

        def drain(which):
            with os.fdopen(pipes[which][0], "rb") as file:
                said[which] = file.read().decode("utf-8", "replace")

        threads = [threading.Thread(target=drain, args=(w,), daemon=True) for w in (1, 2)]
        for thread in threads:
            thread.start()
        try:
            with os.fdopen(pipes[0][1], "wb") as file:
                file.write(given.encode())
        except BrokenPipeError:
            pass
        status = self.manager.reaper.wait(pid, RUN_LIMIT)
        for thread in threads:
            thread.join(1.0)
        return (124 if status is None else status if status >= 0 else 128 - status,
                said.get(1, ""), said.get(2, ""))

    def harness(self, argv):
        """run INPUT COMMAND...; resume UNIT...; boot UNIT...; secret ID TEXT; state; files; held SECONDS; gone UNIT SECONDS"""
        verb = argv[0]
        if verb == "run":
            status, out, err = self.run(argv[2:], argv[1])
            if status != 0:
                raise Ended(status, out, err)
            return out
        if verb == "resume":
            return self.resume(argv[1:])
        if verb == "boot":
            return "\n".join(self.manager.boot(argv[1:]))
        if verb == "secret":
            return self.secret(argv[1], argv[2])
        if verb == "state":
            with self.manager.lock:
                active = sorted("%s %s" % (u.name, u.active) for u in self.manager.units.values()
                                if u.active != "inactive" and u.path is not None)
            return "\n".join(active + ["fault: " + f for f in self.manager.faults]) + "\n"
        if verb == "files":
            return "".join("%s %s\n" % pair for pair in units.all_states().items())
        if verb == "gone":
            unit, end = self.manager.unit(argv[1]), time.monotonic() + float(argv[2])
            while unit.active != "inactive" and time.monotonic() < end:
                time.sleep(0.005)
            return "gone" if unit.active == "inactive" else ""
        return "held" if self.manager.held.wait(float(argv[1])) else ""

    def resume(self, names):
        """They run as they did at the checkpoint: what leaves nothing but its effect has had it already."""
        later = []
        for unit in map(self.manager.unit, names):
            if unit.get("Service", "RemainAfterExit") == "yes":
                unit.active = "active"
            else:
                later.append(unit.name)
        self.jobs("start", later, "TERM", False)
        return ""

    def secret(self, ident, text):
        """As the terminal of apply does: until somebody reads, then it goes."""
        path = "/run/kannuki/%s.secret" % ident
        unit = self.manager.unit("kannuki-apply@%s.service" % ident)
        try:
            while True:
                try:
                    fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
                    break
                except OSError:
                    if unit.active == "inactive":
                        return "nobody"
                    time.sleep(0.005)
            with os.fdopen(fd, "wb") as file:
                file.write(text.encode())
        except BrokenPipeError:
            pass
        finally:
            if os.path.exists(path):
                os.unlink(path)
        return ""


class Ended(Exception):
    def __init__(self, status, out, err):
        super().__init__(err)
        self.status, self.out, self.err = status, out, err


def serve(path, table):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(64)
    serve_on(listener, table)


def serve_on(listener, table):
    """One thread a request; table: first word -> function of the others."""

    def one(client):
        with client:
            data = b""
            while part := client.recv(65536):
                data += part
            argv = data.decode("utf-8", "replace").split("\0")[:-1]
            if not argv:
                return  # killed before it had said anything
            try:
                answer = (0, table[argv[0]](argv[1:]), "")
            except pid1.Refused as why:
                answer = (why.status, "", why.words + "\n")
            except Ended as why:
                answer = (why.status, why.out, why.err)
            except Exception:  # whoever asked shall know that this stand-in is at fault
                answer = (1, "", traceback.format_exc())
            out, err = answer[1].encode(), answer[2].encode()
            try:
                client.sendall(struct.pack("!III", answer[0] & 0xff, len(out), len(err)) + out + err)
            except OSError:
                pass  # it was killed while it waited

    def run():
        while True:
            threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()


def datagrams(path, take):
    """Calls take(pid, uid, data) for each datagram, with the kernel's word on who sent it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    sock.bind(path)
    os.chmod(path, 0o666)

    def run():
        while True:
            data, ancillary, _, _ = sock.recvmsg(65536, 1024)
            for level, kind, value in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                    pid, uid, _ = struct.unpack("3i", value[:12])
                    take(pid, uid, data)

    threading.Thread(target=run, daemon=True).start()


def listen(manager):
    """Everything that is asked of PID 1 from inside."""
    answers = Answers(manager)

    def log(pid, uid, data):
        text = re.sub(r"^<\d+>", "", data.decode("utf-8", "replace").rstrip("\0\n"))
        text = re.sub(r"^[A-Z][a-z]{2} [ \d]\d [\d:]{8} ", "", text)
        manager.journal.append((time.time(), pid, uid, re.sub(r"^[^:]*?: ", "", text, count=1)))

    def notify(pid, _uid, data):
        if b"READY=1" in data.split(b"\n"):
            with manager.reaper.news:
                manager.ready.add(pid)  # perhaps before spawn has told us whose it is
                manager.reaper.news.notify_all()

    datagrams("/run/systemd/notify", notify)
    datagrams("/run/systemd/journal/dev-log", log)
    os.symlink("/run/systemd/journal/dev-log", "/dev/log")
    serve(SOCKET, {"systemctl": answers.systemctl, "systemd-run": answers.systemd_run, "journalctl": answers.journalctl})
    return answers
