# SPDX-License-Identifier: MIT
"""The states that phases begin from, made once before the rounds: by the program itself, run for real."""
import json
import os
import re
import shutil
import struct
import subprocess
import time

import faults
import kinds
import light
import state

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT_PASSWORD = "rented-box-1"  # of whoever logs in first
PROGRAM, INSTALLED, POLICY = "/root/kannuki", "/usr/local/sbin/kannuki", "/root/policy.conf"
TXN = "/var/lib/kannuki/txn/"
PATIENCE = 240  # seconds for a login's command: longer than any limit of kannuki's
TRACE, TRACE_LOG = "/usr/lib/kannuki-crash/trace", "/dev/trace.log"
KINDS = "- begin armed intent done pending confirm undo undone note end".split()
SLOT, MAGIC = 256, 0x314a4e4b


class Setting:
    """What all rounds of an act share: made once, before the workers are forked."""

    def __init__(self, work, program, bases, kind, act):
        self.work, self.program, self.base = work, program, os.path.join(bases, kind.base)
        self.kind, self.act = kind, act
        self.checkpoint, self.wanted = {}, {}
        self.ident, self.log_writes = "", 0
        self.old_files = None
        self.images, self.stamps = {}, {}  # of disk.py, by file system

    def world(self, checkpoint, wrap=None, disk=None):
        folder = os.path.join(self.work, "w%d-%d" % (os.getpid(), time.monotonic_ns()))
        return light.World(self.base, folder, self.checkpoint[checkpoint], wrap, disk)

    def layer(self, name):
        return os.path.join(self.work, "layer-%s-%s-%s" % (self.kind.name, self.act.name, name))

    def depth(self, checkpoint):
        """How many layers lie over the old state."""
        return len(self.checkpoint[checkpoint].layers) - len(self.checkpoint["old"].layers)

    def look(self, checkpoint):
        return lambda w: state.look(w, self.old_files, self.depth(checkpoint))

    def unit(self, kind):
        return "kannuki-%s@%s.service" % (kind, self.ident)

    def timer(self):
        return "kannuki-deadline@%s.timer" % self.ident

    def forget_layers(self):
        """Memory for the next kind."""
        for checkpoint in self.checkpoint.values():
            for layer in checkpoint.layers:
                shutil.rmtree(layer, ignore_errors=True)

    # --- what is typed, and the doors -----------------------------------------------------------------

    def words(self):
        """What begins the act."""
        given = ["--policy", POLICY] if self.act.name == "" else []
        if self.takes_secret():
            given.append("--password-stdin")
        if self.act.proof:
            given.append("--no-wait")
        return [INSTALLED if self.act.name and not self.act.sent else PROGRAM, *self.act.words, *given, "--yes"]

    def takes_secret(self):
        return self.act.name == "" and self.kind.new and self.kind.secret != ""

    def secret(self):
        return self.kind.secret + "\n" if self.takes_secret() else ""

    def by_key(self, words, given=""):
        """The admin's door: with the sudo of the admin before the words, where there are any."""
        return ssh(self.kind.admin, None, self.kind.port, words, given, key=self.work + "/key", limit=PATIENCE)

    def by_password(self, words, given=""):
        """The owner's former door."""
        return ssh(self.kind.owner, ROOT_PASSWORD, self.kind.old_port, words, given, limit=PATIENCE)

    def as_admin(self, words):
        secret = self.kind.secret
        return self.by_key("sudo -S -p '' " + words, secret + "\n") if secret else self.by_key("sudo -n " + words)

    def as_owner(self, words, given=""):
        return self.by_password(" ".join([*self.kind.root, words]), given)

    def confirm(self, before=""):
        """The login that proves the act."""
        words = before + " " + INSTALLED + " confirm"
        return self.as_owner(words) if self.act.back else self.as_admin(words)

    def log_in(self, end):
        """By the door that this end has."""
        former = self.act.proof and (end == "old") != self.act.back
        return self.by_password("true") if former else self.by_key("true")


