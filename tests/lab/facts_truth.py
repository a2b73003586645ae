#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""facts_truth.py: runs inside a VPS, as root: is what `kannuki facts --format json` says so?

facts_truth.py host KANNUKI               the host, asked again by its own tools
facts_truth.py sshd KANNUKI SEED ROUNDS   sshd's values and the lines that decide them, for random
                                          configurations: what facts says is what `sshd -T -C` says, and
                                          changing the very line it names changes the value

Prints a line for each thing that is not so, and at the end how many things it looked at.
"""
import glob
import json
import random
import re
import subprocess
import sys
from pathlib import Path

looked, wrong = 0, []


def run(*argv, check=True):
    done = subprocess.run(argv, capture_output=True, text=True)
    if check and done.returncode != 0:
        sys.exit(f"{argv}: {done.stderr}")
    return done.stdout


def facts(kannuki):
    return json.loads(run(kannuki, "facts", "--format", "json"))


def same(what, truth, told):
    global looked
    looked += 1
    if truth != told:
        wrong.append(f"{what}: is {truth!r}, facts says {told!r}")


# --- the host -------------------------------------------------------------------------------------


def sockets(kind, *options):
    """{(kind, address, port, program)} as ss(8) has them"""
    result = set()
    for line in run("ss", "-Hn", *options).splitlines():
        word = line.split()
        address, port = word[-3 if "users:" in line else -2].rsplit(":", 1)
        program = re.search(r'users:\(\("([^"]+)"', line)
        address = re.sub(r"%.*", "", address.strip("[]"))
        # "*" is how ss says a socket of both families
        result.add((kind, "::" if address == "*" else address, int(port), program and program[1]))
    return result


def told_sockets(f, kind):
    return {(kind, s["address"], s["port"], s["program"]) for s in f["sockets"] if s["kind"] == kind}


def key_lines(path):
    """[(line, type, bits)] of an authorized_keys file as ssh-keygen sees it, options and all"""
    result = []
    if not Path(path).exists():
        return result
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            done = subprocess.run(["ssh-keygen", "-lf", "-"], input=line, capture_output=True, text=True)
            if done.returncode == 0:
                bits, rest = done.stdout.split(" ", 1)
                result.append((number, rest.rsplit("(", 1)[1].strip(")\n"), int(bits)))
    return result


def account(a):
    name = a["name"]
    passwd = run("getent", "passwd", name).strip().split(":")
    same(f"{name}: ids, home, shell", [passwd[2], passwd[3], passwd[5], passwd[6]],
         [str(a["uid"]), str(a["gid"]), a["home"], a["shell"]])
    status = run("passwd", "-S", name).split()[1]  # P, NP or L
    # passwd -S calls "*" and "!" locked as well; there is no password that could be unlocked
    wanted = {"P": {"set"}, "NP": {"empty"}, "L": {"locked", "none"}}[status]
    same(f"{name}: password {status}", True, a["password"] in wanted)
    age = run("chage", "-l", name)
    same(f"{name}: must change", "password must be changed" in age.split("\n")[0], a["must_change"])
    expires = re.search(r"Account expires\s*: (.*)", age)[1]
    past = expires != "never" and int(run("date", "-d", expires, "+%s")) <= int(run("date", "+%s"))
    same(f"{name}: expired", past, a["account_expired"])
    groups = run("id", "-nG", name).split()
    same(f"{name}: admin group", "sudo" in groups or "wheel" in groups, a["admin_group"])
    if a["uid"] != 0:
        rights = run("sudo", "-n", "-l", "-U", name, check=False)
        same(f"{name}: may all by sudo", bool(re.search(r"\(ALL.*ALL$|\(root\).*ALL$", rights, re.M)), a["sudo_all"])
        same(f"{name}: without password", bool(re.search(r"NOPASSWD: ALL$", rights, re.M)), a["sudo_nopasswd"])
    types = {"ssh-ed25519": "ED25519", "ssh-rsa": "RSA", "ecdsa-sha2-nistp256": "ECDSA"}
    same(f"{name}: keys", key_lines(a["home"] + "/.ssh/authorized_keys"),
         [(k["line"], types[k["type"]], k["bits"]) for k in a["keys"]])


def host(kannuki):
    f = facts(kannuki)
    same("hostname", run("hostname").strip(), f["host"]["hostname"])
    same("boot", Path("/proc/sys/kernel/random/boot_id").read_text().strip(), f["host"]["boot_id"])
    same("machine", Path("/etc/machine-id").read_text().strip(), f["host"]["machine_id"])
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', Path("/etc/os-release").read_text(), re.M))
    same("distribution", (release["ID"], release["VERSION_ID"]), (f["distribution"]["id"], f["distribution"]["version"]))
    same("TCP listeners", sockets("tcp-listen", "-tlp"), told_sockets(f, "tcp-listen"))
    same("UDP sockets", {s for s in sockets("udp", "-uap") if s[1]}, told_sockets(f, "udp"))
    links = {word[3] for word in map(str.split, run("ip", "-br", "-o", "addr").splitlines()) if len(word) > 3}
    told = {f"{a['address']}/{a['bits']}" for a in f["addresses"]}
    same("an address of each interface", True, all(x in told for x in links))
    for u in f["units"]:
        shown = dict(x.split("=", 1) for x in run("systemctl", "show", "-p", "ActiveState,UnitFileState", u["name"]).splitlines())
        same(u["name"], (shown["ActiveState"], shown["UnitFileState"]), (u["active"], u["enabled"]))
    for line in Path("/etc/passwd").read_text().splitlines():
        name, shell = line.split(":")[0], line.rsplit(":", 1)[1]
        login = shell in Path("/etc/shells").read_text().split() or name == "root"
        same(f"{name} is listed", login, any(a["name"] == name for a in f["accounts"]))
    for a in f["accounts"]:
        account(a)
    peers = set()
    for line in run("ss", "-Hntp", "state", "established", "sport = :22").splitlines():
        peers.add(re.sub(r"[\[\]]", "", line.split()[3]).replace("::ffff:", ""))
    same("sessions", peers, {f"{s['peer']}:{s['peer_port']}" for s in f["sessions"]})
    installed = subprocess.run(["sh", "-c", "command -v cloud-init"], capture_output=True).returncode == 0
    same("cloud-init", installed, f["cloud_init"]["installed"])
    if installed:
        same("its status", run("cloud-init", "status", check=False).split()[1], f["cloud_init"]["status"])
    lists = glob.glob("/var/lib/apt/lists/*security*_Packages")
    unknown = [] if lists else ["waiting security updates: no list of them was fetched yet"]
    same("what could not be asked", unknown, f["not_measured"])


# --- sshd: values and what decides them --------------------------------------------------------------

CHOICES = {
    "PasswordAuthentication": ["yes", "no"],
    "KbdInteractiveAuthentication": ["yes", "no"],
    "PubkeyAuthentication": ["yes", "no"],
    "PermitRootLogin": ["yes", "no", "prohibit-password"],
    "X11Forwarding": ["yes", "no"],
    "AllowTcpForwarding": ["yes", "no", "local"],
    "MaxAuthTries": ["3", "4", "6"],
    "MaxSessions": ["8", "10"],
    "Banner": ["none", "/etc/issue.net"],
    "GatewayPorts": ["yes", "no"],
    "PermitTTY": ["yes", "no"],
    "LogLevel": ["INFO", "VERBOSE"],
    "ClientAliveInterval": ["0", "60", "5m"],
    "AuthorizedKeysFile": [".ssh/authorized_keys", ".ssh/authorized_keys .ssh/more"],
}
GLOBAL_ONLY = {"LoginGraceTime": ["120", "2m", "60"], "UseDNS": ["yes", "no"], "StrictModes": ["yes", "no"]}
MATCHES = ["User root", "User taro,hana", "User !root,*", "User t*", "Group sudo", "Group users,hana", "Address 203.0.113.0/24",
           "Address 192.0.2.10", "Address *,!203.0.113.1", "LocalPort 22", "LocalPort 2222", "User taro Address 203.0.113.*",
           "All", "Host 203.0.113.1", "User nobody-at-all"]
DROPINS = Path("/etc/ssh/sshd_config.d")
MAIN = Path("/etc/ssh/sshd_config")


def keyword(r, name):
    return r.choice([name, name.lower(), name.upper()])


def some_lines(r, choices, least, most):
    names = r.sample(sorted(choices), r.randint(least, min(most, len(choices))))
    return [f"{r.choice(['', '  ', chr(9)])}{keyword(r, n)}{r.choice([' ', '  ', '='])}{r.choice(choices[n])}" for n in names]


def some_file(r, include):
    lines = ["# " + r.choice(["first", "PermitRootLogin yes", ""])]
    if include and r.random() < 0.7:
        lines.append("Include /etc/ssh/sshd_config.d/*.conf")
    lines += some_lines(r, {**CHOICES, **GLOBAL_ONLY}, 1, 6)
    if include and r.random() < 0.3:
        lines.append('Include "sshd_config.d/*.more"')
    for _ in range(r.randint(0, 3)):
        lines.append(f"{keyword(r, 'Match')} {r.choice(MATCHES)}")
        lines += some_lines(r, CHOICES, 1, 4)
    return "\n".join(lines) + "\n"


def write_config(r):
    for old in [*DROPINS.glob("*.conf"), *DROPINS.glob("*.more")]:
        old.unlink()
    for name in r.sample(["00-a.conf", "10-b.conf", "50-cloud-init.conf", "99-z.conf", "x.more"], r.randint(0, 4)):
        (DROPINS / name).write_text(some_file(r, False))
    MAIN.write_text(some_file(r, True))


def effective(view):
    """{keyword: value} as sshd itself says it, for the view's connection"""
    connection = f"user={view['user']},host={view['address']},addr={view['address']},laddr={view['local_address']},lport={view['port']}"
    result = {}
    for line in run("/usr/sbin/sshd", "-T", "-C", connection).splitlines():
        name, _, value = line.partition(" ")
        result[name] = f"{result[name]}\n{value}" if name in result else value
    return result


