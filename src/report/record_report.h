// SPDX-License-Identifier: MIT
/*
 * record_report.h - what the journal says, in the language of whoever reads it.
 *
 * The journal outlives the language it was made in: fixed reasons and who confirmed are stored in English
 * and shown by these. Errors are stored as they were said, in the language of whoever applied.
 */
#pragma once

#include "core/txn.h"

/* The text of a record; ownership to the caller. */
char *record_words(const struct record *r);
/* Of a record CONFIRM by a login: the address that it came from, as text; NULL: it was none. Ownership to the caller. */
char *record_witness_address(const struct record *r);
/* What a person has to know of the end of a transaction (txn_remark), a line each with `first` in front; paths
 * are whole, to be copied. ret is empty before. */
void report_remarks(const struct txn *t, const char *first, struct str *ret);
/* The type as a word: "began", "undone". */
const char *record_type_words(enum record_type type);
