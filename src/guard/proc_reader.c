// SPDX-License-Identifier: MIT
/*
 * proc_reader.c - the process that may read logs, and hands their lines on: files, and what journalctl tells.
 *
 * The journal is read by the host's own journalctl in a process of its own (proc_journal.c): its files come in many forms,
 * compressed by several libraries, of which a static program would need all.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/i18n.h"
#include "guard/journal.h"
#include "guard/roles.h"
#include "os/child.h"
#include "os/tail.h"

#define JOURNAL_POSITION "journal" /* the name of its position; those of files are paths */
#define JOURNAL_BYTES	 65536
#define MACHINE_ID	 32  /* bytes */
#define CURSOR_SECONDS	 4.0 /* it is started after 1 at the earliest, and its end is told at once */

struct reader {
	const struct guard_places *places;
	struct orders orders;
	struct party party;
	struct tail *tail;
	struct journal *journal;
	struct strv *match; /* of each order */
	int journal_fd;
	char *machine; /* its id; NULL: it has none */
	bool positions_known;
	struct strv
		position; /* name, position, name, position, ... as they were told at the start */
	struct str cursor;
	bool cursor_moved;
	double journal_started; /* asked for; of a steady clock */
	bool journal_read;	/* something of it */
	struct str scratch;
};

/* --- to watch ------------------------------------------------------------------------------------------------ */

static void tell_line(struct reader *r, const struct line_told *told, const char *text, size_t len)
{
	str_clear(&r->scratch);
	/* An entry of the journal may be longer; who reads it counts it as too long. */
	str_add_bytes(&r->scratch, text, len < TAIL_LINE_MAX ? len : TAIL_LINE_MAX);
	party_say(&r->party, ROLE_WATCH,
		  (struct said){ REQUEST_LINE, told, sizeof(*told), &r->scratch });
}

static void on_line(void *arg, const struct tail_line *line)
{
	const struct line_told told = { .source = line->source };

	tell_line(arg, &told, line->text, line->len);
}

static void tell_position(struct reader *r, const char *name, const char *position)
{
	request_set_tail(&r->scratch, name, position, strlen(position));
	party_say(&r->party, ROLE_WATCH, (struct said){ REQUEST_POSITION, NULL, 0, &r->scratch });
}

/* A file may be of two sources: each has its own position. */
static char *position_name(unsigned source, const struct reader *r, const char *path)
{
	return xasprintf("%s %s", path, r->orders.source[source].path);
}

static void on_position(void *arg, unsigned source, const char *path, const char *position)
{
	CLEANUP_FREE char *name = position_name(source, arg, path);

	tell_position(arg, name, position);
}

/* Journals of containers and other hosts may lie beside ours: journald notes in every entry of ours which machine this is. */
static bool is_ours(const struct reader *r, const struct journal_entry *entry)
{
	const char *machine = journal_get(entry, "_MACHINE_ID");

	return !r->machine || str_eq(r->machine, machine);
}

static void on_entry(void *arg, const struct journal_entry *entry)
{
	struct reader *r = arg;
	const char *cursor = journal_get(entry, "__CURSOR");
	struct line_told told = { .source = (uint32_t)r->orders.sources };
	CLEANUP_STR struct str line = { 0 };
	bool wanted = false;

	for (size_t i = 0; i < r->orders.count; i++) {
		/* Of its own bans the guard tells itself. */
		if (!r->orders.item[i].journal || r->orders.item[i].bans == BANS_OWN ||
		    !journal_matches(entry, &r->match[i]))
			continue;
		told.only[i / 64] |= UINT64_C(1) << i % 64;
		wanted = true;
	}
	if (cursor) {
		str_clear(&r->cursor);
		str_add(&r->cursor, cursor);
		r->cursor_moved = true;
	}
	if (!wanted || !is_ours(r, entry))
		return;
	told.time = journal_time(entry);
	told.dated = told.time >= 0;
	journal_line(entry, &line);
	tell_line(r, &told, line.text ? line.text : "", line.len);
}

