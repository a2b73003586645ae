# SPDX-License-Identifier: MIT
"""The phases: from which state, what is killed or made to fail, and what must be then."""
import os
import subprocess
import threading

import faults
import setting
import state

LOGIN_EVERY = 10
PROGRAM = setting.PROGRAM


class Round:
    """One kill or failure and what came of it; nothing in `lines`: as promised."""

    def __init__(self, number):
        self.number, self.call, self.end, self.lines = number, "", "", []
        self.second = ""  # the call at which the recover that followed was killed too
        self.believed = False  # it came to wait for its proof all the same


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

    def __init__(self, s, fault, seed=0):
        self.s, self.fault, self.seed = s, fault, seed  # fault "": it is killed
        self.goes_on, self.patience = faults.goes_on(fault), faults.patience(fault)
        name = "-".join(filter(None, (s.act.name, self.name)))
        self.title = "%s %s" % (s.kind.name, name) + (", " + fault if fault else "")
        self.events = "failures" if self.goes_on else "kills"

    @classmethod
    def possible(cls, s):
        """Has this act such a state?"""
        return cls.checkpoint in s.checkpoint

    def kinds(self, done):
        """In words, what rounds these were."""
        own = sum(r.call.startswith("self ") for r in done)
        more = ""
        if self.fault == "twice":
            more = ", and %d times recover" % sum(r.second != "" for r in done)
        if any(r.believed for r in done):
            more = ", %d times it came to wait for its proof" % sum(r.believed for r in done)
        return "%d at calls of its own, %d of programs it runs%s" % (own, len(done) - own, more)

    def wrap(self, number):
        if not self.unit:
            return None
        return {"unit": self.unit, "kill": number, "options": faults.options(self.fault), "log": setting.TRACE_LOG}

    def tracer(self, number):
        return [setting.TRACE, "-k", str(number), *faults.options(self.fault), "-o", setting.TRACE_LOG, "--"]

    def begin(self, w, number):
        """Until it was killed -> True, or has come to its end -> False. With a fault: until it has come to an end."""
        raise NotImplementedError

    # --- what the dead-man does ---------------------------------------------------------------------

    def own(self, w):
        """The transaction's own copy, or, before that is there, the program."""
        own = setting.TXN + self.s.ident + "/recover"
        return own if os.path.exists(w.path(own)) else PROGRAM

    def recover(self, w):
        return run(w, self.own(w), "recover")

    def second_kill(self, w, r):
        """recover, killed as well, if it comes that far."""
        number = faults.second(self.seed, self.title, r.number)
        log = "/dev/second.log"
        argv = [setting.TRACE, "-k", str(number), "-o", log, "--", self.own(w), "recover"]
        if w.run(argv, may_fail=True)[0] == 137:
            r.second = setting.trace(w, log)[number - 1]

    def under_way(self, w):
        return os.path.exists(w.path(setting.TXN + "ACTIVE"))

    def bring_to_end(self, w):
        """-> (what must be now, remarks)."""
        confirmed = "confirm" in setting.records(self.s, w)
        said = self.recover(w)
        if said and self.fault == "full" and "end" in setting.records(self.s, w):
            said = ""  # with_room()
        elif not said and self.under_way(w):
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
            w = self.s.world(self.checkpoint, self.wrap(number), faults.DISK if self.fault == "full" else None)
            if self.fault == "full":
                faults.own_disk(w)
            hit = self.begin(w, number)
            calls = setting.trace(w)
            if len(calls) < number or not (hit or self.goes_on):
                return None
            r.call = calls[number - 1].split(" ", 1)[1]
            if self.fault == "twice":
                self.second_kill(w, r)
            lies = self.believed(w, r)
            r.end, r.lines = self.bring_to_end(w)
            r.lines += lies
            if self.fault == "full":
                r.lines += self.with_room(w)
            fell_back = r.end == "confirmed" and self.fault == "full" and setting.fell_back(self.s, w)
            r.lines += self.fallen_back(w) if fell_back else self.differs(w, r.end)
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

    def with_room(self, w):
        """What was left for want of room (clearing up, where the reserve was spent before) is done once there is some."""
        w.run(["rm", "-f", faults.FILLER])
        said = self.recover(w)
        return [said] if said else []

    def fallen_back(self, w):
        """Confirmed, but not finished, as there was no room for it: the proven form stays, and nothing is left over."""
        want, got = self.s.wanted["confirmed"], self.s.look(self.checkpoint)(w)
        # (what sudo notes of a user goes with the user, which is a finish step itself)
        left = [k for k in want if (k.startswith("/") and "sudo" not in k) or k in ("staged", "left of transactions", "under way")]
        lines = state.differences({k: want[k] for k in left}, got)
        proven = self.s.as_owner("true") if self.s.act.back else self.s.as_admin("true")
        return lines + (["the proven door: %s" % proven.stdout] if proven.returncode != 0 else [])

    def differs(self, w, end):
        want, see = self.s.wanted[end], self.s.look(self.checkpoint)
        if end == "confirmed" and not self.s.act.proof:  # the round itself has done the steps
            return state.wait_like(w, state.timeless(want), 3, lambda w: state.timeless(see(w)))[1]
        return state.wait_like(w, want, 3, see)[1]

    def believed(self, w, r):
        """It waits for its proof though a program of its failed or lied: all is as if none had. -> what is not"""
        if not self.fault.startswith("child-") or setting.records(self.s, w)[-1:] != ["pending"]:
            return []
        r.believed = True
        lines = state.wait_like(w, self.s.wanted["pending"], 3, lambda w: setting.waiting(self.s, w, self.checkpoint))[1]
        return ["pending: " + line for line in lines + setting.both_doors(self.s)]

    def log_in(self, end):
        """From outside, through the door that this state has."""
        done = self.s.log_in(end)
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
                ended.append(w.ask("harness", "run", self.s.secret(), *argv, may_fail=True)[0])
            except (RuntimeError, OSError):  # the world went while it waited: it had come to its end
                pass

        argv = [*self.tracer(number), *self.s.words()]
        asking = threading.Thread(daemon=True, target=ask)
        asking.start()
        for _ in range(150 * self.patience):
            asking.join(0.2)
            if ended:
                # (125: the program itself could not be started)
                if ended[0] not in ([1, 2, 3, 5] + [125] * (number == 1) if self.goes_on else [137]):
                    raise RuntimeError("apply ended with %d" % ended[0])
                return True
            if w.ask("harness", "held", "0")[1] == "held":
                if self.goes_on and len(setting.trace(w)) >= number:
                    raise WentOn
                return False
        raise RuntimeError("apply does not come to its unit")


