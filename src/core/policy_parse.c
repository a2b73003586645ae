// SPDX-License-Identifier: MIT
/* policy_parse.c - reads a policy file: INI, one error with file and line. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "core/policy.h"

#define POLICY_MAX     ((size_t)1 << 20)
#define LINE_MAX_BYTES 16384

struct reader {
	const char *name;
	char *rest;
	unsigned line; /* of what was read last */
	char section[32];
	bool seen[POLICY_KEYS_MAX];
};

static int at_line(const struct reader *r, unsigned line, struct err *e)
{
	/* "FILE:LINE: " is for programs too; err_ctx() puts the last colon and blank. */
	return err_ctx(e, "%s:%u", r->name, line);
}

static int read_section(struct reader *r, char *line, struct err *e)
{
	size_t n = strlen(line);

	if (line[n - 1] != ']' || n < 3 || n - 2 >= sizeof(r->section))
		return err_set(e, ERR_USAGE,
			       _("not a section; allowed: [admin], [ssh], [firewall], ..."));
	memcpy(r->section, line + 1, n - 2);
	r->section[n - 2] = '\0';
	for (size_t i = 0; i < policy_keys_count; i++)
		if (str_eq(policy_keys[i].section, r->section))
			return 0;
	struct policy none = { 0 };

	return policy_set(&none, r->section, "", "", e);
}

static size_t row_of(const char *section, const char *name)
{
	size_t i = 0;

	while (i < policy_keys_count &&
	       !(str_eq(policy_keys[i].section, section) && str_eq(policy_keys[i].name, name)))
		i++;
	return i;
}

static bool repeats(const struct policy_key *k)
{
	return k->type == POLICY_KEY || k->type == POLICY_CIDRS || k->type == POLICY_OPENINGS ||
	       k->type == POLICY_WAIVES || k->type == POLICY_SERVICES || k->type == POLICY_TELL ||
	       k->type == POLICY_JAILS || k->type == POLICY_IGNORES || k->type == POLICY_CONTROLS;
}

/* key = ---- BEGIN SSH2 PUBLIC KEY ---- … ---- END …: the one value of several lines. */
static int read_block(struct reader *r, const char *first, char **ret, struct err *e)
{
	CLEANUP_STR struct str s = { 0 };
	char *line;

	str_addf(&s, "%s\n", first);
	while ((line = str_line(&r->rest))) {
		r->line++;
		str_addf(&s, "%s\n", line);
		if (str_starts(line, "---- END")) {
			*ret = str_take(&s);
			return 0;
		}
	}
	return err_set(e, ERR_USAGE, _("the key has no line ---- END SSH2 PUBLIC KEY ----"));
}

static int read_pair(struct reader *r, char *line, struct policy *p, struct err *e)
{
	char *equals = strchr(line, '=');
	CLEANUP_FREE char *block = NULL;
	char *name, *value;
	size_t row;

	if (pubkey_text_is_private(line))
		return err_set(e, ERR_USAGE,
			       _("this is a private key; it must never be here. Remove it, make a "
				 "new pair, "
				 "and give the file whose name ends in .pub"));
	if (!equals)
		return err_set(
			e, ERR_USAGE,
			_("not understood; allowed: NAME = VALUE, [SECTION], # comment (is a key "
			  "wrapped? it must be one line)"));
	*equals = '\0';
	name = str_trim(line);
	value = str_trim(equals + 1);
	if (!r->section[0]) {
		CLEANUP_FREE char *brief = str_brief(name);

		return err_set(e, ERR_USAGE,
			       _("\"%s\" stands before the first section; begin with [admin]"),
			       brief);
	}
	row = row_of(r->section, name);
	if (row < policy_keys_count && r->seen[row] && !repeats(&policy_keys[row]))
		return err_set(e, ERR_USAGE, _("[%s] %s stands here twice (first in line %u)"),
			       r->section, name, p->line[row]);
	if (str_starts(value, "---- BEGIN SSH2")) {
		if (read_block(r, value, &block, e) < 0)
			return -1;
		value = block;
	}
	if (policy_set(p, r->section, name, value, e) < 0)
		return -1;
	if (!r->seen[row])
		p->line[row] = r->line;
	r->seen[row] = true;
	return 0;
}

static int read_line(struct reader *r, char *line, struct policy *p, struct err *e)
{
	char *text = str_trim(line);

	if (strlen(text) > LINE_MAX_BYTES)
		return err_set(e, ERR_USAGE, _("the line is too long (at most %d bytes)"),
			       LINE_MAX_BYTES);
	if (text[0] == '\0' || text[0] == '#' || text[0] == ';')
		return 0;
	return text[0] == '[' ? read_section(r, text, e) : read_pair(r, text, p, e);
}

/* Comments too: the plan keeps the whole text as JSON. */
static int check_is_text(struct reader *r, const char *text, struct err *e)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		r->line++;
		if (!str_is_clean_utf8(str_trim(line)))
			return err_set(e, ERR_USAGE,
				       _("this is not text in UTF-8, or a control character is in "
					 "it; save the file as UTF-8"));
	}
	r->line = 0;
	return 0;
}

int policy_parse(const char *name, const char *text, struct policy *ret, struct err *e)
{
	CLEANUP_FREE char *copy = xstrdup(str_starts(text, "\xef\xbb\xbf") ? text + 3 : text);
	struct reader r = { .name = name, .rest = copy };
	CLEANUP_POLICY struct policy p = { 0 };
	char *line;

	policy_init(&p);
	*ret = (struct policy){ 0 };
	if (check_is_text(&r, copy, e) < 0)
		return at_line(&r, r.line, e);
	while ((line = str_line(&r.rest))) {
		unsigned first = ++r.line;

		if (read_line(&r, line, &p, e) < 0)
			return at_line(&r, first, e);
	}
	*ret = p;
	p = (struct policy){ 0 };
	return 0;
}

int policy_load(struct os *os, const char *path, struct policy *ret, char **ret_text, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get(os, path, &n, e) < 0)
		return -1;
	if (n.type == NODE_ABSENT)
		return err_set(
			e, ERR_USAGE,
			_("%s is not there; make it by: kannuki setup (or give --policy FILE)"),
			path);
	if (n.type != NODE_FILE || n.len > POLICY_MAX)
		return err_set(e, ERR_USAGE, _("%s is not a regular file of at most 1 MiB"), path);
	if ((n.uid != 0 && n.uid != os_uid(os)) || n.mode & 022)
		return err_set(e, ERR_USAGE,
			       _("%s could be changed by others (mode %03o, owner %u): whoever "
				 "writes it is "
				 "root here. First: chown root %s; chmod 600 %s"),
			       path, n.mode, (unsigned)n.uid, path, path);
	if (strlen(n.data) != n.len)
		return err_set(e, ERR_USAGE, _("%s: not a text file"), path);
	if (policy_parse(path, n.data, ret, e) < 0)
		return -1;
	if (ret_text)
		*ret_text = TAKE(n.data);
	return 0;
}
