// SPDX-License-Identifier: MIT
/*
 * guard/literals.h, guard/scan.h and regex_may_begin(): no line that an expression matches is kept from it, and which are.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "guard/date_fast.h"
#include "guard/literals.h"
#include "guard/regex.h"
#include "guard/scan.h"
#include "lib/t.h"

/* Words joined by '|', "" for none. */
static bool words_are(const char *regex, const char *want)
{
	CLEANUP_STRV struct strv any = { 0 };
	CLEANUP_FREE char *have = NULL;

	literals_of(regex, &any);
	have = strv_join(&any, "|");
	if (strcmp(have, want) != 0)
		printf("# %s: %s, not %s\n", regex, have, want);
	return strcmp(have, want) == 0;
}

static int words_of_expressions(void)
{
	static const char *const cases[][2] = {
		{ "^Failed \\S+ for", "failed " },
		{ "[aA]uthentication (?:failure|error) for x.*",
		  "authentication failure for x|authentication error for x" },
		{ "a+bcd?e", "bcde|bce" },
		{ "(?:abc)?defg", "abcdefg|defg" },
		{ "(?:abc)*defg", "defg" },
		{ "(?:abc)+de", "abc" },
		{ "(?:abc){2}de", "abc" },
		{ "(?:abc){0,2}de", "de" },
		{ "x{y", "x{y" },
		{ "abc|de.*fghi", "abc|fghi" },
		{ "abc|.*", "" },
		{ "abc|", "" },
		{ "(?P<name>abc)(?P=name)d", "abc" },
		{ "(?=look)ab(?!not)cd(?<=x)ef(?<!y)gh", "abcdefgh" },
		{ "^\\bab\\Bcd$", "abcd" },
		{ "\\.\\[a\\]\\-", ".[a]-" },
		{ "a\\x{62}c\\o{144}e", "abcde" },
		{ "a\\x{e9}bc", "bc" },
		{ "caf\xc3\xa9 au lait", " au lait" },
		{ "ab\\ncde", "cde" },
		{ "[^a]bcd[a-z]e", "bcd" },
		{ "[abc]d", "ad|bd|cd" },
		{ "[abcdef]gh", "gh" },
		{ "[]x]yz", "]yz|xyz" },
		{ "(?i:ABC)D", "abcd" },
		{ "(?(<c>): |abcdef)", "" },
		{ "(?P<c>y)?(?(<c>)yes|no)", "" },
		{ "(?>abc|abd)e", "abce|abde" },
		{ "(abc", "" },
		{ "abc)", "" },
		{ "a\\Kbc", "" },
		{ "", "" },
		{ ".", "" },
		{ "0123456789012345678901234567890123456789", "01234567890123456789012345678901" },
	};
	bool good = true;

	for (size_t i = 0; i < COUNT(cases); i++)
		good = words_are(cases[i][0], cases[i][1]) && good;
	T_OK(good);
	return 0;
}

static int deep_and_wide_expressions_end(void)
{
	CLEANUP_STR struct str deep = { 0 }, wide = { 0 };
	CLEANUP_STRV struct strv any = { 0 };

	for (int i = 0; i < 100000; i++)
		str_add(&deep, "(");
	literals_of(deep.text, &any);
	T_OK(any.count == 0);
	for (int i = 0; i < 12; i++)
		str_add(&wide, "(?:ab|cd|ef|gh)");
	literals_of(wide.text, &any);
	T_OK(any.count > 0 && any.count <= LITERALS_MAX);
	return 0;
}

static unsigned long long draw(unsigned long long *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed >> 33;
}

static void add(struct scan *s, size_t owner, size_t question, const char *words)
{
	CLEANUP_STRV struct strv any = { 0 };

	strv_split(&any, words, "|");
	scan_add(s, owner, question, &any);
}

static bool asked(const struct scan *s, size_t owner, size_t question)
{
	return scan_questions(s, owner)[question / 64] >> question % 64 & 1;
}

static void look(struct scan *s, const char *line)
{
	char folded[600 + SCAN_PAD] = { 0 };
	size_t len = strlen(line);

	for (size_t i = 0; i < len; i++)
		folded[i] = scan_fold(line[i]);
	scan_line(s, folded, len);
}

