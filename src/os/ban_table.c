// SPDX-License-Identifier: MIT
/* ban_table.c - see ban_table.h: the sockets, and transactions as a list of changes that is written out at the end. */
#include "os/ban_table.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "os/ban_rules.h"
#include "os/netlink.h"

#define EVENT_BUFFER  (1 << 20) /* bytes; more events than fit count as one of ours */
#define ANSWER_BUFFER (4 << 20)
#define QUIET_CHANGES \
	512 /* from here on events are not listened to meanwhile: the kernel makes one of each */
#define TRIES_OVERRUN 3

enum change_kind { CHANGE_FRESH, CHANGE_SET, CHANGE_REMOVE };

struct change {
	enum ban_set set;
	enum change_kind kind;
	uint8_t key[16];
	uint64_t ms;
	size_t order;
};

struct interval_list {
	bool changed;
	struct prefix *prefix;
	size_t count;
};

struct ban_table {
	int ask, events;
	uint32_t sequence;
	bool make;
	struct change *change;
	size_t count, room;
	struct interval_list list[2]; /* enum ban_table_list */
};

/* --- sockets ----------------------------------------------------------------------------------- */

static int netlink_open(struct err *e)
{
	struct sockaddr_nl me = { .nl_family = AF_NETLINK };
	CLEANUP_FD int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);

	if (fd < 0 || bind(fd, (struct sockaddr *)&me, sizeof(me)) < 0)
		return err_sys(e, errno, "netlink socket");
	return TAKE_FD(fd);
}

static int listen_to(int fd, bool on, struct err *e)
{
	int group = NFNLGRP_NFTABLES;

	if (setsockopt(fd, SOL_NETLINK, on ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP,
		       &group, sizeof(group)) < 0)
		return err_sys(e, errno, "netlink nftables group");
	return 0;
}

/* Best effort without CAP_NET_ADMIN over the machine: then the kernel's limits hold, and overruns are met. */
static void set_buffer(int fd, int option, int size)
{
	setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

int ban_table_open(struct ban_table **ret, struct err *e)
{
	struct ban_table *t = xcalloc(1, sizeof(*t));
	int yes = 1;

	t->events = -1;
	t->ask = netlink_open(e);
	if (t->ask >= 0)
		t->events = netlink_open(e);
	if (t->events < 0 || listen_to(t->events, true, e) < 0) {
		ban_table_free(t);
		return -1;
	}
	/* Answers without the request in them: a refused batch would fill any buffer. */
	setsockopt(t->ask, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes));
	set_buffer(t->ask, SO_RCVBUFFORCE, ANSWER_BUFFER);
	set_buffer(t->events, SO_RCVBUFFORCE, EVENT_BUFFER);
	*ret = t;
	return 0;
}

void ban_table_free(struct ban_table *t)
{
	if (!t)
		return;
	close_p(&t->ask);
	close_p(&t->events);
	free(t->change);
	for (size_t i = 0; i < COUNT(t->list); i++)
		free(t->list[i].prefix);
	free(t);
}

int ban_table_events(const struct ban_table *t)
{
	return t->events;
}

int ban_table_heard(struct ban_table *t, struct err *e)
{
	char buf[65536] __attribute__((aligned(8)));
	int found = 0;

	for (;;) {
		ssize_t n = recv(t->events, buf, sizeof(buf), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			found = 1;
			continue;
		}
		if (n < 0)
			return errno == EAGAIN ? found : err_sys(e, errno, "netlink events");
		found = found || netlink_tells_removal(buf, (size_t)n, BAN_TABLE);
	}
}

/* --- questions and answers --------------------------------------------------------------------- */

enum { ANSWER_MORE, ANSWER_END, ANSWER_OVERRUN };

/* 0 went well, else an errno. */
static int error_of(const struct netlink_message *m)
{
	int error = -EPROTO;

	if (m->len >= sizeof(error))
		memcpy(&error, m->data, sizeof(error));
	return error <= 0 && error > -4096 ? -error : EPROTO;
}

