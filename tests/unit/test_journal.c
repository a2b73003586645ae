// SPDX-License-Identifier: MIT
/* The journal: what is written is read, and what is torn does not count (core/journal.h). */
#include <errno.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/journal.h"
#include "lib/fake_os.h"
#include "lib/t.h"

#define PATH	  "/var/lib/kannuki/log"
#define FILE_SIZE ((size_t)JOURNAL_SLOT * JOURNAL_SLOTS)

/* A host with a journal of `n` notes "0", "1", … */
static struct fake *host(int n, struct journal *j)
{
	struct fake *f = fake_new();
	struct err e = { 0 };
	char text[8];

	fake_dir(f, "/var/lib/kannuki", 0700);
	*j = (struct journal){ 0 };
	if (journal_create(&f->os, PATH, &e) < 0 || journal_read(&f->os, PATH, j, &e) < 0)
		printf("# %s\n", e.msg);
	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%d", i);
		if (journal_mark(&f->os, j, RECORD_NOTE, text, &e) < 0)
			printf("# %s\n", e.msg);
	}
	return f;
}

static int add(struct fake *f, struct journal *j, const struct journal_entry *entry)
{
	struct err e = { 0 };

	return journal_add(&f->os, j, entry, &e);
}

/* The bytes of a slot, to be damaged. */
static char *slot(struct fake *f, size_t i)
{
	return fake_node(f, PATH)->data + i * JOURNAL_SLOT;
}

static int check_value_of_crc32c(void)
{
	/* RFC 3720, B.4 */
	static const unsigned char zeros[32];
	unsigned char ones[32], up[32];

	memset(ones, 0xff, sizeof(ones));
	for (unsigned i = 0; i < 32; i++)
		up[i] = (unsigned char)i;
	T_OK(crc32c("123456789", 9) == 0xe3069283);
	T_OK(crc32c(zeros, 32) == 0x8a9136aa);
	T_OK(crc32c(ones, 32) == 0x62a8ab43);
	T_OK(crc32c(up, 32) == 0x46dd794e);
	T_OK(crc32c("", 0) == 0);
	return 0;
}

static int is_made_with_all_its_room(void)
{
	struct journal j;
	struct fake *f = host(0, &j);
	struct err e = { 0 };

	T_OK(fake_node(f, PATH)->len == FILE_SIZE && fake_node(f, PATH)->mode == 0600);
	T_OK(j.count == 0 && j.next == 0 && !j.damaged);
	/* A second one does not wipe the first. */
	T_OK(journal_mark(&f->os, &j, RECORD_NOTE, "kept", &e) == 0);
	T_OK(journal_create(&f->os, PATH, &e) < 0);
	journal_done(&j);
	T_OK(journal_read(&f->os, PATH, &j, &e) == 0 && j.count == 1);
	journal_done(&j);
	fake_free(f);
	return 0;
}

static int what_is_added_is_read(void)
{
	struct journal j, back = { 0 };
	struct fake *f = host(0, &j);
	struct err e = { 0 };

	f->clock[OS_REALTIME] = 1700000000LL * 1000000000;
	f->clock[OS_BOOTTIME] = 42;
	T_OK(journal_mark(&f->os, &j, RECORD_BEGIN, "boot machine", &e) == 0);
	fake_advance(f, 8);
	T_OK(add(f, &j,
		 &(struct journal_entry){
			 .type = RECORD_INTENT, .step = 7, .number = -1, .text = NULL }) == 0);
	T_OK(add(f, &j,
		 &(struct journal_entry){ .type = RECORD_PENDING,
					  .step = JOURNAL_NO_STEP,
					  .number = INT64_MAX,
					  .text = "太郎" }) == 0);
	T_OK(journal_read(&f->os, PATH, &back, &e) == 0 && !back.damaged);
	T_OK(back.count == 3 && back.next == 3 && j.count == 3 && j.next == 3);
	for (size_t i = 0; i < 3; i++) {
		T_OK(back.record[i].type == j.record[i].type);
		T_OK(back.record[i].step == j.record[i].step);
		T_OK(back.record[i].number == j.record[i].number);
		T_OK(back.record[i].boottime == j.record[i].boottime);
		T_STR(back.record[i].text, j.record[i].text);
	}
	T_OK(back.record[0].realtime == 1700000000LL * 1000000000 && back.record[0].boottime == 42);
	T_OK(back.record[1].boottime == 50 && back.record[1].number == -1);
	T_OK(back.record[1].step == 7 && back.record[0].step == JOURNAL_NO_STEP);
	T_OK(back.record[2].number == INT64_MAX);
	T_STR(back.record[2].text, "太郎");
	journal_done(&back);
	journal_done(&j);
	fake_free(f);
	return 0;
}

