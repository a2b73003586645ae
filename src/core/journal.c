// SPDX-License-Identifier: MIT
/* journal.c - see journal.h. Slots are little-endian whatever the machine. */
#include "core/journal.h"

#include <endian.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAGIC	   0x314a4e4bu /* "KNJ1", little-endian */
#define MAGIC_NAME 0x00ffffffu /* "KNJ", whatever the format's number */

struct slot {
	uint32_t magic, seq, type, step;
	int64_t number, realtime, boottime;
	char text[JOURNAL_TEXT_MAX + 1];
	uint32_t pad[3];
	uint32_t crc;
};
_Static_assert(sizeof(struct slot) == JOURNAL_SLOT, "a slot has no padding of its own");

static const char *const type_names[] = {
	[RECORD_BEGIN] = "begin",      [RECORD_ARMED] = "armed",     [RECORD_INTENT] = "intent",
	[RECORD_DONE] = "done",	       [RECORD_PENDING] = "pending", [RECORD_CONFIRM] = "confirm",
	[RECORD_UNDO_INTENT] = "undo", [RECORD_UNDONE] = "undone",   [RECORD_NOTE] = "note",
	[RECORD_END] = "end",
};

const char *record_type_name(enum record_type type)
{
	return (size_t)type < COUNT(type_names) && type_names[type] ? type_names[type] : "?";
}

void journal_done(struct journal *j)
{
	free(j->path);
	free(j->record);
	*j = (struct journal){ 0 };
}

int journal_create(struct os *os, const char *path, struct err *e)
{
	struct node absent = { .type = NODE_ABSENT };
	struct node blank = { .type = NODE_FILE, .mode = 0600 };
	int r;

	blank.len = (size_t)JOURNAL_SLOT * JOURNAL_SLOTS;
	blank.data = xcalloc(blank.len + 1, 1);
	r = os_put(os, path, &absent, &blank, e);
	node_done(&blank);
	return r;
}

static uint32_t slot_crc(const struct slot *s)
{
	return htole32(crc32c(s, offsetof(struct slot, crc)));
}

static void record_from_slot(const struct slot *s, struct record *ret)
{
	*ret = (struct record){
		.type = le32toh(s->type),
		.step = le32toh(s->step),
		.number = (int64_t)le64toh((uint64_t)s->number),
		.realtime = (int64_t)le64toh((uint64_t)s->realtime),
		.boottime = (int64_t)le64toh((uint64_t)s->boottime),
	};
	memcpy(ret->text, s->text, sizeof(ret->text));
	ret->text[JOURNAL_TEXT_MAX] = '\0';
}

static bool is_blank(const struct slot *s)
{
	static const struct slot blank;

	return memcmp(s, &blank, sizeof(blank)) == 0;
}

/* Is it as it was written? What one flipped bit makes of a slot's CRC depends on the bit alone (the CRC is linear),
 * and no two bits make the same of it: so the one bit is known, and put right. Torn slots differ by many. */
static bool is_whole(struct slot *s)
{
	uint32_t differs = le32toh(s->crc ^ slot_crc(s));
	uint32_t flipped = CRC32C_LAST_BIT;

	if ((differs & (differs - 1)) == 0) {
		s->crc ^= htole32(differs);
		return true;
	}
	for (size_t bit = offsetof(struct slot, crc) * 8; bit-- > 0;) {
		if (flipped == differs) {
			((unsigned char *)s)[bit / 8] ^= (unsigned char)(1 << bit % 8);
			return true;
		}
		flipped = crc32c_bit_before(flipped);
	}
	return false;
}

/* Of a later format than ours: every format keeps the slots' size, name and CRC. */
static bool is_newer(const struct slot *s)
{
	uint32_t magic = le32toh(s->magic);

	return magic > MAGIC && (magic & MAGIC_NAME) == (MAGIC & MAGIC_NAME);
}