/* --- files ------------------------------------------------------------------------------------------------------ */

static const char *known_position(const struct reader *r, const char *name)
{
	for (size_t i = 0; i + 1 < r->position.count; i += 2)
		if (strcmp(r->position.item[i], name) == 0)
			return r->position.item[i + 1];
	return NULL;
}

static void follow(struct reader *r, unsigned source, const char *path, bool fresh)
{
	static const char *const packed[] = { ".gz", ".xz", ".bz2", ".zst", ".Z" };
	CLEANUP_FREE char *name = position_name(source, r, path);

	for (size_t i = 0; i < COUNT(packed); i++)
		if (str_ends(path, packed[i]))
			return;
	if (tail_add(r->tail, source, path, known_position(r, name), fresh) > 0)
		guard_say(ROLE_READER, _("%s: too many files; not read"), path);
}

/* fresh: at the start; a file that comes later is new, and read from its beginning. */
static void look_for_files(struct reader *r, bool fresh)
{
	for (size_t i = 0; i < r->orders.sources; i++) {
		const char *path = r->orders.source[i].path;
		CLEANUP_STRV struct strv found = { 0 };

		if (!strpbrk(path, "*?[")) {
			follow(r, (unsigned)i, path, fresh);
			continue;
		}
		tail_glob(path, &found);
		for (size_t k = 0; k < found.count; k++)
			follow(r, (unsigned)i, found.item[k], fresh);
	}
}

/* --- the journal --------------------------------------------------------------------------------------------------- */

static void start_journal(struct reader *r)
{
	if (!r->orders.journal)
		return;
	journal_reset(r->journal);
	r->journal_started = guard_clock();
	if (party_say(&r->party, ROLE_PARENT,
		      (struct said){ REQUEST_JOURNAL, r->cursor.text, r->cursor.len }))
		return;
	/* A cursor that is none. */
	str_clear(&r->cursor);
	party_say(&r->party, ROLE_PARENT, (struct said){ REQUEST_JOURNAL });
}

/* Some of it; true: there may be more. */
static bool read_journal(struct reader *r)
{
	char buf[JOURNAL_BYTES];
	ssize_t n = read(r->journal_fd, buf, sizeof(buf));

	if (n <= 0)
		return false;
	r->journal_read = true;
	journal_take(r->journal, buf, (size_t)n, on_entry, r);
	return true;
}

static void tell_cursor(struct reader *r)
{
	if (r->cursor_moved)
		tell_position(r, JOURNAL_POSITION, r->cursor.text);
	r->cursor_moved = false;
}

/* --- requests -------------------------------------------------------------------------------------------------------- */

static void take_position(struct reader *r, const struct frame *f)
{
	struct request_tail tail = request_tail(f, 0);

	strv_add(&r->position, tail.first);
	strv_take(&r->position, xstrndup(tail.second, tail.second_len));
}

static void begin(struct reader *r)
{
	const char *cursor = known_position(r, JOURNAL_POSITION);

	r->positions_known = true;
	str_add(&r->cursor, cursor ? cursor : "");
	look_for_files(r, true);
	start_journal(r);
	/* From here on no line is missed. */
	party_say(&r->party, ROLE_PARENT, (struct said){ REQUEST_READY });
}

static int take(void *arg, struct peer *from, const struct frame *f, struct err *e)
{
	struct reader *r = arg;

	switch (f->kind) {
	case REQUEST_POSITION:
		if (!r->positions_known)
			take_position(r, f);
		return 0;
	case REQUEST_POSITIONS_END:
		if (!r->positions_known)
			begin(r);
		return 0;
	case REQUEST_JOURNAL:
		/* It has ended: first what it had written. */
		while (read_journal(r)) {
		}
		/* At once, and nothing was read: the cursor may be what it does not take. */
		if (!r->journal_read && guard_clock() - r->journal_started < CURSOR_SECONDS)
			str_clear(&r->cursor);
		r->journal_read = false;
		start_journal(r);
		return 0;
	default:
		return err_set(e, ERR_FAILED, "request %u", f->kind);
	}
}

