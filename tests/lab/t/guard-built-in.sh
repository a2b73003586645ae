#!/bin/bash
# SPDX-License-Identifier: MIT
# day 3 of 3
# The guard on a host without fail2ban's files: its own jails, with the real programs. Who tries passwords or asks for what
# scanners ask for is out; what a client says of others in a name, a path or a greeting bans nobody else.
# LAB_LOGS=folder keeps what the programs wrote: tests/lib/guard_messages.c has a line of each kind.
# shellcheck source=/dev/null
# shellcheck disable=SC2154,SC2016 # vps_one comes from fresh; what the VPS expands
. "$(dirname "$0")/../../lib/main_job.sh"

guard_program=$(dirname "$job_program")/kannuki-guard
victim=203.0.113.200 # never comes, is only spoken of
guard() { vps run "$vps_one" kannuki-guard "$@"; }
banned_by() { # banned_by JAIL ADDRESS
	guard bans | grep -qE "^$2 +$1 "
}
attack() { # attack FROM PORT KIND NAME [TIMES]
	local i
	for ((i = 0; i < ${5:-3}; i++)); do
		vps outside python3 "$lab_root/attack.py" "$1" "$(vps addr "$vps_one" 4)" "$2" "$3" "$4" \
			>>"$TEST_TMP/attack" 2>&1 </dev/null || :
	done
}
ssh_attack() { # ssh_attack FROM NAME: three wrong passwords
	local i
	for ((i = 0; i < 3; i++)); do
		vps ssh "$vps_one" --password wrong-horse -l "$2" -4 -b "$1" -- true >>"$TEST_TMP/attack" 2>&1 </dev/null || :
	done
}
journal_says() { vps run "$vps_one" journalctl -q --no-pager | grep -E "$1" >/dev/null; }
log_says() { vps run "$vps_one" grep -qE "$1" "$2"; }

# --- the host -------------------------------------------------------------------------------------------

for n in $(seq 51 99); do
	vps outside ip addr add "203.0.113.$n/24" dev internet 2>/dev/null
done
fresh debian12
# (exim would be pulled in, and Apache and nginx both want port 80)
{ vps apt "$vps_one" update && vps apt "$vps_one" install --no-install-recommends nginx-light apache2 postfix libsasl2-modules \
	dovecot-imapd vsftpd; } >"$TEST_TMP/apt" 2>&1 || { tail -n 5 "$TEST_TMP/apt"; bail "the services cannot be installed"; }
vps run "$vps_one" sh -c '
	mkdir -p /var/www/html/private
	printf "alice:\$apr1\$aaaaaaaa\$0PnyhQYqXkdrNaYKqhBkC/\n" >/etc/htpasswd
	cat >/etc/nginx/sites-enabled/default <<-X
		server {
			listen 80;
			root /var/www/html;
			location /private { auth_basic "x"; auth_basic_user_file /etc/htpasswd; }
		}
	X
	echo "Listen 8081" >/etc/apache2/ports.conf
	sed -i "s/:80>/:8081>/" /etc/apache2/sites-available/000-default.conf
	cat >/etc/apache2/conf-enabled/private.conf <<-X
		<Directory /var/www/html/private>
			AuthType Basic
			AuthName x
			AuthUserFile /etc/htpasswd
			Require valid-user
		</Directory>
	X
	printf "disable_plaintext_auth = no\nservice auth {\n unix_listener /var/spool/postfix/private/auth {\n mode = 0666\n }\n}\n" \
		>/etc/dovecot/conf.d/99-lab.conf
	postconf -e smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth mynetworks=127.0.0.0/8 \
		inet_interfaces=all myhostname=host.example.org
	sed -i "s/^listen=NO/listen=YES/; s/^listen_ipv6=YES/listen_ipv6=NO/" /etc/vsftpd.conf
	systemctl restart nginx apache2 dovecot postfix vsftpd
	# (without Landlock, as here in nspawn, the reader has what group adm may read)
	touch /var/log/vsftpd.log; chgrp adm /var/log/vsftpd.log; chmod 640 /var/log/vsftpd.log
'
vps put "$vps_one" "$job_program" /usr/local/sbin/kannuki 755
vps put "$vps_one" "$guard_program" /usr/local/sbin/kannuki-guard 755
exits "there is no folder of fail2ban" 1 vps run "$vps_one" test -e /etc/fail2ban
ok "what is compiled in is whole" guard config
like "says so" '^\[sshd\] enabled +# built in$' guard config --dump
vps run "$vps_one" sh -c 'mkdir -p /etc/kannuki; cat >/etc/kannuki/guard.conf <<-X
		[DEFAULT]
		maxretry = 3
		bantime = 30m
		[nginx-auth]
		enabled = true
		[nginx-bots]
		enabled = true
		[apache-auth]
		enabled = true
		[apache-bots]
		enabled = true
		[postfix]
		enabled = true
		[dovecot]
		enabled = true
		[vsftpd]
		enabled = true
		[recidive]
		enabled = true
	X
	kannuki-guard unit >/etc/systemd/system/kannuki-guard.service && systemctl daemon-reload'
like "the host has a file of its own over it" 'bantime = 30m +# /etc/kannuki/guard.conf:3' guard config --dump sshd
ok "it starts" vps run "$vps_one" systemctl enable --now kannuki-guard
like "with all that is enabled" 'vsftpd: 3 failures within 600 s, banned for 1800 s' guard status

# --- what a client says of others ---------------------------------------------------------------------------

