// SPDX-License-Identifier: MIT
/* passwd.c - see passwd.h. */
#include "core/passwd.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

/* Is this line (without its newline) the one of name? */
static bool is_of(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && memcmp(line, name, n) == 0 && line[n] == ':';
}

static const char *find_line(const char *text, const char *name, size_t *ret_len)
{
	for (const char *p = text; p && *p;) {
		const char *end = strchrnul(p, '\n');

		if (is_of(p, (size_t)(end - p), name)) {
			*ret_len = (size_t)(end - p);
			return p;
		}
		p = *end ? end + 1 : end;
	}
	return NULL;
}

char *passwd_field(const char *text, const char *name, unsigned field)
{
	size_t len;
	const char *line = find_line(text, name, &len), *end = line ? line + len : NULL;

	for (; line && field > 0; field--) {
		line = memchr(line, ':', (size_t)(end - line));
		if (line)
			line++;
	}
	if (!line)
		return NULL;
	return xstrndup(line, strcspn(line, ":\n"));
}

bool passwd_next(char **rest, struct passwd_line *ret)
{
	char *line;

	while ((line = str_line(rest))) {
		struct passwd_line l = { 0 };

		for (size_t i = 0; i < PASSWD_FIELDS; i++)
			l.field[i] = "";
		while (line && l.count < PASSWD_FIELDS) {
			l.field[l.count++] = line;
			line = strchr(line, ':');
			if (line)
				*line++ = '\0';
		}
		if (l.count < 2 || l.field[0][0] == '\0' || l.field[0][0] == '#')
			continue;
		*ret = l;
		return true;
	}
	return false;
}

char *passwd_name_of(const char *text, uid_t uid)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		CLEANUP_FREE char *name = xstrndup(line, strcspn(line, ":"));
		CLEANUP_FREE char *number = passwd_field(line, name, 2);
		uint64_t n;

		if (number && str_to_u64(number, 0, UINT32_MAX, &n) == 0 && n == uid)
			return TAKE(name);
	}
	return NULL;
}

int passwd_ids(struct os *os, const char *user, uid_t *ret_uid, gid_t *ret_gid, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *uid = NULL;
	CLEANUP_FREE char *gid = NULL;
	uint64_t u, g;

	if (strcmp(user, "root") == 0) {
		*ret_uid = 0;
		*ret_gid = 0;
		return 0;
	}
	if (os_read(os, "/etc/passwd", &text, e) < 0)
		return -1;
	uid = passwd_field(text, user, 2);
	gid = passwd_field(text, user, 3);
	if (!uid || !gid || str_to_u64(uid, 0, UINT32_MAX - 1, &u) < 0 ||
	    str_to_u64(gid, 0, UINT32_MAX - 1, &g) < 0)
		return err_set(e, ERR_FAILED, _("there is no user %s in /etc/passwd"), user);
	*ret_uid = (uid_t)u;
	*ret_gid = (gid_t)g;
	return 0;
}

static bool names_hold(const char *list, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list, *end = list + len; p < end;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t piece = (size_t)((comma ? comma : end) - p);

		if (piece == n && memcmp(p, name, n) == 0)
			return true;
		p = comma ? comma + 1 : end;
	}
	return false;
}

/* A list of names; text NULL: there is none. */
struct names {
	const char *text;
	size_t len;
};

/* Adds the list without `name`, the others in their order. */
static void add_others(struct str *out, struct names list, const char *name)
{
	size_t n = strlen(name);
	bool first = true;

	for (const char *p = list.text, *end = list.text + list.len; p < end;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t piece = (size_t)((comma ? comma : end) - p);

		if (piece != n || memcmp(p, name, n) != 0) {
			str_add(out, first ? "" : ",");
			str_add_bytes(out, p, piece);
			first = false;
		}
		p = comma ? comma + 1 : end;
	}
}

