// SPDX-License-Identifier: MIT
/* services.c - see services.h. */
#include "steps/services.h"

#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/mem.h"
#include "steps/unit_links.h"

#define JOB_LIMIT_MS \
	100000 /* PID 1 kills what does not stop by 90 s, unless a unit says otherwise */
#define UNITS_MAX 32

json_t *step_services_args(const struct strv *units)
{
	json_t *names = json_array();

	for (size_t i = 0; i < units->count; i++)
		json_array_append_new(names, json_bytes(units->item[i]));
	return json_pack("{s:o}", "units", names);
}

/* Names live as long as the step. */
static int units_of(const struct step *s, const char **ret, size_t *ret_count, struct err *e)
{
	json_t *list = json_object_get(s->args, "units"), *one;
	size_t i;

	*ret_count = 0;
	json_array_foreach (list, i, one) {
		const char *name = json_string_value(one);

		if (!name || strchr(name, '/') || name[0] == '-' || i >= UNITS_MAX)
			return err_set(e, ERR_FAILED, _("the step is not complete"));
		ret[(*ret_count)++] = name;
	}
	return *ret_count ? 0 : err_set(e, ERR_FAILED, _("the step is not complete"));
}

/* All at once: PID 1 orders them. With no units: a verb of its own. */
static int systemctl(const struct step_ctx *c, const char *verb, const char *const *unit,
		     size_t count, struct err *e)
{
	const char *argv[UNITS_MAX + 3] = { "systemctl", verb };
	struct run_result r CLEANUP_RUN = { 0 };

	for (size_t i = 0; i < count; i++)
		argv[i + 2] = unit[i];
	if (os_run(c->os, &(struct run){ .argv = argv, .timeout_ms = JOB_LIMIT_MS }, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 0;
	return err_set(e, ERR_FAILED, "systemctl %s %s: %s", verb, count ? unit[0] : "",
		       r.timed_out ? _("did not end in time") : str_trim(r.err));
}

static char *state_name(const char *property, const char *unit)
{
	return xasprintf("%s of %s", property, unit);
}

static int show(const struct step_ctx *c, const char *unit, struct image *ret, struct err *e)
{
	struct run_result r CLEANUP_RUN = { 0 };
	char *rest, *line;

	if (os_run_ok(c->os, ARGV("systemctl", "show", "-p", "ActiveState,UnitFileState", unit), &r,
		      e) < 0)
		return -1;
	rest = r.out;
	while ((line = str_line(&rest)) != NULL) {
		char *value = strchr(line, '=');
		CLEANUP_FREE char *name = NULL;

		if (!value)
			continue;
		*value++ = '\0';
		name = state_name(line, unit);
		image_set_text(ret, name, value);
	}
	return 0;
}

static const char *state_of(const struct image *im, const char *property, const char *unit)
{
	CLEANUP_FREE char *name = state_name(property, unit);

	return image_text(im, name) ?: "";
}

static bool is_on(const struct image *im, const char *unit)
{
	const char *state = state_of(im, "ActiveState", unit);

	return str_eq(state, "active") || str_eq(state, "activating") || str_eq(state, "reloading");
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	const char *unit[UNITS_MAX];
	size_t count;

	if (units_of(s, unit, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (unit_links_capture(c, unit[i], ret, e) < 0 || show(c, unit[i], ret, e) < 0)
			return -1;
	return 0;
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	const char *unit[UNITS_MAX];
	size_t count;

	if (units_of(s, unit, &count, e) < 0 || systemctl(c, "disable", unit, count, e) < 0 ||
	    os_run_ok(c->os, ARGV("sync", "-f", "/etc"), NULL, e) < 0)
		return -1;
	return systemctl(c, "stop", unit, count, e);
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	struct image now CLEANUP_IMAGE = { 0 };
	const char *unit[UNITS_MAX];
	size_t count;

	if (units_of(s, unit, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (show(c, unit[i], &now, e) < 0)
			return -1;
		if (is_on(&now, unit[i]))
			return err_set(e, ERR_FAILED, _("%s is %s"), unit[i],
				       state_of(&now, "ActiveState", unit[i]));
		if (str_starts(state_of(&now, "UnitFileState", unit[i]), "enabled"))
			return err_set(e, ERR_FAILED, _("%s is %s"), unit[i],
				       state_of(&now, "UnitFileState", unit[i]));
	}
	return 0;
}

/* It was told to stop and does not (TimeoutStopSec=infinity, say): nothing can take that back, and waiting for it would
 * hold up all else. PID 1 starts it as soon as it has ended. 1 always. */
static int start_when_it_has_ended(const struct step_ctx *c, const char *unit, struct err *e)
{
	struct err failed = { 0 };

	if (os_run_ok(c->os, ARGV("systemctl", "--no-block", "start", unit), NULL, &failed) < 0) {
		*e = failed;
		return -1;
	}
	err_set(e, ERR_CONFLICT,
		_("%s was told to stop and has not ended yet; it starts again as soon as it has"),
		unit);
	return 1;
}

/* What ran, in one go: a socket comes before its service then. */
static int run_back(const struct step_ctx *c, const char *const *unit, size_t count,
		    const struct image *pre, struct err *e)
{
	const char *start[UNITS_MAX];
	size_t n = 0;
	int worst = 0;

	if (systemctl(c, "daemon-reload", NULL, 0, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct image now CLEANUP_IMAGE = { 0 };
		struct err one = { 0 };

		if (!is_on(pre, unit[i]))
			continue;
		if (show(c, unit[i], &now, e) < 0)
			return -1;
		if (str_eq(state_of(&now, "ActiveState", unit[i]), "deactivating"))
			err_keep_worst(&worst, e, start_when_it_has_ended(c, unit[i], &one), &one);
		else
			start[n++] = unit[i];
	}
	if (n > 0) {
		struct err one = { 0 };

		err_keep_worst(&worst, e, systemctl(c, "start", start, n, &one), &one);
	}
	return worst;
}

/* Stopped and disabled already: then it is our own start that is taken back, an undo that is undone. */
static bool was_all_off(const struct image *pre, const char *const *unit, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_on(pre, unit[i]) ||
		    str_starts(state_of(pre, "UnitFileState", unit[i]), "enabled"))
			return false;
	return true;
}

/* Live, once the links are as they were. */
static int as_before(const struct step_ctx *c, const char *const *unit, size_t count,
		     const struct image *pre, struct err *e)
{
	if (!was_all_off(pre, unit, count))
		return run_back(c, unit, count, pre, e);
	return systemctl(c, "daemon-reload", NULL, 0, e) < 0 ? -1
							     : systemctl(c, "stop", unit, count, e);
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	const char *unit[UNITS_MAX];
	struct err live = { 0 };
	size_t count;
	int r = 0;

	(void)post;
	if (units_of(s, unit, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct err one = { 0 };

		if (unit_links_undo(c, unit[i], pre, &one) < 0 && r == 0) {
			*e = one;
			r = -1;
		}
	}
	if (c->boot)
		return r;
	err_keep_worst(&r, e, as_before(c, unit, count, pre, &live), &live);
	return r;
}

static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	const char *unit[UNITS_MAX];
	size_t count;

	return units_of(s, unit, &count, e) < 0 ? -1 : as_before(c, unit, count, pre, e);
}

const struct step_kind step_services = {
	.name = "services",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
	.settle = settle,
};
