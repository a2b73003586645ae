// SPDX-License-Identifier: MIT
/*
 * store_control.c - the control socket: what `kannuki guard` asks. One line of JSON in, one out; only root may connect,
 * and is asked of the kernel again.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "guard/store.h"

#define REQUEST_BYTES	4096
#define PATIENCE	10.0 /* seconds for one connection, but for its own reading of the answer */
#define SECONDS_DEFAULT 600

static void client_done(struct client *c)
{
	close_p(&c->fd);
	str_done(&c->in);
	str_done(&c->out);
	*c = (struct client){ .fd = -1 };
}

static void reply(struct client *c, json_t *all)
{
	char *text = json_dumps(all, JSON_COMPACT);

	str_clear(&c->out);
	str_add(&c->out, text ? text : "{}");
	str_add(&c->out, "\n");
	c->out_at = 0;
	c->waits = CLIENT_WRITES;
	free(text);
	json_decref(all);
}

static void reply_error(struct client *c, enum err_kind kind, const char *text)
{
	json_t *all = json_object();

	json_object_set_new(all, "error", json_text(text));
	json_object_set_new(all, "usage", json_boolean(kind == ERR_USAGE));
	reply(c, all);
}

/* --- answers ------------------------------------------------------------------------------------------------ */

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *row_json(const struct ban_row *row, bool lines)
{
	json_t *one = json_object();
	char text[WHO_TEXT];

	json_object_set_new(one, "address", json_string(who_text(&row->who, text)));
	json_object_set_new(one, "jail", row->jail[0] ? json_text(row->jail) : json_null());
	json_object_set_new(one, "since", json_integer((json_int_t)row->since));
	json_object_set_new(one, "until",
			    row->until < 0 ? json_null() : json_integer((json_int_t)row->until));
	json_object_set_new(one, "attempts", number(row->attempts));
	json_object_set_new(one, "in_force", json_boolean(row->in_force));
	if (lines) {
		CLEANUP_STRV struct strv each = { 0 };
		json_t *list = json_array();

		strv_split(&each, row->lines, "\n");
		for (size_t i = 0; i < each.count; i++)
			json_array_append_new(list, json_text(each.item[i]));
		json_object_set_new(one, "lines", list);
	}
	return one;
}

static void add_row(void *arg, const struct ban_row *row)
{
	json_array_append_new(arg, row_json(row, false));
}

static void add_row_lines(void *arg, const struct ban_row *row)
{
	json_array_append_new(arg, row_json(row, true));
}

static json_t *jails_json(const struct store *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->orders.count; i++) {
		const struct order *o = &s->orders.item[i];
		json_t *one = json_object();

		json_object_set_new(one, "name", json_text(o->name));
		json_object_set_new(one, "maxretry", number(o->max_retry));
		json_object_set_new(one, "findtime", json_real(o->find_time));
		json_object_set_new(one, "bantime", json_real(o->ban_time));
		json_object_set_new(one, "journal", json_boolean(o->journal));
		json_array_append_new(list, one);
	}
	return list;
}

static void reply_status(struct store *s, struct client *c)
{
	json_t *all = json_object();

	json_object_set_new(all, "since", json_integer((json_int_t)s->started));
	json_object_set_new(all, "jails", jails_json(s));
	json_object_set_new(all, "bans", number(ban_store_count_now(s->bans, guard_now())));
	json_object_set_new(all, "bans_waiting", number(s->waiting));
	json_object_set_new(all, "dropped_packets", number(s->dropped.packets));
	json_object_set_new(all, "dropped_bytes", number(s->dropped.bytes));
	json_object_set_new(all, "refused", number(s->dropped.refused));
	json_object_set_new(all, "table_put_back", number(s->dropped.applied));
	json_object_set_new(all, "lines", number(s->watch.lines));
	json_object_set_new(all, "failures", number(s->watch.matched));
	json_object_set_new(all, "failures_ignored", number(s->watch.ignored));
	json_object_set_new(all, "failures_without_address", number(s->watch.names));
	json_object_set_new(all, "lines_too_long", number(s->watch.too_long));
	json_object_set_new(all, "lines_given_up", number(s->watch.gave_up));
	json_object_set_new(all, "sources", number(s->watch.sources));
	json_object_set_new(all, "sources_evicted", number(s->watch.evicted));
	json_object_set_new(all, "disk_failed", json_boolean(s->disk_failed));
	reply(c, all);
}

/* --- commands ------------------------------------------------------------------------------------------------ */

