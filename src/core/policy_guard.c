// SPDX-License-Identifier: MIT
/* policy_guard.c - see policy_guard.h. */
#include "core/policy_guard.h"

#include <ctype.h>
#include <string.h>

#include "base/i18n.h"

#define JAIL_NAME_MAX 64
#define IGNORES_MAX   256

/* The largest first. */
static const struct unit {
	char letter;
	unsigned seconds;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

char *policy_span_text(unsigned seconds)
{
	for (size_t i = 0; i < COUNT(units); i++)
		if (seconds % units[i].seconds == 0)
			return xasprintf("%u%c", seconds / units[i].seconds, units[i].letter);
	return xstrdup("");
}

int policy_set_span(struct policy *p, const struct policy_key *k, const char *value, struct err *e)
{
	CLEANUP_FREE char *low = policy_span_text((unsigned)k->min);
	CLEANUP_FREE char *high = policy_span_text((unsigned)k->max);
	CLEANUP_FREE char *brief = str_brief(value);
	uint64_t seconds;

	if (str_to_seconds(value, &seconds) < 0 || seconds < k->min || seconds > k->max)
		return err_set(e, ERR_USAGE,
			       _("[%s] %s = %s is not possible; allowed: a number and s, m, h or "
				 "d behind it, from %s to %s"),
			       k->section, k->name, brief, low, high);
	*(unsigned *)((char *)p + k->offset) = (unsigned)seconds;
	return 0;
}

/* It becomes the name of a section in a file. */
static bool is_jail_name(const char *name)
{
	return isalnum((unsigned char)name[0]) && strlen(name) <= JAIL_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		       strlen(name) &&
	       !str_eq(name, "DEFAULT") && !str_eq(name, "INCLUDES");
}

int policy_set_jails(struct policy *p, const char *value, struct err *e)
{
	CLEANUP_STRV struct strv words = { 0 };

	strv_split(&words, value, ", \t");
	for (size_t i = 0; i < words.count; i++) {
		const char *one = words.item[i];

		if (!is_jail_name(one)) {
			CLEANUP_FREE char *brief = str_brief(one);

			return err_set(e, ERR_USAGE,
				       _("[guard] jails = %s is not possible; allowed: names of "
					 "jails such as sshd, with commas between"),
				       brief);
		}
		if (!strv_has(&p->guard_jails, one))
			strv_add(&p->guard_jails, one);
	}
	if (words.count == 0)
		return err_set(e, ERR_USAGE,
			       _("[guard] jails is empty; allowed: names of jails such as sshd, or "
				 "[guard] enabled = no"));
	return 0;
}

int policy_set_ignores(struct policy *p, const char *value, struct err *e)
{
	CLEANUP_STRV struct strv words = { 0 };

	strv_split(&words, value, ", \t");
	for (size_t i = 0; i < words.count; i++) {
		CLEANUP_FREE char *text = NULL;
		char address[ADDR_TEXT];
		struct prefix one;

		if (prefix_parse(words.item[i], &one, e) < 0)
			return err_ctx(e, "[guard] ignore");
		if (one.bits == 0)
			return err_set(e, ERR_USAGE,
				       _("[guard] ignore = %s: then nobody is ever banned; "
					 "allowed: networks, or [guard] enabled = no"),
				       words.item[i]);
		if (p->guard_ignore.count >= IGNORES_MAX)
			return err_set(e, ERR_USAGE, _("[guard] ignore: at most %d networks"),
				       IGNORES_MAX);
		text = xasprintf("%s/%u", addr_text(&one.addr, address), one.bits);
		if (!strv_has(&p->guard_ignore, text))
			strv_add(&p->guard_ignore, text);
	}
	return 0;
}

void policy_warn_of_guard(const struct policy *p, struct strv *ret_warnings)
{
	for (size_t i = 0; !p->guard_enabled && i < policy_keys_count; i++) {
		const struct policy_key *k = &policy_keys[i];

		if (str_eq(k->section, "guard") && !str_eq(k->name, "enabled") &&
		    policy_gives(p, k->section, k->name))
			strv_addf(ret_warnings,
				  _("[guard] %s does nothing without [guard] enabled = yes"),
				  k->name);
	}
}
