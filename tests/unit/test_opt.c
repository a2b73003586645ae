// SPDX-License-Identifier: MIT
/* Command-line options (base/opt.h). */
#include "lib/t.h"

#include "base/mem.h"
#include "base/opt.h"

static const struct opt rows[] = {
	{ "yes", 'y', NULL, "do not ask" },
	{ "window", 0, "TIME", "how long" },
	{ "windows", 0, NULL, "a name that begins like another" },
	{ "file", 'f', "FILE", "which" },
};

static const struct opt_table table = { rows, COUNT(rows) };

#define WORDS(...) ((const char *[]){ __VA_ARGS__, NULL })
#define PARSE(o, e, ...) \
	opts_parse(&table, (int)COUNT(WORDS(__VA_ARGS__)) - 1, (char **)WORDS(__VA_ARGS__), o, e)

static int every_way_to_write_them(void)
{
	CLEANUP_OPTS struct opts o = { 0 };
	struct err e = { 0 };

	T_OK(PARSE(&o, &e, "--window", "90s", "one", "-y", "--file=a=b", "two", "-") == 0);
	T_STR(opts_get(&o, "window"), "90s");
	T_STR(opts_get(&o, "file"), "a=b");
	T_STR(opts_get(&o, "yes"), "");
	T_OK(opts_has(&o, "yes") && !opts_has(&o, "windows") && !opts_get(&o, "windows"));
	T_OK(o.words.count == 3);
	T_STR(o.words.item[0], "one");
	T_STR(o.words.item[2], "-");
	return 0;
}

static int two_dashes_end_them(void)
{
	CLEANUP_OPTS struct opts o = { 0 };
	struct err e = { 0 };

	T_OK(PARSE(&o, &e, "-f", "--", "--", "--yes", "-x") == 0);
	T_STR(opts_get(&o, "file"), "--"); /* its value, whatever it looks like */
	T_OK(!opts_has(&o, "yes") && o.words.count == 2);
	T_STR(o.words.item[0], "--yes");
	return 0;
}

static int the_last_one_counts(void)
{
	CLEANUP_OPTS struct opts o = { 0 };
	struct err e = { 0 };

	T_OK(PARSE(&o, &e, "--window=1m", "--window", "2m", "-f", "", "--window=") == 0);
	T_STR(opts_get(&o, "window"), "");
	T_STR(opts_get(&o, "file"), "");
	T_OK(o.count == 4);
	return 0;
}

static int what_is_wrong_is_named(void)
{
	static const char *const words[][2] = {
		{ "--windo", "did you mean --window" }, /* no abbreviations */
		{ "--ye", "did you mean --yes" },
		{ "--qqqqqqqq", "unknown option --qqqqqqqq" },
		{ "-x", "unknown option -x" },
		{ "-yf", "unknown option -yf" },
		{ "-window", "--window" },
		{ "--yes=no", "option --yes takes no value" },
		{ "--window", "option --window needs a value: --window TIME" },
		{ "-f", "option --file needs a value: --file FILE" },
		{ "--=1", "unknown option" },
	};

	for (size_t i = 0; i < COUNT(words); i++) {
		struct opts o = { .count = 77 };
		struct err e = { 0 };

		T_OK(PARSE(&o, &e, words[i][0]) < 0 && e.kind == ERR_USAGE);
		if (!strstr(e.msg, words[i][1]))
			printf("# %s: %s\n", words[i][0], e.msg);
		T_OK(strstr(e.msg, words[i][1]) && o.count == 77);
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(every_way_to_write_them),
		T(two_dashes_end_them),
		T(the_last_one_counts),
		T(what_is_wrong_is_named),
	};

	return t_main(cases, COUNT(cases));
}
