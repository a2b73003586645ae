// SPDX-License-Identifier: MIT
/* audit_system.c - the clock, the logs, who bans, cloud-init and the provider, the policy itself. */
#include <string.h>

#include "base/i18n.h"
#include "controls/audit_files.h"
#include "controls/guard.h"
#include "controls/harden.h"
#include "steps/guard.h"

static bool is_active(const struct control_in *in, const char *unit)
{
	const struct unit_fact *u = facts_unit(in->facts, unit);

	return u && str_eq(u->active, "active");
}

static bool units_known(const struct control_in *in, struct finding *ret)
{
	if (in->facts->systemd)
		return true;
	finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("systemd does not answer"));
	return false;
}

/* Those of the units that are active, with commas; "" for none. malloc'd. */
static char *active_of(const struct control_in *in, const char *const *units)
{
	CLEANUP_STRV struct strv found = { 0 };

	for (size_t i = 0; units[i]; i++)
		if (is_active(in, units[i]))
			strv_add(&found, units[i]);
	return strv_join(&found, ", ");
}

/* --- the clock ------------------------------------------------------------------------------- */

static const char *const clocks[] = { "systemd-timesyncd.service",
				      "chrony.service",
				      "chronyd.service",
				      "ntp.service",
				      "ntpsec.service",
				      "openntpd.service",
				      NULL };

static int chrony_probe(const struct control_in *in, struct finding *ret, struct err *e)
{
	const struct run run = { .argv = ARGV("chronyc", "-n", "tracking"), .timeout_ms = 2000 };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	if (os_run(in->os, &run, &r, e) < 0)
		return -1;
	rest = r.out;
	while ((line = str_line(&rest))) {
		if (!str_starts(line, "Leap status"))
			continue;
		finding_set(ret, strstr(line, "Not synchronised") ? VERDICT_FAIL : VERDICT_PASS,
			    "chronyc: %s", line);
		return 0;
	}
	finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("chronyc did not answer"));
	return 0;
}

static int clock_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	CLEANUP_FREE char *who = active_of(in, clocks);
	CLEANUP_NODE struct node stamp = { 0 };

	(void)self;
	if (!units_known(in, ret))
		return 0;
	if (who[0] == '\0') {
		finding_set(ret, VERDICT_FAIL, "%s", _("nothing sets the clock"));
		return 0;
	}
	if (str_starts(who, "chrony"))
		return chrony_probe(in, ret, e);
	if (!str_eq(who, "systemd-timesyncd.service")) {
		finding_set(ret, VERDICT_PASS, "%s", who);
		return 0;
	}
	/* systemd-timesyncd.service(8): made by the first answer since boot. */
	if (os_get(in->os, "/run/systemd/timesync/synchronized", &stamp, e) < 0)
		return -1;
	finding_set(ret, stamp.type == NODE_FILE ? VERDICT_PASS : VERDICT_FAIL,
		    stamp.type == NODE_FILE ? "%s" : _("%s runs, but no server has answered yet"),
		    who);
	return 0;
}

static int one_clock_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	CLEANUP_FREE char *who = active_of(in, clocks);

	(void)self;
	(void)e;
	if (units_known(in, ret))
		finding_set(ret, strchr(who, ',') ? VERDICT_FAIL : VERDICT_PASS, "%s",
			    who[0] ? who : _("none"));
	return 0;
}

/* --- the logs --------------------------------------------------------------------------------- */

static int journal_probe(const struct control_in *in, const struct control *self,
			 struct finding *ret, struct err *e)
{
	(void)self;
	(void)e;
	if (units_known(in, ret))
		finding_set(ret,
			    is_active(in, "systemd-journald.service") ? VERDICT_PASS : VERDICT_FAIL,
			    "systemd-journald.service: %s",
			    is_active(in, "systemd-journald.service") ? _("active")
								      : _("not active"));
	return 0;
}