static int do_bans(struct store *s, struct client *c, struct err *e)
{
	const struct ban_ask ask = { .which = BANS_NOW, .now = guard_now() };
	json_t *all = json_object(), *list = json_array();
	int r = ban_store_each(s->bans, &ask, add_row, list, e);

	json_object_set_new(all, "bans", list);
	if (r < 0)
		json_decref(all);
	else
		reply(c, all);
	return r;
}

/* Bans of the address, and of each prefix around it. */
static int do_why(struct store *s, struct client *c, const struct who *who, struct err *e)
{
	json_t *all = json_object(), *list = json_array();
	double now = guard_now();
	char text[WHO_TEXT];
	bool banned = false;
	int r = 0;

	for (unsigned bits = who->bits; bits > 0 && r == 0; bits--) {
		struct prefix p = who_prefix(who);
		struct who wider;

		p.bits = bits;
		wider = who_of(&p);
		banned = banned || ban_store_until(s->bans, &wider, now) != 0;
		r = ban_store_each(s->bans, &(struct ban_ask){ .which = BANS_OF, .who = &wider },
				   add_row_lines, list, e);
	}
	json_object_set_new(all, "address", json_string(who_text(who, text)));
	json_object_set_new(all, "banned", json_boolean(banned));
	json_object_set_new(all, "bans", list);
	if (r < 0)
		json_decref(all);
	else
		reply(c, all);
	return r;
}

static void wait_answer(struct client *c, const struct who *who, bool unban)
{
	c->who = *who;
	c->unban = unban;
	c->waits = CLIENT_WAITS_ANSWER;
}

static int do_ban(struct store *s, struct client *c, const struct who *who, const json_t *seconds,
		  struct err *e)
{
	double for_seconds = json_is_number(seconds) ? json_number_value(seconds) : SECONDS_DEFAULT;
	struct ban_row row = { .who = *who, .jail = "", .lines = "", .since = guard_now() };

	row.until = for_seconds < 0 ? -1 : row.since + for_seconds;
	/* A new word of the administrator takes the place of his last one. */
	if (ban_store_has(s->bans, who, "", row.since) &&
	    ban_store_end(s->bans, who, row.since, true, e) < 0)
		return -1;
	if (store_ban(s, &row, true, e) < 0)
		return -1;
	wait_answer(c, who, false);
	return 0;
}

static int do_unban(struct store *s, struct client *c, const struct who *who, struct err *e)
{
	int ended = store_unban(s, who, e);

	if (ended < 0)
		return -1;
	wait_answer(c, who, true);
	c->unban = true;
	if (ended == 0) {
		char text[WHO_TEXT];
		CLEANUP_FREE char *none = xasprintf(_("%s is not banned"), who_text(who, text));

		reply_error(c, ERR_FAILED, none);
	}
	return 0;
}

static int with_address(struct store *s, struct client *c, const json_t *request, struct err *e)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	const char *address = json_string_value(json_object_get(request, "address"));
	struct who who;

	if (!address || who_parse(address, &who) < 0)
		return err_set(e, ERR_USAGE, _("\"%s\" is no address"), address ? address : "");
	if (str_eq(command, "ban"))
		return do_ban(s, c, &who, json_object_get(request, "seconds"), e);
	if (str_eq(command, "unban"))
		return do_unban(s, c, &who, e);
	if (str_eq(command, "why"))
		return do_why(s, c, &who, e);
	return err_set(e, ERR_USAGE, _("there is no command \"%s\""), command);
}

static void obey(struct store *s, struct client *c)
{
	json_error_t where;
	json_t *request = json_loadb(c->in.text, c->in.len, 0, &where);
	const char *command = json_string_value(json_object_get(request, "command"));
	struct err e = { 0 };
	int r = 0;

	if (!command) {
		r = err_set(&e, ERR_USAGE, "%s", _("no command"));
	} else if (str_eq(command, "status")) {
		c->waits = CLIENT_WAITS_LOOK;
		party_say(&s->party, ROLE_BANNER, (struct said){ REQUEST_LOOK });
	} else if (str_eq(command, "bans")) {
		r = do_bans(s, c, &e);
	} else if (str_eq(command, "events")) {
		if (!store_follow(s, c))
			r = err_set(&e, ERR_FAILED, "%s", _("too many follow the events already"));
	} else {
		r = with_address(s, c, request, &e);
	}
	if (r < 0)
		reply_error(c, e.kind, e.msg);
	json_decref(request);
}

