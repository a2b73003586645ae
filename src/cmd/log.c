// SPDX-License-Identifier: MIT
/* log.c - kannuki log: what was done, when, and by whose proof. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "core/txn.h"
#include "report/record_report.h"

#define COLUMNS 80

/* A time of day, and the date before it where that is another than `ret_date` (of 32 bytes). */
static void print_time(int64_t ns, char *ret_date)
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
	printf("  %s  ", text);
}

static const char *how(const struct txn *t)
{
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
	return journal_last(&t->journal, RECORD_CONFIRM, JOURNAL_NO_STEP) ? _("confirmed")
									  : _("undone");
}

static void print_short(const struct txn *t)
{
	const struct record *confirm = journal_last(&t->journal, RECORD_CONFIRM, JOURNAL_NO_STEP);
	const struct record *undo = journal_last(&t->journal, RECORD_UNDO_INTENT, JOURNAL_NO_STEP);
	const struct record *because = confirm ? confirm : undo;
	CLEANUP_FREE char *words = because ? record_words(because) : NULL;

	CLEANUP_FREE char *line = xasprintf("%s  %s%s", t->id, how(t), words ? ":" : "");
	bool fits = words && text_width(line) + 1 + text_width(words) <= COLUMNS;

	printf("%s%s%s\n", line, fits ? " " : words ? "\n    " : "", words ? words : "");
	for (size_t i = 0; i < t->plan.count; i++)
		if (t->plan.step[i].phase != PHASE_FINISH)
			printf("    %s\n", t->plan.step[i].title);
}

static void print_records(const struct txn *t)
{
	char date[32] = "";

	print_short(t);
	for (size_t i = 0; i < t->journal.count; i++) {
		const struct record *r = &t->journal.record[i];
		CLEANUP_STR struct str type = { 0 };
		CLEANUP_FREE char *words = record_words(r);

		print_time(r->realtime, date);
		str_add_padded(&type, record_type_words(r->type), 10);
		if (r->step < t->plan.count)
			printf("%s%u. %s\n", type.text, r->step + 1, t->plan.step[r->step].title);
		else if (r->type != RECORD_BEGIN && words[0])
			printf("%s%s\n", type.text, words);
		else
			printf("%s\n", record_type_words(r->type));
	}
}

static int run(struct call *c, struct err *e)
{
	CLEANUP_STRV struct strv ids = { 0 };
	const char *only = c->opts.words.count ? c->opts.words.item[0] : NULL;

	if (only) {
		CLEANUP_TXN struct txn t = { 0 };

		if (txn_open(c->os, only, &t, e) < 0)
			return -1;
		print_records(&t);
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
			print_short(&t);
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
