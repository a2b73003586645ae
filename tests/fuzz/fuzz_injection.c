// SPDX-License-Identifier: MIT
/*
 * fuzz_injection.c - what a client says, in each place that the programs have for it in their logs, through the filters that
 * are compiled into the guard: whoever is found, it is never somebody else.
 *
 * The first byte chooses the message, the rest is what the client says; the dictionary has an address of another.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "guard/filter.h"
#include "lib/fake_os.h"
#include "lib/guard_messages.h"

static struct filter *make(const struct guard_message *m)
{
	CLEANUP_FREE char *name = guard_message_filter(m);
	const struct filter_mode mode = { .last_decade = 202 };
	struct fake *fake = fake_new();
	CLEANUP_CONF_FOLDER struct conf_folder folder = { .os = &fake->os };
	struct settings s = { 0 };
	struct filter *f = NULL;
	struct err e = { 0 };

	folder.path = xstrdup(CONF_BUILT_IN);
	MUST(filter_read(&folder, name, NULL, &s, &e) == 0);
	MUST(filter_new(&s, mode, &folder, &f, &e) == 0);
	settings_done(&s);
	fake_free(fake);
	return f;
}

static void try(struct filter *f, const struct guard_message *m, enum form form, const char *said)
{
	CLEANUP_STR struct str line = { 0 };
	struct filter_line one = { .dated = guard_message_is_dated(m, form), .time = 1795662000.0 };
	struct filter_result r;

	guard_message_say(m, form, said, &line);
	one.text = line.text;
	one.len = line.len;
	filter_look(f, &one, 1795662600.0, 1.0, &r);
	for (size_t i = 0; i < r.count; i++)
		MUST(!r.found[i].id || str_eq(r.found[i].id, GUARD_MESSAGES_FROM));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct filter **kept;
	CLEANUP_FREE char *said = NULL;
	size_t number;

	if (size == 0)
		return 0;
	if (!kept)
		kept = xcalloc(guard_messages_count, sizeof(*kept));
	number = data[0] % guard_messages_count;
	if (!kept[number])
		kept[number] = make(&guard_messages[number]);
	said = fuzz_text(data + 1, size - 1);
	for (enum form form = 0; form < FORMS; form++)
		try(kept[number], &guard_messages[number], form, said);
	return 0;
}