/* --- what they wait for --------------------------------------------------------------------------------------- */

static void answered(struct client *c, const struct answer *a)
{
	static const char *const words[ANSWER_CODES] = {
		[ANSWER_NEVER] = N_("this address is never banned: our own, ignored, or in use by "
				    "somebody who is logged in"),
		[ANSWER_LATER] = N_("it is noted, and takes effect as soon as that can be: there "
				    "are too many at once"),
		[ANSWER_FAILED] = N_("the kernel refused; it is tried again"),
	};
	json_t *all;
	char text[WHO_TEXT];

	if (a->code == ANSWER_NEVER || a->code == ANSWER_FAILED) {
		reply_error(c, ERR_FAILED, _(words[a->code]));
		return;
	}
	all = json_object();
	json_object_set_new(all, "address", json_string(who_text(&a->who, text)));
	json_object_set_new(all, "banned", json_boolean(!c->unban));
	if (a->code == ANSWER_LATER)
		json_object_set_new(all, "note", json_text(_(words[ANSWER_LATER])));
	reply(c, all);
}

void store_control_answered(struct store *s, const struct answer *a)
{
	for (size_t i = 0; i < STORE_CLIENTS; i++)
		if (s->client[i].waits == CLIENT_WAITS_ANSWER &&
		    memcmp(&s->client[i].who, &a->who, sizeof(a->who)) == 0)
			answered(&s->client[i], a);
}

void store_control_looked(struct store *s)
{
	for (size_t i = 0; i < STORE_CLIENTS; i++)
		if (s->client[i].waits == CLIENT_WAITS_LOOK)
			reply_status(s, &s->client[i]);
}

/* --- the socket ------------------------------------------------------------------------------------------------ */

size_t store_control_polls(struct store *s, struct pollfd *ret)
{
	bool room = false;

	for (size_t i = 0; i < STORE_CLIENTS; i++) {
		const struct client *c = &s->client[i];

		room = room || c->fd < 0;
		ret[1 + i] = (struct pollfd){ .fd = c->fd };
		if (c->waits == CLIENT_READS)
			ret[1 + i].events = POLLIN;
		else if (c->waits == CLIENT_WRITES)
			ret[1 + i].events = POLLOUT;
		else if (c->waits == CLIENT_FOLLOWS)
			ret[1 + i].events = store_follow_polls(c);
	}
	/* Others wait in the kernel's queue. */
	ret[0] = (struct pollfd){ .fd = room ? s->listener : -1, .events = POLLIN };
	return 1 + STORE_CLIENTS;
}

static bool is_root(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 && who.uid == 0;
}

static void welcome(struct store *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (size_t i = 0; i < STORE_CLIENTS && is_root(fd); i++) {
		if (s->client[i].fd >= 0)
			continue;
		s->client[i] = (struct client){ .fd = fd, .since = guard_clock() };
		return;
	}
	close(fd);
}

static void read_request(struct store *s, struct client *c)
{
	char buf[REQUEST_BYTES];
	ssize_t n = read(c->fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || c->in.len + (size_t)n > REQUEST_BYTES) {
		client_done(c);
		return;
	}
	str_add_bytes(&c->in, buf, (size_t)n);
	if (memchr(c->in.text, '\n', c->in.len))
		obey(s, c);
}

static void write_reply(struct client *c)
{
	ssize_t n = write(c->fd, c->out.text + c->out_at, c->out.len - c->out_at);

	if (n > 0)
		c->out_at += (size_t)n;
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || c->out_at == c->out.len)
		client_done(c);
}

void store_control_serve(struct store *s, const struct pollfd *polls, size_t count)
{
	for (size_t i = 0; i < STORE_CLIENTS && 1 + i < count; i++) {
		struct client *c = &s->client[i];

		if (c->fd < 0 || c->fd != polls[1 + i].fd)
			continue;
		if (c->waits == CLIENT_FOLLOWS) {
			if (!store_follow_serve(c, polls[1 + i].revents))
				client_done(c);
		} else if (c->waits == CLIENT_READS && polls[1 + i].revents)
			read_request(s, c);
		else if (c->waits == CLIENT_WRITES && polls[1 + i].revents)
			write_reply(c);
		else if (polls[1 + i].revents)
			client_done(c); /* it did not wait for the answer */
		else if (c->waits != CLIENT_WRITES && guard_clock() - c->since > PATIENCE)
			reply_error(c, ERR_FAILED, _("no answer came in time"));
	}
	if (polls[0].revents)
		welcome(s);
}
