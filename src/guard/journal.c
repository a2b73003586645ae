// SPDX-License-Identifier: MIT
/* journal.c - see journal.h. */
#include "guard/journal.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum at { AT_NAME, AT_LENGTH, AT_DATA, AT_DATA_END };

struct journal {
	struct journal_entry entry;
	enum at at;
	struct str part; /* of what is being read: a line, a length, a value */
	char *name;	 /* of the field whose data comes */
	uint64_t left;	 /* bytes of it */
	bool too_long;	 /* more of the line was passed over */
};

static void clear_entry(struct journal_entry *e)
{
	for (size_t i = 0; i < e->count; i++) {
		free(e->field[i].name);
		free(e->field[i].value);
	}
	e->count = 0;
}

struct journal *journal_new(void)
{
	return xcalloc(1, sizeof(struct journal));
}

void journal_reset(struct journal *j)
{
	clear_entry(&j->entry);
	str_clear(&j->part);
	free(TAKE(j->name));
	j->at = AT_NAME;
	j->too_long = false;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	journal_reset(j);
	free(j->entry.field);
	str_done(&j->part);
	free(j);
}

const char *journal_get(const struct journal_entry *e, const char *name)
{
	for (size_t i = 0; i < e->count; i++)
		if (strcmp(e->field[i].name, name) == 0)
			return e->field[i].value;
	return NULL;
}

/* --- the format ------------------------------------------------------------------------------------------ */

static void add_field(struct journal *j, const char *name, const char *value, size_t len)
{
	struct journal_entry *e = &j->entry;

	if (e->count == JOURNAL_FIELDS_MAX)
		return;
	e->field = xrealloc(e->field, e->count + 1, sizeof(*e->field));
	/* A value with NULs ends, for us, at the first. */
	e->field[e->count++] = (struct journal_field){ xstrdup(name), xstrndup(value, len) };
}

static void end_entry(struct journal *j, journal_fn *fn, void *arg)
{
	if (j->entry.count > 0)
		fn(arg, &j->entry);
	clear_entry(&j->entry);
}

/* "", "NAME=value", or "NAME" in front of its length and data. */
static void end_line(struct journal *j, journal_fn *fn, void *arg)
{
	char none[1] = "", *line = j->part.text ? j->part.text : none, *equal = strchr(line, '=');

	if (j->part.len == 0) {
		end_entry(j, fn, arg);
	} else if (equal) {
		*equal = '\0';
		add_field(j, line, equal + 1, j->part.len - (size_t)(equal + 1 - line));
	} else {
		free(j->name);
		j->name = xstrdup(line);
		j->at = AT_LENGTH;
	}
	str_clear(&j->part);
	j->too_long = false;
}

static size_t keep(struct journal *j, const char *text, size_t len)
{
	size_t room = j->part.len < JOURNAL_FIELD_MAX ? JOURNAL_FIELD_MAX - j->part.len : 0;

	str_add_bytes(&j->part, text, len < room ? len : room);
	return len;
}

static size_t take_line(struct journal *j, const char *text, size_t len, journal_fn *fn, void *arg)
{
	const char *end = memchr(text, '\n', len);

	keep(j, text, end ? (size_t)(end - text) : len);
	if (!end)
		return len;
	end_line(j, fn, arg);
	return (size_t)(end - text) + 1;
}

static size_t take_length(struct journal *j, const char *text, size_t len)
{
	size_t want = sizeof(j->left) - j->part.len, n = len < want ? len : want;

	str_add_bytes(&j->part, text, n);
	if (j->part.len == sizeof(j->left)) {
		memcpy(&j->left, j->part.text, sizeof(j->left));
		j->left = le64toh(j->left);
		str_clear(&j->part);
		j->at = AT_DATA;
	}
	return n;
}

static size_t take_data(struct journal *j, const char *text, size_t len)
{
	size_t n = len < j->left ? len : (size_t)j->left;

	keep(j, text, n);
	j->left -= n;
	if (j->left == 0) {
		add_field(j, j->name, j->part.text ? j->part.text : "", j->part.len);
		str_clear(&j->part);
		j->at = AT_DATA_END;
	}
	return n;
}

void journal_take(struct journal *j, const char *text, size_t len, journal_fn *fn, void *arg)
{
	while (len > 0 || (j->at == AT_DATA && j->left == 0)) {
		size_t n;

		if (j->at == AT_NAME)
			n = take_line(j, text, len, fn, arg);
		else if (j->at == AT_LENGTH)
			n = take_length(j, text, len);
		else if (j->at == AT_DATA)
			n = take_data(j, text, len);
		else
			n = 1, j->at = AT_NAME; /* the newline behind data */
		text += n;
		len -= n;
	}
}