static int long_texts_are_cut_at_a_character(void)
{
	struct journal j;
	struct fake *f = host(0, &j);
	struct err e = { 0 };
	CLEANUP_STR struct str s = { 0 };

	str_add(&s, "a"); /* so that the cut falls inside one: 1 + 66 * 3 = 199 fits, then 2 + … */
	for (int i = 0; i < 100; i++)
		str_add(&s, "鍵");
	T_OK(journal_mark(&f->os, &j, RECORD_NOTE, s.text, &e) == 0);
	T_OK(strlen(j.record[0].text) == 199 && str_is_clean_utf8(j.record[0].text));
	T_OK(journal_mark(&f->os, &j, RECORD_NOTE, s.text + 1, &e) == 0);
	T_OK(strlen(j.record[1].text) == 198 && str_is_clean_utf8(j.record[1].text));
	journal_done(&j);
	fake_free(f);
	return 0;
}

/* "outer: inner: cause": who reads why it was undone needs the cause. */
static int of_a_long_error_the_cause_stays(void)
{
	struct journal j;
	struct fake *f = host(0, &j);
	struct err e = { 0 };
	CLEANUP_STR struct str s = { 0 };

	for (int i = 0; i < 60; i++)
		str_add(&s, "鍵");
	str_add(&s, ": /etc/a: No space left on device");
	T_OK(journal_mark(&f->os, &j, RECORD_NOTE, s.text, &e) == 0);
	T_STR(j.record[0].text, "/etc/a: No space left on device");
	T_OK(journal_mark(&f->os, &j, RECORD_NOTE, "short: cause", &e) == 0);
	T_STR(j.record[1].text, "short: cause");
	journal_done(&j);
	fake_free(f);
	return 0;
}

static int last_of_a_type_and_step(void)
{
	struct journal j;
	struct fake *f = host(0, &j);

	T_OK(!journal_last(&j, RECORD_DONE, JOURNAL_NO_STEP));
	T_OK(add(f, &j,
		 &(struct journal_entry){
			 .type = RECORD_DONE, .step = 0, .number = 1, .text = "" }) == 0);
	T_OK(add(f, &j,
		 &(struct journal_entry){
			 .type = RECORD_DONE, .step = 1, .number = 2, .text = "" }) == 0);
	T_OK(add(f, &j,
		 &(struct journal_entry){
			 .type = RECORD_DONE, .step = 0, .number = 3, .text = "" }) == 0);
	T_OK(add(f, &j,
		 &(struct journal_entry){
			 .type = RECORD_UNDONE, .step = 0, .number = 4, .text = "" }) == 0);
	T_OK(journal_last(&j, RECORD_DONE, JOURNAL_NO_STEP)->number == 3);
	T_OK(journal_last(&j, RECORD_DONE, 1)->number == 2);
	T_OK(journal_last(&j, RECORD_DONE, 0)->number == 3);
	T_OK(!journal_last(&j, RECORD_DONE, 2) && !journal_last(&j, RECORD_CONFIRM, 0));
	journal_done(&j);
	fake_free(f);
	return 0;
}

static bool same_records(const struct journal *a, const struct journal *b)
{
	return a->count == b->count && a->next == b->next && a->damaged == b->damaged &&
	       memcmp(a->record, b->record, a->count * sizeof(*a->record)) == 0;
}

