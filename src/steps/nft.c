// SPDX-License-Identifier: MIT
/* nft.c - see nft.h. */
#include "steps/nft.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "steps/listen.h"

#define WARM_UP_MS 1000 /* conntrack learns a live session from its next packets */
#define LOAD_MS	   20000

#define DELETE_TABLE "table inet " FILTER_TABLE " {}\ndelete table inet " FILTER_TABLE "\n"

json_t *step_nft_args(const struct filter_spec *spec, bool pending)
{
	return json_pack("{s:o, s:b}", "spec", filter_spec_encode(spec), "pending", pending);
}

static int impossible(const struct run_result *r, struct err *e)
{
	if (r->status == 127)
		return err_set(e, ERR_FAILED,
			       _("a packet filter is not possible on this host: nft is not there "
				 "(package nftables)"));
	return err_set(e, ERR_FAILED,
		       _("the kernel of this host did not take the packet filter: %s"),
		       r->timed_out ? _("nft did not end in time") : str_trim(r->err));
}

/* Our table as nft writes it, without counters. 1: there is none. */
static int list_table(const struct step_ctx *c, char **ret, struct err *e)
{
	struct run_result r CLEANUP_RUN = { 0 };

	if (os_run(c->os,
		   &(struct run){
			   .argv = ARGV("nft", "-s", "list", "table", "inet", FILTER_TABLE) },
		   &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out && str_starts(r.out, "table inet " FILTER_TABLE)) {
		*ret = xstrdup(r.out);
		return 0;
	}
	if (r.status == 1 && strstr(r.err, "No such file or directory"))
		return 1;
	return impossible(&r, e);
}

static int load(const struct step_ctx *c, const char *text, struct err *e)
{
	struct run_result r CLEANUP_RUN = { 0 };

	if (os_run(c->os,
		   &(struct run){ .argv = ARGV("nft", "-f", "-"),
				  .input = text,
				  .input_len = strlen(text),
				  .timeout_ms = LOAD_MS },
		   &r, e) < 0)
		return -1;
	return r.status == 0 && !r.timed_out ? 0 : impossible(&r, e);
}

/* The connections that are logged in now, or about to be. */
static int find_rescue(const struct step_ctx *c, struct socket_info **ret, size_t *ret_count,
		       struct err *e)
{
	struct listeners doors CLEANUP_LISTENERS = { 0 };
	struct socket_info *s = NULL;
	size_t count = 0, kept = 0;

	if (listeners_get(c->os, NULL, true, &doors, e) < 0 || os_sockets(c->os, &s, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (s[i].kind == SOCKET_TCP_ESTABLISHED && !addr_is_loopback(&s[i].local) &&
		    listeners_has_port(&doors, s[i].local_port))
			s[kept++] = s[i];
	*ret = s;
	*ret_count = kept;
	return 0;
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	CLEANUP_FREE char *table = NULL;
	int r = list_table(c, &table, e);

	if (r < 0)
		return -1;
	image_set_text(ret, "table", r == 0 ? table : "");
	return 0;
}

static int put_table(const struct step_ctx *c, const struct filter_spec *spec, bool pending,
		     struct err *e)
{
	CLEANUP_FREE struct socket_info *rescue = NULL;
	CLEANUP_FREE char *before = NULL;
	CLEANUP_FREE char *text = NULL;
	size_t count = 0;
	int is_new = list_table(c, &before, e);

	if (is_new < 0 || (pending && find_rescue(c, &rescue, &count, e) < 0))
		return -1;
	if (is_new) {
		CLEANUP_FREE char *open = filter_ruleset(spec, rescue, count, true);

		if (load(c, open, e) < 0)
			return -1;
		os_sleep(c->os, WARM_UP_MS);
	}
	text = filter_ruleset(spec, rescue, count, false);
	return load(c, text, e);
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	struct filter_spec_owned spec = { 0 };
	int r;

	if (filter_spec_decode(json_object_get(s->args, "spec"), &spec, e) < 0)
		return -1;
	r = put_table(c, &spec.spec, json_is_true(json_object_get(s->args, "pending")), e);
	filter_spec_owned_done(&spec);
	return r;
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	struct filter_spec_owned spec = { 0 };
	CLEANUP_FREE char *how = NULL;
	int r;

	if (filter_spec_decode(json_object_get(s->args, "spec"), &spec, e) < 0)
		return -1;
	r = filter_differs(c->os, &spec.spec, &how, e);
	filter_spec_owned_done(&spec);
	if (r > 0)
		return err_set(e, ERR_FAILED, _("the packet filter is not as it was loaded: %s"),
			       how ? how : _("there is no table inet kannuki"));
	return r;
}

static int table_back(const struct step_ctx *c, const struct image *pre, struct err *e)
{
	const char *before = image_text(pre, "table");
	CLEANUP_FREE char *now = NULL;
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *left = NULL;
	int absent;

	if (!before)
		return err_set(e, ERR_FAILED, _("the former packet filter was not kept"));
	absent = list_table(c, &now, e);
	if (absent < 0)
		return -1;
	if (absent ? before[0] == '\0' : str_eq(now, before))
		return 0;
	text = xasprintf(DELETE_TABLE "%s", before);
	if (load(c, text, e) < 0)
		return -1;
	/* The kernel says so itself: what stayed would keep doors shut, and nobody would come back for it. */
	absent = list_table(c, &left, e);
	if (absent >= 0 && (absent ? before[0] == '\0' : before[0] && !str_eq(left, now)))
		return 0;
	return absent < 0 ? -1
			  : err_set(e, ERR_FAILED, _("the former packet filter did not come back"));
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	struct err ignored = { 0 };

	/* The table was never on the disk. Where early boot is a soft one it may live on. */
	if (c->boot) {
		load(c, DELETE_TABLE, &ignored);
		return 0;
	}
	return table_back(c, pre, e);
}

static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	return table_back(c, pre, e);
}

const struct step_kind step_nft = {
	.name = "nft",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
	.settle = settle,
};