def other_line(line, choices, value_now):
    """The same line with another value, which sshd would say otherwise"""
    indent, name, between = re.match(r"(\s*)(\w+)([\s=]+)", line).groups()
    for one in choices:
        if one.lower() != value_now and one not in line.split("=")[-1].split()[-1:]:
            yield f"{indent}{name}{between}{one}"


def decides(view, name, setting, choices):
    """Changing the line that is named changes what sshd says"""
    path, number = Path(setting["file"]), setting["line"]
    text = path.read_text()
    lines = text.split("\n")
    before = effective(view)[name]
    changed = False
    for other in other_line(lines[number - 1], choices, before):
        path.write_text("\n".join(lines[: number - 1] + [other] + lines[number:]))
        changed = changed or effective(view)[name] != before
        if changed:
            break
    path.write_text(text)
    return changed


def sshd(kannuki, seed, rounds):
    saved = {p: p.read_bytes() for p in [MAIN, *DROPINS.iterdir()]}
    choices = {name.lower(): values for name, values in {**CHOICES, **GLOBAL_ONLY}.items()}
    explained = 0
    try:
        for i in range(rounds):
            r = random.Random(f"{seed}.{i}")
            write_config(r)
            for view in facts(kannuki)["sshd"]["views"]:
                where = f"seed {seed}, round {i}: {view['user']} from {view['address']} at {view['port']}"
                truth = effective(view)
                same(f"{where}: keywords", set(truth), set(view["settings"]))
                for name, setting in view["settings"].items():
                    same(f"{where}: {name}", truth.get(name), setting["value"])
                told = [n for n in sorted(choices) if view["settings"][n]["file"]]
                explained += len(told)
                for name in r.sample(told, min(2, len(told))):
                    setting = view["settings"][name]
                    same(f"{where}: {setting['file']}:{setting['line']} decides {name}", True,
                         decides(view, name, setting, choices[name]))
    finally:
        for old in [*DROPINS.iterdir()]:
            old.unlink()
        for path, data in saved.items():
            path.write_bytes(data)
    same("something was explained", True, explained > rounds)


if sys.argv[1] == "host":
    host(sys.argv[2])
else:
    sshd(sys.argv[2], sys.argv[3], int(sys.argv[4]))
print("\n".join(wrong[:40]), end="\n" if wrong else "")
print(f"{looked} looked at, {len(wrong)} wrong")
sys.exit(bool(wrong))
