#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# The guard's own jail for sshd: one attempt is one failure, however many lines sshd writes of it. Real logins at OpenSSH 8.4,
# 9.2 and 10, each kind from an address of its own; the lines of 9.2 are in tests/unit/test_guard_built_in.c.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

guard_program=$(dirname "$job_program")/kannuki-guard
for n in $(seq 40 53); do vps outside ip addr add "203.0.113.$n/24" dev internet 2>/dev/null; done

login() { # login N USER ARGUMENT...: from 203.0.113.N
	timeout 60 vps ssh "$vps_one" -l "$2" -4 -b "203.0.113.$1" "${@:3}" -- true </dev/null >/dev/null 2>&1
}
by_password() { # by_password N USER TIMES [METHOD]
	login "$1" "$2" --password wrong-horse -o "NumberOfPasswordPrompts=$3" -o "PreferredAuthentications=${4:-password}"
}
sends() { # sends N TEXT: instead of SSH's own
	vps outside python3 -c 'import socket, sys
c = socket.create_connection((sys.argv[1], 22), 5, ("203.0.113." + sys.argv[2], 0))
c.sendall(sys.argv[3].encode())
c.settimeout(5)
try:
    while c.recv(4096): pass
except OSError: pass' "$(vps addr "$vps_one" 4)" "$1" "$2"
}
passwords() { # passwords N: how many sshd has refused, by its own lines
	vps run "$vps_one" journalctl -q --no-pager -o cat |
		grep -cE "^(Failed password for .* from 203.0.113.$1 |error: PAM: .* from 203.0.113.$1\$)"
}
failures() { # failures N MODE
	vps run "$vps_one" sh -c "journalctl -q --no-pager _COMM=sshd + _COMM=sshd-session + _COMM=sshd-auth |
		kannuki-guard test --first --each -c built-in - 'sshd[mode=$2]'" |
		grep -o "\"id\":\"203.0.113.$1\",\"is_name\":false,\"time\":[0-9.]*,\"harmless\":false" | wc -l
}
attempts() { # attempts WORDS N PASSWORDS: so many were tried, and each is one failure; at least one
	is "$1: sshd says so many passwords" "$3" passwords "$2"
	is "  and so many failures are they" "$(($3 > 0 ? $3 : 1))" failures "$2" normal
}

for kind in debian11 debian12 debian13; do
	fresh "$kind" "${kind#debian}"
	note "$kind: $(vps run "$vps_one" ssh -V 2>&1)"
	vps put "$vps_one" "$guard_program" /usr/local/sbin/kannuki-guard 755
	# The first value counts; sshd's own penalties, where there are any, would come first.
	vps run "$vps_one" sh -c 'useradd -m bob; useradd -m carol
		{ printf "DenyUsers carol\nChallengeResponseAuthentication yes\nMaxAuthTries 6\n"
		  ssh -V 2>&1 | grep -q "OpenSSH_[89]\." || echo "PerSourcePenalties no"
		  cat /etc/ssh/sshd_config; } >/tmp/config; cat /tmp/config >/etc/ssh/sshd_config; systemctl restart ssh'
	by_password 40 root 1
	by_password 41 root 3
	by_password 42 nobody-here 1
	by_password 43 nobody-here 3
	by_password 44 carol 1
	by_password 45 bob 1 keyboard-interactive
	by_password 46 nobody-here 2 keyboard-interactive
	by_password 47 root 9
	login 48 bob --key "$job_key"
	login 49 nobody-here --key "$job_key"
	sends 50 $'GET / HTTP/1.0\r\n\r\n'
	attempts "$kind: a user that there is" 40 1
	attempts "$kind: three times at one connection" 41 3
	attempts "$kind: a user that there is not" 42 1
	attempts "$kind: three times" 43 3
	attempts "$kind: one that may not log in" 44 1
	attempts "$kind: by PAM's questions" 45 1
	attempts "$kind: twice, and nobody" 46 2
	attempts "$kind: until sshd ends it" 47 6
	attempts "$kind: a key" 48 0
	attempts "$kind: a key of nobody" 49 0
	is "$kind: what is no SSH is none" 0 failures 50 normal
	is "  but to the aggressive one" 1 failures 50 aggressive
	vps rm "$vps_one"
done
done_testing
