// SPDX-License-Identifier: MIT
/* selinux_port.c - the port of SSH has the label by which SELinux lets sshd have it (trap 15). */
#include "steps/selinux_port.h"

#include "base/i18n.h"
#include "controls/control.h"

static bool listens(const struct facts *f, unsigned port)
{
	for (size_t i = 0; i < f->sshd.port_count; i++)
		if (f->sshd.port[i] == port)
			return true;
	return false;
}

static int probe(const struct control_in *in, const struct control *self, struct finding *ret,
		 struct err *e)
{
	const struct selinux_fact *s = &in->facts->selinux;
	unsigned port = ssh_port_wanted(in);

	(void)self;
	(void)e;
	if (!s->enabled)
		finding_set(ret, VERDICT_PASS, "%s", _("SELinux is off"));
	else if (listens(in->facts, port))
		finding_set(ret, VERDICT_PASS, _("sshd listens on port %u"), port);
	else if (!s->tool)
		finding_set(ret, VERDICT_FAIL, _("%s is not installed"), "semanage");
	else if (!s->port_type)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("semanage does not answer"));
	else
		finding_set(ret, str_eq(s->port_type, SSH_PORT_TYPE) ? VERDICT_PASS : VERDICT_FAIL,
			    _("port %u: %s"), port, s->port_type);
	return 0;
}

static int propose(const struct control_in *in, const struct finding *found, struct draft *d,
		   struct err *e)
{
	const struct selinux_fact *s = &in->facts->selinux;
	unsigned port = ssh_port_wanted(in);
	CLEANUP_FREE char *title = NULL;

	if (found->verdict == VERDICT_NOT_MEASURED && in->facts->as_root && s->enforcing)
		return err_set(
			e, ERR_CONFLICT,
			_("SELinux is on, and semanage does not say which label port %u has: "
			  "semanage port -l"),
			port);
	if (found->verdict != VERDICT_FAIL)
		return 0;
	if (!s->tool)
		strv_add(&d->plan->packages, SEMANAGE_PACKAGE);
	title = xasprintf(_("give port %u the SELinux label %s"), port, SSH_PORT_TYPE);
	step_words(plan_add(d->plan, &step_selinux_port, PHASE_ADD, "ssh.port-label",
			    step_selinux_port_args(port)),
		   title, _("without it SELinux does not let sshd listen there"),
		   _("the port has its former label"));
	return 0;
}

const struct control selinux_port_controls[] = {
	{
		.id = "ssh.port-label",
		.title = N_("SELinux lets sshd have its port"),
		.why = N_("without it SELinux does not let sshd listen there"),
		.severity = SEVERITY_MEDIUM,
		.source = "semanage-port(8)",
		.plan_only = true,
		.probe = probe,
		.propose = propose,
	},
	{ 0 },
};
