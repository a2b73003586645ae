// SPDX-License-Identifier: MIT
/* failure.c - see failure.h. */
#include "guard/failure.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "guard/hash.h"

#define CONNECTIONS_MAX 4096 /* forty times fail2ban's, so that opening many does not hide one */
#define FORGOTTEN_AFTER 300
#define USERS_MAX	100
#define USER_MAX	1024 /* bytes of a name; of a longer one its beginning and a sum of all of it */
#define BYTES_MAX	((size_t)16 << 20) /* of all that is remembered: long lines shorten the time */
#define BUCKETS		4096
#define ROOM_HERE	256 /* bytes for the texts of a connection beside it */
#define USERS_HERE	4   /* so many of its users are beside it */
#define NOTHING		UINT32_MAX

/* Where a text is in a connection's bytes. */
struct text_ref {
	uint32_t at, len; /* at NOTHING: there is none */
};

struct connections {
	struct connection *bucket[BUCKETS];
	struct connection *oldest, *newest;
	struct connection *loose; /* the last one that ended: its caller still reads it */
	struct connection *unused;
	size_t places, count, bytes;
	bool one_source;
};

void failure_done(struct failure *f)
{
	dict_done(&f->group);
	strv_done(&f->users);
}

void failure_copy(const struct failure *from, struct failure *ret)
{
	*ret = (struct failure){ .matches = from->matches,
				 .harmless_matches = from->harmless_matches,
				 .pending = from->pending };
	dict_update(&ret->group, &from->group);
	for (size_t i = 0; i < from->users.count; i++)
		strv_add(&ret->users, from->users.item[i]);
}

bool failure_has(const struct failure *f, const char *group)
{
	const char *value = dict_get(&f->group, group);

	return value && value[0];
}

struct value connection_get(const struct connection *c, size_t place)
{
	struct text_ref ref = c->group[place];
	struct value v = { 0 };

	if (ref.at != NOTHING)
		v = (struct value){ c->bytes + ref.at, ref.len };
	return v;
}

const char *connection_user(const struct connection *c, size_t i)
{
	return c->bytes + c->user[i].at;
}

/* What is in one piece with the connection, so that it is found in as few places of memory as can be: its groups, the first
 * users, the first bytes. */
static struct text_ref *groups_here(struct connection *c)
{
	return (struct text_ref *)(c + 1);
}

static struct text_ref *users_here(const struct connections *all, struct connection *c)
{
	return groups_here(c) + all->places;
}

static char *bytes_here(const struct connections *all, struct connection *c)
{
	return (char *)(users_here(all, c) + USERS_HERE);
}

static struct connection *connection_new(const struct connections *all)
{
	struct connection *c = xcalloc(
		1, sizeof(*c) + (all->places + USERS_HERE) * sizeof(struct text_ref) + ROOM_HERE);

	c->group = groups_here(c);
	c->user = users_here(all, c);
	c->user_room = USERS_HERE;
	c->bytes = bytes_here(all, c);
	c->room = ROOM_HERE;
	return c;
}

/* Only what is in one piece with it stays. */
static void make_small(const struct connections *all, struct connection *c)
{
	if (c->bytes != bytes_here(all, c)) {
		free(c->bytes);
		c->bytes = bytes_here(all, c);
		c->room = ROOM_HERE;
	}
	if (c->user != users_here(all, c)) {
		free(c->user);
		c->user = users_here(all, c);
		c->user_room = USERS_HERE;
	}
}

static void connection_free(const struct connections *all, struct connection *c)
{
	if (!c)
		return;
	make_small(all, c);
	free(c);
}

struct connections *connections_new(size_t places, bool one_source)
{
	struct connections *c = xcalloc(1, sizeof(*c));

	c->places = places;
	c->one_source = one_source;
	return c;
}

/* Out of the table; still there to be read until the next one is let loose. */
static void set_loose(struct connections *c, struct connection *one)
{
	struct connection *before = c->loose;

	c->loose = one;
	/* It is long out of the cache, and soon written to again. */
	for (size_t at = 0; at < sizeof(*one) + 320; at += 64)
		__builtin_prefetch((char *)one + at, 1);
	if (c->oldest)
		__builtin_prefetch(c->oldest, 1);
	if (!before)
		return;
	make_small(c, before);
	before->next = c->unused;
	c->unused = before;
}

static void let_loose(struct connections *c, struct connection *one)
{
	struct connection **at = &c->bucket[one->hash % BUCKETS];

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	*(one->older ? &one->older->newer : &c->oldest) = one->newer;
	*(one->newer ? &one->newer->older : &c->newest) = one->older;
	c->count--;
	c->bytes -= one->room;
	set_loose(c, one);
}

