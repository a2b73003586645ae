#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# The program is removed while a transaction waits, as a package's removal would: what is due comes all the same.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

gone() { # gone WORDS CMD: in the window, in the transaction's folder; the deadline undoes all the same
	pending "$vps_one" --window "$short_window"
	ok "$1" sh_on 'cd "$(ls -d /var/lib/kannuki/txn/2* | tail -n 1)" && '"$2"
	unconfirmed "$1"
	is_as_before "$vps_one" "  byte for byte as before"
}
waits debian12

gone "the program is removed" 'rm /usr/local/sbin/kannuki'
gone "the copy that undoes is removed too" 'rm /usr/local/sbin/kannuki recover'

pending "$vps_one"
ok "the program is removed" on rm /usr/local/sbin/kannuki
copy=$(sh_on 'echo "$(ls -d /var/lib/kannuki/txn/2* | tail -n 1)/recover"')
exits "  its copy does not confirm: 5" 5 as_admin "$vps_one" "$copy" confirm
said "  it says what is gone, and how to put it back" "sudo cp $copy /usr/local/sbin/kannuki"
ok "  put back" as_admin "$vps_one" cp "$copy" /usr/local/sbin/kannuki
confirmed_as_wanted "put back"
done_testing
