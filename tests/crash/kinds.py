# SPDX-License-Identifier: MIT
"""The settings: on which base, from which first state, with which policy, and what is done there.

A kind has acts. The first begins on the rented host, another where the one that it is `after` has ended,
confirmed; each has phases of its own. Together the acts use every kind of step that src/steps has: unused() says
which ones no act uses, so that a new one cannot be forgotten.
"""
import dataclasses
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "../../src/steps")
COMMON = ["ssh.service", "web.service", "apt-daily.timer", "apt-daily-upgrade.timer"]  # what runs on a rented host


@dataclasses.dataclass(frozen=True)
class Act:
    """A transaction: the words that begin it, and the kinds of its steps."""

    name: str  # "": the first
    words: tuple  # of the program
    uses: frozenset
    after: str = ""
    back: bool = False  # it takes the act before it back: its proof is the owner's former login
    proof: bool = True  # False: no door changes, nothing is asked for
    sent: bool = False  # it begins with the program that was sent, beside which the guard lies


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    base: str
    policy: str  # behind the admin's key
    acts: tuple
    states: tuple = ()  # scripts that make the first state, after first-state.sh: a name here, or lab/kinds.d
    owner: str = "root"  # who logs in first, by password
    admin: str = "taro"
    secret: str = "correct-horse-9"  # what the admin types for sudo; "": nothing is asked for
    new: bool = True  # the admin is made by the apply
    old_port: int = 22
    port: int = 22022
    runs: tuple = ()  # units beside the common ones
    guard: bool = False  # kannuki-guard lies beside the program

    @property
    def root(self):
        """What makes root of the owner."""
        return [] if self.owner == "root" else ["sudo", "-n"]

    @property
    def quiet(self):
        return [u for u in COMMON if not (u == "ssh.service" and "ssh.socket" in self.runs)] + list(self.runs)


STANDARD = "[ssh]\nport = 22022\n[firewall]\nopen = ssh, web\n"
USUAL = frozenset("file account sshd nft unit sysctl".split())


def apply_and_undo(uses):
    uses = frozenset(uses)
    # not taken back by "reverse" alone: sshd and the table are for a while in the form that waits
    back = frozenset({"reverse", "sshd", "nft"}) | uses & {"ban-pause"}
    return (Act("", ("apply",), uses), Act("undo", ("undo",), back, back=True))


KINDS = [
    Kind("cloud", "cloud", STANDARD, apply_and_undo(USUAL)),
    Kind("debian11", "debian11", STANDARD, apply_and_undo(USUAL)),
    Kind("debian13", "debian13", STANDARD, apply_and_undo(USUAL)),
    Kind("ufw", "ufw", STANDARD, apply_and_undo(USUAL | {"foreign"}), states=("ufw",), runs=("ufw.service",)),
    Kind("messy", "messy", STANDARD + "[services]\nstop = rpcbind\n", apply_and_undo(USUAL - {"account"} | {"services"}),
         states=("messy",), owner="ubuntu", admin="ubuntu", secret="", new=False, runs=("rpcbind.socket", "rpcbind.service")),
    Kind("sudo-user", "cloud", STANDARD, apply_and_undo(USUAL), states=("sudo-user.sh",), owner="debian"),
    Kind("socket", "cloud", STANDARD, apply_and_undo(USUAL), states=("socket",), runs=("ssh.socket",)),
    Kind("all-steps", "bans",
         "sudo = nopasswd\n[ssh]\nport = 47022\n[firewall]\nopen = ssh, web\n[updates]\nautomatic = all\nreboot = 03:30\n"
         "[services]\nstop = former\n",
         (*apply_and_undo(USUAL | set("updates services foreign bans ban-pause journal".split())),
          Act("revoke", ("admin", "revoke", "hanako"), frozenset({"account"}), proof=False)),
         states=("all-steps.sh",), secret="", port=47022,
         runs=("nftables.service", "fail2ban.service", "former.socket", "former.service")),
    Kind("guard", "cloud", STANDARD + "[guard]\nenabled = yes\n", apply_and_undo(USUAL | {"guard"}), guard=True),
    Kind("import", "bans", STANDARD,
         (Act("", ("apply",), USUAL | {"bans", "ban-pause"}),
          Act("import", ("guard", "import"), frozenset("guard guard-bans services".split()), proof=False, sent=True),
          Act("undo-import", ("undo",), frozenset({"reverse"}), after="import", back=True, proof=False)),
         states=("fail2ban.sh",), runs=("fail2ban.service",), guard=True),
]


def chosen(text):
    """"cloud,ufw"; all; others: all but cloud; turns: two of the others, each day the next -> [Kind]. KeyError: there
    is none of that name."""
    by_name = {k.name: k for k in KINDS}
    others = [k for k in KINDS if k.name != "cloud"]
    if text == "turns":
        first = 2 * int(time.time() // 86400)
        return [others[(first + i) % len(others)] for i in range(2)]
    if text in ("all", "others"):
        return KINDS if text == "all" else others
    return [by_name[name] for name in text.split(",")]


def step_table():
    """The kinds of steps that src/steps/table.c knows, by the names that the journal has."""
    names = {}
    for file in os.listdir(SOURCES):
        if file.endswith(".c"):
            with open(os.path.join(SOURCES, file), encoding="utf-8") as text:
                names.update(re.findall(r'^const struct step_kind (step_\w+) = \{\s*\.name = "([^"]+)"', text.read(), re.M))
    with open(os.path.join(SOURCES, "table.c"), encoding="utf-8") as text:
        return {names[row] for row in re.findall(r"&(step_\w+)", text.read())}


# Cut everywhere in tests/unit instead: no kernel of ours has SELinux (test_selinux.c).
NOWHERE = {"selinux-port"}


def unused():
    """The kinds of steps that no act uses, and those that acts name and nobody has -> words."""
    used = set().union(*(act.uses for kind in KINDS for act in kind.acts))
    table = step_table() - NOWHERE
    return ["no setting uses the step \"%s\"" % k for k in sorted(table - used)] + [
        "there is no step \"%s\"" % k for k in sorted(used - table)]


if __name__ == "__main__":  # for run: the bases that these options need
    asked = "all" if "--all" in sys.argv else sys.argv[sys.argv.index("--kind") + 1] if "--kind" in sys.argv[:-1] else "cloud"
    try:
        print("\n".join(sorted({kind.base for kind in chosen(asked)})))
    except KeyError:
        pass  # crash.py says so
