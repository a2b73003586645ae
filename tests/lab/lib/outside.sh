# shellcheck shell=bash
# shellcheck disable=SC2154 # $here and the capitals are set by vps
# SPDX-License-Identifier: MIT
#
# The world around the VPSes, two network namespaces:
#
#   outside: real clients,  --------  provider: router and packet filter  --- bridge --- VPS, VPS, ...
#   at two addresses a family
#
# The filter drops what it forwards, so that a client meets silence, as with a real provider.

address4() { echo "$NET4.$((10 + $(vps_get "$1" index)))"; }
address6() { # given by hand, or made of the hardware's by the VPS itself
	local index
	index=$(vps_get "$1" index)
	if slaac "$1"; then printf '%s:ff:fe00:1%02x\n' "$NET6" "$index"; else printf '%s:%x\n' "$NET6" $((0x10 + index)); fi
}
slaac() { [ "$(vps_get "$1" kind)" = ipv6 ]; } # has IPv6 alone, by the router's advertisements

# Not `ip netns exec` nor `ip -n`: they also want a mount namespace, and cannot have one in a chroot.
in_netns() { nsenter --net="/run/netns/$1" "${@:2}"; }

outside_up() {
	mkdir -p "$LAB/vps"
	(
		flock 8
		[ -e "$LAB/key" ] || ssh-keygen -q -t ed25519 -N '' -C lab -f "$LAB/key"
		# the last thing made below is there: all of it is
		[ -z "$(in_netns "$OUTSIDE" ip route show default 2>/dev/null)" ] || exit 0
		for netns in "$OUTSIDE" "$PROVIDER"; do
			ip netns del "$netns" 2>/dev/null || true
			ip netns add "$netns"
			in_netns "$netns" ip link set lo up
		done
		in_netns "$PROVIDER" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
		# a bridge without an address of its own takes another whenever a port comes or goes
		in_netns "$PROVIDER" ip -batch - <<-PROVIDER
			link add vpses address 02:00:00:00:00:01 type bridge
			addr add $NET4.1/24 dev vpses
			addr add $NET6:1/64 dev vpses nodad
			link set vpses up
			link add outside type veth peer name internet netns $OUTSIDE
			addr add 192.0.2.1/24 dev outside
			addr add 203.0.113.1/24 dev outside
			addr add 2001:db8:2::1/64 dev outside nodad
			addr add 2001:db8:3::1/64 dev outside nodad
			link set outside up
		PROVIDER
		provider_load
		in_netns "$OUTSIDE" ip -batch - <<-OUTSIDE
			link set internet up
			addr add $CLIENT4/24 dev internet
			addr add $ELSEWHERE4/24 dev internet
			addr add $CLIENT6/64 dev internet nodad
			addr add $ELSEWHERE6/64 dev internet nodad
			route add ::/0 via 2001:db8:2::1 src $CLIENT6
			route add default via 192.0.2.1 src $CLIENT4
		OUTSIDE
	) 8>"$LAB/outside.lock"
}

outside_forget() { # clients still connected to a VPS that is gone would wait for ever
	local address
	[ -e "$LAB/vps/$1/index" ] || return 0
	for address in "$(address4 "$1")" "[$(address6 "$1")]"; do
		in_netns "$OUTSIDE" ss -K dst "$address" >/dev/null 2>&1 || true
	done
}

cmd_outside() { # outside CMD...            CMD in the outside world
	outside_up
	exec nsenter --net="/run/netns/$OUTSIDE" "$@" # who ends it ends CMD
}
cmd_addr() { # addr NAME 4|6             its address; addr outside 4|6 and addr elsewhere 4|6: the two client places
	[[ $# = 2 && $2 = [46] ]] || usage 'addr NAME|outside|elsewhere 4|6'
	case $1$2 in
	outside4) echo "$CLIENT4" ;;
	outside6) echo "$CLIENT6" ;;
	elsewhere4) echo "$ELSEWHERE4" ;;
	elsewhere6) echo "$ELSEWHERE6" ;;
	*)
		need_vps "$1"
		[ "$2" = 6 ] || ! slaac "$1" || die "$1 has no IPv4"
		"address$2" "$1"
		;;
	esac
}
cmd_key() { # key                       path of the lab's private key for clients (KEY.pub beside it); in no VPS
	outside_up
	echo "$LAB/key"
}
cmd_password() { # password                  root's password on every new VPS
	echo "$ROOT_PASSWORD"
}

