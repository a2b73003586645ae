// SPDX-License-Identifier: MIT
/* sshd_ways.c - what sshd's values mean for one user: auth.c, auth2.c and auth2-methods of OpenSSH. */
#include <string.h>

#include "core/sshd.h"

static bool is_yes(const struct sshd_view *v, const char *keyword)
{
	return str_eq(sshd_value(v, keyword), "yes");
}

/* OpenSSH before 8.7 has it under its old name. */
static const struct sshd_setting *dialog_of(const struct sshd_view *v)
{
	const struct sshd_setting *s = sshd_setting(v, "kbdinteractiveauthentication");

	return s ? s : sshd_setting(v, "challengeresponseauthentication");
}

/* "password" fits "password", "keyboard-interactive" also "keyboard-interactive:pam". */
static bool one_step(const char *list, const char *method)
{
	size_t n = strlen(method);

	return strncmp(list, method, n) == 0 && (list[n] == '\0' || list[n] == ':');
}

/* Lists between blanks, each of them enough; within one all steps are asked. */
static bool alone_enough(const char *methods, const char *method)
{
	CLEANUP_STRV struct strv lists = { 0 };

	if (methods[0] == '\0' || str_eq(methods, "any"))
		return true;
	strv_split(&lists, methods, " \n");
	for (size_t i = 0; i < lists.count; i++)
		if (one_step(lists.item[i], method))
			return true;
	return false;
}

/* What PermitRootLogin leaves of them; forced-commands-only lets a key run its command. A password
 * of root's is taken only by its "yes", which therefore decides, too. */
static void limit_root(const struct sshd_view *v, struct sshd_ways *w)
{
	const struct sshd_setting *s = sshd_setting(v, "permitrootlogin");

	if (s && (w->password || str_eq(s->value, "no")))
		w->decides = s;
	if (!s || str_eq(s->value, "yes"))
		return;
	w->password = false;
	if (str_eq(s->value, "no"))
		w->key = false;
}

struct sshd_ways sshd_ways(const struct sshd_view *v)
{
	const struct sshd_setting *dialog = dialog_of(v);
	const char *methods = sshd_value(v, "authenticationmethods");
	bool by_dialog = dialog && str_eq(dialog->value, "yes") && is_yes(v, "usepam") &&
			 alone_enough(methods, "keyboard-interactive");
	bool by_password = is_yes(v, "passwordauthentication") && alone_enough(methods, "password");
	struct sshd_ways w = {
		.key = is_yes(v, "pubkeyauthentication") && alone_enough(methods, "publickey"),
		.password = by_password || by_dialog,
		.decides = !by_password && by_dialog ? dialog
						     : sshd_setting(v, "passwordauthentication"),
	};

	if (!alone_enough(methods, "publickey") || !alone_enough(methods, "password"))
		w.methods = methods;
	if (str_eq(v->user, "root"))
		limit_root(v, &w);
	return w;
}