/* Every bit of every record: flipped, it reads as it was written. */
static int a_flipped_bit_anywhere_is_put_right(void)
{
	struct journal j;
	struct fake *f = host(4, &j);
	struct err e = { 0 };

	for (size_t bit = 0; bit < (size_t)4 * JOURNAL_SLOT * 8; bit++) {
		struct journal k = { 0 };
		bool good;

		slot(f, 0)[bit / 8] ^= (char)(1 << bit % 8);
		good = journal_read(&f->os, PATH, &k, &e) == 0 && same_records(&k, &j);
		slot(f, 0)[bit / 8] ^= (char)(1 << bit % 8);
		journal_done(&k);
		if (!good)
			printf("# bit %zu\n", bit);
		T_OK(good);
	}
	journal_done(&j);
	fake_free(f);
	return 0;
}

/* More than one: it does not count, and nothing else is lost. */
static int two_flipped_bits_are_seen(void)
{
	struct journal j;
	struct fake *f = host(3, &j);
	struct err e = { 0 };

	for (size_t bit = 0; bit < (size_t)JOURNAL_SLOT * 8; bit++) {
		size_t other = (bit + 1 + bit * 7 % 2000) % ((size_t)JOURNAL_SLOT * 8);
		struct journal k = { 0 };
		bool good;

		slot(f, 1)[bit / 8] ^= (char)(1 << bit % 8);
		slot(f, 1)[other / 8] ^= (char)(1 << other % 8);
		good = journal_read(&f->os, PATH, &k, &e) == 0 && k.count == 2 && k.damaged &&
		       strcmp(k.record[0].text, "0") == 0 && strcmp(k.record[1].text, "2") == 0 &&
		       k.next == 3;
		slot(f, 1)[bit / 8] ^= (char)(1 << bit % 8);
		slot(f, 1)[other / 8] ^= (char)(1 << other % 8);
		journal_done(&k);
		if (!good)
			printf("# bits %zu and %zu\n", bit, other);
		T_OK(good);
	}
	journal_done(&j);
	fake_free(f);
	return 0;
}

/* Cut at any byte while the last record is written: the ones before it are there, and the next is
 * written over what is torn. */
static int a_torn_tail_does_not_count(void)
{
	for (size_t whole = 0; whole < JOURNAL_SLOT - 4; whole++) {
		struct journal j, k = { 0 };
		struct fake *f = host(3, &j);
		struct err e = { 0 };

		memset(slot(f, 2) + whole, 0, JOURNAL_SLOT - whole);
		T_OK(journal_read(&f->os, PATH, &k, &e) == 0);
		T_OK(k.count == 2 && k.next == 2 && !k.damaged);
		T_OK(journal_mark(&f->os, &k, RECORD_NOTE, "again", &e) == 0);
		journal_done(&k);
		T_OK(journal_read(&f->os, PATH, &k, &e) == 0 && k.count == 3 && !k.damaged);
		T_STR(k.record[2].text, "again");
		journal_done(&k);
		journal_done(&j);
		fake_free(f);
	}
	return 0;
}

/* A slot that is whole but stands elsewhere (a copied or shifted file) is no record. */
static int a_record_counts_only_in_its_place(void)
{
	struct journal j, k = { 0 };
	struct fake *f = host(3, &j);
	struct err e = { 0 };

	memcpy(slot(f, 5), slot(f, 1), JOURNAL_SLOT);
	T_OK(journal_read(&f->os, PATH, &k, &e) == 0 && k.count == 3 && k.next == 3);
	journal_done(&k);
	journal_done(&j);
	fake_free(f);
	return 0;
}

