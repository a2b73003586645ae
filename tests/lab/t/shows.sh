#!/bin/bash
# SPDX-License-Identifier: MIT
# Commands that only show: fingerprint, against what real clients show on first connect; and policy.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
one=$vps_one
kannuki() { vps run "$one" /root/kannuki "$@"; }
nobody() { vps run "$one" setpriv --reuid=65534 --regid=65534 --clear-groups -- /usr/local/bin/kannuki "$@"; }
vps run "$one" install -m 755 /root/kannuki /usr/local/bin/kannuki
remember "$one"

# --- fingerprint ------------------------------------------------------------------------------------

first_connect() { # first_connect SSH-OPTION...: what ssh says to somebody who has never been there
	vps outside ssh -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/dev/null -o BatchMode=yes "$@" \
		"root@$(vps addr "$one" 4)" true 2>&1
}
fingerprint_of() { # fingerprint_of TYPE [HASH]: the line of ssh's question
	first_connect -o StrictHostKeyChecking=no -o LogLevel=DEBUG1 -o HostKeyAlgorithms="$1" -o FingerprintHash="${2:-sha256}" |
		sed -n 's/^debug1: Server host key: //p' | tr -d '\r'
}
on_the_list() { kannuki fingerprint | grep -qF " $1"; }
for type in ssh-ed25519 ecdsa-sha2-nistp256 rsa-sha2-512; do
	shown=$(fingerprint_of "$type")
	like "$type: ssh shows one" 'SHA256:' echo "$shown"
	exits "  and it is this server's: 0" 0 kannuki fingerprint --compare "$shown"
	said "  which it says" '^Yes: '
	ok "  it is on the list" on_the_list "${shown##* }"
done
shown=$(fingerprint_of ssh-ed25519 md5)
exits "as MD5, which older clients show: 0" 0 kannuki fingerprint --compare "${shown##* }"
said "  ED25519 is what it says" 'ED25519'
scanned=$(vps outside ssh-keyscan -t ed25519 "$(vps addr "$one" 6)" 2>/dev/null)
exits "a line of ssh-keyscan: 0" 0 kannuki fingerprint --compare "$scanned"
ssh-keygen -q -t ed25519 -N '' -f "$TEST_TMP/other"
exits "another machine's: 1" 1 kannuki fingerprint --compare "$(ssh-keygen -lf "$TEST_TMP/other.pub")"
said "  and what not to do" '^No: .*[Dd]o not go on'
exits "half of one: 2" 2 kannuki fingerprint --compare "${shown:0:30}"
exits "none at all: 2" 2 kannuki fingerprint --compare "it looks fine"
said "  and what is allowed" 'SHA256:'
exits "without root too: 0" 0 nobody fingerprint --compare "$scanned"

# The daemon's answer decides, not the name of a file.
vps run "$one" sh -c 'ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/another_key
	echo "HostKey /etc/ssh/another_key" >/etc/ssh/sshd_config.d/70-key.conf; systemctl reload ssh'
exits "a HostKey of its own: what ssh shows now: 0" 0 kannuki fingerprint --compare "$(fingerprint_of ssh-ed25519)"
exits "  and no more what it showed: 1" 1 kannuki fingerprint --compare "$scanned"
vps run "$one" sh -c 'rm /etc/ssh/another_key* /etc/ssh/sshd_config.d/70-key.conf; systemctl reload ssh'

# --- policy -----------------------------------------------------------------------------------------

exits "policy: none is stored: 0" 0 kannuki policy
said "  which it says" 'No policy is stored'
said "  and shows the defaults" 'root-login +no +not given'
policy "$one" '[ssh]' "port = $job_port" 'password-login = yes' '[firewall]' 'open = ssh, web' 'open = 8080/tcp from 203.0.113.0/24'
exits "policy --check: a good one: 0" 0 kannuki policy --check /root/policy.conf
said "  every value with its line" "^  port +$job_port +line 5\$"
said "  the openings of all lines" 'open +ssh, web, 8080/tcp from 203.0.113.0/24'
said "  what is worth a second look" 'password-login = yes: '
exits "relative to where one is: 0" 0 vps run "$one" sh -c 'cd /root && ./kannuki policy --check policy.conf'
vps run "$one" sed -i 's/^port.*/port = 70000/' /root/policy.conf
exits "a bad one: 2" 2 kannuki policy --check /root/policy.conf
said "  file, line, what is allowed" '^/root/policy.conf:5: .*70000.*1 to 65535'
exits "one that is not there: 2" 2 kannuki policy --check /root/none

vps run "$one" rm /root/policy.conf
is_as_before "$one" "none of them changed anything"
done_testing
