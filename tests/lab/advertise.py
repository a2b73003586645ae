# SPDX-License-Identifier: MIT
"""advertise.py PORT PREFIX: the router's advertisements (RFC 4861) to the VPS behind a port of the bridge.

Says every 3 seconds that there is a router, good for 15 seconds, and that addresses of PREFIX/64 are to be
made of the hardware's (SLAAC), good for 30: a packet filter that keeps them out is soon noticed.  Only that
VPS hears them; ends when the port goes.
"""
import errno
import ipaddress
import socket
import struct
import sys
import time

ROUTER_MAC = bytes.fromhex("020000000001")
ALL_NODES, ALL_NODES_MAC = ipaddress.IPv6Address("ff02::1").packed, bytes.fromhex("333300000001")
ICMPV6, ADVERTISEMENT, SOURCE_LINK, PREFIX_INFORMATION, ON_LINK_AUTONOMOUS = 58, 134, 1, 3, 0xC0
EVERY, ROUTER_LIFETIME, ADDRESS_LIFETIME = 3, 15, 30


def link_local(mac):
    return bytes.fromhex("fe80000000000000") + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]


def checksum(source, destination, body):
    data = source + destination + struct.pack("!II", len(body), ICMPV6) + body
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def advertisement(prefix):
    source = link_local(ROUTER_MAC)
    options = struct.pack("!BB6s", SOURCE_LINK, 1, ROUTER_MAC)
    options += struct.pack("!BBBBIII", PREFIX_INFORMATION, 4, 64, ON_LINK_AUTONOMOUS, ADDRESS_LIFETIME, ADDRESS_LIFETIME, 0)
    options += ipaddress.IPv6Address(prefix).packed
    fields = (64, 0, ROUTER_LIFETIME, 0, 0)
    body = struct.pack("!BBHBBHII", ADVERTISEMENT, 0, 0, *fields) + options
    body = struct.pack("!BBHBBHII", ADVERTISEMENT, 0, checksum(source, ALL_NODES, body), *fields) + options
    header = struct.pack("!IHBB", 6 << 28, len(body), ICMPV6, 255) + source + ALL_NODES
    return ALL_NODES_MAC + ROUTER_MAC + b"\x86\xdd" + header + body


def main(port, prefix):
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    packet.bind((port, 0))
    while True:
        packet.send(advertisement(prefix))
        time.sleep(EVERY)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        if error.errno not in (errno.ENXIO, errno.ENODEV, errno.ENETDOWN):  # the port is gone
            raise
