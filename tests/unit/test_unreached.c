// SPDX-License-Identifier: MIT
/* What updates do not reach (core/unreached.h), and what still runs as it was after one (setup/restart_old.h). */
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/package_manager.h"
#include "core/unreached.h"
#include "lib/fake_os.h"
#include "lib/t.h"
#include "setup/restart_old.h"

#define LISTS "/var/lib/apt/lists/"
#define NODE  "nodes.example.org_node%5f20.x_dists_nodistro_"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

static int text(struct run_result *ret, const char *out, int status)
{
	*ret = (struct run_result){ .status = status, .out = xstrdup(out), .err = xstrdup("") };
	ret->out_len = strlen(out);
	return status;
}

static const char *apt_lists, *dpkg_says, *made;

static int apt(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)r;
	(void)e;
	return text(ret, apt_lists, 0);
}

static int dpkg(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)r;
	(void)e;
	return text(ret, dpkg_says, 1);
}

static int docker(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)e;
	if (str_eq(r->argv[1], "ps"))
		return text(ret, "nginx:1.25\nnginx:1.25\n", 0);
	return text(ret, made, 0);
}

static int grep(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	CLEANUP_STR struct str s = { 0 };
	size_t i = 0;

	(void)e;
	str_add(&s, "");
	while (!str_eq(r->argv[i], "--"))
		i++;
	for (i++; r->argv[i]; i++)
		str_add(&s, fake_text(f, r->argv[i]));
	return text(ret, s.text, 0);
}

#define SECURITY "origin=Debian,codename=${distro_codename},label=Debian-Security"

static struct fake *host(struct facts *f, const char *patterns)
{
	struct fake *fake = fake_new();

	*f = (struct facts){ .distro_id = xstrdup("debian") };
	f->updates.manager = &package_apt;
	f->updates.unattended = f->updates.measured = true;
	strv_split(&f->updates.config,
		   "APT::Periodic::Update-Package-Lists=1;APT::Periodic::Unattended-Upgrade=1",
		   ";");
	strv_split(&f->updates.config, patterns, ";");
	apt_lists = "";
	dpkg_says = "";
	fake_on_run(fake, "apt", apt);
	fake_on_run(fake, "dpkg", dpkg);
	fake_on_run(fake, "grep", grep);
	fake_file(fake, "/etc/os-release", "ID=debian\nVERSION_CODENAME=bookworm\n", 0644);
	fake_file(fake, "/var/lib/dpkg/status",
		  "Package: nodejs\nStatus: install ok installed\nVersion: 20.1-1\n\n"
		  "Package: openssl\nStatus: install ok installed\nVersion: 3.0.9-1\n",
		  0644);
	fake_file(fake, LISTS "mirror.example.org_debian_dists_bookworm_InRelease",
		  "Origin: Debian\nLabel: Debian\nSuite: stable\nCodename: bookworm\nMD5Sum:\n a 1 "
		  "x\n",
		  0644);
	fake_file(fake, LISTS "mirror.example.org_debian_dists_bookworm_main_binary-amd64_Packages",
		  "Package: openssl\nVersion: 3.0.9-1\n", 0644);
	fake_file(fake, LISTS NODE "InRelease",
		  "Hash: SHA256\n\nOrigin: . nodistro\nLabel: . nodistro\nSuite: nodistro\n"
		  "Codename: nodistro\nSHA256:\n Origin: Debian\n",
		  0644);
	fake_file(fake, LISTS NODE "main_binary-amd64_Packages",
		  "Package: nodejs\nVersion: 20.1-1\n\nPackage: openssl\nVersion: 9\n", 0644);
	return fake;
}

static bool says(const struct strv *lines, const char *a, const char *b)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strstr(lines->item[i], a) && strstr(lines->item[i], b))
			return true;
	return false;
}

/* Which of the sources an automatic update takes, as unattended-upgrade decides it. */
static int sources_that_are_passed_by_are_named_with_their_packages(void)
{
	static const struct {
		const char *patterns;
		bool passed_by;
	} c[] = {
		{ "Unattended-Upgrade::Origins-Pattern::=" SECURITY, true },
		{ "Unattended-Upgrade::Origins-Pattern::=origin=*", false },
		{ "Unattended-Upgrade::Origins-Pattern::=site=nodes.example.org", false },
		{ "Unattended-Upgrade::Origins-Pattern::=o=. nodistro,a=nodistro", false },
		{ "Unattended-Upgrade::Origins-Pattern::=o=. nodistro,a=other", true },
		{ "Unattended-Upgrade::Origins-Pattern::=origin=Debian;"
		  "Unattended-Upgrade::Allowed-Origins::=. nodistro:nodistro",
		  false },
		{ "Unattended-Upgrade::Allowed-Origins::=${distro_id}:${distro_codename}-security",
		  true },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FACTS struct facts facts = { 0 };
		CLEANUP_FAKE struct fake *f = host(&facts, c[i].patterns);
		CLEANUP_STRV struct strv lines = { 0 };
		struct err e = { 0 };

		printf("# %s\n", c[i].patterns);
		T_OK(updates_unreached(&f->os, &facts, &lines, &e) == 0);
		T_OK(lines.count == (c[i].passed_by ? 1 : 0));
		/* openssl is the distribution's: that source only has another version. */
		T_OK(!c[i].passed_by || (says(&lines, "nodejs, from nodes.example.org", "") &&
					 !says(&lines, "openssl", "")));
	}
	return 0;
}