static int questions_are_asked_of_lines_with_their_words(void)
{
	struct scan *s = scan_new(3);
	const uint32_t *found;

	add(s, 0, 0, "failed password|invalid user");
	add(s, 0, 70, "abc");
	add(s, 1, 1, "invalid user");
	add(s, 1, 0, "");
	add(s, 2, 0, "ab");
	scan_finish(s);
	look(s, "nothing of it");
	T_OK(!asked(s, 0, 0) && !asked(s, 0, 70) && !asked(s, 1, 1));
	/* No word, or one that is too short to look for: always. */
	T_OK(asked(s, 1, 0) && asked(s, 2, 0) && scan_found(s, &found) == 0);
	look(s, "an INVALID USER");
	T_OK(asked(s, 0, 0) && !asked(s, 0, 70) && asked(s, 1, 1) && asked(s, 1, 0));
	T_OK(scan_found(s, &found) == 2);
	look(s, "xabcx");
	T_OK(!asked(s, 0, 0) && asked(s, 0, 70) && !asked(s, 1, 1));
	T_OK(scan_found(s, &found) == 1 && found[0] == 0);
	scan_more(s, "failed password\0                   ", 15);
	T_OK(asked(s, 0, 0) && asked(s, 0, 70));
	look(s, "");
	T_OK(!asked(s, 0, 0) && !asked(s, 0, 70));
	scan_all(s);
	T_OK(asked(s, 0, 0) && asked(s, 0, 70) && asked(s, 1, 1));
	scan_free(s);
	return 0;
}

/* Words that overlap, repeat and begin each other, of a small alphabet: against strstr(). */
static int the_same_as_strstr(void)
{
	unsigned long long seed = 20261127;

	printf("# seed %llu\n", seed);
	for (int round = 0; round < 300; round++) {
		size_t count = 1 + draw(&seed) % (draw(&seed) % 3 ? 40 : 5),
		       shortest = 3 + draw(&seed) % 8;
		struct scan *s = scan_new(count);
		char word[40][40];

		for (size_t i = 0; i < count; i++) {
			size_t len = shortest + draw(&seed) % 12;

			for (size_t k = 0; k < len; k++)
				word[i][k] = (char)('a' + draw(&seed) % 2);
			word[i][len] = '\0';
			add(s, i, 3, word[i]);
		}
		scan_finish(s);
		for (int lines = 0; lines < 50; lines++) {
			size_t len = draw(&seed) % 60;
			char line[61];

			for (size_t k = 0; k < len; k++)
				line[k] = (char)('a' + draw(&seed) % 2);
			line[len] = '\0';
			look(s, line);
			for (size_t i = 0; i < count; i++)
				T_OK(asked(s, i, 3) == (strstr(line, word[i]) != NULL));
		}
		scan_free(s);
	}
	return 0;
}

/* The bytes that a text may begin with, of some. */
static int the_first_byte_tells(void)
{
	static const char bytes[] = "aB1 [<-\n\x01~";
	static const char *const cases[][2] = {
		{ "^a", "a" },
		{ "^(?:\\W{0,2})?(\\d{2}:)", "1 [<-\n\x01~" },
		{ "^\\s*\\[", " [\n" },
		{ "^(?=<)<|^B", "<B" },
		{ "^(?!a)\\w", "B1" },
		{ "^[^\\[]*\\[", bytes },
		{ "^$", "\n" },
		{ "^\\b\\w?", "aB1" },
		{ "^(?i)b", "B" },
		{ "^a?-?1", "a-1" },
		/* A match may begin further on. */
		{ "a", bytes },
		{ "^a|b", bytes },
		{ "(?s).*a", bytes },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEANUP_REGEX struct regex *r = NULL;
		struct err e = { 0 };

		T_OK(regex_new(cases[i][0], (struct regex_form){ .no_tags = true }, &r, &e) == 0);
		for (const char *c = bytes; *c; c++) {
			bool may = regex_may_begin(r, *c);

			if (may == (strchr(cases[i][1], *c) != NULL))
				continue;
			printf("# %s: %c\n", cases[i][0], *c);
			return 1;
		}
		T_OK(regex_may_begin(r, '\xe9'));
	}
	return 0;
}

