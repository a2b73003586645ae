// SPDX-License-Identifier: MIT
/* bans.c - see bans.h. */
#include "steps/bans.h"

#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/mem.h"

#define CLIENT	 "fail2ban-client"
#define LIMIT_MS 20000

json_t *step_bans_args(const struct ban_jail *const *jail, size_t count, unsigned port,
		       const struct change *change)
{
	json_t *jails = json_object();

	for (size_t i = 0; i < count; i++) {
		json_t *actions = json_array();

		for (size_t k = 0; k < jail[i]->action_count; k++)
			json_array_append_new(actions, json_bytes(jail[i]->action[k].name));
		json_object_set_new(jails, jail[i]->name, actions);
	}
	return json_pack("{s:o, s:i, s:o}", "jails", jails, "port", (int)port, "changes",
			 changes_json(change, 1));
}

json_t *step_ban_pause_args(const struct bans_fact *b, const struct strv *peers, bool end)
{
	json_t *jails = json_array(), *list = json_array();

	for (size_t i = 0; i < b->jail_count; i++)
		json_array_append_new(jails, json_bytes(b->jail[i].name));
	for (size_t i = 0; i < peers->count; i++)
		json_array_append_new(list, json_bytes(peers->item[i]));
	return json_pack("{s:o, s:o, s:b}", "jails", jails, "peers", list, "end", (int)end);
}

static int tell(const struct step_ctx *c, const char *const *argv, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(c->os, &(struct run){ .argv = argv, .timeout_ms = LIMIT_MS }, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 0;
	return err_set(e, ERR_FAILED, CLIENT " %s %s: %s", argv[1], argv[2],
		       r.timed_out ? _("did not end in time") : str_trim(r.err));
}

/* 1: there is none. */
static int find_server(const struct step_ctx *c, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(c->os, &(struct run){ .argv = ARGV(CLIENT, "ping"), .timeout_ms = LIMIT_MS }, &r,
		   e) < 0)
		return -1;
	return r.status == 0 && !r.timed_out ? 0 : 1;
}

/* --- bans: at which port ------------------------------------------------------------------------- */

static json_t *changes_of(const struct step *s)
{
	return json_object_get(s->args, "changes");
}

static json_t *jails_of(const struct step *s)
{
	return json_object_get(s->args, "jails");
}

static int start_anew(const struct step_ctx *c, const struct step *s, struct err *e)
{
	const char *jail;
	json_t *actions;

	json_object_foreach (jails_of(s), jail, actions)
		if (tell(c, ARGV(CLIENT, "restart", jail), e) < 0)
			return -1;
	return 0;
}

static int bans_capture(const struct step_ctx *c, const struct step *s, struct image *ret,
			struct err *e)
{
	return changes_capture(c, changes_of(s), ret, e);
}

static int bans_apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	return changes_apply(c, changes_of(s), e) < 0 ? -1 : start_anew(c, s, e);
}

static int bans_undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		     const struct image *post, struct err *e)
{
	int worst = changes_undo(c, changes_of(s), pre, post, e), r;
	struct err server = { 0 };

	if (c->boot)
		return worst;
	/* A server that does not run reads the files when it starts. */
	r = find_server(c, &server);
	if (r == 0)
		r = start_anew(c, s, &server);
	err_keep_worst(&worst, e, r < 0 ? r : 0, &server);
	return worst;
}

static int bans_verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	unsigned port = (unsigned)json_integer_value(json_object_get(s->args, "port"));
	const char *jail;
	json_t *actions;

	json_object_foreach (jails_of(s), jail, actions) {
		json_t *action;
		size_t i;

		json_array_foreach (actions, i, action) {
			CLEANUP_FREE char *ports = NULL;
			const char *name = json_string_value(action);

			if (ban_ports_now(c->os, jail, name, &ports, e) < 0)
				return -1;
			if (ports && !ban_ports_hold(ports, port))
				return err_set(e, ERR_CONFLICT,
					       _("fail2ban: %s of jail %s bans at %s whatever port "
						 "its jail has; it should be told "
						 "port=\"%%(port)s\""),
					       name, jail, ports);
		}
	}
	return changes_verify(c, changes_of(s), e);
}

const struct step_kind step_bans = {
	.name = "bans",
	.capture = bans_capture,
	.apply = bans_apply,
	.undo = bans_undo,
	.verify = bans_verify,
};

/* --- ban-pause: whom not, for a while ------------------------------------------------------------ */

/* What each jail ignores already, as lines. */
static int pause_capture(const struct step_ctx *c, const struct step *s, struct image *ret,
			 struct err *e)
{
	json_t *jail;
	size_t i;

	json_array_foreach (jails_of(s), i, jail) {
		CLEANUP_STRV struct strv ignored = { 0 };
		CLEANUP_FREE char *lines = NULL;

		if (ban_ignored_now(c->os, json_string_value(jail), &ignored, e) < 0)
			return -1;
		lines = strv_join(&ignored, "\n");
		image_set_text(ret, json_string_value(jail), lines);
	}
	return 0;
}

static bool has_line(const char *lines, const char *line)
{
	CLEANUP_STRV struct strv all = { 0 };

	strv_split(&all, lines ? lines : "", "\n");
	return strv_has(&all, line);
}

/* In every jail, for every address that is not as it shall be. Past failures; the first is told. */
static int ignore(const struct step_ctx *c, const struct step *s, const struct image *pre, bool on,
		  struct err *e)
{
	json_t *jail, *peer;
	size_t i, k;
	int worst = 0;

	json_array_foreach (jails_of(s), i, jail) {
		CLEANUP_STRV struct strv now = { 0 };
		const char *name = json_string_value(jail);
		int r = ban_ignored_now(c->os, name, &now, e);

		if (r < 0)
			return -1;
		json_array_foreach (json_object_get(s->args, "peers"), k, peer) {
			const char *address = json_string_value(peer);
			struct err one = { 0 };

			if (r > 0 || strv_has(&now, address) == on ||
			    (pre && has_line(image_text(pre, name), address)))
				continue;
			err_keep_worst(&worst, e,
				       tell(c,
					    ARGV(CLIENT, "set", name,
						 on ? "addignoreip" : "delignoreip", address),
					    &one),
				       &one);
		}
	}
	return worst;
}

static bool is_end(const struct step *s)
{
	return json_is_true(json_object_get(s->args, "end"));
}

static int pause_apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	return ignore(c, s, NULL, !is_end(s), e);
}

static int pause_undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		      const struct image *post, struct err *e)
{
	(void)post;
	return c->boot || is_end(s) ? 0 : ignore(c, s, pre, false, e);
}

const struct step_kind step_ban_pause = {
	.name = "ban-pause",
	.capture = pause_capture,
	.apply = pause_apply,
	.undo = pause_undo,
};