/* journald.conf(5), Storage=auto: kept over a restart where this folder is. */
static int kept_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	static const char *const writers[] = { "rsyslog.service", "syslog-ng.service", NULL };
	CLEANUP_FREE char *who = active_of(in, writers);
	CLEANUP_FREE char *path = xasprintf("/var/log/journal/%s", in->facts->machine_id);
	CLEANUP_NODE struct node folder = { 0 };

	(void)self;
	if (who[0]) {
		finding_set(ret, VERDICT_PASS, "%s", who);
		return 0;
	}
	if (os_get(in->os, path, &folder, e) < 0)
		return -1;
	finding_set(ret, folder.type == NODE_DIR ? VERDICT_PASS : VERDICT_FAIL,
		    folder.type == NODE_DIR ? "%s" : _("%s is not there, and no syslog runs"),
		    path);
	return 0;
}

static int log_files_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	static const char *const files[] = { "/var/log/auth.log", "/var/log/secure",
					     "/var/log/syslog",	  "/var/log/messages",
					     "/var/log/btmp",	  "/var/log/audit/audit.log" };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	for (size_t i = 0; i < COUNT(files); i++) {
		CLEANUP_NODE struct node n = { 0 };

		if (os_get(in->os, files[i], &n, e) < 0)
			return -1;
		if (n.type == NODE_FILE && (n.mode & 007) != 0)
			strv_addf(&bad, "%s: %04o", files[i], (unsigned)n.mode);
	}
	finding_list(ret, &bad, _("not for everybody"));
	return 0;
}

static int rotation_probe(const struct control_in *in, const struct control *self,
			  struct finding *ret, struct err *e)
{
	(void)self;
	(void)e;
	if (!units_known(in, ret))
		return 0;
	if (!is_active(in, "rsyslog.service") && !is_active(in, "syslog-ng.service"))
		finding_set(ret, VERDICT_PASS, "%s", _("the journal bounds itself"));
	else
		finding_set(ret, is_active(in, "logrotate.timer") ? VERDICT_PASS : VERDICT_FAIL,
			    "logrotate.timer: %s",
			    is_active(in, "logrotate.timer") ? _("active") : _("not active"));
	return 0;
}

/* --- who bans ---------------------------------------------------------------------------------- */

/* It is asked itself: one that runs and watches nothing bans nobody. */
static int guard_answers(const struct control_in *in, const char *who, struct finding *ret,
			 struct err *e)
{
	CLEANUP_GUARD_PROGRAM struct guard_program g = { 0 };
	CLEANUP_STRV struct strv jails = { 0 };
	CLEANUP_FREE char *names = NULL;
	struct err says = { 0 };
	int r;

	if (guard_program_find(in->os, &g, e) < 0)
		return -1;
	r = guard_watches(in->os,
			  g.source ? g.source
			  : g.path ? g.path
				   : GUARD_PROGRAM,
			  &jails, &says);
	names = strv_join(&jails, ", ");
	if (r < 0)
		*e = says;
	else if (r > 0)
		finding_set(ret, VERDICT_FAIL, "%s", says.msg);
	else if (jails.count == 0)
		finding_set(ret, VERDICT_FAIL, _("%s watches nothing"), GUARD_UNIT);
	else
		finding_set(ret, VERDICT_PASS, _("%s; kannuki-guard watches %s"), who, names);
	return r < 0 ? -1 : 0;
}

static int bans_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	static const char *const guards[] = { GUARD_UNIT, "fail2ban.service", "sshguard.service",
					      "crowdsec.service", NULL };
	CLEANUP_FREE char *who = active_of(in, guards);
	const struct sshd_view *v =
		in->facts->sshd.view_count > 0 ? &in->facts->sshd.view[0] : NULL;
	const char *penalties = v ? sshd_value(v, "persourcepenalties") : "";

	(void)self;
	if (!units_known(in, ret))
		return 0;
	if (is_active(in, GUARD_UNIT) && in->facts->as_root)
		return guard_answers(in, who, ret, e);
	if (who[0])
		finding_set(ret, VERDICT_PASS, "%s", who);
	else if (penalties[0] && !str_eq(penalties, "no"))
		finding_set(ret, VERDICT_PASS, _("sshd itself: PerSourcePenalties %s"), penalties);
	else if (!in->facts->as_root)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("only root may ask sshd"));
	else
		finding_set(ret, VERDICT_FAIL, "%s", _("nobody"));
	return 0;
}

