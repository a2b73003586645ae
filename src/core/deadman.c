// SPDX-License-Identifier: MIT
/* deadman.c - see deadman.h. */
#include "core/deadman.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

#define RUN_UNITS   "/run/systemd/system"
#define ETC_UNITS   "/etc/systemd/system"
#define BOOT_UNIT   "kannuki-recover-boot.service"
#define SETTLE_UNIT "kannuki-settle.service"

/* Whose rules undo puts back: early boot does their files before them, settle looks at the kernel after them.
 * Not each of them is before network.target, so each is named. */
#define FILTER_OWNERS                                                                  \
	"nftables.service ufw.service firewalld.service netfilter-persistent.service " \
	"iptables.service ip6tables.service"

struct layer {
	const char *file; /* with %s for the id */
	const char *dir;
	const char *wants; /* folder below ETC_UNITS whose link enables it, or NULL */
	const char *text;  /* %P program, %I id, %D seconds, %T type (type_of_settle) */
};

/* What the layers run may wait for PID 1 but never for the disk of a user session: protect them from
 * the OOM killer, and let none of them be ordered behind anything. */
/* IgnoreOnIsolate: `systemctl isolate` stops all that its target does not want, and would disarm us.
 * CollectMode: one that was killed must not stay behind as a failed unit when its file is gone. */
static const struct layer apply_layer = {
	"kannuki-apply@%s.service",
	RUN_UNITS,
	NULL,
	"[Unit]\n"
	"Description=Kannuki: carries out transaction %I\n"
	"DefaultDependencies=no\n"
	"IgnoreOnIsolate=yes\n"
	"CollectMode=inactive-or-failed\n"
	"[Service]\n"
	"Type=exec\n"
	"ExecStart=%P apply-run %I\n"
	"StandardInput=null\n"
	"OOMScoreAdjust=-900\n"
	"TimeoutStopSec=10\n",
};

static const struct layer layers[] = {
	{ "kannuki-recover@%s.service", RUN_UNITS, NULL,
	  "[Unit]\n"
	  "Description=Kannuki: finishes or undoes transaction %I\n"
	  "DefaultDependencies=no\n"
	  "IgnoreOnIsolate=yes\n"
	  "CollectMode=inactive-or-failed\n"
	  "[Service]\n"
	  "Type=oneshot\n"
	  "ExecStart=%P recover --id %I\n"
	  "StandardInput=null\n"
	  "OOMScoreAdjust=-900\n"
	  "TimeoutStartSec=4500\n" },
	{ "kannuki-sentinel@%s.service", RUN_UNITS, NULL,
	  "[Unit]\n"
	  "Description=Kannuki: watches transaction %I\n"
	  "DefaultDependencies=no\n"
	  "IgnoreOnIsolate=yes\n"
	  "StartLimitIntervalSec=0\n"
	  "CollectMode=inactive-or-failed\n"
	  "[Service]\n"
	  "Type=exec\n"
	  "ExecStart=%P sentinel %I\n"
	  "Restart=always\n"
	  "RestartSec=1\n"
	  "SuccessExitStatus=64\n"
	  "RestartPreventExitStatus=64\n"
	  "StandardInput=null\n"
	  "OOMScoreAdjust=-900\n"
	  "TimeoutStopSec=10\n" },
	{ "kannuki-deadline@%s.timer", RUN_UNITS, NULL,
	  "[Unit]\n"
	  "Description=Kannuki: the deadline of transaction %I\n"
	  "DefaultDependencies=no\n"
	  "IgnoreOnIsolate=yes\n"
	  "[Timer]\n"
	  "OnStartupSec=%D\n"
	  "AccuracySec=1s\n"
	  "Unit=kannuki-recover@%I.service\n" },
	{ BOOT_UNIT, ETC_UNITS, "sysinit.target.wants",
	  "[Unit]\n"
	  "Description=Kannuki: undoes transaction %I, which nobody confirmed\n"
	  "DefaultDependencies=no\n"
	  "After=local-fs.target systemd-remount-fs.service\n"
	  "RequiresMountsFor=/var/lib/kannuki /etc /home\n"
	  "Wants=network-pre.target\n"
	  "Conflicts=shutdown.target\n"
	  "Before=shutdown.target cloud-init-local.service network-pre.target ssh.service "
	  "ssh.socket "
	  "sshd.service sshd.socket " FILTER_OWNERS "\n"
	  "CollectMode=inactive-or-failed\n"
	  "[Service]\n"
	  "Type=oneshot\n"
	  "ExecStart=%P recover --boot\n"
	  "StandardInput=null\n"
	  "TimeoutStartSec=60\n"
	  "[Install]\n"
	  "WantedBy=sysinit.target\n" },
	{ SETTLE_UNIT, ETC_UNITS, "multi-user.target.wants",
	  "[Unit]\n"
	  "Description=Kannuki: settles transaction %I after a boot\n"
	  "After=" BOOT_UNIT " ssh.service ssh.socket sshd.service sshd.socket " FILTER_OWNERS
	  " network.target\n"
	  "StartLimitIntervalSec=0\n"
	  "CollectMode=inactive-or-failed\n"
	  "[Service]\n"
	  "Type=%T\n"
	  "ExecStart=%P recover --settle\n"
	  "Restart=on-abnormal\n"
	  "RestartSec=1\n"
	  "StandardInput=null\n"
	  "TimeoutStartSec=300\n"
	  "[Install]\n"
	  "WantedBy=multi-user.target\n" },
};

