// SPDX-License-Identifier: MIT
/* groups.c - see groups.h. */
#include "guard/groups.h"

#include <string.h>

#define NO_PLACE SIZE_MAX

/* A group of the expression. */
struct mapped {
	unsigned group;
	size_t place;	   /* NO_PLACE: "content" */
	size_t alt, tuple; /* the places of what it is another name for, or NO_PLACE */
};

struct group_map {
	struct mapped *item;
	size_t count;
	size_t places; /* that there were when it was made */
	bool joins;    /* some of them are other names */
	int content;   /* its group, or -1 */
};

void group_names_init(struct group_names *n)
{
	static const char *const known[GROUPS_KNOWN] = {
		[GROUP_IP4] = "ip4",
		[GROUP_IP6] = "ip6",
		[GROUP_DNS] = "dns",
		[GROUP_FID] = "fid",
		[GROUP_CIDR] = "cidr",
		[GROUP_IP] = "ip",
		[GROUP_USER] = "user",
		[GROUP_MLFID] = "mlfid",
		[GROUP_MLFFORGET] = "mlfforget",
		[GROUP_MLFGAINED] = "mlfgained",
		[GROUP_NOFAIL] = "nofail",
		[GROUP_ONCE] = "once",
	};

	for (size_t i = 0; i < GROUPS_KNOWN; i++)
		strv_add(&n->name, known[i]);
}

void group_names_done(struct group_names *n)
{
	strv_done(&n->name);
}

static size_t place_of(struct group_names *n, const char *name)
{
	for (size_t i = 0; i < n->name.count; i++)
		if (strcmp(n->name.item[i], name) == 0)
			return i;
	strv_add(&n->name, name);
	return n->name.count - 1;
}

static size_t joined_place(struct group_names *n, const char *name, const char *prefix)
{
	CLEANUP_FREE char *joined = regex_joined_name(name, prefix);

	return joined ? place_of(n, joined) : NO_PLACE;
}

struct group_map *group_map_new(struct group_names *n, const struct regex *r, bool prefix)
{
	struct group_map *m = xcalloc(1, sizeof(*m));

	m->content = -1;
	m->count = regex_name_count(r);
	m->item = xcalloc(m->count + 1, sizeof(*m->item));
	for (size_t i = 0; i < m->count; i++) {
		struct mapped *one = &m->item[i];
		const char *name = regex_name(r, i, &one->group);

		one->alt = joined_place(n, name, "alt_");
		one->tuple = joined_place(n, name, "tuple_");
		m->joins = m->joins || one->alt != NO_PLACE || one->tuple != NO_PLACE;
		if (prefix && strcmp(name, "content") == 0) {
			m->content = (int)one->group;
			one->place = NO_PLACE;
		} else {
			one->place = place_of(n, name);
		}
	}
	m->places = n->name.count;
	return m;
}

void group_map_free(struct group_map *m)
{
	if (!m)
		return;
	free(m->item);
	free(m);
}

static struct value value_of(const struct regex *r, unsigned group, const struct span *in)
{
	size_t start, end;

	if (!regex_bounds(r, group, &start, &end) || end < start)
		return (struct value){ 0 };
	return (struct value){ in->text + start, end - start };
}

static struct value join(struct arena *arena, struct value a, struct value b)
{
	struct value both = { 0 };
	char *text;

	if (!a.text)
		return (struct value){ b.text ? b.text : "", b.len };
	both.len = a.len + 1 + b.len;
	text = arena_get(arena, both.len + 1);
	memcpy(text, a.text, a.len);
	text[a.len] = ',';
	if (b.len)
		memcpy(text + a.len + 1, b.text, b.len);
	both.text = text;
	return both;
}

/* With other names among them: they count within one expression, in the order of their names. */
static void read_joined(const struct group_map *m, const struct regex *r, const struct span *in,
			struct arena *arena, struct value *value)
{
	struct value *own = arena_get(arena, m->places * sizeof(*own));
	bool *set = arena_get(arena, m->places * sizeof(*set));

	memset(own, 0, m->places * sizeof(*own));
	memset(set, 0, m->places * sizeof(*set));
	for (size_t i = 0; i < m->count; i++) {
		if (m->item[i].place == NO_PLACE)
			continue;
		own[m->item[i].place] = value_of(r, m->item[i].group, in);
		set[m->item[i].place] = true;
	}
	for (size_t i = 0; i < m->count; i++) {
		const struct mapped *one = &m->item[i];
		struct value mine = { 0 };

		if (one->place != NO_PLACE)
			mine = own[one->place];
		if (one->alt != NO_PLACE && mine.len > 0 && own[one->alt].len == 0) {
			own[one->alt] = mine;
			set[one->alt] = true;
		}
		if (one->tuple != NO_PLACE) {
			own[one->tuple] = join(arena, own[one->tuple], mine);
			set[one->tuple] = true;
		}
	}
	for (size_t i = 0; i < m->places; i++)
		if (set[i])
			value[i] = own[i];
}

void group_map_read(const struct group_map *m, const struct regex *r, const struct span *in,
		    struct arena *arena, struct value *value)
{
	const size_t *bound = regex_all_bounds(r);

	if (m->joins) {
		read_joined(m, r, in, arena, value);
		return;
	}
	for (size_t i = 0; i < m->count; i++) {
		const struct mapped *one = &m->item[i];
		size_t start = bound[(size_t)2 * one->group],
		       end = bound[(size_t)2 * one->group + 1];

		if (one->place == NO_PLACE)
			continue;
		if (start == SIZE_MAX || end < start)
			value[one->place] = (struct value){ 0 };
		else
			value[one->place] = (struct value){ in->text + start, end - start };
	}
}

bool group_map_content(const struct group_map *m, const struct regex *r, size_t *ret_start,
		       size_t *ret_end)
{
	return m->content >= 0 && regex_bounds(r, (unsigned)m->content, ret_start, ret_end) &&
	       *ret_end >= *ret_start;
}
