# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What a container engine leaves: a service in a network of its own behind a bridge, published by
# DNAT, so that it never meets INPUT.  Port 8080 by nft tables, 8081 by iptables-nft in a chain
# DOCKER, and 8082 on loopback only; all over IPv4 and IPv6.  Comes at every boot by units of its own.
cat >/usr/local/sbin/publish <<-'SCRIPT'
	#!/bin/sh -e
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	ip netns add box
	ip link add docker0 type bridge
	ip addr add 172.17.0.1/16 dev docker0
	ip addr add fd00:17::1/64 dev docker0 nodad
	ip link set docker0 up
	ip link add veth-box type veth peer name eth0 netns box
	ip link set veth-box master docker0 up
	ip link set veth-box type bridge_slave hairpin on
	ip -n box link set lo up
	ip -n box link set eth0 up
	ip -n box addr add 172.17.0.2/16 dev eth0
	ip -n box addr add fd00:17::2/64 dev eth0 nodad
	ip -n box route add default via 172.17.0.1
	ip -n box -6 route add default via fd00:17::1
	nft -f - <<-NFT
		table ip published { chain prerouting { type nat hook prerouting priority -100
			fib daddr type local tcp dport 8080 dnat to 172.17.0.2:80; }
		}
		table ip6 published { chain prerouting { type nat hook prerouting priority -100
			fib daddr type local tcp dport 8080 dnat to [fd00:17::2]:80; }
		}
	NFT
	docker_like() { # docker_like PROGRAM NETWORK BOX BOX-WITH-PORT LOOPBACK
		"$1" -t nat -N DOCKER
		"$1" -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
		"$1" -t nat -A POSTROUTING -s "$2" ! -o docker0 -j MASQUERADE
		"$1" -t nat -A POSTROUTING -s "$3" -d "$3" -p tcp --dport 80 -j MASQUERADE
		"$1" -t nat -A DOCKER ! -i docker0 -p tcp --dport 8081 -j DNAT --to-destination "$4"
		"$1" -t nat -A DOCKER -d "$5" ! -i docker0 -p tcp --dport 8082 -j DNAT --to-destination "$4"
		"$1" -P FORWARD DROP
		"$1" -N DOCKER
		"$1" -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		"$1" -A FORWARD -o docker0 -j DOCKER
		"$1" -A FORWARD -i docker0 -j ACCEPT
		"$1" -A DOCKER -d "$3" ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT
	}
	docker_like iptables 172.17.0.0/16 172.17.0.2 172.17.0.2:80 127.0.0.1
	docker_like ip6tables fd00:17::/64 fd00:17::2 '[fd00:17::2]:80' ::1
SCRIPT
chmod 755 /usr/local/sbin/publish
cat >/etc/systemd/system/publish.service <<-'UNIT'
	[Unit]
	Wants=network.target
	After=network.target ufw.service
	[Service]
	Type=oneshot
	RemainAfterExit=yes
	ExecStart=/usr/local/sbin/publish
	[Install]
	WantedBy=multi-user.target
UNIT
cat >/etc/systemd/system/box.service <<-'UNIT'
	[Unit]
	Requires=publish.service
	After=publish.service
	[Service]
	NetworkNamespacePath=/run/netns/box
	ExecStart=/usr/bin/python3 -m http.server --bind :: 80
	[Install]
	WantedBy=multi-user.target
UNIT
systemctl -q enable publish.service box.service
