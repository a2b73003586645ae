# shellcheck shell=bash
# shellcheck disable=SC2154 # what lab.sh and main_job.sh set
# SPDX-License-Identifier: MIT
#
# setup_screen.sh: kannuki setup in a real terminal of 80x24: tmux, in it ssh -tt to the VPS. A tmux
# server of its own for each test. Sources main_job.sh.
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/main_job.sh"

screen_count=0
screen_answers=0
export LC_ALL=C.UTF-8 # for tmux itself

tm() { tmux -f /dev/null -S "$TEST_TMP/tmux.$screen_count" "$@"; }
trap 'tm kill-server 2>/dev/null; lab_cleanup' EXIT

screen_begin() { # screen_begin NAME LOCALE [SETUP-ARGUMENT...]: root, by password, runs setup
	local name=$1 locale=$2
	shift 2
	screen_answers=0
	tm kill-server 2>/dev/null
	screen_count=$((screen_count + 1)) # a server that is going refuses new sessions
	tm new-session -d -s main -x 80 -y 24 \
		"TERM=${screen_term:-xterm} '$lab_root/vps' ssh '$name' -tt 'export LANG=$locale; ./kannuki ${screen_command:-setup} $*; echo ended with \$?'; exec sleep 1000"
}
screen_begin_as_admin() { # screen_begin_as_admin NAME COMMAND: through the new door, by sudo
	tm kill-server 2>/dev/null
	screen_count=$((screen_count + 1)) # a server that is going refuses new sessions
	tm new-session -d -s main -x 80 -y 24 \
		"TERM=xterm '$lab_root/vps' ssh '$1' --key '$job_key' -l $job_admin -p $job_port -tt 'sudo kannuki $2; echo ended with \$?'; exec sleep 1000"
}
screen() { tm capture-pane -p -t main; }
screen_past() { tm capture-pane -p -S -400 -t main; }
on_screen() { screen | tr -d ' \n' | grep -qF -- "${1// /}"; } # also over the end of a line
shows() { # shows WORDS TEXT [SECONDS]: the text comes onto the screen in time, as a test
	if wait_until "${3:-20}" on_screen "$2"; then pass "$1"; else fail "$1" "no \"$2\" on the screen:"$'\n'"$(screen | grep -v '^$')"; fi
}
key() { tm send-keys -t main -l -- "$1"; }
# A line; it counts as an answer unless it is a password's second time.
type_line() {
	key "$1"
	tm send-keys -t main Enter
}
answer() {
	screen_answers=$((screen_answers + 1))
	type_line "$1"
}
# In any language: the screens are numbered.
asks() { wait_until "${2:-30}" on_screen "[$1/5]" || bail "question $1 does not come:"$'\n'"$(screen)"; }
ends() { # ends WORDS STATUS [SECONDS]
	if wait_until "${3:-20}" on_screen "ended with $2"; then pass "$1"; else fail "$1" "no end with $2:"$'\n'"$(screen)"; fi
}
to_question() { # to_question N: the answers before it
	asks 1
	[ "$1" -gt 1 ] || return 0
	answer "$job_admin"
	asks 2
	[ "$1" -gt 2 ] || return 0
	answer "$job_secret"
	sleep 0.5
	type_line "$job_secret"
	asks 3
	[ "$1" -gt 3 ] || return 0
	answer "$(cat "$job_key.pub")"
	asks 4
	[ "$1" -gt 4 ] || return 0
	answer ''
	asks 5
}
new_port() { # new_port: into $job_port, from the plan's screen
	job_port=$(screen | sed -n 's/^ *4\. .* \([0-9]*\) (.*22).*/\1/p')
	[ -n "$job_port" ] || bail "no port on the plan:"$'\n'"$(screen)"
}
wide_lines() { # what is wider than the screen or uses signs of ambiguous width
	screen_past | python3 -c '
import sys, unicodedata
for line in sys.stdin:
    bad = [c for c in line if unicodedata.east_asian_width(c) == "A"]
    if bad: print("ambiguous:", "".join(bad), line, end="")'
}
