// SPDX-License-Identifier: MIT
/* dnf at work as a unit of PID 1 (core/packages.h), and who holds its locks (core/quiet.h). */
#include <string.h>

#include "base/mem.h"
#include "core/packages.h"
#include "core/quiet.h"
#include "lib/fake_os.h"
#include "lib/t.h"

#define LOG	 "/run/kannuki/packages.log"
#define UNIT	 "/run/systemd/system/" PACKAGES_UNIT
#define METADATA "/var/cache/dnf/metadata_lock.pid"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

static struct fake *host(void)
{
	struct fake *f = fake_new();

	fake_file(f, "/etc/os-release", "ID=rocky\n", 0644);
	fake_file(f, "/usr/bin/dnf", "", 0755);
	return f;
}

/* --- at work ------------------------------------------------------------------------------------- */

static const char *state, *ends, *writes;
static char unit[4096];
static struct strv said;

static int systemctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)e;
	if (str_eq(r->argv[1], "start")) {
		snprintf(unit, sizeof(unit), "%s", fake_text(f, UNIT));
		fake_file(f, LOG, writes, 0600);
		state = ends;
	}
	if (str_eq(r->argv[1], "stop"))
		state = "inactive";
	ret->out = xasprintf("ActiveState=%s\n", state);
	ret->out_len = strlen(ret->out);
	return 0;
}

static void say(const char *line)
{
	strv_add(&said, line);
}

static struct strv shown; /* "STAGE PERMILLE" */

static void show_progress(const struct packages_progress *now)
{
	strv_addf(&shown, "%d %u", (int)now->stage, now->permille);
}

static const struct packages_show show = { say, show_progress };

static int run(struct fake *f, const struct packages_job *job, struct err *e)
{
	strv_done(&said);
	said = (struct strv){ 0 };
	strv_done(&shown);
	shown = (struct strv){ 0 };
	state = "inactive";
	fake_dir(f, "/run/systemd/system", 0755);
	fake_on_run(f, "systemctl", systemctl);
	return packages_run(&f->os, job, &show, e);
}

#define WORK4                                                                               \
	"lab baseos                                      1.2 MB/s | 2.0 kB     00:00    \n" \
	"Dependencies resolved.\n"                                                          \
	" Package     Architecture   Version        Repository     Size\n"                  \
	"Upgrading:\n"                                                                      \
	" lab-tool         noarch         1.1-1          baseos                7.0 k\n"     \
	"\n"                                                                                \
	"Running transaction\n"                                                             \
	"  Preparing        :                                       1/1 \n"                 \
	"  Upgrading        : lab-tool-1.1-1.noarch                     1/2 \n"             \
	"warning: /etc/a.conf created as /etc/a.conf.rpmnew\n"                              \
	"\n"                                                                                \
	"  Cleanup          : lab-tool-1.0-1.noarch                     2/2 \n"             \
	"\n"                                                                                \
	"Upgraded:\n"                                                                       \
	"  lab-tool-1.1-1.noarch                            \n"                             \
	"\n"                                                                                \
	"Complete!\n"
#define WORK5 "[1/2] Upgrading lab-tool-0:1.1-1.noarch    100% |  1.0 KiB/s |   1.0 KiB |  00m00s\n"

static int upgrades_are_listed_and_nothing_is_asked(void)
{
	CLEANUP_FAKE struct fake *f = host();
	const struct packages_job all = { .update_all = true };
	struct err e = { 0 };

	ends = "active";
	writes = WORK4;
	T_OK(run(f, &all, &e) == 0);
	T_OK(said.count == 2 && str_eq(said.item[0], "Upgrading : lab-tool-1.1-1.noarch 1/2"));
	T_STR(said.item[1], "warning: /etc/a.conf created as /etc/a.conf.rpmnew");
	T_OK(strstr(unit, "ExecStart=/usr/bin/dnf -y --refresh upgrade\n"));
	T_OK(strstr(unit, "StandardInput=null\n") && !strstr(unit, " install ") &&
	     !strstr(unit, "apt"));
	/* systemd 239 knows "file", and not "append", which later ones take since it comes last. */
	T_OK(strstr(unit, "StandardOutput=file:" LOG "\nStandardOutput=append:" LOG "\n"));
	writes = WORK5;
	T_OK(run(f, &all, &e) == 0 && said.count == 1);
	return 0;
}

/* The last that each line of a log says: "-": nothing. */
static int how_far_it_is_is_in_its_lines(void)
{
	static const struct {
		const char *line, *shown;
	} c[] = {
		{ "(1/3): lab-tool-1.1-1.noarch.rpm     1.2 MB/s | 7.0 kB     00:00", "1 333" },
		{ "  Upgrading        : lab-tool-1.1-1.noarch       1/4 ", "2 250" },
		{ "  Running scriptlet: lab-tool-1.1-1.noarch       3/4 ", "2 750" },
		{ "  Cleanup          : lab-tool-1.0-1.noarch       4/4 ", "2 1000" },
		{ "  Verifying        : lab-tool-1.1-1.noarch       1/4 ", "-" },
		{ "  Preparing        :                             1/1 ", "-" },
		{ "[1/2] lab-tool-0:1.1-1.noarch 100% |  1.0 KiB/s |   1.0 KiB |  00m00s",
		  "1 500" },
		{ "[2/4] Upgrading lab-tool-0:1.1-1 100% |  1.0 KiB/s |   1.0 KiB |  00m00s",
		  "2 500" },
		{ "[1/4] Prepare transaction 100% | 1.0   B/s |   2.0   B |  00m00s", "2 250" },
		{ "  Upgrading        : lab-tool-1.1-1.noarch       5/4 ", "-" },
		{ "  Upgrading        : lab-tool-1.1-1.noarch       1/0 ", "-" },
		{ "Upgrading:", "-" },
		{ "[", "-" },
		{ "(", "-" },
		{ "[1/2", "1 500" },
		{ "lab baseos         1.2 MB/s | 2.0 kB     00:00", "-" },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = host();
		CLEANUP_FREE char *log = xasprintf("%s\n", c[i].line);
		const struct packages_job all = { .update_all = true };
		struct err e = { 0 };

		ends = "active";
		writes = log;
		printf("# %s\n", c[i].line);
		T_OK(run(f, &all, &e) == 0);
		T_STR(shown.count ? shown.item[0] : "-", c[i].shown);
	}
	return 0;
}

