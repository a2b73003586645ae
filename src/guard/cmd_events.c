// SPDX-License-Identifier: MIT
/* cmd_events.c - kannuki-guard events: what the guard that runs does, as it does it, a line of JSON each. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/json.h"
#include "guard/command.h"
#include "guard/roles.h"
#include "os/child.h"

#define REQUEST "{\"command\":\"events\"}\n"

static const struct opt options[] = {
	{ "run", 0, "DIR", N_("where its socket is, in place of /run/kannuki-guard") },
};

/* The first line tells whether more will come. */
static int check_first(const char *line, size_t len, struct err *e)
{
	json_error_t where;
	json_t *first = json_loadb(line, len, 0, &where);
	const char *error = json_string_value(json_object_get(first, "error"));
	int r = 0;

	if (!first)
		r = err_set(e, ERR_FAILED, "%s",
			    _("the guard did not answer; only root may ask it"));
	else if (error)
		r = err_set(e, ERR_FAILED, "%s", error);
	json_decref(first);
	return r;
}

/* Prints what comes, as it comes; ends when the guard does. */
static int follow(int fd, struct err *e)
{
	CLEANUP_STR struct str first = { 0 };
	bool checked = false;
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "%s", _("the guard's socket"));
		if (!checked) {
			str_add_bytes(&first, buf, (size_t)n);
			if (!memchr(first.text, '\n', first.len))
				continue;
			if (check_first(first.text, strcspn(first.text, "\n"), e) < 0)
				return -1;
			checked = true;
			fputs(first.text, stdout);
		} else {
			fwrite(buf, 1, (size_t)n, stdout);
		}
		if (fflush(stdout) != 0)
			return err_sys(e, errno, "%s", _("standard output"));
	}
	if (!checked)
		return check_first("", 0, e);
	return err_set(e, ERR_FAILED, "%s", _("the guard has ended, or reads its files anew"));
}

static int run(struct guard_call *c, struct err *e)
{
	const char *folder = opts_get(&c->opts, "run");
	CLEANUP_FREE char *path = xasprintf("%s/" GUARD_CONTROL, folder ? folder : GUARD_RUN);
	CLEANUP_FD int fd = -1;
	int r = child_connect(path, &fd, e);

	if (r > 0)
		return err_set(e, ERR_FAILED, "%s",
			       _("the guard does not run; try: systemctl start kannuki-guard"));
	if (r < 0)
		return -1;
	if (write(fd, REQUEST, strlen(REQUEST)) != (ssize_t)strlen(REQUEST))
		return err_sys(e, errno, "%s", _("the guard's socket"));
	return follow(fd, e);
}

const struct guard_command guard_command_events = {
	.name = "events",
	.words = "",
	.summary = N_("what the guard that runs does, as it does it: a line of JSON each"),
	.opt = options,
	.opt_count = COUNT(options),
	.run = run,
};
