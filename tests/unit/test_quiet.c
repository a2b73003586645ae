// SPDX-License-Identifier: MIT
/* Waiting for cloud-init and for who holds the package lock (core/quiet.h). */
#include "lib/t.h"

#include "base/mem.h"
#include "core/quiet.h"
#include "lib/fake_os.h"

#define LOCK	   "/var/lib/dpkg/lock-frontend"
#define CLOUD_JSON "/run/cloud-init/status.json"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

static struct fake *fake;
static struct strv said;

static void begin(void)
{
	strv_done(&said);
	said = (struct strv){ 0 };
	fake = fake_new();
	fake_file(fake, LOCK, "", 0640);
	fake_file(fake, "/usr/bin/cloud-init", "", 0755);
	fake_dir(fake, "/etc/cloud", 0755);
	fake_file(fake, CLOUD_JSON, "{\"v1\": {\"stage\": null}}", 0644);
	fake_file(fake, "/run/cloud-init/result.json", "{}", 0644);
	fake_process_add(fake, 77, 1, "/usr/bin/unattended-upgrade");
}

static void say(const char *text)
{
	strv_add(&said, text);
}

static void say_and_end(const char *text)
{
	strv_add(&said, text);
	fake_lock_by(fake, LOCK, 0);
	fake_file(fake, CLOUD_JSON, "{\"v1\": {\"stage\": null}}", 0644);
}

static int64_t seconds(void)
{
	return fake->clock[OS_MONOTONIC] / 1000000000;
}

static int quiet_host_is_not_waited_for(void)
{
	struct err e = { 0 };
	int64_t start;

	begin();
	CLEANUP_FAKE struct fake *f = fake;
	start = seconds();
	T_OK(quiet_wait(&f->os, say, &e) == 0);
	T_OK(said.count == 0 && seconds() == start);
	return 0;
}

static int package_lock_is_waited_for_and_its_holder_named(void)
{
	struct err e = { 0 };

	begin();
	CLEANUP_FAKE struct fake *f = fake;
	fake_lock_by(f, LOCK, 77);
	T_OK(quiet_wait(&f->os, say_and_end, &e) == 0);
	T_OK(said.count == 1 && strstr(said.item[0], "unattended-upgr, process 77"));
	return 0;
}

static int package_lock_past_the_limit_is_a_conflict(void)
{
	struct err e = { 0 };
	int64_t start;

	begin();
	CLEANUP_FAKE struct fake *f = fake;
	start = seconds();
	fake_lock_by(f, LOCK, 77);
	T_OK(quiet_wait(&f->os, say, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(strstr(e.msg, "process 77") && said.count == 1);
	T_OK(seconds() - start >= QUIET_PACKAGE_SECONDS &&
	     seconds() - start <= QUIET_PACKAGE_SECONDS + 1);
	return 0;
}

static int cloud_init_is_waited_for(void)
{
	struct err e = { 0 };

	begin();
	CLEANUP_FAKE struct fake *f = fake;
	fake_file(f, CLOUD_JSON, "{\"v1\": {\"stage\": \"modules-final\"}}", 0644);
	T_OK(quiet_wait(&f->os, say_and_end, &e) == 0);
	T_OK(said.count == 1 && strstr(said.item[0], "cloud-init"));
	fake_file(f, CLOUD_JSON, "{\"v1\": {\"stage\": \"modules-final\"}}", 0644);
	T_OK(quiet_wait(&f->os, say, &e) < 0 && e.kind == ERR_CONFLICT);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(quiet_host_is_not_waited_for),
		T(package_lock_is_waited_for_and_its_holder_named),
		T(package_lock_past_the_limit_is_a_conflict),
		T(cloud_init_is_waited_for),
	};
	int r = t_main(cases, COUNT(cases));

	strv_done(&said);
	return r;
}
