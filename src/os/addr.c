// SPDX-License-Identifier: MIT
/* addr.c - see addr.h. */
#include "os/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"

int addr_parse(const char *text, struct addr *ret)
{
	struct addr a = { 0 };

	if (inet_pton(AF_INET, text, a.bytes) == 1)
		a.family = AF_INET;
	else if (inet_pton(AF_INET6, text, a.bytes) == 1)
		a.family = AF_INET6;
	else
		return -1;
	*ret = a;
	return 0;
}

const char *addr_text(const struct addr *a, char buf[ADDR_TEXT])
{
	if (!a->family || !inet_ntop(a->family, a->bytes, buf, ADDR_TEXT))
		snprintf(buf, ADDR_TEXT, "-");
	return buf;
}

static size_t length(const struct addr *a)
{
	return a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0;
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, length(a)) == 0;
}

struct addr addr_unmap(const struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct addr v4 = { .family = AF_INET };

	if (a->family != AF_INET6 || memcmp(a->bytes, mapped, sizeof(mapped)) != 0)
		return *a;
	memcpy(v4.bytes, a->bytes + 12, 4);
	return v4;
}

bool addr_is_link_local(const struct addr *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };
	struct addr u = addr_unmap(a);

	return u.family == AF_INET ? u.bytes[0] == 127
				   : u.family == AF_INET6 && memcmp(u.bytes, one, 16) == 0;
}

bool addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];
	struct addr u = addr_unmap(a);

	return u.family && memcmp(u.bytes, zero, length(&u)) == 0;
}

static bool bit(const uint8_t *bytes, unsigned i)
{
	return bytes[i / 8] >> (7 - i % 8) & 1;
}

/* The prefix somebody meant who wrote 192.0.2.7/24. */
static void suggest(const struct prefix *p, char *buf, size_t size)
{
	struct addr a = p->addr;
	char text[ADDR_TEXT];

	for (unsigned i = p->bits; i < length(&a) * 8; i++)
		a.bytes[i / 8] &= (uint8_t) ~(1u << (7 - i % 8));
	snprintf(buf, size, "%s/%u", addr_text(&a, text), p->bits);
}

/* ::ffff:192.0.2.0/120 means 192.0.2.0/24: whatever is asked about it is unmapped too. */
static struct prefix unmap(const struct prefix *p)
{
	struct addr v4 = addr_unmap(&p->addr);

	if (v4.family == p->addr.family || p->bits < 96)
		return *p;
	return (struct prefix){ v4, p->bits - 96 };
}

int prefix_parse(const char *text, struct prefix *ret, struct err *e)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	CLEANUP_FREE char *brief = str_brief(text);
	char *slash = strchr(copy, '/');
	struct prefix p = { 0 };
	uint64_t bits;

	if (slash)
		*slash++ = '\0';
	if (addr_parse(copy, &p.addr) < 0)
		return err_set(e, ERR_USAGE,
			       _("\"%s\" is not an address; allowed: 203.0.113.7, 203.0.113.0/24, "
				 "2001:db8::/32"),
			       brief);
	p.bits = (unsigned)length(&p.addr) * 8;
	if (slash) {
		if (str_to_u64(slash, 0, p.bits, &bits) < 0)
			return err_set(e, ERR_USAGE, _("\"%s\": the length after / is 0 to %u"),
				       brief, p.bits);
		p.bits = (unsigned)bits;
	}
	for (unsigned i = p.bits; i < length(&p.addr) * 8; i++) {
		char right[64];

		if (!bit(p.addr.bytes, i))
			continue;
		suggest(&p, right, sizeof(right));
		return err_set(e, ERR_USAGE,
			       _("\"%s\" has bits set behind its length; did you mean %s?"), brief,
			       right);
	}
	*ret = unmap(&p);
	return 0;
}

bool prefix_holds(const struct prefix *p, const struct addr *a)
{
	struct addr u = addr_unmap(a);

	if (u.family != p->addr.family)
		return false;
	for (unsigned i = 0; i < p->bits; i++)
		if (bit(u.bytes, i) != bit(p->addr.bytes, i))
			return false;
	return true;
}
