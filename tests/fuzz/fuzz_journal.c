// SPDX-License-Identifier: MIT
/*
 * fuzz_journal.c - the journal's slots as found on the disk: torn, flipped, of other formats.
 *
 * The first byte says how the rest becomes a log, so that slots with a right CRC are met often:
 * bit 0: number and CRC of each slot are put right, bit 1: its magic too, bit 2: the last slot's CRC is
 * then broken in more than the one bit that is put right.
 */
#include <endian.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "core/journal.h"
#include "fuzz/fuzz.h"
#include "lib/fake_os.h"

#define PATH "/var/lib/log"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}

static void put_right(unsigned char *slot, uint32_t number, bool magic)
{
	uint32_t seq = htole32(number), crc;

	if (magic)
		memcpy(slot, "KNJ1", 4);
	memcpy(slot + 4, &seq, 4);
	crc = htole32(crc32c(slot, JOURNAL_SLOT - 4));
	memcpy(slot + JOURNAL_SLOT - 4, &crc, 4);
}

static void make_log(struct fake *f, const uint8_t *data, size_t size)
{
	uint8_t how = size ? data[0] : 0;
	struct node n = { .type = NODE_FILE, .mode = 0600, .len = size ? size - 1 : 0 };
	uint32_t slots;

	if (n.len > (size_t)JOURNAL_SLOT * JOURNAL_SLOTS)
		n.len = (size_t)JOURNAL_SLOT * JOURNAL_SLOTS;
	n.data = xcalloc(n.len + 1, 1);
	if (n.len)
		memcpy(n.data, data + 1, n.len);
	slots = (uint32_t)(n.len / JOURNAL_SLOT);
	for (uint32_t i = 0; how & 1 && i < slots; i++)
		put_right((unsigned char *)n.data + (size_t)i * JOURNAL_SLOT, i, how & 2);
	if (how & 4 && slots)
		n.data[(size_t)slots * JOURNAL_SLOT - 1] ^= 3;
	fake_put(f, PATH, &n);
	free(n.data);
}

static void check_read(const struct journal *j, const struct node *log)
{
	MUST(j->count <= j->next && j->next <= log->len / JOURNAL_SLOT);
	MUST(j->next <= JOURNAL_SLOTS);
	MUST(j->damaged == (j->count < j->next));
	MUST((j->count == 0) == (j->next == 0));
	for (size_t i = 0; i < j->count; i++) {
		const struct record *r = &j->record[i];

		MUST(strnlen(r->text, sizeof(r->text)) <= JOURNAL_TEXT_MAX);
		MUST(record_type_name(r->type)[0] != '\0');
		MUST(journal_last(j, r->type, JOURNAL_NO_STEP) >= r);
		MUST(journal_last(j, r->type, r->step) >= r);
	}
}

/* What is added is read back behind what was there, which stays as it was. */
static void check_added(struct fake *f, struct journal *j, const char *text)
{
	const struct journal_entry entry = {
		.type = RECORD_NOTE, .step = 3, .number = -5, .text = text
	};
	CLEANUP(journal_done) struct journal again = { 0 };
	size_t had = j->count;
	struct err e = { 0 };
	int r = journal_add(&f->os, j, &entry, &e);

	if (r < 0) {
		fuzz_check_err(&e);
		MUST(j->count == had);
		return;
	}
	MUST(journal_read(&f->os, PATH, &again, &e) == 0);
	MUST(again.count == had + 1 && j->count == had + 1 && again.next == j->next);
	MUST(memcmp(again.record, j->record, had * sizeof(*j->record)) == 0);
	MUST(again.record[had].type == RECORD_NOTE && again.record[had].step == 3);
	MUST(again.record[had].number == -5 && record_says(&again.record[had], text));
	MUST(str_eq(again.record[had].text, j->record[had].text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fake_free_p) struct fake *f = fake_new();
	CLEANUP(journal_done) struct journal j = { 0 };
	CLEANUP_FREE char *text = fuzz_text(data, size);
	struct err e = { 0 };

	make_log(f, data, size);
	if (journal_read(&f->os, PATH, &j, &e) < 0) {
		fuzz_check_err(&e);
		MUST(!j.path && !j.record);
		return 0;
	}
	check_read(&j, fake_node(f, PATH));
	check_added(f, &j, text);
	return 0;
}
