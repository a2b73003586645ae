#!/bin/bash
# SPDX-License-Identifier: MIT
# The main job on a cloud image, whose 50-cloud-init.conf says PasswordAuthentication yes; and after
# it a new instance id, with which cloud-init writes its SSH settings again.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

way_before cloud
way_pending
way_confirmed 6
way_rebooted

before=$(vps run "$vps_one" sha256sum /etc/ssh/ssh_host_ed25519_key)
ok "a new instance id" vps run "$vps_one" sh -c 'f=$(ls -d /var/lib/cloud/seed/nocloud*/meta-data) &&
	sed -i "s/^instance-id:.*/instance-id: another-one/" $f && grep -q another-one $f'
vps reboot "$vps_one" >/dev/null
vps run "$vps_one" cloud-init status --wait >/dev/null 2>&1
is "cloud-init ran for it" "another-one" vps run "$vps_one" cat /var/lib/cloud/data/instance-id
not_ok "and made new host keys" test "$before" = "$(vps run "$vps_one" sha256sum /etc/ssh/ssh_host_ed25519_key)"
way_look "a new instance"
done_testing
