// SPDX-License-Identifier: MIT
/* never.c - see never.h. */
#include "guard/never.h"

#include <string.h>
#include <sys/socket.h>
#include <utmp.h>

#include "base/i18n.h"

#define SESSIONS   "/run/systemd/sessions"
#define UTMP	   "/run/utmp"
#define LOOK_AGAIN 1.0 /* seconds */

static void add(struct prefix **list, size_t *count, const struct prefix *p)
{
	*list = xrealloc(*list, *count + 1, sizeof(*p));
	(*list)[(*count)++] = *p;
}

static void add_address(struct never *n, const struct addr *a)
{
	struct addr plain = addr_unmap(a);
	struct prefix p = { plain, plain.family == AF_INET ? 32 : 128 };

	if (plain.family && !addr_is_any(&plain))
		add(&n->now, &n->nows, &p);
}

void never_trust(struct never *n, const struct prefix *p)
{
	add(&n->trust, &n->trusts, p);
}

static void trust_address(struct never *n, const struct addr *a)
{
	const struct prefix p = { addr_unmap(a), addr_unmap(a).family == AF_INET ? 32 : 128 };

	if (a->family && !addr_is_any(a))
		never_trust(n, &p);
}

/* "nameserver ADDRESS": without them the host finds nobody. */
static void trust_resolvers(struct never *n, const char *path)
{
	CLEANUP_FREE char *text = NULL;
	struct err e = { 0 };
	char *rest, *line;

	if (os_read(n->os, path, &text, &e) != 0)
		return;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		CLEANUP_STRV struct strv w = { 0 };
		struct addr a;

		strv_split(&w, line, " \t");
		if (w.count >= 2 && str_eq(w.item[0], "nameserver") &&
		    addr_parse(w.item[1], &a) == 0)
			trust_address(n, &a);
	}
}

/* Iface Destination Gateway ... Mask, in hexadecimal, as the machine has the four bytes. */
static void trust_gateway_4(struct never *n, const struct strv *w)
{
	struct addr a = { .family = AF_INET };
	uint32_t gateway;

	if (w->count < 8 || !str_eq(w->item[1], "00000000") || !str_eq(w->item[7], "00000000"))
		return;
	gateway = (uint32_t)strtoul(w->item[2], NULL, 16);
	memcpy(a.bytes, &gateway, sizeof(gateway));
	trust_address(n, &a);
}

/* destination bits source bits gateway ... in hexadecimal. */
static void trust_gateway_6(struct never *n, const struct strv *w)
{
	struct addr a = { .family = AF_INET6 };

	if (w->count < 10 || !str_eq(w->item[1], "00") || strlen(w->item[4]) != 32)
		return;
	for (size_t i = 0; i < 16; i++) {
		const char two[] = { w->item[4][2 * i], w->item[4][2 * i + 1], '\0' };

		a.bytes[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	trust_address(n, &a);
}

static void trust_gateways(struct never *n, const char *path,
			   void (*take)(struct never *, const struct strv *))
{
	CLEANUP_FREE char *text = NULL;
	struct err e = { 0 };
	char *rest, *line;

	if (os_read(n->os, path, &text, &e) != 0)
		return;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		CLEANUP_STRV struct strv w = { 0 };

		strv_split(&w, line, " \t");
		take(n, &w);
	}
}

void never_init(struct never *n, struct os *os, const struct orders *orders)
{
	*n = (struct never){ .os = os };
	for (size_t i = 0; i < orders->count; i++)
		for (size_t k = 0; k < orders->item[i].ignores; k++)
			never_trust(n, &orders->item[i].ignore[k]);
	trust_resolvers(n, "/etc/resolv.conf");
	trust_resolvers(n, "/run/systemd/resolve/resolv.conf");
	/* In its unit it does not see /proc/net. */
	trust_gateways(n, "/proc/self/net/route", trust_gateway_4);
	trust_gateways(n, "/proc/self/net/ipv6_route", trust_gateway_6);
}

void never_done(struct never *n)
{
	free(n->trust);
	free(n->now);
	*n = (struct never){ 0 };
}

void never_confirmed(struct never *n, const char *addresses)
{
	CLEANUP_STRV struct strv each = { 0 };

	strv_split(&each, addresses, "\n");
	for (size_t i = 0; i < each.count; i++) {
		struct addr a;

		if (addr_parse(each.item[i], &a) == 0)
			trust_address(n, &a);
	}
}

void never_ask_kannuki(struct never *n)
{
	static const char *const argv[] = { "kannuki", "witnesses", NULL };
	const struct run run = { .argv = argv, .timeout_ms = 5000 };
	CLEANUP_RUN struct run_result r = { 0 };
	struct err e = { 0 };

	if (os_run(n->os, &run, &r, &e) == 0 && r.status == 0)
		never_confirmed(n, r.out);
}

static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncmp(line, name, len) == 0 && line[len] == '=' ? line + len + 1 : NULL;
}

