# SPDX-License-Identifier: MIT
"""The console of a VPS: a terminal that lives as long as the VPS, reached by a unix socket.

serve SOCKET LOG PIDFILE CMD...   runs CMD on a new terminal, logs what it prints, and passes bytes
                                  between the terminal and whoever connects to SOCKET
attach SOCKET                     joins this terminal to the console (Ctrl-] leaves)
talk SOCKET SECONDS WORD TEXT...  WORD is expect (a regular expression) or send (a line); prints what
                                  came; fails when something expected does not come in time
"""
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
import tty


def serve(path, log_path, pid_path, *command):
    os.closerange(3, 8)  # whoever boots a VPS must not wait for it to close a pipe of theirs
    os.closerange(10, 256)  # (8 and 9 are for the supervisor)
    master, slave = pty.openpty()  # our own hold on the slave keeps it alive across reboots
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen()
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, close_fds=False)
    with open(pid_path + ".new", "w") as out:
        out.write("%d\n" % child.pid)
    os.rename(pid_path + ".new", pid_path)
    log = open(log_path, "ab", 0)
    clients = []
    while True:
        ended = child.poll() is not None
        ready, _, _ = select.select([master, listener, *clients], [], [], 0 if ended else 0.1)
        if ended and master not in ready:
            break
        for source in ready:
            if source == listener:
                clients.append(listener.accept()[0])
                clients[-1].setblocking(False)  # one that does not read must not stop the VPS
            elif source == master:
                show(os.read(master, 65536), log, clients)
            elif source in clients:
                data = receive(source)
                if data:
                    os.write(master, data)
                else:
                    clients.remove(source)
    os.unlink(path)


def show(data, log, clients):
    log.write(data)
    for client in clients[:]:
        try:
            client.sendall(data)
        except OSError:
            clients.remove(client)


def receive(client):
    try:
        return client.recv(65536)
    except OSError:
        return b""


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client


def attach(path):
    client = connect(path)
    saved = termios.tcgetattr(0) if os.isatty(0) else None
    if saved:
        tty.setraw(0)
        print("[console; Ctrl-] leaves]\r\n", end="", flush=True)
        client.sendall(b"\r")
    sources = [0, client]
    try:
        while True:
            ready, _, _ = select.select(sources, [], [])
            if client in ready:
                data = receive(client)
                if not data:
                    return
                os.write(1, data)
            if 0 in ready:
                data = os.read(0, 65536)
                if saved and b"\x1d" in data:
                    return
                if not data:
                    return
                client.sendall(data)
    finally:
        if saved:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)


def talk(path, seconds, *script):
    client = connect(path)
    text = ""
    for word, value in zip(script[::2], script[1::2]):
        if word == "send":
            client.sendall(value.encode() + b"\r")
            continue
        if word != "expect":
            sys.exit("console: say expect or send, not %r" % word)
        end = time.monotonic() + float(seconds)
        while True:
            found = re.search(value, text)
            if found:
                text = text[found.end():]
                break
            ready, _, _ = select.select([client], [], [], max(0, end - time.monotonic()))
            data = receive(client) if ready else b""
            if not data:
                sys.exit("\nconsole: %r did not come" % value)
            sys.stdout.write(data.decode(errors="replace"))
            sys.stdout.flush()
            text += data.decode(errors="replace")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    {"serve": serve, "attach": attach, "talk": talk}[sys.argv[1]](*sys.argv[2:])
