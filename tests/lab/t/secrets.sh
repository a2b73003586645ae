#!/bin/bash
# SPDX-License-Identifier: MIT
# A password and a private key are in no log, no argument list, no environment, no file of ours, no
# report and no core dump: looked for all the time while apply, confirm and undo run.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented cloud
one=$vps_one
on() { vps run "$one" "$@"; }

# Every process's arguments and environment, and what lies in /run and /tmp, as fast as it can.
cat >"$TEST_TMP/looks.py" <<'PYTHON'
import os, sys, time

word, seen, rounds = sys.stdin.read().strip().encode(), set(), 0 # not as an argument, which would be seen
def look(path, what):
    try:
        with open(path, "rb") as f:
            if word in f.read(1 << 20):
                seen.add(what)
    except OSError:
        pass
while not os.path.exists("/root/enough"):
    rounds += 1
    for pid in filter(str.isdigit, os.listdir("/proc")):
        look(f"/proc/{pid}/cmdline", "arguments of a process")
        look(f"/proc/{pid}/environ", "environment of a process")
    for top in "/run/kannuki", "/tmp", "/var/tmp":
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    look(path, path)
    time.sleep(0.002)
print("seen in: " + ", ".join(sorted(seen)) if seen else "not seen", f"({rounds} looks)")
PYTHON
vps put "$one" "$TEST_TMP/looks.py" /root/looks.py 755
begin_to_look() {
	on rm -f /root/enough
	on python3 /root/looks.py >"$TEST_TMP/looks" <<<"$1" &
	looks=$!
}
looked() { # looked WORDS: ends the looking; it saw nothing
	on touch /root/enough
	wait "$looks"
	like "$1: in no argument list, environment or passing file" '^not seen \([0-9]{2,} looks\)' cat "$TEST_TMP/looks"
}
nowhere() { # nowhere WORDS SECRET: in no file of the VPS that stays, and not in its journal
	is "$1: in no file" "" searched "$2" 'grep -rlaF -f - /etc /root /home /var /run --exclude-dir=cache'
	is "$1: not in the journal" 0 searched "$2" 'cat >/dev/shm/word; journalctl -q --no-pager -a | grep -cF -f /dev/shm/word; rm /dev/shm/word'
}
searched() { vps run "$one" sh -c "$2" <<<"$1"; } # the word is no argument, either

# --- the looks themselves find what they are for ------------------------------------------------------

begin_to_look needle-in-arguments
on sh -c 'sleep 2; true needle-in-arguments' needle-in-arguments
on touch /root/enough
wait "$looks"
like "a password in an argument list would be seen" '^seen in: arguments of a process' cat "$TEST_TMP/looks"
on sh -c 'logger needle-in-journal; echo needle-in-file >/var/lib/needle'
is "one in the journal too" 1 on sh -c 'journalctl --sync; journalctl -q --no-pager | grep -cF needle-in-journal'
is "and one in a file" /var/lib/needle on grep -rlaF needle-in-file /var/lib
on rm /var/lib/needle

# --- the admin's password -------------------------------------------------------------------------------

policy "$one"
begin_to_look "$job_secret"
pending "$one"
nowhere "the password, pending" "$job_secret"
ok "confirmed by a real login" confirm "$one"
looked "the password, from apply to confirm"
nowhere "the password, confirmed" "$job_secret"
for report in facts 'facts --format json' plan 'plan --format json' log status policy; do
	# shellcheck disable=SC2086 # a command and its options
	capture on /root/kannuki $report
	not_said "  nor does $report show it" -F "$job_secret"
	not_said "  nor its hash" -F '$y$'
done
is "what undo keeps of shadow is root's alone" "" on sh -c \
	'find /var/lib/kannuki -perm /077 -type f -exec grep -laF "\$y\$" {} + || true'

# --- a process that dies while it holds it ----------------------------------------------------------------

cat >"$TEST_TMP/dies.py" <<'PYTHON'
import os, resource, signal, subprocess, sys, time
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd="/root")
time.sleep(0.5)
p.send_signal(signal.SIGSEGV)
_, status = os.waitpid(p.pid, 0)
print("signal", os.WTERMSIG(status), "dumped" if os.WCOREDUMP(status) else "not dumped")
PYTHON
vps put "$one" "$TEST_TMP/dies.py" /root/dies.py 755
is "another program's memory would be dumped here" "signal 11 dumped" on python3 /root/dies.py sleep 60
ok "an admin who needs a password" on sh -c 'sed "s/^user = .*/user = hana/" /root/policy.conf >/root/hana.conf; chmod 600 /root/hana.conf'
is "kannuki's is not, while it waits for a password" "signal 11 not dumped" on python3 /root/dies.py \
	/root/kannuki apply --policy /root/hana.conf --yes --no-wait --password-stdin
done_testing
