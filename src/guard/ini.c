// SPDX-License-Identifier: MIT
/* ini.c - see ini.h. */
#include "guard/ini.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "guard/utf8.h"

/* What is being read: the option that continuation lines belong to, and how far it was indented. */
struct reading {
	struct ini *ini;
	const char *file;
	unsigned line, option_line;
	struct dict *section; /* NULL before the first header */
	const char *section_name;
	char *option; /* NULL: no line can continue one */
	struct str value;
	size_t indent;
};

void ini_done(struct ini *ini)
{
	dict_done(&ini->defaults);
	for (size_t i = 0; i < ini->count; i++) {
		free(ini->section[i].name);
		dict_done(&ini->section[i].option);
	}
	free(ini->section);
	*ini = (struct ini){ 0 };
}

struct ini_section *ini_find(const struct ini *ini, const char *name)
{
	for (size_t i = 0; i < ini->count; i++)
		if (strcmp(ini->section[i].name, name) == 0)
			return &ini->section[i];
	return NULL;
}

struct ini_section *ini_add(struct ini *ini, const char *name)
{
	ini->section = xrealloc(ini->section, ini->count + 1, sizeof(*ini->section));
	ini->section[ini->count] = (struct ini_section){ .name = xstrdup(name) };
	return &ini->section[ini->count++];
}

/* The option that was being read is complete. */
static void end_option(struct reading *r)
{
	size_t len;

	if (!r->option)
		return;
	len = utf8_trim_end(r->value.text ? r->value.text : "", r->value.len);
	dict_take(r->section, r->option, xstrndup(r->value.text ? r->value.text : "", len),
		  (struct origin){ r->file, r->option_line });
	str_clear(&r->value);
	free(r->option);
	r->option = NULL;
}

/* Characters of white space before the text of a line. */
static size_t indent_of(const char *line, size_t len)
{
	size_t count = 0, n;

	for (; (n = utf8_space(line, len)) > 0; count++) {
		line += n;
		len -= n;
	}
	return count;
}

/* Where a comment begins within the line: at a ';' that begins it or stands after white space. */
static size_t inline_comment(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] != ';')
			continue;
		if (i == 0 || utf8_trim_end(line, i) < i)
			return i;
	}
	return len;
}

static int take_header(struct reading *r, const char *name, struct err *e)
{
	end_option(r);
	if (strcmp(name, "DEFAULT") == 0) {
		r->section = &r->ini->defaults;
		r->section_name = "DEFAULT";
		return 0;
	}
	if (ini_find(r->ini, name))
		return err_set(e, ERR_USAGE, _("%s:%u: the section [%s] is there already"), r->file,
			       r->line, name);
	r->section = &ini_add(r->ini, name)->option;
	r->section_name = r->ini->section[r->ini->count - 1].name;
	return 0;
}

static int take_option(struct reading *r, const char *line, size_t len, struct err *e)
{
	size_t at = 0, name_len;
	const char *value;

	while (at < len && line[at] != '=' && line[at] != ':')
		at++;
	name_len = utf8_trim_end(line, at);
	if (at == len || name_len == 0)
		return err_set(e, ERR_USAGE, _("%s:%u: this is neither [section] nor name = value"),
			       r->file, r->line);
	end_option(r);
	r->option = str_lower(xstrndup(line, name_len));
	if (dict_find(r->section, r->option))
		return err_set(e, ERR_USAGE, _("%s:%u: %s is set twice in [%s] of this file"),
			       r->file, r->line, r->option, r->section_name);
	r->option_line = r->line;
	len -= at + 1;
	value = utf8_trim(line + at + 1, &len);
	str_add_bytes(&r->value, value, len);
	return 0;
}

/* A line with something on it, comments and outer white space cut off. */
static int take_text(struct reading *r, const char *text, size_t len, struct err *e)
{
	const char *close = memrchr(text, ']', len);

	if (text[0] == '[' && close && close > text + 1) {
		CLEANUP_FREE char *name = xstrndup(text + 1, (size_t)(close - text - 1));

		return take_header(r, name, e);
	}
	if (!r->section)
		return err_set(e, ERR_USAGE, _("%s:%u: there is no [section] above this line"),
			       r->file, r->line);
	return take_option(r, text, len, e);
}

static int take_line(struct reading *r, const char *line, size_t len, struct err *e)
{
	size_t text_len = len, indent, cut = inline_comment(line, len);
	const char *text = utf8_trim(line, &text_len);

	if (text_len > 0 && (text[0] == '#' || text[0] == ';'))
		return 0;
	text_len = cut;
	text = utf8_trim(line, &text_len);
	if (text_len == 0) {
		if (r->option && cut == len)
			str_add(&r->value, "\n");
		return 0;
	}
	indent = indent_of(line, len);
	if (r->option && indent > r->indent) {
		str_add(&r->value, "\n");
		str_add_bytes(&r->value, text, text_len);
		return 0;
	}
	r->indent = indent;
	return take_text(r, text, text_len, e);
}

/* Lines end with \n, \r\n or \r, as Python reads text. */
static size_t line_length(const char *text, size_t len, size_t *ret_end)
{
	size_t n = 0;

	while (n < len && text[n] != '\n' && text[n] != '\r')
		n++;
	*ret_end = n < len ? n + 1 : n;
	if (n + 1 < len && text[n] == '\r' && text[n + 1] == '\n')
		*ret_end = n + 2;
	return n;
}

static int check_text(const char *text, size_t len, const char *file, struct err *e)
{
	unsigned line = 1;

	if (len > INI_FILE_MAX)
		return err_set(e, ERR_USAGE, _("%s: longer than %zu MiB"), file,
			       INI_FILE_MAX >> 20);
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_char(text + i, len - i);
		if (n == 0 || text[i] == '\0')
			return err_set(e, ERR_USAGE, _("%s:%u: this line is not UTF-8 text"), file,
				       line);
		line += text[i] == '\n';
	}
	return 0;
}

int ini_parse(const char *text, size_t len, const char *file, struct ini *ret, struct err *e)
{
	CLEANUP_INI struct ini ini = { 0 };
	struct reading r = { .ini = &ini, .file = file };
	size_t at = 0, next;
	int bad;

	bad = check_text(text, len, file, e);
	while (bad == 0 && at < len) {
		size_t n = line_length(text + at, len - at, &next);

		r.line++;
		bad = take_line(&r, text + at, n, e);
		at += next;
	}
	if (bad == 0)
		end_option(&r);
	free(r.option);
	str_done(&r.value);
	if (bad == 0) {
		*ret = ini;
		ini = (struct ini){ 0 };
	}
	return bad;
}
