// SPDX-License-Identifier: MIT
/* filter_run.c - the packet filter's own process: loads the stored filter, puts it back when it goes. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "controls/filter.h"
#include "core/filter.h"
#include "os/filter_watch.h"

/* From one to the next: somebody who removes it again and again does not take the processor as well. */
#define CALM_MS 200

static int load_text(struct os *os, const char *text, struct err *e)
{
	const struct run nft = { .argv = ARGV("nft", "-f", "-"),
				 .input = text,
				 .input_len = strlen(text) };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(os, &nft, &r, e) < 0)
		return -1;
	if (r.status != 0)
		return err_set(e, ERR_FAILED, "nft: %s", str_trim(r.err));
	return 0;
}

static int load_stored(struct os *os, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *rules = NULL;
	struct filter_spec_owned spec = { 0 };
	json_error_t where;
	json_t *j;
	int r = os_read(os, FILTER_STORED, &text, e);

	/* The program left this host, and has come back since. */
	if (r == 1 && os_read(os, FILTER_LEFT, &rules, e) == 0)
		return load_text(os, rules, e);
	if (r != 0)
		return r < 0 ? r : err_set(e, ERR_FAILED, _("%s is not there"), FILTER_STORED);
	j = json_loads(text, 0, &where);
	if (!j)
		return err_set(e, ERR_FAILED, "%s:%d: %s", FILTER_STORED, where.line, where.text);
	r = filter_spec_decode(j, &spec, e);
	json_decref(j);
	if (r < 0)
		return r;
	rules = filter_ruleset(&spec.spec, NULL, 0, false);
	filter_spec_owned_done(&spec);
	return load_text(os, rules, e);
}

static int load(struct os *os, struct err *e)
{
	CLEANUP_FREE char *minimum = NULL;
	struct err why = { 0 };

	if (load_stored(os, &why) == 0)
		return 0;
	fprintf(stderr, "kannuki: %s\n", why.msg);
	fprintf(stderr, "kannuki: %s\n",
		_("only SSH, ping and answers are let in until that is mended"));
	minimum = filter_minimum(os);
	return load_text(os, minimum, e);
}

/* A chain that somebody flushed is left with its policy: it drops all, and is as bad as none. */
static int table_is_there(struct os *os, struct err *e)
{
	const struct run list = { .argv = ARGV("nft", "-j", "list", "chain", "inet", FILTER_TABLE,
					       "input") };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(os, &list, &r, e) < 0)
		return -1;
	return r.status == 0 && strstr(r.out, "\"rule\"") != NULL;
}

static int put_back(struct os *os, struct err *e)
{
	int there = table_is_there(os, e), r;

	if (there != 0)
		return there < 0 ? there : 0;
	r = load(os, e);
	printf("%s\n", _("the packet filter was removed by another program; it is put back"));
	fflush(stdout);
	os_sleep(os, CALM_MS);
	return r;
}

static int watch(struct os *os, int fd, int signals, struct err *e)
{
	for (;;) {
		int r = filter_watch_wait(fd, signals, FILTER_TABLE, e);

		if (r <= 0)
			return r;
		if ((r == 2 ? load(os, e) : put_back(os, e)) < 0)
			fprintf(stderr, "kannuki: %s\n", e->msg);
	}
}

static int run(struct call *c, struct err *e)
{
	CLEANUP_FD int fd = filter_watch_open(e);
	CLEANUP_FD int signals = fd < 0 ? -1 : filter_watch_signals(e);
	int there;

	if (fd < 0 || signals < 0)
		return -1;
	/* A restart of this process, or a transaction that waits for its proof with a table of its own:
	 * what is there stays. SIGHUP loads the stored one. */
	there = table_is_there(c->os, e);
	if (there < 0 || (!there && load(c->os, e) < 0))
		return -1;
	notify_systemd("READY=1");
	return watch(c->os, fd, signals, e) < 0 ? -1 : EXIT_DONE;
}

const struct command command_filter_run = {
	.name = "filter-run",
	.words = "",
	.summary = N_("loads the packet filter and puts it back (run by its unit)"),
	.hidden = true,
	.as_root = true,
	.run = run,
};