static int what_no_source_has_is_named(void)
{
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_FAKE struct fake *f =
		host(&facts, "Unattended-Upgrade::Origins-Pattern::=origin=*");
	CLEANUP_STRV struct strv lines = { 0 };
	struct err e = { 0 };

	apt_lists = "lab-tool/now 1.0 all [installed,local]\n"
		    "libold1/now 2-1 amd64 [installed,local]\n";
	T_OK(updates_unreached(&f->os, &facts, &lines, &e) == 0 && lines.count == 1);
	T_OK(says(&lines, "lab-tool, libold1: no source", ""));
	return 0;
}

static int snaps_and_images_are_named_with_their_age(void)
{
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_FAKE struct fake *f =
		host(&facts, "Unattended-Upgrade::Origins-Pattern::=origin=*");
	CLEANUP_STRV struct strv lines = { 0 };
	struct err e = { 0 };

	fake_on_run(f, "docker", docker);
	fake_file(f, "/var/lib/snapd/snaps/core22_1380.snap", "", 0600);
	fake_file(f, "/var/lib/snapd/snaps/core22_1400.snap", "", 0600);
	fake_file(f, "/var/lib/snapd/snaps/partial", "", 0600);
	fake_file(f, "/usr/bin/docker", "", 0755);
	made = "2024-12-22T10:00:00.5Z\n"; /* the host is of 2025-01-01 */
	/* Without its socket to ask would be to start it. */
	T_OK(updates_unreached(&f->os, &facts, &lines, &e) == 0 && lines.count == 1);
	T_OK(says(&lines, "snapd", ": core22"));
	fake_file(f, "/run/docker.sock", "", 0660);
	T_OK(updates_unreached(&f->os, &facts, &lines, &e) == 0 && lines.count == 3);
	T_OK(says(&lines, "nginx:1.25, made 2024-12-22, 10 days ago", ""));
	made = "what\n";
	T_OK(updates_unreached(&f->os, &facts, &lines, &e) == 0);
	T_OK(says(&lines, "image nginx:1.25: pull", ""));
	return 0;
}

static int programs_of_no_package_are_named(void)
{
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_FAKE struct fake *f =
		host(&facts, "Unattended-Upgrade::Origins-Pattern::=origin=*");
	CLEANUP_STRV struct strv lines = { 0 };
	struct err e = { 0 };

	fake_file(f, "/usr/sbin/sshd", "", 0755);
	fake_file(f, "/usr/lib/systemd/systemd-resolved", "", 0755);
	fake_file(f, "/opt/app/server", "", 0755);
	fake_file(f, "/opt/app/local", "", 0755);
	fake_process_add(f, 10, 1, "/usr/sbin/sshd");
	fake_process_add(f, 11, 1, "/usr/lib/systemd/systemd-resolved");
	fake_process_add(f, 12, 1, "/opt/app/server");
	fake_process_add(f, 13, 1, "/opt/app/local");
	fake_process_add(f, 14, 1, "/of/a/container");
	fake_listen(f, "0.0.0.0", 22, 10);
	fake_listen(f, "0.0.0.0", 5355, 11);
	fake_listen(f, "::", 8080, 12);
	fake_listen(f, "127.0.0.1", 9000, 13);
	fake_listen(f, "0.0.0.0", 81, 14);
	/* dpkg knows it by the name that /lib had before it was a link. */
	dpkg_says = "openssh-server: /usr/sbin/sshd\n"
		    "systemd: /lib/systemd/systemd-resolved\n";
	T_OK(updates_unreached(&f->os, &facts, &lines, &e) == 0 && lines.count == 1);
	T_OK(says(&lines, "of no package", ": /opt/app/server"));
	T_OK(!says(&lines, "sshd", "") && !says(&lines, "resolved", ""));
	return 0;
}

/* --- what runs on --------------------------------------------------------------------------------- */

static struct strv restarts;
static const char *kill_mode;
static int restart_status;

static int systemctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)e;
	if (str_eq(r->argv[1], "show"))
		return text(ret, kill_mode, 0);
	strv_add(&restarts, r->argv[3]);
	ret->err = xstrdup("Job for it failed.\nSee more\n");
	ret->out = xstrdup("");
	ret->status = restart_status;
	return restart_status;
}

