// SPDX-License-Identifier: MIT
/* dict.c - see dict.h. */
#include "guard/dict.h"

#include <string.h>

#include "base/mem.h"

void dict_done(struct dict *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->item[i].key);
		free(d->item[i].value);
	}
	free(d->item);
	*d = (struct dict){ 0 };
}

static struct dict_entry *find(const struct dict *d, const char *key)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->item[i].key[0] == key[0] && strcmp(d->item[i].key, key) == 0)
			return &d->item[i];
	return NULL;
}

const struct dict_entry *dict_find(const struct dict *d, const char *key)
{
	return find(d, key);
}

const char *dict_get(const struct dict *d, const char *key)
{
	const struct dict_entry *found = find(d, key);

	return found ? found->value : NULL;
}

void dict_take(struct dict *d, const char *key, char *value, struct origin from)
{
	struct dict_entry *found = find(d, key);

	if (!found) {
		if (d->count == d->room) {
			d->room = d->room ? d->room * 2 : 8;
			d->item = xrealloc(d->item, d->room, sizeof(*d->item));
		}
		found = &d->item[d->count++];
		*found = (struct dict_entry){ .key = xstrdup(key) };
	}
	free(found->value);
	found->value = value;
	found->from = from;
}

void dict_set(struct dict *d, const char *key, const char *value, struct origin from)
{
	dict_take(d, key, value ? xstrdup(value) : NULL, from);
}

void dict_remove(struct dict *d, const char *key)
{
	struct dict_entry *found = find(d, key);

	if (!found)
		return;
	free(found->key);
	free(found->value);
	memmove(found, found + 1, (size_t)(d->item + d->count - found - 1) * sizeof(*found));
	d->count--;
}

void dict_update(struct dict *d, const struct dict *from)
{
	for (size_t i = 0; i < from->count; i++)
		dict_set(d, from->item[i].key, from->item[i].value, from->item[i].from);
}
