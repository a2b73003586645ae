// SPDX-License-Identifier: MIT
/*
 * dict.h - named texts in the order in which they came, each with the place it came from.
 *
 * The order counts: fail2ban's files are merged and its commands given in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where a value stands. file is owned by whoever read it and outlives the dict; NULL: built in. */
struct origin {
	const char *file;
	unsigned line;
};

struct dict_entry {
	char *key, *value;
	struct origin from;
};

struct dict {
	struct dict_entry *item;
	size_t count, room;
};

void dict_done(struct dict *d);
#define CLEANUP_DICT CLEANUP(dict_done)
/* Keys are compared byte by byte. NULL: not there. */
const struct dict_entry *dict_find(const struct dict *d, const char *key);
const char *dict_get(const struct dict *d, const char *key);
/* A key that is there keeps its place. value NULL: there, but without a value. */
void dict_set(struct dict *d, const char *key, const char *value, struct origin from);
/* Takes ownership of value. */
void dict_take(struct dict *d, const char *key, char *value, struct origin from);
void dict_remove(struct dict *d, const char *key);
/* All of `from` over `d`, as dict.update() does. */
void dict_update(struct dict *d, const struct dict *from);