bool never_session(const char *text, struct prefix *ret)
{
	CLEANUP_STRV struct strv lines = { 0 };
	const char *host = NULL, *class = "", *state = "";
	struct addr a;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		const char *v;

		if ((v = value_of(lines.item[i], "REMOTE_HOST")))
			host = v;
		else if ((v = value_of(lines.item[i], "CLASS")))
			class = v;
		else if ((v = value_of(lines.item[i], "STATE")))
			state = v;
	}
	/* "user", "user-early"; a greeter is nobody yet. */
	if (!host || !str_starts(class, "user") || str_eq(state, "closing") ||
	    addr_parse(host, &a) < 0)
		return false;
	a = addr_unmap(&a);
	*ret = (struct prefix){ a, a.family == AF_INET ? 32 : 128 };
	return true;
}

static void look_at_sessions(struct never *n)
{
	CLEANUP_STRV struct strv names = { 0 };
	struct err e = { 0 };

	if (os_list(n->os, SESSIONS, &names, &e) != 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf(SESSIONS "/%s", names.item[i]);
		CLEANUP_FREE char *text = NULL;
		struct prefix p;

		if (!str_ends(path, ".ref") && os_read(n->os, path, &text, &e) == 0 &&
		    never_session(text, &p))
			add(&n->now, &n->nows, &p);
	}
}

/* Where there is no logind: sshd's own note of who has a terminal. */
static void look_at_utmp(struct never *n)
{
	struct node node = { 0 };
	struct err e = { 0 };
	struct utmp u;

	if (os_get(n->os, UTMP, &node, &e) == 0 && node.type == NODE_FILE)
		for (size_t at = 0; at + sizeof(u) <= node.len; at += sizeof(u)) {
			struct addr a = { .family = AF_INET6 };

			memcpy(&u, node.data + at, sizeof(u));
			memcpy(a.bytes, u.ut_addr_v6, 16);
			/* IPv4 stands in the first word alone. */
			if (u.ut_addr_v6[1] == 0 && u.ut_addr_v6[2] == 0 && u.ut_addr_v6[3] == 0)
				a.family = AF_INET;
			if (u.ut_type == USER_PROCESS)
				add_address(n, &a);
		}
	node_done(&node);
}

static void look_at_own(struct never *n)
{
	struct if_addr *own = NULL;
	struct err e = { 0 };
	size_t count = 0;

	if (os_addresses(n->os, &own, &count, &e) == 0)
		for (size_t i = 0; i < count; i++)
			add_address(n, &own[i].addr);
	free(own);
}

static void look(struct never *n, double clock)
{
	if (n->looked > 0 && clock - n->looked < LOOK_AGAIN)
		return;
	n->looked = clock;
	n->nows = 0;
	look_at_own(n);
	look_at_sessions(n);
	look_at_utmp(n);
}

static bool meets(const struct prefix *list, size_t count, const struct prefix *p)
{
	for (size_t i = 0; i < count; i++)
		if (prefixes_meet(&list[i], p))
			return true;
	return false;
}

static bool is_special(const struct prefix *p)
{
	static const char *const special[] = { "0.0.0.0/8",   "127.0.0.0/8", "169.254.0.0/16",
					       "224.0.0.0/3", "::/64",	     "64:ff9b::/96",
					       "fe80::/10",   "ff00::/8" };

	for (size_t i = 0; i < COUNT(special); i++) {
		struct prefix one;
		struct err e = { 0 };

		if (prefix_parse(special[i], &one, &e) == 0 && prefixes_meet(&one, p))
			return true;
	}
	return false;
}

const char *never_why(struct never *n, const struct prefix *p, double clock)
{
	if (p->bits < (p->addr.family == AF_INET ? NEVER_BITS_4 : NEVER_BITS_6))
		return N_("that is too many addresses at once");
	if (is_special(p))
		return N_("no address of somebody else");
	if (meets(n->trust, n->trusts, p))
		return N_("ignored by fail2ban's files, a resolver or gateway, or the address that "
			  "confirmed");
	look(n, clock);
	if (meets(n->now, n->nows, p))
		return N_("our own address, or somebody is logged in from there");
	return NULL;
}
