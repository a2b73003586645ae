// SPDX-License-Identifier: MIT
/* channel.c - see channel.h. */
#include "guard/channel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES ((size_t)256 << 10)

struct head {
	uint32_t kind, len;
};

void channel_init(struct channel *c, int fd)
{
	*c = (struct channel){ .fd = fd };
}

void channel_done(struct channel *c)
{
	str_done(&c->in);
	str_done(&c->out);
	c->fd = -1;
}

void channel_put(struct channel *c, unsigned kind, const void *fixed, size_t fixed_len,
		 const struct str *tail)
{
	struct head h = { .kind = kind, .len = (uint32_t)(fixed_len + (tail ? tail->len : 0)) };

	if (c->fd < 0)
		return;
	if (c->out_at == c->out.len) {
		str_clear(&c->out);
		c->out_at = 0;
	}
	str_add_bytes(&c->out, &h, sizeof(h));
	if (fixed_len > 0)
		str_add_bytes(&c->out, fixed, fixed_len);
	if (tail && tail->len > 0)
		str_add_bytes(&c->out, tail->text, tail->len);
}

int channel_flush(struct channel *c, struct err *e)
{
	while (channel_waiting(c) > 0 && !c->ended) {
		ssize_t n = write(c->fd, c->out.text + c->out_at, channel_waiting(c));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno == EPIPE)
			c->ended = true;
		else if (n < 0)
			return err_sys(e, errno, "channel");
		else
			c->out_at += (size_t)n;
	}
	if (channel_waiting(c) > CHANNEL_FULL)
		return err_set(e, ERR_FAILED, "channel: the other side does not read");
	return 0;
}

/* What was taken out makes room. */
static void close_up(struct channel *c)
{
	if (c->in_at == 0)
		return;
	memmove(c->in.text, c->in.text + c->in_at, c->in.len - c->in_at);
	c->in.len -= c->in_at;
	c->in_at = 0;
}

int channel_read(struct channel *c, struct err *e)
{
	ssize_t n;

	close_up(c);
	if (c->in.room - c->in.len < READ_BYTES + 1) {
		c->in.room = c->in.len + READ_BYTES + 1;
		c->in.text = xrealloc(c->in.text, c->in.room, 1);
	}
	do {
		n = read(c->fd, c->in.text + c->in.len, READ_BYTES);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0 && errno != ECONNRESET)
		return err_sys(e, errno, "channel");
	c->ended = n <= 0;
	c->in.len += n > 0 ? (size_t)n : 0;
	return 0;
}

int channel_next(struct channel *c, struct frame *ret, struct err *e)
{
	size_t have = c->in.len - c->in_at;
	struct head h;

	if (have < sizeof(h))
		return 0;
	memcpy(&h, c->in.text + c->in_at, sizeof(h));
	if (h.len > CHANNEL_BODY_MAX)
		return err_set(e, ERR_FAILED, "channel: a frame of %u bytes", h.len);
	if (have < sizeof(h) + h.len)
		return 0;
	*ret = (struct frame){ h.kind, c->in.text + c->in_at + sizeof(h), h.len };
	c->in_at += sizeof(h) + h.len;
	return 1;
}
