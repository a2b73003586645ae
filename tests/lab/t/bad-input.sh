#!/bin/bash
# SPDX-License-Identifier: MIT
# Bad policies, hosts in no fit state, and others who are in the way: each is one clear error with its
# exit code, and nothing is changed.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented "${LAB_KIND:-cloud}"
one=$vps_one
on() { vps run "$one" "$@"; }
sh_on() { on sh -c "$1"; }
key=$(cat "$job_key.pub")

run_apply() { # run_apply ARGUMENT...: as root, with the password on standard input
	echo "$job_secret" | on /root/kannuki apply --policy /root/policy.conf --yes --no-wait --password-stdin "$@"
}
put_policy() { # put_policy LINE...
	printf '%s\n' "$@" >"$TEST_TMP/policy"
	vps put "$one" "$TEST_TMP/policy" /root/policy.conf 600
}
one_error() { # one_error WORDS: what came on the error channel is one message of one line
	local lines
	lines=$(grep -c . "$TEST_TMP/stderr")
	if [ "$lines" = 1 ]; then pass "  one line"; else fail "  one line" "$(cat "$TEST_TMP/stderr")"; fi
}
bad() { # bad WORDS LINE REGEX POLICY-LINE...: exit 2, /root/policy.conf:LINE: REGEX
	put_policy "${@:4}"
	exits "$1: 2" 2 run_apply
	said "  at its line" "^/root/policy.conf:$2: .*$3"
	one_error
}
good=('[admin]' "user = $job_admin" "key = $key" '[ssh]')

put_policy "${good[@]}" "port = $job_port"
remember "$one"
sshd_was=$(on systemctl show -p MainPID --value ssh.service)

# --- the policy -------------------------------------------------------------------------------------

bad "unknown key" 5 'prot.*did you mean "port"' "${good[@]}" 'prot = 22022'
bad "unknown section" 1 'fire' '[fire]' 'open = ssh'
bad "no section" 1 'user' "user = $job_admin"
bad "no equals sign" 5 'not understood' "${good[@]}" 'port 22022'
bad "a key twice" 6 'twice.*line 5' "${good[@]}" 'port = 22022' 'port = 22023'
bad "port 0" 5 'port = 0 .*1 to 65535' "${good[@]}" 'port = 0'
bad "port 70000" 5 'port = 70000 .*1 to 65535' "${good[@]}" 'port = 70000'
bad "a port in words" 5 'port = ssh ' "${good[@]}" 'port = ssh'
bad "a port in use" 5 'port = 80: python3 .*listens there' "${good[@]}" 'port = 80'
bad "bad address" 5 '300.1.2.3' "${good[@]}" 'allow-from = 300.1.2.3/8'
bad "bad prefix length" 5 '192.0.2.0/33' "${good[@]}" 'allow-from = 192.0.2.0/33'
bad "bad opening" 6 'webb.*web' "${good[@]}" '[firewall]' 'open = ssh, webb'
bad "a value that is no choice" 5 'maybe.*no, key, yes' "${good[@]}" 'root-login = maybe'
bad "no key, and no passwords" 4 'needs a public key of taro' '[admin]' "user = $job_admin" '[ssh]' 'password-login = no'
bad "nobody left who could log in" 2 'root-login = no needs an admin' '[ssh]' 'root-login = no'
bad "admin root" 2 'choose another name' '[admin]' 'user = root' "key = $key"
for name in Taro 'ta ro' -taro 'taro;id' 'taro:x' tärö "$(printf 'a%.0s' {1..33})"; do
	bad "admin named $name" 2 'lower-case letters' '[admin]' "user = $name" "key = $key"
done

# --- keys -------------------------------------------------------------------------------------------

