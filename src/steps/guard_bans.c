// SPDX-License-Identifier: MIT
/* guard_bans.c - see guard_bans.h. */
#include "steps/guard_bans.h"

#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/facts_bans.h"
#include "steps/guard.h"

#define ASK_LIMIT_MS 10000
#define BANS_MOST    20000 /* as many as the guard bans at once */
#define FOR_EVER     INT64_MAX

json_t *step_guard_bans_args(const char *program, const struct strv *jails)
{
	json_t *names = json_array();

	for (size_t i = 0; i < jails->count; i++)
		json_array_append_new(names, json_bytes(jails->item[i]));
	return json_pack("{s:s, s:o}", "program", program, "jails", names);
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	(void)c;
	(void)s;
	(void)ret;
	(void)e;
	return 0;
}

/* "2026-11-26 19:00:00", in the zone of the host; -1: it is no time. */
static int64_t seconds_at(const char *date, const char *clock)
{
	CLEANUP_FREE char *text = xasprintf("%s %s", date, clock);
	struct tm tm = { .tm_isdst = -1 };
	const char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);

	return end && !*end ? mktime(&tm) : -1;
}

struct live_ban {
	char *address;
	int64_t end; /* seconds since 1970; FOR_EVER */
};

struct live_bans {
	struct live_ban *item;
	size_t count;
};

static void live_bans_done(struct live_bans *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->item[i].address);
	free(b->item);
}

/* "192.0.2.10 \t2026-11-26 19:00:00 + 600 = 2026-11-26 19:10:00"; what is no address (a jail may ban anything) is
 * left out. */
static void take_line(const char *line, struct live_bans *all)
{
	CLEANUP_STRV struct strv w = { 0 };
	struct addr address;
	int64_t end;

	strv_split(&w, line, " \t");
	if (w.count != 8 || !str_eq(w.item[3], "+") || !str_eq(w.item[5], "=") ||
	    addr_parse(w.item[0], &address) < 0)
		return;
	end = str_eq(w.item[4], "-1") ? FOR_EVER : seconds_at(w.item[6], w.item[7]);
	all->item = xrealloc(all->item, all->count + 1, sizeof(*all->item));
	all->item[all->count++] = (struct live_ban){ xstrdup(w.item[0]), end };
}

static int take_jail(const struct step_ctx *c, const char *jail, struct live_bans *all,
		     struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *rest, *line;
	int r = ban_addresses_now(c->os, jail, &text, e);

	if (r != 0)
		return r < 0 ? -1
			     : err_set(e, ERR_FAILED,
				       _("fail2ban does not say whom the jail %s has banned"),
				       jail);
	rest = text;
	while ((line = str_line(&rest)) && all->count < BANS_MOST)
		take_line(line, all);
	return 0;
}

/* Of one address the ban that ends last comes last. */
static int by_address(const void *a, const void *b)
{
	const struct live_ban *x = a, *y = b;
	int order = strcmp(x->address, y->address);

	return order ? order : (x->end > y->end) - (x->end < y->end);
}

/* What the guard refuses is an address that it never bans. */
static int ban(const struct step_ctx *c, const char *program, const struct live_ban *b,
	       struct err *e)
{
	int64_t left = b->end - os_now(c->os, OS_REALTIME) / 1000000000;
	CLEANUP_FREE char *span = xasprintf("%lld", b->end == FOR_EVER ? -1 : (long long)left);
	const struct run run = { .argv = ARGV(program, "ban", "--", b->address, "for", span),
				 .timeout_ms = ASK_LIMIT_MS };
	CLEANUP_RUN struct run_result r = { 0 };

	return left > 0 ? os_run(c->os, &run, &r, e) : 0;
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	const char *program = json_string_value(json_object_get(s->args, "program"));
	CLEANUP(live_bans_done) struct live_bans all = { 0 };
	CLEANUP_STRV struct strv watched = { 0 };
	json_t *jail;
	size_t i;

	if (!program)
		return err_set(e, ERR_FAILED, _("the step is not complete"));
	json_array_foreach (json_object_get(s->args, "jails"), i, jail)
		if (take_jail(c, json_string_value(jail), &all, e) < 0)
			return -1;
	if (all.count > 0)
		qsort(all.item, all.count, sizeof(*all.item), by_address);
	for (i = 0; i < all.count; i++) {
		bool again =
			i + 1 < all.count && str_eq(all.item[i].address, all.item[i + 1].address);

		if (!again && ban(c, program, &all.item[i], e) < 0)
			return -1;
	}
	/* It has to be there still: then what it refused, it refused for a reason. */
	return guard_watches(c->os, program, &watched, e) == 0 ? 0 : -1;
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	(void)c;
	(void)s;
	(void)pre;
	(void)post;
	(void)e;
	return 0;
}

const struct step_kind step_guard_bans = {
	.name = "guard-bans",
	.capture = capture,
	.apply = apply,
	.undo = undo,
};
