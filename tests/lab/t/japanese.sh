#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# The main job in Japanese: no English sentence is left on any screen, every line fits 80 columns, sudo
# carries the language, and what PID 1 wrote while nobody was there is told in the reader's language.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2034,SC2154 # texts for the VPS's shell; job_port is main_job.sh's; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

language=ja_JP.UTF-8
root() { # root COMMAND-LINE: as root by password at port 22, in $language
	vps ssh "$one" -- "export LANG=$language; $1"
}
admin() { # admin COMMAND-LINE: by key at the new port, sudo given the password, in $language
	echo "$job_secret" | door "$one" -- "export LANG=$language; sudo -S -p '' $1"
}
apply_as_root() { # apply_as_root ARGUMENTS
	echo "$job_secret" | root "./kannuki apply --policy policy.conf --yes --password-stdin --no-wait $*"
}

# What is the same in every language: names, commands, paths, values, what others print.
cat >"$TEST_TMP/same" <<'WORDS'
Tera Term|PuTTY: Host Name
Debian GNU/Linux [0-9]+ \([a-z]+\)
(sudo )?(\./)?kannuki( (setup|audit|help|plan|apply|confirm|undo|status|log|extend|open|policy|fingerprint|recover))?( (COMMAND|WHAT \[from CIDR\]))?
WHAT \[from CIDR\]|--[a-z-]+ [A-Z]+|ssh-ed25519 [^ ]+ [^ ]+
ssh -p [0-9]+ [^ ]+
(apt-get|chmod|chown|passwd|usermod|systemctl) [^ 、。)]+
(PermitRootLogin|[A-Za-z]*Authentication) (yes|no)( -> (yes|no))?
from 203\.0\.113\.0/24
\(ssh, web[^)]*\)
ssh, web
text(, |\|)json
(admin )?(\[オプション\] )?revoke USER|probe HOST|setup USER@HOST|guard COMMAND \.\.\.|completion SHELL
status, ban, unban, why, import|--since last|dnf makecache|Defaults use_pty
sudo [A-Za-z]+ = [a-z]+
/[^ 、。()]+
ok  \[[0-9/]+\]
[a-z0-9]+ (yes|no|none|INFO)( |$)
macs: .*|[a-z0-9-]+@openssh\.com
door\.[a-z-]+
visudo -c: .*|ssh_pwauth: false
(systemd-timesyncd; )?timedatectl set-ntp( true)?
WORDS
# look english|wide: lines of standard input with two words of English side by side, or of more than 80 columns
# (errors, which are one line, and reasons left out). Differences of files are as the files are.
cat >"$TEST_TMP/look.py" <<'PYTHON'
import re, sys, unicodedata

text = sys.stdin.buffer.read().decode()
text = re.sub(r"^--- .*?\n\n", "", text, flags=re.S | re.M)
same = [line for line in open(sys.argv[2], encoding="utf-8").read().split("\n") if line]
for line in text.split("\n"):
    if sys.argv[1] == "wide":
        width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
        if width > 80 and not re.match(r"kannuki: |/[^ ]+:[0-9]+: |    [^ ]|元に戻し(?:ました|ています): ", line):
            sys.stdout.buffer.write(f"{width} {line}\n".encode())
    elif re.search(r"[A-Za-z]{2,}[,;:.]? [A-Za-z]{2,}", re.sub("|".join(same), "|", line)):
        sys.stdout.buffer.write(f"{line}\n".encode())
PYTHON
look() { python3 "$TEST_TMP/look.py" "$1" "$TEST_TMP/same"; }
found_in() { printf '%s\n' "$2" | look "$1"; }
japanese() { # japanese: the output of the command of the test before
	local saved=$output
	is "  all of it Japanese" "" found_in english "$saved"
	is "  within 80 columns" "" found_in wide "$saved"
	output=$saved
}
# said_ja WORDS STATUS REGEX CMD...: ends so, says that, and nothing in English
said_ja() {
	exits "$1" "$2" "${@:4}"
	said "  as it should" "$3"
	japanese
}

