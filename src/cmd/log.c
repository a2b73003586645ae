// SPDX-License-Identifier: MIT
/* log.c - kannuki log: what was done, when, and by whose proof. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "cmd/cmd.h"
#include "core/txn.h"
#include "report/record_report.h"

#define COLUMNS 80

/* The time of day begins the line; the date is printed before it where that is another than `ret_date` (of 32
 * bytes). */
static void begin_line(int64_t ns, char *ret_date, struct str *line)
{
	time_t at = (time_t)(ns / 1000000000);
	struct tm tm;
	char text[32];

	localtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d (%z)", &tm);
	if (!str_eq(text, ret_date))
		printf("  %s\n", text);
	memcpy(ret_date, text, sizeof(text));
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	str_addf(line, "  %s  ", text);
}

static const char *how(const struct txn *t, bool active)
{
	if (t->state != TXN_ENDED && !active)
		return _("never ended, and not under way");
	switch (t->state) {
	case TXN_PREPARED:
	case TXN_APPLYING:
		return _("being applied");
	case TXN_PENDING:
		return _("waiting for confirmation");
	case TXN_CONFIRMED:
		return _("confirmed, being finished");
	case TXN_UNDOING:
		return _("being undone");
	case TXN_ENDED:
		break;
	}
	if (!journal_last(&t->journal, RECORD_END, JOURNAL_NO_STEP))
		return _("ended, and its journal does not say how");
	return t->confirmed ? _("confirmed") : _("undone");
}

static void print_short(const struct txn *t, bool active)
{
	const struct record *confirm = journal_last(&t->journal, RECORD_CONFIRM, JOURNAL_NO_STEP);
	const struct record *undo = journal_last(&t->journal, RECORD_UNDO_INTENT, JOURNAL_NO_STEP);
	const struct record *because = confirm ? confirm : undo;
	CLEANUP_FREE char *words = because ? record_words(because) : NULL;

	CLEANUP_FREE char *line = xasprintf("%s  %s%s", t->id, how(t, active), words ? ":" : "");
	CLEANUP_STR struct str remarks = { 0 };
	const struct record *note;
	bool fits = words && text_width(line) + 1 + text_width(words) <= COLUMNS;

	printf("%s%s%s\n", line, fits ? " " : words ? "\n    " : "", words ? words : "");
	for (size_t i = 0; i < t->plan.count; i++)
		if (t->plan.step[i].phase != PHASE_FINISH)
			printf("    %s\n", t->plan.step[i].title);
	report_remarks(t, "  ! ", &remarks);
	note = journal_last(&t->journal, RECORD_NOTE, JOURNAL_NO_STEP);
	if (t->state == TXN_UNDOING && note && note->step == JOURNAL_NO_STEP)
		str_addf(&remarks, "  ! %s\n", note->text);
	fputs(remarks.text ? remarks.text : "", stdout);
}

static void print_records(const struct txn *t, bool active)
{
	char date[32] = "";

	print_short(t, active);
	if (t->journal.damaged)
		printf("  %s\n", _("The journal is damaged: not every record can be read."));
	for (size_t i = 0; i < t->journal.count; i++) {
		const struct record *r = &t->journal.record[i];
		CLEANUP_STR struct str first = { 0 }, line = { 0 };
		CLEANUP_FREE char *words = record_words(r);

		begin_line(r->realtime, date, &first);
		if (r->step < t->plan.count && r->type != RECORD_NOTE) {
			str_add_padded(&first, record_type_words(r->type), 10);
			str_addf(&first, "%u. ", r->step + 1);
			layout_item(&line, first.text, t->plan.step[r->step].title);
		} else if (r->type != RECORD_BEGIN && words[0]) {
			str_add_padded(&first, record_type_words(r->type), 10);
			layout_item(&line, first.text, words);
		} else {
			str_addf(&line, "%s%s\n", first.text, record_type_words(r->type));
		}
		fputs(line.text, stdout);
	}
}

static int run(struct call *c, struct err *e)
{
	CLEANUP_STRV struct strv ids = { 0 };
	const char *only = c->opts.words.count ? c->opts.words.item[0] : NULL;
	CLEANUP_FREE char *active = NULL;

	if (txn_active(c->os, &active, e) < 0)
		return -1;
	if (only) {
		CLEANUP_TXN struct txn t = { 0 };

		if (txn_open(c->os, only, &t, e) < 0)
			return -1;
		print_records(&t, str_eq(active, t.id));
		return EXIT_DONE;
	}
	if (txn_list(c->os, &ids, e) < 0)
		return -1;
	if (ids.count == 0)
		printf(_("Kannuki has changed nothing here yet.\n"));
	for (size_t i = 0; i < ids.count; i++) {
		CLEANUP_TXN struct txn t = { 0 };
		struct err one = { 0 };

		if (txn_open(c->os, ids.item[i], &t, &one) < 0)
			printf("%s  %s\n", ids.item[i], one.msg);
		else
			print_short(&t, str_eq(active, t.id));
	}
	return EXIT_DONE;
}

const struct command command_log = {
	.name = "log",
	.words = "[ID]",
	.summary = N_("what was changed, when, and who proved it"),
	.words_max = 1,
	.as_root = true,
	.run = run,
};
