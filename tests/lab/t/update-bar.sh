#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# update-bar: how far an update is. On a terminal one bar at the bottom, which goes in the end; off it a line at each
# tenth; in both languages.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"
. "$(dirname "$0")/../../lib/archive.sh"

rented debian12
one=$vps_one
archive_begin bookworm
parts=(lab-one lab-two lab-three lab-four)
round() { # round VERSION: each takes a second to be set up
	local part
	for part in "${parts[@]}"; do archive_package "$part" "$1" 'sleep 1'; done
	archive_publish
}
round 1.0
archive_use "$one"
vps run "$one" sh -ec 'apt-get -q update && apt-get -q -y install "$@"' - "${parts[@]}" >"$TEST_TMP/first" 2>&1 ||
	bail "$(cat "$TEST_TMP/first")"

round 1.1
exits "off a terminal: 0" 0 as_root_password "$one" ./kannuki update
said "  a line at a tenth" '^  Installing: [1-9]0 %$'
said "  at the last one too" '^  Installing: 100 %$'
said "  and each package" '^  Setting up lab-four \(1\.1\)'
if grep -q '\[#' <<<"$output"; then fail "  no bar" "$output"; else pass "  no bar"; fi
is "  no tenth is said twice" "" uniq -d <<<"$output"

screen() { vps run "$one" tmux capture-pane -p -t bar; }
begin() { # begin LANG COLUMNS
	vps run "$one" tmux -u new-session -d -s bar -x "$2" -y 20 "env LANG=$1 /root/kannuki update; echo ended: \$?; sleep 1000"
}
sees() { wait_until 30 bash -c "grep -qE -- '$1' <<<\"\$(PATH=$PATH; vps run $one tmux capture-pane -p -t bar)\""; }
terminal() { # terminal WORDS LANG COLUMNS LABEL SETS-UP
	begin "$2" "$3"
	ok "$1: a bar" sees "^  $4 +\\[#+ *\\] +[1-9][0-9] %\$"
	screen >"$TEST_TMP/screen"
	is "  one of it" 1 grep -c '\[[# ]*\]' "$TEST_TMP/screen"
	ok "  the lines stand above it" sees "$5"
	ok "  it comes to its end" sees '^ended: 0'
	screen >"$TEST_TMP/screen"
	is "  and then the bar is gone" 0 bash -c "grep -c '\\[[# ]*\\]' '$TEST_TMP/screen' || true"
	is "  each package is listed once" "${#parts[@]}" grep -c 'Setting up lab-' "$TEST_TMP/screen"
	vps run "$one" tmux kill-session -t bar
}
round 1.2
terminal "on a terminal" en_US.UTF-8 80 Installing 'Setting up lab-(one|two|three|four) \(1\.2\)'
round 1.3
terminal "in Japanese" ja_JP.UTF-8 80 インストール 'Setting up lab-(one|two|three|four) \(1\.3\)'
round 1.4
terminal "on a narrow one" en_US.UTF-8 44 Installing 'Setting up lab-(one|two|three|four) \(1\.4\)'
done_testing
