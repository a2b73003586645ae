// SPDX-License-Identifier: MIT
/* The package manager as a unit of PID 1 (core/packages.h). */
#include "base/mem.h"
#include "core/packages.h"
#include "lib/fake_os.h"
#include "lib/t.h"

#define UNIT   "/run/systemd/system/" PACKAGES_UNIT
#define LOG    "/run/kannuki/packages.log"
#define ROOM   "/var/cache/kannuki-room"
#define STATUS "/run/kannuki/packages.status"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

static const char *state;    /* ActiveState before it is started */
static const char *ends;     /* ... and once it has worked */
static const char *writes;   /* to the log */
static const char *tells[3]; /* … and at each look how far it is, in the end in all */
static const char *repair_ends, *repair_writes; /* of the second unit, which finishes what failed */
static char repairs[4096];			/* that unit's text; "": it was not started */
static char unit[4096];				/* the unit's text when it is started */
static unsigned polls;
static unsigned silent; /* so often PID 1 does not answer, once it has begun */
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
	if (str_eq(r->argv[1], "show") && str_eq(state, "activating") && silent && silent--) {
		ret->err = xstrdup("Failed to get properties: Connection reset by peer\n");
		return 1;
	}
	/* The log grows in the middle of a line. */
	if (str_eq(r->argv[1], "show") && str_eq(state, "activating") && polls++ == 1)
		fake_file(f, LOG, "Get:1 http://a lists\nSetting up a (1", 0600);
	if (str_eq(r->argv[1], "show") && str_eq(state, "activating") && polls <= COUNT(tells) &&
	    tells[polls - 1])
		fake_file(f, STATUS, tells[polls - 1], 0600);
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

static struct strv shown; /* "STAGE PERMILLE" */

static void show_progress(const struct packages_progress *now)
{
	strv_addf(&shown, "%d %u", (int)now->stage, now->permille);
}

static const struct packages_show show = { say, show_progress };

static struct fake *host(void)
{
	struct fake *f = fake_new();

	strv_done(&said);
	said = (struct strv){ 0 };
	strv_done(&shown);
	shown = (struct strv){ 0 };
	state = "inactive";
	ends = "active";
	writes = "Get:1 http://a lists\nSetting up a (1.1)\nReading state\nW: careful\n";
	memset(tells, 0, sizeof(tells));
	silent = 0;
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

	T_OK(packages_run(&f->os, &all, &show, &e) == 0);
	T_OK(said.count == 3 && str_eq(said.item[1], "Setting up a (1.1)"));
	/* Trap 36. */
	T_OK(strstr(unit, "DEBIAN_FRONTEND=noninteractive") && strstr(unit, "--force-confdef"));
	T_OK(strstr(unit, "--force-confold") && strstr(unit, "UCF_FORCE_CONFFOLD=1"));
	T_OK(strstr(unit, "NEEDRESTART_MODE=a") && strstr(unit, "DPkg::Lock::Timeout="));
	T_OK(strstr(unit, " update'\n") && strstr(unit, " upgrade'\n") &&
	     !strstr(unit, " install "));
	/* Nothing of it stays but the log. */
	T_STR(fake_text(f, UNIT), "(none)");
	T_OK(strstr(fake_text(f, LOG), "Reading state"));
	return 0;
}

#define FIRST "kannuki:lists\ndlstatus:1:10.5:Retrieving file 1 of 2\ndlstatus:1:41.25:Retrie"
#define SECOND                                                                                     \
	"ving file 2 of 2 (0s remaining)\nkannuki:packages\ndlstatus:2:99.9:Retrieving file 2 of " \
	"2\n"
#define THIRD \
	"pmstatus:dpkg-exec:25.0000:Running dpkg\npmstatus:a:amd64:66.6667:Unpacking a (amd64)\n"
#define NOISE                                                                                   \
	"pmerror:a:70:gone\npmstatus\npmstatus:\npmstatus:b\npmstatus:b:101:no\npmstatus:b:-1:" \
	"no\ndlstatus::nan:\n"

/* needrestart has PID 1 start itself anew. */
static int silence_of_pid_1_is_waited_for(void)
{
	CLEANUP_FAKE struct fake *f = host();
	const struct packages_job all = { .update_all = true };
	struct err e = { 0 };

	silent = 20;
	T_OK(packages_run(&f->os, &all, &show, &e) == 0 && silent == 0 && said.count == 3);
	f = (fake_free(f), host());
	silent = 100000;
	T_OK(packages_run(&f->os, &all, &show, &e) < 0 && strstr(e.msg, "Connection reset"));
	return 0;
}

/* What apt tells of the three: each look shows the last of it, in thousandths. */
static int how_far_it_is_is_shown(void)
{
	static const char *const wanted[] = { "0 105", "1 999", "2 666", "2 1000" };
	CLEANUP_FAKE struct fake *f = host();
	const struct packages_job all = { .update_all = true };
	const struct packages_show lines_alone = { say, NULL };
	struct err e = { 0 };

	tells[0] = FIRST;
	tells[1] = FIRST SECOND;
	tells[2] = FIRST SECOND THIRD NOISE;
	T_OK(packages_run(&f->os, &all, &show, &e) == 0);
	for (size_t i = 0; i < shown.count; i++)
		printf("# %s\n", shown.item[i]);
	T_OK(shown.count == COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++)
		T_STR(shown.item[i], wanted[i]);
	T_OK(strstr(unit, "exec 3>>" STATUS "; ") && strstr(unit, "APT::Status-Fd=3"));
	T_STR(fake_text(f, STATUS), "(none)");
	/* Nothing is said where it tells nothing, nor to who wants lines alone. */
	f = (fake_free(f), host());
	T_OK(packages_run(&f->os, &all, &show, &e) == 0 && shown.count == 0);
	tells[2] = FIRST SECOND THIRD;
	T_OK(packages_run(&f->os, &all, &lines_alone, &e) == 0 && shown.count == 0);
	return 0;
}

static int installs_only_what_is_named(void)
{
	CLEANUP_FAKE struct fake *f = host();
	CLEANUP_STRV struct strv names = { 0 };
	const struct packages_job job = { .install = &names };
	struct err e = { 0 };

	strv_add(&names, "unattended-upgrades");
	T_OK(packages_run(&f->os, &job, &show, &e) == 0);
	T_OK(strstr(unit, " install unattended-upgrades'\n") && !strstr(unit, " upgrade'"));
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
	T_OK(packages_run(&f->os, &all, &show, &e) < 0 && e.kind == ERR_FAILED);
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
	T_OK(packages_run(&f->os, &all, &show, &e) < 0 && e.kind == ERR_FAILED);
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
		T_OK(packages_run(&f->os, &all, &show, &e) < 0);
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
	T_OK(packages_run(&f->os, &all, &show, &e) < 0 && e.kind == ERR_CONFLICT);
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
	T_OK(packages_run(&f->os, &all, &show, &e) < 0 && strstr(e.msg, "goes on by itself"));
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
	T_OK(packages_run(&f->os, &all, &show, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(strstr(e.msg, "aptitude, process 77") && unit[0] == '\0');
	fake_lock_by(f, "/var/lib/dpkg/lock-frontend", 0);
	fake_remove(f, "/usr/bin/apt-get");
	e = (struct err){ 0 };
	T_OK(packages_run(&f->os, &all, &show, &e) < 0 && e.kind == ERR_CONFLICT);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(asks_nothing_and_shows_whole_lines),
		T(silence_of_pid_1_is_waited_for),
		T(how_far_it_is_is_shown),
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
