#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# cloud-init takes the host for a new instance while a transaction waits, at once or at a boot: it writes users, keys,
# root's password and 50-cloud-init.conf again (trap 18).
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

drop_in=/etc/ssh/sshd_config.d/50-cloud-init.conf
new_instance() { sh_on "sed -i 's/^instance-id: .*/instance-id: iid-$RANDOM/' /var/lib/cloud/seed/nocloud/meta-data; rm -f $drop_in; cloud-init clean"; }
runs_again() { # all its stages, as in a boot; sshd reads what it wrote
	new_instance && sh_on 'for stage in "init --local" init "modules --mode=config" "modules --mode=final"; do
		cloud-init $stage >/dev/null 2>&1; done; systemctl restart ssh'
}
theirs() { # what cloud-init makes anew is as it made it: sshd's files, accounts, sudo's
	sh_on 'cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/* /etc/passwd /etc/group; ls /etc/sudoers.d /home /etc/cloud/cloud.cfg.d'
}
waits cloud
ok "cloud-init runs again" runs_again
before=$(theirs)

pending "$vps_one"
ok "while pending: it runs again" runs_again
owner_gets_in "$vps_one" "  at the old port"
ok "  the admin at the new one" door "$vps_one" -- true
ok "  root's password is refused there" refused_root_password "$vps_one" "$job_port"
taken_back "cloud-init ran" 0
ok "  it runs again, and nobody keeps it from passwords now" runs_again
is "  its files and accounts are as it makes them" "$before" theirs

pending "$vps_one"
ok "while pending: a new instance, and a boot" new_instance
vps reboot "$vps_one" >/dev/null
ok "  it ends by itself" ended "$vps_one" 40
owner_gets_in "$vps_one" "  then"
is "  its files and accounts are as it makes them" "$before" theirs

pending "$vps_one"
ok "before the confirmation: it runs again" runs_again
confirmed_as_wanted "cloud-init ran"
ok "confirmed: a new instance, and a boot" new_instance
vps reboot "$vps_one" >/dev/null
ok "  the admin gets in" door "$vps_one" -- true
ok "  root's password is refused" refused_root_password "$vps_one" "$job_port"
is "  only keys are offered" publickey offered_methods "$vps_one" "$job_port" nobody-here 4
exits "  plan is empty" 0 as_admin "$vps_one" kannuki plan
done_testing
