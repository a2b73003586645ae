// SPDX-License-Identifier: MIT
/*
 * harden_sshd.c - what apply writes for sshd beside its doors: limits, its log, and lists without what is weak.
 *
 * Lists are never ours: only what is weak and offered now goes (trap 20). Where sshd's own default decides, it is
 * written as "-NAME,…", so that what a newer OpenSSH adds is there. RHEL's crypto policies are left to them. A value
 * that the owner has written and that is at least as safe counts: ours, which sshd would take first, is not written.
 */
#include <string.h>

#include "base/i18n.h"
#include "controls/audit_sshd.h"
#include "controls/harden.h"
#include "controls/ssh_files.h"
#include "core/ssh_weak.h"

#define CRYPTO_POLICIES "/etc/crypto-policies/config"

/* What a text of the draft's own lives in. */
static const char *keep(struct draft *d, char *text)
{
	strv_take(&d->own, text);
	return text;
}

/* Who is no user of this host is asked about: no Match of one's own decides for him. */
static const struct sshd_setting *for_all(const struct control_in *in, const char *keyword,
					  const char **ret_who)
{
	const struct sshd_view *v = sshd_view_of(&in->facts->sshd, "stranger", 0);

	if (!v || in->facts->sshd_refuses)
		return NULL;
	*ret_who = v->who;
	return sshd_setting(v, keyword);
}

/* As sshd_config(5) writes it; `setting` is "KEYWORD VALUE". */
static const char *written_keyword(const char *setting, const struct sshd_rule *r, struct draft *d)
{
	static const char *const lists[][2] = {
		{ "ciphers", "Ciphers" },
		{ "macs", "MACs" },
		{ "kexalgorithms", "KexAlgorithms" },
		{ "hostkeyalgorithms", "HostKeyAlgorithms" },
		{ "pubkeyacceptedalgorithms", "PubkeyAcceptedAlgorithms" },
	};

	for (size_t i = 0; i < COUNT(lists); i++)
		if (str_eq(lists[i][0], r->keyword))
			return lists[i][1];
	return keep(d, xstrndup(setting, strcspn(setting, " ")));
}

static struct ssh_want *want_of(struct draft *d, const char *keyword)
{
	for (size_t i = 0; i < d->ssh_count; i++)
		if (str_eq(d->ssh[i].keyword, keyword))
			return &d->ssh[i];
	return NULL;
}

static struct ssh_want *add_want(struct draft *d, const struct ssh_want *w)
{
	if (d->ssh_count >= COUNT(d->ssh))
		return NULL;
	d->ssh[d->ssh_count] = *w;
	return &d->ssh[d->ssh_count++];
}

/* --- lists ---------------------------------------------------------------------------------------- */

/* Of the algorithms of host keys those for which this host has a key; malloc'd, NULL: it is not known. */
static char *with_keys(const struct control_in *in, const char *list)
{
	const char *who;
	const struct sshd_setting *s = for_all(in, "hostkey", &who);
	CLEANUP_STRV struct strv files = { 0 };
	CLEANUP_STR struct str patterns = { 0 };
	CLEANUP_FREE char *there = NULL;

	strv_split(&files, s ? s->value : "", "\n");
	for (size_t i = 0; i < files.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s.pub", files.item[i]);
		CLEANUP_FREE char *text = NULL;
		struct err unreadable = { 0 };

		if (os_read(in->os, path, &text, &unreadable) == 0 && str_starts(text, "ssh-rsa "))
			str_add(&patterns, " rsa-sha2-* ssh-rsa");
		else if (text)
			str_addf(&patterns, " %.*s", (int)strcspn(text, " "), text);
	}
	there = patterns.text ? ssh_list_fits(list, patterns.text) : NULL;
	return there ? TAKE(there) : NULL;
}

/* The client of today that would be shut out; NULL: none. "": it is not known. */
static const char *who_is_lost(const struct control_in *in, const char *keyword, const char *before,
			       const char *after)
{
	CLEANUP_FREE char *had = NULL;
	CLEANUP_FREE char *has = NULL;
	const char *lost;

	if (!after[0])
		return "OpenSSH";
	if (!str_eq(keyword, "hostkeyalgorithms"))
		return ssh_list_loses(keyword, before, after);
	had = with_keys(in, before);
	has = with_keys(in, after);
	if (!had)
		return "";
	lost = ssh_list_loses(keyword, had, has ? has : "");
	return lost || has ? lost : "";
}