class Apply(Phase):
    """The unit that carries the steps out, from its start until it waits for the proof."""

    name, checkpoint, unit = "apply", "prepared", "kannuki-apply@*"

    def begin(self, w, number):
        setting.apply_begins(self.s, w)
        unit, quiet = self.s.unit("apply"), 0
        for _ in range(300 * self.patience):
            if w.ask("harness", "gone", unit, "0.2")[1] == "gone":
                return True
            # what it does once it only waits changes nothing: no more calls, none will come
            calls = len(setting.trace(w))
            quiet = quiet + 1 if "pending" in setting.records(self.s, w) and calls == self.calls else 0
            self.calls = calls
            if quiet == 10 * self.patience:
                return False
        raise RuntimeError("apply does not end")

    calls = 0


class Confirm(Phase):
    """The command in the new login, through the proof, until it has seen the end."""

    name, checkpoint, few = "confirm", "pending", True

    def begin(self, w, number):
        done = self.s.confirm(" ".join(self.tracer(number)))
        if done.returncode == 0:
            return False
        if len(setting.trace(w)) < number:
            raise RuntimeError("confirm: status %d: %s" % (done.returncode, done.stdout))
        return True


class Finish(Phase):
    """What PID 1 runs after CONFIRM."""

    name, checkpoint, unit = "finish", "confirmed", "kannuki-recover@*"

    def begin(self, w, number):
        unit = self.s.unit("recover")
        if self.fault != "full":
            return w.ask("systemctl", "start", unit, may_fail=True)[0] != 0
        w.ask("systemctl", "--no-block", "start", unit)  # it does not end before there is room again
        setting.wait_for(lambda: "end" in setting.records(self.s, w), 120)
        return True


class Undo(Phase):
    """kannuki undo of what waits for its proof."""

    name, checkpoint = "undo", "pending"

    def begin(self, w, number):
        return self.traced(w, number, setting.INSTALLED, "undo")


class Recover(Phase):
    """recover of an apply that was killed when all its steps were done."""

    name, checkpoint = "recover", "interrupted"

    def begin(self, w, number):
        return self.traced(w, number, setting.TXN + self.s.ident + "/recover", "recover")


class RecoverHalf(Recover):
    """recover of an apply that was killed inside useradd."""

    name, checkpoint = "recover-half", "half"


PHASES = [Start, Apply, Confirm, Finish, Undo, Recover, RecoverHalf]