# --- the looks themselves: they find what they are for ------------------------------------------------

like "an English sentence is seen" 'not confirmed' found_in english '変更は not confirmed yet です'
is "names and commands are not" "" found_in english '次を入力: sudo kannuki confirm (Debian GNU/Linux 12 (bookworm)、ssh -p 22022 taro@192.0.2.1)'
like "a line of 82 columns is" '^82 ' found_in wide "$(printf '鍵%.0s' $(seq 41))"
is "one of 80 is not" "" found_in wide "$(printf '鍵%.0s' $(seq 40))"

# --- before anything is changed -----------------------------------------------------------------------

rented cloud
one=$vps_one
policy "$one"
said_ja "help" 0 '確認待ち' root './kannuki help'
for command in audit update admin facts policy plan apply confirm undo extend status log open close fingerprint recover help; do
	said_ja "help $command" 0 '。|します|形式|します$' root "./kannuki help $command"
done
said_ja "facts" 0 '接続中 .*root \(192\.0\.2\.10から、ポート22\)' root './kannuki facts'
said_ja "status without a policy" 0 'ポリシー .*まだありません' root './kannuki status'
said_ja "log of nothing" 0 'まだ何も変更していません' root './kannuki log'
said_ja "fingerprint" 0 '初めて接続したとき' root './kannuki fingerprint'
said_ja "policy" 0 'user .*taro .*2行目' root './kannuki policy --check policy.conf'
said_ja "plan" 3 '理由: パスワードは当てられますが、鍵は当てられません' root './kannuki plan --policy policy.conf'
said "  what stops answering, first" '^今は外から届きますが、届かなくなるもの:'
said "  and which line decides now" '今の値の場所: /etc/ssh/[^ ]*:[0-9]+'
said_ja "audit" 0 '^評価 F: root' root './kannuki audit --all'
said_ja "audit, not as root" 0 '/etc/shadow: 権限がありません' root 'cp kannuki /tmp/; su debian -s /bin/sh -c "/tmp/kannuki audit"'
said_ja "an unknown command" 2 '「aply」というコマンドはありません。「apply」のことですか' root './kannuki aply'
said_ja "an unknown option" 2 '--windwというオプションはありません' root './kannuki apply --windw 1m'
said_ja "a window that is too short" 2 '時間「5s」は使えません' root './kannuki apply --policy policy.conf --yes --window 5s'
said_ja "nobody to ask" 2 '--yesを付けてください' root './kannuki apply --policy policy.conf </dev/null'
said_ja "a password that is too short" 2 'パスワードは10文字以上' root 'echo short | ./kannuki apply --policy policy.conf --yes --password-stdin'
said_ja "confirm with nothing to confirm" 1 '確認待ちの変更はありません' root './kannuki confirm'
said_ja "extend with nothing to confirm" 1 '確認待ちの変更はありません' root './kannuki extend'
said_ja "undo of nothing" 1 '元に戻すものはありません' root './kannuki undo --yes'
said_ja "not as root" 2 'rootで実行してください' root 'su debian -s /bin/sh -c "/tmp/kannuki status"'
said_ja "a policy that is not there" 2 '/nopeがありません' root './kannuki plan --policy /nope'
root 'sed "s/^user = .*/user = root/" policy.conf >bad.conf; chmod 600 bad.conf'
said_ja "a policy with a fault" 2 '^/root/bad.conf:2: .*一般ユーザー' root './kannuki plan --policy bad.conf'

# --- a step fails in the process of PID 1, which has no language of its own -----------------------------

root 'mv /usr/sbin/useradd /usr/sbin/useradd.away'
said_ja "apply fails" 1 '^元に戻しました: .*useradd.*プログラムがありません' apply_as_root
said "  and says what is so now" '^このサーバーは変更前の状態です'
root 'mv /usr/sbin/useradd.away /usr/sbin/useradd'
said_ja "log says so" 0 '^    .*useradd: プログラムがありません' root './kannuki log'

# --- nobody confirms; the language is the policy's, where the login has none ------------------------------

