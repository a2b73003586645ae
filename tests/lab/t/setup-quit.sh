#!/bin/bash
# SPDX-License-Identifier: MIT
# setup-quit.sh: leaving kannuki setup at every question changes nothing; a private key is refused and is
# nowhere; languages and dumb terminals.
# shellcheck disable=SC2154 # vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/setup_screen.sh"

leave() { # leave WORDS QUESTION HOW: by a key of tmux (C-c, C-d) or a line
	screen_begin "$vps_one" en_US.UTF-8
	to_question "$2"
	case $3 in
	C-*) tm send-keys -t main "$3" ;;
	*) type_line "$3" ;;
	esac
	ends "$1" 1
	on_screen "Nothing was changed." || fail "$1: says that nothing was changed" "$(screen)"
}

first_line() { screen_past | grep -v '^$' | head -n 1; }

rented cloud
policy "$vps_one" '[ssh]' 'port = 22022' 'root-login = key' '[firewall]' 'open = ssh, web'
remember "$vps_one"
leave "q at the first question" 1 q
leave "^D at the password" 2 C-d
leave "^C at the key" 3 C-c
leave "quit at what to publish" 4 quit
leave "^C at the plan" 5 C-c
leave "終了 at the plan" 5 終了
is_as_before "$vps_one" "leaving at any question changes nothing"

note "the connection is lost"
gone() { ! vps run "$vps_one" pgrep -x kannuki; }
for question in 1 2 3 4 5; do
	screen_begin "$vps_one" en_US.UTF-8
	to_question "$question"
	tm kill-server
	ok "lost at question $question: nothing goes on there" wait_until 10 gone
done
is_as_before "$vps_one" "and nothing is changed"

note "a private key"
screen_begin "$vps_one" ja_JP.UTF-8
to_question 3
type_line "$(cat "$job_key")"
shows "it is refused with a sentence" "これは秘密鍵です。保存していません。"
sleep 1
type_line q
ends "and setup goes on asking" 1
piece=$(sed -n 3p "$job_key")
not_ok "it is in no file" vps run "$vps_one" grep -rqF -- "$piece" /etc /root /var /run /home /tmp
vps run "$vps_one" journalctl -q --flush
not_ok "nor in the journal" bash -c "vps run '$vps_one' journalctl -q --no-pager -a -o export | grep -aqF -- '$piece'"
ok "where a line that is written can be found" bash -c \
	"vps run '$vps_one' logger -- '$piece' && sleep 1 && vps run '$vps_one' journalctl -q --no-pager -a -o export | grep -aqF -- '$piece'"

note "languages"
screen_begin "$vps_one" C.UTF-8
shows "a locale that does not decide: asks, in both" "1. 日本語"
is "before anything else is said" "  1. 日本語" first_line
type_line 1
shows "1 is Japanese" "質問は5つです"
type_line q
ends "q" 1
screen_term=linux screen_begin "$vps_one" ja_JP.UTF-8
shows "TERM=linux cannot draw kanji: says so" "cannot show Japanese"
shows "and is English" "Under which name"
type_line q
ends "q" 1

note "what it cannot do without is said before the questions"
vps run "$vps_one" sh -c 'mv /usr/bin/sudo /usr/bin/sudo.away; mv /usr/sbin/nft /usr/sbin/nft.away'
screen_begin "$vps_one" en_US.UTF-8
ends "without sudo and nft: 5" 5
shows "and how to get them" "apt-get install sudo nftables"
vps run "$vps_one" sh -c 'mv /usr/bin/sudo.away /usr/bin/sudo; mv /usr/sbin/nft.away /usr/sbin/nft'

note "a policy to start from"
screen_begin "$vps_one" en_US.UTF-8 --policy policy.conf
shows "its name is the answer unless another is given" "Name [$job_admin]"
answer ''
asks 2
answer "$job_secret"
sleep 0.5
type_line "$job_secret"
asks 3
answer ''
asks 4
shows "what it does not open is said first" "will stop answering: 3000/tcp (python3)"
answer ''
asks 5
shows "its port is in the plan" "22022 (now 22)"
type_line d
shows "d shows all of it, a page at a time" "Enter: more"
type_line b
type_line q
ends "q" 1
is_as_before "$vps_one" "and still nothing is changed"
done_testing
