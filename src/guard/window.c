// SPDX-License-Identifier: MIT
/* window.c - see window.h. */
#include "guard/window.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

#include "guard/hash.h"
#include "guard/line_ring.h"

#define CHUNK	    1024 /* places that are had at once */
#define NONE	    UINT32_MAX
#define STAMPS_HERE 4		/* so many failures need no memory beside their place */
#define UNITS_MAX   2000000000u /* find_time in units is at most this */
#define FIRST_SIZE  256u

enum key_kind { KEY_TEXT, KEY_IP4, KEY_IP6 };

/* A source in a jail. What pads it is zero: it is hashed and compared as bytes. */
struct key {
	unsigned char address[16];
	uint16_t jail;
	uint8_t kind, prefix; /* prefix: 255 when there is none */
};

/* Those that failed once and those that failed more often, each in the order of their last failure. */
enum rank { RANK_ONCE, RANK_MORE, RANKS };

struct entry {
	struct key key;
	uint32_t next;	       /* in the bucket, or among the free ones */
	uint32_t older, newer; /* of its rank */
	uint32_t retry;	       /* fail2ban's estimate */
	uint16_t stamps, room; /* room 0: they are here */
	double first, last;    /* what the estimate is of */
	double epoch;	       /* what the stamps count from */
	uint64_t line;	       /* its last one in the ring */
	union {
		uint32_t here[STAMPS_HERE];
		uint32_t *there;
	} stamp;    /* its failures, sorted, in units of the jail since epoch */
	char *text; /* of an id that is no address */
};

struct rule {
	double find_time, unit; /* seconds */
	uint32_t find_units;
	unsigned max_retry;
};

struct rank_list {
	uint32_t oldest, newest;
};

struct window {
	struct rule *rule;
	size_t rules;
	struct window_limits limits;
	struct entry **chunk;
	size_t chunks;
	uint32_t used; /* places that were ever taken */
	uint32_t free; /* the first of those given back */
	uint32_t *bucket;
	size_t buckets, bucket_room;
	size_t count, stamp_bytes, text_bytes;
	struct rank_list rank[RANKS];
	uint32_t sweep;
	unsigned long evicted;
	struct line_ring *lines;
	/* The last one that was due: its lines can still be asked for. */
	struct key due;
	char *due_text;
	uint64_t due_line;
};

static struct entry *at(const struct window *w, uint32_t i)
{
	return &w->chunk[i / CHUNK][i % CHUNK];
}

static uint32_t *stamps_of(struct entry *e)
{
	return e->room ? e->stamp.there : e->stamp.here;
}

/* Address or "ADDRESS/LENGTH" as bytes; all else stays a text. */
static struct key make_key(size_t jail, const char *id)
{
	struct key key = { .jail = (uint16_t)jail, .kind = KEY_TEXT, .prefix = 255 };
	char copy[INET6_ADDRSTRLEN];
	const char *slash = strchr(id, '/');
	size_t len = slash ? (size_t)(slash - id) : strlen(id);
	int family = memchr(id, ':', len) ? AF_INET6 : AF_INET;
	uint64_t prefix = 255;

	if (len >= sizeof(copy) || (slash && str_to_u64(slash + 1, 0, 128, &prefix) < 0))
		return key;
	memcpy(copy, id, len);
	copy[len] = '\0';
	if (inet_pton(family, copy, key.address) != 1) {
		memset(key.address, 0, sizeof(key.address));
		return key;
	}
	key.kind = family == AF_INET ? KEY_IP4 : KEY_IP6;
	key.prefix = (uint8_t)prefix;
	return key;
}

static uint64_t hash_of(const struct key *key, const char *text)
{
	uint64_t h = hash_bytes(key, sizeof(*key));

	return text ? h ^ hash_bytes(text, strlen(text)) : h;
}

/* Linear hashing: the table grows by one bucket at a time, so that no failure waits for the rest. */
static size_t bucket_of(const struct window *w, uint64_t hash)
{
	size_t top = (size_t)1 << (63 - __builtin_clzll(w->buckets)), i = hash & (2 * top - 1);

	return i < w->buckets ? i : hash & (top - 1);
}

static bool same_key(const struct entry *e, const struct key *key, const char *text)
{
	return memcmp(&e->key, key, sizeof(*key)) == 0 && (!text || strcmp(e->text, text) == 0);
}

static uint32_t find(const struct window *w, const struct key *key, const char *text)
{
	uint32_t i = w->bucket[bucket_of(w, hash_of(key, text))];

	while (i != NONE && !same_key(at(w, i), key, text))
		i = at(w, i)->next;
	return i;
}