int journal_read(struct os *os, const char *path, struct journal *ret, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };
	struct journal j = { 0 };
	size_t missing = 0;

	if (os_get(os, path, &n, e) < 0)
		return err_ctx(e, _("journal"));
	if (n.type != NODE_FILE)
		return err_set(e, ERR_FAILED, _("journal %s: not there"), path);
	j.path = xstrdup(path);
	for (uint32_t i = 0; (size_t)(i + 1) * JOURNAL_SLOT <= n.len; i++) {
		struct slot s;
		bool whole;

		memcpy(&s, n.data + (size_t)i * JOURNAL_SLOT, sizeof(s));
		whole = !is_blank(&s) && is_whole(&s);
		if (whole && is_newer(&s)) {
			journal_done(&j);
			return err_set(e, ERR_FAILED,
				       _("journal %s: written by a newer kannuki; use that one"),
				       path);
		}
		if (!whole || s.magic != htole32(MAGIC) || le32toh(s.seq) != i) {
			missing++;
			continue;
		}
		j.record = xrealloc(j.record, j.count + 1, sizeof(*j.record));
		record_from_slot(&s, &j.record[j.count++]);
		j.next = i + 1;
		if (missing)
			j.damaged = true;
	}
	*ret = j;
	return 0;
}

/* Too long: first what stands before the cause ("outer: inner: cause") goes, then the end is cut, at a
 * character. */
static void copy_text(char *to, const char *text)
{
	const char *inner;
	size_t n;

	while (strlen(text) > JOURNAL_TEXT_MAX && (inner = strstr(text, ": ")))
		text = inner + strlen(": ");
	n = str_fit(text, JOURNAL_TEXT_MAX);
	memset(to, 0, JOURNAL_TEXT_MAX + 1);
	memcpy(to, text, n); /* NOLINT(bugprone-not-null-terminated-result): the line above */
}

int journal_add(struct os *os, struct journal *j, const struct journal_entry *entry, struct err *e)
{
	struct slot s;

	if (j->next >= JOURNAL_SLOTS)
		return err_set(e, ERR_FAILED, _("journal %s: full"), j->path);
	memset(&s, 0, sizeof(s));
	s.magic = htole32(MAGIC);
	s.seq = htole32(j->next);
	s.type = htole32(entry->type);
	s.step = htole32(entry->step);
	s.number = (int64_t)htole64((uint64_t)entry->number);
	s.realtime = (int64_t)htole64((uint64_t)os_now(os, OS_REALTIME));
	s.boottime = (int64_t)htole64((uint64_t)os_now(os, OS_BOOTTIME));
	copy_text(s.text, entry->text ? entry->text : "");
	s.crc = slot_crc(&s);
	if (os_write_at(os, j->path, (uint64_t)j->next * JOURNAL_SLOT, &s, sizeof(s), e) < 0)
		return err_ctx(e, _("journal: %s"), record_type_name(entry->type));
	j->next++;
	j->record = xrealloc(j->record, j->count + 1, sizeof(*j->record));
	record_from_slot(&s, &j->record[j->count++]);
	return 0;
}

int journal_settle(struct os *os, const struct journal *j, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };
	size_t len = (size_t)j->next * JOURNAL_SLOT;

	if (os_get(os, j->path, &n, e) < 0)
		return err_ctx(e, _("journal"));
	if (n.type != NODE_FILE || n.len < len)
		return err_set(e, ERR_FAILED, _("journal %s: not there"), j->path);
	/* The same bytes: a write that is torn tears nothing. */
	if (len > 0 && os_write_at(os, j->path, 0, n.data, len, e) < 0)
		return err_ctx(e, _("journal"));
	return 0;
}

int journal_mark(struct os *os, struct journal *j, enum record_type type, const char *text,
		 struct err *e)
{
	const struct journal_entry entry = { .type = type, .step = JOURNAL_NO_STEP, .text = text };

	return journal_add(os, j, &entry, e);
}

bool record_says(const struct record *r, const char *text)
{
	char cut[JOURNAL_TEXT_MAX + 1];

	copy_text(cut, text);
	return str_eq(r->text, cut);
}

bool journal_has_spare(const struct journal *j)
{
	return j->next < JOURNAL_SLOTS - JOURNAL_KEPT;
}

const struct record *journal_last(const struct journal *j, enum record_type type, uint32_t step)
{
	for (size_t i = j->count; i-- > 0;)
		if (j->record[i].type == type &&
		    (step == JOURNAL_NO_STEP || j->record[i].step == step))
			return &j->record[i];
	return NULL;
}