static void tell_sources(struct reader *r)
{
	struct source_told told = { 0 };

	for (; told.number < r->orders.sources; told.number++) {
		const char *path = r->orders.source[told.number].path;

		str_clear(&r->scratch);
		str_add(&r->scratch, path);
		party_say(&r->party, ROLE_WATCH,
			  (struct said){ REQUEST_SOURCE, &told, sizeof(told), &r->scratch });
	}
	told.journal = 1;
	if (r->orders.journal)
		party_say(&r->party, ROLE_WATCH,
			  (struct said){ REQUEST_SOURCE, &told, sizeof(told) });
}

static int loop(struct reader *r, struct err *e)
{
	struct peer *watch = party_peer(&r->party, ROLE_WATCH);
	bool more = false;

	tell_sources(r);
	while (!r->party.stop && !watch->channel.ended) {
		bool full = channel_waiting(&watch->channel) > CHANNEL_MUCH;
		struct pollfd polls[] = {
			{ .fd = full ? -1 : tail_fd(r->tail), .events = POLLIN },
			{ .fd = full ? -1 : r->journal_fd, .events = POLLIN },
		};

		if (party_wait(&r->party, polls, COUNT(polls),
			       more && !full ? 0 : (int)tail_wait_ms(r->tail), e) < 0 ||
		    party_take(&r->party, take, r, e) < 0)
			return -1;
		if (full || !r->positions_known)
			continue;
		if (polls[1].revents & POLLIN)
			read_journal(r);
		if (tail_heard(r->tail))
			look_for_files(r, false);
		more = tail_read(r->tail, on_line, r);
		tail_positions(r->tail, on_position, r);
		tell_cursor(r);
	}
	return 0;
}

static int set_up(struct reader *r, struct err *e)
{
	int flags = fcntl(r->journal_fd, F_GETFL);

	if (flags < 0 || fcntl(r->journal_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys(e, errno, "journal");
	if (orders_read(r->places->os, r->places->config, &r->orders, e) < 0)
		return -1;
	if (os_read(r->places->os, "/etc/machine-id", &r->machine, e) < 0)
		return -1;
	if (r->machine)
		r->machine[strcspn(r->machine, "\n")] = '\0';
	/* Before the first boot it is empty, or a word. */
	if (r->machine && strlen(r->machine) != MACHINE_ID) {
		free(r->machine);
		r->machine = NULL;
	}
	r->tail = tail_new();
	r->journal = journal_new();
	r->match = xcalloc(r->orders.count + 1, sizeof(*r->match));
	for (size_t i = 0; i < r->orders.count; i++)
		journal_words(&r->orders.item[i].match, &r->match[i]);
	return roles_confine(ROLE_READER, r->places, &r->orders, e);
}

int reader_run(const struct guard_places *places, struct err *e)
{
	static const enum role peers[] = { ROLE_PARENT, ROLE_WATCH, ROLE_STORE };
	struct reader r = { .places = places, .journal_fd = CHILD_FIRST_FD + (int)COUNT(peers) };
	int result;

	party_init(&r.party, ROLE_READER, peers, COUNT(peers));
	result = set_up(&r, e);
	if (result == 0)
		result = loop(&r, e);
	for (size_t i = 0; r.match && i < r.orders.count; i++)
		strv_done(&r.match[i]);
	free(r.match);
	tail_free(r.tail);
	journal_free(r.journal);
	free(r.machine);
	strv_done(&r.position);
	str_done(&r.cursor);
	str_done(&r.scratch);
	orders_done(&r.orders);
	party_done(&r.party);
	return result;
}
