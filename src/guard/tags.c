// SPDX-License-Identifier: MIT
/* tags.c - see tags.h. */
#include "guard/tags.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

#define REPEATS_MAX 25 /* as fail2ban: how often one tag may come back in one value */
#define VALUE_MAX   ((size_t)1 << 20)

struct seen_tag {
	char *name;
	unsigned count;
};

/* One value while its tags are replaced. */
struct value_state {
	const char *key;
	struct str text;
	struct seen_tag *seen;
	size_t seen_count;
	bool done;
};

struct substitution {
	struct dict *values;
	const struct tag_source *source;
	struct value_state *state;
};

/* The next "<...>" at or behind `from` without blank, '<' or '>' in it; NULL: none. */
static const char *find_tag(const char *from, size_t *ret_len)
{
	const char *open;

	for (open = strchr(from, '<'); open; open = strchr(open + 1, '<')) {
		*ret_len = strcspn(open + 1, " <>");
		if (*ret_len > 0 && open[1 + *ret_len] == '>')
			return open;
	}
	return NULL;
}

static unsigned *seen_count(struct value_state *v, const char *name)
{
	for (size_t i = 0; i < v->seen_count; i++)
		if (strcmp(v->seen[i].name, name) == 0)
			return &v->seen[i].count;
	v->seen = xrealloc(v->seen, v->seen_count + 1, sizeof(*v->seen));
	v->seen[v->seen_count] = (struct seen_tag){ .name = xstrdup(name) };
	return &v->seen[v->seen_count++].count;
}

/* Every <name> of the text becomes `with`. */
static int replace_all(struct str *text, const char *name, const char *with, struct err *e)
{
	CLEANUP_FREE char *tag = xasprintf("<%s>", name);
	CLEANUP_STR struct str out = { 0 };
	const char *at = text->text, *hit;

	for (; (hit = strstr(at, tag)); at = hit + strlen(tag)) {
		str_add_bytes(&out, at, (size_t)(hit - at));
		str_add(&out, with);
		if (out.len > VALUE_MAX)
			return err_set(e, ERR_USAGE, _("the value becomes longer than 1 MiB"));
	}
	str_add(&out, at);
	str_done(text);
	*text = out;
	out = (struct str){ 0 };
	return 0;
}

/* What a tag stands for: 1 when nobody knows it. */
static int value_of(struct substitution *s, const char *tag, char **ret, struct err *e)
{
	for (size_t i = 0; i < s->values->count; i++) {
		if (strcmp(s->values->item[i].key, tag) != 0)
			continue;
		if (!s->state[i].text.text)
			break;
		*ret = xstrdup(s->state[i].text.text);
		return 0;
	}
	return s->source->more ? s->source->more(s->source->arg, tag, ret, e) : 1;
}

/* Replaces what is known in one value. What a tag makes together with the text before it is seen in
 * the next round only: so "<lt_<x>/y>" that comes back to itself ends. */
static int substitute_one(struct substitution *s, struct value_state *v, struct err *e)
{
	size_t at = 0, len;
	const char *hit;

	while ((hit = find_tag(v->text.text + at, &len))) {
		CLEANUP_FREE char *tag = xstrndup(hit + 1, len), *with = NULL;
		unsigned *count;
		int r;

		at = (size_t)(hit - v->text.text);
		if (s->source->ignore && strv_has(s->source->ignore, tag)) {
			at += len + 2;
			continue;
		}
		count = seen_count(v, tag);
		if (strcmp(tag, v->key) == 0 || *count > REPEATS_MAX)
			return err_set(e, ERR_USAGE, _("%s refers to itself through <%s>"), v->key,
				       tag);
		r = value_of(s, tag, &with, e);
		if (r < 0)
			return -1;
		if (r > 0) {
			at += len + 2;
			continue;
		}
		if (replace_all(&v->text, tag, with, e) < 0)
			return err_ctx(e, "%s", v->key);
		++*count;
	}
	return 0;
}

static int all_rounds(struct substitution *s, struct err *e)
{
	bool again = true;
	size_t len;

	while (again) {
		again = false;
		for (size_t i = 0; i < s->values->count; i++) {
			struct value_state *v = &s->state[i];
			CLEANUP_FREE char *before = NULL;

			if (v->done || !v->text.text)
				continue;
			before = xstrdup(v->text.text);
			if (substitute_one(s, v, e) < 0)
				return -1;
			again = again ||
				(strcmp(before, v->text.text) != 0 && find_tag(v->text.text, &len));
			v->done = !strchr(v->text.text, '<');
		}
	}
	return 0;
}

int tags_substitute(struct dict *values, const struct tag_source *source, struct err *e)
{
	struct substitution s = { values, source, xcalloc(values->count + 1, sizeof(*s.state)) };
	int r;

	for (size_t i = 0; i < values->count; i++) {
		const struct dict_entry *one = &values->item[i];

		s.state[i].key = one->key;
		if (one->value)
			str_add(&s.state[i].text, one->value);
		s.state[i].done = source->ignore && strv_has(source->ignore, one->key);
	}
	r = all_rounds(&s, e);
	for (size_t i = 0; i < values->count; i++) {
		struct dict_entry *one = &values->item[i];

		if (r == 0 && one->value) {
			free(one->value);
			one->value = str_take(&s.state[i].text);
		}
		str_done(&s.state[i].text);
		for (size_t j = 0; j < s.state[i].seen_count; j++)
			free(s.state[i].seen[j].name);
		free(s.state[i].seen);
	}
	free(s.state);
	return r;
}
