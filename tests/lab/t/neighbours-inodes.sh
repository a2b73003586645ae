#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# Another program takes every inode of the disk while a transaction waits: undo and confirm come to a safe
# end all the same. (The blocks of the disk: disk.sh.)
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

inodes() { # inodes FREE: takes all of them but so many, which is quick for the last ones
	on python3 - "$1" <<-'PY'
		import os, sys
		os.makedirs("/var/cache/fill", exist_ok=True)
		n = len(os.listdir("/var/cache/fill"))
		while os.statvfs("/var/cache").f_ffree > int(sys.argv[1]):
		    try:
		        os.close(os.open("/var/cache/fill/%d" % n, os.O_CREAT | os.O_WRONLY))
		    except OSError:
		        break
		    n += 1
	PY
}
no_inodes() { inodes 0 && sh_on '! touch /var/cache/one-more 2>/dev/null'; }
free_some() { sh_on 'cd /var/cache/fill && ls -U | head -n 1000 | xargs rm; sync -f /'; }

waits debian12
inodes 1000
remember "$vps_one"
pending "$vps_one" --window "$short_window"
ok "no inode is free while it waits" no_inodes
ok "  the new door opens" door "$vps_one" -- true
unconfirmed "no inode"
free_some
is_as_before "$vps_one" "  byte for byte as before"
ok "no inode is free before it begins" no_inodes
exits "  apply ends with 1" 1 apply "$vps_one"
not_ok "  nothing is under way" under_way "$vps_one"
free_some
is_as_before "$vps_one" "  byte for byte as before"

# The images of what follows the proof are new files.
pending "$vps_one"
ok "no inode is free before the confirmation" no_inodes
exits "  confirm does not finish it: 1" 1 confirm "$vps_one"
said "  it says why" '^Confirmed, but not finished: .*No space left on device'
ok "  the admin gets in" door "$vps_one" -- true
sh_on 'rm -rf /var/cache/fill'
exits "  free again: apply finishes it" 4 as_admin "$vps_one" kannuki apply --yes --no-wait
confirmed_as_wanted "free again"
done_testing