static bool same_others(struct names a, struct names b, const char *name)
{
	struct str of_a CLEANUP_STR = { 0 }, of_b CLEANUP_STR = { 0 };

	add_others(&of_a, a, name);
	add_others(&of_b, b, name);
	return str_eq(of_a.text ?: "", of_b.text ?: "");
}

/* Adds a list of names with `name` in it as it was in `old`, or not; at its former place where the others are
 * those of then. */
static void add_names(struct str *out, struct names list, const char *name, struct names old)
{
	bool in = old.text && names_hold(old.text, old.len, name);

	if (in && same_others(list, old, name)) {
		str_add_bytes(out, old.text, old.len);
		return;
	}
	if (names_hold(list.text, list.len, name) == in) {
		str_add_bytes(out, list.text, list.len);
		return;
	}
	add_others(out, list, name);
	if (in)
		str_addf(out, "%s%s", list.len > 0 ? "," : "", name);
}

/* Start of field `field` of a line, or NULL. */
static const char *field_at(const char *line, size_t len, unsigned field, size_t *ret_len)
{
	const char *end = line + len, *p = line, *colon;

	for (; field > 0; field--) {
		p = memchr(p, ':', (size_t)(end - p));
		if (!p)
			return NULL;
		p++;
	}
	colon = memchr(p, ':', (size_t)(end - p));
	*ret_len = (size_t)((colon ? colon : end) - p);
	return p;
}

/* A line of group or gshadow as it is now, with the memberships of user that pre had: in a group
 * that pre does not know, none. gshadow has two lists, administrators and members. */
static void add_group_line(struct str *out, const char *line, size_t len, const char *pre,
			   const char *user)
{
	CLEANUP_FREE char *group = xstrndup(line, strcspn(line, ":\n"));
	size_t before_len = 0, done = 0;
	const char *before = find_line(pre, group, &before_len);

	for (unsigned f = 2; f <= 3; f++) {
		struct names list = { 0 }, old = { 0 };

		list.text = field_at(line, len, f, &list.len);
		if (before)
			old.text = field_at(before, before_len, f, &old.len);
		if (!list.text)
			break;
		str_add_bytes(out, line + done, (size_t)(list.text - line) - done);
		add_names(out, list, user, old);
		done = (size_t)(list.text - line) + list.len;
	}
	str_add_bytes(out, line + done, len - done);
}

char *passwd_line_back(const char *now, const char *pre, const char *user)
{
	struct str out CLEANUP_STR = { 0 };
	size_t own_len;
	const char *own = find_line(pre, user, &own_len);

	for (const char *p = now; p && *p;) {
		const char *end = strchrnul(p, '\n');
		size_t len = (size_t)(end - p);

		if (!is_of(p, len, user)) {
			str_add_bytes(&out, p, len + (*end != 0));
		} else if (own) {
			str_addf(&out, "%.*s\n", (int)own_len, own);
			own = NULL;
		}
		p = *end ? end + 1 : end;
	}
	if (own && out.len > 0 && out.text[out.len - 1] != '\n')
		str_add(&out, "\n"); /* a last line without its end is a line all the same */
	if (own)
		str_addf(&out, "%.*s\n", (int)own_len, own);
	return str_take(&out);
}

char *passwd_groups_back(const char *now, const char *pre, const char *user, const char *only)
{
	struct str out CLEANUP_STR = { 0 };
	CLEANUP_FREE char *text = only ? xstrdup(now) : passwd_line_back(now, pre, user);

	for (const char *p = text; *p;) {
		const char *end = strchrnul(p, '\n');
		size_t len = (size_t)(end - p);

		if (!only || is_of(p, len, only))
			add_group_line(&out, p, len, pre, user);
		else
			str_add_bytes(&out, p, len);
		str_add_bytes(&out, end, *end != 0);
		p = *end ? end + 1 : end;
	}
	return str_take(&out);
}

bool passwd_group_has(const char *text, const char *group, const char *user)
{
	CLEANUP_FREE char *names = passwd_field(text, group, 3);

	return names && names_hold(names, strlen(names), user);
}