static void grow(struct window *w)
{
	uint32_t i, *to;
	size_t from;

	if (w->buckets == w->bucket_room) {
		w->bucket_room *= 2;
		w->bucket = xrealloc(w->bucket, w->bucket_room, sizeof(*w->bucket));
	}
	from = w->buckets - ((size_t)1 << (63 - __builtin_clzll(w->buckets)));
	i = w->bucket[from];
	w->bucket[from] = w->bucket[w->buckets++] = NONE;
	for (uint32_t next; i != NONE; i = next) {
		struct entry *e = at(w, i);

		next = e->next;
		to = &w->bucket[bucket_of(w, hash_of(&e->key, e->text))];
		e->next = *to;
		*to = i;
	}
}

static enum rank rank_of(const struct entry *e)
{
	return e->retry > 1 || e->stamps > 1 ? RANK_MORE : RANK_ONCE;
}

static void leave_rank(struct window *w, struct entry *e, enum rank rank)
{
	struct rank_list *list = &w->rank[rank];

	*(e->older != NONE ? &at(w, e->older)->newer : &list->oldest) = e->newer;
	*(e->newer != NONE ? &at(w, e->newer)->older : &list->newest) = e->older;
}

static void enter_rank(struct window *w, uint32_t i)
{
	struct entry *e = at(w, i);
	struct rank_list *list = &w->rank[rank_of(e)];

	e->older = list->newest;
	e->newer = NONE;
	*(list->newest != NONE ? &at(w, list->newest)->newer : &list->oldest) = i;
	list->newest = i;
}

static void drop(struct window *w, uint32_t i)
{
	struct entry *e = at(w, i);
	uint32_t *link = &w->bucket[bucket_of(w, hash_of(&e->key, e->text))];

	while (*link != i)
		link = &at(w, *link)->next;
	*link = e->next;
	leave_rank(w, e, rank_of(e));
	if (e->room)
		free(e->stamp.there);
	w->stamp_bytes -= e->room * sizeof(uint32_t);
	w->text_bytes -= e->text ? strlen(e->text) + 1 : 0;
	free(e->text);
	*e = (struct entry){ .key.prefix = 0, .next = w->free };
	w->free = i;
	w->count--;
}

/* A place that is free has the prefix 0 of no address: KEY_TEXT always has 255. */
static bool is_taken(const struct entry *e)
{
	return e->key.kind != KEY_TEXT || e->key.prefix != 0;
}

static bool is_over(const struct window *w, const struct entry *e, double now)
{
	return e->last <= now - w->rule[e->key.jail].find_time;
}

/* Looks at a few places for what is over; each failure does, so none stays long while failures come. */
static void sweep(struct window *w, double now)
{
	for (int i = 0; i < 2 && w->used > 0; i++) {
		w->sweep = w->sweep + 1 < w->used ? w->sweep + 1 : 0;
		if (is_taken(at(w, w->sweep)) && is_over(w, at(w, w->sweep), now))
			drop(w, w->sweep);
	}
}

static void make_room(struct window *w, double now)
{
	uint32_t once = w->rank[RANK_ONCE].oldest, more = w->rank[RANK_MORE].oldest;
	uint32_t goes = once;

	if (w->count < w->limits.sources)
		return;
	if (once == NONE || (more != NONE && is_over(w, at(w, more), now)))
		goes = more;
	w->evicted += !is_over(w, at(w, goes), now);
	drop(w, goes);
}

static uint32_t take_place(struct window *w)
{
	uint32_t i = w->free;

	if (i != NONE) {
		w->free = at(w, i)->next;
		return i;
	}
	if (w->used == w->chunks * CHUNK) {
		w->chunk = xrealloc(w->chunk, w->chunks + 1, sizeof(void *));
		w->chunk[w->chunks++] = xcalloc(CHUNK, sizeof(**w->chunk));
	}
	return w->used++;
}

static uint32_t insert(struct window *w, const struct key *key, const char *text, double time)
{
	uint32_t i = take_place(w), *bucket;

	if (w->count >= w->buckets)
		grow(w);
	bucket = &w->bucket[bucket_of(w, hash_of(key, text))];
	*at(w, i) = (struct entry){ .key = *key,
				    .next = *bucket,
				    .first = time,
				    .last = time,
				    .epoch = time,
				    .text = text ? xstrdup(text) : NULL };
	*bucket = i;
	w->text_bytes += text ? strlen(text) + 1 : 0;
	w->count++;
	return i;
}

/* fail2ban's estimate (FailTicket.adjustTime and .inc): half rounds to even there, as rint() does. */
static void estimate(const struct rule *r, struct entry *e, double time, unsigned count)
{
	if (time > e->last && e->first < time - r->find_time) {
		e->retry = (uint32_t)rint(e->retry / (time - e->first) * r->find_time);
		e->first = time - r->find_time;
	}
	e->retry += count;
}

