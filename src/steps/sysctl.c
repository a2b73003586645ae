// SPDX-License-Identifier: MIT
/* sysctl.c - see sysctl.h. */
#include "steps/sysctl.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "steps/change.h"

#define TOP "/proc/sys/"

struct spec {
	const char *file;
	char *text;
	json_t *values; /* of the form with many */
	bool one;	/* the other form: `values` has one, under its key with dots */
};

static void spec_done(struct spec *s)
{
	free(s->text);
	json_decref(s->values);
}

json_t *step_sysctl_args(const char *key, const char *value, const char *file)
{
	return json_pack("{s:s, s:s, s:s}", "key", key, "value", value, "file", file);
}

json_t *step_sysctls_args(json_t *values, const char *file, const char *text)
{
	return json_pack("{s:o, s:s, s:s}", "values", values, "file", file, "text", text);
}

static int spec_of(const struct step *s, struct spec *ret, struct err *e)
{
	const char *key, *value, *file, *text;
	json_t *values;

	if (json_unpack(s->args, "{s:o, s:s, s:s}", "values", &values, "file", &file, "text",
			&text) == 0 &&
	    json_is_object(values)) {
		*ret = (struct spec){ .file = file,
				      .text = xstrdup(text),
				      .values = json_incref(values) };
		return 0;
	}
	if (json_unpack(s->args, "{s:s, s:s, s:s}", "key", &key, "value", &value, "file", &file) <
	    0)
		return err_set(e, ERR_FAILED, _("the step is not complete"));
	*ret = (struct spec){ .file = file,
			      .text = xasprintf("%s = %s\n", key, value),
			      .values = json_pack("{s:s}", key, value),
			      .one = true };
	return 0;
}

static char *path_of(const struct spec *spec, const char *name)
{
	char *path = xasprintf(TOP "%s", name);

	for (char *c = path; spec->one && (c = strchr(c, '.'));)
		*c = '/';
	return path;
}

/* The settings of an interface go with it. */
static int is_gone(const struct step_ctx *c, const char *path, struct err *e)
{
	CLEANUP_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	struct node n CLEANUP_NODE = { 0 };

	if (!strstr(folder, "/conf/"))
		return 0;
	return os_get(c->os, folder, &n, e) < 0 ? -1 : n.type == NODE_ABSENT;
}

/* 1: gone. */
static int read_live(const struct step_ctx *c, const struct spec *spec, const char *name,
		     char **ret, struct err *e)
{
	CLEANUP_FREE char *path = path_of(spec, name);
	CLEANUP_FREE char *text = NULL;
	struct run_result r CLEANUP_RUN = { 0 };
	int gone = is_gone(c, path, e);

	if (gone != 0)
		return gone;
	gone = os_read(c->os, path, &text, e);
	if (gone < 0)
		return -1;
	/* By the host's own program, which says why it has none of that name. */
	if (gone == 1 && os_run_ok(c->os, ARGV("sysctl", "-n", name), &r, e) < 0)
		return -1;
	*ret = xstrdup(str_trim(gone == 1 ? r.out : text));
	return 0;
}

/* Those that differ, by one call of the host's program: a live setting is not a file that can be
 * exchanged. */
static int write_live(const struct step_ctx *c, const struct spec *spec, json_t *values,
		      struct err *e)
{
	CLEANUP_FREE const char **argv = xcalloc(json_object_size(values) + 4, sizeof(*argv));
	CLEANUP_STRV struct strv set = { 0 };
	int worst = 0;
	const char *name;
	json_t *value;

	json_object_foreach (values, name, value) {
		CLEANUP_FREE char *now = NULL;
		struct err why = { 0 };
		int r = read_live(c, spec, name, &now, &why);

		/* One that cannot be read keeps none of the others back. */
		err_keep_worst(&worst, e, r < 0 ? r : 0, &why);
		if (r == 0 && !str_eq(now, json_string_value(value)))
			strv_addf(&set, "%s=%s", name, json_string_value(value));
	}
	if (set.count == 0)
		return worst;
	argv[0] = "sysctl";
	argv[1] = "-w";
	argv[2] = "-e"; /* an interface may have gone meanwhile; verify looks at what there is */
	for (size_t i = 0; i < set.count; i++)
		argv[i + 3] = set.item[i];
	return os_run_ok(c->os, argv, NULL, e) < 0 ? -1 : worst;
}

