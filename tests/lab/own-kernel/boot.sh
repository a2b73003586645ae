#!/bin/bash
# SPDX-License-Identifier: MIT
# What needs a machine of its own, under qemu without any help of the processor: Debian's kernel and its initramfs, a
# root that is read-only at first, /var on another disk, a clock that can be set, power that is cut at the plug. The
# early boot's undo comes before sshd, the deadline does not care for the date, and what is confirmed stays so, months
# later too.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the machine's shell; what main_job.sh sets
. "$(dirname "$0")/../../lib/main_job.sh"

"$job_top/tools/deps" qemu || bail "no qemu"
vps base qemu || bail "no base"
base=${KANNUKI_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/kannuki-lab}/base/qemu
here=$TEST_TMP/machine
mkdir -p "$here"

# --- the machine ----------------------------------------------------------------------------------------------

# Its disks, from the base: / and /var. In a mount namespace that is gone with it.
make_disks() {
	unshare -m --propagation private bash -eu -s "$base" "$here" "$(openssl passwd -6 "$(vps password)")" <<-'DISKS'
		base=$1 here=$2 password=$3
		mkdir "$here/layers" "$here/tree"
		mount -t tmpfs layers "$here/layers"
		mkdir "$here/layers/upper" "$here/layers/work"
		mount -t overlay tree "$here/tree" -o "lowerdir=$base/rest,upperdir=$here/layers/upper,workdir=$here/layers/work"
		mount --bind "$base/usr" "$here/tree/usr"
		cd "$here/tree"
		echo machine >etc/hostname
		printf '127.0.0.1 localhost machine\n::1 localhost\n' >etc/hosts
		printf '/dev/vda / ext4 rw 0 1\n/dev/vdb /var ext4 rw 0 2\n' >etc/fstab
		tr -d - </proc/sys/kernel/random/uuid >etc/machine-id
		sed -i "s,^root:[^:]*:,root:$password:," etc/shadow
		sed -i 's/^#\?PermitRootLogin .*/PermitRootLogin yes/' etc/ssh/sshd_config
		ssh-keygen -A -f . >/dev/null
		printf '[Match]\nName=en* eth*\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' >etc/systemd/network/machine.network
		ln -s /lib/systemd/system/systemd-networkd.service etc/systemd/system/multi-user.target.wants/
		cp boot/vmlinuz-* "$here/kernel"
		cp boot/initrd.img-* "$here/initramfs"
		truncate -s 512M "$here/var.img"
		mkfs.ext4 -q -F -m 0 -d var "$here/var.img"
		rm -rf var boot/*
		mkdir var
		truncate -s 2G "$here/root.img"
		mkfs.ext4 -q -F -m 0 -d . "$here/root.img"
	DISKS
}

# A network namespace for the machine and its clients: nothing of it meets this machine's network.
setpriv --pdeathsig KILL unshare -n sleep infinity &
wire=$!
apart() { ! [ "/proc/$wire/ns/net" -ef /proc/self/ns/net ]; }
wait_until 10 apart || bail "no network namespace"
on_wire() { nsenter -t "$wire" -n "$@"; }
on_wire ip link set lo up

power_on() { # power_on [DATE]: its hardware's clock says now, or that
	setpriv --pdeathsig KILL nsenter -t "$wire" -n qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 768 -display none \
		-nodefaults -no-reboot -serial "file:$here/console" -rtc "base=${1:-utc}" \
		-kernel "$here/kernel" -initrd "$here/initramfs" -append 'root=/dev/vda ro console=ttyS0 no_timer_check' \
		-drive "file=$here/root.img,format=raw,if=virtio" -drive "file=$here/var.img,format=raw,if=virtio" \
		-netdev "user,id=wire,ipv6=off,hostfwd=tcp:127.0.0.1:22-:22,hostfwd=tcp:127.0.0.1:$job_port-:$job_port" \
		-device virtio-net-pci,netdev=wire >"$here/qemu" 2>&1 &
	machine=$!
}
pull_the_plug() {
	kill -KILL "$machine"
	wait "$machine" 2>/dev/null
}

machine_ssh() { # machine_ssh SSH-ARGUMENT...
	on_wire ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=30 \
		-o KexAlgorithms=curve25519-sha256 "$@"
}
by_password() { # by_password CMD...: root, port 22
	LAB_PASSWORD=$(vps password) SSH_ASKPASS=$lab_root/askpass SSH_ASKPASS_REQUIRE=force \
		machine_ssh -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 root@127.0.0.1 "$@"
}
by_key() { # by_key CMD...: the admin, at the new port
	machine_ssh -i "$job_key" -o IdentitiesOnly=yes -o BatchMode=yes -p "$job_port" "$job_admin@127.0.0.1" "$@"
}
up() { wait_until 400 "$@" true; } # up by_password|by_key
put() { by_password "cat >$2 && chmod $3 $2" <"$1"; } # put FILE DEST MODE

machine_state() { # files, who listens, what the kernel filters
	by_password 'cd / && { find etc root home usr/local -xdev -type f -exec sha256sum {} +
		find etc root home usr/local -xdev -printf "%p %y %m %U %G %l\n"; } | sort
		systemctl list-unit-files --no-legend --no-pager --type=service,timer; ss -Hltn | awk "{ print \$4 }" | sort
		nft -s list ruleset'
}
is_old_again() { # is_old_again WORDS
	machine_state >"$here/now"
	same "$1: as before" "$here/before" "$here/now"
}
under_way_there() { by_password 'test -e /var/lib/kannuki/txn/ACTIVE'; }
ended_there() { by_password '! test -e /var/lib/kannuki/txn/ACTIVE'; }
apply_there() { # apply_there APPLY-ARGUMENT...
	echo "$job_secret" | by_password ./kannuki apply --policy policy.conf --yes --password-stdin --no-wait "$@"
}
pending_there() { # pending_there APPLY-ARGUMENT...: as a test, without which the rest makes no sense
	exits "apply waits for its proof: 4" 4 apply_there "$@"
	under_way_there || bail "nothing waits"
}

# --- pending, and the plug is pulled -----------------------------------------------------------------------------

make_disks >"$here/disks" 2>&1 || bail "no disks: $(cat "$here/disks")"
power_on
ok "it boots, and root logs in by password" up by_password
like "the kernel mounts the root read-only" '\bro\b' by_password cat /proc/cmdline
like "/var is a file system of its own" '/dev/vdb' by_password findmnt -n -o SOURCE /var
printf '%s\n' '[admin]' "user = $job_admin" "key = $(cat "$job_key.pub")" '[ssh]' "port = $job_port" \
	'[firewall]' 'open = ssh' >"$here/policy"
put "$job_program" kannuki 755
put "$here/policy" policy.conf 600
machine_state >"$here/before"
pending_there --window 1h
ok "the window is longer than the machine is up" by_password 'test "$(cut -d . -f 1 /proc/uptime)" -lt 3600'
ok "the new door opens" by_key true
pull_the_plug
power_on
ok "the plug was pulled: it boots" up by_password
ok "it ends by itself" wait_until 60 ended_there
is_old_again "the plug was pulled"
not_ok "the new door is gone" by_key true
# What the boot did, in its order: the units are gone by now, PID 1's journal has them.
by_password "journalctl -q -b --no-pager -t systemd" >"$here/boot"
first() { grep -nm 1 -E "$1" "$here/boot" | cut -d : -f 1; }
before() { [ -n "$(first "$1")" ] && [ -n "$(first "$2")" ] && [ "$(first "$1")" -lt "$(first "$2")" ]; }
undo_begins='Starting .*Kannuki: undoes'
undo_ends='Finished .*Kannuki: undoes'
ok "the root was made writable before the undo" before 'Finished systemd-remount-fs' "$undo_begins"
ok "/var was there before it" before 'Mounted .*[/ ]var[ .]' "$undo_begins"
ok "sshd came after it" before "$undo_ends" 'Starting ssh.service'
ok "and the filter's owners" before "$undo_ends" 'Reached target network.target'

# --- a year passes on the clock within the window -------------------------------------------------------------------

pending_there --window 60s
by_password 'systemctl kill -s KILL "kannuki-apply@*"; systemctl stop "kannuki-sentinel@*"'
ok "the date is set a year on" by_password 'date -s "+1 year" && test "$(date +%Y)" -gt "$(date -r /var/lib/kannuki/txn/ACTIVE +%Y)"'
ok "it still waits" under_way_there
ok "by PID 1's timer alone" by_password 'systemctl is-active "kannuki-deadline@*" && ! systemctl is-active "kannuki-sentinel@*"'
ok "the deadline comes in its time" wait_until 100 ended_there
by_password 'date -s "-1 year"' >/dev/null
is_old_again "a year on"
like "log says why" 'nobody confirmed in time' by_password ./kannuki log

# --- confirmed, and the plug is pulled -----------------------------------------------------------------------------------

pending_there
by_key_sudo() { echo "$job_secret" | by_key sudo -S -p "''" "$@"; }
ok "confirmed by a login at the new door" by_key_sudo kannuki confirm
is "the kernel itself has the filter" drop by_key_sudo sh -c "'nft list table inet kannuki | grep -o -m 1 drop'"
pull_the_plug
power_on "$(date -u -d '+4 months' +%Y-%m-%dT%H:%M:%S)"
ok "four months later it boots, and the admin gets in" up by_key
ok "the machine thinks so too" by_key 'test "$(date +%s)" -gt '"$(date -d '+3 months' +%s)"
not_ok "the old door is shut" by_password -o ConnectTimeout=5 true
not_ok "root's password opens nothing" env LAB_PASSWORD="$(vps password)" SSH_ASKPASS="$lab_root/askpass" SSH_ASKPASS_REQUIRE=force \
	nsenter -t "$wire" -n ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no \
	-o NumberOfPasswordPrompts=1 -p "$job_port" root@127.0.0.1 true
exits "plan is empty: 0" 0 by_key_sudo kannuki plan
is "nothing of the waiting time is left" "" by_key_sudo sh -c "'ls /run/systemd/system /etc/systemd/system | grep -E \"kannuki-(apply|sentinel|deadline|recover|settle)\" || true'"
pull_the_plug
done_testing