static void old(struct fake *f, pid_t pid, const char *exe, const char *cgroup)
{
	CLEANUP_FREE char *path = xasprintf("/proc/%d/maps", (int)pid);
	struct fake_process *p = fake_process_add(f, pid, 1, exe);

	free(p->process.cgroup);
	p->process.cgroup = xstrdup(cgroup);
	snprintf(p->process.comm, sizeof(p->process.comm), "%s", strrchr(exe, '/') + 1);
	fake_file(f, path,
		  "7f00-7f01 r-xp 00000000 fd:01 9 /usr/lib/x86_64-linux-gnu/libc.so.6 (deleted)\n",
		  0444);
}

/* What it says, for it prints. malloc'd. */
static char *said(struct fake *f)
{
	char words[4096] = "";
	struct err e = { 0 };
	FILE *file = tmpfile();
	int out = dup(STDOUT_FILENO);
	size_t n;

	strv_done(&restarts);
	restarts = (struct strv){ 0 };
	fflush(stdout);
	if (!file || out < 0 || dup2(fileno(file), STDOUT_FILENO) < 0)
		abort();
	if (restart_old(&f->os, &e) < 0)
		printf("failed: %s\n", e.msg);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(file);
	n = fread(words, 1, sizeof(words) - 1, file);
	fclose(file);
	words[n] = '\0';
	return xstrdup(words);
}

static int services_start_anew_unless_that_cuts_somebody_off(void)
{
	static const struct {
		const char *exe, *cgroup, *unit; /* NULL: named, not started anew */
	} c[] = {
		{ "/usr/sbin/cron", "/system.slice/cron.service", "cron.service" },
		{ "/usr/sbin/nginx", "/system.slice/nginx.service", "nginx.service" },
		{ "/usr/sbin/sshd", "/system.slice/ssh.service", "ssh.service" },
		{ "/usr/sbin/sshd", "/system.slice/system-ssh.slice/ssh@1-x.service", NULL },
		{ "/usr/sbin/sshd", "/user.slice/user-0.slice/session-3.scope", NULL },
		{ "/usr/bin/dbus-daemon", "/system.slice/dbus.service", NULL },
		{ "/usr/bin/dockerd", "/system.slice/docker.service", NULL },
		{ "/usr/sbin/openvpn", "/system.slice/system-openvpn.slice/openvpn@a.service",
		  NULL },
		{ "/usr/sbin/agetty", "/system.slice/system-getty.slice/getty@tty1.service", NULL },
		{ "/usr/bin/bash", "/user.slice/user-0.slice/user@0.service/app.slice/a.service",
		  NULL },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = fake_new();
		CLEANUP_FREE char *words = NULL;

		fake_on_run(f, "systemctl", systemctl);
		kill_mode = "KillMode=process\n";
		restart_status = 0;
		old(f, 20, c[i].exe, c[i].cgroup);
		old(f, 21, c[i].exe, c[i].cgroup);
		words = said(f);
		printf("# %s: %s", c[i].cgroup, words);
		T_OK(restarts.count == (c[i].unit ? 1 : 0));
		T_OK(!c[i].unit || (str_eq(restarts.item[0], c[i].unit) &&
				    strstr(words, "Started anew") && strstr(words, c[i].unit)));
		T_OK(c[i].unit || strstr(words, "Still run on what"));
	}
	return 0;
}

/* With KillMode=control-group the owner's own login would go with it. */
static int sshd_that_takes_its_sessions_along_is_left(void)
{
	CLEANUP_FAKE struct fake *f = fake_new();
	CLEANUP_FREE char *words = NULL;
	CLEANUP_FREE char *none = NULL;

	fake_on_run(f, "systemctl", systemctl);
	none = said(f);
	T_STR(none, "");
	kill_mode = "KillMode=control-group\n";
	old(f, 20, "/usr/sbin/sshd", "/system.slice/ssh.service");
	words = said(f);
	T_OK(restarts.count == 0 && strstr(words, "Still run on what an update replaced: sshd"));
	return 0;
}

static int one_that_does_not_start_is_said(void)
{
	CLEANUP_FAKE struct fake *f = fake_new();
	CLEANUP_FREE char *words = NULL;

	fake_on_run(f, "systemctl", systemctl);
	restart_status = 1;
	old(f, 20, "/usr/sbin/nginx", "/system.slice/nginx.service");
	words = said(f);
	T_OK(strstr(words, "nginx.service still runs as it was") &&
	     strstr(words, "Job for it failed."));
	T_OK(!strstr(words, "See more") && !strstr(words, "Started anew"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(sources_that_are_passed_by_are_named_with_their_packages),
		T(what_no_source_has_is_named),
		T(snaps_and_images_are_named_with_their_age),
		T(programs_of_no_package_are_named),
		T(services_start_anew_unless_that_cuts_somebody_off),
		T(sshd_that_takes_its_sessions_along_is_left),
		T(one_that_does_not_start_is_said),
	};
	int r = t_main(cases, COUNT(cases));

	strv_done(&restarts);
	return r;
}