/* --- cloud-init and the provider ---------------------------------------------------------------- */

static int cloud_state_probe(const struct control_in *in, const struct control *self,
			     struct finding *ret, struct err *e)
{
	const char *status = in->facts->cloud_init_status;

	(void)self;
	(void)e;
	if (!in->facts->cloud_init)
		finding_set(ret, VERDICT_PASS, "%s", _("cloud-init is not installed"));
	else
		finding_set(ret,
			    str_eq(status, "running") || str_eq(status, "error") ? VERDICT_FAIL
										 : VERDICT_PASS,
			    "cloud-init: %s", status ? _(status) : "?");
	return 0;
}

static int user_data_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	static const char *const files[] = { "/var/lib/cloud/instance/user-data.txt",
					     "/var/lib/cloud/instance/user-data.txt.i",
					     "/var/lib/cloud/instance/vendor-data.txt",
					     "/var/lib/cloud/instance/cloud-config.txt" };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	for (size_t i = 0; i < COUNT(files); i++) {
		const struct file_rule rule = { .path = files[i], .never = 077 };

		if (audit_file(in->os, &rule, &bad, e) < 0)
			return -1;
	}
	finding_list(ret, &bad, _("only root may read them"));
	return 0;
}

static int agents_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	static const char *const agents[] = { "qemu-guest-agent.service", "walinuxagent.service",
					      "google-guest-agent.service",
					      "amazon-ssm-agent.service", NULL };
	CLEANUP_FREE char *who = active_of(in, agents);

	(void)self;
	(void)e;
	if (units_known(in, ret))
		finding_set(ret, who[0] ? VERDICT_FAIL : VERDICT_PASS, "%s",
			    who[0] ? who : _("none"));
	return 0;
}

/* From inside nobody can see what is stopped on the way. */
static int provider_filter_probe(const struct control_in *in, const struct control *self,
				 struct finding *ret, struct err *e)
{
	CLEANUP_FREE char *vendor = NULL;

	(void)self;
	if (os_read(in->os, "/sys/class/dmi/id/sys_vendor", &vendor, e) < 0)
		return -1;
	finding_set(ret, VERDICT_NOT_MEASURED,
		    _("cannot be seen from this server (maker of the machine: %s)"),
		    vendor && str_trim(vendor)[0] ? str_trim(vendor) : _("not said"));
	return 0;
}

/* --- the policy ---------------------------------------------------------------------------------- */

static int policy_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	CLEANUP_PLAN struct plan p = { 0 };
	CLEANUP_STRV struct strv steps = { 0 };

	(void)self;
	if (!in->policy_text || !in->facts->as_root) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s",
			    in->policy_text ? _("only root may look")
					    : _("no policy is stored on this server yet"));
		return 0;
	}
	if (controls_plan(in, &p, e) < 0) {
		finding_set(ret, VERDICT_FAIL, "%s", e->msg);
		*e = (struct err){ 0 };
		return 0;
	}
	for (size_t i = 0; i < p.count; i++)
		strv_add(&steps, p.step[i].title);
	finding_list(ret, &steps, _("kannuki plan is empty"));
	return 0;
}

#define BY_PLAN .fix = N_("apply carries the plan out"), .by_apply = true

