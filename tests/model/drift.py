#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""drift.py: does the model still stand for the code?

Each "@ FILE:FUNCTION: a < b < c" in commit.pml: the function is there, and these words come in this order in its
body.  README.md's table names the same functions.  Every planted fault is in both, and so is every record type and
state that decides.
"""
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
bad = []


def body_of(path, name):
    """The function's text from its brace to the one that closes it, comments and all; None: it is not there."""
    text = (ROOT / path).read_text(encoding="utf-8")
    found = re.search(rf"^[a-z][\w \*]*?\b\*?{name}\([^;{{]*\)\n\{{\n(.*?)^\}}", text, re.M | re.S)
    return found and found.group(1)


def check_order(path, name, words):
    body = body_of(path, name)
    if body is None:
        bad.append(f"{path}: no function {name}; commit.pml has transitions for it")
        return
    at = 0
    for word in words:
        found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", body[at:])
        if not found:
            again = " (it comes earlier)" if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", body) else ""
            bad.append(f"{path}:{name}: no {word} after {' < '.join(words[:words.index(word)]) or 'its begin'}{again}")
            return
        at += found.end()


def same(what, model, readme):
    bad.extend(f"{what}: {one} is in commit.pml, not in README.md" for one in sorted(model - readme))
    bad.extend(f"{what}: {one} is in README.md, not in commit.pml" for one in sorted(readme - model))


model = (HERE / "commit.pml").read_text(encoding="utf-8")
readme = (HERE / "README.md").read_text(encoding="utf-8")

functions = set()
for path, name, order in re.findall(r"@ (src/[\w/]+\.c):(\w+): ([^*\n]+?) *(?:\*/|\n)", model):
    functions.add(f"{path}:{name}")
    check_order(path, name, [word.strip() for word in order.split(" < ")])
if model.count("@ src/") != len(re.findall(r"@ src/[\w/]+\.c:\w+: [^*\n]+?(?: *\*/|\n)", model)):
    bad.append("commit.pml: an @ line that is none")
listed = set()
for path, names in re.findall(r"^\| `(src/[\w/]+\.c)` \| (.*?) \|", readme, re.M):
    listed |= {f"{path}:{name}" for name in re.findall(r"`(\w+)`", names)}
same("functions", functions, listed)
same(
    "planted faults",
    set(re.findall(r"MUTANT_([A-Z_]+)", model)),
    set(re.findall(r"^\| `([A-Z_]+)` \| \d \| \d \|", readme, re.M)),
)

# What decides: a new state, mode or record must be thought about here too.
header = (ROOT / "src/core/txn.h").read_text(encoding="utf-8")
states = set(re.findall(r"^\tTXN_(\w+),", header, re.M))
same_states = {"PREPARED", "APPLYING", "PENDING", "CONFIRMED", "UNDOING", "ENDED"}
modes = set(re.findall(r"^\tRECOVER_(\w+),", (ROOT / "src/core/recover.h").read_text(encoding="utf-8"), re.M))
records = set(re.findall(r"^\tRECORD_(\w+)", (ROOT / "src/core/journal.h").read_text(encoding="utf-8"), re.M))
known = {"BEGIN", "ARMED", "INTENT", "DONE", "PENDING", "CONFIRM", "UNDO_INTENT", "UNDONE", "NOTE", "END"}
for what, code, here in (("states", states, same_states), ("modes", modes, {"DUE", "BOOT", "SETTLE", "NOW"}), ("records", records, known)):
    if code != here:
        bad.append(f"{what}: the code has {sorted(code)}, the model was made for {sorted(here)}")

if bad:
    print("\n".join(bad))
    sys.exit(1)
print(f"the model stands for the code: {len(functions)} functions are as it has them")
