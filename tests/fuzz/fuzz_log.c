// SPDX-License-Identifier: MIT
/*
 * fuzz_log.c - lines of a log through a filter like sshd's, several of them together, with every form of
 * date that we know; and the same without the guard's short cuts, which must not decide otherwise.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "guard/filter.h"
#include "guard/settings.h"
#include "guard/utf8.h"

static void set(struct settings *s, const char *name, const char *value)
{
	strv_add(&settings_add(s, name, (struct origin){ 0 })->value, value);
}

static struct filter *make(bool several, bool plain)
{
	struct filter_mode mode = {
		.all = true, .pending = true, .last_decade = 202, .plain = plain
	};
	struct conf_folder folder = { 0 };
	struct settings s = { 0 };
	struct filter *f = NULL;
	struct err e = { 0 };

	if (several) {
		set(&s, "maxlines", "4");
		set(&s, "addfailregex", "^a <F-USER>.*</F-USER>$<SKIPLINES>^b <HOST>$");
		set(&s, "addignoreregex", "ignore");
	} else {
		set(&s, "prefregex",
		    "^<F-MLFID>\\s*\\S+ \\w+\\[\\d+\\]: </F-MLFID><F-CONTENT>.+</F-CONTENT>$");
		set(&s, "addfailregex",
		    "^Failed for <F-USER>.*</F-USER> from <HOST>(?: port \\d+)?$");
		set(&s, "addfailregex", "^<F-NOFAIL>Connection from</F-NOFAIL> <ADDR>");
		set(&s, "addfailregex",
		    "^<F-MLFFORGET><F-MLFGAINED>Accepted</F-MLFGAINED></F-MLFFORGET> for "
		    "<F-USER>\\S+</F-USER>");
		set(&s, "addfailregex", "^Failed$");
	}
	MUST(filter_new(&s, mode, &folder, &f, &e) == 0);
	settings_done(&s);
	conf_folder_done(&folder);
	return f;
}

static void check(const struct filter_result *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct found *f = &r->found[i];

		MUST(!f->id || (f->id[0] && utf8_valid(f->id, strlen(f->id))));
		MUST(!f->is_name || f->id);
		MUST(!f->has_time || (f->time > -1e12 && f->time < 1e17));
		for (size_t k = 0; k < f->failure.group.count; k++) {
			const char *value = f->failure.group.item[k].value;

			MUST(!value || utf8_valid(value, strlen(value)));
		}
	}
}

static void same(const struct filter_result *a, const struct filter_result *b)
{
	/* Who asks more may come to a limit that the other did not meet. */
	if (a->gave_up || b->gave_up)
		return;
	MUST(a->count == b->count && a->ignored == b->ignored && a->used_up == b->used_up);
	for (size_t i = 0; i < a->count; i++) {
		const struct found *x = &a->found[i], *y = &b->found[i];

		MUST(x->regex == y->regex && str_eq(x->id, y->id) && x->harmless == y->harmless);
		MUST(x->has_time == y->has_time && (!x->has_time || x->time == y->time));
		MUST(x->failure.matches == y->failure.matches);
		MUST(x->failure.users.count == y->failure.users.count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct filter *kept[2], *plain[2];
	const char *at = (const char *)data, *end = at + size;

	for (int i = 0; i < 2; i++) {
		/* Made anew now and then: what was seen before changes what is found. */
		if (size % 64 == 0) {
			filter_free(kept[i]);
			filter_free(plain[i]);
			kept[i] = NULL;
		}
		if (!kept[i]) {
			kept[i] = make(i == 1, false);
			plain[i] = make(i == 1, true);
		}
	}
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);
		struct filter_line line = { .text = at, .len = len };

		for (int i = 0; i < 2; i++) {
			CLEANUP_FILTER_RESULT struct filter_result r = { 0 }, other = { 0 };

			filter_line(kept[i], &line, 1700000000.0, 1.0, &r);
			filter_line(plain[i], &line, 1700000000.0, 1.0, &other);
			check(&r);
			same(&r, &other);
		}
		at += len + 1;
	}
	return 0;
}
