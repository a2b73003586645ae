// SPDX-License-Identifier: MIT
/*
 * scan.h - which expressions a line may be of interest to, by one look for all their words (literals.h) at once.
 *
 * Not each place of a line is looked at: a word of nine bytes has, wherever it stands, one of six pieces of four bytes
 * at a place divisible by six. Cost does not grow with the number of words, but for those that are found.
 */
#pragma once

#include "base/str.h"

#define SCAN_PAD 18 /* bytes that may be read behind a line */

struct scan;

/* owners: 0 to owners - 1 ask, each with questions of its own, numbered from 0. */
struct scan *scan_new(size_t owners);
void scan_free(struct scan *s);
/* The owner's question is of interest when one of the words is in the line; none: always. */
void scan_add(struct scan *s, size_t owner, size_t question, const struct strv *any);
/* After the last scan_add(), before the first scan_line(). */
void scan_finish(struct scan *s);

/* The line with scan_fold() applied, and SCAN_PAD bytes behind it. */
void scan_line(struct scan *s, const char *folded, size_t len);
/* A text beside it that counts as part of the line. */
void scan_more(struct scan *s, const char *folded, size_t len);
/* As if all words had been found. */
void scan_all(struct scan *s);
static inline char scan_fold(char c)
{
	return (char)(c | 0x20);
}

/* Of the last line: the owner's questions that are of interest, question i as bit i % 64 of word i / 64. */
const uint64_t *scan_questions(const struct scan *s, size_t owner);
/* Owners of which words were found in it, in no order. */
size_t scan_found(const struct scan *s, const uint32_t **ret_owner);