/* "-a,b" where sshd's default, or our own such line, decides; else all that is left. */
static const char *written_list(const struct control_in *in, const struct sshd_setting *s,
				const char *after, struct draft *d)
{
	CLEANUP_FREE char *own = ssh_own_value(&in->facts->sshd, s->keyword);
	CLEANUP_STRV struct strv left = { 0 };
	CLEANUP_STRV struct strv before = { 0 };
	CLEANUP_STR struct str gone = { 0 };

	if (own ? own[0] != '-' : s->file != NULL)
		return NULL;
	strv_split(&left, after, ",");
	strv_split(&before, s->value, ",");
	str_add(&gone, own ? own : "-");
	for (size_t i = 0; i < before.count; i++)
		if (!strv_has(&left, before.item[i]))
			str_addf(&gone, "%s%s", gone.len > 1 ? "," : "", before.item[i]);
	return gone.len > 1 ? keep(d, str_take(&gone)) : NULL;
}

/* One list of sshd's without what the patterns fit; several controls may take something from it. */
static int want_list(const struct control_in *in, struct draft *d, const struct sshd_rule *r,
		     struct err *e)
{
	const char *who = NULL, *keyword = written_keyword(d->asks->setting, r, d), *lost, *base;
	const struct sshd_setting *s = for_all(in, r->keyword, &who);
	struct ssh_want *w = want_of(d, keyword);
	CLEANUP_FREE char *own = ssh_own_value(&in->facts->sshd, r->keyword);
	char *after;

	if (!s)
		return 0;
	base = w ? w->after : s->value;
	after = ssh_list_without(base, r->words);
	keep(d, after);
	lost = who_is_lost(in, r->keyword, base, after);
	if (lost) {
		if (lost[0])
			strv_addf(&d->plan->warnings,
				  _("%s %s stays: without it %s could not log in"), keyword, base,
				  lost);
		after = (char *)base;
	}
	if (!w && str_eq(after, s->value) && !own)
		return 0;
	if (!w)
		w = add_want(d, &(struct ssh_want){ .keyword = keyword,
						    .before = s->value,
						    .control = d->asks->id,
						    .who = who,
						    .plain = true });
	if (!w)
		return err_set(e, ERR_FAILED, _("too many settings of sshd"));
	w->after = after;
	w->written = written_list(in, s, after, d);
	d->ssh_changes = d->ssh_changes || !str_eq(after, s->value);
	return 0;
}

static int is_left_to_crypto_policies(const struct control_in *in, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	return os_get(in->os, CRYPTO_POLICIES, &n, e) < 0 ? -1 : n.type != NODE_ABSENT;
}

/* --- values --------------------------------------------------------------------------------------- */

/* A value as sshd -T prints it; malloc'd, NULL: it is none that the rule takes. */
static char *taken_by_rule(const struct sshd_rule *r, const char *value)
{
	CLEANUP_STRV struct strv words = { 0 };
	CLEANUP_FREE char *printed = NULL;
	uint64_t n;

	switch (r->test) {
	case VALUE_IS:
	case VALUE_ONE_OF:
		strv_split(&words, r->words, " ");
		for (size_t i = 0; i < words.count; i++)
			if (str_case_eq(words.item[i], value))
				return xstrdup(words.item[i]);
		return NULL;
	case NUMBER_UP_TO:
		if (str_to_u64(value, 1, r->number, &n) < 0 &&
		    (str_to_seconds(value, &n) < 0 || n < 1 || n > r->number))
			return NULL;
		return xasprintf("%llu", (unsigned long long)n);
	case STARTS_UP_TO:
		printed =
			strchr(value, ':') ? xstrdup(value) : xasprintf("%s:100:%s", value, value);
		if (str_to_u64(strrchr(printed, ':') + 1, 1, r->number, &n) < 0)
			return NULL;
		return TAKE(printed);
	case VALUE_NOT:
	case LIST_WITHOUT:
		return NULL;
	}
	return NULL;
}

/* What the owner has written for everybody, at least as safe as the rule asks for: then that counts, also where we
 * had to say it before. */
static char *owners_value(const struct control_in *in, const struct sshd_rule *r)
{
	CLEANUP_FREE char *value = ssh_others_value(&in->facts->sshd, r->keyword);

	return value ? taken_by_rule(r, value) : NULL;
}