static char *unit_name(const struct layer *l, const char *id)
{
	CLEANUP_STR struct str s = { 0 };
	const char *at = strstr(l->file, "%s");

	if (!at)
		return xstrdup(l->file);
	str_add_bytes(&s, l->file, (size_t)(at - l->file));
	str_add(&s, id);
	str_add(&s, at + 2);
	return str_take(&s);
}

static char *unit_path(const struct layer *l, const char *id)
{
	CLEANUP_FREE char *name = unit_name(l, id);

	return xasprintf("%s/%s", l->dir, name);
}

/* What is found out for the text of units. */
struct values {
	uint64_t startup_seconds;
	const char *settle; /* a type, and what else goes with it */
};

static char *unit_text(const struct layer *l, const struct deadman *d, const struct values *v)
{
	CLEANUP_STR struct str s = { 0 };

	for (const char *p = l->text; *p; p++) {
		if (*p != '%') {
			str_add_bytes(&s, p, 1);
			continue;
		}
		switch (*++p) {
		case 'P':
			str_add(&s, d->program);
			break;
		case 'I':
			str_add(&s, d->id);
			break;
		case 'T':
			str_add(&s, v->settle);
			break;
		default:
			str_addf(&s, "%llu", (unsigned long long)v->startup_seconds);
			break;
		}
	}
	return str_take(&s);
}

/* One property of a unit as PID 1 has it; "" when it has none. */
static int property(struct os *os, const char *unit, const char *name, char **ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run_ok(os, ARGV("systemctl", "show", "--value", "-p", name, "--", unit), &r, e) < 0)
		return -1;
	*ret = xstrdup(str_trim(r.out));
	return 0;
}

/* The timer counts from when this boot's userspace began: that survives every daemon-reload, which
 * restarts OnActiveSec= timers, and it has the right base in containers, which OnBootSec= has not. */
static int startup_seconds(struct os *os, int64_t deadline, uint64_t *ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	int64_t left, at;
	uint64_t userspace;

	if (os_run_ok(os, ARGV("systemctl", "show", "--value", "-p", "UserspaceTimestampMonotonic"),
		      &r, e) < 0)
		return -1;
	if (str_to_u64(str_trim(r.out), 0, UINT64_MAX, &userspace) < 0)
		return err_set(e, ERR_FAILED, _("systemd does not say when userspace began"));
	left = deadline - os_now(os, OS_BOOTTIME);
	at = os_now(os, OS_MONOTONIC) + left - (int64_t)userspace * 1000;
	*ret = at <= 0 ? 1 : (uint64_t)((at + 999999999) / 1000000000);
	return 0;
}

