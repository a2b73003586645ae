// SPDX-License-Identifier: MIT
/*
 * line_ring.h - the last lines that were of interest, in so many bytes; each may follow another, so that those of
 * one source are found together. What is overwritten is gone, and ends the chain.
 */
#pragma once

#include "base/str.h"

#define LINE_RING_LINE 1000 /* bytes kept of one line */

struct line_ring;

struct line_ring *line_ring_new(size_t bytes); /* at least 2 * LINE_RING_LINE are had */
void line_ring_free(struct line_ring *r);
/* previous: what this returned for the line it follows, or 0. Never returns 0. */
uint64_t line_ring_add(struct line_ring *r, const char *line, size_t len, uint64_t previous);
/* The lines of the chain that ends with `last`, oldest first, at most so many. */
void line_ring_chain(const struct line_ring *r, uint64_t last, size_t max, struct strv *ret);
