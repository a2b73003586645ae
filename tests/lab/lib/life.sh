# shellcheck shell=bash
# shellcheck disable=SC2154 # $here and the capitals are set by vps
# SPDX-License-Identifier: MIT
#
# The life of a VPS: made, powered on, rebooted, cut off, removed.
#
# $LAB/vps/NAME/ holds: kind, index (gives the addresses), disk.img (ext4: everything but /usr),
# disk/ (where it is mounted while running), generation (how often it was powered on), supervisor
# and nspawn (process ids), console.log and console.sock, stop (asks the supervisor not to start
# again), provider (the packet filter's rules).
#
# The disk is a plain ext4 so that a power cut loses what a power cut loses.  /usr alone is an
# overlay over the base, with its upper layer on that disk: a new VPS is 15 MB instead of 350.

vps_dir() { echo "$LAB/vps/$1"; }
vps_get() { cat "$LAB/vps/$1/$2" 2>/dev/null; }
need_vps() { [ -e "$LAB/vps/$1/index" ] || die "no VPS '$1'"; }
need_running() { need_vps "$1"; running "$1" || die "$1 is not running"; }
netns_of() { echo "$TAG-$1"; }
all_vps() { find "$LAB/vps" -mindepth 2 -maxdepth 2 -name index -printf '%h\n' 2>/dev/null | sed 's,.*/,,' | sort; }

alive() { # alive PID: and not a zombie that nobody has reaped yet
	local stat
	[ -n "${1:-}" ] && stat=$(cut -d ')' -f 2 "/proc/$1/stat" 2>/dev/null) && [[ -n $stat && $stat != ' Z'* ]]
}
ours() { # ours PID: alive, and started by this lab (an id of a killed lab may be somebody else's now)
	alive "${1:-}" && { tr '\0' '\n' <"/proc/$1/environ" | grep -qx "KANNUKI_LAB=$LAB"; } 2>/dev/null
}
running() { ours "$(vps_get "$1" supervisor)"; }
leader() { # the id, on this machine, of the VPS's PID 1
	local nspawn first=
	nspawn=$(vps_get "$1" nspawn) || return 1
	{ read -r first _ <"/proc/$nspawn/task/$nspawn/children"; } 2>/dev/null || true # it has no newline
	[ -n "$first" ] && echo "$first"
}
wait_for() { # wait_for SECONDS WHAT COMMAND...: polls; dies saying WHAT did not happen
	local end=$(($(now_ms) + $1 * 1000)) what=$2
	shift 2
	until "$@"; do
		[ "$(now_ms)" -lt "$end" ] || die "$what: not within the time"
		sleep 0.05
	done
}
not() { ! "$@"; }

# apart slave|private: sets $apart to what starts a command in a mount namespace of its own.  In a chroot
# whose / is no mount point nobody, nspawn included, may say how mounts spread: there the command
# gets a / that is one.
apart() {
	apart=(unshare -m --propagation "$1")
	mountpoint -q / || apart=(unshare -m --propagation unchanged sh -c "
		mkdir -p /run/lab-root && mount --rbind / /run/lab-root && mount --make-r$1 /run/lab-root &&
		exec chroot /run/lab-root \"\$@\"" apart)
}

# --- the disk -----------------------------------------------------------------------------------

disk_make() { # disk_make NAME SIZE
	local dir base
	dir=$(vps_dir "$1")
	base=$(base_of "$(vps_get "$1" kind)")
	truncate -s "$2" "$dir/disk.img"
	mkfs.ext4 -q -F -m 0 -E lazy_itable_init=1,lazy_journal_init=1 -d "$base/rest" "$dir/disk.img"
	"$here/vps" offline "$1" "$here/vps" first-state "$1"
}
disk_mount() { # disk_mount NAME: in the caller's own mount namespace
	local dir base
	dir=$(vps_dir "$1")
	base=$(base_of "$(vps_get "$1" kind)")
	mount -t ext4 -o loop,data=ordered "$dir/disk.img" "$dir/disk"
	mkdir -p "$dir/disk/usr" "$dir/disk/.usr/upper" "$dir/disk/.usr/work"
	mount -t overlay usr "$dir/disk/usr" \
		-o "lowerdir=$base/usr,upperdir=$dir/disk/.usr/upper,workdir=$dir/disk/.usr/work"
}
disk_umount() {
	local dir
	dir=$(vps_dir "$1")
	umount "$dir/disk/usr" 2>/dev/null || umount -l "$dir/disk/usr" || true
	umount "$dir/disk"
}

