// SPDX-License-Identifier: MIT
/* audit_sshd.c - values of sshd that shall be so for everybody, one row each. */
#include "controls/audit_sshd.h"

#include <fnmatch.h>

#include "base/i18n.h"

enum sshd_test {
	VALUE_IS,
	VALUE_ONE_OF, /* of the words */
	NUMBER_UP_TO, /* 1 to .number; 0 means without end to sshd */
	LIST_WITHOUT, /* no element of the comma separated value fits a pattern of the words */
	VALUE_NOT,    /* none of the words */
};

struct sshd_rule {
	const char *keyword; /* as sshd -T prints it */
	enum sshd_test test;
	const char *words; /* separated by blanks */
	unsigned long number;
};

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

/* The elements of a list that a pattern fits, separated by commas; NULL: none. */
static char *elements_that_fit(const char *list, const char *patterns)
{
	CLEANUP_STRV struct strv elements = { 0 };
	CLEANUP_STRV struct strv all = { 0 };
	CLEANUP_STRV struct strv found = { 0 };

	strv_split(&elements, list, ",\n ");
	strv_split(&all, patterns, " ");
	for (size_t i = 0; i < elements.count; i++)
		for (size_t k = 0; k < all.count; k++)
			if (fnmatch(all.item[k], elements.item[i], 0) == 0) {
				strv_add(&found, elements.item[i]);
				break;
			}
	return found.count > 0 ? strv_join(&found, ", ") : NULL;
}