/* Room for so many stamps; beyond STAMPS_HERE in memory of their own. */
static void need_stamps(struct window *w, struct entry *e, size_t count)
{
	size_t room = e->room ? e->room : STAMPS_HERE;
	uint32_t *there;

	if (count <= room)
		return;
	while (room < count)
		room *= 2;
	there = xrealloc(e->room ? e->stamp.there : NULL, room, sizeof(*there));
	if (!e->room)
		memcpy(there, e->stamp.here, e->stamps * sizeof(*there));
	w->stamp_bytes += (room - e->room) * sizeof(*there);
	e->stamp.there = there;
	e->room = (uint16_t)room;
}

/* Lets the stamps count from another time; those that would be before it are dropped. */
static void move_epoch(const struct rule *r, struct entry *e, double epoch)
{
	double by = rint((e->epoch - epoch) / r->unit);
	uint32_t *stamp = stamps_of(e);
	uint16_t kept = 0;

	for (uint16_t i = 0; i < e->stamps; i++)
		if (stamp[i] + by >= 0 && stamp[i] + by < UINT32_MAX)
			stamp[kept++] = (uint32_t)(stamp[i] + by);
	e->stamps = kept;
	e->epoch = epoch;
}

/* The failures that truly are within find_time of the last one. */
static void stamp(struct window *w, const struct rule *r, struct entry *e,
		  const struct window_failure *f)
{
	double newest = f->time > e->last ? f->time : e->last;
	unsigned count = f->count < r->max_retry ? f->count : r->max_retry;
	uint32_t *all, mine, low;
	uint16_t old = 0;
	size_t to;

	if ((newest - e->epoch) / r->unit > 1.05 * UNITS_MAX)
		move_epoch(r, e, newest - r->find_time - r->unit);
	if (f->time < e->epoch && f->time >= newest - r->find_time)
		move_epoch(r, e, f->time);
	low = (uint32_t)rint((newest - e->epoch) / r->unit);
	low = low > r->find_units ? low - r->find_units : 0;
	all = stamps_of(e);
	while (old < e->stamps && all[old] < low)
		old++;
	e->stamps -= old;
	memmove(all, all + old, e->stamps * sizeof(*all));
	if (f->time < e->epoch || (mine = (uint32_t)rint((f->time - e->epoch) / r->unit)) < low)
		return;
	need_stamps(w, e, e->stamps + (size_t)count);
	all = stamps_of(e);
	for (to = e->stamps; to > 0 && all[to - 1] > mine; to--)
		;
	memmove(all + to + count, all + to, (e->stamps - to) * sizeof(*all));
	for (unsigned i = 0; i < count; i++)
		all[to + i] = mine;
	e->stamps = (uint16_t)(e->stamps + count);
}

static struct window_state state_of(const struct entry *e)
{
	return (struct window_state){ .known = true,
				      .attempts = e->retry > e->stamps ? e->retry : e->stamps,
				      .first = e->first,
				      .last = e->last };
}

static const char *text_of(const struct key *key, const char *id)
{
	return key->kind == KEY_TEXT ? id : NULL;
}

/* It is due: forgotten, but for its lines. */
static void let_go(struct window *w, uint32_t i)
{
	struct entry *e = at(w, i);

	free(w->due_text);
	w->due = e->key;
	w->due_text = e->text ? xstrdup(e->text) : NULL;
	w->due_line = e->line;
	drop(w, i);
}

bool window_add(struct window *w, const struct window_failure *f, double now,
		struct window_state *ret)
{
	struct key key = make_key(f->jail, f->id);
	const char *text = text_of(&key, f->id);
	const struct rule *r = &w->rule[f->jail];
	struct window_failure one = *f;
	struct entry *e;
	uint32_t i;

	*ret = (struct window_state){ 0 };
	sweep(w, now);
	i = find(w, &key, text);
	if (i != NONE && is_over(w, at(w, i), now)) {
		drop(w, i);
		i = NONE;
	}
	if (f->time < now - r->find_time || (f->if_known && i == NONE))
		return false;
	one.count = f->count ? f->count : 1;
	if (i == NONE) {
		make_room(w, now);
		i = insert(w, &key, text, f->time);
		e = at(w, i);
	} else {
		e = at(w, i);
		leave_rank(w, e, rank_of(e));
	}
	estimate(r, e, f->time, one.count);
	stamp(w, r, e, &one);
	e->last = f->time > e->last ? f->time : e->last;
	if (f->line && w->lines)
		e->line = line_ring_add(w->lines, f->line, f->len, e->line);
	enter_rank(w, i);
	*ret = state_of(e);
	if (ret->attempts < r->max_retry)
		return false;
	let_go(w, i);
	return true;
}