/* One datagram; *ret_error is the first error that was told. */
static int take_answer(struct ban_table *t, netlink_fn *fn, void *arg, int *ret_error)
{
	char buf[65536] __attribute__((aligned(8)));
	ssize_t n = recv(t->ask, buf, sizeof(buf), 0);
	struct netlink_rest rest = { buf, n > 0 ? (size_t)n : 0 };
	struct netlink_message m;
	int r = ANSWER_MORE;

	if (n < 0 && errno == ENOBUFS)
		return ANSWER_OVERRUN;
	if (n < 0 && errno == EAGAIN)
		return ANSWER_END;
	while (netlink_next(&rest, &m)) {
		int error = m.type == NLMSG_ERROR || m.type == NLMSG_DONE ? error_of(&m) : 0;

		if (error && !*ret_error)
			*ret_error = error;
		if (m.type == NLMSG_DONE || m.type == NLMSG_ERROR)
			r = r == ANSWER_MORE && m.type == NLMSG_DONE ? ANSWER_END : r;
		else if (fn)
			fn(arg, &m);
	}
	return r;
}

/* The kernel answers while it is asked: all that will come has come, but for the rest of a dump, which comes while it
 * is read. > 0: an errno. */
static int take_answers(struct ban_table *t, netlink_fn *fn, void *arg)
{
	int error = 0, overrun = 0, r = ANSWER_MORE;

	while (r == ANSWER_MORE || r == ANSWER_OVERRUN) {
		r = take_answer(t, fn, arg, &error);
		overrun |= r == ANSWER_OVERRUN;
	}
	return error ? error : overrun ? ENOBUFS : 0;
}

static int send_all(struct ban_table *t, const struct netlink_out *o)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	if (o->bytes.len > (size_t)ANSWER_BUFFER / 32)
		set_buffer(t->ask, SO_SNDBUFFORCE, (int)(o->bytes.len + o->bytes.len / 2));
	do {
		n = sendto(t->ask, o->bytes.text, o->bytes.len, 0, (struct sockaddr *)&kernel,
			   sizeof(kernel));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? errno : 0;
}

/* > 0: an errno. What is asked is the same when asked twice: so answers that were lost are no matter. */
static int ask(struct ban_table *t, const struct netlink_out *o, netlink_fn *fn, void *arg)
{
	int error = ENOBUFS, none = 0;

	while (take_answer(t, NULL, NULL, &none) != ANSWER_END) {
	}
	for (unsigned i = 0; i < TRIES_OVERRUN && error == ENOBUFS; i++) {
		error = send_all(t, o);
		if (!error)
			error = take_answers(t, fn, arg);
	}
	return error;
}

static bool nested(const struct netlink_attribute *in, unsigned type, struct netlink_attribute *ret)
{
	struct netlink_rest rest = { in->data, in->len };

	while (netlink_next_attribute(&rest, ret))
		if (ret->type == type)
			return true;
	return false;
}

static bool find(const struct netlink_message *m, unsigned type, struct netlink_attribute *ret)
{
	struct netlink_rest rest = netlink_behind(m, sizeof(struct nfgenmsg));
	const struct netlink_attribute all = { .data = rest.at, .len = rest.len };

	return nested(&all, type, ret);
}

static uint64_t be64_of(const struct netlink_attribute *a)
{
	uint64_t v = 0;

	if (a->len >= sizeof(v))
		memcpy(&v, a->data, sizeof(v));
	return be64toh(v);
}

static void count_rule(void *arg, const struct netlink_message *m)
{
	struct netlink_attribute a;
	const size_t mark = sizeof(BAN_RULES_MARK);

	if (find(m, NFTA_RULE_USERDATA, &a) && a.len == 2 + mark &&
	    memcmp(a.data + 2, BAN_RULES_MARK, mark) == 0)
		++*(size_t *)arg;
}

