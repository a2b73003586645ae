# SPDX-License-Identifier: MIT
"""The states that phases begin from, made once before the rounds: by the program itself, run for real."""
import os
import shutil
import struct
import subprocess
import time

import light
import state

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT_PASSWORD, SECRET, ADMIN, PORT = "rented-box-1", "correct-horse-9", "taro", 22022
TXN = "/var/lib/kannuki/txn/"
TRACE, TRACE_LOG = "/usr/lib/kannuki-crash/trace", "/dev/trace.log"
KINDS = "- begin armed intent done pending confirm undo undone note end".split()
SLOT, MAGIC = 256, 0x314a4e4b
QUIET = ["ssh.service", "web.service", "apt-daily.timer", "apt-daily-upgrade.timer"]  # what runs on the rented host


class Setting:
    """What all rounds share: made once, before the workers are forked."""

    def __init__(self, work, program, base):
        self.work, self.program, self.base = work, program, base
        self.checkpoint, self.wanted = {}, {}
        self.ident = ""
        self.old_files = None

    def world(self, checkpoint, wrap=None):
        folder = os.path.join(self.work, "w%d-%d" % (os.getpid(), time.monotonic_ns()))
        return light.World(self.base, folder, self.checkpoint[checkpoint], wrap)

    def layer(self, name):
        return os.path.join(self.work, "layer-" + name)

    def depth(self, checkpoint):
        """How many layers lie over the old state."""
        return len(self.checkpoint[checkpoint].layers) - len(self.checkpoint["old"].layers)

    def look(self, checkpoint):
        return lambda w: state.look(w, self.old_files, self.depth(checkpoint))

    def unit(self, kind):
        return "kannuki-%s@%s.service" % (kind, self.ident)

    def timer(self):
        return "kannuki-deadline@%s.timer" % self.ident


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
    lib, bins, root = layer + "/usr/lib/kannuki-crash", layer + "/usr/bin", os.path.join(layer, "rest", "root")
    for folder in (lib, bins, root):
        os.makedirs(folder)
    os.chmod(os.path.join(layer, "rest"), 0o755)
    os.chmod(root, 0o700)
    for name, target in (("trace", lib + "/trace"), ("ask", bins + "/systemctl")):
        subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-static",
                        "-o", target, os.path.join(HERE, name + ".c")], check=True)
    for name in ("systemd-run", "journalctl"):
        shutil.copy2(bins + "/systemctl", bins + "/" + name)
    shutil.copy2(s.base + "/usr/bin/systemctl", lib + "/systemctl")
    shutil.copy2(s.program, root + "/kannuki")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "taro@laptop", "-f", s.work + "/key"], check=True)
    with open(s.work + "/key.pub", encoding="ascii") as key, open(root + "/policy.conf", "w", encoding="ascii") as policy:
        policy.write("[admin]\nuser = %s\nkey = %s\n[ssh]\nport = %d\n[firewall]\nopen = ssh, web\n"
                     % (ADMIN, key.read().strip(), PORT))
    os.chmod(root + "/policy.conf", 0o600)
    s.checkpoint["tools"] = light.Checkpoint([layer])


def make_old(s):
    w = s.world("tools")
    with open(os.path.join(HERE, "first-state.sh"), encoding="utf-8") as script:
        w.run(["bash", "-s", ROOT_PASSWORD], given=script.read())
    s.checkpoint["old"] = w.keep(s.layer("old"), "", QUIET)
    w = s.world("old")
    s.wanted["old"] = state.look(w, None, 0)
    s.old_files = s.wanted["old"]["files"]
    w.remove()


def make_prepared(s):
    """Everything up to the start of the apply unit, by a real login."""
    w = s.world("old", {"unit": "kannuki-apply@*", "hold": True})
    pid = os.fork()
    if pid == 0:
        ssh("root", ROOT_PASSWORD, 22, "./kannuki apply --policy policy.conf --yes --no-wait --window 1h "
            "--password-stdin", SECRET + "\n", limit=60)
        os._exit(0)
    if w.ask("harness", "held", "30")[1] != "held":
        raise RuntimeError("apply did not come to its unit")
    with open(w.path(TXN + "ACTIVE"), encoding="ascii") as file:
        s.ident = file.read().strip()
    s.checkpoint["prepared"] = w.keep(s.layer("prepared"), "", QUIET)
    os.kill(pid, 9)
    os.waitpid(pid, 0)


