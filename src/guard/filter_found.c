// SPDX-License-Identifier: MIT
/* filter_found.c - from the groups of a match to a failure of somebody. */
#include <string.h>

#include "guard/filter_core.h"
#include "guard/source_id.h"

/* What a match says: the merged groups of its connection, or its own. */
struct said {
	struct filter *f;
	const struct connection *connection; /* NULL: it has none */
};

static struct value get(const struct said *s, size_t place)
{
	return s->connection ? connection_get(s->connection, place) : s->f->value[place];
}

static bool same(struct value a, struct value b)
{
	return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

/* A malloc'd text becomes one that lasts as long as the line. */
static char *take_text(struct arena *arena, char *text)
{
	char *ret = arena_text(arena, text, strlen(text));

	free(text);
	return ret;
}

/* source_id(): an address without ':' and without a prefix's length is in its one form already, or is none. */
static char *id_of(struct arena *arena, struct value address, struct value cidr)
{
	char *text = arena_text(arena, address.text, address.len);

	if (cidr.len == 0 && !memchr(address.text, ':', address.len))
		return text;
	return take_text(arena,
			 source_id(text, cidr.len ? arena_text(arena, cidr.text, cidr.len) : NULL));
}

static char *id_of_text(struct arena *arena, struct value id)
{
	char *text = arena_text(arena, id.text, id.len);

	return strpbrk(text, ":/[") ? take_text(arena, source_id_of_text(text)) : text;
}

/* Who failed: an address, or a name of a host, or what <F-ID> says. *ret_ip: the address, where <F-ID> says more. */
static void name_source(const struct said *s, struct found *found, char **ret_ip)
{
	struct arena *arena = &s->f->arena;
	struct value fid = get(s, GROUP_FID), address = get(s, GROUP_IP4), cidr = { 0 };
	bool is_dns = false;

	if (!address.text)
		address = get(s, GROUP_IP6);
	if (address.text) {
		cidr = get(s, GROUP_CIDR);
	} else {
		address = get(s, GROUP_DNS);
		is_dns = address.text != NULL;
	}
	if (address.text && fid.text && !same(address, fid)) {
		*ret_ip = id_of(arena, address, cidr);
		address.text = NULL;
	}
	found->id = address.text ? id_of(arena, address, cidr) : id_of_text(arena, fid);
	found->is_name = address.text && is_dns &&
			 !source_is_address(arena_text(arena, address.text, address.len));
}

/* Names and texts for others: pointers to what lasts as long as the line. */
static void show_groups(const struct said *s, char *ip, struct dict *ret)
{
	const struct strv *names = &s->f->names.name;
	/* When several expressions are asked, the next one may write over it. */
	bool copy = !s->connection || s->f->mode.all;

	ret->item = arena_get(&s->f->arena, (names->count + 1) * sizeof(*ret->item));
	ret->room = names->count + 1;
	for (size_t i = 0; i < names->count; i++) {
		struct value v = get(s, i);

		if (i == GROUP_IP && ip)
			v = (struct value){ ip, strlen(ip) };
		if (!v.text)
			continue;
		ret->item[ret->count++] = (struct dict_entry){
			.key = names->item[i],
			.value = copy ? arena_text(&s->f->arena, v.text, v.len) : (char *)v.text,
		};
	}
}

static void show_users(const struct said *s, struct strv *ret)
{
	const struct connection *c = s->connection;
	struct arena *arena = &s->f->arena;

	ret->item = arena_get(arena, (c->users + 1) * sizeof(*ret->item));
	for (size_t i = 0; i < c->users; i++) {
		const char *user = connection_user(c, i);

		ret->item[ret->count++] =
			s->f->mode.all ? arena_text(arena, user, strlen(user)) : (char *)user;
	}
	ret->item[ret->count] = NULL;
}

static void add_found(struct pass *p, size_t rule, const struct said *s, bool known, unsigned lines)
{
	struct filter *f = p->f;
	struct found *one;
	char *ip = NULL;

	if (f->found_count == f->found_room) {
		f->found_room = 2 * f->found_room + 4;
		f->found = xrealloc(f->found, f->found_room, sizeof(*f->found));
	}
	one = &f->found[f->found_count++];
	*one = (struct found){ .regex = rule,
			       .has_time = p->date->has_time,
			       .time = p->date->time,
			       .harmless = get(s, GROUP_NOFAIL).len > 0 ||
					   (s->connection && s->connection->same) };
	one->failure.pending = !known;
	one->failure.matches = s->connection ? s->connection->matches : lines;
	if (s->connection)
		one->failure.harmless_matches = s->connection->harmless_matches;
	if (known)
		name_source(s, one, &ip);
	if (f->mode.brief)
		return;
	show_groups(s, ip, &one->failure.group);
	if (s->connection)
		show_users(s, &one->failure.users);
}

bool filter_take_match(struct pass *p, size_t rule, const struct span *in, unsigned lines)
{
	struct filter *f = p->f;
	struct connection *connection = NULL;
	struct said said = { .f = f };
	bool go_on = f->mode.all, known;

	f->fail.item[rule].hits++;
	memcpy(f->value, f->before, f->names.name.count * sizeof(*f->value));
	group_map_read(f->fail.item[rule].groups, f->fail.item[rule].regex, in, &f->arena,
		       f->value);
	if (f->value[GROUP_MLFID].text) {
		if (!f->connections)
			f->connections = connections_new(f->names.name.count, f->once);
		connection = connections_merge(f->connections, f->value, p->clock, lines);
		said.connection = connection;
		if ((get(&said, GROUP_NOFAIL).len > 0 || connection->same) && !go_on)
			return false;
	}
	known = get(&said, GROUP_IP4).text || get(&said, GROUP_IP6).text ||
		get(&said, GROUP_DNS).text || get(&said, GROUP_FID).text;
	if (!known && connection)
		connection->pending = true;
	if (known || go_on || f->mode.pending)
		add_found(p, rule, &said, known, lines);
	return go_on;
}