int ban_table_is_whole(struct ban_table *t, struct err *e)
{
	struct netlink_out o = { .sequence = t->sequence };
	size_t rules = 0;
	int error;

	ban_rules_begin(&o, NFT_MSG_GETRULE, NLM_F_DUMP);
	netlink_out_text(&o, NFTA_RULE_TABLE, BAN_TABLE);
	netlink_out_text(&o, NFTA_RULE_CHAIN, BAN_CHAIN);
	netlink_out_end(&o);
	error = ask(t, &o, count_rule, &rules);
	t->sequence = o.sequence;
	netlink_out_done(&o);
	if (error && error != ENOENT)
		return err_sys(e, error, "nftables");
	return rules == BAN_RULES;
}

static void take_counts(void *arg, const struct netlink_message *m)
{
	struct netlink_attribute data, a;
	struct ban_counts *c = arg;

	if (!find(m, NFTA_OBJ_DATA, &data))
		return;
	if (nested(&data, NFTA_COUNTER_PACKETS, &a))
		c->packets = be64_of(&a);
	if (nested(&data, NFTA_COUNTER_BYTES, &a))
		c->bytes = be64_of(&a);
}

int ban_table_dropped(struct ban_table *t, struct ban_counts *ret, struct err *e)
{
	struct netlink_out o = { .sequence = t->sequence };
	struct ban_counts found = { 0 };
	int error;

	ban_rules_begin(&o, NFT_MSG_GETOBJ, 0);
	netlink_out_text(&o, NFTA_OBJ_TABLE, BAN_TABLE);
	netlink_out_text(&o, NFTA_OBJ_NAME, BAN_COUNTER);
	netlink_out_be32(&o, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	netlink_out_end(&o);
	error = ask(t, &o, take_counts, &found);
	t->sequence = o.sequence;
	netlink_out_done(&o);
	if (error)
		return err_sys(e, error, "nftables");
	*ret = found;
	return 0;
}

static enum ban_set set_of(const struct addr *a, uint8_t key[16])
{
	memset(key, 0, 16);
	memcpy(key, a->bytes, a->family == AF_INET ? 4 : BAN_TABLE_BITS_6 / 8);
	return a->family == AF_INET ? BAN_SET_4 : BAN_SET_6;
}

struct asked {
	bool found;
	uint64_t ms;
};

static void take_element(void *arg, const struct netlink_message *m)
{
	struct netlink_attribute list, one, a;
	struct asked *found = arg;

	if (!find(m, NFTA_SET_ELEM_LIST_ELEMENTS, &list) || !nested(&list, NFTA_LIST_ELEM, &one))
		return;
	found->found = true;
	if (nested(&one, NFTA_SET_ELEM_EXPIRATION, &a))
		found->ms = be64_of(&a);
}

int ban_table_has(struct ban_table *t, const struct addr *addr, uint64_t *ret_ms, struct err *e)
{
	struct netlink_out o = { .sequence = t->sequence };
	uint8_t key[16];
	struct ban_elements list = { .o = &o,
				     .type = NFT_MSG_GETSETELEM,
				     .set = set_of(addr, key) };
	struct asked found = { 0 };
	int error;

	ban_elements_add(&list, &(struct ban_element){ .key = key });
	ban_elements_end(&list);
	error = ask(t, &o, take_element, &found);
	t->sequence = o.sequence;
	netlink_out_done(&o);
	if (error && error != ENOENT)
		return err_sys(e, error, "nftables");
	if (found.found)
		*ret_ms = found.ms;
	return found.found;
}

/* --- transactions ------------------------------------------------------------------------------ */

void ban_table_begin(struct ban_table *t)
{
	t->count = 0;
	t->make = false;
	for (size_t i = 0; i < COUNT(t->list); i++)
		t->list[i].changed = false;
}

void ban_table_make(struct ban_table *t)
{
	t->make = true;
}

static void note(struct ban_table *t, const struct addr *addr, enum change_kind kind, uint64_t ms)
{
	struct change c = { .kind = kind, .ms = ms, .order = t->count };

	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->change = xrealloc(t->change, t->room, sizeof(c));
	}
	c.set = set_of(addr, c.key);
	t->change[t->count++] = c;
}

