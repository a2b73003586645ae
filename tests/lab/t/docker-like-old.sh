#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# The oldest nft that is supported (0.9.8) reads what is published, and takes the rules that close it.
# shellcheck source=/dev/null
# shellcheck disable=SC2034,SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"
. "$(dirname "$0")/../../lib/docker_like.sh"

rented debian11
one=$vps_one
vps apt "$one" update >/dev/null && vps apt "$one" install --no-install-recommends iptables >/dev/null
docker_like "$one"
policy "$one" '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web, 8080/tcp'
answer "$one" "22 80 3000 8080 8081" "before"
remember "$one"
exits "plan" 3 vps run "$one" /root/kannuki plan --policy /root/policy.conf
said "  names what iptables publishes" '8081/tcp \(published by table ip nat\)'
said "  over IPv6 too" '8081/tcp \(published by table ip6 nat\)'
not_said "  not what is opened" '8080/tcp (published'
pending "$one"
answer "$one" "22 80 8080 $job_port" "pending: only what is opened"
ok "undone" vps run "$one" /root/kannuki undo
is_as_before "$one" "undone: byte for byte as before"
done_testing