cmd_ssh() { # ssh NAME [--password PW | --key FILE | --none] [-4|-6] [OPTION...] [--] [CMD...]   a real ssh login from outside; alone: as root by password
	[ $# -ge 1 ] || usage 'ssh NAME [--password PW | --key FILE | --none] [-4|-6] [ssh option...] [--] [CMD...]'
	local name=$1 family=4 password=$ROOT_PASSWORD
	local options=(-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=10)
	local login=(-o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1) given=()
	shift
	need_vps "$name"
	! slaac "$name" || family=6
	while [ $# -gt 0 ]; do
		case $1 in
		--password) password=$2; shift 2 ;;
		--key) password='' login=(-i "$2" -o IdentitiesOnly=yes -o BatchMode=yes -o PreferredAuthentications=publickey); shift 2 ;;
		--none) password='' login=(-o BatchMode=yes -o PreferredAuthentications=none); shift ;;
		--) shift; break ;;
		-[46]) family=${1#-}; shift ;;
		-[BbcDEeFIiJLlmOopQRSWw]) given+=("$1" "$2"); shift 2 ;;
		-*) given+=("$1"); shift ;;
		*) break ;;
		esac
	done
	# ssh takes the first value of an option: what was given comes before the defaults
	set -- ssh -F none "${given[@]}" -l root "${login[@]}" "${options[@]}" "$("address$family" "$name")" "$@"
	if [ -n "$password" ]; then
		# no terminal in between, as sshpass would have it: -f and -tt work as they do by hand
		LAB_PASSWORD=$password SSH_ASKPASS=$here/askpass SSH_ASKPASS_REQUIRE=force in_netns "$OUTSIDE" "$@"
	else
		in_netns "$OUTSIDE" "$@"
	fi
}

# The provider's packet filter.  A VPS's file `provider` has a line per open port; without the file the
# filter is off.  It is as strict as a stateless one: what is not open is dropped, established
# or not; only answers to what the VPS itself began come in, and ICMP, without which IPv6 is dead.
provider_rules() {
	local name rule address
	echo 'table inet provider'
	echo 'delete table inet provider'
	echo 'table inet provider {'
	echo '	chain to_vps {'
	echo '		type filter hook forward priority 0; policy accept;'
	echo '		iifname != outside accept'
	echo '		ct direction reply accept'
	echo '		meta l4proto { 1, 58 } accept' # ICMP of both families, by number: a bare machine has no /etc/protocols
	for name in $(all_vps); do
		[ -e "$LAB/vps/$name/provider" ] || continue
		for address in "ip daddr $(address4 "$name")" "ip6 daddr $(address6 "$name")"; do
			while read -r rule; do
				echo "		$address ${rule#*/} dport ${rule%/*} accept"
			done <"$LAB/vps/$name/provider"
			echo "		$address counter drop"
		done
	done
	echo '	}'
	echo '}'
}
# provider_load [CMD...]: CMD, which changes what is open, and the rules that come of it, in one go
provider_load() {
	(
		flock 8 # two at once could leave the older rules in force
		"$@"
		provider_rules | in_netns "$PROVIDER" nft -f -
	) 8>"$LAB/provider.lock"
}
provider_open() { # provider_open FILE PORT/PROTO
	provider_close "$1" "$2"
	echo "$2" >>"$1"
}
provider_close() {
	{ grep -vx "$2" "$1" || true; } >"$1.new"
	mv "$1.new" "$1"
}

cmd_provider() { # provider NAME on|off|list|open PORT/PROTO|close PORT/PROTO   the provider's packet filter; off (all open) at first, on: all closed
	local form='provider NAME on|off|list|open PORT/PROTO|close PORT/PROTO' file
	[ $# -ge 2 ] || usage "$form"
	need_vps "$1"
	file=$(vps_dir "$1")/provider
	case $2 in
	on) provider_load touch "$file" ;;
	off) provider_load rm -f "$file" ;;
	list) if [ -e "$file" ]; then cat "$file"; else echo off; fi ;;
	open | close)
		[[ ${3:-} =~ ^[0-9]+(-[0-9]+)?/(tcp|udp)$ ]] || usage "$form"
		[ -e "$file" ] || die "$1's provider filter is off"
		provider_load "provider_$2" "$file" "$3"
		;;
	*) usage "$form" ;;
	esac
}