def ssh(user, password, port, words, given="", key=None, limit=20):
    """A real login from outside."""
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=5",
               "KexAlgorithms=curve25519-sha256", "NumberOfPasswordPrompts=1"]
    argv = ["ssh", "-F", "none", "-l", user, "-p", str(port)]
    argv += ["-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"] if key else ["-o", "PubkeyAuthentication=no"]
    for option in options:
        argv += ["-o", option]
    env = dict(os.environ, LAB_PASSWORD=password or "", SSH_ASKPASS=os.path.join(HERE, "../lab/askpass"),
               SSH_ASKPASS_REQUIRE="force")
    return subprocess.run(argv + [light.NET4 + light.INSIDE, words], input=given, text=True, env=env, timeout=limit,
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


# --- the states ---------------------------------------------------------------------------------------


def make_tools(s):
    """The layer with the stand-ins, the tracer, the program and the policy."""
    layer = s.layer("tools")
    lib, root = layer + "/usr/lib/kannuki-crash", os.path.join(layer, "rest", "root")
    for folder in (lib, root):
        os.makedirs(folder)
    os.chmod(os.path.join(layer, "rest"), 0o755)
    os.chmod(root, 0o700)
    for name in ("trace", "ask", "child"):
        faults.build(os.path.join(HERE, name + ".c"), os.path.join(lib, name))
    for mode in faults.MODES:
        os.link(lib + "/child", lib + "/child-" + mode)
    for name in ("systemctl", "systemd-run", "journalctl"):
        # (where /usr is not merged, Debian 11, two of them are in /bin)
        place = next(p for p in ("usr/bin/" + name, "rest/bin/" + name) if os.path.exists(os.path.join(s.base, p)))
        os.makedirs(os.path.dirname(os.path.join(layer, place)), exist_ok=True)
        shutil.copy2(lib + "/ask", os.path.join(layer, place))
        if name == "systemctl":
            shutil.copy2(os.path.join(s.base, place), lib + "/systemctl")
    shutil.copy2(s.program, root + "/kannuki")
    if s.kind.guard:
        shutil.copy2(s.program + "-guard", root + "/kannuki-guard")
    if not os.path.exists(s.work + "/key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "taro@laptop", "-f", s.work + "/key"], check=True)
    with open(s.work + "/key.pub", encoding="ascii") as key, open(root + "/policy.conf", "w", encoding="ascii") as policy:
        policy.write("[admin]\nuser = %s\nkey = %s\n%s" % (s.kind.admin, key.read().strip(), s.kind.policy))
    os.chmod(root + "/policy.conf", 0o600)
    s.checkpoint["tools"] = light.Checkpoint([layer])


def script_of(name):
    """A script of our own, or what makes that kind of VPS in the lab."""
    own = os.path.join(HERE, name)
    with open(own if name.endswith(".sh") else os.path.join(HERE, "../lab/kinds.d", name + ".sh"), encoding="utf-8") as file:
        return file.read()


def make_first(s):
    """What the hosting company hands over, and the years since."""
    make_tools(s)
    w = s.world("tools")
    with open(s.work + "/key.pub", encoding="ascii") as key:
        words = ["env", "PASSWORD=" + ROOT_PASSWORD, "KEY=" + key.read().strip(), "bash", "-eu", "-s"]
    for name in ("first-state.sh", *s.kind.states):
        w.run(words, given=script_of(name))
    s.checkpoint["new"] = w.keep(s.layer("new"))
    w = s.world("new")  # what its units do at their first start is no change of ours
    w.ask("systemctl", "start", *s.kind.quiet)
    s.as_owner("true")  # sudo leaves a mark in the home at its first use
    s.checkpoint["old"] = w.keep(s.layer("old"), w.saved(), w.active())


def make_old(s, before):
    if before:
        s.checkpoint["old"] = before.checkpoint["ended"]
    else:
        make_first(s)
    w = s.world("old")
    s.wanted["old"] = state.look(w, None, 0)
    s.old_files = s.wanted["old"]["files"]
    w.remove()


def begin_as_person(s, w, first):
    """In a process of its own, as it does not end: the words of the act, by a real login. -> its pid"""
    pid = os.fork()
    if pid == 0:
        words = " ".join(s.words()) + " --window 1h" * s.act.proof
        done = s.as_owner(words, s.secret()) if first else s.as_admin(words)
        with open(s.work + "/said", "w", encoding="utf-8") as file:
            file.write(done.stdout)
        os._exit(0)
    return pid


def make_prepared(s, first):
    """Everything up to the start of the apply unit, by a real login."""
    w = s.world("old", {"unit": "kannuki-apply@*", "hold": True})
    pid = begin_as_person(s, w, first)
    if w.ask("harness", "held", "60")[1] != "held":
        with open(s.work + "/said", encoding="utf-8") as file:
            raise RuntimeError("it did not come to its unit: " + file.read())
    with open(w.path(TXN + "ACTIVE"), encoding="ascii") as file:
        s.ident = file.read().strip()
    with open(w.path(TXN + s.ident + "/plan"), encoding="utf-8") as file:
        uses = {step["kind"] for step in json.load(file)["steps"]}
    if uses != s.act.uses:
        raise RuntimeError("kinds.py says that its steps are %s; they are %s" % (sorted(s.act.uses), sorted(uses)))
    s.checkpoint["prepared"] = w.keep(s.layer("prepared"), s.checkpoint["old"].saved, s.checkpoint["old"].active)
    os.kill(pid, 9)
    os.waitpid(pid, 0)


def apply_begins(s, w):
    w.ask("systemctl", "start", s.unit("apply"))
    if s.takes_secret():
        w.ask("harness", "secret", s.ident, s.kind.secret)


def records(s, w):
    """The kinds of the journal's records, in order."""
    return records_in(w.path(TXN + s.ident))


def records_in(folder):
    try:
        with open(folder + "/log", "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return []
    heads = [struct.unpack_from("<3I", data, at) for at in range(0, len(data) - SLOT + 1, SLOT)]
    return [KINDS[kind] for magic, _, kind in heads if magic == MAGIC]


def fell_back(s, w):
    """Does the journal say that the finish could not be done?"""
    with open(w.path(TXN + s.ident + "/log"), "rb") as file:
        return b"confirmed, but not finished" in file.read()


def trace(w, log=TRACE_LOG):
    """The calls that were counted, one line each."""
    with open(w.path(log), encoding="utf-8", errors="replace") as log:
        return log.read().splitlines()


def wait_for(what, limit=30):
    end = time.monotonic() + limit
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("not within the time")
        time.sleep(0.02)


def running(w, *but):
    """The units that run, without these of the transaction's."""
    return [u for u in w.active() if not u.startswith(tuple("kannuki-%s@" % b for b in but))]


def make_pending(s):
    """All steps done, waiting for the proof. -> its calls"""
    w = s.world("prepared", {"unit": "kannuki-apply@*", "kill": 0, "log": TRACE_LOG})
    apply_begins(s, w)
    wait_for(lambda: "pending" in records(s, w) or "end" in records(s, w), 90)
    if "pending" not in records(s, w):
        raise RuntimeError("apply did not come to its window: %s" % w.run([PROGRAM, "log"])[1])
    time.sleep(1.5)  # the timer is set anew
    calls = trace(w)
    s.log_writes = sum(" self pwrite " in call for call in calls)  # the last of them is PENDING's
    s.wanted["pending"] = waiting(s, w, "prepared")
    s.checkpoint["pending"] = w.keep(s.layer("pending"), w.saved(), running(w, "apply"))
    return calls


def waiting(s, w, checkpoint):
    """The state while it waits for its proof, without what is another in each run: salts, times, processes."""
    now = s.look(checkpoint)(w)
    changing = [*state.WITH_TIME, "/etc/systemd/system/kannuki-", "/home/"]
    now["files"] = {name: text for name, text in now["files"].items() if not name.startswith(tuple(changing))}
    now["units"] = [u for u in now["units"] if not u.startswith("kannuki-apply@")]  # it waits in some states only
    return {aspect: now[aspect] for aspect in ("files", "rules", "kernel", "listeners", "units", "unit files")}


def both_doors(s):
    """Real logins: by the new door, with sudo, and by the former one. -> what failed"""
    tries = (("the admin", s.as_admin("true")), ("the owner", s.as_owner("true")))
    return ["%s: status %d: %s" % (who, done.returncode, done.stdout) for who, done in tries if done.returncode != 0]


def killed_apply(s, number, only):
    """A world whose apply was killed at its N-th call of this sort, before any layer of the dead-man could act."""
    w = s.world("prepared", {"unit": "kannuki-apply@*", "kill": number, "options": ["-m", only], "log": TRACE_LOG,
                             "idle": "kannuki-sentinel@*"})
    apply_begins(s, w)
    wait_for(lambda: "pending" in records(s, w) or w.ask("harness", "gone", s.unit("apply"), "0.2")[1], 90)
    return w


def make_interrupted(s, calls):
    """The same, but apply was killed as it was about to write PENDING."""
    w = killed_apply(s, sum(" self pwrite " in call for call in calls), "self pwrite")
    kinds_now = records(s, w)
    if "pending" in kinds_now or kinds_now.count("done") != kinds_now.count("intent"):
        raise RuntimeError("apply was not interrupted before PENDING: %s" % kinds_now)
    s.checkpoint["interrupted"] = w.keep(s.layer("interrupted"), w.saved(), running(w, "apply", "sentinel"))


def make_half(s, calls):
    """Killed in the middle of the steps, while useradd or usermod puts a database in its place."""
    which = next((m[1] for call in calls if (m := re.search(r" ((?:user\w+|gpasswd) rename) ", call))), None)
    if which:
        w = killed_apply(s, 1, which)
        s.checkpoint["half"] = w.keep(s.layer("half"), w.saved(), running(w, "apply", "sentinel"))


def make_confirmed(s):
    """CONFIRM is written, the finish has not begun; and the state when all is done."""
    w = s.world("pending", {"unit": "kannuki-recover@*", "hold": True, "idle": "kannuki-sentinel@*"})
    pid = os.fork()
    if pid == 0:
        s.confirm()
        os._exit(0)
    if w.ask("harness", "held", "30")[1] != "held" or records(s, w)[-1] != "confirm":
        raise RuntimeError("confirm did not come to its finish")
    s.checkpoint["confirmed"] = w.keep(s.layer("confirmed"), w.saved(), running(w, "sentinel"))
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    w = s.world("pending")
    said = s.confirm()
    if said.returncode != 0:
        raise RuntimeError("confirm: " + said.stdout)
    keep_ended(s, w, "pending")


def make_ended_at_once(s):
    """Nothing to prove: the apply unit confirms by itself. -> its calls"""
    w = s.world("prepared", {"unit": "kannuki-apply@*", "kill": 0, "log": TRACE_LOG})
    apply_begins(s, w)
    wait_for(lambda: w.ask("harness", "gone", s.unit("apply"), "0.2")[1], 90)
    calls = trace(w)
    if "confirm" not in records(s, w):
        raise RuntimeError("it did not come to its end: %s" % w.run([PROGRAM, "log"])[1])
    keep_ended(s, w, "prepared")
    return calls


def keep_ended(s, w, since):
    """The confirmed state, and where the next act begins."""
    wait_for(lambda: not [p for p in state.processes(w) if "recover" in p])
    if s.kind.guard:
        time.sleep(1.5)  # whom it has taken over it bans a moment later
    s.wanted["confirmed"] = s.look(since)(w)
    s.checkpoint["ended"] = w.keep(s.layer("ended"), w.saved(), running(w))


def make_all(s, before=None):
    """The states of an act; `before`: the setting of the act that it follows."""
    make_old(s, before)
    make_prepared(s, not before)
    if s.act.proof:
        calls = make_pending(s)
        make_interrupted(s, calls)
        make_confirmed(s)
    else:
        calls = make_ended_at_once(s)
    make_half(s, calls)
    if s.act.back:
        is_former(s, before)


def is_former(s, before):
    """An act that takes the one before it back ends where that began, but for what stays for the history."""
    left = ["left of transactions"]
    want = {aspect: value for aspect, value in before.wanted["old"].items() if aspect not in left}
    lines = state.differences(want, s.wanted["confirmed"])
    if lines:
        raise RuntimeError("taken back, it is not the former state:\n" + "\n".join(lines))