void ban_table_add(struct ban_table *t, const struct ban *ban, bool fresh)
{
	uint64_t seconds = ban->seconds > BAN_TABLE_MOST_SECS ? BAN_TABLE_FOR_EVER : ban->seconds;

	note(t, &ban->addr, fresh ? CHANGE_FRESH : CHANGE_SET, seconds * 1000);
}

void ban_table_remove(struct ban_table *t, const struct addr *addr)
{
	note(t, addr, CHANGE_REMOVE, 0);
}

void ban_table_list(struct ban_table *t, enum ban_table_list list, const struct prefix *prefix,
		    size_t count)
{
	struct interval_list *l = &t->list[list];

	free(l->prefix);
	l->prefix = count > 0 ? xmemdup(prefix, count * sizeof(*prefix)) : NULL;
	l->count = count;
	l->changed = true;
}

static int by_key(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int r = x->set != y->set ? (x->set < y->set ? -1 : 1) : memcmp(x->key, y->key, 16);

	return r != 0 ? r : x->order < y->order ? -1 : x->order > y->order;
}

/* Of several changes of a source the last one counts; and it may be there after the first. */
static void settle(struct ban_table *t)
{
	size_t kept = 0;

	if (t->count > 1)
		qsort(t->change, t->count, sizeof(*t->change), by_key);
	for (size_t i = 0; i < t->count; i++) {
		struct change *c = &t->change[i];
		bool again = kept > 0 && t->change[kept - 1].set == c->set &&
			     memcmp(t->change[kept - 1].key, c->key, 16) == 0;

		if (again && c->kind == CHANGE_FRESH)
			c->kind = CHANGE_SET;
		t->change[kept - again] = *c;
		kept += !again;
	}
	t->count = kept;
}

/* Elements of a set in one direction: which kinds of change. */
static void write_changes(const struct ban_table *t, struct netlink_out *o, enum ban_set set,
			  unsigned pass)
{
	struct ban_elements list = { .o = o,
				     .type = pass == 1 ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM,
				     .set = set };

	for (size_t i = 0; i < t->count; i++) {
		const struct change *c = &t->change[i];
		bool due = pass == 2 ? c->kind != CHANGE_REMOVE : c->kind != CHANGE_FRESH;

		if (c->set == set && due)
			ban_elements_add(&list,
					 &(struct ban_element){ .key = c->key,
								.ms = pass == 1 ? 0 : c->ms });
	}
	ban_elements_end(&list);
}

/* Until Linux 6.12 adding does not refresh a timeout, and deleting what is not there fails: so what may be
 * there is added, deleted and added. */
static void write_set(const struct ban_table *t, struct netlink_out *o, enum ban_set set)
{
	for (unsigned pass = 0; pass < 3; pass++)
		write_changes(t, o, set, pass);
}

/* --- lists of prefixes --------------------------------------------------------------------------- */

struct range {
	uint8_t low[16], high[16]; /* high is the last address in it */
};

static int by_low(const void *a, const void *b)
{
	return memcmp(((const struct range *)a)->low, ((const struct range *)b)->low, 16);
}

static struct range range_of(const struct prefix *p)
{
	struct range r = { 0 };
	unsigned length = p->addr.family == AF_INET ? 32 : 128;