/* One that was killed is started again. systemd before 244 (RHEL 8) takes no Restart= beside oneshot, and then not the
 * unit: there it is a service that ends by itself, within a time that has another name. */
static int type_of_settle(struct os *os, const char **ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_FREE char *number = NULL;
	uint64_t version;
	const char *text;

	if (os_run_ok(os, ARGV("systemctl", "show", "--value", "-p", "Version"), &r, e) < 0)
		return -1;
	/* "239 (239-82.el8)", "252.39-1~deb12u1", "v247" */
	text = r.out + strcspn(r.out, "0123456789");
	number = xstrndup(text, strspn(text, "0123456789"));
	*ret = str_to_u64(number, 1, INT32_MAX, &version) == 0 && version < 244
		       ? "simple\nRuntimeMaxSec=300"
		       : "oneshot";
	return 0;
}

/* A folder that systemd looks into may not be there yet on a bare image. */
static int write_layer(struct os *os, const struct layer *l, const struct deadman *d,
		       const struct values *v, struct err *e)
{
	CLEANUP_FREE char *path = unit_path(l, d->id);
	CLEANUP_FREE char *text = unit_text(l, d, v);

	if (os_mkdir(os, l->dir, 0755, e) < 0 || os_write(os, path, text, 0644, e) < 0)
		return -1;
	if (l->wants) {
		CLEANUP_FREE char *dir = xasprintf("%s/%s", ETC_UNITS, l->wants);
		CLEANUP_FREE char *link = xasprintf("%s/%s", dir, l->file);
		CLEANUP_NODE struct node n = { .type = NODE_LINK, .mode = 0777 };

		n.data = xstrdup(path);
		n.len = strlen(path);
		if (os_mkdir(os, dir, 0755, e) < 0 || os_put(os, link, NULL, &n, e) < 0)
			return -1;
	}
	return 0;
}

static int daemon_reload(struct os *os, struct err *e)
{
	return os_run_ok(os, ARGV("systemctl", "daemon-reload"), NULL, e);
}

int deadman_write_apply_unit(struct os *os, const struct deadman *d, struct err *e)
{
	const struct values none = { 0 };

	if (write_layer(os, &apply_layer, d, &none, e) < 0 || daemon_reload(os, e) < 0)
		return err_ctx(e, _("apply unit"));
	return 0;
}

/* PID 1 must show it: a file in the right place that systemd did not read arms nothing. */
static int expect_property(struct os *os, const char *unit, const char *name, const char *want,
			   struct err *e)
{
	CLEANUP_FREE char *got = NULL;

	if (property(os, unit, name, &got, e) < 0)
		return -1;
	if (!str_eq(got, want))
		return err_set(e, ERR_FAILED, _("%s is not armed: %s is \"%s\", not \"%s\""), unit,
			       name, got, want);
	return 0;
}

static int expect_armed(struct os *os, const char *id, deadman_armed_fn *armed, void *arg,
			struct err *e)
{
	CLEANUP_FREE char *sentinel = xasprintf("kannuki-sentinel@%s.service", id);
	CLEANUP_FREE char *timer = xasprintf("kannuki-deadline@%s.timer", id);
	CLEANUP_FREE char *recover = xasprintf("kannuki-recover@%s.service", id);