ssh-keygen -q -t rsa -b 1024 -N '' -f "$TEST_TMP/rsa1024"
dsa="ssh-dss $(python3 -c '
import base64, struct
print(base64.b64encode(b"".join(struct.pack(">I", len(b)) + b for b in (b"ssh-dss", b"\0\x80" + b"\1" * 128, b"\0\x80" + b"\1" * 20, b"\1" * 128, b"\1" * 128))).decode())')"
mapfile -t private <"$job_key"
bad "a private key" 3 'private key' '[admin]' "user = $job_admin" "${private[@]}"
bad "a private key as a value" 3 'private key' '[admin]' "user = $job_admin" "key = ${private[0]}" "${private[@]:1}"
not_said "  of which nothing is repeated" -F "${private[1]:0:40}"
not_ok "  nor logged" sh_on "journalctl -q --no-pager | grep -F '${private[1]:0:40}'"
bad "a key wrapped in two lines" 3 'not whole' '[admin]' "user = $job_admin" "key = ${key:0:50}" "${key:50}"
bad "RSA of 1024 bits" 3 '1024 bits.*2048' '[admin]' "user = $job_admin" "key = $(cat "$TEST_TMP/rsa1024.pub")"
bad "DSA" 3 'DSA' '[admin]' "user = $job_admin" "key = $dsa"
bad "half a key" 3 'not whole' '[admin]' "user = $job_admin" "key = ${key:0:50}"
bad "no key at all" 3 'key' '[admin]' "user = $job_admin" "key = hello"

plans() { on /root/kannuki plan --policy /root/policy.conf; }
{ printf '\xef\xbb\xbf' && printf '%s\r\n' "${good[@]}" "port = 22022"; } >"$TEST_TMP/dos"
vps put "$one" "$TEST_TMP/dos" /root/policy.conf 600
exits "a file with BOM and CRLF is fine: 3, it would change something" 3 plans
said "  the key is taken as it is" '^\+ssh-ed25519 [A-Za-z0-9+/]+ taro@laptop$'

warned() { # warned PORT REGEX: possible, but worth a second look
	put_policy "${good[@]}" "port = $1"
	exits "port $1 is possible: 3" 3 plans
	said "  but" "$2"
}
warned 22 'every scanner'
warned 1000 'system service.*22022'
warned 3306 'MySQL.*22022'
warned 40000 'outgoing connection'
warned 61000 'above 32767'

# --- whose file, who asks, what --yes answers ----------------------------------------------------------

put_policy "${good[@]}" "port = $job_port"
for mode in 666 622 660; do
	on chmod $mode /root/policy.conf
	exits "a policy with mode $mode: 2" 2 run_apply
	said "  and how to mend it" 'could be changed by others.*chmod 600'
	one_error