struct window_state window_look(const struct window *w, size_t jail, const char *id, double now)
{
	struct key key = make_key(jail, id);
	uint32_t i = find(w, &key, text_of(&key, id));

	if (i == NONE || is_over(w, at(w, i), now))
		return (struct window_state){ 0 };
	return state_of(at(w, i));
}

bool window_forget(struct window *w, size_t jail, const char *id)
{
	struct key key = make_key(jail, id);
	uint32_t i = find(w, &key, text_of(&key, id));

	if (i == NONE)
		return false;
	drop(w, i);
	return true;
}

void window_lines(const struct window *w, size_t jail, const char *id, size_t max, struct strv *ret)
{
	struct key key = make_key(jail, id);
	const char *text = text_of(&key, id);
	uint32_t i = find(w, &key, text);

	if (!w->lines)
		return;
	if (i != NONE)
		line_ring_chain(w->lines, at(w, i)->line, max, ret);
	else if (memcmp(&key, &w->due, sizeof(key)) == 0 && (!text || str_eq(text, w->due_text)))
		line_ring_chain(w->lines, w->due_line, max, ret);
}

/* A copy of what is known there, under the number that its jail has here. */
static void carry_one(struct window *w, const struct entry *from, size_t jail, double now)
{
	const struct rule *r = &w->rule[jail];
	struct key key = from->key;
	struct entry *e;
	uint32_t i;

	key.jail = (uint16_t)jail;
	if (find(w, &key, from->text) != NONE)
		return;
	make_room(w, now);
	i = insert(w, &key, from->text, from->last);
	e = at(w, i);
	e->first = from->first;
	e->retry = from->retry;
	/* Their unit may have changed with findtime: all of them count as its last, which is never too late. */
	stamp(w, r, e, &(struct window_failure){ .time = from->last, .count = from->stamps });
	enter_rank(w, i);
}

void window_carry(struct window *w, const struct window *from, const size_t *jail, size_t count,
		  double now)
{
	for (enum rank rank = RANK_ONCE; rank < RANKS; rank++)
		for (uint32_t i = from->rank[rank].oldest; i != NONE; i = at(from, i)->newer) {
			const struct entry *e = at(from, i);

			if (e->key.jail < count && jail[e->key.jail] < w->rules &&
			    !is_over(from, e, now))
				carry_one(w, e, jail[e->key.jail], now);
		}
}

size_t window_sources(const struct window *w)
{
	return w->count;
}

unsigned long window_evicted(const struct window *w)
{
	return w->evicted;
}

size_t window_bytes(const struct window *w)
{
	return sizeof(*w) + w->rules * sizeof(*w->rule) + w->chunks * CHUNK * sizeof(struct entry) +
	       w->bucket_room * sizeof(*w->bucket) + w->stamp_bytes + w->text_bytes +
	       (w->lines ? w->limits.line_bytes : 0);
}

void window_free(struct window *w)
{
	if (!w)
		return;
	for (enum rank rank = RANK_ONCE; rank < RANKS; rank++)
		while (w->rank[rank].oldest != NONE)
			drop(w, w->rank[rank].oldest);
	for (size_t i = 0; i < w->chunks; i++)
		free(w->chunk[i]);
	free(w->chunk);
	free(w->bucket);
	free(w->rule);
	free(w->due_text);
	line_ring_free(w->lines);
	free(w);
}

static struct rule make_rule(const struct window_rule *from)
{
	struct rule r = { .find_time = from->find_time > 0 ? from->find_time : 1,
			  .max_retry = from->max_retry ? from->max_retry : 1 };

	if (r.max_retry > WINDOW_RETRY_MAX)
		r.max_retry = WINDOW_RETRY_MAX;
	r.unit = r.find_time / UNITS_MAX > 0.001 ? r.find_time / UNITS_MAX : 0.001;
	r.find_units = (uint32_t)ceil(r.find_time / r.unit);
	return r;
}

struct window *window_new(const struct window_rule *rule, size_t count, struct window_limits limits)
{
	struct window *w = xcalloc(1, sizeof(*w));

	w->limits = limits;
	w->rules = count;
	w->rule = xcalloc(count + 1, sizeof(*w->rule));
	for (size_t i = 0; i < count; i++)
		w->rule[i] = make_rule(&rule[i]);
	w->free = NONE;
	w->buckets = w->bucket_room = FIRST_SIZE;
	w->bucket = xcalloc(w->buckets, sizeof(*w->bucket));
	memset(w->bucket, 0xff, w->buckets * sizeof(*w->bucket));
	for (enum rank rank = RANK_ONCE; rank < RANKS; rank++)
		w->rank[rank] = (struct rank_list){ NONE, NONE };
	w->lines = limits.line_bytes ? line_ring_new(limits.line_bytes) : NULL;
	return w;
}
