// SPDX-License-Identifier: MIT
/* audit_sshd.c - values of sshd that shall be so for everybody, one row each. */
#include "controls/audit_sshd.h"

#include <string.h>

#include "base/i18n.h"
#include "core/ssh_weak.h"

bool sshd_was_asked(const struct control_in *in, struct finding *ret)
{
	const struct facts *f = in->facts;

	if (f->sshd_refuses)
		finding_set(ret, VERDICT_NOT_MEASURED, _("sshd refuses its configuration: %s"),
			    f->sshd_refuses);
	else if (!f->sshd.program)
		finding_set(ret, VERDICT_PASS, "%s", _("sshd is not installed"));
	else if (f->sshd.view_count == 0)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("only root may ask sshd"));
	else
		return true;
	return false;
}

char *sshd_setting_evidence(const struct sshd_setting *s)
{
	if (s->file)
		return xasprintf("%s %s (%s:%u)", s->keyword, s->value, s->file, s->line);
	return xasprintf("%s %s (%s)", s->keyword, s->value, _("default"));
}

static bool one_of(const char *words, const char *value)
{
	CLEANUP_STRV struct strv all = { 0 };

	strv_split(&all, words, " ");
	return strv_has(&all, value);
}

char *sshd_rule_fault(const struct sshd_rule *r, const struct sshd_setting *s)
{
	CLEANUP_FREE char *bad = NULL;
	const char *full;
	uint64_t n;

	switch (r->test) {
	case VALUE_IS:
	case VALUE_ONE_OF:
		return one_of(r->words, s->value) ? NULL : sshd_setting_evidence(s);
	case NUMBER_UP_TO:
		if (str_to_u64(s->value, 1, r->number, &n) == 0)
			return NULL;
		return sshd_setting_evidence(s);
	case STARTS_UP_TO:
		full = strrchr(s->value, ':');
		if (str_to_u64(full ? full + 1 : s->value, 1, r->number, &n) == 0)
			return NULL;
		return sshd_setting_evidence(s);
	case VALUE_NOT:
		return one_of(r->words, s->value) ? sshd_setting_evidence(s) : NULL;
	case LIST_WITHOUT:
		bad = ssh_list_fits(s->value, r->words);
		if (!bad)
			return NULL;
		if (s->file)
			return xasprintf("%s: %s (%s:%u)", s->keyword, bad, s->file, s->line);
		return xasprintf("%s: %s (%s)", s->keyword, bad, _("default"));
	}
	return NULL;
}

/* What of the matrix breaks a rule. */
struct broken {
	const struct sshd_setting *any; /* one that has the keyword at all */
	const struct sshd_view *view;	/* the first that breaks it */
	size_t asked, count;
};

static struct broken look_at_views(const struct sshd *s, const struct sshd_rule *r)
{
	struct broken b = { 0 };

	for (size_t i = 0; i < s->view_count; i++) {
		const struct sshd_setting *x = sshd_setting(&s->view[i], r->keyword);
		CLEANUP_FREE char *fault = x ? sshd_rule_fault(r, x) : NULL;

		b.any = b.any ? b.any : x;
		b.asked += x != NULL;
		b.count += fault != NULL;
		if (fault && !b.view)
			b.view = &s->view[i];
	}
	return b;
}

/* Asked for every user, address and port of the matrix: a Match may differ. */
static int probe_rule(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	const struct sshd_rule *r = self->param;
	CLEANUP_FREE char *text = NULL;
	struct broken b;

	(void)e;
	if (!sshd_was_asked(in, ret))
		return 0;
	b = look_at_views(&in->facts->sshd, r);
	if (!b.any) {
		finding_set(ret, VERDICT_PASS, _("this OpenSSH has no %s"), r->keyword);
	} else if (!b.view) {
		text = r->test == LIST_WITHOUT ? xstrdup(r->keyword) : sshd_setting_evidence(b.any);
		finding_set(ret, VERDICT_PASS, "%s", text);
	} else {
		text = sshd_rule_fault(r, sshd_setting(b.view, r->keyword));
		if (b.count == b.asked)
			finding_set(ret, VERDICT_FAIL, "%s", text);
		else
			finding_set(ret, VERDICT_FAIL, _("for user %s: %s"), b.view->user, text);
	}
	return 0;
}

#define RULE(k, t, w, n)                                                 \
	&(const struct sshd_rule)                                        \
	{                                                                \
		.keyword = (k), .test = (t), .words = (w), .number = (n) \
	}
