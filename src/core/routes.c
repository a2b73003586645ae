// SPDX-License-Identifier: MIT
/* routes.c - see routes.h. */
#include "core/routes.h"

#define ROUTE_UP     0x1
#define ROUTE_REJECT 0x200

static void take(struct strv *ret, const char *name)
{
	if (!str_eq(name, "lo") && !strv_has(ret, name))
		strv_add(ret, name);
}

/* Iface Destination Gateway Flags … Mask …, numbers in hexadecimal. */
static void take_v4(char *line, struct strv *ret)
{
	CLEANUP_STRV struct strv w = { 0 };

	strv_split(&w, line, " \t");
	if (w.count >= 8 && str_eq(w.item[1], "00000000") && str_eq(w.item[7], "00000000") &&
	    strtoul(w.item[3], NULL, 16) & ROUTE_UP)
		take(ret, w.item[0]);
}

/* dest plen src plen nexthop metric refcnt use flags iface. */
static void take_v6(char *line, struct strv *ret)
{
	CLEANUP_STRV struct strv w = { 0 };

	strv_split(&w, line, " \t");
	if (w.count >= 10 && str_eq(w.item[1], "00") &&
	    str_eq(w.item[0], "00000000000000000000000000000000") &&
	    !(strtoul(w.item[8], NULL, 16) & ROUTE_REJECT))
		take(ret, w.item[9]);
}

static int read_table(struct os *os, const char *path, void (*fn)(char *, struct strv *),
		      struct strv *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	int r = os_read(os, path, &text, e);
	char *rest = text, *line;

	while (r == 0 && (line = str_line(&rest)))
		fn(line, ret);
	return r < 0 ? r : 0;
}

int default_interfaces(struct os *os, struct strv *ret, struct err *e)
{
	if (read_table(os, "/proc/net/route", take_v4, ret, e) < 0 ||
	    read_table(os, "/proc/net/ipv6_route", take_v6, ret, e) < 0)
		return -1;
	strv_sort(ret);
	return 0;
}
