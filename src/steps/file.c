// SPDX-License-Identifier: MIT
/* file.c - see file.h. */
#include "steps/file.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

json_t *step_file_args(const struct change *change, size_t count, const char *check)
{
	json_t *args = json_pack("{s:o}", "changes", changes_json(change, count));

	if (check)
		json_object_set_new(args, "check", json_string(check));
	return args;
}

static json_t *changes_of(const struct step *s)
{
	return json_object_get(s->args, "changes");
}

static int visudo(const struct step_ctx *c, const char *const *argv, const struct run_stage *stage,
		  const char *dir, struct err *e)
{
	struct run_result r CLEANUP_RUN = { 0 };
	const char *says;

	if (os_run(c->os,
		   &(struct run){ .argv = argv,
				  .stage_dir = dir,
				  .stage = stage,
				  .stage_count = stage ? 1 : 0 },
		   &r, e) < 0)
		return -1;
	if (r.status == 0)
		return 0;
	if (r.status == 127)
		return err_set(e, ERR_FAILED, _("visudo is not there; is sudo installed?"));
	says = r.err[0] ? r.err : r.out;
	return err_set(e, ERR_FAILED, _("sudo refuses the new rules: %s"), says);
}

/* One wanted file, judged in place before it is there: alone, and among all the others. */
static int visudo_one(const struct step_ctx *c, json_t *change, struct err *e)
{
	const char *path = json_string_value(json_object_get(change, "path"));
	CLEANUP_FREE char *dir = xstrdup(path ? path : "/");
	struct node want CLEANUP_NODE = { 0 };
	struct node now CLEANUP_NODE = { 0 };
	struct run_stage stage;
	char *slash = strrchr(dir, '/');

	if (os_get(c->os, path, &now, e) < 0 || change_wanted(c, change, &now, &want, e) < 0)
		return -1;
	if (want.type != NODE_FILE || !slash || slash == dir)
		return 0;
	*slash = '\0';
	stage = (struct run_stage){ .path = path, .data = want.data, .mode = want.mode };
	if (visudo(c, ARGV("visudo", "-c", "-f", path), &stage, dir, e) < 0)
		return -1;
	return visudo(c, ARGV("visudo", "-c"), &stage, dir, e);
}

static int file_check(const struct step_ctx *c, const struct step *s, struct err *e)
{
	const char *check = json_string_value(json_object_get(s->args, "check"));
	json_t *one;
	size_t i;

	if (!check)
		return 0;
	if (strcmp(check, "visudo") != 0)
		return err_set(e, ERR_FAILED, _("unknown check \"%s\""), check);
	json_array_foreach (changes_of(s), i, one)
		if (visudo_one(c, one, e) < 0)
			return -1;
	return 0;
}

static int file_capture(const struct step_ctx *c, const struct step *s, struct image *ret,
			struct err *e)
{
	return changes_capture(c, changes_of(s), ret, e);
}

static int file_apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	if (file_check(c, s, e) < 0)
		return -1;
	return changes_apply(c, changes_of(s), e);
}

static int file_undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		     const struct image *post, struct err *e)
{
	return changes_undo(c, changes_of(s), pre, post, e);
}

static int file_verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	return changes_verify(c, changes_of(s), e);
}

const struct step_kind step_file = {
	.name = "file",
	.capture = file_capture,
	.apply = file_apply,
	.undo = file_undo,
	.verify = file_verify,
};