static int a_full_journal_says_so(void)
{
	struct journal j, k = { 0 };
	struct fake *f = host(JOURNAL_SLOTS, &j);
	struct err e = { 0 };

	T_OK(j.count == JOURNAL_SLOTS);
	T_OK(journal_mark(&f->os, &j, RECORD_END, "confirmed", &e) < 0 && strstr(e.msg, "full"));
	T_OK(fake_node(f, PATH)->len == FILE_SIZE);
	T_OK(journal_read(&f->os, PATH, &k, &e) == 0 && k.count == JOURNAL_SLOTS);
	T_OK(!journal_last(&k, RECORD_END, JOURNAL_NO_STEP));
	journal_done(&k);
	journal_done(&j);
	fake_free(f);
	return 0;
}

/* What could not be written was not: the caller may try again, or go back. */
static int a_failed_write_is_no_record(void)
{
	struct journal j;
	struct fake *f = host(1, &j);
	struct err e = { 0 };

	fake_fail(f, FAKE_WRITE_AT, 1, EIO);
	T_OK(journal_mark(&f->os, &j, RECORD_CONFIRM, "x", &e) < 0 && e.sys == EIO);
	T_OK(str_starts(e.msg, "journal: confirm: "));
	T_OK(j.count == 1 && j.next == 1);
	T_OK(journal_mark(&f->os, &j, RECORD_UNDO_INTENT, "y", &e) == 0 && j.next == 2);
	journal_done(&j);
	fake_free(f);
	return 0;
}

static int what_is_no_journal_is_refused(void)
{
	struct journal j, k = { .next = 7 };
	struct fake *f = host(2, &j);
	struct err e = { 0 };

	T_OK(journal_read(&f->os, "/var/lib/kannuki/none", &k, &e) < 0 && k.next == 7);
	T_OK(journal_read(&f->os, "/var/lib/kannuki", &k, &e) < 0 && k.next == 7);
	fake_fail(f, FAKE_GET, 1, EIO);
	T_OK(journal_read(&f->os, PATH, &k, &e) < 0 && e.sys == EIO && k.next == 7);
	/* Shorter than it was made: what is there counts. */
	fake_file(f, PATH, "KNJ1", 0600);
	T_OK(journal_read(&f->os, PATH, &k, &e) == 0 && k.count == 0);
	journal_done(&k);
	journal_done(&j);
	fake_free(f);
	return 0;
}

/* A newer kannuki's records are whole, but not ours to judge: never taken for a blank journal, which
 * would mean that nothing was begun. */
static int a_newer_format_is_refused(void)
{
	struct journal j, k = { .next = 7 };
	struct fake *f = host(2, &j);
	struct err e = { 0 };
	uint32_t crc;

	slot(f, 0)[3] = '2'; /* KNJ1 -> KNJ2, with a checksum that fits */
	crc = crc32c(slot(f, 0), JOURNAL_SLOT - 4);
	for (int i = 0; i < 4; i++)
		slot(f, 0)[JOURNAL_SLOT - 4 + i] = (char)(crc >> (8 * i));
	T_OK(journal_read(&f->os, PATH, &k, &e) < 0 && k.next == 7);
	T_OK(e.kind == ERR_FAILED && strstr(e.msg, "newer"));
	journal_done(&j);
	fake_free(f);
	return 0;
}

static int types_have_names(void)
{
	T_STR(record_type_name(RECORD_BEGIN), "begin");
	T_STR(record_type_name(RECORD_END), "end");
	T_STR(record_type_name((enum record_type)0), "?");
	T_STR(record_type_name((enum record_type)99), "?");
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(check_value_of_crc32c),
		T(is_made_with_all_its_room),
		T(what_is_added_is_read),
		T(long_texts_are_cut_at_a_character),
		T(of_a_long_error_the_cause_stays),
		T(last_of_a_type_and_step),
		T(a_flipped_bit_anywhere_is_put_right),
		T(two_flipped_bits_are_seen),
		T(a_torn_tail_does_not_count),
		T(a_record_counts_only_in_its_place),
		T(a_full_journal_says_so),
		T(a_failed_write_is_no_record),
		T(what_is_no_journal_is_refused),
		T(a_newer_format_is_refused),
		T(types_have_names),
	};

	return t_main(cases, COUNT(cases));
}
