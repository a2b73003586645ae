#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""attack.py SOURCE TARGET PORT KIND NAME: one wrong login, or one bad request, from that address.

KIND: http-auth, http-bot, http-garbage, smtp-auth, smtp-relay, smtp-garbage, imap, ftp. NAME is what the client says of
itself, as it is: \\n in it is a newline. What the service answers is printed; that it ends the connection is no error."""
import base64
import codecs
import socket
import sys

source, target, port, kind, name = sys.argv[1:]
said = codecs.escape_decode(name.encode())[0]
link = socket.create_connection((target, int(port)), 3, (source, 0))
link.settimeout(5)


def hear():
    try:
        answer = link.recv(4096)
    except OSError as error:
        answer = str(error).encode()
    print(answer.decode(errors="replace").strip())
    return answer


def tell(line):
    try:
        link.sendall(line + b"\r\n")
    except OSError:
        return b""
    return hear()


def http(path, *headers):
    tell(b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: example.org", b"Connection: close", *headers, b""]))


if kind == "http-auth":
    http(b"/private/", b"Authorization: Basic " + base64.b64encode(said + b":wrong"))
elif kind == "http-bot":
    http(b"/.env", b"User-Agent: " + said, b"Referer: " + said)
elif kind == "http-garbage":
    tell(b"\x16\x03\x01\x02\x00\x01\x00" + said)
else:
    hear()
if kind == "smtp-auth":
    tell(b"EHLO x")
    tell(b"AUTH PLAIN " + base64.b64encode(b"\0" + said + b"\0wrong"))
elif kind == "smtp-relay":
    tell(b"EHLO " + said)
    tell(b'MAIL FROM:<"' + said + b'"@example.net>')
    tell(b"RCPT TO:<x@example.net>")
elif kind == "smtp-garbage":
    tell(b"GET /" + said + b" HTTP/1.1")
elif kind == "imap":
    tell(b'a LOGIN "' + said.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'" wrong')
    tell(b"b LOGOUT")
elif kind == "ftp":
    tell(b"USER " + said)
    tell(b"PASS wrong")
link.close()
