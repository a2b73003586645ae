// SPDX-License-Identifier: MIT
/* sysctl.c - see sysctl.h. */
#include "steps/sysctl.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "steps/change.h"

struct spec {
	const char *key, *value, *file;
	char *text;
};

static void spec_done(struct spec *s)
{
	free(s->text);
}

json_t *step_sysctl_args(const char *key, const char *value, const char *file)
{
	return json_pack("{s:s, s:s, s:s}", "key", key, "value", value, "file", file);
}

static int spec_of(const struct step *s, struct spec *ret, struct err *e)
{
	struct spec spec = { 0 };

	if (json_unpack(s->args, "{s:s, s:s, s:s}", "key", &spec.key, "value", &spec.value, "file",
			&spec.file) < 0)
		return err_set(e, ERR_FAILED, _("the step is not complete"));
	spec.text = xasprintf("%s = %s\n", spec.key, spec.value);
	*ret = spec;
	return 0;
}

/* By the host's own program: a live setting is not a file that can be exchanged. */
static int read_live(const struct step_ctx *c, const char *key, char **ret, struct err *e)
{
	struct run_result r CLEANUP_RUN = { 0 };

	if (os_run_ok(c->os, ARGV("sysctl", "-n", key), &r, e) < 0)
		return -1;
	*ret = xstrdup(str_trim(r.out));
	return 0;
}

static int write_live(const struct step_ctx *c, const char *key, const char *value, struct err *e)
{
	CLEANUP_FREE char *now = NULL;
	CLEANUP_FREE char *set = xasprintf("%s=%s", key, value);

	if (read_live(c, key, &now, e) < 0)
		return -1;
	return strcmp(now, value) == 0 ? 0 : os_run_ok(c->os, ARGV("sysctl", "-w", set), NULL, e);
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	CLEANUP(spec_done) struct spec spec = { 0 };
	CLEANUP_FREE char *live = NULL;
	struct node n CLEANUP_NODE = { 0 };

	if (spec_of(s, &spec, e) < 0 || os_get(c->os, spec.file, &n, e) < 0 ||
	    read_live(c, spec.key, &live, e) < 0)
		return -1;
	image_add(ret, spec.file, &n);
	image_set_text(ret, "live", live);
	return 0;
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP(spec_done) struct spec spec = { 0 };

	/* The kernel first: what it refuses must not be on the disk. */
	if (spec_of(s, &spec, e) < 0 || write_live(c, spec.key, spec.value, e) < 0)
		return -1;
	return os_write(c->os, spec.file, spec.text, 0644, e);
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP(spec_done) struct spec spec = { 0 };
	CLEANUP_FREE char *live = NULL;

	if (spec_of(s, &spec, e) < 0 || read_live(c, spec.key, &live, e) < 0)
		return -1;
	if (strcmp(live, spec.value) != 0)
		return err_set(e, ERR_FAILED, _("%s is %s instead of %s"), spec.key, live,
			       spec.value);
	return 0;
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	CLEANUP(spec_done) struct spec spec = { 0 };
	const struct node *before, *left;
	const char *live = image_text(pre, "live");
	struct node want CLEANUP_NODE = { 0 };
	struct err kernel = { 0 };
	int r;

	if (spec_of(s, &spec, e) < 0)
		return -1;
	before = image_node(pre, spec.file);
	left = image_node(post, spec.file);
	if (!before || !live)
		return err_set(e, ERR_FAILED, _("%s: its earlier state was not kept"), spec.file);
	node_file(&want, spec.text, 0644);
	r = node_restore(c, spec.file, before, left ? left : &want, e);
	if (write_live(c, spec.key, live, &kernel) < 0 && r >= 0) {
		*e = kernel;
		return -1;
	}
	return r;
}

static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	CLEANUP(spec_done) struct spec spec = { 0 };
	const char *live = image_text(pre, "live");

	if (spec_of(s, &spec, e) < 0)
		return -1;
	return live ? write_live(c, spec.key, live, e) : 0;
}

const struct step_kind step_sysctl = {
	.name = "sysctl",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
	.settle = settle,
};
