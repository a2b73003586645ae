#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""guard_log.py --lines N --attack PERCENT --sources N [--seed N] [--form syslog|iso]: the log of a VPS, invented.

So many percent of the lines are of attacks on sshd, from so many sources of IPv4 and IPv6 (a few of them busy, most of them
rare), as OpenSSH 8 to 9.2 writes them; the others are cron, systemd, the packet filter, mail, sudo and logins of the owner.
The seed is printed to standard error; the same one is the same log."""
import argparse
import random
import sys
import time

START = 1767225600  # 2026-01-01
NAMES = ("root admin test ubuntu oracle postgres git user pi ftp deploy jenkins mysql hadoop www-data nagios minecraft ec2-user "
         "debian support guest backup dev ansible tomcat zabbix").split()


class Log:
    def __init__(self, options):
        self.random = random.Random(options.seed)
        self.form, self.sources = options.form, options.sources
        self.share = options.attack / 100
        self.now, self.pid = float(START), 700
        self.lines, self.attacks = [], 0

    def source(self):
        # One in three comes from the busiest hundredth.
        most = self.sources // 100 + 1 if self.random.random() < 0.34 else self.sources
        one = self.random.randrange(most)
        if one % 12 == 11:
            return f"2001:db8:{one >> 12:x}:{one & 0xfff:x}::{one % 251 + 1:x}"
        return f"{1 + one * 7919 % 223}.{one >> 16 & 255}.{one >> 8 & 255}.{one & 255}"

    def date(self):
        if self.form == "iso":
            return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.now)) + f".{int(self.now % 1 * 1e6):06d}+00:00"
        return time.strftime("%b %e %H:%M:%S", time.gmtime(self.now))

    def write(self, program, *texts):
        for text in texts:
            self.lines.append(f"{self.date()} web1 {program}: {text}")

    def attack(self):
        rnd, address, port = self.random, self.source(), self.random.randrange(1024, 65536)
        self.pid += 1
        sshd, user, kind = f"sshd[{self.pid}]", rnd.choice(NAMES), rnd.randrange(100)
        at, before = f"{address} port {port}", len(self.lines)
        if kind < 40:
            self.write(sshd, f"Invalid user {user} from {at}",
                       f"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={address} ",
                       f"Failed password for invalid user {user} from {at} ssh2",
                       f"Received disconnect from {at}:11: Bye Bye [preauth]",
                       f"Disconnected from invalid user {user} {at} [preauth]")
        elif kind < 75:
            self.write(sshd,
                       f"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={address}  user=root")
            for _ in range(rnd.randrange(1, 4)):
                self.write(sshd, f"Failed password for root from {at} ssh2")
            self.write(sshd, f"Connection closed by authenticating user root {at} [preauth]")
        elif kind < 85:
            self.write(sshd, f"Connection closed by {at} [preauth]")
        elif kind < 92:
            self.write(sshd, "error: kex_exchange_identification: Connection closed by remote host", f"Connection closed by {at}")
        elif kind < 96:
            self.write(sshd, f"error: maximum authentication attempts exceeded for root from {at} ssh2 [preauth]",
                       "Disconnecting authenticating user root " + at + ": Too many authentication failures [preauth]")
        else:
            self.write(sshd, f"Unable to negotiate with {at}: no matching key exchange method found. Their offer: "
                             "diffie-hellman-group1-sha1 [preauth]")
        self.attacks += len(self.lines) - before

    def other(self):
        rnd, kind = self.random, self.random.randrange(100)
        self.pid += 1
        pid = self.pid
        if kind < 25:
            self.write(f"CRON[{pid}]", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
                       "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)",
                       "pam_unix(cron:session): session closed for user root")
        elif kind < 45:
            self.write("systemd[1]", f"Started session-{pid}.scope - Session {pid} of User taro.",
                       "logrotate.service: Deactivated successfully.")
        elif kind < 70:
            self.write("kernel", f"[{self.now - START:.6f}] [UFW BLOCK] IN=eth0 OUT= MAC=00:16:3e:5e:6c:00 SRC={self.source()} "
                                 f"DST=198.51.100.9 LEN=40 TOS=0x00 PREC=0x00 TTL=244 ID={pid} PROTO=TCP SPT=44444 "
                                 f"DPT={rnd.randrange(1, 9000)} WINDOW=1024 RES=0x00 SYN URGP=0")
        elif kind < 80:
            self.write(f"sshd[{pid}]", f"Accepted publickey for taro from 198.51.100.7 port {pid} ssh2: ED25519 SHA256:kC2xZ4",
                       "pam_unix(sshd:session): session opened for user taro(uid=1000) by (uid=0)",
                       f"Disconnected from user taro 198.51.100.7 port {pid}",
                       "pam_unix(sshd:session): session closed for user taro")
        elif kind < 90:
            self.write(f"postfix/smtpd[{pid}]", "connect from mail.example.org[203.0.113.25]",
                       "disconnect from mail.example.org[203.0.113.25] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5")
        else:
            self.write("sudo", "    taro : TTY=pts/0 ; PWD=/home/taro ; USER=root ; COMMAND=/usr/bin/apt update")

    def make(self, count):
        while len(self.lines) < count:
            self.now += self.random.expovariate(4)
            # By lines, not by events: attacks have more lines each.
            if self.attacks < self.share * (len(self.lines) + 1):
                self.attack()
            else:
                self.other()
        return self.lines[:count]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, required=True)
    parser.add_argument("--attack", type=float, required=True)
    parser.add_argument("--sources", type=int, required=True)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--form", choices=("syslog", "iso"), default="syslog")
    options = parser.parse_args()
    print(f"seed {options.seed}", file=sys.stderr)
    sys.stdout.write("\n".join(Log(options).make(options.lines)) + "\n")


main()
