#!/bin/bash
# SPDX-License-Identifier: MIT
# Each kind of step alone, for real: carried out, taken back, and the VPS is byte for byte what it was.
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/lab.sh"

top=$(readlink -f "$lab_root/../..")
build=${KANNUKI_BUILD:-$top/build}
# shellcheck disable=SC2086 # STEP_RUN_EXTRA is a list
cc -static-pie -std=gnu17 -D_GNU_SOURCE -I"$top/src" -o "$TEST_TMP/step-run" "$lab_root/step-run.c" \
	${STEP_RUN_EXTRA:-} "$build/src/libkannuki.a" -ljansson || bail "step-run cannot be built"

# logs, and what a boot or a login writes
ignored=('/var/log/*' '/var/lib/kannuki/*' '/var/lib/systemd/*' '/var/lib/private/*' '/root/*')
folder=/var/lib/kannuki/one

fresh "${LAB_KIND:-debian12}"
on() { vps run "$vps_one" "$@"; }
sh_on() { on sh -c "$1"; }
snapshot() { vps snapshot "$vps_one" "$1" "${ignored[@]}"; }

begin() { # begin NAME JSON [SECRET]: the step that follows
	echo "$2" >"$TEST_TMP/$1.json"
	sh_on "rm -rf $folder; mkdir -p -m 0700 $folder"
	vps put "$vps_one" "$TEST_TMP/$1.json" "$folder/step.json"
	printf %s "${3:-}" >"$TEST_TMP/secret"
	[ -z "${3:-}" ] || vps put "$vps_one" "$TEST_TMP/secret" "$folder/SECRET" 0600
	sh_on 'sync -f /var/lib/kannuki' # a power cut comes; the images are the step's own care
	snapshot "$TEST_TMP/$1.before"
}
step() { on /usr/local/bin/step-run "$1" "$folder/step.json" "$folder"; }
is_back() { # is_back NAME WORDS
	snapshot "$TEST_TMP/$1.after"
	same "$2" "$TEST_TMP/$1.before" "$TEST_TMP/$1.after"
}
login() { vps ssh "$vps_one" "$@" -- true; }
vps put "$vps_one" "$TEST_TMP/step-run" /usr/local/bin/step-run 0755
sh_on 'mkdir -p /var/lib/kannuki'

# --- account ------------------------------------------------------------------------------------

begin account '{"kind":"account","args":{"user":"taro","create":true,"group":"sudo","password":"secret"}}' \
	'correct-horse-9'
ok "account: made" step apply
like "and may use sudo" 'sudo' on id taro
ok "and logs in by its password" as_password taro 22 correct-horse-9 "$vps_one" true
not_ok "its password is in no image" sh_on "grep -r correct-horse $folder/pre $folder/post"
ok "account: undone" step undo
ok "once more" step undo
# the login above left its droppings, which moved away with the home
is_back account "account: as before"
ok "and nothing of the home was deleted" sh_on "test -d $folder/displaced/home%taro || ! test -e /home/taro"

begin key_only '{"kind":"account","args":{"user":"hana","create":true,"group":"sudo","password":"none"}}'
ok "account without password: made" step apply
like "is not locked" '^hana:\*:' on getent shadow hana
sh_on 'useradd -m third && usermod -aG sudo third'
ok "account: undone after a third party's useradd" step undo
like "who keeps its user" '^third:' on getent passwd third
like "and its group" 'third' on getent group sudo
not_ok "ours is gone" on getent passwd hana
sh_on 'userdel -r third' || true

# --- sshd ---------------------------------------------------------------------------------------

conf=/etc/ssh/sshd_config.d/00-kannuki.conf
sshd_step() { # sshd_step TEXT PORTS EXPECTED
	printf '{"kind":"sshd","args":{"changes":[{"path":"%s","type":"file","mode":384,"text":"%s","expect":"any"}],' "$conf" "$1"
	printf '"program":"/usr/sbin/sshd","options":[],"unit":"ssh.service","socket":null,"ports":[%s],"v4":true,"v6":true,' "$2"
	printf '"expect":[{"who":"a stranger","user":"nobody-here","addr":"203.0.113.9","port":22022,'
	printf '"keyword":"passwordauthentication","value":"%s"}]}}' "$3"
}
main_pid() { on systemctl show -p MainPID --value ssh.service; }

begin refused "$(sshd_step 'Bogus yes\n' '22,22022' no)"
before=$(main_pid)
not_ok "sshd: a configuration that it refuses is an error" step apply
is_back refused "and nothing was changed"
is "nor was sshd touched" "$before" main_pid
like "which is told in sshd's words" 'Bad configuration option: Bogus' step apply

