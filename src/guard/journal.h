// SPDX-License-Identifier: MIT
/*
 * journal.h - entries of the journal as `journalctl -o export` writes them, and what a jail's journalmatch wants.
 *
 * The format is systemd's Journal Export Format. An entry is told as the line that a log would have, as fail2ban does:
 * host, identifier, process, message. Newlines in it are written \n, so that nobody begins a line of his own.
 */
#pragma once

#include "base/str.h"

#define JOURNAL_FIELD_MAX  ((size_t)64 << 10) /* bytes of a field's value that are kept */
#define JOURNAL_FIELDS_MAX 256		      /* of an entry; more are passed over */

struct journal_field {
	char *name, *value;
};

struct journal_entry {
	struct journal_field *field;
	size_t count;
};

const char *journal_get(const struct journal_entry *e, const char *name);
/* words: FIELD=VALUE of which those of one field are alternatives and different fields must all be there; "+" between
 * such groups, one of which is enough. No words: every entry. */
bool journal_matches(const struct journal_entry *e, const struct strv *words);
/* The words; a group with _COMM=sshd once more with what OpenSSH 9.8 and later call themselves. Both only of root, where the
 * group says of no other user: a name is anybody's. */
void journal_words(const struct strv *words, struct strv *ret);
/* Seconds since 1970 of the entry, or < 0. */
double journal_time(const struct journal_entry *e);
void journal_line(const struct journal_entry *e, struct str *ret);

struct journal;

struct journal *journal_new(void);
void journal_free(struct journal *j);
/* What was read goes in; the entry is only good until fn returns. */
typedef void journal_fn(void *arg, const struct journal_entry *entry);
void journal_take(struct journal *j, const char *text, size_t len, journal_fn *fn, void *arg);
/* What is there of an entry without its end is forgotten: its writer is gone. */
void journal_reset(struct journal *j);