done
on chmod 600 /root/policy.conf
on chown 1000 /root/policy.conf
exits "a policy of another user: 2" 2 run_apply
on chown root /root/policy.conf
exits "a policy that is not there: 2" 2 on /root/kannuki apply --policy /root/none --yes
said "  and how to make one" 'kannuki setup'
on install -m 755 /root/kannuki /tmp/kannuki
nobody() { on setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
for verb in apply confirm undo recover 'open web' 'close web' extend; do
	# shellcheck disable=SC2086 # a verb and its word
	exits "$verb without root: 2" 2 nobody /tmp/kannuki $verb
	said "  and what to type" "sudo /tmp/kannuki ${verb%% *}"
done
on rm /tmp/kannuki
exits "--yes is no password: 2" 2 on /root/kannuki apply --policy /root/policy.conf --yes --no-wait
said "  which is needed" 'password for taro is needed'
short() { echo "$1" | on /root/kannuki apply --policy /root/policy.conf --yes --no-wait --password-stdin; }
exits "a short password: 2" 2 short 'short-one'
exits "an empty one: 2" 2 short ''
exits "without --yes nobody can be asked here: 2" 2 on /root/kannuki apply --policy /root/policy.conf
for window in 0 29s 61m forever -1; do
	exits "window $window: 2" 2 run_apply "--window=$window"
done
exits "a word too many: 2" 2 run_apply now
exits "an unknown option: 2" 2 run_apply --force
exits "an unknown command: 2" 2 on /root/kannuki aply
said "  and the one that is meant" 'did you mean "apply"'

# --- the host ------------------------------------------------------------------------------------------

nothing() { # nothing WORDS: nothing is under way, and the host is as before
	not_ok "$1: nothing is under way" under_way "$one"
	is_as_before "$one" "$1: nothing was changed"
}
nothing "after all of them"
is "sshd was not even reloaded" "$sshd_was" on systemctl show -p MainPID --value ssh.service

on mv /usr/sbin/nft /usr/sbin/nft.away
exits "nft is missing: 1" 1 run_apply
said "  and what to install" 'apt-get install nftables'
one_error
on mv /usr/sbin/nft.away /usr/sbin/nft

on mv /usr/sbin/sshd /usr/sbin/sshd.away
sh_on 'cat >/usr/sbin/sshd && chmod 755 /usr/sbin/sshd' <<'SSHD'
#!/bin/bash
if grep -qs 22022 /etc/ssh/sshd_config.d/00-kannuki.conf; then
	echo "/etc/ssh/sshd_config.d/00-kannuki.conf line 3: Badly configured port." >&2
	exit 255
fi
exec -a /usr/sbin/sshd /usr/sbin/sshd.away "$@"
SSHD
exits "sshd refuses the new configuration: 1" 1 run_apply
said "  in its own words" 'Badly configured port'
on mv /usr/sbin/sshd.away /usr/sbin/sshd

sh_on 'echo Bogus yes >/etc/ssh/sshd_config.d/70-bogus.conf'
not_ok "sshd refuses the configuration that is there" run_apply
said "  in its own words, with file and line" '/etc/ssh/sshd_config.d/70-bogus.conf.*line 1.*Bogus'
on rm /etc/ssh/sshd_config.d/70-bogus.conf

sh_on 'mkdir -p -m 700 /run/kannuki; exec flock /run/kannuki/lock sleep 60' &
holder=$!
wait_until 5 sh_on '! flock -n /run/kannuki/lock true'
exits "another kannuki is at work: 5" 5 run_apply
said "  and which process" 'process|pid'
on pkill -x -f 'sleep 60'
wait "$holder" 2>/dev/null

sh_on 'mount --bind /etc /etc && mount -o remount,bind,ro /etc'
exits "a read-only /etc: 1" 1 run_apply
said "  which it says" 'Read-only file system'
on umount -l /etc
nothing "missing nft, bad sshd, held lock, read-only /etc"

# --- an admin who is there already ------------------------------------------------------------------------

sh_on "useradd -m -s /bin/bash taro && printf 'taro:%s\n' $job_secret | chpasswd"
taro() { # taro WORDS REGEX PREPARE RESTORE
	sh_on "$3"
	remember "$one"
	exits "the admin $1: 5" 5 run_apply
	said "  and what to do" "$2"
	one_error
	is_as_before "$one" "  nothing was changed"
	sh_on "$4"
}
taro "has another shell" 'usermod -s /bin/bash taro' 'usermod -s /usr/sbin/nologin taro' 'usermod -s /bin/bash taro'
taro "has expired" 'chage -E -1 taro' 'chage -E 2020-01-01 taro' 'chage -E -1 taro'
taro "is locked" 'passwd taro' 'passwd -q -l taro' 'passwd -q -u taro'
taro "must change the password" 'passwd taro' 'chage -d 0 taro' 'chage -d 2026-01-01 taro'
exits "put in order, it is taken: 4" 4 run_apply
exits "and given back: 0" 0 on /root/kannuki undo
like "with its password and without sudo" '^uid=[0-9]+\(taro\) gid=[0-9]+\(taro\) groups=[0-9]+\(taro\)$' on id taro
done_testing
