# shellcheck shell=bash
# shellcheck disable=SC2154 # $here and the capitals are set by vps
# SPDX-License-Identifier: MIT
#
# The bases: one Debian tree per kind, or several kinds', made once with mmdebstrap and kept, never
# written to again.  $LAB/base/KIND/usr is its /usr, $LAB/base/KIND/rest all else.

common_packages=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,nftables,sudo,iproute2,procps
common_packages+=,iputils-ping,unattended-upgrades,ca-certificates,adduser,passwd,kmod,cron,netbase
common_packages+=,logrotate,acl,tmux,strace

kind_row() { # kind_row KIND -> "SUITE EXTRA"
	awk -v kind="$1" '$1 == kind { print $2, $3; found = 1 } END { exit !found }' "$here/kinds" ||
		die "no kind '$1'; there are: $(awk '!/^#/ { printf "%s ", $1 }' "$here/kinds")"
}
base_kind() { # base_kind KIND: the kind whose base it has
	local suite
	read -r suite _ <<<"$(kind_row "$1")"
	case $suite in
	=*) echo "${suite#=}" ;;
	*) echo "$1" ;;
	esac
}
base_of() { echo "$LAB/base/$(base_kind "$1")"; }

# The archives this machine's apt is set up with.  A minimal machine may know only the main one:
# Debian's mirrors have the security archive beside it.
archive_uris() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)' 2>/dev/null
}
archive_main() {
	[ -n "$(archive_uris)" ] || apt-get update -q >&2 # without package lists apt names nothing
	archive_uris | grep -m 1 '/debian/\?$' || die "apt on this machine names no Debian mirror"
}
archive_security() {
	archive_uris | grep -m 1 '/debian-security/\?$' || archive_main | sed 's,/debian\(/\?\)$,/debian-security\1,'
}
suite_sources() { # suite_sources SUITE: deb lines, only for what the mirror really has
	local key=/usr/share/keyrings/debian-archive-keyring.gpg main security line uri suite probe
	main=$(archive_main)
	security=$(archive_security)
	probe=$(mktemp)
	for line in "$main $1" "$main $1-updates" "$security $1-security"; do
		read -r uri suite <<<"$line"
		if /usr/lib/apt/apt-helper download-file "${uri%/}/dists/$suite/InRelease" "$probe" >/dev/null 2>&1; then
			echo "deb [signed-by=$key] $uri $suite main"
		else
			say "the mirror has no $suite"
		fi
		rm -f "$probe"
	done
}

base_make() { # base_make KIND: into $LAB/base/KIND, all or nothing
	local kind=$1 base row suite extra sources options
	base=$(base_of "$kind")
	row=$(kind_row "$kind")
	read -r suite extra <<<"$row"
	"$here/../../tools/deps" lab
	say "base $kind: making it from $suite (once; about half a minute)"
	mapfile -t sources < <(suite_sources "$suite")
	# a proxy or certificate that apt needs here is needed by mmdebstrap's apt too
	mapfile -t options < <(apt-config dump | grep -E '^Acquire::(http|https)::' | sed 's/^/--aptopt=/')
	remove_tree "$base.tmp"
	mmdebstrap --variant=minbase --format=directory --include="$common_packages${extra:+,$extra}" \
		--aptopt='Acquire::Check-Valid-Until "false"' "${options[@]}" \
		"$suite" "$base.tmp" "${sources[@]}" 2>&1 | tee "$base.log" | base_progress "$kind" ||
		{ tail -n 5 "$base.log" >&2; die "base $kind failed; $base.log has it all"; }
	rm -f "$base.tmp"/etc/ssh/ssh_host_* "$base.tmp"/etc/{resolv.conf,hostname} "$base.tmp"/usr/sbin/policy-rc.d
	: >"$base.tmp/etc/machine-id" # every VPS gets its own at first boot
	sed -i 's/ \[signed-by=[^]]*\]//' "$base.tmp/etc/apt/sources.list"
	rm -rf "$base.tmp"/var/cache/apt/archives/*.deb "$base.tmp"/etc/apt/apt.conf.d/99mmdebstrap
	mkdir -p "$base.tmp/var/log/journal" # a persistent journal, as on a cloud image
	# apart: /usr is shared by all VPSes of the kind, the rest is copied into each one's disk
	remove_tree "$base.new"
	mkdir -p "$base.new"
	mv "$base.tmp/usr" "$base.new/usr"
	mkdir "$base.tmp/usr"
	mv "$base.tmp" "$base.new/rest"
	mv "$base.new" "$base"
	say "base $kind: ready ($(du -sm "$base" | cut -f 1) MB)"
}
base_progress() { # mmdebstrap's stages, and a sign of life between them
	local line
	while IFS= read -r line; do
		case $line in
		I:\ *) say "base $1: ${line#I: }" ;;
		E:\ *) say "base $1: $line" ;;
		esac
	done
}
remove_tree() { # rm -rf that cannot leave this file system, whatever was left mounted below
	[ ! -e "$1" ] || rm -rf --one-file-system "$1"
}

cmd_deps() { # deps                      installs the host packages the lab needs
	"$here/../../tools/deps" lab
}

cmd_base() { # base KIND                 makes the base of a kind (`new` does it when needed)
	[ $# = 1 ] || usage 'base KIND'
	local kind
	kind=$(base_kind "$1")
	mkdir -p "$LAB/base"
	[ ! -d "$LAB/base/$kind" ] || return 0
	(
		flock 8 # another lab user may be making it just now
		[ -d "$LAB/base/$kind" ] || base_make "$kind"
	) 8>"$LAB/base/$kind.lock"
}
