// SPDX-License-Identifier: MIT
/* request.c - see request.h. */
#include "guard/request.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "os/ban_table.h"

#define BIT(process) (1u << (process))

/* Times before 1970 and after the year 2286 are none. */
#define TIME_MOST 1e10

struct row {
	const char *name;
	unsigned from, to;  /* BIT()s; pairs that do not talk have no channel */
	size_t fixed, more; /* bytes: exactly, and at most behind them */
	bool (*valid)(const struct frame *f);
};

static const char *const names[ROLE_COUNT] = {
	[ROLE_PARENT] = "parent", [ROLE_READER] = "reader", [ROLE_JOURNAL] = "journal",
	[ROLE_WATCH] = "watch",	  [ROLE_STORE] = "store",   [ROLE_BANNER] = "banner",
};

const char *role_name(enum role p)
{
	return names[p];
}

/* --- who ---------------------------------------------------------------------------------------- */

struct prefix who_prefix(const struct who *w)
{
	struct prefix p = { .addr.family = w->family == 4 ? AF_INET : AF_INET6, .bits = w->bits };

	memcpy(p.addr.bytes, w->bytes, sizeof(w->bytes));
	return p;
}

static void mask(uint8_t bytes[16], unsigned bits)
{
	for (unsigned i = bits; i < 128; i++)
		bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
}

struct who who_of(const struct prefix *p)
{
	struct addr a = p->bits == 128 ? addr_unmap(&p->addr) : p->addr;
	struct who w = { .family = a.family == AF_INET ? 4 : 6, .bits = (uint8_t)p->bits };

	if (a.family != p->addr.family)
		w.bits = 32;
	if (w.family == 6 && w.bits > BAN_TABLE_BITS_6)
		w.bits = BAN_TABLE_BITS_6;
	memcpy(w.bytes, a.bytes, sizeof(w.bytes));
	mask(w.bytes, w.bits);
	return w;
}

bool who_is_valid(const struct who *w)
{
	uint8_t masked[16];

	if ((w->family != 4 || w->bits > 32) && (w->family != 6 || w->bits > BAN_TABLE_BITS_6))
		return false;
	memcpy(masked, w->bytes, sizeof(masked));
	mask(masked, w->bits);
	return memcmp(masked, w->bytes, sizeof(masked)) == 0;
}

const char *who_text(const struct who *w, char ret[WHO_TEXT])
{
	struct prefix p = who_prefix(w);
	char text[ADDR_TEXT];

	if (w->family == 4 && w->bits == 32)
		return addr_text(&p.addr, ret);
	snprintf(ret, WHO_TEXT, "%s/%u", addr_text(&p.addr, text), w->bits);
	return ret;
}

int who_parse(const char *text, struct who *ret)
{
	size_t len = strcspn(text, "/");
	char copy[ADDR_TEXT];
	struct prefix p;
	uint64_t bits;

	if (len >= sizeof(copy))
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (addr_parse(copy, &p.addr) < 0)
		return -1;
	bits = p.addr.family == AF_INET ? 32 : 128;
	if (text[len] && str_to_u64(text + len + 1, 0, bits, &bits) < 0)
		return -1;
	p.bits = (unsigned)bits;
	*ret = who_of(&p);
	return 0;
}

/* --- tails ---------------------------------------------------------------------------------------- */

struct request_tail request_tail(const struct frame *f, size_t fixed)
{
	const char *first = f->body + fixed;
	size_t len = strnlen(first, f->len - fixed) + 1;

	return (struct request_tail){ first, first + len, f->len - fixed - len };
}

void request_set_tail(struct str *ret, const char *first, const void *second, size_t second_len)
{
	str_clear(ret);
	str_add_bytes(ret, first, strlen(first) + 1);
	str_add_bytes(ret, second, second_len);
}

/* A first text that ends, of `most` bytes, and is not empty; a second one. */
static bool two_texts(const struct frame *f, size_t fixed, size_t most, size_t most_behind)
{
	size_t len = strnlen(f->body + fixed, f->len - fixed);

	return len > 0 && len <= most && fixed + len < f->len &&
	       f->len - fixed - len - 1 <= most_behind;
}

static bool is_time(double t)
{
	return isfinite(t) && t >= 0 && t < TIME_MOST;
}

/* --- what each must look like ------------------------------------------------------------------------ */

static bool valid_source(const struct frame *f)
{
	struct source_told s;

	memcpy(&s, f->body, sizeof(s));
	return s.journal <= 1;
}

static bool valid_line(const struct frame *f)
{
	struct line_told l;

	memcpy(&l, f->body, sizeof(l));
	return l.dated <= 1 && (!l.dated || is_time(l.time));
}

static bool valid_position(const struct frame *f)
{
	return two_texts(f, 0, REQUEST_TEXT_MAX, REQUEST_TEXT_MAX);
}

static bool valid_failure(const struct frame *f)
{
	struct failure_told t;

	memcpy(&t, f->body, sizeof(t));
	return is_time(t.time) && t.count > 0 && t.count <= REQUEST_ATTEMPTS &&
	       two_texts(f, sizeof(t), REQUEST_NAME_MAX, REQUEST_ID_MAX) &&
	       f->len > sizeof(t) + strlen(f->body + sizeof(t)) + 1;
}

static bool valid_wish(const struct frame *f)
{
	struct wish w;

	memcpy(&w, f->body, sizeof(w));
	return is_time(w.time) && w.attempts <= REQUEST_ATTEMPTS && who_is_valid(&w.who) &&
	       two_texts(f, sizeof(w), REQUEST_NAME_MAX, REQUEST_LINES_MAX);
}

