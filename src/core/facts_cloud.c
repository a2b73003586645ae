// SPDX-License-Identifier: MIT
/*
 * facts_cloud.c - see facts_cloud.h.
 *
 * `cloud-init status` is a quarter of a second of Python that reads two files of /run; here the same
 * files are read by the same rules (status.py: get_status_details).
 */
#include "core/facts_cloud.h"

#include "base/i18n.h"
#include "core/words.h"

#define RUN_DIR "/run/cloud-init"

static bool any_errors(json_t *stages)
{
	const char *name;
	json_t *stage;

	json_object_foreach (stages, name, stage)
		if (json_array_size(json_object_get(stage, "errors")) > 0)
			return true;
	return false;
}

/* What stage runs is in v1.stage (null between two of them); result.json appears at the end. */
static const char *status_of(const char *text, bool ended)
{
	json_t *all = json_loads(text, 0, NULL);
	json_t *v1 = json_object_get(all, "v1");
	const char *status;

	if (!v1)
		status = N_("not run");
	else if (json_is_string(json_object_get(v1, "stage")) || !ended)
		status = N_("running");
	else
		status = any_errors(v1) ? N_("error") : N_("done");
	json_decref(all);
	return status;
}

int facts_gather_cloud_init(struct os *os, struct facts *f, struct err *e)
{
	CLEANUP_NODE struct node program = { 0 };
	CLEANUP_NODE struct node folder = { 0 };
	CLEANUP_NODE struct node disabled = { 0 };
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *result = NULL;

	if (os_get(os, "/usr/bin/cloud-init", &program, e) < 0 ||
	    os_get(os, "/etc/cloud", &folder, e) < 0)
		return -1;
	f->cloud_init = program.type != NODE_ABSENT && folder.type == NODE_DIR;
	if (!f->cloud_init)
		return 0;
	if (os_get(os, RUN_DIR "/disabled", &disabled, e) < 0 ||
	    read_followed(os, RUN_DIR "/status.json", &text, e) < 0 ||
	    read_followed(os, RUN_DIR "/result.json", &result, e) < 0)
		return -1;
	if (disabled.type != NODE_ABSENT)
		f->cloud_init_status = xstrdup(N_("disabled"));
	else
		f->cloud_init_status =
			xstrdup(text ? status_of(text, result != NULL) : N_("not run"));
	return 0;
}
