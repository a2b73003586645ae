// SPDX-License-Identifier: MIT
/* unit.c - see unit.h. */
#include "steps/unit.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "steps/change.h"
#include "steps/unit_links.h"

#define JOB_LIMIT_MS 60000
#define NOT_LOADED   5 /* systemctl's exit status for a unit that does not exist */

static const char *const want_names[] = {
	[UNIT_LEAVE] = "leave",
	[UNIT_ON] = "on",
	[UNIT_OFF] = "off",
};

struct unit_spec {
	const char *name, *text;
	char *path;
	enum unit_want enable, start;
};

static void spec_done(struct unit_spec *s)
{
	free(s->path);
}

json_t *step_unit_args(const char *name, const char *text, enum unit_want enable,
		       enum unit_want start)
{
	return json_pack("{s:s, s:s?, s:s, s:s}", "name", name, "text", text, "enable",
			 want_names[enable], "start", want_names[start]);
}

static int want_of(const char *name, enum unit_want *ret, struct err *e)
{
	for (size_t i = 0; i < COUNT(want_names); i++) {
		if (strcmp(want_names[i], name) == 0) {
			*ret = (enum unit_want)i;
			return 0;
		}
	}
	return err_set(e, ERR_FAILED, _("unknown wish \"%s\" for a unit"), name);
}

static int spec_of(const struct step *s, struct unit_spec *ret, struct err *e)
{
	struct unit_spec spec = { 0 };
	const char *enable, *start;

	if (json_unpack(s->args, "{s:s, s:s, s:s}", "name", &spec.name, "enable", &enable, "start",
			&start) < 0 ||
	    strchr(spec.name, '/'))
		return err_set(e, ERR_FAILED, _("the step is not complete"));
	spec.text = json_string_value(json_object_get(s->args, "text"));
	if (want_of(enable, &spec.enable, e) < 0 || want_of(start, &spec.start, e) < 0)
		return -1;
	spec.path = xasprintf("/etc/systemd/system/%s", spec.name);
	*ret = spec;
	return 0;
}

