// SPDX-License-Identifier: MIT
/* duration.c - see duration.h: sums and products by precedence, in the order in which Python reckons. */
#include "guard/duration.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"

#define DEPTH_MAX 20
#define YEAR	  31557600.0

static const struct unit {
	const char *names; /* a blank around each */
	double seconds;
} units[] = {
	{ " s ss se sec second seconds ", 1 },	{ " m mm mi min minute minutes ", 60 },
	{ " h hh ho hou hour hours ", 3600 },	{ " d dd da day days ", 86400 },
	{ " w ww we wee week weeks ", 604800 }, { " mo mon month months ", YEAR / 12 },
	{ " y yy ye yea year years ", YEAR },
};

struct reckoning {
	const char *at;
	int depth;
	bool wrong;
	bool after_digit; /* what was read last ended in one, or in a unit */
};

static void skip_blanks(struct reckoning *r)
{
	r->at += strspn(r->at, " \t\n");
}

static double sum(struct reckoning *r);

static double wrong(struct reckoning *r)
{
	r->wrong = true;
	return 0;
}

/* A number, or "( ... )". */
static double operand(struct reckoning *r)
{
	size_t digits;
	double n;

	skip_blanks(r);
	r->after_digit = false;
	if (*r->at == '(') {
		if (++r->depth > DEPTH_MAX)
			return wrong(r);
		r->at++;
		n = sum(r);
		r->depth--;
		skip_blanks(r);
		r->after_digit = false;
		if (*r->at != ')')
			return wrong(r);
		r->at++;
		return n;
	}
	digits = strspn(r->at, "0123456789.");
	if (digits == 0 || digits > 30 ||
	    memchr(r->at, '.', digits) != memrchr(r->at, '.', digits) ||
	    (digits == 1 && *r->at == '.'))
		return wrong(r);
	n = strtod(r->at, NULL);
	r->at += digits;
	r->after_digit = isdigit((unsigned char)r->at[-1]);
	return n;
}

/* Signs bind less than a power to their right: -2**2 is -4. */
static double power(struct reckoning *r)
{
	bool minus = false;
	double n;

	for (skip_blanks(r); *r->at == '-' || *r->at == '+'; skip_blanks(r))
		minus ^= *r->at++ == '-';
	n = operand(r);
	skip_blanks(r);
	if (!r->wrong && strncmp(r->at, "**", 2) == 0) {
		if (++r->depth > DEPTH_MAX)
			return wrong(r);
		r->at += 2;
		n = pow(n, power(r));
		r->depth--;
	}
	return minus ? -n : n;
}

/* The unit at this place, as what it multiplies by; 0: there is none. */
static double unit(struct reckoning *r)
{
	size_t len = strspn(r->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	CLEANUP_FREE char *name = str_lower(xasprintf(" %.*s ", (int)(len < 20 ? len : 20), r->at));

	for (size_t i = 0; len > 0 && i < COUNT(units); i++) {
		if (strstr(units[i].names, name)) {
			r->at += len;
			return units[i].seconds;
		}
	}
	return 0;
}

static double product(struct reckoning *r)
{
	double n = power(r), by;

	while (!r->wrong) {
		skip_blanks(r);
		by = r->after_digit ? unit(r) : 0;
		if (by > 0) {
			n *= by;
		} else if (*r->at == '*') {
			r->at++;
			n *= power(r);
		} else if (*r->at == '/') {
			bool whole = *++r->at == '/';

			r->at += whole;
			by = power(r);
			if (by == 0)
				return wrong(r);
			n = whole ? floor(n / by) : n / by;
		} else {
			break;
		}
	}
	return n;
}

static double sum(struct reckoning *r)
{
	double n = product(r);

	while (!r->wrong) {
		skip_blanks(r);
		if (*r->at == '+' || *r->at == '-') {
			bool minus = *r->at++ == '-';
			double more = product(r);

			n = minus ? n - more : n + more;
		} else if (r->after_digit && isdigit((unsigned char)*r->at)) {
			n += product(r);
		} else {
			break;
		}
	}
	return n;
}

int duration_parse(const char *text, double *ret, struct err *e)
{
	struct reckoning r = { .at = text };
	double n = sum(&r);

	skip_blanks(&r);
	if (r.wrong || *r.at || !isfinite(n))
		return err_set(e, ERR_USAGE, _("\"%.60s\" is no time"), text);
	*ret = n;
	return 0;
}
