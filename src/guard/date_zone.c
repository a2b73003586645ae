// SPDX-License-Identifier: MIT
/* date_zone.c - abbreviations of time zones, each with the one offset that it is taken for, and offsets. */
#include <ctype.h>
#include <string.h>

#include "guard/date_template.h"

/* Minutes east of UTC: RFC 822's names, and the names in today's tz database that mean one zone only or
 * that fail2ban takes for the same one. */
static const struct zone {
	const char *name;
	int minutes;
} zones[] = {
	{ "UT", 0 },	 { "UTC", 0 },	  { "GMT", 0 },	    { "WET", 0 },     { "WEST", 60 },
	{ "CET", 60 },	 { "CEST", 120 }, { "EET", 120 },   { "EEST", 180 },  { "MSK", 180 },
	{ "IDT", 180 },	 { "WAT", 60 },	  { "CAT", 120 },   { "SAST", 120 },  { "EAT", 180 },
	{ "PKT", 300 },	 { "WIB", 420 },  { "WITA", 480 },  { "WIT", 540 },   { "HKT", 480 },
	{ "JST", 540 },	 { "KST", 540 },  { "AWST", 480 },  { "ACST", 570 },  { "ACDT", 630 },
	{ "AEST", 600 }, { "AEDT", 660 }, { "ChST", 600 },  { "NZST", 720 },  { "NZDT", 780 },
	{ "NST", -210 }, { "NDT", -150 }, { "AST", -240 },  { "ADT", -180 },  { "EST", -300 },
	{ "EDT", -240 }, { "CST", -360 }, { "CDT", -300 },  { "MST", -420 },  { "MDT", -360 },
	{ "PST", -480 }, { "PDT", -420 }, { "AKST", -540 }, { "AKDT", -480 }, { "HST", -600 },
	{ "HDT", -540 }, { "SST", -660 },
};

/* The letters of the military: A to M east of Z without J, N to Y west of it. */
static bool letter(char c, int *ret)
{
	const char *east = "ZABCDEFGHIKLM", *west = "ZNOPQRSTUVWXY", *at = strchr(east, c);

	if (at)
		*ret = (int)(at - east) * 60;
	else if ((at = strchr(west, c)))
		*ret = -(int)(at - west) * 60;
	return at != NULL;
}

/* The sign and two or four digits, with or without ':' between. */
static bool offset(const char *text, int *ret)
{
	int hours, minutes = 0;
	const char *at = text + 3;

	if ((text[0] != '+' && text[0] != '-') || (text[1] != '0' && text[1] != '1') ||
	    !isdigit((unsigned char)text[2]))
		return false;
	hours = (text[1] - '0') * 10 + text[2] - '0';
	if (*at) {
		at += *at == ':';
		if (!isdigit((unsigned char)at[0]) || !isdigit((unsigned char)at[1]) || at[2])
			return false;
		minutes = (at[0] - '0') * 10 + at[1] - '0';
	}
	*ret = (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

bool date_zone(const char *text, int *ret_minutes)
{
	size_t len = strcspn(text, "+-");
	int minutes = 0, more = 0;
	bool found = len == 0 || (len == 1 && letter(text[0], &minutes));

	for (size_t i = 0; i < COUNT(zones) && !found; i++) {
		found = strlen(zones[i].name) == len && strncmp(zones[i].name, text, len) == 0;
		minutes = found ? zones[i].minutes : 0;
	}
	if (!found || (text[len] && !offset(text + len, &more)))
		return false;
	*ret_minutes = minutes + more;
	return true;
}
