// SPDX-License-Identifier: MIT
/*
 * self.c - Kannuki itself: the program where sudo finds it, the policy where `kannuki plan` finds
 * it, and cloud-init kept from writing SSH passwords back in.
 */
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "steps/file.h"

#define CLOUD_PATH "/etc/cloud/cloud.cfg.d/99-kannuki.cfg"
#define CLOUD_TEXT                                                                        \
	"# Written by kannuki: a new instance id must not turn SSH passwords on again.\n" \
	"ssh_pwauth: false\n"

/* > 0: the file is there and holds just these bytes. */
static int same_file(struct os *os, const char *path, const char *data, size_t len, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get(os, path, &n, e) < 0)
		return -1;
	return n.type == NODE_FILE && n.len == len && memcmp(n.data, data, len) == 0;
}

/* Where sudo of this distribution looks, and PROGRAM_PATH is not. */
static const char *program_link(const struct control_in *in)
{
	return in->facts->distribution ? in->facts->distribution->program_link : NULL;
}

/* What a package has put there instead is found there as well. */
static int leads_to_program(struct os *os, const char *link, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get(os, link, &n, e) < 0)
		return -1;
	return n.type == NODE_FILE || (n.type == NODE_LINK && str_eq(n.data, PROGRAM_PATH));
}

/* What the program of a package says it is: "0.1.0"; malloc'd. */
static int packaged_version(struct os *os, char **ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	const char *version;

	if (os_run_ok(os, ARGV(PROGRAM_PACKAGED, "--version"), &r, e) < 0)
		return -1;
	str_make_clean(r.out);
	version = r.out + (str_starts(r.out, "kannuki ") ? strlen("kannuki ") : 0);
	/* For which machine, and its checksum, follow. */
	*ret = xstrndup(version, strcspn(version, " \n"));
	return 0;
}

/* Of a package the version counts, not the bytes: it may be built elsewhere. */
static int program_probe(const struct control_in *in, const struct control *self,
			 struct finding *ret, struct err *e)
{
	CLEANUP_FREE char *version = NULL;
	CLEANUP_NODE struct node me = { 0 };
	const char *path = NULL;
	int same;

	if (program_installed(in->os, &path, e) < 0 || os_program(in->os, &me, e) < 0)
		return -1;
	same = same_file(in->os, path ? path : PROGRAM_PATH, me.data, me.len, e);
	if (same > 0 && program_link(in))
		same = leads_to_program(in->os, program_link(in), e);
	if (same < 0)
		return -1;
	if (!same && str_eq(path, PROGRAM_PACKAGED)) {
		if (packaged_version(in->os, &version, e) < 0)
			return -1;
		same = str_eq(version, KANNUKI_VERSION);
	}
	finding_set(ret, same ? VERDICT_PASS : VERDICT_FAIL, version ? "%s (%s)" : "%s",
		    path ? path : PROGRAM_PATH, version);
	return 0;
}

static int policy_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	int same = 1;

	if (in->policy_text)
		same = same_file(in->os, POLICY_PATH, in->policy_text, strlen(in->policy_text), e);
	if (same < 0)
		return -1;
	finding_set(ret, same ? VERDICT_PASS : VERDICT_FAIL, "%s", POLICY_PATH);
	return 0;
}

static int cloud_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	int same = 1;

	if (in->facts->cloud_init && !in->policy->password_login)
		same = same_file(in->os, CLOUD_PATH, CLOUD_TEXT, strlen(CLOUD_TEXT), e);
	if (same < 0)
		return -1;
	if (!in->facts->cloud_init)
		finding_set(ret, VERDICT_PASS, "%s", _("cloud-init is not installed"));
	else
		finding_set(ret, same ? VERDICT_PASS : VERDICT_FAIL,
			    same ? "%s" : _("%s is not there, or not as apply writes it"),
			    CLOUD_PATH);
	return 0;
}

static struct step *add_files(struct draft *d, const char *id, const struct change *change,
			      size_t count)
{
	return plan_add(d->plan, &step_file, PHASE_ADD, id, step_file_args(change, count, NULL));
}

static int program_propose(const struct control_in *in, const struct finding *found,
			   struct draft *d, struct err *e)
{
	const char *link = program_link(in);
	const struct change change[] = {
		{ .path = PROGRAM_PATH, .type = NODE_FILE, .mode = 0755, .from_recover = true },
		{ .path = link, .type = NODE_LINK, .text = PROGRAM_PATH },
	};
	int there = link ? leads_to_program(in->os, link, e) : 1;

	if (there < 0 || found->verdict != VERDICT_FAIL)
		return there < 0 ? -1 : 0;
	/* A second program in front of the package's would hide every later update of it. */
	if (str_starts(found->evidence, PROGRAM_PACKAGED))
		return err_set(e, ERR_CONFLICT,
			       _("another version of kannuki is installed here as a package: %s. "
				 "This is %s. Use that one, or bring the package to this version"),
			       found->evidence, KANNUKI_VERSION);
	step_words(add_files(d, "self.program", change, there ? 1 : 2),
		   _("install this program as /usr/local/sbin/kannuki"),
		   _("\"sudo kannuki confirm\" must work from the new login"),
		   _("the file goes, or its former version comes back"));
	return 0;
}

static int policy_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			  struct err *e)
{
	const struct change change[] = {
		{ .path = "/etc/kannuki", .type = NODE_DIR, .mode = 0755 },
		{ .path = POLICY_PATH, .type = NODE_FILE, .text = in->policy_text, .mode = 0600 },
	};

	(void)e;
	if (found->verdict == VERDICT_FAIL)
		step_words(add_files(d, "self.policy", change, COUNT(change)),
			   _("store the policy as /etc/kannuki/policy.conf"),
			   _("later plans and audits compare the host with it"),
			   _("the former policy comes back"));
	return 0;
}

static int cloud_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			 struct err *e)
{
	const struct change change = {
		.path = CLOUD_PATH, .type = NODE_FILE, .text = CLOUD_TEXT, .mode = 0644
	};

	(void)in;
	(void)e;
	if (found->verdict == VERDICT_FAIL)
		step_words(add_files(d, "cloud.ssh-passwords", &change, 1),
			   _("tell cloud-init to leave SSH passwords off"),
			   _("a new instance id makes cloud-init write its SSH settings again"),
			   _("the file goes"));
	return 0;
}

const struct control self_controls[] = {
	{
		.id = "self.program",
		.title = N_("Kannuki is installed where sudo finds it"),
		.why = N_("\"sudo kannuki confirm\" must work from the new login"),
		.severity = SEVERITY_LOW,
		.source = "kannuki(8), FILES",
		.plan_only = true,
		.probe = program_probe,
		.propose = program_propose,
	},
	{
		.id = "self.policy",
		.title = N_("The policy is stored on the host"),
		.why = N_("later plans and audits compare the host with it"),
		.severity = SEVERITY_LOW,
		.source = "kannuki(8), FILES",
		.plan_only = true,
		.probe = policy_probe,
		.propose = policy_propose,
	},
	{
		.id = "cloud.ssh-passwords",
		.title = N_("cloud-init does not turn SSH passwords on again"),
		.why = N_("a new instance id makes cloud-init write its SSH settings again"),
		.severity = SEVERITY_HIGH,
		.source = "cloud-init: module set-passwords (ssh_pwauth)",
		.fix = N_("apply writes it"),
		.by_apply = true,
		.setting = "ssh_pwauth: false (/etc/cloud/cloud.cfg.d/99-kannuki.cfg)",
		.probe = cloud_probe,
		.propose = cloud_propose,
	},
	{ 0 },
};
