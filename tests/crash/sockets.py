# SPDX-License-Identifier: MIT
"""Socket units of the light root's PID 1: real sockets, held by it, which start their service and go with it.

Streams and datagrams of IPv4, IPv6 and Unix; one service for all connections (Accept=no), as Debian has it
for ssh and rpcbind. What else a socket unit may say is refused.
"""
import os
import re
import select
import socket
import stat
import threading
import time

import units

KINDS = {"ListenStream": (socket.SOCK_STREAM, "Stream"), "ListenDatagram": (socket.SOCK_DGRAM, "Datagram")}
KNOWN = {*KINDS, "Accept", "BindIPv6Only", "FreeBind", "Service", "SocketMode"}
LIMITS = {"TriggerLimitIntervalSec", "TriggerLimitBurst"}  # of how often it starts its service: nobody comes so often here
IP_FREEBIND, IPV6_V6ONLY = 15, 26


def entries(unit):
    """[(key, its text)] in the order of the file, by kind."""
    return [(key, text) for key in KINDS for text in unit.all("Socket", key)]


def shown(unit):
    """As `systemctl show -p Listen` has it, a line each."""
    return ["%s (%s)" % ("[::]:" + text if text.isdigit() else text, KINDS[key][1]) for key, text in entries(unit)]


def service_of(unit):
    return unit.get("Socket", "Service") or unit.name.replace(".socket", ".service")


def what_is_not_known(unit):
    said = unit.says.get("Socket", {})
    odd = sorted(set(said) - KNOWN - LIMITS)
    if unit.get("Socket", "Accept", "no") not in ("no", "false"):
        odd.append("Accept")
    return odd


def bound(unit, key, text):
    kind = KINDS[key][0]
    match = re.fullmatch(r"(?:\[([0-9a-f:]+)\]:|([0-9.]+):)?([0-9]+)", text)
    if text.startswith("/"):
        sock = socket.socket(socket.AF_UNIX, kind)
        if os.path.exists(text) and stat.S_ISSOCK(os.lstat(text).st_mode):
            os.unlink(text)
        sock.bind(text)
        os.chmod(text, int(unit.get("Socket", "SocketMode", "0666"), 8))
    elif match:
        six, four, port = match.groups()
        sock = socket.socket(socket.AF_INET if four else socket.AF_INET6, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not four:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_V6ONLY, int(unit.get("Socket", "BindIPv6Only") == "ipv6-only"))
        if unit.get("Socket", "FreeBind") == "yes":
            sock.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        sock.bind((four or six or "::", int(port)))
    else:
        raise OSError(22, "%s=%s is not known here" % (key, text))
    if kind == socket.SOCK_STREAM:
        sock.listen(128)
    return sock


def open_all(unit):
    """Bound and listening; OSError: none of them is."""
    found = []
    try:
        for key, text in entries(unit):
            found.append(bound(unit, key, text))
    except OSError:
        close_all(found)
        raise
    return found


def close_all(found):
    for sock in found:
        sock.close()


def let_go(unit):
    with unit.holding:
        close_all(unit.sockets)
        unit.sockets = []


def watch(manager, unit, number):
    """Starts the service when somebody comes while it does not run."""

    def run():
        while unit.round == number and unit.active == "active":
            service = manager.unit(service_of(unit))
            with unit.holding:  # who waits in select() holds a socket that was closed
                idle = unit.sockets and service.active in ("inactive", "failed")
                ready = idle and select.select(unit.sockets, [], [], 0)[0]
            if ready:
                manager.try_start(service)
            time.sleep(0.02)

    threading.Thread(target=run, daemon=True).start()


def of_service(manager, name):
    """The sockets that PID 1 holds for it, of all its socket units."""
    with manager.lock:
        holders = [u for u in manager.units.values() if u.name.endswith(".socket") and u.active == "active"]
    return [sock for u in holders if units.find(service_of(u))[0] == name for sock in u.sockets]
