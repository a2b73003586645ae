// SPDX-License-Identifier: MIT
/*
 * fuzz_apt.c - what apt and dpkg say. Five parts: apt's log, dpkg's database, the security lists, apt's
 * configuration, and lines with a version each.
 */
#include <string.h>

#include "base/mem.h"
#include "core/facts.h"
#include "core/package_manager.h"
#include "core/packages.h"
#include "fuzz/fuzz.h"
#include "lib/fake_os.h"

enum part { LOG, STATUS, LISTS, CONFIG, VERSIONS, PARTS };

struct job {
	char *part[PARTS];
	unsigned shown;
	bool fails;
};

static struct job *job;
static size_t said;

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void check_versions(const char *text)
{
	CLEANUP_STRV struct strv v = { 0 };

	strv_split(&v, text, "\n");
	for (size_t i = 0; i < v.count && i < 6; i++) {
		MUST(deb_version_compare(v.item[i], v.item[i]) == 0);
		for (size_t k = 0; k < v.count && k < 6; k++) {
			int ik = sign(deb_version_compare(v.item[i], v.item[k]));

			MUST(ik == -sign(deb_version_compare(v.item[k], v.item[i])));
			for (size_t m = 0; ik <= 0 && m < v.count && m < 6; m++)
				if (deb_version_compare(v.item[k], v.item[m]) <= 0)
					MUST(deb_version_compare(v.item[i], v.item[m]) <= 0);
		}
	}
}

/* --- the log, while the unit works ----------------------------------------------------------- */

static int run_systemctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	const char *state = "inactive";

	(void)e;
	ret->err = xstrdup("");
	if (str_eq(r->argv[1], "start")) {
		CLEANUP_FREE char *half = xstrndup(job->part[LOG], strlen(job->part[LOG]) / 2);

		fake_file(f, "/run/kannuki/packages.log", half, 0600);
		fake_file(f, PACKAGES_STATUS, half, 0600);
		job->shown = 1;
	} else if (str_eq(r->argv[1], "show") && job->shown) {
		state = job->shown++ == 1 ? "activating" : job->fails ? "failed" : "active";
		if (job->shown > 2) {
			fake_file(f, "/run/kannuki/packages.log", job->part[LOG], 0600);
			fake_file(f, PACKAGES_STATUS, job->part[LOG], 0600);
		}
	}
	ret->out = xasprintf("ActiveState=%s\n", state);
	ret->out_len = strlen(ret->out);
	return 0;
}

static void say(const char *line)
{
	MUST(str_is_clean_utf8(line) && !strchr(line, '\n'));
	said++;
}

static void show_progress(const struct packages_progress *now)
{
	MUST(now->stage <= PACKAGES_INSTALL && now->permille <= 1000);
}

static void check_log(struct fake *f)
{
	static const struct packages_show show = { say, show_progress };
	struct err e = { 0 };
	int r;

	said = 0;
	r = packages_run(&f->os, &(struct packages_job){ .update_all = true }, &show, &e);
	if (r < 0)
		fuzz_check_err(&e);
	if (r != (job->fails ? -1 : 0))
		fuzz_broken("packages_run", e.msg);
	MUST(said <= fuzz_count_lines(job->part[LOG]));
}

/* --- what waits ------------------------------------------------------------------------------ */

static int print(struct run_result *ret, const char *text)
{
	ret->out = xstrdup(text);
	ret->out_len = strlen(text);
	return 0;
}

static int run_grep(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	return print(ret, job->part[LISTS]);
}

static int run_apt_config(struct fake *f, const struct run *r, struct run_result *ret,
			  struct err *e)
{
	return print(ret, job->part[CONFIG]);
}

static int run_apt_get(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	return print(ret, job->part[LOG]);
}

/* "NAME OLD -> NEW", in order, and newer indeed. */
static void check_pending(const struct strv *pending)
{
	for (size_t i = 0; i < pending->count; i++) {
		CLEANUP_FREE char *line = xstrdup(pending->item[i]);
		char *arrow = strstr(line, " -> ");

		MUST(arrow && !strchr(line, '\n'));
		MUST(i == 0 || strcmp(pending->item[i - 1], pending->item[i]) < 0);
		if (strchr(line, ' ') != memrchr(line, ' ', (size_t)(arrow - line)) ||
		    strchr(arrow + 4, ' '))
			continue; /* blanks where dpkg has none */
		*arrow = '\0';
		MUST(deb_version_compare(arrow + 4, strchr(line, ' ') + 1) > 0);
	}
}

static void check_facts(struct fake *f)
{
	const struct facts_query q = { .updates = true, .upgradable = true, .pending = true };
	CLEANUP_FACTS struct facts facts = { 0 };
	struct err e = { 0 };

	fake_file(f, "/usr/bin/apt-get", "", 0755);
	fake_file(f, "/var/lib/dpkg/status", job->part[STATUS], 0644);
	fake_file(f, "/var/lib/apt/lists/x_debian-security_dists_Packages", "", 0644);
	MUST(facts_gather_updates(&f->os, &q, &facts, &e) == 0);
	MUST(facts.updates.measured && facts.updates.upgradable_measured);
	MUST(facts.updates.upgradable <= fuzz_count_lines(job->part[LOG]));
	check_pending(&facts.updates.pending);
	updates_are_automatic(&facts.updates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fake_free_p) struct fake *f = fake_new();
	struct job now = { .fails = size % 2 };

	fuzz_parts(data, size, now.part, PARTS);
	job = &now;
	fake_file(f, "/usr/bin/apt-get", "", 0755);
	fake_dir(f, "/run/systemd/system", 0755);
	fake_on_run(f, "systemctl", run_systemctl);
	fake_on_run(f, "grep", run_grep);
	fake_on_run(f, "apt-config", run_apt_config);
	fake_on_run(f, "apt-get", run_apt_get);
	check_versions(now.part[VERSIONS]);
	check_log(f);
	check_facts(f);
	for (size_t i = 0; i < PARTS; i++)
		free(now.part[i]);
	return 0;
}
