// SPDX-License-Identifier: MIT
/* party.c - see party.h. */
#include "guard/party.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/i18n.h"
#include "guard/roles.h"
#include "os/child.h"

#define FRAMES_AT_ONCE	4096 /* of one peer: the others wait */
#define SECONDS_AT_ONCE 1.0  /* the parent asks whether we live */

void party_init(struct party *p, enum role self, const enum role *peers, size_t count)
{
	*p = (struct party){ .self = self, .count = count };
	/* Who leaves early is no reason to end. */
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < count; i++) {
		channel_init(&p->peer[i].channel, CHILD_FIRST_FD + (int)i);
		p->peer[i].role = peers[i];
	}
}

void party_done(struct party *p)
{
	for (size_t i = 0; i < p->count; i++)
		channel_done(&p->peer[i].channel);
}

struct peer *party_peer(struct party *p, enum role role)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->peer[i].role == role)
			return &p->peer[i];
	return NULL;
}

static bool may_say(const struct party *p, const struct peer *to, const struct said *said,
		    struct err *e)
{
	const struct channel *c = &to->channel;
	struct frame f = { .kind = said->kind, .len = said->len };

	f.len += said->tail ? said->tail->len : 0;
	f.body = c->out.text + c->out.len - f.len;
	return request_check(&f, p->self, to->role, e) == 0;
}

bool party_say(struct party *p, enum role to, struct said said)
{
	struct peer *peer = party_peer(p, to);
	struct err e = { 0 };
	size_t before;

	if (!peer || peer->channel.ended || peer->channel.fd < 0)
		return true;
	before = channel_waiting(&peer->channel);
	channel_put(&peer->channel, said.kind, said.fixed, said.len, said.tail);
	if (may_say(p, peer, &said, &e))
		return true;
	channel_take_back(&peer->channel, channel_waiting(&peer->channel) - before);
	p->unsaid++;
	guard_say(p->self, _("not said, %llu so far: %s"), (unsigned long long)p->unsaid, e.msg);
	return false;
}

/* Whole frames wait that were not taken yet: the kernel keeps the rest. */
static bool is_behind(const struct peer *p)
{
	return p->channel.in.len - p->channel.in_at > 2 * CHANNEL_BODY_MAX;
}

static void fill(const struct party *p, struct pollfd *ret)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct peer *peer = &p->peer[i];

		ret[i] = (struct pollfd){ .fd = peer->channel.ended ? -1 : peer->channel.fd };
		if (!peer->deaf && !is_behind(peer))
			ret[i].events |= POLLIN;
		if (channel_waiting(&peer->channel) > 0)
			ret[i].events |= POLLOUT;
	}
}

static int serve(struct peer *peer, short revents, struct err *e)
{
	if (peer->channel.ended || !revents)
		return 0;
	if ((revents & POLLOUT) && channel_flush(&peer->channel, e) < 0)
		return -1;
	if (peer->deaf && (revents & (POLLHUP | POLLERR)))
		peer->channel.ended = true;
	if (!peer->deaf && !is_behind(peer) && (revents & (POLLIN | POLLHUP | POLLERR)))
		return channel_read(&peer->channel, e);
	return 0;
}

int party_wait(struct party *p, struct pollfd *more, size_t count, int timeout_ms, struct err *e)
{
	struct pollfd all[PARTY_POLLS];
	int r;

	/* What can be written now needs no turn of its own. */
	for (size_t i = 0; i < p->count; i++)
		if (channel_flush(&p->peer[i].channel, e) < 0)
			return -1;
	fill(p, all);
	if (count > 0)
		memcpy(all + p->count, more, count * sizeof(*more));
	r = poll(all, p->count + count, p->frames_left ? 0 : timeout_ms);
	if (r < 0 && errno != EINTR)
		return err_sys(e, errno, "poll");
	for (size_t i = 0; i < p->count + count && r <= 0; i++)
		all[i].revents = 0;
	if (count > 0)
		memcpy(more, all + p->count, count * sizeof(*more));
	for (size_t i = 0; i < p->count; i++)
		if (serve(&p->peer[i], all[i].revents, e) < 0)
			return err_ctx(e, "%s", role_name(p->peer[i].role));
	if (p->self != ROLE_PARENT && p->peer[0].channel.ended)
		p->stop = true;
	return 0;
}

/* 1: it was of the parent, and is answered. */
static int take_common(struct party *p, struct peer *peer, const struct frame *f, struct err *e)
{
	if (request_check(f, peer->role, p->self, e) < 0)
		return -1;
	if (peer->role == ROLE_PARENT && f->kind == REQUEST_STOP) {
		p->stop = true;
		return 1;
	}
	if (peer->role == ROLE_PARENT && f->kind == REQUEST_ALIVE) {
		channel_put(&peer->channel, REQUEST_ALIVE, NULL, 0, NULL);
		return 1;
	}
	return 0;
}

static int take_all(struct party *p, struct peer *peer, party_fn *fn, void *arg, struct err *e)
{
	const double end = guard_clock() + SECONDS_AT_ONCE;
	struct frame f;
	int r = 0;

	for (size_t n = 0; !peer->deaf && n < FRAMES_AT_ONCE && guard_clock() < end; n++) {
		r = channel_next(&peer->channel, &f, e);
		if (r <= 0)
			return r;
		r = take_common(p, peer, &f, e);
		if (r == 0)
			r = fn(arg, peer, &f, e);
		if (r < 0)
			return -1;
	}
	p->frames_left = p->frames_left || !peer->deaf;
	return 0;
}

int party_take(struct party *p, party_fn *fn, void *arg, struct err *e)
{
	p->frames_left = false;
	for (size_t i = 0; i < p->count; i++)
		if (take_all(p, &p->peer[i], fn, arg, e) < 0)
			return -1;
	return 0;
}

void party_finish(struct party *p, int timeout_ms)
{
	struct err e = { 0 };

	for (size_t i = 0; i < p->count; i++) {
		struct pollfd one = { .fd = p->peer[i].channel.fd, .events = POLLOUT };

		while (channel_waiting(&p->peer[i].channel) > 0 && !p->peer[i].channel.ended &&
		       poll(&one, 1, timeout_ms) == 1)
			if (channel_flush(&p->peer[i].channel, &e) < 0)
				break;
	}
}
