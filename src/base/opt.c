// SPDX-License-Identifier: MIT
/* opt.c - see opt.h. */
#include "base/opt.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

void opts_done(struct opts *o)
{
	free(o->given);
	strv_done(&o->words);
	*o = (struct opts){ 0 };
}

static const char *name_at(const void *table, size_t i)
{
	return ((const struct opt *)table)[i].name;
}

static int unknown(const struct opt_table *table, const char *word, struct err *e)
{
	const char *near = str_nearest(word + strspn(word, "-"), table->count, name_at, table->opt);

	if (near)
		return err_set(e, ERR_USAGE, _("unknown option %s; did you mean --%s?"), word,
			       near);
	return err_set(e, ERR_USAGE, _("unknown option %s"), word);
}

static const struct opt *find(const struct opt_table *table, const char *word, size_t len)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct opt *opt = &table->opt[i];

		if (word[1] == '-' && strlen(opt->name) == len - 2 &&
		    strncmp(opt->name, word + 2, len - 2) == 0)
			return opt;
		if (word[1] != '-' && len == 2 && opt->letter == word[1])
			return opt;
	}
	return NULL;
}

static void give(struct opts *o, const struct opt *opt, const char *value)
{
	o->given = xrealloc(o->given, o->count + 1, sizeof(*o->given));
	o->given[o->count++] = (struct opt_given){ opt, value };
}

/* One option word; *i moves past a value that stands by itself. */
static int take_option(const struct opt_table *table, char **argv, int *i, struct opts *o,
		       struct err *e)
{
	const char *word = argv[*i], *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct opt *opt = find(table, word, len);

	if (!opt)
		return unknown(table, word, e);
	if (!opt->value && equals)
		return err_set(e, ERR_USAGE, _("option --%s takes no value"), opt->name);
	if (opt->value && !equals && !argv[*i + 1])
		return err_set(e, ERR_USAGE, _("option --%s needs a value: --%s %s"), opt->name,
			       opt->name, opt->value);
	if (!opt->value)
		give(o, opt, "");
	else
		give(o, opt, equals ? equals + 1 : argv[++*i]);
	return 0;
}

int opts_parse(const struct opt_table *table, int argc, char **argv, struct opts *ret,
	       struct err *e)
{
	CLEANUP_OPTS struct opts o = { 0 };
	bool ended = false;

	for (int i = 0; i < argc; i++) {
		if (ended || argv[i][0] != '-' || argv[i][1] == '\0')
			strv_add(&o.words, argv[i]);
		else if (str_eq(argv[i], "--"))
			ended = true;
		else if (take_option(table, argv, &i, &o, e) < 0)
			return -1;
	}
	*ret = o;
	o = (struct opts){ 0 };
	return 0;
}

const char *opts_get(const struct opts *o, const char *name)
{
	for (size_t i = o->count; i-- > 0;)
		if (str_eq(o->given[i].opt->name, name))
			return o->given[i].value;
	return NULL;
}

bool opts_has(const struct opts *o, const char *name)
{
	return opts_get(o, name) != NULL;
}