policy "$one" '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web' '[ui]' 'language = ja'
language=C.UTF-8
said_ja "apply, pending" 4 '^まだ確定していません。あと[0-9]+秒以内に' apply_as_root --window 30s
said "  what to do" '^1\. 提供元のパケットフィルターで、TCP 22022を許可してください'
said_ja "status" 4 '確認待ちです' root 'kannuki status'
said_ja "extend, too far" 2 '時間「2h」は使えません' root 'kannuki extend 2h'
said_ja "confirm" 1 'このログインはポート22から入りました' root 'kannuki confirm'
said_ja "log, pending" 0 '確認待ち' root 'kannuki log'
ok "nobody confirms: it ends" ended "$one" 60
language=ja_JP.UTF-8
said_ja "log" 0 '元に戻しました: 時間内に確定されませんでした' root './kannuki log'
language=en_US.UTF-8
like "the same in English, as the policy is gone" 'undone: nobody confirmed in time' root './kannuki log'
language=ja_JP.UTF-8
said_ja "confirm is too late" 1 '間に合いませんでした。.*時間内に確定されませんでした' root './kannuki confirm'
policy "$one"

# --- the job, confirmed -----------------------------------------------------------------------------------

said_ja "apply, pending" 4 '^まだ確定していません。あと[0-9]+分[0-9]+秒以内に' apply_as_root
said_ja "status" 4 '確認待ちです' root 'kannuki status'
said_ja "extend" 0 '残りは(19分5[0-9]|20分00)秒' root 'kannuki extend 20m'
said_ja "a second apply" 5 '進行中です。先に確定するか元に戻してください' root 'kannuki apply --yes'
said_ja "a login that proves nothing" 1 'このログインはポート22から入りました' root 'kannuki confirm'
said "  what to do instead" '^    ssh -p 22022 taro@サーバーのアドレス'
admin true >/dev/null 2>&1 # sudo's lecture comes once
said_ja "sudo carries the language: confirm" 0 '証明されました: taro \(192\.0\.2\.10から、publickey、ポート22022\)' admin 'kannuki confirm'
said "  and the end" '^確定しました。選んだ設定\(ポリシー\)のとおりになっています'
said_ja "log, confirmed" 0 '確定しました: taro \(192\.0\.2\.10から、publickey、ポート22022\)' admin 'kannuki log'
said_ja "log of one, with every record" 0 '変更済み +[0-9]+\. ユーザーtaroを作り' \
	admin 'sh -c "kannuki log \$(ls /var/lib/kannuki/txn | grep ^2 | tail -n 1)"'
said_ja "status" 0 'taro +鍵のみ' admin 'kannuki status'
said_ja "an empty plan" 0 '変更するものはありません' admin 'kannuki plan'
said_ja "undo of it all waits for its proof too" 4 '^トランザクション[0-9-]+を元に戻します:' admin 'kannuki undo --yes --no-wait'
said "  and says by which door" '^    ssh -p 22 root@'
said_ja "undo of the undo" 0 '元に戻しました: 利用者の指示がありました' admin 'kannuki undo'
said_ja "open" 0 '^8080/tcpを開けます' admin 'kannuki open 8080/tcp --yes'
said_ja "open what is open" 0 'すでに開いています' admin 'kannuki open 8080/tcp --yes'
said_ja "close ssh" 2 'sshは閉じられません' admin 'kannuki close ssh --yes'
said_ja "close" 0 '^8080/tcpを閉じます' admin 'kannuki close 8080/tcp --yes'
said_ja "undo of that" 0 '確定しました。トランザクション[0-9-]+を元に戻しました' admin 'kannuki undo --yes'
language=en_US.UTF-8
exits "the plan is empty in English too: the policy's comments have no language" 0 admin 'kannuki plan'

language=ja_JP.UTF-8
said_ja "undo of one that is undone already" 1 '今も有効なものはありません' \
	admin 'sh -c "kannuki undo --yes \$(ls /var/lib/kannuki/txn | grep ^2 | head -n 1)"'
done_testing