cmd_offline() { # offline NAME CMD...         CMD with the powered-off VPS's root as its working directory
	[ $# -ge 2 ] || usage 'offline NAME CMD...'
	need_vps "$1"
	! running "$1" || die "$1 is running"
	apart private
	"${apart[@]}" "$here/vps" offline-inner "$@"
}
cmd_offline_inner() {
	local name=$1 rc=0
	shift
	disk_mount "$name"
	(cd "$(vps_dir "$name")/disk" && "$@") || rc=$?
	disk_umount "$name"
	return "$rc"
}

# --- first state --------------------------------------------------------------------------------

# What a hosting company hands over: root logs in by password, no key is there.  Runs with the
# new disk as its working directory.
cmd_first_state() {
	local name=$1
	echo "$name" >etc/hostname
	printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost ip6-localhost\n' "$name" >etc/hosts
	sed -i 's/^#\?PermitRootLogin .*/PermitRootLogin yes/' etc/ssh/sshd_config
	sysctl_stand_ins
	if [ -d etc/cloud ]; then
		cloud_seed "$name"
	else
		sed -i "s,^root:[^:]*:,root:$(openssl passwd -6 "$ROOT_PASSWORD"):," etc/shadow
		ssh-keygen -A -f . >/dev/null
	fi
	kind_state "$(vps_get "$name" kind)"
}
# What makes the kind special, run in the new disk as its root.  Nothing it starts or says reaches this
# machine's network.
kind_state() {
	local script=$here/kinds.d/$1.sh
	[ -e "$script" ] || return 0
	unshare -n -m --propagation unchanged sh -c 'mount -t proc proc proc && exec chroot . env -i "$@"' kind \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin PASSWORD="$ROOT_PASSWORD" KEY="$(cat "$LAB/key.pub")" \
		bash -eu <"$script" >/dev/null || die "kinds.d/$1.sh failed"
}
cloud_seed() { # a NoCloud seed: cloud-init itself does the rest at first boot
	local seed=var/lib/cloud/seed/nocloud
	mkdir -p "$seed"
	printf 'instance-id: iid-%s\nlocal-hostname: %s\n' "$1" "$1" >"$seed/meta-data"
	cat >"$seed/user-data" <<-USER
		#cloud-config
		ssh_pwauth: true
		disable_root: false
		locale: false
		chpasswd:
		  expire: false
		  users:
		    - {name: root, password: "$ROOT_PASSWORD", type: text}
	USER
	echo 'network: {config: disabled}' >etc/cloud/cloud.cfg.d/99-lab-network.cfg
}

# kernel.*, fs.* and vm.* settings are the machine's own and cannot be written in here: each gets
# a private file, so that sysctl -w and reading back work without any effect on the machine.
sysctl_stand_ins() {
	local units=etc/systemd/system
	mkdir -p "$units/sysinit.target.wants" usr/local/lib
	cat >usr/local/lib/lab-sysctl <<-'SCRIPT'
		#!/bin/sh
		cd /proc/sys || exit 1
		for f in kernel/kptr_restrict kernel/dmesg_restrict kernel/unprivileged_bpf_disabled kernel/perf_event_paranoid \
			kernel/sysrq kernel/randomize_va_space kernel/core_uses_pid kernel/core_pattern kernel/panic kernel/panic_on_oops \
			kernel/unprivileged_userns_clone kernel/kexec_load_disabled kernel/yama/ptrace_scope fs/protected_hardlinks \
			fs/protected_symlinks fs/protected_fifos fs/protected_regular fs/suid_dumpable fs/file-max \
			fs/inotify/max_user_watches fs/inotify/max_user_instances vm/mmap_min_addr vm/swappiness vm/overcommit_memory \
			vm/overcommit_ratio vm/mmap_rnd_bits vm/unprivileged_userfaultfd vm/panic_on_oom net/core/bpf_jit_harden; do
			[ -e "$f" ] || continue
			mkdir -p "/run/lab-sysctl/${f%/*}"
			cat "$f" >"/run/lab-sysctl/$f" 2>/dev/null || echo 0 >"/run/lab-sysctl/$f"
			mount --bind "/run/lab-sysctl/$f" "/proc/sys/$f"
		done
	SCRIPT
	chmod 755 usr/local/lib/lab-sysctl
	cat >$units/lab-sysctl.service <<-'UNIT'
		[Unit]
		Description=Private stand-ins for the machine's sysctls
		DefaultDependencies=no
		Before=systemd-sysctl.service
		After=local-fs-pre.target
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/usr/local/lib/lab-sysctl
	UNIT
	ln -sf ../lab-sysctl.service $units/sysinit.target.wants/lab-sysctl.service
}

cmd_new() { # new NAME [KIND] [SIZE]   a fresh VPS, powered off (KIND debian12, SIZE of its disk 2G)
	[[ $# -ge 1 && $# -le 3 ]] || usage 'new NAME [KIND] [SIZE]'
	[[ $1 =~ ^[a-z][a-z0-9-]{0,31}$ ]] || die "a name is small letters, digits and dashes: '$1'"
	local dir
	dir=$(vps_dir "$1")
	[ ! -e "$dir/index" ] || die "$1 exists already"
	cmd_base "${2:-debian12}"
	outside_up
	new_name=$1
	trap 'cmd_rm "$new_name"' EXIT # half made is not made
	mkdir -p "$dir/disk"
	echo "${2:-debian12}" >"$dir/kind"
	(
		flock 8 # the lowest free index
		index=0
		while grep -qsx "$index" "$LAB"/vps/*/index; do index=$((index + 1)); done
		[ "$index" -lt 200 ] || die "200 VPSes are enough"
		echo "$index" >"$dir/index"
	) 8>"$LAB/index.lock"
	disk_make "$1" "${3:-2G}"
	[ "${2:-}" != console-first ] || cmd_provider "$1" on
	trap - EXIT
}

# --- power --------------------------------------------------------------------------------------

cmd_boot() { # boot NAME                 powers it on; returns when it is up
	[ $# = 1 ] || usage 'boot NAME'
	local dir
	dir=$(vps_dir "$1")
	need_vps "$1"
	! running "$1" || die "$1 is running already"
	outside_up
	rm -f "$dir/nspawn" "$dir/stop" "$dir/console.sock"
	# the supervisor goes back through descriptors 8 and 9 (we may be in a chroot) to make network
	# namespaces that everybody sees
	apart slave
	setsid "${apart[@]}" python3 "$here/console.py" serve "$dir/console.sock" \
		"$dir/console.log" "$dir/supervisor" "$here/vps" supervise "$1" \
		9</proc/self/ns/mnt 8</ </dev/null >>"$dir/supervisor.log" 2>&1 &
	echo $! >"$dir/console"
	disown
	wait_for 10 "$1's supervisor" running "$1"
	cmd_wait "$1"
}

# Owns the mounts and the nspawn of one VPS, and starts it again when it asked for a reboot.  Runs in a
# mount namespace of its own with the VPS's console as its terminal, and ends with the VPS.
cmd_supervise() {
	local name=$1 dir rc
	dir=$(vps_dir "$name")
	mount -t cgroup2 cgroup2 /sys/fs/cgroup # only in here: nspawn then sees a pure v2 machine
	mkdir -p "/sys/fs/cgroup/$TAG/$name"
	echo $$ >"/sys/fs/cgroup/$TAG/$name/cgroup.procs"
	mkdir -p /run/systemd/nspawn
	mount -t tmpfs nspawn /run/systemd/nspawn # two labs may both have a VPS of this name
	while :; do
		disk_mount "$name"
		plug_in "$name"
		advertise "$name"
		echo "$(($(vps_get "$name" generation || echo 0) + 1))" >"$dir/generation"
		# Without CAP_NET_ADMIN services have no nft; without CAP_BPF and the bpf call IPAddressDeny= is
		# silently ignored; without WRITABLE=network net.* settings are read-only.
		SYSTEMD_NSPAWN_LOCK=0 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network \
			systemd-nspawn -q -D "$dir/disk" -M "$name" --boot --register=no --keep-unit \
			--network-namespace-path="/run/netns/$(netns_of "$name")" --resolv-conf=off --timezone=off \
			--link-journal=no --system-call-filter=bpf --capability=CAP_NET_ADMIN,CAP_BPF,CAP_IPC_LOCK \
			--console=interactive 8<&- 9<&- <&0 &
		echo $! >"$dir/nspawn"
		rc=0
		wait $! || rc=$?
		[ -z "$advertiser" ] || kill "$advertiser" || true
		disk_umount "$name"
		# 133 is a reboot that was asked for; its packet filter and addresses are gone, as on a real one
		[[ $rc = 133 && ! -e $dir/stop ]] || break
	done
	in_machine ip netns del "$(netns_of "$name")" || true
	echo $$ >/sys/fs/cgroup/cgroup.procs
	cgroup_remove "/sys/fs/cgroup/$TAG/$name"
}
in_machine() { nsenter --mount=/proc/self/fd/9 --root=/proc/self/fd/8 "$@"; }
cgroup_remove() { find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true; }

plug_in() { # a fresh network namespace with a cable to the provider's bridge
	local index netns
	index=$(vps_get "$1" index)
	netns=$(netns_of "$1")
	in_machine ip netns del "$netns" 2>/dev/null || true
	in_machine nsenter --net="/run/netns/$PROVIDER" ip link del "vps$index" 2>/dev/null || true
	in_machine ip netns add "$netns"
	in_machine nsenter --net="/run/netns/$PROVIDER" ip -batch - <<-CABLE
		link add vps$index type veth peer name eth0 netns $netns address 02:00:00:00:01:$(printf %02x "$index")
		link set vps$index master vpses up
	CABLE
	in_machine nsenter --net="/run/netns/$netns" ip -batch - <<-PLUG
		link set lo up
		link set eth0 up
	PLUG
	slaac "$1" || in_machine nsenter --net="/run/netns/$netns" ip -batch - <<-ADDRESSES
		addr add $(address4 "$1")/24 dev eth0
		addr add $(address6 "$1")/64 dev eth0 nodad
		route add default via $NET4.1
		route add ::/0 via $NET6:1
	ADDRESSES
}
advertise() { # for a VPS that has its addresses from the router: sets $advertiser, else empty
	advertiser=
	slaac "$1" || return 0
	in_machine nsenter --net="/run/netns/$PROVIDER" python3 "$here/advertise.py" \
		"vps$(vps_get "$1" index)" "$NET6:" </dev/null &
	advertiser=$!
}
addressed() { # has it all its addresses?
	! slaac "$1" || [ -n "$(cmd_run "$1" ip -6 addr show dev eth0 scope global -tentative)" ]
}

cmd_wait() { # wait NAME [SECONDS]        until it has finished booting; prints running or degraded
	local end=$(($(now_ms) + ${2:-60} * 1000)) state=''
	need_vps "$1"
	while [ "$(now_ms)" -lt "$end" ]; do
		running "$1" || { tail -n 5 "$(vps_dir "$1")"/*.log >&2; die "$1 is not running"; }
		state=$(cmd_run "$1" systemctl is-system-running 2>/dev/null) || true
		case $state in
		running | degraded | maintenance) addressed "$1" && { echo "$state"; return; } ;;
		esac
		sleep 0.1
	done
	die "$1 did not come up: ${state:-no answer}"
}
cmd_gen() { # gen NAME                  how many times it was powered on
	need_vps "$1"
	vps_get "$1" generation || echo 0
}
generation_reached() { [ "$(cmd_gen "$1")" -ge "$2" ]; }
cmd_wait_gen() { # wait-gen NAME N [SECONDS]  until power-on number N has finished booting (note gen before)
	[ $# -ge 2 ] || usage 'wait-gen NAME N [SECONDS]'
	wait_for "${3:-60}" "power-on number $2 of $1" generation_reached "$1" "$2"
	cmd_wait "$1" "${3:-60}"
}
cmd_reboot() { # reboot NAME               a clean reboot from inside; returns when it is up again
	local generation
	need_running "$1"
	generation=$(cmd_gen "$1")
	cmd_run "$1" systemctl reboot || true
	cmd_wait_gen "$1" "$((generation + 1))"
}
ended() { # ended NAME: waits for the supervisor.  Hangs if a process from outside sits stopped or traced in there
	wait_for 20 "the end of $1" not running "$1"
}
kill_leader() {
	local pid
	if pid=$(leader "$1"); then kill -KILL "$pid" 2>/dev/null || true; fi
}
cmd_off() { # off NAME                  the power button: a clean shutdown
	need_running "$1"
	touch "$(vps_dir "$1")/stop"
	kill -RTMIN+4 "$(leader "$1")"
	ended "$1"
}
cmd_kill() { # kill NAME                 every process dies at once; what was written stays
	need_vps "$1"
	touch "$(vps_dir "$1")/stop"
	kill_leader "$1"
	ended "$1"
}
cmd_power_cut() { # power-cut NAME            the power goes: what was not synced to disk is lost; leaves it off
	local dir
	need_running "$1"
	dir=$(vps_dir "$1")
	touch "$dir/stop"
	# first the disk stops (EXT4_IOC_SHUTDOWN, not even the journal is flushed), then the processes die
	nsenter -t "$(vps_get "$1" supervisor)" -m -r python3 -c \
		'import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack("I", 2))' \
		"$dir/disk"
	kill_leader "$1"
	ended "$1"
}

# --- the end ------------------------------------------------------------------------------------

# Kills what a VPS's cgroup still holds: a supervisor that was killed itself leaves its VPS running.
# Runs in a mount namespace of its own.
cmd_sweep() {
	local group=/sys/fs/cgroup/$TAG/$1 pid
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	[ -d "$group" ] || return 0
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null | while read -r pid; do
			kill -KILL "$pid" 2>/dev/null || true
		done
		cgroup_remove "$group"
		[ -d "$group" ] || return 0
		sleep 0.1
	done
}
cmd_rm() { # rm NAME                   powers it off hard and removes it; fine when it is not there
	[ $# = 1 ] || usage 'rm NAME'
	local dir
	dir=$(vps_dir "$1")
	[ -d "$dir" ] || return 0
	touch "$dir/stop"
	kill_leader "$1"
	for _ in {1..100}; do
		running "$1" || ours "$(vps_get "$1" console)" || break
		sleep 0.05
	done
	apart private
	"${apart[@]}" "$here/vps" sweep "$1"
	ip netns del "$(netns_of "$1")" 2>/dev/null || true
	outside_forget "$1"
	if [ -e "/run/netns/$PROVIDER" ]; then provider_load remove_tree "$dir"; else remove_tree "$dir"; fi
}
cmd_down() { # down                      removes everything but the bases; fine after a crash too
	local name
	for name in "$LAB"/vps/*/; do
		[ ! -d "$name" ] || cmd_rm "$(basename "$name")"
	done
	apart private
	"${apart[@]}" "$here/vps" sweep ''
	for name in $(ip netns list | awk '{ print $1 }' | grep "^$TAG-" || true); do ip netns del "$name"; done
}
cmd_ls() { # ls                        name, kind, IPv4, IPv6, up or off
	local name
	for name in $(all_vps); do
		printf '%-20s %-13s %-15s %-24s %s\n' "$name" "$(vps_get "$name" kind)" "$(slaac "$name" || address4 "$name")" \
			"$(address6 "$name")" "$(running "$name" && echo up || echo off)"
	done
}