/* --- what a jail wants ------------------------------------------------------------------------------------- */

static bool has(const struct journal_entry *e, const char *word)
{
	size_t name = strcspn(word, "=");

	for (size_t i = 0; i < e->count; i++)
		if (strlen(e->field[i].name) == name &&
		    strncmp(e->field[i].name, word, name) == 0 && word[name] &&
		    strcmp(e->field[i].value, word + name + 1) == 0)
			return true;
	return false;
}

static bool same_field(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strcspn(b, "=") == len && strncmp(a, b, len) == 0;
}

/* One group, from `first` on: of each of its fields one of the values. */
static bool group_matches(const struct journal_entry *e, char *const *word, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool found = false;

		for (size_t k = 0; k < count && !found; k++)
			found = same_field(word[i], word[k]) && has(e, word[k]);
		if (!found)
			return false;
	}
	return true;
}

bool journal_matches(const struct journal_entry *e, const struct strv *words)
{
	size_t first = 0;

	for (size_t i = 0; i <= words->count; i++) {
		if (i < words->count && !str_eq(words->item[i], "+"))
			continue;
		if ((i > first || words->count == 0) &&
		    group_matches(e, words->item + first, i - first))
			return true;
		first = i + 1;
	}
	return false;
}

static bool has_field(char *const *word, size_t count, const char *field)
{
	for (size_t i = 0; i < count; i++)
		if (same_field(word[i], field))
			return true;
	return false;
}

/* One group, but of the processes that sshd has become: only those of root, since every user may call a program so. */
static void add_sshd_group(char *const *word, size_t count, struct strv *ret)
{
	strv_add(ret, "+");
	for (size_t i = 0; i < count; i++)
		if (!same_field(word[i], "_COMM"))
			strv_add(ret, word[i]);
	strv_add(ret, "_COMM=sshd-session");
	strv_add(ret, "_COMM=sshd-auth");
	if (!has_field(word, count, "_UID"))
		strv_add(ret, "_UID=0");
}

static bool group_has(char *const *word, size_t count, const char *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(word[i], wanted))
			return true;
	return false;
}

void journal_words(const struct strv *words, struct strv *ret)
{
	size_t first = 0;

	for (size_t i = 0; i <= words->count; i++) {
		char *const *group = words->item + first;
		size_t count = i - first;

		if (i < words->count && !str_eq(words->item[i], "+"))
			continue;
		if (first > 0)
			strv_add(ret, "+");
		for (size_t k = 0; k < count; k++)
			strv_add(ret, group[k]);
		if (group_has(group, count, "_COMM=sshd")) {
			if (!has_field(group, count, "_UID"))
				strv_add(ret, "_UID=0");
			add_sshd_group(group, count, ret);
		}
		first = i + 1;
	}
}

/* --- as a line --------------------------------------------------------------------------------------------- */

double journal_time(const struct journal_entry *e)
{
	const char *text = journal_get(e, "_SOURCE_REALTIME_TIMESTAMP");
	uint64_t us;

	if (!text)
		text = journal_get(e, "__REALTIME_TIMESTAMP");
	if (!text || str_to_u64(text, 0, UINT64_C(1) << 53, &us) < 0)
		return -1;
	return (double)us / 1e6;
}

/* All of it is the sender's own. */
static void add_escaped(struct str *ret, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '\n')
			str_add(ret, "\\n");
		else
			str_add_bytes(ret, text, 1);
	}
}

void journal_line(const struct journal_entry *e, struct str *ret)
{
	const char *host = journal_get(e, "_HOSTNAME");
	const char *who = journal_get(e, "SYSLOG_IDENTIFIER");
	const char *pid = journal_get(e, "SYSLOG_PID");

	if (!who || !who[0])
		who = journal_get(e, "_COMM");
	if (!pid || !pid[0])
		pid = journal_get(e, "_PID");
	if (str_eq(who, "sshd-session") || str_eq(who, "sshd-auth"))
		who = "sshd";
	if (host && host[0])
		str_addf(ret, "%s ", host);
	if (who && who[0]) {
		add_escaped(ret, who);
		if (pid && pid[0]) {
			str_add(ret, "[");
			add_escaped(ret, pid);
			str_add(ret, "]");
		}
		str_add(ret, ": ");
	}
	add_escaped(ret, journal_get(e, "MESSAGE"));
}