ssh_attack 203.0.113.61 "x from $victim port 22 ssh2"
ssh_attack 203.0.113.60 "x from $victim port 22"
attack 203.0.113.62 80 http-auth "x\\n$victim - x [26/Nov/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 401 1 \"-\" \"x\""
attack 203.0.113.59 80 http-auth "x\n$victim says so"
attack 203.0.113.63 8081 http-auth "x\\n$victim - x [26/Nov/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 401 1 \"-\" \"x\""
attack 203.0.113.64 80 http-bot "x\" $victim - x [26/Nov/2026:00:00:00 +0000] \"GET /.env HTTP/1.1\" 404 1 \"-\" \"x\""
attack 203.0.113.65 8081 http-bot "x\" $victim - x [26/Nov/2026:00:00:00 +0000] \"GET /.env HTTP/1.1\" 404 1 \"-\" \"x\""
attack 203.0.113.66 25 smtp-relay "x from unknown[$victim]: 454 4.7.1 Relay access denied"
attack 203.0.113.67 25 smtp-auth "x from unknown[$victim]: SASL PLAIN authentication failed"
attack 203.0.113.68 143 imap "x>, method=PLAIN, rip=$victim, lip=198.51.100.10, session=<a>"
attack 203.0.113.69 21 ftp "x] FAIL LOGIN: Client \"$victim\""

# --- who attacks ----------------------------------------------------------------------------------------------

ssh_attack 203.0.113.71 root
ssh_attack 203.0.113.72 nobody-here
attack 203.0.113.73 80 http-auth alice
attack 203.0.113.74 8081 http-auth bob
attack 203.0.113.75 80 http-bot curl
attack 203.0.113.76 8081 http-bot curl
attack 203.0.113.77 25 smtp-relay host
attack 203.0.113.78 25 smtp-auth bob
attack 203.0.113.79 143 imap bob
attack 203.0.113.80 21 ftp bob
attack 203.0.113.81 25 smtp-garbage x
attack 203.0.113.82 80 http-garbage x
for one in sshd:71 sshd:72 nginx-auth:73 apache-auth:74 nginx-bots:75 apache-bots:76 postfix:77 postfix:78 dovecot:79 vsftpd:80 \
	postfix:81 nginx-bots:82; do
	ok "${one%:*} bans 203.0.113.${one#*:}" wait_until 20 banned_by "${one%:*}" "203.0.113.${one#*:}"
done
for one in nginx-auth:59 sshd:60 sshd:61 nginx-auth:62 apache-auth:63 nginx-bots:64 apache-bots:65 postfix:66 postfix:67 dovecot:68; do
	ok "${one%:*} bans 203.0.113.${one#*:}, whatever it said" wait_until 5 banned_by "${one%:*}" "203.0.113.${one#*:}"
done
ok "sshd wrote what was said" journal_says "sshd.*x from $victim port 22"
ok "so did nginx" log_says "$victim" /var/log/nginx/access.log
ok "and into its error log as a line of its own" log_says "^$victim says so. was not found" /var/log/nginx/error.log
ok "so did Apache" log_says "$victim" /var/log/apache2/access.log
ok "so did Postfix" journal_says "postfix/smtpd.*$victim"
ok "so did Dovecot" journal_says "dovecot.*$victim"
ok "so did vsftpd" log_says "FAIL LOGIN: Client \"$victim\"" /var/log/vsftpd.log
is "nobody else is out" "$(printf '203.0.113.%s\n' {59..68} {71..82})" sh -c \
	"vps run $vps_one kannuki-guard bans --format json | sed -n 's/.*\"address\": \"\\(.*\\)\".*/\\1/p' | sort -u"

# --- and what has been -------------------------------------------------------------------------------------------

like "the journal has a line for recidive" 'kannuki-guard\[[0-9]+\]: store: \[vsftpd\] ban 203.0.113.80 \([0-9]+ failures\)' \
	vps run "$vps_one" journalctl -q --no-pager -u kannuki-guard
like "which it knows" ' 2[0-9] matched' vps run "$vps_one" sh -c \
	'journalctl -q --no-pager -u kannuki-guard | kannuki-guard test - recidive'
like "backtest of the journal" '203.0.113.71 +sshd: 3 failures, banned for 1800 s' guard backtest
not_ok "not of who was only spoken of" sh -c "vps run $vps_one kannuki-guard backtest --format json | grep '\"address\": \"$victim\"'"
like "of a log, by a jail that is named" '203.0.113.73 +nginx-auth: 3 failures' guard backtest /var/log/nginx/access.log nginx-auth
vps ssh "$vps_one" -4 -b 203.0.113.90 -- true >/dev/null 2>&1
ssh_attack 203.0.113.90 root
like "an own user is marked" 'one of your own: root logged in from there' vps run "$vps_one" sh -c 'kannuki-guard backtest; true'
exits "and the exit status says so" 3 guard backtest
exits "what is no time is refused" 2 guard backtest --since yesterday-ish
exits "and what is no jail" 2 guard backtest journal nginx
if [ -n "${LAB_LOGS:-}" ]; then
	mkdir -p "$LAB_LOGS"
	vps run "$vps_one" journalctl -q --no-pager >"$LAB_LOGS/journal"
	for one in nginx/access.log nginx/error.log apache2/access.log apache2/error.log vsftpd.log; do
		vps run "$vps_one" cat "/var/log/$one" >"$LAB_LOGS/${one/\//-}"
	done
fi
vps run "$vps_one" mkdir /etc/fail2ban
exits "with a folder of fail2ban that one counts" 2 guard config
ok "unless told otherwise" guard config -c built-in sshd
done_testing