static bool valid_banned(const struct frame *f)
{
	struct banned b;

	memcpy(&b, f->body, sizeof(b));
	return who_is_valid(&b.who) && b.attempts <= REQUEST_ATTEMPTS &&
	       two_texts(f, sizeof(b), REQUEST_NAME_MAX, 0);
}

static bool valid_purse(const struct frame *f)
{
	struct purse_told p;

	memcpy(&p, f->body, sizeof(p));
	return isfinite(p.left) && p.left >= 0 && isfinite(p.seconds) && p.seconds >= 0;
}

static bool valid_who(const struct frame *f)
{
	struct who w;

	memcpy(&w, f->body, sizeof(w));
	return who_is_valid(&w);
}

static bool valid_ban(const struct frame *f)
{
	struct ban_told b;

	memcpy(&b, f->body, sizeof(b));
	return who_is_valid(&b.who) && b.by_hand <= 1;
}

static bool valid_answer(const struct frame *f)
{
	struct answer a;

	memcpy(&a, f->body, sizeof(a));
	return who_is_valid(&a.who) && a.code < ANSWER_CODES && isfinite(a.left) && a.left >= 0;
}

static bool valid_observe(const struct frame *f)
{
	struct observe o;

	memcpy(&o, f->body, sizeof(o));
	return o.on <= 1;
}

/* It becomes an argument of journalctl: "s=…;i=…;b=…" in hexadecimal, or nothing. */
static bool valid_cursor(const struct frame *f)
{
	for (size_t i = 0; i < f->len; i++)
		if (!f->body[i] || !strchr("0123456789abcdefsibmtx=;", f->body[i]))
			return false;
	return true;
}

#define READER BIT(ROLE_READER)
#define WATCH  BIT(ROLE_WATCH)
#define STORE  BIT(ROLE_STORE)
#define BANNER BIT(ROLE_BANNER)
#define PARENT BIT(ROLE_PARENT)
#define ALL    (READER | WATCH | STORE | BANNER)

static const struct row rows[] = {
	[REQUEST_SOURCE] = { "source", READER, WATCH, sizeof(struct source_told), REQUEST_TEXT_MAX,
			     valid_source },
	[REQUEST_LINE] = { "line", READER, WATCH, sizeof(struct line_told), CHANNEL_BODY_MAX,
			   valid_line },
	[REQUEST_POSITION] = { "position", READER | WATCH | STORE, WATCH | STORE | READER, 0,
			       2 * REQUEST_TEXT_MAX + 1, valid_position },
	[REQUEST_POSITIONS_END] = { "positions-end", STORE, READER },
	[REQUEST_FAILURE] = { "failure", WATCH | STORE, WATCH | STORE, sizeof(struct failure_told),
			      REQUEST_NAME_MAX + 1 + REQUEST_ID_MAX, valid_failure },
	[REQUEST_FAILURES_END] = { "failures-end", STORE, WATCH },
	[REQUEST_WISH] = { "wish", WATCH, STORE, sizeof(struct wish),
			   REQUEST_NAME_MAX + 1 + REQUEST_LINES_MAX, valid_wish },
	[REQUEST_COUNTS] = { "counts", WATCH, STORE, sizeof(struct watch_counts) },
	[REQUEST_FORGET] = { "forget", STORE, WATCH, sizeof(struct who), 0, valid_who },
	[REQUEST_BANNED] = { "banned", STORE, WATCH, sizeof(struct banned), REQUEST_NAME_MAX + 1,
			     valid_banned },
	[REQUEST_BAN] = { "ban", STORE, BANNER, sizeof(struct ban_told), 0, valid_ban },
	[REQUEST_UNBAN] = { "unban", STORE, BANNER, sizeof(struct who), 0, valid_who },
	[REQUEST_RESTORE] = { "restore", STORE, BANNER, sizeof(struct ban_told), 0, valid_ban },
	[REQUEST_RESTORED] = { "restored", STORE, BANNER, sizeof(struct purse_told), 0,
			       valid_purse },
	[REQUEST_LOOK] = { "look", STORE, BANNER },
	[REQUEST_ANSWER] = { "answer", BANNER, STORE, sizeof(struct answer), 0, valid_answer },
	[REQUEST_AGAIN] = { "again", BANNER, STORE },
	[REQUEST_DROPPED] = { "dropped", BANNER, STORE, sizeof(struct dropped) },
	[REQUEST_READY] = { "ready", ALL, PARENT },
	[REQUEST_ALIVE] = { "alive", PARENT | ALL, ALL | PARENT },
	[REQUEST_STOP] = { "stop", PARENT, ALL },
	[REQUEST_OBSERVE] = { "observe", PARENT, BANNER, sizeof(struct observe), 0, valid_observe },
	[REQUEST_JOURNAL] = { "journal", READER | PARENT, PARENT | READER, 0, 256, valid_cursor },
};

int request_check(const struct frame *f, enum role from, enum role to, struct err *e)
{
	const struct row *row = f->kind < COUNT(rows) ? &rows[f->kind] : NULL;

	if (!row || !row->name)
		return err_set(e, ERR_FAILED, "%s said %u, which nobody may", names[from], f->kind);
	if (!(row->from & BIT(from)) || !(row->to & BIT(to)) || from == to)
		return err_set(e, ERR_FAILED, "%s may not say \"%s\" to %s", names[from], row->name,
			       names[to]);
	if (f->len < row->fixed || f->len - row->fixed > row->more || f->len > CHANNEL_BODY_MAX ||
	    (row->valid && !row->valid(f)))
		return err_set(e, ERR_FAILED, "%s said \"%s\" in a wrong form", names[from],
			       row->name);
	return 0;
}