	memcpy(r.low, p->addr.bytes, length / 8);
	memcpy(r.high, r.low, sizeof(r.high));
	for (unsigned i = p->bits; i < length; i++) {
		r.low[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
		r.high[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	return r;
}

/* The address behind; false: there is none. */
static bool step(uint8_t key[16], size_t length)
{
	for (size_t i = length; i > 0; i--)
		if (++key[i - 1] != 0)
			return true;
	return false;
}

/* With at least one address between. */
static bool lies_behind(const struct range *r, const struct range *before, size_t length)
{
	uint8_t next[16];

	memcpy(next, before->high, sizeof(next));
	return step(next, length) && memcmp(r->low, next, sizeof(next)) > 0;
}

static size_t ranges_of(const struct interval_list *l, int family, struct range *ret)
{
	size_t count = 0, kept = 0, length = family == AF_INET ? 4 : 16;

	for (size_t i = 0; i < l->count && count < BAN_TABLE_PREFIXES; i++)
		if (l->prefix[i].addr.family == family)
			ret[count++] = range_of(&l->prefix[i]);
	if (count > 1)
		qsort(ret, count, sizeof(*ret), by_low);
	/* What overlaps or touches is one: nf_tables takes no interval that begins where another has not ended. */
	for (size_t i = 0; i < count; i++) {
		bool joins = kept > 0 && !lies_behind(&ret[i], &ret[kept - 1], length);

		if (!joins)
			ret[kept++] = ret[i];
		else if (memcmp(ret[i].high, ret[kept - 1].high, 16) > 0)
			memcpy(ret[kept - 1].high, ret[i].high, 16);
	}
	return kept;
}

static void write_list(const struct interval_list *l, struct netlink_out *o, enum ban_set set)
{
	bool v4 = set == BAN_SET_NET_4 || set == BAN_SET_TRUST_4;
	CLEANUP_FREE struct range *range = xcalloc(BAN_TABLE_PREFIXES, sizeof(*range));
	size_t count = ranges_of(l, v4 ? AF_INET : AF_INET6, range);
	struct ban_elements list = { .o = o, .type = NFT_MSG_NEWSETELEM, .set = set };

	ban_rules_flush(o, set);
	for (size_t i = 0; i < count; i++) {
		bool last = !step(range[i].high, v4 ? 4 : 16);

		ban_elements_add(&list, &(struct ban_element){ .key = range[i].low });
		if (!last)
			ban_elements_add(&list, &(struct ban_element){ .key = range[i].high,
								       .interval_end = true });
	}
	ban_elements_end(&list);
}

/* --- commit -------------------------------------------------------------------------------------- */

static void write_all(struct ban_table *t, struct netlink_out *o)
{
	ban_rules_batch(o, true);
	if (t->make) {
		ban_rules_delete_table(o);
		ban_rules_table(o);
	}
	settle(t);
	write_set(t, o, BAN_SET_4);
	write_set(t, o, BAN_SET_6);
	for (unsigned i = 0; i < COUNT(t->list); i++) {
		if (!t->list[i].changed)
			continue;
		write_list(&t->list[i], o, i == BAN_TABLE_NETS ? BAN_SET_NET_4 : BAN_SET_TRUST_4);
		write_list(&t->list[i], o, i == BAN_TABLE_NETS ? BAN_SET_NET_6 : BAN_SET_TRUST_6);
	}
	netlink_out_ask(o);
	ban_rules_batch(o, false);
}

/* What somebody did while we did not listen is found by looking. */
static int listen_again(struct ban_table *t, struct err *e)
{
	int whole;

	if (listen_to(t->events, true, e) < 0)
		return -1;
	whole = ban_table_is_whole(t, e);
	if (whole == 0)
		return err_set(e, ERR_CONFLICT, _("table %s is gone at once"), BAN_TABLE);
	return whole < 0 ? -1 : 0;
}

int ban_table_commit(struct ban_table *t, struct err *e)
{
	struct netlink_out o = { .sequence = t->sequence };
	bool quiet = t->count >= QUIET_CHANGES;
	int error, r;

	if (quiet && listen_to(t->events, false, e) < 0)
		return -1;
	write_all(t, &o);
	error = ask(t, &o, NULL, NULL);
	t->sequence = o.sequence;
	netlink_out_done(&o);
	ban_table_begin(t);
	r = error ? err_sys(e, error, "nftables") : 0;
	if (quiet && (r == 0 ? listen_again(t, e) : listen_to(t->events, true, e)) < 0)
		r = -1;
	return r;
}
