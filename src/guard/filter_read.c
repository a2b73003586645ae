// SPDX-License-Identifier: MIT
/* filter_read.c - a filter by itself, without a jail: what its file says, with the options given to it. See jail.h. */
#include "guard/definition.h"
#include "guard/jail.h"
#include "guard/options.h"
#include "guard/settings.h"

int filter_read(struct conf_folder *f, const char *filter, const char *backend,
		struct settings *ret, struct err *e)
{
	CLEANUP_DEFINITION struct definition d = { .kind = DEFINITION_FILTER, .folder = f };
	CLEANUP_DICT struct dict all = { 0 };
	const char *option;
	int r;

	if (options_parse(filter, (struct origin){ 0 }, &d.name, &d.given, e) < 0)
		return -1;
	r = definition_read(&d, e);
	if (r != 0)
		return r;
	if (definition_check_choices(&d, &option, e) < 0)
		return err_ctx(e, "%s", d.name);
	if (backend)
		definition_set_backend(&d, backend);
	if (definition_options(&d, NULL, false, e) < 0 || definition_combined(&d, &all, e) < 0)
		return -1;
	settings_fill(ret, &all, f);
	return 0;
}
