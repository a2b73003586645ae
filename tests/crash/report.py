# SPDX-License-Identifier: MIT
"""What --report keeps in RESULTS.md: a row for each phase, replaced when that phase is carried out again, so that
the whole (many hours) can be done in parts. A sample does not take the place of a row with every N of the same
program."""
import collections
import os
import re
import subprocess
import sys
import time

import setting

FILE = os.path.join(setting.HERE, "RESULTS.md")
HEAD = """# Results of the crash suite

Written by `tests/crash/run --report`, a row for each phase, and replaced when that phase is carried out again. What
the phases and faults are, and what is compared, says README.md. Of: 1 is every N, no sampling. Failed: rounds after
which the host was not what it had to be. Seed: of the lots that the second kills are drawn by.

| phase | came to | of | rounds | failed | commit | date | seed |
|---|---|---:|---:|---:|---|---|---:|
"""

Row = collections.namedtuple("Row", "title words every rounds failed")


def said(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False, cwd=setting.HERE).stdout.strip()


def kept():
    """-> {title: the cells of its row}."""
    try:
        with open(FILE, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return {}
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {cells[0]: cells for cells in rows if len(cells) == 8 and cells[2].isdigit()}


def write(rows, program, seed):
    """The rows of one run into the file. The commit has a + where the tree had changes that were not committed."""
    commit = said("git", "rev-parse", "--short", "HEAD") or said(program, "--version")
    if said("git", "status", "--porcelain", "--", "../../src"):
        commit += "+"
    table = kept()
    for row in rows:
        old = table.get(row.title)
        if old and row.every > 1 and old[2] == "1" and old[5] == commit:
            continue
        drawn = str(seed) if "twice" in row.title or "random" in row.title else ""
        table[row.title] = [row.title, row.words, str(row.every), str(row.rounds), str(row.failed), commit,
                            time.strftime("%Y-%m-%d", time.gmtime()), drawn]
    failed = sum(int(cells[4]) for cells in table.values())
    total = sum(int(cells[3]) for cells in table.values())
    with open(FILE + ".new", "w", encoding="utf-8") as file:
        file.write(HEAD)
        for _, cells in sorted(table.items(), key=lambda item: order(item[0])):
            file.write("| %s |\n" % " | ".join(cells))
        file.write("\n%d rounds, %d failed.\n" % (total, failed))
    os.replace(FILE + ".new", FILE)


def order(title):
    """Kind by kind, the plain kills first, power last."""
    return title.partition(" ")[0], ", power" in title, "," in title, re.sub(r"^[^,]*", "", title), title


if __name__ == "__main__":  # report.py PROGRAM SEED TITLE WORDS EVERY ROUNDS FAILED: a row that run itself knows of
    program_file, seed_of, *cells_of = sys.argv[1:]
    write([Row(cells_of[0], cells_of[1], *map(int, cells_of[2:]))], program_file, seed_of)