void connections_free(struct connections *c)
{
	if (!c)
		return;
	while (c->oldest)
		let_loose(c, c->oldest);
	while (c->unused) {
		struct connection *next = c->unused->next;

		connection_free(c, c->unused);
		c->unused = next;
	}
	connection_free(c, c->loose);
	free(c);
}

/* One of which nothing was heard, in no table. */
static struct connection *take_unused(struct connections *c)
{
	struct connection *one = c->unused;

	if (one)
		c->unused = one->next;
	else
		one = connection_new(c);
	one->matches = one->harmless_matches = 0;
	one->pending = one->same = one->once = one->more = false;
	one->users = 0;
	one->len = 0;
	for (size_t i = 0; i < c->places; i++)
		one->group[i].at = NOTHING;
	return one;
}

static bool is_same(const struct connection *c, struct value id)
{
	struct value mine = connection_get(c, GROUP_MLFID);

	return mine.text && mine.len == id.len && memcmp(mine.text, id.text, id.len) == 0;
}

static struct connection *find(struct connections *c, uint64_t hash, struct value id, double clock)
{
	while (c->oldest && (c->oldest->until <= clock || c->bytes > BYTES_MAX))
		let_loose(c, c->oldest);
	for (struct connection *one = c->bucket[hash % BUCKETS]; one; one = one->next)
		if (one->hash == hash && is_same(one, id))
			return one;
	return NULL;
}

static void keep(struct connections *c, struct connection *one, uint64_t hash, double clock)
{
	struct connection **bucket = &c->bucket[hash % BUCKETS];

	if (c->count == CONNECTIONS_MAX)
		let_loose(c, c->oldest);
	one->hash = hash;
	one->until = clock + FORGOTTEN_AFTER;
	one->next = *bucket;
	one->older = c->newest;
	one->newer = NULL;
	*bucket = one;
	*(c->newest ? &c->newest->newer : &c->oldest) = one;
	c->newest = one;
	c->count++;
	c->bytes += one->room;
}

static void move_text(const char *from, struct text_ref *ref, char *to, uint32_t *len)
{
	if (ref->at == NOTHING)
		return;
	memcpy(to + *len, from + ref->at, ref->len + 1);
	ref->at = *len;
	*len += ref->len + 1;
}

/* Room for so many bytes more; what was overwritten is given up. */
static void need(const struct connections *c, struct connection *one, size_t more)
{
	size_t live = 0, room;
	uint32_t len = 0;
	char *bytes;

	if (one->len + more <= one->room)
		return;
	for (size_t i = 0; i < c->places; i++)
		live += one->group[i].at == NOTHING ? 0 : one->group[i].len + 1;
	for (size_t i = 0; i < one->users; i++)
		live += one->user[i].len + 1;
	room = live + more + live / 2;
	bytes = xcalloc(1, room);
	for (size_t i = 0; i < c->places; i++)
		move_text(one->bytes, &one->group[i], bytes, &len);
	for (size_t i = 0; i < one->users; i++)
		move_text(one->bytes, &one->user[i], bytes, &len);
	if (one->bytes != bytes_here(c, one))
		free(one->bytes);
	one->bytes = bytes;
	one->len = len;
	one->room = (uint32_t)room;
}

static void put(const struct connections *c, struct connection *one, struct text_ref *ref,
		struct value v)
{
	if (ref->at == NOTHING || ref->len < v.len) {
		ref->at = NOTHING;
		need(c, one, v.len + 1);
		ref->at = one->len;
		one->len += (uint32_t)v.len + 1;
	}
	memcpy(one->bytes + ref->at, v.text, v.len);
	one->bytes[ref->at + v.len] = '\0';
	ref->len = (uint32_t)v.len;
}

static bool has(const struct connection *c, enum group place)
{
	return c->group[place].at != NOTHING && c->group[place].len > 0;
}

/* Takes the group away; true when it had a text. */
static bool take(struct connection *c, enum group place)
{
	bool had = has(c, place);

	c->group[place].at = NOTHING;
	return had;
}

/* FNV-1a, as a sum to tell long names apart. */
static uint32_t sum(struct value v)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < v.len; i++)
		h = (h ^ (unsigned char)v.text[i]) * 16777619u;
	return h;
}

