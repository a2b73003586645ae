# SPDX-License-Identifier: MIT
"""Unit files as the light root's PID 1 reads them: where they lie, what they say, how enabled."""
import fnmatch
import os
import re

# (the last one is another folder only where /usr is not merged: Debian 11)
DIRS = ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]
LINK_DIRS = DIRS[:2]


def find(name):
    """-> (real name, path) or (name, None). An alias is a link to a file of another name."""
    stem, dot, kind = name.rpartition(".")
    for directory in DIRS:
        for candidate in [name, re.sub("@.*", "@", stem) + dot + kind] if "@" in stem else [name]:
            path = os.path.join(directory, candidate)
            if not os.path.lexists(path):
                continue
            if os.path.realpath(path) == "/dev/null":
                return name, "/dev/null"
            if os.path.islink(path):
                real = os.path.basename(os.path.realpath(path))
                return (real, os.path.realpath(path)) if os.path.exists(path) else (name, None)
            return name, path
    return name, None


def parse(path, instance):
    """{section: {key: [values]}}; an empty value begins the list anew. FileNotFoundError: it went just now."""
    sections, section = {}, {}
    drop_ins = [os.path.join(d, os.path.basename(path) + ".d") for d in reversed(DIRS)]
    by_name = {}
    for folder in drop_ins:
        if os.path.isdir(folder):
            by_name.update({f: os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".conf")})
    for file in [path] + [by_name[name] for name in sorted(by_name)]:
        with open(file, encoding="utf-8") as text:
            for line in text.read().replace("\\\n", " ").splitlines():
                line = line.strip()
                if line.startswith("[") and line.endswith("]"):
                    section = sections.setdefault(line[1:-1], {})
                elif line and line[0] not in "#;" and "=" in line:
                    key, _, value = line.partition("=")
                    value = value.strip().replace("%I", instance).replace("%i", instance).replace("%%", "%")
                    if value:
                        section.setdefault(key.strip(), []).append(value)
                    else:
                        section[key.strip()] = []
    return sections


def file_state(name):
    """What systemctl calls UnitFileState: it is on the disk, not in PID 1."""
    real, path = find(name)
    if path is None:
        return ""
    if path == "/dev/null":
        return "masked"
    for directory in LINK_DIRS:
        if not os.path.isdir(directory):
            continue
        for entry in os.listdir(directory):
            full = os.path.join(directory, entry)
            if os.path.islink(full) and entry != real and os.path.basename(os.readlink(full)) == real:
                return "enabled"
            if entry.endswith((".wants", ".requires")) and os.path.lexists(os.path.join(full, real)):
                return "enabled"
    try:
        return "disabled" if "Install" in parse(path, "") else "static"
    except FileNotFoundError:
        return ""


def all_states():
    """Every unit that an administrator or we could have changed, with its state; for comparing."""
    names = {"ssh.service", "ssh.socket", "nftables.service"}
    for directory in LINK_DIRS:
        if os.path.isdir(directory):
            names |= {n for n in os.listdir(directory) if re.search(r"\.(service|socket|timer|path|target)$", n)}
    return {name: file_state(name) for name in sorted(names)}


def wanted_at_boot():
    """Of the targets of a plain boot, in their order; what cannot be read is not there, as for systemd."""
    names = []
    for target in ("sysinit.target", "timers.target", "multi-user.target"):
        for directory in DIRS:
            folder = "%s/%s.wants" % (directory, target)
            for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
                if find(name)[1] not in (None, "/dev/null") and name not in names:
                    names.append(name)
    return names


def ordered(names):
    """By what their units say in Before= and After=."""
    after = {name: set() for name in names}
    for name in names:
        says = parse(find(name)[1], "").get("Unit", {})
        after[name].update(" ".join(says.get("After", [])).split())
        for later in " ".join(says.get("Before", [])).split():
            after.setdefault(later, set()).add(name)
    done = []
    while len(done) < len(names):
        done.append(next(n for n in names if n not in done and not (after[n] & set(names)) - set(done)))
    return done


def seconds(text):
    """A time span as systemd writes it, of the few forms that occur."""
    factor = {"": 1, "s": 1, "sec": 1, "ms": 0.001, "min": 60, "h": 3600}
    return sum(float(n) * factor[u] for n, u in re.findall(r"([0-9.]+) *([a-z]*)", text))


def matching(names, pattern):
    return [n for n in names if fnmatch.fnmatchcase(n, pattern)]