	if (expect_property(os, sentinel, "ActiveState", "active", e) < 0 ||
	    armed(arg, "sentinel", e) < 0)
		return -1;
	if (expect_property(os, timer, "ActiveState", "active", e) < 0 ||
	    expect_property(os, recover, "LoadState", "loaded", e) < 0 ||
	    armed(arg, "deadline", e) < 0)
		return -1;
	if (expect_property(os, BOOT_UNIT, "UnitFileState", "enabled", e) < 0 ||
	    expect_property(os, BOOT_UNIT, "NeedDaemonReload", "no", e) < 0 ||
	    armed(arg, "boot", e) < 0)
		return -1;
	/* loaded: what PID 1 does not understand in it would else show after the boot. */
	if (expect_property(os, SETTLE_UNIT, "UnitFileState", "enabled", e) < 0 ||
	    expect_property(os, SETTLE_UNIT, "LoadState", "loaded", e) < 0)
		return -1;
	return armed(arg, DEADMAN_LAST_ARMED, e);
}

int deadman_arm(struct os *os, const struct deadman *d, deadman_armed_fn *armed, void *arg,
		struct err *e)
{
	CLEANUP_FREE char *sentinel = xasprintf("kannuki-sentinel@%s.service", d->id);
	CLEANUP_FREE char *timer = xasprintf("kannuki-deadline@%s.timer", d->id);
	struct values v = { 0 };

	if (startup_seconds(os, d->deadline, &v.startup_seconds, e) < 0 ||
	    type_of_settle(os, &v.settle, e) < 0)
		return err_ctx(e, _("dead-man"));
	for (size_t i = 0; i < COUNT(layers); i++)
		if (write_layer(os, &layers[i], d, &v, e) < 0)
			return err_ctx(e, _("dead-man"));
	if (daemon_reload(os, e) < 0 ||
	    os_run_ok(os, ARGV("systemctl", "restart", sentinel, timer), NULL, e) < 0 ||
	    expect_armed(os, d->id, armed, arg, e) < 0)
		return err_ctx(e, _("dead-man"));
	return 0;
}

int deadman_rearm(struct os *os, const struct deadman *d, struct err *e)
{
	CLEANUP_FREE char *timer = xasprintf("kannuki-deadline@%s.timer", d->id);
	struct values v = { 0 };

	if (startup_seconds(os, d->deadline, &v.startup_seconds, e) < 0)
		return err_ctx(e, _("dead-man"));
	for (size_t i = 0; i < COUNT(layers); i++)
		if (str_starts(layers[i].file, "kannuki-deadline@") &&
		    write_layer(os, &layers[i], d, &v, e) < 0)
			return err_ctx(e, _("dead-man"));
	if (daemon_reload(os, e) < 0 ||
	    os_run_ok(os, ARGV("systemctl", "restart", timer), NULL, e) < 0 ||
	    expect_property(os, timer, "ActiveState", "active", e) < 0)
		return err_ctx(e, _("dead-man"));
	return 0;
}

static void keep_first(struct err *first, const struct err *e)
{
	if (first->kind == ERR_NONE)
		*first = *e;
}

static bool is_settle(const char *name)
{
	return str_starts(name + (name[0] == '.'), SETTLE_UNIT);
}

/* Every unit file in a folder that is of this transaction, or of any; also one that a killed run had
 * staged: .NAME.kannuki~. A folder of drop-ins (NAME.d) is its owner's. */
static bool is_ours(const char *name, const char *id)
{
	const char *at = strchr(name, '@');

	if (str_ends(name, ".d"))
		return false;
	name += name[0] == '.';
	if (str_starts(name, BOOT_UNIT) || str_starts(name, SETTLE_UNIT))
		return true;
	if (!at ||
	    (!str_starts(name, "kannuki-apply@") && !str_starts(name, "kannuki-sentinel@") &&
	     !str_starts(name, "kannuki-deadline@") && !str_starts(name, "kannuki-recover@")))
		return false;
	return !id || (str_starts(at + 1, id) && at[1 + strlen(id)] == '.');
}

/* All, or all but settle's. 1: something went. */
/* NOLINTNEXTLINE(readability-function-size): it gathers the errors of several folders */
static int remove_units(struct os *os, const char *dir, const char *id, bool settle_too,
			struct err *first)
{
	CLEANUP_STRV struct strv names = { 0 };
	struct err e = { 0 };
	int gone = 0;

