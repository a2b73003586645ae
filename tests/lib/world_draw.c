// SPDX-License-Identifier: MIT
/* world_draw.c - see world_draw.h. */
#include "lib/world_draw.h"

#include "base/mem.h"
#include "base/str.h"
#include "lib/keys.h"

/* xorshift64* */
unsigned chance_below(struct chance *c, unsigned n)
{
	c->state ^= c->state >> 12;
	c->state ^= c->state << 25;
	c->state ^= c->state >> 27;
	return (unsigned)(c->state * UINT64_C(2685821657736338717) >> 40) % n;
}

bool chance_one_in(struct chance *c, unsigned n)
{
	return chance_below(c, n) == 0;
}

static const char *any(struct chance *c, const char *const *list, unsigned count)
{
	return list[chance_below(c, count)];
}
#define ANY(c, ...)                                  \
	any(c, (const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

struct world_kind world_draw_kind(struct chance *c)
{
	static const unsigned ports[] = { 0, 22, 22, 2222, 40000 };
	struct world_kind k = { 0 };

	k.port[0] = ports[chance_below(c, COUNT(ports))];
	k.port[1] = k.port[0] && chance_one_in(c, 4) ? 2200 : 0;
	k.include = chance_one_in(c, 3) ? (chance_one_in(c, 2) ? INCLUDE_LATE : INCLUDE_NOT)
					: INCLUDE_FIRST;
	k.drop_in = chance_one_in(c, 2);
	k.root_drop_in = chance_one_in(c, 3);
	k.no_keys = chance_one_in(c, 6);
	k.match_user = chance_one_in(c, 4);
	k.match_address = chance_one_in(c, 4);
	k.socket = chance_one_in(c, 4);
	k.admin = chance_one_in(c, 2);
	k.admin_sudo = chance_one_in(c, 2);
	k.admin_keys = chance_one_in(c, 2);
	k.root_keys = chance_one_in(c, 2);
	k.old_keys = chance_one_in(c, 2);
	k.owner = chance_one_in(c, 4) ? OWNER_NFT : OWNER_NONE;
	k.cloud = chance_one_in(c, 3);
	k.cups = chance_one_in(c, 2);
	k.busy_port = chance_one_in(c, 3);
	k.guard = !chance_one_in(c, 3);
	/* ssh.socket listens where its own files say, not where sshd's do. */
	if (k.socket || k.owner == OWNER_NFT)
		k.port[0] = k.port[1] = 0;
	return k;
}

char *world_draw_policy(struct chance *c)
{
	CLEANUP_STR struct str s = { 0 };
	const char *user = ANY(c, "taro", "taro", "old", "");

	str_add(&s, "[admin]\n");
	if (user[0]) {
		str_addf(&s, "user = %s\n", user);
		if (!chance_one_in(c, 4))
			str_add(&s, "key = ssh-ed25519 " ED25519 " laptop\n");
		if (chance_one_in(c, 4))
			str_add(&s, "key = ecdsa-sha2-nistp256 " ECDSA256 "\n");
		str_addf(&s, "sudo = %s\n", ANY(c, "password", "password", "nopasswd"));
	}
	str_add(&s, "[ssh]\n");
	if (!chance_one_in(c, 3))
		str_addf(&s, "port = %s\n", ANY(c, "22022", "22022", "22", "2222", "50000"));
	str_addf(&s, "password-login = %s\nroot-login = %s\n", ANY(c, "no", "no", "yes"),
		 user[0] ? ANY(c, "no", "no", "key", "yes") : ANY(c, "key", "key", "yes", "no"));
	if (chance_one_in(c, 4))
		str_add(&s, "allow-from = 198.51.100.0/24, 2001:db8::/32\n");
	str_addf(&s, "[firewall]\nopen = %s\nping = %s\n",
		 ANY(c, "ssh", "ssh, web", "8080/tcp from 203.0.113.0/24, dns", "60000-61000/udp"),
		 ANY(c, "yes", "no"));
	str_addf(&s, "[services]\nstop = %s\n", ANY(c, "auto", "cups", "cups", "auto, cups"));
	str_addf(&s, "[hardening]\nsafe = %s\n", ANY(c, "yes", "yes", "yes", "no"));
	if (chance_one_in(c, 3))
		str_addf(&s, "except = %s\n",
			 ANY(c, "door.x11", "kernel.pointers, door.macs", "kernel.redirects-v4"));
	if (chance_one_in(c, 3))
		str_addf(&s, "also = %s\n",
			 ANY(c, "door.key-algorithms, kernel.trace",
			     "kernel.core-dumps, account.umask, door.keep-alive",
			     "account.idle-shell, door.tcp-forwarding, door.compression"));
	if (chance_one_in(c, 3))
		str_addf(&s, "[audit]\ndaily = %s\n", ANY(c, "06:30", "no"));
	if (chance_one_in(c, 3))
		str_addf(&s, "[guard]\nenabled = %s\njails = %s\nbantime = %s\n",
			 ANY(c, "yes", "yes", "no"), ANY(c, "sshd", "sshd, recidive", "postfix"),
			 ANY(c, "1h", "7d"));
	return str_take(&s);
}