/* What is right already and is said by no file of ours is left alone. */
static int want_value(const struct control_in *in, struct draft *d, const struct sshd_rule *r,
		      const char *setting, struct err *e)
{
	const char *who = NULL, *keyword = written_keyword(setting, r, d);
	const struct sshd_setting *s = for_all(in, r->keyword, &who);
	CLEANUP_FREE char *fault = s ? sshd_rule_fault(r, s) : NULL;
	CLEANUP_FREE char *own = ssh_own_value(&in->facts->sshd, r->keyword);
	char *theirs = owners_value(in, r);
	const struct ssh_want want = {
		.keyword = keyword,
		.before = s ? s->value : "",
		.after = theirs	 ? keep(d, theirs)
			 : fault ? strchr(setting, ' ') + 1
			 : s	 ? s->value
				 : "",
		.control = d->asks->id,
		.who = who,
		.plain = true,
		.by_others = theirs,
	};

	if (!s || (!fault && !own) || want_of(d, keyword))
		return 0;
	if (!add_want(d, &want))
		return err_set(e, ERR_FAILED, _("too many settings of sshd"));
	d->ssh_changes = d->ssh_changes || !str_eq(want.after, s->value);
	return 0;
}

int sshd_rule_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		      struct err *e)
{
	const struct sshd_rule *r = d->asks->param;
	int left;

	if (!harden_wants(in, d->asks) || found->verdict == VERDICT_NOT_MEASURED)
		return 0;
	if (r->test != LIST_WITHOUT)
		return want_value(in, d, r, d->asks->setting, e);
	left = is_left_to_crypto_policies(in, e);
	return left != 0 ? (left < 0 ? -1 : 0) : want_list(in, d, r, e);
}

/* --- where the policy asks -------------------------------------------------------------------------- */

int sshd_asked_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		     struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)e;
	if (!harden_wants(in, self)) {
		finding_set(ret, VERDICT_PASS, "%s", _("the policy does not ask for it"));
		return 0;
	}
	if (!sshd_was_asked(in, ret))
		return 0;
	for (const struct sshd_asked *a = self->param; a->setting; a++) {
		const char *who;
		const struct sshd_setting *s = for_all(in, a->rule.keyword, &who);

		char *fault = s ? sshd_rule_fault(&a->rule, s) : NULL;

		/* One that this OpenSSH does not know is none. */
		if (fault)
			strv_take(&bad, fault);
	}
	finding_list(ret, &bad, self->setting);
	return 0;
}

int sshd_asked_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		       struct err *e)
{
	if (!harden_wants(in, d->asks) || found->verdict == VERDICT_NOT_MEASURED)
		return 0;
	for (const struct sshd_asked *a = d->asks->param; a->setting; a++)
		if (want_value(in, d, &a->rule, a->setting, e) < 0)
			return -1;
	return 0;
}

/* --- curves --------------------------------------------------------------------------------------- */

int sshd_nist_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		    struct err *e)
{
	const char *who;
	const struct sshd_setting *s = for_all(in, "kexalgorithms", &who);
	CLEANUP_FREE char *found = s ? ssh_list_fits(s->value, SSH_NIST_KEX) : NULL;

	(void)e;
	if (!harden_wants(in, self))
		finding_set(ret, VERDICT_PASS, "%s", _("the policy does not ask for it"));
	else if (!s)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", "kexalgorithms");
	else
		finding_set(ret, found ? VERDICT_FAIL : VERDICT_PASS, "%s",
			    found ? found : s->keyword);
	return 0;
}

int sshd_nist_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		      struct err *e)
{
	static const struct sshd_rule rules[] = {
		{ .keyword = "kexalgorithms", .test = LIST_WITHOUT, .words = SSH_NIST_KEX },
		{ .keyword = "hostkeyalgorithms",
		  .test = LIST_WITHOUT,
		  .words = SSH_NIST_HOST_KEYS },
	};
	int left = is_left_to_crypto_policies(in, e);

	if (left != 0 || !harden_wants(in, d->asks) || found->verdict == VERDICT_NOT_MEASURED)
		return left < 0 ? -1 : 0;
	for (size_t i = 0; i < COUNT(rules); i++)
		if (want_list(in, d, &rules[i], e) < 0)
			return -1;
	return 0;
}
