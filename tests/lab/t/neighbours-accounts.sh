#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# An admin changes accounts and keys while a transaction waits. The undo takes back what is ours, and loses nobody's
# lines.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

home=/home/$job_admin
no_user() { ! on getent passwd "$1"; }
waits debian12

pending "$vps_one"
ok "an admin adds a key for the new user, a name, and another user" sh_on "echo 'ssh-ed25519 AAAA other' >>$home/.ssh/authorized_keys
	usermod -c 'Taro Yamada' $job_admin; useradd -m -s /bin/bash hana; echo hana:$job_secret | chpasswd"
taken_back "accounts changed" 5 "^  - $home/.ssh/authorized_keys "
kept "  the key is kept" "home%$job_admin%.ssh%authorized_keys" '^ssh-ed25519 AAAA other'
told "  and named in the history" "^  ! $home/.ssh/authorized_keys "
ok "  the other user stays, and logs in" as_password hana 22 "$job_secret" "$vps_one" true
ok "  the new one is gone" no_user "$job_admin"
ok "  passwd and shadow agree" on pwck -q -r

pending "$vps_one"
ok "an admin adds a key for the new user" sh_on "echo 'ssh-ed25519 AAAA other' >>$home/.ssh/authorized_keys"
confirmed_as_wanted "a key added"
like "  the key beside ours stays" '^ssh-ed25519 AAAA other' on cat "$home/.ssh/authorized_keys"
done_testing
