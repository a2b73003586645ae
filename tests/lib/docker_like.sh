# shellcheck shell=bash
# shellcheck disable=SC2154 # lab_root is lab.sh's
# SPDX-License-Identifier: MIT
#
# docker_like.sh: what makes the kind docker, on a VPS of another kind that has iptables.
docker_like() { # docker_like NAME
	vps run "$1" bash -s <"$lab_root/kinds.d/docker.sh"
	vps run "$1" systemctl -q start publish.service box.service
	docker_like_up "$1"
}
docker_like_up() { # docker_like_up NAME: waits until the service answers, over both families
	wait_until 10 vps run "$1" python3 -c 'import socket
for a in "172.17.0.2", "fd00:17::2": socket.create_connection((a, 80), 1)'
}
