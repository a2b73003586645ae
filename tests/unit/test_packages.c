// SPDX-License-Identifier: MIT
/* The package manager as a unit of PID 1 (core/packages.h). */
#include "base/mem.h"
#include "core/packages.h"
#include "lib/fake_os.h"
#include "lib/t.h"

#define UNIT "/run/systemd/system/" PACKAGES_UNIT
#define LOG  "/run/kannuki/packages.log"
#define ROOM "/var/cache/kannuki-room"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

static const char *state;			/* ActiveState before it is started */
static const char *ends;			/* ... and once it has worked */
static const char *writes;			/* to the log */
static const char *repair_ends, *repair_writes; /* of the second unit, which finishes what failed */
static char repairs[4096];			/* that unit's text; "": it was not started */
static char unit[4096];				/* the unit's text when it is started */
static unsigned polls;
static struct strv said;

static int systemctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)e;
	if (str_eq(r->argv[1], "start") && unit[0]) {
		snprintf(repairs, sizeof(repairs), "%s", fake_text(f, UNIT));
		writes = repair_writes;
		ends = repair_ends;
	}
	if (str_eq(r->argv[1], "start")) {
		if (!unit[0])
			snprintf(unit, sizeof(unit), "%s", fake_text(f, UNIT));
		state = "activating";
		polls = 0;
	}
	/* The log grows in the middle of a line. */
	if (str_eq(r->argv[1], "show") && str_eq(state, "activating") && polls++ == 1)
		fake_file(f, LOG, "Get:1 http://a lists\nSetting up a (1", 0600);
	if (str_eq(r->argv[1], "show") && str_eq(state, "activating") && polls > 2 && ends) {
		fake_file(f, LOG, writes, 0600);
		state = ends;
	}
	ret->out = xasprintf("ActiveState=%s\n", state);
	ret->out_len = strlen(ret->out);
	return 0;
}

static void say(const char *line)
{
	strv_add(&said, line);
}

static struct fake *host(void)
{
	struct fake *f = fake_new();

	strv_done(&said);
	said = (struct strv){ 0 };
	state = "inactive";
	ends = "active";
	writes = "Get:1 http://a lists\nSetting up a (1.1)\nReading state\nW: careful\n";
	unit[0] = repairs[0] = '\0';
	repair_ends = "active";
	repair_writes = "";
	fake_file(f, "/usr/bin/apt-get", "", 0755);
	fake_dir(f, "/run/systemd/system", 0755);
	fake_on_run(f, "systemctl", systemctl);
	return f;
}

static int asks_nothing_and_shows_whole_lines(void)
{
	CLEANUP_FAKE struct fake *f = host();
	const struct packages_job all = { .update_all = true };
	struct err e = { 0 };

	T_OK(packages_run(&f->os, &all, say, &e) == 0);
	T_OK(said.count == 3 && str_eq(said.item[1], "Setting up a (1.1)"));
	/* Trap 36. */
	T_OK(strstr(unit, "DEBIAN_FRONTEND=noninteractive") && strstr(unit, "--force-confdef"));
	T_OK(strstr(unit, "--force-confold") && strstr(unit, "UCF_FORCE_CONFFOLD=1"));
	T_OK(strstr(unit, "NEEDRESTART_MODE=a") && strstr(unit, "DPkg::Lock::Timeout="));
	T_OK(strstr(unit, " update\n") && strstr(unit, " upgrade\n") && !strstr(unit, " install "));
	/* Nothing of it stays but the log. */
	T_STR(fake_text(f, UNIT), "(none)");
	T_OK(strstr(fake_text(f, LOG), "Reading state"));
	return 0;
}

static int installs_only_what_is_named(void)
{
	CLEANUP_FAKE struct fake *f = host();
	CLEANUP_STRV struct strv names = { 0 };
	const struct packages_job job = { .install = &names };
	struct err e = { 0 };

	strv_add(&names, "unattended-upgrades");
	T_OK(packages_run(&f->os, &job, say, &e) == 0);
	T_OK(strstr(unit, " install unattended-upgrades\n") && !strstr(unit, " upgrade\n"));
	return 0;
}

static int failure_has_the_words_of_apt(void)
{
	CLEANUP_FAKE struct fake *f = host();
	const struct packages_job all = { .update_all = true };
	struct err e = { 0 };

	ends = "failed";
	writes = "Get:1 http://a lists\nSetting up a (1.1)\nE: no space left\nE: some "
		 "failed\nrest\n";
	T_OK(packages_run(&f->os, &all, say, &e) < 0 && e.kind == ERR_FAILED);
	T_OK(strstr(e.msg, "no space left") && strstr(e.msg, LOG));
	T_STR(fake_text(f, UNIT), "(none)");
	return 0;
}

