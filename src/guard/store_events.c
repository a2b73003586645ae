// SPDX-License-Identifier: MIT
/*
 * store_events.c - what happens, told to who follows it at the control socket: a line of JSON each. Nobody waits for who
 * does not read: he is told how many he missed.
 */
#include <errno.h>
#include <string.h>

#include "guard/store.h"

#define BACKLOG	       ((size_t)256 << 10) /* bytes that may wait for one of them */
#define FOLLOWERS_MOST (STORE_CLIENTS / 2) /* the others are for questions */

static void add_line(struct client *c, json_t *event)
{
	char *text = json_dumps(event, JSON_COMPACT);

	str_add(&c->out, text ? text : "{}");
	str_add(&c->out, "\n");
	free(text);
	json_decref(event);
}

static json_t *new_event(const char *name)
{
	json_t *event = json_object();

	json_object_set_new(event, "event", json_string(name));
	json_object_set_new(event, "time", json_real(guard_now()));
	return event;
}

/* What does not fit is missed; what was missed is told first. */
static void tell(struct client *c, json_t *event)
{
	if (c->out.len - c->out_at > BACKLOG) {
		c->missed++;
		return;
	}
	if (c->missed > 0) {
		json_t *missed = new_event("missed");

		json_object_set_new(missed, "count", json_integer((json_int_t)c->missed));
		c->missed = 0;
		add_line(c, missed);
	}
	add_line(c, json_incref(event));
}

static void tell_all(struct store *s, json_t *event)
{
	for (size_t i = 0; i < STORE_CLIENTS; i++)
		if (s->client[i].fd >= 0 && s->client[i].waits == CLIENT_FOLLOWS)
			tell(&s->client[i], event);
	json_decref(event);
}

static bool anybody_follows(const struct store *s)
{
	for (size_t i = 0; i < STORE_CLIENTS; i++)
		if (s->client[i].fd >= 0 && s->client[i].waits == CLIENT_FOLLOWS)
			return true;
	return false;
}

void store_event_ban(struct store *s, const struct ban_row *row)
{
	CLEANUP_STRV struct strv each = { 0 };
	json_t *event, *lines;
	char text[WHO_TEXT];

	if (!anybody_follows(s))
		return;
	event = new_event("ban");
	lines = json_array();
	strv_split(&each, row->lines, "\n");
	for (size_t i = 0; i < each.count; i++)
		json_array_append_new(lines, json_text(each.item[i]));
	json_object_set_new(event, "address", json_string(who_text(&row->who, text)));
	json_object_set_new(event, "jail", row->jail[0] ? json_text(row->jail) : json_null());
	json_object_set_new(event, "until",
			    row->until < 0 ? json_null() : json_integer((json_int_t)row->until));
	json_object_set_new(event, "attempts", json_integer((json_int_t)row->attempts));
	json_object_set_new(event, "lines", lines);
	tell_all(s, event);
}

void store_event_of(struct store *s, const char *name, const struct who *who)
{
	json_t *event;
	char text[WHO_TEXT];

	if (!anybody_follows(s))
		return;
	event = new_event(name);
	if (who)
		json_object_set_new(event, "address", json_string(who_text(who, text)));
	tell_all(s, event);
}

bool store_follow(struct store *s, struct client *c)
{
	size_t count = 0;

	for (size_t i = 0; i < STORE_CLIENTS; i++)
		count += s->client[i].fd >= 0 && s->client[i].waits == CLIENT_FOLLOWS;
	if (count >= FOLLOWERS_MOST)
		return false;
	c->waits = CLIENT_FOLLOWS;
	add_line(c, new_event("following"));
	return true;
}

short store_follow_polls(const struct client *c)
{
	return (short)(POLLIN | (c->out_at < c->out.len ? POLLOUT : 0));
}

bool store_follow_serve(struct client *c, short revents)
{
	ssize_t n;

	/* He has nothing more to say: this is his end. */
	if (revents & (POLLIN | POLLHUP | POLLERR))
		return false;
	if (!(revents & POLLOUT))
		return true;
	n = write(c->fd, c->out.text + c->out_at, c->out.len - c->out_at);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	c->out_at += n > 0 ? (size_t)n : 0;
	if (c->out_at == c->out.len || c->out_at > BACKLOG) {
		CLEANUP_STR struct str rest = { 0 };

		str_add_bytes(&rest, c->out.text + c->out_at, c->out.len - c->out_at);
		str_clear(&c->out);
		str_add_bytes(&c->out, rest.text, rest.len);
		c->out_at = 0;
	}
	return true;
}
