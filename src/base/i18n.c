// SPDX-License-Identifier: MIT
/* i18n.c - see i18n.h. The rows come from po/ja.po, sorted by msgid (tools/po-to-c). */
#include "base/i18n.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/catalogue.h"
#include "base/mem.h"

static enum lang current = LANG_EN;

void i18n_set(enum lang lang)
{
	current = lang;
}

enum lang i18n_get(void)
{
	return current;
}

int i18n_from_locale(enum lang *ret)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	const char *value = NULL;

	*ret = LANG_EN;
	for (size_t i = 0; i < COUNT(names) && !(value && value[0]); i++)
		value = getenv(names[i]);
	if (!value || !value[0] || strcmp(value, "POSIX") == 0 || strcmp(value, "C") == 0 ||
	    strncmp(value, "C.", 2) == 0)
		return 1;
	if (strncmp(value, "ja", 2) == 0 && (value[2] == '_' || value[2] == '.' || !value[2])) {
		const char *charset = strchr(value, '.');

		if (charset && (strncasecmp(charset, ".utf-8", 6) == 0 ||
				strncasecmp(charset, ".utf8", 5) == 0))
			*ret = LANG_JA;
	}
	return 0;
}

static int by_msgid(const void *key, const void *row)
{
	return strcmp(key, ((const struct catalogue_row *)row)->msgid);
}

const char *tr(const char *msgid)
{
	const struct catalogue_row *row;

	if (current == LANG_EN)
		return msgid;
	row = bsearch(msgid, catalogue_ja, catalogue_ja_count, sizeof(*catalogue_ja), by_msgid);
	return row ? row->msgstr : msgid;
}
