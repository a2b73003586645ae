// SPDX-License-Identifier: MIT
/* Entries of the journal in their export format, as lines; and which of them a jail wants. */
#include "guard/journal.h"
#include "lib/t.h"

static struct str told;

static void on_entry(void *arg, const struct journal_entry *e)
{
	journal_line(e, &told);
	str_addf(&told, "|%.3f|", journal_time(e));
}

static const char plain[] = "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1700000000500000\n_HOSTNAME=box\n"
			    "SYSLOG_IDENTIFIER=sshd\n_PID=7\nMESSAGE=Failed password\n\n";

/* "a\nsshd[1]: b" as journalctl has it: its length in front. */
static const char binary[] =
	"_HOSTNAME=box\nSYSLOG_IDENTIFIER=sshd\nSYSLOG_PID=8\nMESSAGE\n\x0c\0\0\0\0\0\0\0"
	"a\nsshd[1]: b\n__REALTIME_TIMESTAMP=1\n\n";

static const char *in_pieces(const char *text, size_t len, size_t piece)
{
	struct journal *j = journal_new();

	str_clear(&told);
	for (size_t i = 0; i < len; i += piece)
		journal_take(j, text + i, len - i < piece ? len - i : piece, on_entry, NULL);
	journal_free(j);
	return told.text && told.len ? told.text : "";
}

static int entries(void)
{
	for (size_t piece = 1; piece < sizeof(plain); piece++)
		T_STR(in_pieces(plain, sizeof(plain) - 1, piece),
		      "box sshd[7]: Failed password|1700000000.500|");
	for (size_t piece = 1; piece < sizeof(binary); piece++)
		T_STR(in_pieces(binary, sizeof(binary) - 1, piece),
		      "box sshd[8]: a\\nsshd[1]: b|0.000|");
	return 0;
}

static int nobody_writes_a_field_of_his_own(void)
{
	static const char lie[] =
		"_HOSTNAME=box\nMESSAGE\n\x0a\0\0\0\0\0\0\0x\n_PID=1\n\n\nSYSLOG_IDENTIFIER=su\n\n";

	T_STR(in_pieces(lie, sizeof(lie) - 1, 5), "box su: x\\n_PID=1\\n\\n|-1.000|");
	return 0;
}

static int nor_begins_a_line_of_his_own(void)
{
	static const char lie[] = "_HOSTNAME=box\nSYSLOG_IDENTIFIER\n\x03\0\0\0\0\0\0\0a\nb\n"
				  "SYSLOG_PID\n\x03\0\0\0\0\0\0\0"
				  "1\n2\nMESSAGE=m\n\n";

	T_STR(in_pieces(lie, sizeof(lie) - 1, 5), "box a\\nb[1\\n2]: m|-1.000|");
	return 0;
}

static int without_end(void)
{
	struct journal *j = journal_new();

	str_clear(&told);
	journal_take(j, "MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff", 16, on_entry, NULL);
	for (unsigned i = 0; i < 100; i++)
		journal_take(j, plain, sizeof(plain) - 1, on_entry, NULL);
	T_OK(told.len == 0);
	journal_reset(j);
	journal_take(j, plain, sizeof(plain) - 1, on_entry, NULL);
	T_STR(told.text, "box sshd[7]: Failed password|1700000000.500|");
	journal_free(j);
	return 0;
}

static int later_names_of_sshd(void)
{
	static const char session[] =
		"_HOSTNAME=box\nSYSLOG_IDENTIFIER=sshd-session\n_PID=9\nMESSAGE=m\n\n";

	T_STR(in_pieces(session, sizeof(session) - 1, 100), "box sshd[9]: m|-1.000|");
	return 0;
}

static bool matches(const char *entry, const char *words)
{
	CLEANUP_STRV struct strv asked = { 0 }, all = { 0 };
	struct journal_field field[8];
	struct journal_entry e = { field, 0 };
	CLEANUP_STRV struct strv lines = { 0 };
	bool r;

	strv_split(&lines, entry, " ");
	for (; e.count < lines.count; e.count++) {
		char *equal = strchr(lines.item[e.count], '=');

		*equal = '\0';
		field[e.count] = (struct journal_field){ lines.item[e.count], equal + 1 };
	}
	strv_split(&asked, words, " ");
	journal_words(&asked, &all);
	r = journal_matches(&e, &all);
	return r;
}

static int what_a_jail_wants(void)
{
	T_OK(matches("A=1 B=2", "") && matches("A=1 B=2", "A=1") && !matches("A=1", "A=2"));
	T_OK(matches("A=1 B=2", "A=1 B=2") && !matches("A=1 B=2", "A=1 B=3"));
	T_OK(matches("A=1", "A=2 A=1") && !matches("A=3", "A=2 A=1"));
	T_OK(matches("A=3", "A=2 + A=3") && matches("B=1", "A=2 A=3 + B=1"));
	T_OK(!matches("A=2 C=1", "A=2 B=1 + A=3"));
	T_OK(matches("_COMM=sshd-session _UID=0", "_SYSTEMD_UNIT=sshd.service + _COMM=sshd"));
	T_OK(matches("_COMM=sshd-auth _UID=0", "_COMM=sshd") &&
	     !matches("_COMM=sshd-x", "_COMM=sshd"));
	T_OK(!matches("_COMM=sshd-session _UID=0", "_COMM=su"));
	/* Any user may call a program so, and what a group asks beside it stays asked. */
	T_OK(!matches("_COMM=sshd-session _UID=1000", "_COMM=sshd") &&
	     !matches("_COMM=sshd _UID=1000", "_SYSTEMD_UNIT=sshd.service + _COMM=sshd"));
	T_OK(matches("_COMM=sshd _UID=0", "_COMM=sshd") &&
	     matches("_COMM=sshd-auth _UID=7", "_UID=7 _COMM=sshd"));
	T_OK(!matches("_COMM=sshd-session _UID=0", "_SYSTEMD_UNIT=ssh.service _COMM=sshd") &&
	     matches("_COMM=sshd-session _UID=0 _SYSTEMD_UNIT=ssh.service",
		     "_SYSTEMD_UNIT=ssh.service _COMM=sshd + A=1"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(entries),
		T(nobody_writes_a_field_of_his_own),
		T(nor_begins_a_line_of_his_own),
		T(without_end),
		T(later_names_of_sshd),
		T(what_a_jail_wants),
	};
	int r = t_main(cases, COUNT(cases));

	str_done(&told);
	return r;
}