/* Under which name the image has what was live before. */
static char *live_name(const struct spec *spec, const char *name)
{
	return spec->one ? xstrdup("live") : xasprintf("live %s", name);
}

/* What was live before, as `values` has what shall be. NULL: it was not kept. A new reference. */
static json_t *values_before(const struct spec *spec, const struct image *pre)
{
	json_t *before = json_object(), *value;
	const char *name;
	bool any = false;

	json_object_foreach (spec->values, name, value) {
		CLEANUP_FREE char *kept = live_name(spec, name);
		const char *live = image_text(pre, kept);

		any = any || live;
		if (live)
			json_object_set_new(before, name, json_string(live));
	}
	if (any)
		return before;
	json_decref(before);
	return NULL;
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	CLEANUP(spec_done) struct spec spec = { 0 };
	struct node n CLEANUP_NODE = { 0 };
	const char *name;
	json_t *value;

	if (spec_of(s, &spec, e) < 0 || os_get(c->os, spec.file, &n, e) < 0)
		return -1;
	image_add(ret, spec.file, &n);
	json_object_foreach (spec.values, name, value) {
		CLEANUP_FREE char *kept = live_name(&spec, name);
		CLEANUP_FREE char *live = NULL;
		int r = read_live(c, &spec, name, &live, e);

		if (r < 0)
			return -1;
		if (r == 0)
			image_set_text(ret, kept, live);
	}
	return 0;
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP(spec_done) struct spec spec = { 0 };

	/* The kernel first: what it refuses must not be on the disk. */
	if (spec_of(s, &spec, e) < 0 || write_live(c, &spec, spec.values, e) < 0)
		return -1;
	return os_write(c->os, spec.file, spec.text, 0644, e);
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP(spec_done) struct spec spec = { 0 };
	const char *name;
	json_t *value;

	if (spec_of(s, &spec, e) < 0)
		return -1;
	json_object_foreach (spec.values, name, value) {
		CLEANUP_FREE char *live = NULL;
		int r = read_live(c, &spec, name, &live, e);

		if (r < 0)
			return -1;
		if (r == 0 && !str_eq(live, json_string_value(value)))
			return err_set(e, ERR_FAILED, _("%s is %s instead of %s"), name, live,
				       json_string_value(value));
	}
	return 0;
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	CLEANUP(spec_done) struct spec spec = { 0 };
	const struct node *before, *left;
	struct node want CLEANUP_NODE = { 0 };
	struct err kernel = { 0 };
	json_t *live;
	int r, w;

	if (spec_of(s, &spec, e) < 0)
		return -1;
	before = image_node(pre, spec.file);
	left = image_node(post, spec.file);
	live = values_before(&spec, pre);
	if (!before || !live) {
		json_decref(live);
		return err_set(e, ERR_FAILED, _("%s: its earlier state was not kept"), spec.file);
	}
	node_file(&want, spec.text, 0644);
	r = node_restore(c, spec.file, before, left ? left : &want, e);
	/* In early boot files only: what the kernel shall have comes with settle, when all of it may be written. */
	w = c->boot ? 0 : write_live(c, &spec, live, &kernel);
	json_decref(live);
	if (w < 0 && r >= 0) {
		*e = kernel;
		return -1;
	}
	return r;
}

static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	CLEANUP(spec_done) struct spec spec = { 0 };
	json_t *live;
	int r;

	if (spec_of(s, &spec, e) < 0)
		return -1;
	live = values_before(&spec, pre);
	r = live ? write_live(c, &spec, live, e) : 0;
	json_decref(live);
	return r;
}

const struct step_kind step_sysctl = {
	.name = "sysctl",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
	.settle = settle,
};