#define UNPACKED                                                                             \
	"Get:1 http://a lists\n"                                                             \
	"dpkg: error processing archive /var/cache/apt/archives/a_1.2_all.deb (--unpack):\n" \
	" cannot copy extracted data for './usr/a' to '/usr/a.dpkg-new': failed to write "   \
	"(No space left on device)\n"                                                        \
	"dpkg: error processing package b (--configure):\n dependency problems\n"            \
	"Errors were encountered while processing:\n a\n"                                    \
	"E: Sub-process /usr/bin/dpkg returned an error code (1)\n"

/* "returned an error code" helps nobody; and no package stays between two versions. */
static int what_failed_midway_is_named_and_finished(void)
{
	CLEANUP_FAKE struct fake *f = host();
	const struct packages_job all = { .update_all = true };
	struct err e = { 0 };

	ends = "failed";
	writes = UNPACKED;
	repair_writes = UNPACKED "Setting up b (1.2)\n";
	T_OK(packages_run(&f->os, &all, say, &e) < 0 && e.kind == ERR_FAILED);
	T_OK(strstr(e.msg, "a_1.2_all.deb") && strstr(e.msg, "No space left on device"));
	T_OK(!strstr(e.msg, "Sub-process") && !strstr(e.msg, "dependency problems"));
	T_OK(strstr(unit, "fallocate -l ") && strstr(unit, ROOM));
	T_OK(strstr(repairs, "/usr/bin/dpkg --audit") && strstr(repairs, " --configure -a'\n"));
	T_OK(strstr(repairs, "--force-confold") && !strstr(repairs, "apt-get"));
	/* What was taken before is room for that. */
	T_OK(strstr(unit, "ExecStopPost=-/usr/bin/rm -f " ROOM "\n") && !strstr(repairs, ROOM));
	T_OK(!strstr(e.msg, "could not be finished"));
	T_STR(fake_text(f, UNIT), "(none)");
	return 0;
}

static int what_cannot_be_finished_is_said(void)
{
	static const struct {
		const char *log, *says;
	} c[] = {
		{ "dpkg: error processing package c (--configure):\n broken\n",
		  "could not be finished: package c (--configure): broken" },
		{ "dpkg: error processing archive /var/cache/apt/archives/a_1.2_all.deb "
		  "(--unpack):\n cannot copy extracted data for './usr/a' to "
		  "'/usr/a.dpkg-new': failed to write (No space left on device)\n",
		  "stays half installed" },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = host();
		CLEANUP_FREE char *both = xasprintf("%s%s", UNPACKED, c[i].log);
		const struct packages_job all = { .update_all = true };
		struct err e = { 0 };

		ends = repair_ends = "failed";
		writes = UNPACKED;
		repair_writes = both;
		T_OK(packages_run(&f->os, &all, say, &e) < 0);
		T_OK(strstr(e.msg, c[i].says) && strstr(e.msg, "No space left on device"));
	}
	return 0;
}

static int other_kannuki_at_work_is_left_alone(void)
{
	CLEANUP_FAKE struct fake *f = host();
	const struct packages_job all = { .update_all = true };
	struct err e = { 0 };

	state = "activating";
	ends = NULL;
	T_OK(packages_run(&f->os, &all, say, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(unit[0] == '\0' && strstr(e.msg, PACKAGES_UNIT));
	return 0;
}

/* It is not killed: dpkg would be cut off halfway. */
static int past_the_limit_it_goes_on_by_itself(void)
{
	CLEANUP_FAKE struct fake *f = host();
	const struct packages_job all = { .update_all = true };
	struct err e = { 0 };

	ends = NULL;
	T_OK(packages_run(&f->os, &all, say, &e) < 0 && strstr(e.msg, "goes on by itself"));
	T_OK(fake_node(f, UNIT) && !strv_has(&f->ran, "systemctl stop " PACKAGES_UNIT));
	return 0;
}

static int lock_and_other_package_managers_are_said(void)
{
	CLEANUP_FAKE struct fake *f = host();
	const struct packages_job all = { .update_all = true };
	struct err e = { 0 };

	fake_file(f, "/var/lib/dpkg/lock-frontend", "", 0640);
	fake_process_add(f, 77, 1, "/usr/bin/aptitude");
	fake_lock_by(f, "/var/lib/dpkg/lock-frontend", 77);
	T_OK(packages_run(&f->os, &all, say, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(strstr(e.msg, "aptitude, process 77") && unit[0] == '\0');
	fake_lock_by(f, "/var/lib/dpkg/lock-frontend", 0);
	fake_remove(f, "/usr/bin/apt-get");
	e = (struct err){ 0 };
	T_OK(packages_run(&f->os, &all, say, &e) < 0 && e.kind == ERR_CONFLICT);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(asks_nothing_and_shows_whole_lines),
		T(installs_only_what_is_named),
		T(what_failed_midway_is_named_and_finished),
		T(what_cannot_be_finished_is_said),
		T(failure_has_the_words_of_apt),
		T(other_kannuki_at_work_is_left_alone),
		T(past_the_limit_it_goes_on_by_itself),
		T(lock_and_other_package_managers_are_said),
	};
	int r = t_main(cases, COUNT(cases));

	strv_done(&said);
	return r;
}