begin ports "$(sshd_step 'Port 22\nPort 22022\nPasswordAuthentication no\n' '22,22022' no)"
ok "sshd: both ports, no passwords" step apply
is "from outside, IPv4" "$(printf '22/tcp\n22022/tcp')" open_ports "$vps_one" 4 22,2222,22022
is "and IPv6" "$(printf '22/tcp\n22022/tcp')" open_ports "$vps_one" 6 22,2222,22022
ok "the password is refused" refused_root_password "$vps_one" 22022
ok "sshd: undone" step undo
ok "the password works again" as_root_password "$vps_one" true
is "22022 is closed" "22/tcp" open_ports "$vps_one" 4 22,2222,22022
is_back ports "sshd: as before"

begin dead "$(sshd_step 'Port 22\nPort 22022\nPasswordAuthentication no\n' '22,22022' no)"
ok "sshd: applied again" step apply
sh_on 'systemctl stop ssh.service'
is "sshd is dead" "" open_ports "$vps_one" 4 22,22022
ok "undo with a dead sshd" step undo
ok "brings it back" as_root_password "$vps_one" true
is_back dead "dead sshd: as before"

begin broken "$(sshd_step 'Port 22\nPort 22022\nPasswordAuthentication no\n' '22,22022' no)"
ok "sshd: applied a third time" step apply
sh_on 'echo Bogus >/etc/ssh/sshd_config.d/99-broken.conf; systemctl stop ssh.service'
exits "undo where somebody broke another file: a remark" 3 step undo
ok "and a temporary sshd lets root in" as_root_password "$vps_one" true
sh_on 'systemctl stop kannuki-sshd.service; rm /etc/ssh/sshd_config.d/99-broken.conf; systemctl reset-failed; systemctl start ssh.service'
is_back broken "repaired: as before"

begin boot "$(sshd_step 'Port 22\nPort 22022\nPasswordAuthentication no\n' '22,22022' no)"
ok "sshd: applied before a power cut" step apply
ok "files back as in early boot" step undo-boot
is "no job was asked for: it runs on" "$(printf '22/tcp\n22022/tcp')" open_ports "$vps_one" 4 22,22022
vps power-cut "$vps_one" && vps boot "$vps_one" >/dev/null
ok "after the boot: settled" step settle
ok "root logs in" as_root_password "$vps_one" true
is_back boot "after the boot: as before"

# --- filter -------------------------------------------------------------------------------------

spec='{"ssh_ports":[22],"ssh_from":[],"open":[],"ping":true,"wan":[]}'
begin filter "{\"kind\":\"nft\",\"args\":{\"pending\":true,\"spec\":$spec}}"
sh_on 'nohup python3 -m http.server 8080 >/dev/null 2>&1 & sleep 1'
is "8080 answers before" "$(printf '22/tcp\n8080/tcp')" open_ports "$vps_one" 4 22,8080
vps ssh "$vps_one" -- 'sleep 8; echo alive' >"$TEST_TMP/session" 2>/dev/null &
session=$!
sleep 2
ok "filter: in the kernel, and as wanted" step apply
is "only ssh answers, IPv4" "22/tcp" open_ports "$vps_one" 4 22,8080
is "and IPv6" "22/tcp" open_ports "$vps_one" 6 22,8080
wait "$session"
is "the session that was logged in lives" alive cat "$TEST_TMP/session"
ok "filter: undone" step undo
is "8080 answers again" "$(printf '22/tcp\n8080/tcp')" open_ports "$vps_one" 4 22,8080
sh_on 'pkill -f http.server' || true
is_back filter "filter: as before"

# --- unit, sysctl, file ---------------------------------------------------------------------------

begin unit '{"kind":"unit","args":{"name":"kannuki-test.service","text":"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n[Install]\nWantedBy=kannuki-nowhere.target\n","enable":"on","start":"on"}}'
ok "unit: enabled and started" step apply
is "it runs" active on systemctl is-active kannuki-test.service
is "and is enabled" enabled on systemctl is-enabled kannuki-test.service
ok "unit: undone" step undo
is_back unit "unit: as before, the folder of its link too"

begin cron '{"kind":"unit","args":{"name":"systemd-timesyncd.service","text":null,"enable":"off","start":"off"}}'
if sh_on 'systemctl cat systemd-timesyncd.service >/dev/null 2>&1'; then
	ok "unit of the host: turned off" step apply
	ok "and back" step undo
	is_back cron "unit of the host: as before"
fi

begin file '{"kind":"file","args":{"check":"visudo","changes":[{"path":"/etc/sudoers.d/90-test","type":"file","mode":288,"text":"taro ALL=(ALL) NOPASSWD: ALL\n","expect":"any"}]}}'
ok "file: a sudoers file" step apply
ok "file: undone" step undo
is_back file "file: as before"
begin bad '{"kind":"file","args":{"check":"visudo","changes":[{"path":"/etc/sudoers.d/90-test","type":"file","mode":288,"text":"taro may do it\n","expect":"any"}]}}'
not_ok "file: bad sudoers are refused" step apply
is_back bad "and not there"
done_testing
