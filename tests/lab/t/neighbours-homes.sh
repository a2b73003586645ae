#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# The new user plays games in its home while a transaction waits: links to what is root's, pipes, folders in the
# place of files. The undo comes to its end and follows none of them.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

home=/home/$job_admin
owner_keys=/root/.ssh/authorized_keys
as_user() { # as_user CMD: by the new user, in its home
	door "$vps_one" -- "$1"
}
roots_keys() { on cat "$owner_keys"; }
waits debian12
sh_on "mkdir -p -m 700 /root/.ssh; echo '# root' >$owner_keys; chmod 600 $owner_keys"
remember "$vps_one"

game() { # game WORDS CMD [REGEX]: the user plays it; the undo ends, tells of it, and root's keys are as they were
	pending "$vps_one"
	ok "$1" as_user "$2"
	taken_back "$1" 5 "${3:-"^  - $home"}"
	not_ok "  it has ended" under_way "$vps_one"
	is "  root's keys are as before" '# root' roots_keys
	is_as_before "$vps_one" "  byte for byte as before"
}
game "the user links .ssh to root's" 'rm -r .ssh; ln -s /root/.ssh .ssh'
game "its keys are a pipe" 'rm .ssh/authorized_keys; mkfifo .ssh/authorized_keys'
game "its keys are a folder with something in it" 'rm .ssh/authorized_keys; mkdir -p .ssh/authorized_keys/x'
game ".ssh is a pipe" 'rm -r .ssh; mkfifo .ssh'
done_testing