const struct control audit_system_controls[] = {
	{
		.id = "policy.in-force",
		.title = N_("The server is as its policy says"),
		.why = N_("something changed what was confirmed"),
		.severity = SEVERITY_MEDIUM,
		.source = "kannuki-policy(5)",
		BY_PLAN,
		.probe = policy_probe,
	},
	{
		.id = "time.synchronised",
		.title = N_("The clock follows a time server"),
		.why = N_("logs, certificates and one-time codes go wrong with the clock"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("install systemd-timesyncd or chrony; timedatectl set-ntp true"),
		.source = "systemd-timesyncd.service(8)",
		.probe = clock_probe,
	},
	{
		.id = "time.one-client",
		.title = N_("One program sets the clock"),
		.why = N_("two of them pull it to and fro"),
		.severity = SEVERITY_LOW,
		.fix = N_("disable all but one"),
		.source = "timedatectl(1)",
		.probe = one_clock_probe,
	},
	{
		.id = "log.journal",
		.title = N_("The journal is being written"),
		.why = N_("nobody would know what happened"),
		.severity = SEVERITY_HIGH,
		.fix = N_("systemctl start systemd-journald"),
		.source = "systemd-journald.service(8)",
		.probe = journal_probe,
	},
	{
		.id = "log.kept",
		.title = N_("Logs outlive a restart"),
		.why = N_("who breaks in restarts the server, and the traces are gone"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("apply writes it into a file in /etc/systemd/journald.conf.d"),
		.by_apply = true,
		.safe = true,
		.source = "journald.conf(5), Storage",
		.probe = kept_probe,
		.propose = journal_propose,
	},
	{
		.id = "log.files",
		.title = N_("Not everybody reads the logs of logins"),
		.why = N_("people type a password where the name goes"),
		.severity = SEVERITY_LOW,
		.fix = N_("chmod o-rwx"),
		.source = "syslog(3), lastb(1)",
		.probe = log_files_probe,
	},
	{
		.id = "log.rotation",
		.title = N_("Logs do not fill the disk"),
		.why = N_("on a full disk nothing is logged any more"),
		.severity = SEVERITY_LOW,
		.fix = N_("install logrotate; systemctl enable --now logrotate.timer"),
		.source = "logrotate(8)",
		.probe = rotation_probe,
	},
	{
		.id = "ban.active",
		.title = N_("Whoever keeps guessing is shut out"),
		.why = N_("guesses fill the log and take connections from real users"),
		.severity = SEVERITY_LOW,
		.fix = N_("[guard] enabled = yes in the policy; or install fail2ban, and let its "
			  "jail watch "
			  "your port of SSH"),
		.source = "kannuki-guard(8), fail2ban(1), sshd_config(5), PerSourcePenalties",
		.probe = bans_probe,
	},
	{
		.id = "cloud.finished",
		.title = N_("cloud-init has done its work without an error"),
		.why = N_("part of what was set up may be missing"),
		.severity = SEVERITY_LOW,
		.fix = N_("read /var/log/cloud-init.log"),
		.source = "cloud-init: status",
		.probe = cloud_state_probe,
	},
	{
		.id = "cloud.user-data",
		.title = N_("Only root reads what cloud-init was given"),
		.why = N_("passwords and tokens stand in it"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("chmod 600"),
		.source = "CVE-2023-1786, cloud-init: user-data",
		.probe = user_data_probe,
	},
	{
		.id = "provider.agents",
		.title = N_("No agent of the provider may change logins"),
		.why = N_("whoever gets your account there gets root here through it"),
		.severity = SEVERITY_LOW,
		.fix = N_(
			"if you do not reset passwords by the panel: systemctl disable --now UNIT"),
		.source = "qemu-ga(8)",
		.probe = agents_probe,
	},
	{
		.id = "provider.packet-filter",
		.title = N_("The provider's packet filter lets in only what is wanted"),
		.why = N_("what is closed here and there stays closed when one of them slips"),
		.severity = SEVERITY_LOW,
		.fix = N_("compare the rules in the provider's panel with kannuki status"),
		.source = "kannuki(8)",
		.probe = provider_filter_probe,
	},
	{ 0 },
};
