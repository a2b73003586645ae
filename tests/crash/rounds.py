# SPDX-License-Identifier: MIT
"""The phases: from which state, what is killed or made to fail, and what must be then."""
import os
import subprocess
import threading

import setting
import state

LOGIN_EVERY = 10
PROGRAM = "/root/kannuki"


class Round:
    """One kill or failure and what came of it; nothing in `lines`: as promised."""

    def __init__(self, number):
        self.number, self.call, self.end, self.lines = number, "", "", []


def run(w, *argv):
    """-> words when it did not succeed, else ""."""
    status, out, err = w.run(list(argv), may_fail=True)
    if status == 127 and argv[0] != PROGRAM:  # the sentinel was quicker, and has removed the copy
        return run(w, PROGRAM, *argv[1:])
    return "%s: status %d: %s%s" % (" ".join(argv), status, out, err) if status != 0 else ""


class WentOn(Exception):
    """It came through in spite of the failure, to where the next phase begins."""


class Phase:
    name = checkpoint = unit = ""
    few = False  # calls: a part of them would be none

    def __init__(self, s, fault):
        self.s, self.fault = s, fault  # "": it is killed

    def wrap(self, number):
        if not self.unit:
            return None
        return {"unit": self.unit, "kill": number, "fault": self.fault, "log": setting.TRACE_LOG}

    def tracer(self, number):
        return [setting.TRACE, "-k", str(number), *(["-f", self.fault] if self.fault else []), "-o", setting.TRACE_LOG, "--"]

    def begin(self, w, number):
        """Until it was killed -> True, or has come to its end -> False. With a fault: until it has come to an end."""
        raise NotImplementedError

    # --- what the dead-man does ---------------------------------------------------------------------

    def recover(self, w):
        """By the transaction's own copy, or, before that is there, by the program."""
        own = setting.TXN + self.s.ident + "/recover"
        return run(w, own if os.path.exists(w.path(own)) else PROGRAM, "recover")

    def under_way(self, w):
        return os.path.exists(w.path(setting.TXN + "ACTIVE"))

    def bring_to_end(self, w):
        """-> (what must be now, remarks)."""
        confirmed = "confirm" in setting.records(self.s, w)
        said = self.recover(w)
        if not said and self.under_way(w):
            # After PENDING and before CONFIRM nothing is due yet: the deadline would, here a person undoes.
            kinds = setting.records(self.s, w)
            if kinds.count("pending") == 0 or "undo" in kinds:
                said = "recover ended with 0 and left it under way: %s" % " ".join(kinds)
            else:
                said = run(w, PROGRAM, "undo")
        return "confirmed" if confirmed else "old", [said] if said else []

    # --- one round ----------------------------------------------------------------------------------

    def one(self, number):
        """-> Round, or None when it came to its end before the N-th call."""
        r = Round(number)
        w = None
        try:
            w = self.s.world(self.checkpoint, self.wrap(number))
            hit = self.begin(w, number)
            calls = setting.trace(w)
            if len(calls) < number if self.fault else not hit:
                return None
            r.call = calls[number - 1].split(" ", 1)[1]
            r.end, r.lines = self.bring_to_end(w)
            r.lines += state.wait_like(w, self.s.wanted[r.end], 3, self.s.look(self.checkpoint))[1]
            if number % LOGIN_EVERY == 0:
                r.lines += self.log_in(r.end)
        except WentOn:
            r.call, r.end = setting.trace(w)[number - 1].split(" ", 1)[1], "old"
        except (RuntimeError, OSError, IndexError, subprocess.SubprocessError) as error:
            r.lines.append("the round itself: %r" % error)
        finally:
            if w:
                w.remove()
        return r

    def log_in(self, end):
        """From outside, through the door that this state has."""
        if end == "old":
            done = setting.ssh("root", setting.ROOT_PASSWORD, 22, "true")
        else:
            done = setting.ssh(setting.ADMIN, None, setting.PORT, "true", key=self.s.work + "/key")
        return ["login: status %d: %s" % (done.returncode, done.stdout)] if done.returncode != 0 else []

    def traced(self, w, number, *argv):
        """Runs it under the tracer -> was it killed?"""
        return w.run([*self.tracer(number), *argv], may_fail=True)[0] == 137


class Start(Phase):
    """kannuki apply in its terminal: plan, folder, units, until PID 1 is asked to begin."""

    name, checkpoint = "start", "old"

    def wrap(self, number):
        return {"unit": "kannuki-apply@*", "hold": True}

    def begin(self, w, number):
        ended = []

        def ask():
            try:
                ended.append(w.ask("harness", "run", setting.SECRET + "\n", *argv, may_fail=True)[0])
            except (RuntimeError, OSError):  # the world went while it waited: it had come to its end
                pass

        argv = [*self.tracer(number), PROGRAM, "apply", "--policy", "/root/policy.conf", "--yes", "--no-wait",
                "--password-stdin"]
        asking = threading.Thread(daemon=True, target=ask)
        asking.start()
        for _ in range(150):
            asking.join(0.2)
            if ended:
                if ended[0] != (1 if self.fault else 137):
                    raise RuntimeError("apply ended with %d" % ended[0])
                return True
            if w.ask("harness", "held", "0")[1] == "held":
                if self.fault and len(setting.trace(w)) >= number:
                    raise WentOn
                return False
        raise RuntimeError("apply does not come to its unit")


class Apply(Phase):
    """The unit that carries the steps out, from its start until it waits for the proof."""

    name, checkpoint, unit = "apply", "prepared", "kannuki-apply@*"

    def begin(self, w, number):
        setting.apply_begins(self.s, w)
        unit, quiet = self.s.unit("apply"), 0
        for _ in range(300):
            if w.ask("harness", "gone", unit, "0.2")[1] == "gone":
                return True
            # what it does once it only waits changes nothing: no more calls, none will come
            calls = len(setting.trace(w))
            quiet = quiet + 1 if "pending" in setting.records(self.s, w) and calls == self.calls else 0
            self.calls = calls
            if quiet == 10:
                return False
        raise RuntimeError("apply does not end")

    calls = 0


class Confirm(Phase):
    """The command in the new login, through the proof, until it has seen the end."""

    name, checkpoint, few = "confirm", "pending", True

    def begin(self, w, number):
        done = setting.confirm(self.s, " ".join(self.tracer(number)))
        if done.returncode == 0:
            return False
        if len(setting.trace(w)) < number:
            raise RuntimeError("confirm: status %d: %s" % (done.returncode, done.stdout))
        return True


class Finish(Phase):
    """What PID 1 runs after CONFIRM."""

    name, checkpoint, unit = "finish", "confirmed", "kannuki-recover@*"

    def begin(self, w, number):
        return w.ask("systemctl", "start", self.s.unit("recover"), may_fail=True)[0] != 0


class Undo(Phase):
    """kannuki undo of what waits for its proof."""

    name, checkpoint = "undo", "pending"

    def begin(self, w, number):
        return self.traced(w, number, "/usr/local/sbin/kannuki", "undo")


class Recover(Phase):
    """recover of an apply that was killed when all its steps were done."""

    name, checkpoint = "recover", "interrupted"

    def begin(self, w, number):
        return self.traced(w, number, setting.TXN + self.s.ident + "/recover", "recover")


class RecoverHalf(Recover):
    """recover of an apply that was killed inside useradd."""

    name, checkpoint = "recover-half", "half"


PHASES = [Start, Apply, Confirm, Finish, Undo, Recover, RecoverHalf]