/* 1: PID 1 knows no such unit. */
static int systemctl(const struct step_ctx *c, const char *verb, const char *unit, struct err *e)
{
	const char *const argv[] = { "systemctl", verb, unit, NULL };
	struct run_result r CLEANUP_RUN = { 0 };

	if (os_run(c->os, &(struct run){ .argv = argv, .timeout_ms = JOB_LIMIT_MS }, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 0;
	err_set(e, ERR_FAILED, "systemctl %s %s: %s", verb, unit ? unit : "",
		r.timed_out ? _("did not end in time") : str_trim(r.err));
	return r.status == NOT_LOADED ? 1 : -1;
}

int unit_show(const struct step_ctx *c, const char *name, struct image *ret, struct err *e)
{
	struct run_result r CLEANUP_RUN = { 0 };
	char *rest, *line;

	if (os_run_ok(c->os,
		      ARGV("systemctl", "show", "-p", "ActiveState,UnitFileState,Result", name), &r,
		      e) < 0)
		return -1;
	rest = r.out;
	while ((line = str_line(&rest)) != NULL) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		image_set_text(ret, line, value);
	}
	return 0;
}

bool unit_runs(const struct image *im)
{
	const char *state = image_text(im, "ActiveState");

	return str_eq(state, "active") || str_eq(state, "activating") || str_eq(state, "reloading");
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	CLEANUP(spec_done) struct unit_spec spec = { 0 };
	struct node n CLEANUP_NODE = { 0 };

	if (spec_of(s, &spec, e) < 0 || os_get(c->os, spec.path, &n, e) < 0)
		return -1;
	image_add(ret, spec.path, &n);
	if (unit_links_capture(c, spec.name, ret, e) < 0)
		return -1;
	return unit_show(c, spec.name, ret, e);
}

/* *ret_changed: the file was not so before. */
static int put_file(const struct step_ctx *c, const struct unit_spec *spec, bool *ret_changed,
		    struct err *e)
{
	struct node now CLEANUP_NODE = { 0 };
	struct node want CLEANUP_NODE = { 0 };

	*ret_changed = false;
	if (!spec->text)
		return 0;
	if (os_get(c->os, spec->path, &now, e) < 0)
		return -1;
	node_file(&want, spec->text, 0644);
	/* Also when it is so already: beside it may lie what a killed run staged. */
	*ret_changed = !node_eq(&now, &want);
	return os_put(c->os, spec->path, &now, &want, e);
}

static int start(const struct step_ctx *c, const struct unit_spec *spec, bool changed,
		 struct err *e)
{
	if (spec->start == UNIT_ON)
		return systemctl(c, changed ? "restart" : "start", spec->name, e) == 0 ? 0 : -1;
	if (spec->start == UNIT_OFF)
		return systemctl(c, "stop", spec->name, e) < 0 ? -1 : 0;
	return 0;
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP(spec_done) struct unit_spec spec = { 0 };
	bool changed;

	if (spec_of(s, &spec, e) < 0 || put_file(c, &spec, &changed, e) < 0)
		return -1;
	/* Always: the file may be there from a run that was killed before PID 1 had read it. */
	if (systemctl(c, "daemon-reload", NULL, e) != 0)
		return -1;
	if (spec.enable != UNIT_LEAVE &&
	    systemctl(c, spec.enable == UNIT_ON ? "enable" : "disable", spec.name, e) != 0)
		return -1;
	/* systemctl makes its links and leaves it to the kernel when they reach the disk. */
	if (os_run_ok(c->os, ARGV("sync", "-f", "/etc"), NULL, e) < 0)
		return -1;
	return start(c, &spec, changed, e);
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP(spec_done) struct unit_spec spec = { 0 };
	struct image now CLEANUP_IMAGE = { 0 };
	bool enabled, ran;

	if (spec_of(s, &spec, e) < 0 || unit_show(c, spec.name, &now, e) < 0)
		return -1;
	enabled = str_starts(image_text(&now, "UnitFileState") ?: "", "enabled");
	if (spec.enable != UNIT_LEAVE && enabled != (spec.enable == UNIT_ON))
		return err_set(e, ERR_FAILED, _("%s is %s"), spec.name,
			       image_text(&now, "UnitFileState") ?: "");
	/* One that does its work and ends, did it. */
	ran = unit_runs(&now) || (str_eq(image_text(&now, "ActiveState"), "inactive") &&
				  str_eq(image_text(&now, "Result"), "success"));
	if ((spec.start == UNIT_ON && !ran) || (spec.start == UNIT_OFF && unit_runs(&now)))
		return err_set(e, ERR_FAILED, _("%s is %s"), spec.name,
			       image_text(&now, "ActiveState") ?: "");
	return 0;
}

/* --- undo -------------------------------------------------------------------------------- */

static int files_back(const struct step_ctx *c, const struct unit_spec *spec,
		      const struct image *pre, const struct image *post, struct err *e)
{
	const struct node *before = image_node(pre, spec->path);
	const struct node *left = image_node(post, spec->path);
	struct node want CLEANUP_NODE = { 0 };
	struct err links = { 0 };
	int r = 0;

	if (!left && spec->text) {
		node_file(&want, spec->text, 0644);
		left = &want;
	}
	if (spec->text && !before)
		return err_set(e, ERR_FAILED, _("%s: its earlier state was not kept"), spec->path);
	if (spec->text)
		r = node_restore(c, spec->path, before, left, e);
	if (unit_links_undo(c, spec->name, pre, &links) < 0 && r >= 0) {
		*e = links;
		r = -1;
	}
	return r;
}

/* Runs as it ran before, once its files are. */
static int run_back(const struct step_ctx *c, const struct unit_spec *spec, const struct image *pre,
		    struct err *e)
{
	struct image now CLEANUP_IMAGE = { 0 };
	struct err ignored = { 0 };

	if (systemctl(c, "daemon-reload", NULL, e) != 0 || unit_show(c, spec->name, &now, e) < 0)
		return -1;
	if (spec->start == UNIT_LEAVE)
		return 0;
	if (!unit_runs(pre) && !unit_runs(&now)) {
		systemctl(c, "reset-failed", spec->name, &ignored);
		return 0;
	}
	if (!unit_runs(pre))
		return systemctl(c, "stop", spec->name, e) < 0 ? -1 : 0;
	/* With our text it ran another program. */
	return systemctl(c, spec->text ? "restart" : "start", spec->name, e) == 0 ? 0 : -1;
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	CLEANUP(spec_done) struct unit_spec spec = { 0 };
	struct err live = { 0 };
	int r;

	if (spec_of(s, &spec, e) < 0)
		return -1;
	/* While it is loaded with the file that says how to stop it. */
	if (!c->boot && spec.start == UNIT_ON && !unit_runs(pre))
		systemctl(c, "stop", spec.name, &live);
	r = files_back(c, &spec, pre, post, e);
	if (c->boot)
		return r;
	if (run_back(c, &spec, pre, &live) < 0 && r >= 0) {
		*e = live;
		return -1;
	}
	return r;
}

static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	CLEANUP(spec_done) struct unit_spec spec = { 0 };

	if (spec_of(s, &spec, e) < 0)
		return -1;
	return run_back(c, &spec, pre, e);
}

const struct step_kind step_unit = {
	.name = "unit",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
	.settle = settle,
};
