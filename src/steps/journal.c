// SPDX-License-Identifier: MIT
/* journal.c - see journal.h. */
#include "steps/journal.h"

#include "base/i18n.h"
#include "base/mem.h"

#define UNIT	     "systemd-journald.service"
#define JOB_LIMIT_MS 60000
#define HERE_TRIES   50
#define HERE_MS	     200
#define LOGS \
	"/var/log/journal" /* while it is there journald writes into it, also when no file tells it to */
/* Texts of an image: LOGS was THERE; another daemon ran. */
#define WAS   "logs"
#define THERE "there"
#define RAN   "ran"

json_t *step_journal_args(const struct change *change, size_t count)
{
	return json_pack("{s:o}", "changes", changes_json(change, count));
}

json_t *step_daemon_args(const struct change *change, size_t count, const char *unit, unsigned here)
{
	return json_pack("{s:o, s:s, s:i}", "changes", changes_json(change, count), "unit", unit,
			 "here", (int)here);
}

/* NULL: journald. */
static const char *unit_of(const struct step *s)
{
	return json_string_value(json_object_get(s->args, "unit"));
}

static json_t *changes_of(const struct step *s)
{
	return json_object_get(s->args, "changes");
}

static bool runs(const struct step_ctx *c, const char *unit, bool *ret, struct err *e)
{
	struct run_result r CLEANUP_RUN = { 0 };

	if (os_run(c->os,
		   &(struct run){ .argv = ARGV("systemctl", "show", "-p", "ActiveState", unit) },
		   &r, e) < 0)
		return false;
	*ret = str_eq(str_trim(r.out), "ActiveState=active");
	return true;
}

/* journald's sockets are kept by PID 1 meanwhile: nothing that is logged is lost. What does not run reads its files when
 * it is started; but one that ran before and that our file has brought down runs again (pre; NULL while applying). */
static int start_anew(const struct step_ctx *c, const struct step *s, const struct image *pre,
		      struct err *e)
{
	const char *unit = unit_of(s) ? unit_of(s) : UNIT;
	const char *ran = pre ? image_text(pre, RAN) : NULL;
	const char *const argv[] = { "systemctl", "restart", unit, NULL };
	struct run_result r CLEANUP_RUN = { 0 };
	bool now = false;

	if (!runs(c, unit, &now, e))
		return -1;
	if (!now && !(ran && ran[0]))
		return 0;
	if (os_run(c->os, &(struct run){ .argv = argv, .timeout_ms = JOB_LIMIT_MS }, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 0;
	return err_set(e, ERR_FAILED, "systemctl %s %s: %s", argv[1], unit,
		       r.timed_out ? _("did not end in time") : str_trim(r.err));
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	struct node logs CLEANUP_NODE = { 0 };
	bool now = false;

	if (unit_of(s)) {
		if (!runs(c, unit_of(s), &now, e))
			return -1;
		image_set_text(ret, RAN, now ? "yes" : "");
		return changes_capture(c, changes_of(s), ret, e);
	}
	if (os_get(c->os, LOGS, &logs, e) < 0)
		return -1;
	image_set_text(ret, WAS, logs.type == NODE_ABSENT ? "" : THERE);
	return changes_capture(c, changes_of(s), ret, e);
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	if (changes_apply(c, changes_of(s), e) < 0)
		return -1;
	return start_anew(c, s, NULL, e);
}

/* 1: somebody listens there for others too. */
static int is_reached(struct os *os, unsigned port, struct err *e)
{
	CLEANUP_FREE struct socket_info *s = NULL;
	size_t count = 0;

	if (os_sockets(os, &s, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (s[i].kind == SOCKET_TCP_LISTEN && s[i].local_port == port &&
		    !addr_is_loopback(&s[i].local))
			return 1;
	return 0;
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	unsigned here = (unsigned)json_integer_value(json_object_get(s->args, "here"));
	int r = 0;

	if (changes_verify(c, changes_of(s), e) < 0)
		return -1;
	/* One that has just been started anew may still close what it had. */
	for (unsigned i = 0; here && i < HERE_TRIES; i++) {
		r = is_reached(c->os, here, e);
		if (r <= 0)
			return r;
		os_sleep(c->os, HERE_MS);
	}
	return r ? err_set(e, ERR_FAILED, _("port %u is still reached from outside"), here) : 0;
}

/* The folder that journald made for us goes, with all that was logged, to TXN/displaced; the undo of that undo brings it
 * back. One that was there before is never touched. 1: it stays. */
static int logs_back(const struct step_ctx *c, const struct image *pre, struct err *e)
{
	const char *was = image_text(pre, WAS);
	struct node now CLEANUP_NODE = { 0 };
	struct strv names CLEANUP_STRV = { 0 };
	CLEANUP_FREE char *to = NULL;

	if (!was) /* of an older version */
		return 0;
	if (os_get(c->os, LOGS, &now, e) < 0 || os_list(c->os, LOGS, &names, e) < 0)
		return -1;
	if (was[0])
		return now.type == NODE_ABSENT && displaced_return(c, LOGS, e) < 0 ? -1 : 0;
	if (now.type != NODE_DIR)
		return 0;
	return names.count ? displaced_move(c, LOGS, &to, e) : os_remove(c->os, LOGS, e);
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	struct err logs = { 0 }, live = { 0 };
	int worst = changes_undo(c, changes_of(s), pre, post, e);

	err_keep_worst(&worst, e, logs_back(c, pre, &logs), &logs);
	if (!c->boot)
		err_keep_worst(&worst, e, start_anew(c, s, pre, &live), &live);
	return worst;
}

static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	/* Early in this boot it may still have read our file, and made the folder once more. */
	int r = logs_back(c, pre, e);

	return r < 0 || start_anew(c, s, pre, e) < 0 ? -1 : r;
}

const struct step_kind step_journal = {
	.name = "journal",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
	.settle = settle,
};