/* Texts that an expression matches, told by the search itself, before and after it was asked. */
static int no_match_has_another_first_byte(void)
{
	static const char *const parts[] = { "a",    "b?",	 "\\d+",   "[^b]", "\\b",
					     "\\s*", "(?=1)",	 "(?!b)",  "x*",   "(?:a|1)",
					     "$",    "\\W{0,2}", "(?<=a)", "-" };
	unsigned long long seed = 20261127;
	unsigned long matched = 0, never = 0;

	printf("# seed %llu\n", seed);
	for (int round = 0; round < 2000; round++) {
		CLEANUP_STR struct str regex = { 0 };
		CLEANUP_REGEX struct regex *r = NULL;
		struct err e = { 0 };

		str_add(&regex, draw(&seed) % 4 ? "^" : "");
		for (size_t n = 1 + draw(&seed) % 5; n > 0; n--)
			str_add(&regex, parts[draw(&seed) % COUNT(parts)]);
		T_OK(regex_new(regex.text, (struct regex_form){ .no_tags = true }, &r, &e) == 0);
		for (int lines = 0; lines < 60; lines++) {
			static const char some[] = "ab1 -x";
			struct span in = { .len = 1 + draw(&seed) % 6, .ascii = true };
			char text[8] = { 0 };
			size_t start, end;

			for (size_t i = 0; i < in.len; i++)
				text[i] = some[draw(&seed) % 6];
			in.text = text;
			if (regex_search(r, &in) != REGEX_MATCH) {
				never += !regex_may_begin(r, text[0]);
				continue;
			}
			matched++;
			if (!regex_may_begin(r, text[0])) {
				printf("# %s: %s\n", regex.text, text);
				return 1;
			}
			T_OK(regex_bounds(r, 0, &start, &end) && end <= in.len);
		}
	}
	T_OK(matched > 1000 && never > 1000);
	return 0;
}

static int what_is_looked_for_ahead(void)
{
	static const char *const cases[][2] = {
		{ "^(?P<u>\\S+)|x(?(<u>): |y)", NULL },
		{ "^(?:(?P<u>\\S+)|x) a(?(<u>): |y)",
		  "^(?:(?P<u>(?=(?:[^:]*+:)+? )\\S+)|x) a(?(<u>): |y)" },
		{ "(?P<u>a)?b(?(<u>)=/)", "(?P<u>(?=(?:[^=]*+=)+?/)a)?b(?(<u>)=/)" },
		{ "(?P<u>a)[(](?(<u>),)$", "(?P<u>(?=(?:[^,]*+,)+?)a)[(](?(<u>),)$" },
		/* It may be passed by, needs what may be written otherwise, or its group is none that counts. */
		{ "(?P<u>a)?b(?(<u>): )?", NULL },
		{ "(?P<u>a)?b(?:(?(<u>): ))", NULL },
		{ "(?P<u>a)?b(?(<u>): *|c)", NULL },
		{ "(?P<u>a)?b(?(<u>):\\d|c)", NULL },
		{ "(?P<u>a)?b(?(<u>)a|c)", NULL },
		{ "(?P<u>a)?b(?(<v>): |c)", NULL },
		{ "(?!(?P<u>a))b(?(<u>): |c)", NULL },
		{ "(?x)(?P<u>a)?b(?(<u>): |c)", NULL },
		{ "(?P<u>a)?b(?(?=x)y|z)(?(<u>): |c)", NULL },
		{ "(?P<u>a)?(b", NULL },
		{ "(?P<u>a)?b)(?(<u>): |c)", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEANUP_STR struct str have = { 0 };

		if (regex_look_ahead(cases[i][0], &have) != (cases[i][1] != NULL)) {
			printf("# %s\n", cases[i][0]);
			return 1;
		}
		if (cases[i][1])
			T_STR(have.text, cases[i][1]);
	}
	return 0;
}

/* The short way and the long one, over texts of the pieces that the expressions are made of. */
static int looking_ahead_changes_no_match(void)
{
	static const char *const regexes[] = {
		("^for (?P<i>in )?(?P<n>(?P<u>\\S+)|(?(i)(?:(?! from ).)*?|[^:]+)) from <HOST>"
		 "(?: port \\d+)?(?(u): |(?:(?:(?! from ).)*)$)"),
		"^(?:(?P<u>\\S+) |(?P<r>.*?)) from (?P<h>[\\d.]+)(?(u): |$)",
		"(?P<u>a+)*.*?(?(u)::|b)",
		"(?P<u>in|for)?[ .]*(?(u)1:)",
		"(?i)(?P<u>FROM)?.(?(u) :)",
	};
	static const char *const parts[] = { "for ",  "in ", " from ", "1.2.3.4", ": ",
					     ":",     "a",   "ab",     " port 7", "::1",
					     "x.org", " ",   "\n",     "b" };
	unsigned long long seed = 20261127;
	unsigned long matched[COUNT(regexes)] = { 0 };
	struct regex *r[COUNT(regexes)];
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(regexes); i++)
		T_OK(regex_new(regexes[i], (struct regex_form){ 0 }, &r[i], &e) == 0);
	for (int lines = 0; lines < 20000; lines++) {
		CLEANUP_STR struct str text = { 0 };

		str_add(&text, draw(&seed) % 2 ? "for " : "");
		for (size_t n = draw(&seed) % 9; n > 0; n--)
			str_add(&text, parts[draw(&seed) % COUNT(parts)]);
		for (size_t i = 0; i < COUNT(regexes); i++) {
			struct span in = { text.text ? text.text : "", text.len, 0, true };
			size_t bounds[2][16] = { 0 };
			int found[2];

			for (int slow = 0; slow < 2; slow++) {
				in.ascii = !slow;
				found[slow] = regex_search(r[i], &in);
				for (size_t g = 0; found[slow] == REGEX_MATCH && g < 8; g++)
					if (!regex_bounds(r[i], g, &bounds[slow][2 * g],
							  &bounds[slow][2 * g + 1]))
						bounds[slow][2 * g] = SIZE_MAX;
			}
			if (found[0] != found[1] ||
			    memcmp(bounds[0], bounds[1], sizeof(bounds[0])) != 0) {
				printf("# %s: %s\n", regexes[i], text.text);
				return 1;
			}
			matched[i] += found[0] == REGEX_MATCH;
		}
	}
	for (size_t i = 0; i < COUNT(regexes); i++) {
		T_OK(matched[i] > 20);
		regex_free(r[i]);
	}
	return 0;
}