	if (os_list(os, dir, &names, &e) != 0)
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", dir, names.item[i]);

		if (!is_ours(names.item[i], id) || (!settle_too && is_settle(names.item[i])))
			continue;
		gone = 1;
		if (os_remove(os, path, &e) < 0)
			keep_first(first, &e);
	}
	return gone;
}

/* Stopping the unit that we run in would kill us in the middle: those end by themselves. */
static void stop_units(struct os *os, struct err *first)
{
	struct err e = { 0 };

	/* A pattern that matches nothing is success for systemctl. */
	if (os_run_ok(os, ARGV("systemctl", "stop", "kannuki-deadline@*.timer"), NULL, &e) < 0)
		keep_first(first, &e);
	if (os_run_ok(os, ARGV("systemctl", "--no-block", "stop", "kannuki-sentinel@*.service"),
		      NULL, &e) < 0)
		keep_first(first, &e);
}

int deadman_disarm(struct os *os, const char *id, bool boot, struct err *e)
{
	struct err first = { 0 };
	int gone;

	if (!boot)
		stop_units(os, &first);
	/* The links before their files: a file that nothing wants is never run. Settle last: should the power
	 * go meanwhile, it takes the rest away at the next boot. */
	gone = remove_units(os, ETC_UNITS "/sysinit.target.wants", id, true, &first);
	gone |= remove_units(os, ETC_UNITS, id, false, &first);
	gone |= remove_units(os, RUN_UNITS, id, true, &first);
	gone |= remove_units(os, ETC_UNITS "/multi-user.target.wants", id, true, &first);
	gone |= remove_units(os, ETC_UNITS, id, true, &first);
	if (gone && daemon_reload(os, e) < 0)
		keep_first(&first, e);
	if (first.kind == ERR_NONE)
		return 0;
	*e = first;
	return err_ctx(e, _("taking the dead-man away"));
}

int deadman_outlives_boot(struct os *os, const char *id, struct err *e)
{
	static const char *const files[] = { ETC_UNITS "/" BOOT_UNIT, ETC_UNITS "/" SETTLE_UNIT };

	for (size_t i = 0; i < COUNT(files); i++) {
		CLEANUP_FREE char *text = NULL;
		int r = os_read(os, files[i], &text, e);

		if (r < 0 || (r == 0 && strstr(text, id)))
			return r < 0 ? r : 1;
	}
	return 0;
}

static int state_of(struct os *os, const char *kind, const char *id, char **ret, struct err *e)
{
	CLEANUP_FREE char *unit = xasprintf("kannuki-%s@%s.service", kind, id);

	return property(os, unit, "ActiveState", ret, e);
}

static bool is_alive(const char *state)
{
	return str_eq(state, "active") || str_eq(state, "activating") || str_eq(state, "reloading");
}

/* One that is being stopped, too: a program of its may still write, until PID 1 kills it. */
int deadman_apply_alive(struct os *os, const char *id, struct err *e)
{
	CLEANUP_FREE char *state = NULL;

	if (state_of(os, "apply", id, &state, e) < 0)
		return -1;
	return is_alive(state) || str_eq(state, "deactivating");
}

int deadman_watched(struct os *os, const char *id, struct err *e)
{
	CLEANUP_FREE char *state = NULL;

	return state_of(os, "sentinel", id, &state, e) < 0 ? -1 : is_alive(state);
}

int deadman_kill_apply(struct os *os, const char *id, struct err *e)
{
	CLEANUP_FREE char *unit = xasprintf("kannuki-apply@%s.service", id);
	CLEANUP_RUN struct run_result r = { 0 };
	struct run kill = { .argv = ARGV("systemctl", "kill", "-s", "KILL", "--", unit) };

	/* It may have ended meanwhile: then there is nothing to kill, and that is no failure. */
	return os_run(os, &kill, &r, e);
}
