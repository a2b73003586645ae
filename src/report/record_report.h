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
/* The type as a word: "began", "undone". */
const char *record_type_words(enum record_type type);
