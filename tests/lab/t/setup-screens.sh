#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# setup-screens.sh: the screens of setup in both languages, as they were read by eye (tests/lab/screens): the straight
# way, each wrong answer, a wrong key, the provider's filter, what was tried, giving up, doing nothing.
# shellcheck disable=SC2034,SC2154 # words are read by name; vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/golden.sh"

ssh-keygen -q -t rsa -b 1024 -N '' -C old -f "$TEST_TMP/rsa"
ssh-keygen -q -t ed25519 -N '' -C other -f "$TEST_TMP/other"
golden_keys=("$job_key" "$job_key.pub" "$TEST_TMP/rsa.pub" "$TEST_TMP/other.pub")
key_line=$(cat "$job_key.pub")
try() { vps ssh "$vps_one" -p "$job_port" "$@" -o ConnectTimeout=3 -- true >/dev/null 2>&1 || true; }
wrong() { # wrong NAME ANSWER TEXT: an answer that is none, and what is said to it
	type_line "$2"
	golden "$1" "$3"
}

# Words of the language, to know that a screen has come: in the order of their use.
words_en=('1. 日本語' '[1/5]' 'Yes: that is' 'every guesser' 'small letters' 'a group' '[2/5]' 'guessed first' 'same again'
	'not the same' '[3/5]' 'private key' 'name of a file' '1024 bits' 'not whole' 'These are 2 keys' '[4/5]' 'stop answering' '[5/5]'
	'is taken' 'Some updates need' 'Services that' 'No connection has reached' 'Where did you' 'VPS panel' 'Another key' 'tried root'
	'without a key' 'is logged in' 'What is left' 'Undo all changes' 'as it was before' 'Nothing was changed')
words_ja=('1. 日本語' '[1/5]' 'はい。' '真っ先に' '小文字' 'グループ' '[2/5]' '真っ先に' 'もう一度'
	'一致' '[3/5]' '秘密鍵です' 'ファイルの名前' '1024' '途中' '鍵が2個' '[4/5]' '届かなくなるもの' '[5/5]'
	'使っています' '再起動が必要' '外から届くサービス' 'まだ届いていません' '契約した会社' 'VPSパネル' '別の鍵' 'rootで'
	'鍵がありません' 'からログインしました' 'あとは次のことを' '元に戻しますか' '変更前の状態' '変更していません')

way() { # way LANGUAGE NUMBER: all of it on one VPS
	local -n word=words_$1
	golden_language=$1 golden_port=''
	rented cloud "$1"
	screen_begin "$vps_one" C.UTF-8
	golden 01-language "${word[0]}"
	type_line "$2"
	golden 02-welcome "${word[1]}" 40
	wrong 03-compare "$(vps run "$vps_one" ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d ' ' -f 2)" "${word[2]}"
	wrong 04-name-root root "${word[3]}"
	wrong 05-name-capital Taro "${word[4]}"
	wrong 06-name-group shadow "${word[5]}"
	type_line "$job_admin"
	golden 07-password "${word[6]}"
	wrong 08-password-weak password123 "${word[7]}"
	type_line "$job_secret"
	wait_until 5 on_screen "${word[8]}"
	wrong 09-password-other wrong-horse-99 "${word[9]}"
	type_line "$job_secret"
	sleep 0.5
	type_line "$job_secret"
	golden 10-key "${word[10]}"
	type_line "$(cat "$job_key")"
	golden 11-key-private "${word[11]}"
	wrong 12-key-path 'C:\Users\taro\.ssh\id_ed25519.pub' "${word[12]}"
	wrong 13-key-weak "$(cat "$TEST_TMP/rsa.pub")" "${word[13]}"
	wrong 14-key-cut "${key_line:0:50}" "${word[14]}"
	type_line ''
	sleep 0.5
	wrong 15-key-two "$key_line"$'\n'"$(cat "$TEST_TMP/other.pub")" "${word[15]}"
	type_line "$key_line"
	golden 16-publish "${word[16]}"
	type_line 2
	golden 17-publish-less "${word[17]}"
	type_line 2
	sleep 0.5
	type_line ''
	wait_until 30 on_screen "${word[18]}"
	new_port
	golden_port=$job_port
	golden 18-plan "${word[18]}"
	type_line 4
	sleep 0.5
	wrong 19-port-taken 80 "${word[19]}"
	type_line ''
	wait_until 30 on_screen "${word[18]}"
	type_line 12
	golden 20-restart "${word[20]}"
	type_line '04:00 JST'
	wait_until 30 on_screen '19:00'
	type_line 13
	golden 21-services "${word[21]}"
	type_line ''
	wait_until 30 on_screen "${word[18]}"
	type_line 10 # no update: no archive is there
	sleep 2
	golden 22-plan-changed "${word[18]}"
	vps provider "$vps_one" on
	vps provider "$vps_one" open 22/tcp
	type_line yes
	golden 23-next-step "${word[22]}" 60
	key p
	golden 24-provider "${word[23]}"
	type_line 1
	golden 25-provider-words "${word[24]}"
	vps provider "$vps_one" off
	try --key "$TEST_TMP/other" -l "$job_admin"
	golden 26-wrong-key "${word[25]}"
	try --none -l root
	golden 27-root "${word[26]}"
	try --none -l "$job_admin"
	golden 28-password "${word[27]}"
	door "$vps_one" -- sleep 30 &
	golden 29-logged-in "${word[28]}"
	ok "$1: confirm" confirm "$vps_one"
	kill $! 2>/dev/null
	golden 30-end "${word[29]}" 60
	ok "$1: and it is kept as text" vps run "$vps_one" test -s /var/lib/kannuki/card.txt
	screen_begin_as_admin "$vps_one" setup
	wait_until 20 on_screen "password for $job_admin" || bail "no sudo: $(screen)"
	type_line "$job_secret"
	golden 31-again "${word[1]}" 40
	type_line q
	golden 32-quit "${word[32]}"
}
undone() { # undone LANGUAGE LOCALE: giving up, and doing nothing
	local -n word=words_$1
	golden_language=$1 golden_port=$job_port
	policy "$vps_one"
	screen_command=apply screen_begin "$vps_one" "$2" --policy policy.conf --window 30s --yes
	type_secret_twice
	golden 40-nobody "${word[31]}" 60
	screen_command=apply screen_begin "$vps_one" "$2" --policy policy.conf --yes
	type_secret_twice
	wait_until 40 on_screen "${word[22]}"
	key u
	golden 41-give-up "${word[30]}"
	type_line yes
	golden 42-given-up "${word[31]}" 40
}
type_secret_twice() {
	sleep 3
	type_line "$job_secret"
	sleep 0.5
	type_line "$job_secret"
}

way en 2
way ja 1
rented cloud undo
job_port=22022
undone en en_US.UTF-8
undone ja ja_JP.UTF-8
done_testing
