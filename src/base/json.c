// SPDX-License-Identifier: MIT
/* json.c - see json.h. */
#include "base/json.h"

#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/str.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the well-formed character that begins here (RFC 3629); 0: none does. */
static size_t character(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	unsigned long value = n == 1 ? p[0] : p[0] & (0x7fU >> n);

	if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && value < 0x800) || (n == 4 && value < 0x10000) || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return 0;
	return n;
}

/* Malloc'd. */
static char *as_utf8(const char *text)
{
	CLEANUP_STR struct str clean = { 0 };

	for (const char *p = text; *p;) {
		size_t n = character(p);

		if (n)
			str_add_bytes(&clean, p, n);
		else
			str_add(&clean, REPLACEMENT);
		p += n ? n : 1;
	}
	return str_take(&clean);
}

/* Out of memory is all that can go wrong with what was looked at before. */
static json_t *sure(json_t *made)
{
	if (!made)
		abort();
	return made;
}

json_t *json_text(const char *text)
{
	CLEANUP_FREE char *clean = NULL;
	json_t *made = text ? json_string(text) : json_null();

	if (made)
		return made;
	clean = as_utf8(text);
	return sure(json_string(clean));
}

json_t *json_bytes(const char *text)
{
	return text ? sure(json_string_nocheck(text)) : json_null();
}

/* What becomes of a tree's strings and objects; NULL: they stay. */
struct form {
	json_t *(*string)(json_t *j);
	json_t *(*object)(json_t *j);
};

static json_t *formed(json_t *j, const struct form *form)
{
	json_t *made = json_is_object(j)   ? form->object(j)
		       : json_is_string(j) ? form->string(j)
					   : NULL;
	const char *name;
	json_t *one;
	size_t i;

	if (made)
		return made;
	if (json_is_object(j)) {
		made = sure(json_object());
		json_object_foreach (j, name, one)
			json_object_set_new(made, name, formed(one, form));
		return made;
	}
	if (!json_is_array(j))
		return json_incref(j);
	made = sure(json_array());
	json_array_foreach (j, i, one)
		json_array_append_new(made, formed(one, form));
	return made;
}

static json_t *no_change(json_t *j)
{
	return NULL;
}

static json_t *stored_string(json_t *j)
{
	const char *text = json_string_value(j);
	json_t *plain = json_string(text);
	CLEANUP_FREE char *coded = NULL;

	if (plain)
		return plain;
	coded = base64_encode(text, strlen(text));
	return sure(json_pack("{s:s}", "base64", coded));
}

static json_t *restored_object(json_t *j)
{
	const char *coded = json_string_value(json_object_get(j, "base64"));
	CLEANUP_FREE void *data = NULL;
	size_t len;

	if (json_object_size(j) != 1 || !coded ||
	    base64_decode(coded, strlen(coded), &data, &len) < 0 || memchr(data, '\0', len))
		return NULL;
	return json_bytes(data);
}

char *json_store(json_t *all, size_t flags)
{
	static const struct form form = { stored_string, no_change };
	json_t *stored = formed(all, &form);
	char *text = json_dumps(stored, flags);

	json_decref(all);
	json_decref(stored);
	if (!text)
		abort();
	return text;
}

json_t *json_restore(const char *text, json_error_t *ret_where)
{
	static const struct form form = { no_change, restored_object };
	json_t *stored = json_loads(text, JSON_REJECT_DUPLICATES, ret_where), *all;

	if (!stored)
		return NULL;
	all = formed(stored, &form);
	json_decref(stored);
	return all;
}

json_t *json_said(const char *text)
{
	CLEANUP_FREE char *clean = NULL;
	json_t *all = json_loads(text, 0, NULL);

	if (all)
		return all;
	clean = as_utf8(text);
	return json_loads(clean, 0, NULL);
}

char *json_take_text(json_t *all)
{
	CLEANUP_FREE char *text = json_dumps(all, JSON_INDENT(2));

	json_decref(all);
	if (!text)
		abort();
	return xasprintf("%s\n", text);
}
