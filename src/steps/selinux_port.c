// SPDX-License-Identifier: MIT
/* selinux_port.c - see selinux_port.h. */
#include "steps/selinux_port.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/selinux.h"

#define CHANGE_MS 180000 /* a small host takes a minute to build its policy anew */

json_t *step_selinux_port_args(unsigned port)
{
	return json_pack("{s:i}", "port", (int)port);
}

static int port_of(const struct step *s, unsigned *ret, struct err *e)
{
	json_int_t port = json_integer_value(json_object_get(s->args, "port"));

	if (port < 1 || port > 65535)
		return err_set(e, ERR_FAILED, _("the step is not complete"));
	*ret = (unsigned)port;
	return 0;
}

/* Type NULL: takes the local row away. */
static int change(const struct step_ctx *c, const char *verb, const char *type, unsigned port,
		  struct err *e)
{
	CLEANUP_FREE char *number = xasprintf("%u", port);
	const char *const set[] = {
		"semanage", "port", verb, "-t", type, "-p", "tcp", number, NULL
	};
	const char *const drop[] = { "semanage", "port", verb, "-p", "tcp", number, NULL };
	const struct run run = { .argv = type ? set : drop, .timeout_ms = CHANGE_MS };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(c->os, &run, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 0;
	return err_set(e, ERR_FAILED, "semanage port %s: %s", verb,
		       r.timed_out ? _("did not end in time") : str_trim(r.err));
}

/* What was added to the policy here for just this port; "" none. */
static int local_type(const struct step_ctx *c, unsigned port, char **ret, struct err *e)
{
	CLEANUP(port_label_done) struct port_label label = { 0 };

	if (selinux_ask_port(c->os, true, port, &label, e) < 0)
		return -1;
	*ret = label.own ? TAKE(label.type) : xstrdup("");
	return 0;
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	CLEANUP_FREE char *type = NULL;
	unsigned port;

	if (port_of(s, &port, e) < 0 || local_type(c, port, &type, e) < 0)
		return -1;
	image_set_text(ret, "local", type);
	return 0;
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP(port_label_done) struct port_label label = { 0 };
	unsigned port;

	if (port_of(s, &port, e) < 0 || selinux_ask_port(c->os, false, port, &label, e) < 0)
		return -1;
	if (str_eq(label.type, SSH_PORT_TYPE))
		return 0;
	/* Of a row that is there it says "already defined": that one is changed. */
	return change(c, label.own ? "-m" : "-a", SSH_PORT_TYPE, port, e);
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP(port_label_done) struct port_label label = { 0 };
	unsigned port;

	if (port_of(s, &port, e) < 0 || selinux_ask_port(c->os, false, port, &label, e) < 0)
		return -1;
	if (!str_eq(label.type, SSH_PORT_TYPE))
		return err_set(e, ERR_FAILED, _("port %u has the label %s instead of %s"), port,
			       label.type ? label.type : "-", SSH_PORT_TYPE);
	return 0;
}

static int back(const struct step_ctx *c, const struct step *s, const struct image *pre,
		struct err *e)
{
	const char *before = image_text(pre, "local");
	CLEANUP_FREE char *now = NULL;
	unsigned port;

	if (port_of(s, &port, e) < 0)
		return -1;
	if (!before)
		return err_set(e, ERR_FAILED, _("port %u: its earlier label was not kept"), port);
	if (local_type(c, port, &now, e) < 0)
		return -1;
	if (str_eq(now, before))
		return 0;
	if (!str_eq(now, SSH_PORT_TYPE)) {
		err_set(e, ERR_CONFLICT,
			_("port %u has the label %s now, which someone else gave it: it stays"),
			port, now[0] ? now : "-");
		return 1;
	}
	return before[0] ? change(c, "-m", before, port, e) : change(c, "-d", NULL, port, e);
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	(void)post;
	/* It would build the policy anew while the whole boot waits. A label too many opens nothing. */
	return c->boot ? 0 : back(c, s, pre, e);
}

static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	return back(c, s, pre, e) < 0 ? -1 : 0;
}

const struct step_kind step_selinux_port = {
	.name = "selinux-port",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
	.settle = settle,
};
