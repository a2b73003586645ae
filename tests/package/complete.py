#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""complete.py PROGRAM [SHELL...]: types words and Tab into real shells, and looks at what they then run.

PROGRAM completion SHELL, and that of PROGRAM-guard beside it, make the script; kannuki is a function there that prints its arguments, so what Tab made of
the words is what the shell would have run. TAP."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

# What is typed ({T}: Tab), what kannuki is run with; {F} is the folder with policy.conf in it.
CASES = [
    ("a command", "kannuki conf{T}", "confirm"),
    ("a hidden command is not offered", "kannuki sent{T}", "sent"),
    ("an option", "kannuki apply --no{T}", "apply --no-wait"),
    ("an option of another command is not offered", "kannuki status --no{T}", "status --no"),
    ("a choice of an option's value", "kannuki audit --format js{T}", "audit --format json"),
    ("a choice behind =", "kannuki facts --format=js{T}", "facts --format=json"),
    ("a severity", "kannuki audit --fail-on crit{T}", "audit --fail-on critical"),
    ("a file", "kannuki plan --policy {F}/pol{T}", "plan --policy {F}/policy.conf"),
    ("a control", "kannuki audit --all door.keyb{T}", "audit --all door.keyboard-interactive"),
    ("and one more", "kannuki audit door.root door.keyb{T}", "audit door.root door.keyboard-interactive"),
    ("a template", "kannuki open wire{T}", "open wireguard"),
    ("a template behind a flag", "kannuki open --yes wire{T}", "open --yes wireguard"),
    ("a word behind a word", "kannuki open web fr{T}", "open web from"),
    ("not before it", "kannuki open fr{T}", "open fr"),
    ("a user", "kannuki admin revoke nobod{T}", "admin revoke nobody"),
    ("a command of help", "kannuki help fingerp{T}", "help fingerprint"),
    ("a command of the guard", "kannuki guard back{T}", "guard backtest"),
    ("the guard's that is kannuki's own", "kannuki guard imp{T}", "guard import"),
    ("a command of kannuki is none of the guard's", "kannuki guard conf{T}", "guard config"),
    ("an option of the guard's", "kannuki guard status --fo{T}", "guard status --format"),
    ("its choice", "kannuki guard status --format prom{T}", "guard status --format prometheus"),
    ("its file", "kannuki guard test {F}/pol{T}", "guard test {F}/policy.conf"),
    ("a word of it", "kannuki guard ban 192.0.2.1 f{T}", "guard ban 192.0.2.1 for"),
    ("the guard by its own name", "kannuki-guard unb{T}", "unban"),
    ("its hidden command is not offered", "kannuki-guard comple{T}", "completion"),
    ("a choice behind = of its", "kannuki-guard bans --format=js{T}", "bans --format=json"),
    ("a file of its", "kannuki-guard backtest {F}/pol{T}", "backtest {F}/policy.conf"),
    ("behind a value that is no word", "kannuki undo --window 5m --no{T}", "undo --window 5m --no-wait"),
]
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "PS1='ready> '; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'"),
    "zsh": (["zsh", "-f", "-i"], "PS1='ready> '; unsetopt zle_bracketed_paste beep prompt_sp prompt_cr; autoload -Uz compinit; compinit -D -u"),
    "fish": (["fish", "--no-config", "-i"], "function fish_prompt; echo -n 'ready> '; end; set -g fish_autosuggestion_enabled 0"),
}
TELL = {
    "bash": "kannuki() { printf 'ran<%s>\\n' \"$*\"; }; kannuki-guard() { kannuki \"$@\"; }",
    "zsh": "kannuki() { printf 'ran<%s>\\n' \"$*\"; }; kannuki-guard() { kannuki \"$@\"; }",
    "fish": "function kannuki; printf 'ran<%s>\\n' \"$argv\"; end; function kannuki-guard; kannuki $argv; end",
}
# What a terminal is told beside text, and what fish asks it at its start.
NOISE = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b[()][0-9A-B]|\x1b[=>78]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x0f|\x07")


class Shell:
    def __init__(self, name, folder, beside):
        self.said = b""
        environment = {"PATH": f"{beside}:{os.environ['PATH']}", "HOME": folder, "TERM": "xterm", "LANG": "C.UTF-8", "XDG_CONFIG_HOME": folder}
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.execvpe(START[name][0][0], START[name][0], environment)
        self.pid = pid

    def read(self, until, seconds=10):
        """Text until it holds the pattern; None when it does not come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = NOISE.sub(b"", self.said).decode(errors="replace").replace("\r", "")
            found = re.search(until, text)
            if found:
                self.said = b""
                return found
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.said += os.read(self.terminal, 65536)
                except OSError:
                    return None
        return None

    def settle(self):
        """Until nothing more comes."""
        while select.select([self.terminal], [], [], 0.3)[0]:
            self.said += os.read(self.terminal, 65536)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def run(self, line):
        self.type(line + "; echo done-$((1 + 1))\r" if "fish" not in line else line + "\r")

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def drive(name, script, folder, beside):
    shell = Shell(name, folder, beside)
    shell.settle()
    for number, line in enumerate([START[name][1], f"source {script}", TELL[name]]):
        shell.type(f"{line}\r")
        shell.type(f"echo en''d{number}\r")
        if not shell.read(rf"(?m)^(?:ready> )?end{number}$", 30):
            print(f"not ok - {name}: it starts\n#   {shell.said!r}")
            return 0, 1
    good = bad = 0
    for words, typed, wanted in CASES:
        typed, wanted = typed.replace("{F}", folder), wanted.replace("{F}", folder)
        shell.settle()
        before, _, _ = typed.partition("{T}")
        shell.type(before)
        shell.settle()
        shell.type("\t")
        shell.settle()
        shell.type("\r")
        found = shell.read(r"ran<([^>]*)>")
        got = found.group(1).strip() if found else None
        if got == wanted:
            print(f"ok - {name}: {words}")
            good += 1
        else:
            print(f"not ok - {name}: {words}\n#   {typed}: wanted {wanted!r}, got {got!r} {shell.said!r}")
            bad += 1
    shell.type("exit\r")
    shell.close()
    return good, bad


def main():
    program, names = os.path.abspath(sys.argv[1]), sys.argv[2:] or list(START)
    passed = failed = 0
    for name in names:
        if not shutil.which(name):
            print(f"not ok - {name} is installed")
            failed += 1
            continue
        with tempfile.TemporaryDirectory() as folder:
            script = f"{folder}/completion"
            with open(f"{folder}/policy.conf", "w", encoding="utf-8"), open(script, "w", encoding="utf-8") as out:
                for one in program, program + "-guard":
                    subprocess.run([one, "completion", name], stdout=out, check=True, env={"LANG": "C"})
                    out.flush()
            good, bad = drive(name, script, folder, os.path.dirname(program))
            passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