/* Lines without a word that a form of dates needs are kept from it, and no others. */
static int gates_of_dates(void)
{
	static const struct {
		const char *pattern, *line;
		bool open;
	} cases[] = {
		{ "%d/%b[^/]*/%Y:%H:%M:%S %z", "10/Oct/2023:22:13:20 +0000", true },
		{ "%d/%b[^/]*/%Y:%H:%M:%S %z", "cd / && ls /home/x 10/oc", false },
		{ "%d/%b[^/]*/%Y:%H:%M:%S %z", "a/b/c", false },
		{ "%d/%b[^/]*/%Y:%H:%M:%S %z", "a/b/Dec", true },
		{ "%d/%b[^/]*/%Y:%H:%M:%S %z", "", false },
		{ "%d/%b[^/]*/%Y:%H:%M:%S %z", "no such character", false },
		{ "^\\[%Y", "x[x", true },
		{ "TAI64N", "x@4", true },
		{ "%H:%M:%S", "", true },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct date_template t = { 0 };
		char folded[64] = { 0 };
		struct date_seen seen = { .folded = folded };
		struct span line = { cases[i].line, strlen(cases[i].line), 0, true };
		struct date_gate gate;
		struct err e = { 0 };

		T_OK(date_template_init(&t, cases[i].pattern, 202, &e) == 0);
		gate = date_gate_of(&t);
		for (size_t k = 0; k < line.len; k++)
			folded[k] = scan_fold(line.text[k]);
		if (date_gate_open(&gate, &seen, &line) != cases[i].open) {
			printf("# %s: %s\n", cases[i].pattern, cases[i].line);
			return 1;
		}
		date_template_done(&t);
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(words_of_expressions),
		T(deep_and_wide_expressions_end),
		T(questions_are_asked_of_lines_with_their_words),
		T(the_same_as_strstr),
		T(the_first_byte_tells),
		T(no_match_has_another_first_byte),
		T(what_is_looked_for_ahead),
		T(looking_ahead_changes_no_match),
		T(gates_of_dates),
	};

	return t_main(cases, COUNT(cases));
}
