// SPDX-License-Identifier: MIT
/* The dead-man's units on versions of systemd that differ (core/deadman.h). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/deadman.h"
#include "lib/fake_os.h"
#include "lib/t.h"

#define SETTLE "/etc/systemd/system/kannuki-settle.service"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

static const char *version;	/* as systemctl prints it */
static unsigned version_number; /* and what it stands for */

/* systemd.service(5): Restart= beside Type=oneshot is known since 244; before, such a unit is not loaded. */
static const char *load_state(struct fake *f, const char *unit)
{
	const char *text = fake_text(f, SETTLE);

	if (!strstr(unit, "settle") || version_number >= 244)
		return "loaded";
	return strstr(text, "Type=oneshot") && strstr(text, "Restart=on") ? "bad-setting"
									  : "loaded";
}

static int systemctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	const char *property = str_eq(r->argv[1], "show") ? r->argv[4] : "";
	const char *value = "active";

	if (str_eq(property, "UserspaceTimestampMonotonic"))
		value = "1000";
	else if (str_eq(property, "Version"))
		value = version;
	else if (str_eq(property, "LoadState"))
		value = load_state(f, r->argv[6]);
	else if (str_eq(property, "UnitFileState"))
		value = "enabled";
	else if (str_eq(property, "NeedDaemonReload"))
		value = "no";
	ret->out = xasprintf("%s\n", value);
	ret->out_len = strlen(ret->out);
	return 0;
}

static int heard(void *arg, const char *layer, struct err *e)
{
	(void)e;
	strv_add(arg, layer);
	return 0;
}

static int arm(struct fake *f, struct strv *layers, struct err *e)
{
	const struct deadman d = { .id = "20260101-000000",
				   .program = "/var/lib/kannuki/txn/20260101-000000/recover",
				   .deadline = f->clock[OS_BOOTTIME] + INT64_C(600000000000) };

	fake_dir(f, "/etc/systemd/system", 0755);
	fake_dir(f, "/run/systemd/system", 0755);
	fake_on_run(f, "systemctl", systemctl);
	return deadman_arm(&f->os, &d, heard, layers, e);
}

static int settle_is_one_that_its_systemd_takes(void)
{
	static const struct {
		const char *says;
		unsigned number;
		bool oneshot;
	} c[] = {
		{ "239 (239-82.el8_10.2)", 239, false }, /* RHEL 8 */
		{ "v243", 243, false },
		{ "244", 244, true },
		{ "v247.3-7+deb11u6", 247, true },
		{ "252 (252-46.el9_5.3)", 252, true }, /* RHEL 9 */
		{ "257.9-1~deb13u1", 257, true },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = fake_new();
		CLEANUP_STRV struct strv layers = { 0 };
		struct err e = { 0 };

		version = c[i].says;
		version_number = c[i].number;
		T_OK(arm(f, &layers, &e) == 0 && layers.count == 4);
		T_OK(!!strstr(fake_text(f, SETTLE), "Type=oneshot\n") == c[i].oneshot);
		/* However it runs: started again when it is killed, and never for ever. */
		T_OK(strstr(fake_text(f, SETTLE), "Restart=on-abnormal\n"));
		T_OK(strstr(fake_text(f, SETTLE),
			    c[i].oneshot ? "TimeoutStartSec=300\n" : "RuntimeMaxSec=300\n"));
		T_OK(!strchr(fake_text(f, SETTLE), '%'));
	}
	return 0;
}

/* Should it be wrong about the version all the same, it says so before anything is changed. */
static int settle_that_is_not_loaded_is_not_armed(void)
{
	CLEANUP_FAKE struct fake *f = fake_new();
	CLEANUP_STRV struct strv layers = { 0 };
	struct err e = { 0 };

	version = "unknown";
	version_number = 239;
	T_OK(arm(f, &layers, &e) < 0 && strstr(e.msg, "kannuki-settle.service is not armed"));
	T_OK(strstr(e.msg, "bad-setting"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(settle_is_one_that_its_systemd_takes),
		T(settle_that_is_not_loaded_is_not_armed),
	};

	return t_main(cases, COUNT(cases));
}
