// SPDX-License-Identifier: MIT
/* What the journal says in the reader's language (report/record_report.h), and the plan's own (core/plan.h). */
#include "base/i18n.h"
#include "core/plan.h"
#include "core/proof.h"
#include "lib/t.h"
#include "report/record_report.h"

/* The words of a record of this type and text, in both languages: "English|Japanese". */
static char *both(enum record_type type, const char *text)
{
	struct record r = { .type = type, .step = JOURNAL_NO_STEP };
	CLEANUP_FREE char *en = NULL;
	CLEANUP_FREE char *ja = NULL;

	snprintf(r.text, sizeof(r.text), "%s", text);
	en = record_words(&r);
	i18n_set(LANG_JA);
	ja = record_words(&r);
	i18n_set(LANG_EN);
	return xasprintf("%s|%s", en, ja);
}

static int who_confirmed(void)
{
	CLEANUP_FREE char *stored =
		xasprintf(PROOF_WITNESS, "taro", "2001:db8::7", "publickey", 22022U);
	CLEANUP_FREE char *key = both(RECORD_CONFIRM, stored);
	CLEANUP_FREE char *console = both(RECORD_CONFIRM, PROOF_CONSOLE);
	CLEANUP_FREE char *other =
		both(RECORD_CONFIRM, "taro from 1.2.3.4 by publickey at port 22, and more");

	T_STR(key, "taro from 2001:db8::7 by publickey at port 22022|"
		   "taro (2001:db8::7から、publickey、ポート22022)");
	T_OK(strstr(console, PROOF_CONSOLE "|") == console && !strstr(console, "|typed"));
	T_STR(other, "taro from 1.2.3.4 by publickey at port 22, and more|"
		     "taro from 1.2.3.4 by publickey at port 22, and more");
	return 0;
}

/* For programs, whatever the language of the words. */
static int from_where_it_was_confirmed(void)
{
	struct record r = { .type = RECORD_CONFIRM, .step = JOURNAL_NO_STEP };
	CLEANUP_FREE char *address = NULL;

	snprintf(r.text, sizeof(r.text), PROOF_WITNESS, "taro", "2001:db8::7", "publickey", 22022U);
	i18n_set(LANG_JA);
	address = record_witness_address(&r);
	i18n_set(LANG_EN);
	T_OK(address);
	T_STR(address, "2001:db8::7");
	snprintf(r.text, sizeof(r.text), "%s", PROOF_CONSOLE);
	T_OK(!record_witness_address(&r));
	snprintf(r.text, sizeof(r.text), "taro from 1.2.3.4 by publickey at port 22, and more");
	T_OK(!record_witness_address(&r));
	return 0;
}

static int why_it_was_undone(void)
{
	CLEANUP_FREE char *fixed = both(RECORD_UNDO_INTENT, "nobody confirmed in time");
	CLEANUP_FREE char *free_text = both(RECORD_UNDO_INTENT, "/etc/a: No space left on device");
	CLEANUP_FREE char *none = both(RECORD_UNDO_INTENT, "");

	T_STR(fixed, "nobody confirmed in time|時間内に確定されませんでした");
	T_STR(free_text, "/etc/a: No space left on device|/etc/a: No space left on device");
	T_STR(none, "|");
	return 0;
}

static int every_type_has_its_word(void)
{
	for (int type = RECORD_BEGIN; type <= RECORD_END; type++) {
		const char *en = record_type_words((enum record_type)type), *ja;

		i18n_set(LANG_JA);
		ja = record_type_words((enum record_type)type);
		i18n_set(LANG_EN);
		T_OK(!str_eq(en, "?") && !str_eq(en, ja));
	}
	T_STR(record_type_words((enum record_type)99), "?");
	return 0;
}

static enum lang language_of(const char *text)
{
	CLEANUP_PLAN struct plan p = { .language = LANG_EN };
	struct err e = { 0 };

	return plan_decode(text, &p, &e) == 0 ? p.language : (enum lang) - 1;
}

/* What PID 1 runs for a plan speaks to whoever made it. */
static int a_plan_keeps_its_language(void)
{
	CLEANUP_PLAN struct plan p = { 0 };
	CLEANUP_FREE char *en = plan_encode(&p);
	CLEANUP_FREE char *ja = NULL;
	char *at;

	i18n_set(LANG_JA);
	ja = plan_encode(&p);
	i18n_set(LANG_EN);
	T_OK(language_of(en) == LANG_EN && language_of(ja) == LANG_JA);
	/* One of a version that did not keep it. */
	at = strstr(ja, "\"language\"");
	T_OK(at);
	memcpy(at, "\"tanguage\"", strlen("\"tanguage\""));
	T_OK(language_of(ja) == LANG_EN);
	return 0;
}

/* A door by key and one by password are one line for whoever types. */
static int a_door_is_said_once(void)
{
	CLEANUP_PLAN struct plan p = { 0 };

	plan_add_door(&p, "root", 22, "publickey");
	plan_add_door(&p, "taro", 22, "publickey");
	plan_add_door(&p, "root", 22, "password");
	plan_add_door(&p, "root", 22022, "publickey");
	T_OK(door_is_new(p.door, 0) && door_is_new(p.door, 1));
	T_OK(!door_is_new(p.door, 2) && door_is_new(p.door, 3));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(who_confirmed),	    T(from_where_it_was_confirmed), T(why_it_was_undone),
		T(every_type_has_its_word), T(a_plan_keeps_its_language),   T(a_door_is_said_once),
	};

	return t_main(cases, COUNT(cases));
}