static void add_user(const struct connections *c, struct connection *one, struct value user)
{
	char brief[USER_MAX + 16];

	if (!user.text || user.len == 0 || one->users == USERS_MAX)
		return;
	if (user.len > USER_MAX) {
		int n = snprintf(brief, sizeof(brief), "%.*s...%08x", USER_MAX, user.text,
				 sum(user));

		user = (struct value){ brief, (size_t)n };
	}
	for (size_t i = 0; i < one->users; i++)
		if (one->user[i].len == user.len &&
		    memcmp(connection_user(one, i), user.text, user.len) == 0)
			return;
	if (one->users == one->user_room) {
		bool here = one->user == users_here(c, one);
		struct text_ref *there =
			xrealloc(here ? NULL : one->user, 2 * one->users, sizeof(*there));

		if (here)
			memcpy(there, one->user, one->users * sizeof(*there));
		one->user = there;
		one->user_room = (uint32_t)(2 * one->users);
	}
	need(c, one, user.len + 1);
	one->user[one->users].at = NOTHING;
	put(c, one, &one->user[one->users], user);
	one->users++;
}

/* What one line says about its own place in the connection. */
struct line_says {
	bool harmless;	     /* <F-NOFAIL>: no failure by itself */
	bool gained;	     /* <F-MLFGAINED>: logged in, what was pending is void */
	bool ends;	     /* <F-MLFFORGET>: nothing more will come */
	struct value nofail; /* what is known of it then */
};

static struct line_says read_line(const struct value *value)
{
	struct line_says says = { .gained = value[GROUP_MLFGAINED].len > 0,
				  .ends = value[GROUP_MLFFORGET].len > 0,
				  .nofail = value[GROUP_NOFAIL] };

	if (says.gained && says.nofail.len == 0)
		says.nofail = value[GROUP_MLFGAINED];
	says.harmless = says.gained || says.nofail.len > 0;
	return says;
}

/* The line's texts over those of before. */
static void write_over(const struct connections *c, struct connection *known,
		       const struct value *value, const struct line_says *says)
{
	for (size_t i = 0; i < c->places; i++) {
		struct value v = i == GROUP_NOFAIL ? says->nofail : value[i];

		if (v.text && i != GROUP_MLFFORGET && i != GROUP_ONCE)
			put(c, known, &known->group[i], v);
	}
}

static void merge(const struct connections *c, struct connection *known, const struct value *value,
		  const struct line_says *says)
{
	bool was_harmless;

	add_user(c, known, value[GROUP_USER]);
	was_harmless = take(known, GROUP_NOFAIL);
	was_harmless = take(known, GROUP_MLFGAINED) || was_harmless;
	if (says->gained)
		known->pending = false;
	/* They are told already. */
	if (!was_harmless && !known->pending)
		known->matches = 0;
	write_over(c, known, value, says);
}

static void count_lines(struct connection *one, const struct line_says *says, unsigned lines)
{
	if (!says->harmless) {
		one->matches += one->harmless_matches + lines;
		one->harmless_matches = 0;
	} else if (!says->ends) {
		one->harmless_matches += lines;
	}
}

static bool differs(const struct connection *one, const struct value *value, enum group place)
{
	struct value known = connection_get(one, place), now = value[place];

	return known.len != now.len || (now.len && memcmp(known.text, now.text, now.len) != 0);
}

static bool is_of_another(const struct connections *c, const struct connection *one,
			  const struct value *value)
{
	bool tells = value[GROUP_IP4].len > 0 || value[GROUP_IP6].len > 0;

	return c->one_source && tells &&
	       (differs(one, value, GROUP_IP4) || differs(one, value, GROUP_IP6));
}

/* Was this failure told before, by another line? */
static bool is_told(struct connection *one, bool once)
{
	bool told = once ? one->once || one->more : one->once && !one->more;

	one->once = one->once || once;
	one->more = one->more || !once;
	return told;
}

struct connection *connections_merge(struct connections *c, const struct value *value, double clock,
				     unsigned lines)
{
	struct value id = value[GROUP_MLFID];
	uint64_t hash = hash_bytes(id.text, id.len);
	struct line_says says = read_line(value);
	struct connection *one = find(c, hash, id, clock);

	if (one && is_of_another(c, one, value)) {
		let_loose(c, one);
		one = NULL;
	}
	if (one) {
		size_t room = one->room;

		merge(c, one, value, &says);
		c->bytes += one->room - room;
		if (says.ends)
			let_loose(c, one);
	} else {
		one = take_unused(c);
		write_over(c, one, value, &says);
		/* Where nothing was heard of it and nothing will be there is nothing to keep. */
		if (says.ends) {
			set_loose(c, one);
		} else {
			add_user(c, one, value[GROUP_USER]);
			keep(c, one, hash, clock);
		}
	}
	/* A success after failures of another user, or after some whose source is told only now, hides none. */
	if (one->pending || one->users > 1) {
		take(one, GROUP_NOFAIL);
		take(one, GROUP_MLFGAINED);
		says.harmless = says.gained = false;
	}
	one->pending = false;
	count_lines(one, &says, lines);
	one->same = !says.harmless && is_told(one, value[GROUP_ONCE].len > 0);
	return one;
}
