#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# remote-config.sh: kannuki setup USER@HOST for a person whose OpenSSH is set up in her own way: a security key (FIDO), an
# agent with more keys than sshd hears of, SSH at another port, IPv6 in brackets, a configuration that shares and
# forwards connections.
# shellcheck disable=SC2034,SC2154 # what remote uses; vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/workstation.sh"

ports_now() { ports_only "$vps_one" 4 "22,80,2022,3000,$job_port" | sort -n | xargs; }

# At her place from the beginning; what it signs is a line of ~/touched.
mkdir "$TEST_TMP/lib"
cc -shared -fPIC -std=gnu17 -D_GNU_SOURCE -o "$TEST_TMP/lib/soft-key.so" "$lab_root/soft-key.c" ||
	bail "soft-key cannot be built"
chmod -R a+rX "$TEST_TMP/lib"
fido='SSH_SK_PROVIDER=/usr/local/lib/soft-key.so SOFT_KEY_TOUCHED=/home/hanako/touched'
ws_key ''
WS_ENV=$fido ws ssh-keygen -q -t ed25519-sk -N '' -C touch-me -f /home/hanako/.ssh/id_touch
ws rm -f touched
ws_policy
rented cloud
vps run "$vps_one" sh -c 'printf "Port 2022\n" >/etc/ssh/sshd_config.d/10-port.conf; systemctl restart ssh'
ws ssh-agent -a /home/hanako/agent >/dev/null
for n in 1 2 3 4 5 6 7; do
	ws ssh-keygen -q -t ed25519 -N '' -f "/home/hanako/key$n"
	WS_ENV=SSH_AUTH_SOCK=/home/hanako/agent ws ssh-add -q "key$n"
done
cat >"$ws_home/.ssh/config" <<'CONFIG'
Host *
  ControlMaster auto
  ControlPath ~/.ssh/shared-%C
  ControlPersist 120
  ForwardAgent yes
  LocalForward 9999 localhost:80
  HashKnownHosts yes
  SendEnv LC_* LANG
  VisualHostKey yes
  LogLevel QUIET
CONFIG
chown "$ws_uid:$ws_uid" "$ws_home/.ssh/config"

note "what a plain ssh of hers makes of the agent: the positive control"
too_many() { WS_ENV="SSH_AUTH_SOCK=/home/hanako/agent SSH_ASKPASS=/home/hanako/askpass SSH_ASKPASS_REQUIRE=force" ws ssh -o LogLevel=INFO \
	-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p 2022 "root@$(vps addr "$vps_one" 4)" true; }
ws_askpass
like "sshd hangs up before it asks for the password" "Too many authentication failures" too_many
ws rm -f asked

note "one command"
ws_target="root@[$(vps addr "$vps_one" 6)]:2022" ws_more="$fido SSH_AUTH_SOCK=/home/hanako/agent"
exits "with the security key" 0 remote "$vps_one" 6 --identity .ssh/id_touch
said "says that it has to be touched" "touch it each time it blinks"
said "proves itself over IPv4" "by the key over IPv4, and sudo works"
said "and over IPv6" "by the key over IPv6, and sudo works"
said "the port where SSH was is shut" "port 2022 answers no more"
is "the password was asked for once" 1 ws grep -c "password:" asked
is "it was touched once for each login: two a family, and confirm" 5 ws grep -c . touched
is "only the policy's ports answer" "80 $job_port" ports_now
is "nothing is left of what was sent" '' left_there "$vps_one"
is "her shared connections are not used" '' ws find .ssh -name 'shared-*'
ws pkill -u hanako ssh-agent # the one that is hers
ok "nor is anything left here" wait_until 10 nothing_left_here
ws rm -f .ssh/config
sign_in() { WS_ENV=$fido ws ssh -o SecurityKeyProvider=/usr/local/lib/soft-key.so -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i .ssh/id_touch -p "$job_port" \
	"$job_admin@$(vps addr "$vps_one" 4)" true; }
ok "the security key opens" sign_in
not_ok "no other key of hers does" ws_door "$vps_one" "$job_port" true
done_testing
