#!/bin/bash
# SPDX-License-Identifier: MIT
# sudoers.sh: an admin that sudo would not obey never becomes the only door: being in the group is
# not enough.
# shellcheck disable=SC2154 # vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/lab.sh"

kannuki=${KANNUKI_BUILD:-$lab_root/../../build}/kannuki
apply() { as_root_password "$vps_one" ./kannuki apply --policy policy.conf --yes --no-wait --password-stdin <<<"a-long-password"; }
plan() { as_root_password "$vps_one" ./kannuki plan --policy policy.conf; }

fresh debian12
ssh-keygen -q -t ed25519 -N '' -f "$TEST_TMP/id"
printf '[admin]\nuser = taro\nkey = %s\n' "$(cat "$TEST_TMP/id.pub")" >"$TEST_TMP/policy.conf"
vps put "$vps_one" "$TEST_TMP/policy.conf" /root/policy.conf 600
vps put "$vps_one" "$kannuki" /root/kannuki 755

ok "the group's line goes from sudoers" vps run "$vps_one" sed -i 's/^%sudo/# &/' /etc/sudoers
exits "apply with a new user undoes itself" 1 apply
like "and says why" 'sudo lets taro do nothing, though it is in the group sudo' printf '%s' "$output"
not_ok "the user is gone again" vps run "$vps_one" id taro
ok "root still logs in by password" as_root_password "$vps_one" true

ok "a user of that name is made by hand" vps run "$vps_one" sh -c \
	'useradd -m -s /bin/bash -G sudo taro && echo taro:another-password | chpasswd'
exits "the plan refuses it" 5 plan
like "and says why" 'sudo lets user taro do nothing' printf '%s' "$output"

ok "the line comes back" vps run "$vps_one" sed -i 's/^# %sudo/%sudo/' /etc/sudoers
exits "now the plan is made" 3 plan
done_testing