/* What is wrong with it, malloc'd; NULL: nothing. */
static char *fault_of(const struct sshd_rule *r, const struct sshd_setting *s)
{
	CLEANUP_FREE char *bad = NULL;
	uint64_t n;

	switch (r->test) {
	case VALUE_IS:
	case VALUE_ONE_OF:
		return one_of(r->words, s->value) ? NULL : sshd_setting_evidence(s);
	case NUMBER_UP_TO:
		if (str_to_u64(s->value, 1, r->number, &n) == 0)
			return NULL;
		return sshd_setting_evidence(s);
	case VALUE_NOT:
		return one_of(r->words, s->value) ? sshd_setting_evidence(s) : NULL;
	case LIST_WITHOUT:
		bad = elements_that_fit(s->value, r->words);
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
		CLEANUP_FREE char *fault = x ? fault_of(r, x) : NULL;

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
		text = fault_of(r, sshd_setting(b.view, r->keyword));
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

const struct control audit_sshd_controls[] = {
	{
		.id = "door.empty-passwords",
		.setting = "PermitEmptyPasswords no",
		.why = N_("an account without a password would be open to everybody"),
		.severity = SEVERITY_CRITICAL,
		.source = "sshd_config(5), PermitEmptyPasswords",
		.param = RULE("permitemptypasswords", VALUE_IS, "no", 0),
		BY_HAND,
	},
	{
		.id = "door.host-based",
		.setting = "HostbasedAuthentication no",
		.why = N_("whoever is root on a trusted host gets in as anybody"),
		.severity = SEVERITY_HIGH,
		.source = "sshd_config(5), HostbasedAuthentication",
		.param = RULE("hostbasedauthentication", VALUE_IS, "no", 0),
		BY_HAND,
	},
	{
		.id = "door.rhosts",
		.setting = "IgnoreRhosts yes",
		.why = N_("a user's .rhosts file must open no door"),
		.severity = SEVERITY_MEDIUM,
		.source = "sshd_config(5), IgnoreRhosts",
		.param = RULE("ignorerhosts", VALUE_ONE_OF, "yes shosts-only", 0),
		BY_HAND,
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
		BY_HAND,
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
		.setting = "MaxAuthTries 6",
		.why = N_("each connection would be good for many guesses"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), MaxAuthTries",
		.param = RULE("maxauthtries", NUMBER_UP_TO, NULL, 6),
		BY_HAND,
	},
	{
		.id = "door.login-grace",
		.setting = "LoginGraceTime 120",
		.why = N_("connections that never log in would pile up"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), LoginGraceTime",
		.param = RULE("logingracetime", NUMBER_UP_TO, NULL, 120),
		BY_HAND,
	},
	{
		.id = "door.x11",
		.setting = "X11Forwarding no",
		.why = N_("a server taken over could read the keyboard of who logs in with X11"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), X11Forwarding",
		.param = RULE("x11forwarding", VALUE_IS, "no", 0),
		BY_HAND,
	},
	{
		.id = "door.log-level",
		.setting = "LogLevel INFO",
		.why = N_("who logged in, and who tried, would not be known"),
		.severity = SEVERITY_MEDIUM,
		.source = "sshd_config(5), LogLevel",
		.param = RULE("loglevel", VALUE_ONE_OF, "INFO VERBOSE DEBUG DEBUG1", 0),
		BY_HAND,
	},
	{
		.id = "door.user-environment",
		.setting = "PermitUserEnvironment no",
		.why = N_("a user could load a library past a forced command"),
		.severity = SEVERITY_MEDIUM,
		.source = "sshd_config(5), PermitUserEnvironment",
		.param = RULE("permituserenvironment", VALUE_IS, "no", 0),
		BY_HAND,
	},
	{
		.id = "door.tunnel",
		.setting = "PermitTunnel no",
		.why = N_("a login could join networks past the packet filter"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), PermitTunnel",
		.param = RULE("permittunnel", VALUE_IS, "no", 0),
		BY_HAND,
	},
	{
		.id = "door.gateway-ports",
		.setting = "GatewayPorts no",
		.why = N_("a login could open ports of this server to everybody"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), GatewayPorts",
		.param = RULE("gatewayports", VALUE_IS, "no", 0),
		BY_HAND,
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
		.param = RULE("ciphers", LIST_WITHOUT,
			      "*-cbc *-cbc@* arcfour* 3des* blowfish* cast128*", 0),
		.fix = N_("take them out of Ciphers"),
		.probe = probe_rule,
	},
	{
		.id = "door.macs",
		.title = N_("sshd offers no weak MAC"),
		.why = N_("MD5, SHA-1 and short tags are out of date, and no client of today needs "
			  "them"),
		.severity = SEVERITY_LOW,
		.source = "RFC 9142, ssh-audit",
		.param = RULE("macs", LIST_WITHOUT, "hmac-sha1* hmac-md5* *-96 *-96-etm@* umac-64*",
			      0),
		.fix = N_("take them out of MACs"),
		.probe = probe_rule,
	},
	{
		.id = "door.key-exchange",
		.title = N_("sshd offers no key exchange by SHA-1"),
		.why = N_("1024-bit groups and SHA-1 can be broken by who records the traffic"),
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 9142",
		.param = RULE("kexalgorithms", LIST_WITHOUT, "*-sha1 *-sha1@*", 0),
		.fix = N_("take them out of KexAlgorithms"),
		.probe = probe_rule,
	},
	{
		.id = "door.host-key-algorithms",
		.title = N_("sshd signs with no SHA-1 and no DSA"),
		.why = N_("whoever forges such a signature can play this server"),
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 8332, RFC 9142",
		.param = RULE("hostkeyalgorithms", LIST_WITHOUT, "ssh-dss* ssh-rsa ssh-rsa-cert*",
			      0),
		.fix = N_("take them out of HostKeyAlgorithms"),
		.probe = probe_rule,
	},
	{
		.id = "door.key-algorithms",
		.title = N_("sshd takes no login key by SHA-1 or DSA"),
		.why = N_("whoever forges such a signature can play a user"),
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 8332, RFC 9142",
		.param = RULE("pubkeyacceptedalgorithms", LIST_WITHOUT,
			      "ssh-dss* ssh-rsa ssh-rsa-cert*", 0),
		.fix = N_("take them out of PubkeyAcceptedAlgorithms"),
		.probe = probe_rule,
	},
	{ 0 },
};
