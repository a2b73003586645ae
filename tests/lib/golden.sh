# shellcheck shell=bash
# shellcheck disable=SC2154 # what setup_screen.sh and lab.sh set
# SPDX-License-Identifier: MIT
#
# golden.sh: screens of setup as they were read by eye, kept as text in tests/lab/screens/LANGUAGE/NAME.txt; what differs
# from run to run (keys, ports, addresses, times) is masked by as many signs, so that lines break where they did.
# LAB_GOLDEN=FOLDER writes the screens there instead of comparing: read them, then copy them.  Sources setup_screen.sh.
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/setup_screen.sh"

golden_language=en

mask() { # mask: standard input without what is of this run
	python3 -c '
import re, sys
text = sys.stdin.buffer.read().decode()
port = sys.argv[1]
# Keys that were pasted, and pieces of them, over the ends of lines.
keys = [key for path in sys.argv[2:] for key in re.findall(r"[A-Za-z0-9+/=]{40,}", open(path).read())]
for piece in keys + [key[:38] for key in keys]:
    text = re.sub("\n?".join(map(re.escape, piece)), lambda m: re.sub(r"[^\n]", "x", m.group()), text)
# What is left at the top of one that has scrolled off.
top = re.match(r"[A-Za-z0-9+/=]+(?= )", text)
if top and any(key.endswith(top.group()) for key in keys):
    text = "x" * len(top.group()) + text[top.end():]
rules = [
    (r"SHA256:[A-Za-z0-9+/]{43}", lambda m: "SHA256:" + "x" * 43),
    (r"\b[0-9a-f]{64}\b", lambda m: "x" * 64),
    (r"198\.51\.100\.[0-9]+", lambda m: "198.51.100.NN"),
    (r"20[0-9]{6}-[0-9]{6}", lambda m: "YYYYMMDD-HHMMSS"),
    (r"[0-9]+ min [0-9]{2} s|[0-9]+ s(?= left)", lambda m: "N min NN s"),
    (r"[0-9]+分[0-9]{2}秒|あと[0-9]+秒", lambda m: "N分NN秒"),
    (r"\b[0-9]+ steps", lambda m: "NN steps"),
    (r"全部で[0-9]+手順", lambda m: "全部でNN手順"),
    (r"ok  \[[0-9]+/[0-9]+\]", lambda m: "ok  [N/N]"),
    (r"(Kannuki) [0-9]+\.[0-9]+\.[0-9]+", r"\1 N.N.N"),
]
for pattern, by in rules:
    text = re.sub(pattern, by, text)
if port:
    text = re.sub(rf"\b{port}\b|(?<![0-9]){port}(?![0-9])", "P" * len(port), text)
sys.stdout.buffer.write("".join(line.rstrip() + "\n" for line in text.rstrip().split("\n")).encode())
' "$golden_port" "${golden_keys[@]}"
}
golden_port=''
golden_keys=() # files of keys that differ from run to run
# Still for a moment: what is printed piece by piece has come.
still() {
	local before='' now
	for _ in {1..40}; do
		now=$(screen | mask)
		[ -n "$now" ] && [ "$now" = "$before" ] && break
		before=$now
		sleep 0.4
	done
	printf '%s\n' "$now"
}
golden() { # golden NAME TEXT [SECONDS]: when the text has come the screen is as it was read
	local file=$lab_root/screens/$golden_language/$1.txt now=$TEST_TMP/golden.now
	if ! wait_until "${3:-30}" on_screen "$2"; then
		fail "$golden_language: $1" "no \"$2\" on the screen:"$'\n'"$(screen | grep -v '^$')"
		return
	fi
	still >"$now"
	if [ -n "${LAB_GOLDEN:-}" ]; then
		mkdir -p "$LAB_GOLDEN/$golden_language"
		cp "$now" "$LAB_GOLDEN/$golden_language/$1.txt"
	fi
	same "$golden_language: $1" "$file" "$now"
}
