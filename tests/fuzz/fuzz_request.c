// SPDX-License-Identifier: MIT
/*
 * fuzz_request.c - what the guard's processes say to each other, and entries of the journal. The first byte says between
 * whom, the rest are frames as they come by a channel; what is accepted has the form that its receiver relies on.
 */
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "guard/journal.h"
#include "guard/request.h"

static void look_at_tail(const struct frame *f, size_t fixed)
{
	struct request_tail tail = request_tail(f, fixed);

	MUST(strlen(tail.first) > 0);
	MUST(tail.second + tail.second_len == f->body + f->len);
}

static void accepted(const struct frame *f)
{
	struct failure_told failure;
	struct ban_told ban;
	struct wish wish;

	switch (f->kind) {
	case REQUEST_POSITION:
		look_at_tail(f, 0);
		break;
	case REQUEST_FAILURE:
		memcpy(&failure, f->body, sizeof(failure));
		MUST(isfinite(failure.time) && failure.count > 0);
		look_at_tail(f, sizeof(failure));
		break;
	case REQUEST_WISH:
		memcpy(&wish, f->body, sizeof(wish));
		MUST(who_is_valid(&wish.who) && isfinite(wish.time));
		look_at_tail(f, sizeof(wish));
		break;
	case REQUEST_BAN:
	case REQUEST_RESTORE:
		memcpy(&ban, f->body, sizeof(ban));
		MUST(who_is_valid(&ban.who));
		break;
	case REQUEST_JOURNAL:
		for (size_t i = 0; i < f->len; i++)
			MUST(f->body[i] != '-' && f->body[i] != '/' && f->body[i] > ' ');
		break;
	default:
		break;
	}
}

static void frames(enum role from, enum role to, const uint8_t *data, size_t size)
{
	struct channel c = { .fd = -1 };
	struct err e = { 0 };
	struct frame f;

	str_add_bytes(&c.in, data, size);
	while (channel_next(&c, &f, &e) == 1) {
		MUST(f.body >= c.in.text && f.body + f.len <= c.in.text + c.in.len);
		if (request_check(&f, from, to, &e) == 0)
			accepted(&f);
	}
	channel_done(&c);
}

static void on_entry(void *arg, const struct journal_entry *entry)
{
	CLEANUP_STR struct str line = { 0 };

	MUST(entry->count > 0 && entry->count <= JOURNAL_FIELDS_MAX);
	journal_line(entry, &line);
	MUST(!line.text || !strchr(line.text, '\n') || journal_get(entry, "_HOSTNAME") ||
	     journal_get(entry, "SYSLOG_IDENTIFIER") || journal_get(entry, "_COMM"));
}

/* In one piece and in small ones. */
static void entries(const uint8_t *data, size_t size)
{
	struct journal *whole = journal_new(), *pieces = journal_new();

	journal_take(whole, (const char *)data, size, on_entry, NULL);
	for (size_t i = 0; i < size; i += 3)
		journal_take(pieces, (const char *)data + i, size - i < 3 ? size - i : 3, on_entry,
			     NULL);
	journal_free(whole);
	journal_free(pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	if (data[0] == 'J')
		entries(data + 1, size - 1);
	else
		frames(data[0] % ROLE_COUNT, data[0] / ROLE_COUNT % ROLE_COUNT, data + 1, size - 1);
	return 0;
}