def apply_begins(s, w):
    w.ask("systemctl", "start", s.unit("apply"))
    w.ask("harness", "secret", s.ident, SECRET)


def records(s, w):
    """The kinds of the journal's records, in order."""
    try:
        with open(w.path(TXN + s.ident + "/log"), "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return []
    heads = [struct.unpack_from("<3I", data, at) for at in range(0, len(data) - SLOT + 1, SLOT)]
    return [KINDS[kind] for magic, _, kind in heads if magic == MAGIC]


def trace(w):
    """The calls that were counted, one line each."""
    with open(w.path(TRACE_LOG), encoding="utf-8", errors="replace") as log:
        return log.read().splitlines()


def wait_for(what, limit=30):
    end = time.monotonic() + limit
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("not within the time")
        time.sleep(0.02)


def make_pending(s):
    """All steps done, waiting for the proof."""
    w = s.world("prepared", {"unit": "kannuki-apply@*", "kill": 0, "log": TRACE_LOG})
    apply_begins(s, w)
    wait_for(lambda: "pending" in records(s, w))
    time.sleep(1.5)  # the timer is set anew
    calls, rules = trace(w), w.rules()
    s.checkpoint["pending"] = w.keep(s.layer("pending"), rules, QUIET + [s.unit("sentinel"), s.timer()])
    return calls, rules


def make_interrupted(s, calls, rules):
    """The same, but apply was killed as it was about to write PENDING."""
    last = max(i for i, call in enumerate(calls) if " self pwrite " in call)
    # Not every run makes exactly as many calls before, and the window is a few calls wide.
    for kill in list(range(last + 2, last - 10, -1)) * 3:
        w = s.world("prepared", {"unit": "kannuki-apply@*", "kill": kill, "log": TRACE_LOG, "idle": "kannuki-sentinel@*"})
        apply_begins(s, w)
        wait_for(lambda: "pending" in records(s, w) or w.ask("harness", "gone", s.unit("apply"), "0.2")[1], 90)
        kinds = records(s, w)
        if "pending" not in kinds and kinds.count("done") == kinds.count("intent"):
            break
        w.remove()
    else:
        raise RuntimeError("apply was not interrupted before PENDING: %s" % kinds)
    s.checkpoint["interrupted"] = w.keep(s.layer("interrupted"), rules, QUIET + [s.timer()])


def make_half(s, calls):
    """Killed in the middle of the steps, while useradd puts a database in its place."""
    middle = next(i for i, call in enumerate(calls) if " useradd rename" in call)
    w = s.world("prepared", {"unit": "kannuki-apply@*", "kill": middle + 1, "log": TRACE_LOG,
                             "idle": "kannuki-sentinel@*"})
    apply_begins(s, w)
    wait_for(lambda: w.ask("harness", "gone", s.unit("apply"), "0.2")[1], 90)
    s.checkpoint["half"] = w.keep(s.layer("half"), "", QUIET + [s.timer()])


def confirm(s, before=""):
    """The owner's login through the new door, and sudo."""
    return ssh(ADMIN, None, PORT, "sudo -S -p '' %s /usr/local/sbin/kannuki confirm" % before, SECRET + "\n",
               key=s.work + "/key", limit=60)


def make_confirmed(s):
    """CONFIRM is written, the finish has not begun; and the state when all is done."""
    w = s.world("pending", {"unit": "kannuki-recover@*", "hold": True, "idle": "kannuki-sentinel@*"})
    pid = os.fork()
    if pid == 0:
        confirm(s)
        os._exit(0)
    if w.ask("harness", "held", "30")[1] != "held" or records(s, w)[-1] != "confirm":
        raise RuntimeError("confirm did not come to its finish")
    rules = w.rules()
    s.checkpoint["confirmed"] = w.keep(s.layer("confirmed"), rules, QUIET + [s.timer()])
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    w = s.world("pending")
    said = confirm(s)
    if said.returncode != 0:
        raise RuntimeError("confirm: " + said.stdout)
    wait_for(lambda: not [p for p in state.processes(w) if "recover" in p])
    s.wanted["confirmed"] = s.look("pending")(w)
    w.remove()


def make_all(s):
    make_tools(s)
    make_old(s)
    make_prepared(s)
    calls, rules = make_pending(s)
    make_interrupted(s, calls, rules)
    make_half(s, calls)
    make_confirmed(s)
