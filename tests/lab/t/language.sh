#!/bin/bash
# SPDX-License-Identifier: MIT
# language.sh: setup from a workstation whose locale decides nothing asks for the language first, before it
# looks for the host; and version says which file this is.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # what workstation.sh sets
. "$(dirname "$0")/../../lib/workstation.sh"

is "version says the SHA-256 that sha256sum says" "SHA-256 $(sha256sum <"$job_program" | cut -d ' ' -f 1)" \
	bash -c "'$job_program' version | tail -n 1"
is "so does --version" "$("$job_program" version)" "$job_program" --version

ws_screen C root@203.0.113.77
shows "a locale that does not decide: asks, in both" "1. 日本語"
is "and says nothing before" 1 bash -c "grep -nm1 日本語 <<<'$(screen)' | cut -d : -f 1"
type_line q
ends "q leaves" 1
ws_screen C "'root@[x'"
shows "asked again" "1. 日本語"
type_line 1
shows "what follows is Japanese" "USER@HOSTの形"
ws_screen C root@nowhere.invalid
shows "and again" "1. 日本語"
type_line 2
ends "2 is English; this host there is not" 1 40
on_screen "nowhere.invalid" || fail "it names the host" "$(screen)"
done_testing
