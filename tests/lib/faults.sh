# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# faults.sh: runs inside a VPS (sh). A host with nothing that an audit minds, the words that faults.tsv
# is written in, and `each_fault FILE CMD`: for every line plants the fault, runs CMD ID, and heals it.

security_list=/var/lib/apt/lists/192.0.2.10_dists_bookworm-security_main_binary-amd64_Packages

sshd() { # sshd KEYWORD VALUE...: sshd would say so, before anything else
	printf '%s\n' "$*" >/etc/ssh/sshd_config.d/00-fault.conf
}
sshd_back() { rm -f /etc/ssh/sshd_config.d/00-fault.conf; }
settle() { sleep 0.3; }
listen() { # listen PORT: a program listens there for everybody
	systemd-run -q --unit=fault-listens python3 -m http.server --bind :: "$1"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		ss -Hltn "sport = :$1" | grep -q . && return
		sleep 0.1
	done
}
listen_back() { systemctl stop fault-listens; }
unit() { # unit NAME...: a unit of that name is active
	for name; do
		printf '[Service]\nExecStart=/bin/sleep infinity\n' >"/run/systemd/system/$name"
		systemctl daemon-reload
		systemctl start "$name"
	done
}
socket() { # socket NAME.socket: a socket unit of that name listens on this host alone
	printf '[Socket]\nListenStream=/run/fault.sock\nAccept=yes\n' >"/run/systemd/system/$1"
	printf '[Service]\nExecStart=/bin/true\n' >"/run/systemd/system/${1%.socket}@.service"
	systemctl daemon-reload
	systemctl start "$1"
}
unit_back() {
	systemctl stop "$@" 2>/dev/null
	for name; do rm -f "/run/systemd/system/$name"; done
	systemctl daemon-reload
}
kernel() { # kernel NAME VALUE
	kernel_name=$1 kernel_value=$(sysctl -n "$1")
	sysctl -qw "$1=$2"
}
kernel_noted() { # the same, for a heal that is another shell
	echo "$1=$(sysctl -n "$1")" >/root/kernel-was
	sysctl -qw "$1=$2"
}
kernel_back() { sysctl -qw "$kernel_name=$kernel_value"; }
no_redirects() { # turning forwarding off sets them all to what a host has by default
	for kernel_name in all default eth0; do
		sysctl -qw "net.ipv4.conf.$kernel_name.accept_redirects=0" "net.ipv4.conf.$kernel_name.send_redirects=0"
	done
}
give_key() { # give_key USER: taro's key
	mkdir -m 700 "/home/$1/.ssh"
	cp /home/taro/.ssh/authorized_keys "/home/$1/.ssh/"
	chmod 600 "/home/$1/.ssh/authorized_keys"
	chown -R "$1:" "/home/$1/.ssh"
}

clean_host() { # what audit finds nothing wrong with, but for the filter, updates, the clock and bans
	useradd -m -s /bin/bash taro
	useradd -m -s /bin/bash jiro
	usermod -p '*' jiro
	echo 'taro:correct-horse-9' | chpasswd
	chage -d 2026-01-01 taro
	gpasswd -a taro sudo
	mkdir -m 700 /home/taro/.ssh
	ssh-keygen -q -t ed25519 -N '' -C taro@laptop -f /root/taro
	mv /root/taro.pub /home/taro/.ssh/authorized_keys
	chmod 600 /home/taro/.ssh/authorized_keys
	rm /root/taro
	chown -R taro: /home/taro/.ssh
	cat >/etc/ssh/sshd_config.d/10-clean.conf <<-CONF
		Port 2222
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PermitRootLogin no
		X11Forwarding no
		MaxAuthTries 4
		LogLevel VERBOSE
		MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512
	CONF
	printf 'deb http://192.0.2.10/ bookworm main\ndeb http://192.0.2.10/ bookworm-security main\n' >/etc/apt/sources.list
	: >"$security_list"
	: >"${security_list%main*}InRelease"
	mkdir -p /var/lib/apt/periodic
	touch /var/lib/apt/periodic/upgrade-stamp
	# What an image says in its main file would come too late to matter.
	cp /etc/ssh/sshd_config /root/sshd_config
	systemctl reload ssh
	mkdir -p /var/log/journal
	systemctl restart systemd-journald
	journalctl --flush
	for name in all default eth0; do
		for setting in accept_redirects send_redirects accept_source_route; do
			sysctl -qw "net.ipv4.conf.$name.$setting=0"
		done
		sysctl -qw "net.ipv4.conf.$name.rp_filter=2" "net.ipv4.conf.$name.log_martians=1"
		sysctl -qw "net.ipv6.conf.$name.accept_redirects=0"
	done
	sysctl -qw net.ipv4.tcp_rfc1337=1 kernel.kptr_restrict=1 kernel.dmesg_restrict=1 \
		kernel.perf_event_paranoid=3 kernel.unprivileged_bpf_disabled=2 fs.protected_fifos=1 fs.protected_regular=2 \
		fs.protected_hardlinks=1 fs.protected_symlinks=1 fs.suid_dumpable=0 kernel.randomize_va_space=2
}

each_fault() { # each_fault FILE CMD...: CMD ID while the fault is there
	faults=$1
	shift
	tab=$(printf '\t')
	while IFS=$tab read -r id plant heal <&3; do
		case $id in '#'* | '') continue ;; esac
		eval "$plant" >/dev/null 2>&1
		"$@" "$id" </dev/null
		eval "$heal" >/dev/null 2>&1
	done 3<"$faults"
}