static int packages_are_installed_by_name(void)
{
	CLEANUP_FAKE struct fake *f = host();
	CLEANUP_STRV struct strv names = { 0 };
	struct packages_job job = { .install = &names };
	struct err e = { 0 };

	ends = "active";
	writes = WORK4;
	strv_split(&names, "dnf-automatic policycoreutils-python-utils", " ");
	T_OK(run(f, &job, &e) == 0);
	T_OK(strstr(unit, "dnf -y --refresh install dnf-automatic\n") && !strstr(unit, "upgrade"));
	T_OK(strstr(unit, "dnf -y install policycoreutils-python-utils\n"));
	return 0;
}

static int failure_has_the_words_of_dnf(void)
{
	static const struct {
		const char *log, *says;
	} c[] = {
		{ "Error: Failed to download metadata for repo 'baseos'\nrest\n",
		  "dnf failed: Failed to download metadata for repo 'baseos'" },
		{ "Error: \n Problem: package a requires b\n  - nothing provides b\n",
		  "dnf failed: Problem: package a requires b" },
		{ "Error: first\nError: second\n", "first" },
		{ "nothing\n", "dnf failed: ?" },
	};
	const struct packages_job all = { .update_all = true };

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = host();
		struct err e = { 0 };

		ends = "failed";
		writes = c[i].log;
		T_OK(run(f, &all, &e) < 0 && e.kind == ERR_FAILED && strstr(e.msg, c[i].says));
		T_OK(strstr(e.msg, LOG));
	}
	return 0;
}

/* It waits by itself, for ever; before it changes anything. */
static int who_came_between_is_named_and_waited_for_with_a_limit(void)
{
	CLEANUP_FAKE struct fake *f = host();
	const struct packages_job all = { .update_all = true };
	struct err e = { 0 };
	int64_t start = f->clock[OS_MONOTONIC];

	ends = "activating";
	writes = "Waiting for process with pid 4711 to finish.\n";
	T_OK(run(f, &all, &e) < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, "pid 4711"));
	T_OK(said.count == 1 && strv_has(&f->ran, "systemctl stop --quiet " PACKAGES_UNIT));
	T_OK(f->clock[OS_MONOTONIC] - start < (QUIET_PACKAGE_SECONDS + 2) * INT64_C(1000000000));
	T_STR(fake_text(f, UNIT), "(none)");
	/* One that goes on after it waited is not stopped: an hour is its limit. */
	writes = "Waiting for process with pid 4711 to finish.\nDependencies resolved.\n";
	e = (struct err){ 0 };
	T_OK(run(f, &all, &e) < 0 && strstr(e.msg, "goes on by itself"));
	return 0;
}

static int who_holds_the_lock_is_named(void)
{
	CLEANUP_FAKE struct fake *f = host();
	struct err e = { 0 };

	fake_process_add(f, 77, 1, "/usr/bin/dnf");
	fake_file(f, METADATA, "77", 0644);
	T_OK(quiet_wait(&f->os, say, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(strstr(e.msg, "dnf, process 77"));
	fake_process_remove(f, 77);
	T_OK(quiet_wait(&f->os, say, &e) == 0);
	/* The number of one that was killed is another's by now. */
	fake_advance(f, INT64_C(60000000000));
	fake_process_add(f, 77, 1, "/usr/sbin/sshd");
	T_OK(quiet_wait(&f->os, say, &e) == 0);
	fake_file(f, METADATA, "what is this", 0644);
	T_OK(quiet_wait(&f->os, say, &e) == 0);
	/* rpm by itself, and dnf 5, hold a lock of the kernel's. */
	fake_file(f, "/var/lib/rpm/.rpm.lock", "", 0644);
	fake_process_add(f, 78, 1, "/usr/bin/rpm");
	fake_lock_by(f, "/var/lib/rpm/.rpm.lock", 78);
	T_OK(quiet_wait(&f->os, say, &e) < 0 && strstr(e.msg, "rpm, process 78"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(upgrades_are_listed_and_nothing_is_asked),
		T(how_far_it_is_is_in_its_lines),
		T(packages_are_installed_by_name),
		T(failure_has_the_words_of_dnf),
		T(who_came_between_is_named_and_waited_for_with_a_limit),
		T(who_holds_the_lock_is_named),
	};
	int r = t_main(cases, COUNT(cases));

	strv_done(&said);
	return r;
}
