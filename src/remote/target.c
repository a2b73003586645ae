// SPDX-License-Identifier: MIT
/* target.c - see target.h. */
#include "remote/target.h"

#include <string.h>

#include "base/i18n.h"
#include "base/str.h"

static int refuse(const char *text, struct err *e)
{
	return err_set(e, ERR_USAGE, _("\"%s\" is no host; allowed: USER@HOST"), text);
}

const char *target_host(const char *target)
{
	const char *at = strrchr(target, '@');

	return at ? at + 1 : target;
}

/* Host and port of "HOST", "HOST:PORT", "[ADDRESS]" or "[ADDRESS]:PORT". 1: it is none of them. */
static int split_host(const char *text, char **ret_host, char **ret_port)
{
	const char *end = text + strcspn(text, ":");
	uint64_t n;

	if (text[0] == '[') {
		end = strchr(text, ']');
		if (!end)
			return 1;
		*ret_host = xstrndup(text + 1, (size_t)(end - text - 1));
		end++;
	} else {
		*ret_host = xstrndup(text, (size_t)(end - text));
	}
	if (*end == '\0')
		return (*ret_host)[0] ? 0 : 1;
	if (*end != ':' || !(*ret_host)[0] || str_to_u64(end + 1, 1, 65535, &n) < 0)
		return 1;
	*ret_port = xstrdup(end + 1);
	return 0;
}

/* One colon: an IPv6 address has two at least. */
static bool has_port(const char *host)
{
	const char *colon = strchr(host, ':');

	return colon && !strchr(colon + 1, ':');
}

int target_read(const char *text, char **ret_target, char **ret_port, struct err *e)
{
	const bool uri = str_starts(text, "ssh://");
	CLEANUP_FREE char *copy = xstrdup(uri ? text + strlen("ssh://") : text);
	CLEANUP_FREE char *host = NULL;
	CLEANUP_FREE char *port = NULL;
	char *at;

	if (text[0] == '-' || !text[0] || !str_is_clean_utf8(text) || strpbrk(text, " \t\n"))
		return refuse(text, e);
	if (uri && str_ends(copy, "/"))
		copy[strlen(copy) - 1] = '\0';
	at = (char *)target_host(copy);
	if (!uri && at[0] != '[' && !has_port(at)) {
		*ret_target = TAKE(copy);
		return 0;
	}
	if (split_host(at, &host, &port) != 0 || copy[0] == '-' || host[0] == '-')
		return refuse(text, e);
	*at = '\0';
	*ret_target = xasprintf("%s%s", copy, host);
	*ret_port = TAKE(port);
	return 0;
}
