#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# Another program has the account databases locked, or left them locked when it died: before a transaction, and while
# it is taken back.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

no_user() { ! on getent passwd "$1"; }
locks_for() { # locks_for SECONDS: the databases, as useradd and vipw do, and then writes what it had read before
	sh_on "cat >/root/writer.py" <<-'PY'
		import fcntl, os, sys, time
		lock = open("/etc/.pwd.lock", "a")
		fcntl.lockf(lock, fcntl.LOCK_EX)
		open("/etc/passwd.lock", "w").write("%d\0" % os.getpid())
		text = open("/etc/passwd").read()
		print("locked", flush=True)
		time.sleep(float(sys.argv[1]))
		open("/etc/passwd+", "w").write(text + "written:x:4242:4242::/:/usr/sbin/nologin\n")
		os.rename("/etc/passwd+", "/etc/passwd")
		os.remove("/etc/passwd.lock")
	PY
	on systemd-run -q --unit=writer -p StandardOutput=file:/run/writer python3 /root/writer.py "$1"
	wait_until 10 on grep -q locked /run/writer
}
written() { on grep -q '^written:' /etc/passwd; }
waits debian12
pending "$vps_one"
ok "another program has the accounts locked for a while" locks_for 4
taken_back "locked for a while" 0
ok "  that program has written" wait_until 20 written
ok "  it did not bring the new user back" no_user "$job_admin"
sh_on "sed -i /^written:/d /etc/passwd"

pending "$vps_one" --window "$short_window"
ok "somebody has them locked for ever" locks_for 900
unconfirmed "locked for ever"
ok "  the new user is gone" no_user "$job_admin"
sh_on 'systemctl stop writer; rm -f /etc/passwd.lock'

sh_on 'sh -c "echo \$\$" | tr -d "\n" >/etc/passwd.lock'
pending "$vps_one"
taken_back "a dead one's lock is no obstacle" 0
ok "the databases are locked by one who lives" locks_for 900
exits "  apply gives up: 1" 1 apply "$vps_one"
said "  and says which database is locked" 'cannot lock /etc/passwd'
not_ok "  nothing is under way" under_way "$vps_one"
owner_gets_in "$vps_one" "  then"
done_testing