#define BY_HAND                                                                                 \
	.fix = N_("correct the line, or set it in a file of /etc/ssh/sshd_config.d that sorts " \
		  "first"),                                                                     \
	.probe = probe_rule

#define BY_APPLY                                                                  \
	.fix = N_("apply writes it into sshd's configuration"), .by_apply = true, \
	.probe = probe_rule, .propose = sshd_rule_propose
#define SAFE .safe = true, BY_APPLY

const struct control audit_sshd_controls[] = {
	{
		.id = "door.empty-passwords",
		.setting = "PermitEmptyPasswords no",
		.why = N_("an account without a password would be open to everybody"),
		.severity = SEVERITY_CRITICAL,
		.source = "sshd_config(5), PermitEmptyPasswords",
		.param = RULE("permitemptypasswords", VALUE_IS, "no", 0),
		SAFE,
	},
	{
		.id = "door.host-based",
		.setting = "HostbasedAuthentication no",
		.why = N_("whoever is root on a trusted host gets in as anybody"),
		.severity = SEVERITY_HIGH,
		.source = "sshd_config(5), HostbasedAuthentication",
		.param = RULE("hostbasedauthentication", VALUE_IS, "no", 0),
		.named = N_("who has set it up logs in by it"),
		BY_APPLY,
	},
	{
		.id = "door.rhosts",
		.setting = "IgnoreRhosts yes",
		.why = N_("a user's .rhosts file must open no door"),
		.severity = SEVERITY_MEDIUM,
		.source = "sshd_config(5), IgnoreRhosts",
		.param = RULE("ignorerhosts", VALUE_ONE_OF, "yes shosts-only", 0),
		.named = N_("who has set it up logs in by it"),
		BY_APPLY,
	},
	{
		.id = "door.public-key",
		.setting = "PubkeyAuthentication yes",
		.why = N_("without it passwords are all that is left"),
		.severity = SEVERITY_MEDIUM,
		.source = "sshd_config(5), PubkeyAuthentication",
		.param = RULE("pubkeyauthentication", VALUE_IS, "yes", 0),
		.fix = N_("apply writes it into sshd's configuration"),
		.by_apply = true,
		.probe = probe_rule,
	},
	{
		.id = "door.strict-modes",
		.setting = "StrictModes yes",
		.why = N_("else others may write a user's keys without sshd minding"),
		.severity = SEVERITY_HIGH,
		.source = "sshd_config(5), StrictModes",
		.param = RULE("strictmodes", VALUE_IS, "yes", 0),
		.named = N_("who can write the home of a user shuts that user out"),
		BY_APPLY,
	},
	{
		.id = "door.pam",
		.setting = "UsePAM yes",
		.why = N_("without PAM the rules of /etc/pam.d do not hold, and keys of locked "
			  "accounts fail"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), UsePAM",
		.param = RULE("usepam", VALUE_IS, "yes", 0),
		BY_HAND,
	},
	{
		.id = "door.max-auth-tries",
		.setting = "MaxAuthTries 4",
		.why = N_("each connection would be good for many guesses"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), MaxAuthTries",
		.param = RULE("maxauthtries", NUMBER_UP_TO, NULL, 4),
		SAFE,
	},
	{
		.id = "door.login-grace",
		.setting = "LoginGraceTime 120",
		.why = N_("connections that never log in would pile up"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), LoginGraceTime",
		.param = RULE("logingracetime", NUMBER_UP_TO, NULL, 120),
		SAFE,
	},
	{
		.id = "door.x11",
		.setting = "X11Forwarding no",
		.why = N_("a server taken over could read the keyboard of who logs in with X11"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), X11Forwarding",
		.param = RULE("x11forwarding", VALUE_IS, "no", 0),
		SAFE,
	},
	{
		.id = "door.max-startups",
		.setting = "MaxStartups 10:30:100",
		.why = N_("connections that never log in could take all of the memory"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), MaxStartups",
		.param = RULE("maxstartups", STARTS_UP_TO, NULL, 100),
		SAFE,
	},
	{
		.id = "door.log-failures",
		.setting = "LogLevel VERBOSE",
		.why = N_("which key was tried, and refused, would not be known"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), LogLevel",
		.param = RULE("loglevel", VALUE_ONE_OF, "VERBOSE DEBUG DEBUG1 DEBUG2 DEBUG3", 0),
		SAFE,
	},
	{
		.id = "door.log-level",
		.setting = "LogLevel INFO",
		.why = N_("who logged in, and who tried, would not be known"),
		.severity = SEVERITY_MEDIUM,
		.source = "sshd_config(5), LogLevel",
		.param = RULE("loglevel", VALUE_ONE_OF, "INFO VERBOSE DEBUG DEBUG1 DEBUG2 DEBUG3",
			      0),
		SAFE,
	},
	{
		.id = "door.user-environment",
		.setting = "PermitUserEnvironment no",
		.why = N_("a user could load a library past a forced command"),
		.severity = SEVERITY_MEDIUM,
		.source = "sshd_config(5), PermitUserEnvironment",
		.param = RULE("permituserenvironment", VALUE_IS, "no", 0),
		.named = N_("who uses it loses what stands in ~/.ssh/environment"),
		BY_APPLY,
	},
	{
		.id = "door.tunnel",
		.setting = "PermitTunnel no",
		.why = N_("a login could join networks past the packet filter"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), PermitTunnel",
		.param = RULE("permittunnel", VALUE_IS, "no", 0),
		.named = N_("who has set it up joins networks by it"),
		BY_APPLY,
	},
	{
		.id = "door.gateway-ports",
		.setting = "GatewayPorts no",
		.why = N_("a login could open ports of this server to everybody"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), GatewayPorts",
		.param = RULE("gatewayports", VALUE_IS, "no", 0),
		.named = N_("who has set it up lets others use forwarded ports"),
		BY_APPLY,
	},
	{
		.id = "door.keys-command",
		.title = N_("No program that root runs says which keys get in"),
		.why = N_("a fault in that program would be a fault as root"),
		.severity = SEVERITY_MEDIUM,
		.source = "sshd_config(5), AuthorizedKeysCommandUser",
		.param = RULE("authorizedkeyscommanduser", VALUE_NOT, "root", 0),
		.fix = N_("let a user that owns nothing else run it"),
		.probe = probe_rule,
	},
	{
		.id = "door.ciphers",
		.title = N_("sshd offers no broken cipher"),
		.why = N_("CBC and RC4 leak plain text, 3DES and Blowfish have blocks too small"),
		.severity = SEVERITY_HIGH,
		.source = "RFC 8758, CVE-2008-5161, CVE-2016-2183",
		.param = RULE("ciphers", LIST_WITHOUT, SSH_BROKEN_CIPHERS, 0),
		SAFE,
	},
	{
		.id = "door.macs",
		.title = N_("sshd offers no weak MAC"),
		.why = N_("MD5, SHA-1 and short tags are out of date, and no client of today needs "
			  "them"),
		.severity = SEVERITY_LOW,
		.source = "RFC 9142, ssh-audit",
		.param = RULE("macs", LIST_WITHOUT, SSH_WEAK_MACS, 0),
		SAFE,
	},
	{
		.id = "door.key-exchange",
		.title = N_("sshd offers no key exchange by SHA-1"),
		.why = N_("1024-bit groups and SHA-1 can be broken by who records the traffic"),
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 9142",
		.param = RULE("kexalgorithms", LIST_WITHOUT, SSH_WEAK_KEX, 0),
		SAFE,
	},
	{
		.id = "door.host-key-algorithms",
		.title = N_("sshd signs with no SHA-1 and no DSA"),
		.why = N_("whoever forges such a signature can play this server"),
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 8332, RFC 9142",
		.param = RULE("hostkeyalgorithms", LIST_WITHOUT, SSH_WEAK_HOST_KEYS, 0),
		SAFE,
	},
	{
		.id = "door.key-algorithms",
		.title = N_("sshd takes no login key by SHA-1 or DSA"),
		.why = N_("whoever forges such a signature can play a user"),
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 8332, RFC 9142",
		.param = RULE("pubkeyacceptedalgorithms", LIST_WITHOUT, SSH_WEAK_HOST_KEYS, 0),
		.named = N_("a client of some years ago signs with an RSA key by SHA-1 only"),
		BY_APPLY,
	},
	{
		.id = "door.nist-curves",
		.title = N_("sshd offers no curves of NIST where the policy says so"),
		.why = N_("nobody but their makers knows where their numbers come from"),
		.severity = SEVERITY_LOW,
		.source = "ssh-audit, SafeCurves",
		.param = RULE("kexalgorithms", LIST_WITHOUT, SSH_NIST_KEX, 0),
		.named = N_("clients that know this server by such a key are asked anew"),
		.fix = N_("apply writes it into sshd's configuration"),
		.by_apply = true,
		.plan_only = true,
		.probe = sshd_nist_probe,
		.propose = sshd_nist_propose,
	},
	{ 0 },
};
