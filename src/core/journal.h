// SPDX-License-Identifier: MIT
/*
 * journal.h - what a transaction has done, written before it is done.
 *
 * A file of preallocated, fixed slots. A record is on the disk (fdatasync) before the step that it
 * announces begins. A slot that is torn or blank fails its CRC and does not count; one flipped bit is put
 * right by it. What the whole slots say decides. Types as in design "3-transaction, Journal".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "os/os.h"

enum record_type {
	RECORD_BEGIN = 1,   /* text: "boot_id machine_id"; number: apply limit, boottime ns */
	RECORD_ARMED,	    /* text: the layer's name */
	RECORD_INTENT,	    /* step: its pre-image is on the disk, apply begins */
	RECORD_DONE,	    /* step */
	RECORD_PENDING,	    /* number: deadline, boottime ns; a later one prolongs */
	RECORD_CONFIRM,	    /* the commit point; text: who and from where */
	RECORD_UNDO_INTENT, /* text: why */
	RECORD_UNDONE,	    /* step: taken back (in early boot: its files are) */
	RECORD_NOTE, /* text: what went wrong and did not stop it; of a step: what is left of it, in
			     * pieces by number */
	RECORD_END,  /* text: "confirmed", "undone", or either with what is left */
};

#define END_CONFIRMED "confirmed" /* so begins END's text, or it was undone */

#define JOURNAL_SLOT	 256
#define JOURNAL_SLOTS	 512
#define JOURNAL_KEPT	 160 /* slots at the end that only records which decide may use */
#define JOURNAL_TEXT_MAX 199 /* bytes; of a longer one the cause is kept */
#define JOURNAL_NO_STEP	 UINT32_MAX

struct record {
	enum record_type type;
	uint32_t step; /* JOURNAL_NO_STEP when it is of none */
	int64_t number;
	int64_t realtime; /* ns since 1970: for people only, never for a decision */
	int64_t boottime; /* ns on CLOCK_BOOTTIME of that boot */
	char text[JOURNAL_TEXT_MAX + 1];
};

/* What a record is to say. */
struct journal_entry {
	enum record_type type;
	uint32_t step;
	int64_t number;
	const char *text; /* may be NULL */
};

struct journal {
	char *path;
	struct record *record;
	size_t count;
	uint32_t next; /* slot */
	bool damaged;  /* a slot before the last whole one is not whole */
};

void journal_done(struct journal *j);
/* Makes the file with all its slots blank, durably. */
int journal_create(struct os *os, const char *path, struct err *e);
/* ERR_FAILED also when a whole record is of a newer format. */
int journal_read(struct os *os, const char *path, struct journal *ret, struct err *e);
/* Appends durably, then takes it into j. Times are filled in here. */
int journal_add(struct os *os, struct journal *j, const struct journal_entry *entry, struct err *e);
/* Writes all records again, durably: one that a killed process wrote, or whose fsync failed, can be read
 * and is not on the disk yet. */
int journal_settle(struct os *os, const struct journal *j, struct err *e);
/* A record of no step, with words only. */
int journal_mark(struct os *os, struct journal *j, enum record_type type, const char *text,
		 struct err *e);

/* Is there room for records that may be left out (notes, prolongations)? They never take the last
 * slots: however often an undo fails, what it takes back in the end and its END are still written. */
bool journal_has_spare(const struct journal *j);
/* Is this what journal_add makes of that text? */
bool record_says(const struct record *r, const char *text);

/* Last record of a type (of that step, or of any with JOURNAL_NO_STEP); NULL: none. */
const struct record *journal_last(const struct journal *j, enum record_type type, uint32_t step);
const char *record_type_name(enum record_type type);
