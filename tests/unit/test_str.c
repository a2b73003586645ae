// SPDX-License-Identifier: MIT
/* Growing text, lists, and the string questions (base/str.h). */
#include "base/mem.h"
#include "base/str.h"
#include "lib/t.h"

static int grows_and_is_handed_out(void)
{
	CLEANUP_STR struct str s = { 0 };
	CLEANUP_FREE char *text = str_take(&s);

	T_STR(text, ""); /* never NULL */
	for (int i = 0; i < 1000; i++)
		str_addf(&s, "%d,", i);
	T_OK(s.len == strlen(s.text) && s.len == 3890);
	str_clear(&s);
	T_OK(s.len == 0 && s.text[0] == '\0');
	str_add_bytes(&s, "a\0b", 3);
	T_OK(s.len == 3 && s.text[3] == '\0' && s.text[2] == 'b');
	free(text);
	text = str_take(&s);
	T_OK(!s.text && s.len == 0 && s.room == 0);
	return 0;
}

static int lists_can_be_an_argv(void)
{
	CLEANUP_STRV struct strv v = { 0 };
	CLEANUP_FREE char *joined = strv_join(&v, ", ");

	T_STR(joined, "");
	strv_split(&v, ",b,, a ,c,", ",");
	T_OK(v.count == 3 && !v.item[3]);
	strv_addf(&v, "%c", 'A');
	strv_sort(&v);
	free(joined);
	joined = strv_join(&v, "|");
	T_STR(joined, " a |A|b|c"); /* byte order */
	T_OK(strv_has(&v, "A") && !strv_has(&v, "a") && !v.item[4]);
	strv_done(&v);
	T_OK(v.count == 0 && !strv_has(&v, ""));
	strv_split(&v, "one \t two", " \t");
	T_OK(v.count == 2 && strcmp(v.item[1], "two") == 0);
	return 0;
}

static int compares(void)
{
	T_OK(str_eq(NULL, NULL) && !str_eq(NULL, "") && !str_eq("", NULL) && str_eq("a", "a"));
	T_OK(!str_eq("a", "A") && str_case_eq("a", "A") && !str_case_eq(NULL, "a"));
	T_OK(str_starts("abc", "ab") && str_starts("abc", "") && !str_starts("a", "ab"));
	T_OK(str_ends("abc", "bc") && str_ends("abc", "") && !str_ends("c", "bc"));
	return 0;
}

static int lines_of_any_system(void)
{
	char text[] = "one\r\n\ntwo\r\r\n three ";
	char *rest = text;

	T_STR(str_line(&rest), "one");
	T_STR(str_line(&rest), "");
	T_STR(str_line(&rest), "two\r");
	T_STR(str_trim(str_line(&rest)), "three");
	T_OK(!str_line(&rest) && !str_line(&rest));
	rest = NULL;
	T_OK(!str_line(&rest));
	char blank[] = " \t\r\n";

	T_STR(str_trim(blank), "");
	return 0;
}

static int whole_numbers_only(void)
{
	static const char *const bad[] = { "",	 "-1",	 "+1",	" 1", "1 ",
					   "1x", "0x10", "1.5", "99", "18446744073709551616",
					   "١" };
	uint64_t n = 42;

	for (size_t i = 0; i < COUNT(bad); i++)
		T_OK(str_to_u64(bad[i], 1, 50, &n) == -1 && n == 42);
	T_OK(str_to_u64("0", 1, 50, &n) == -1 && str_to_u64("51", 1, 50, &n) == -1 && n == 42);
	T_OK(str_to_u64("1", 1, 50, &n) == 0 && n == 1);
	T_OK(str_to_u64("050", 1, 50, &n) == 0 && n == 50);
	T_OK(str_to_u64("18446744073709551615", 0, UINT64_MAX, &n) == 0 && n == UINT64_MAX);
	return 0;
}

static int times_with_a_unit(void)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = { { "90s", 90 },    { "10m", 600 }, { "1h", 3600 },
		     { "2d", 172800 }, { "45", 45 },   { "0", 0 } };
	static const char *const bad[] = { "",	    "m",	  "10 m",
					   "-1m",   "1.5h",	  "1hm",
					   "10M",   "1w",	  "99999999999999999m",
					   "1h30m", "4294967296s" };
	uint64_t s = 7;

	for (size_t i = 0; i < COUNT(good); i++)
		T_OK(str_to_seconds(good[i].text, &s) == 0 && s == good[i].seconds);
	s = 7;
	for (size_t i = 0; i < COUNT(bad); i++)
		T_OK(str_to_seconds(bad[i], &s) == -1 && s == 7);
	return 0;
}

static const char *name_at(const void *arg, size_t i)
{
	return ((const char *const *)arg)[i];
}

static int nearest_is_near(void)
{
	static const char *const names[] = { "password-login", "port", "root-login", "user" };

#define NEAREST(text) str_nearest(text, COUNT(names), name_at, names)
	T_STR(NEAREST("prot"), "port");
	T_STR(NEAREST("root_login"), "root-login");
	T_STR(NEAREST("passwordlogin"), "password-login");
	T_STR(NEAREST("usr"), "user");
	T_STR(NEAREST("port"), "port");
	T_OK(!NEAREST("colour") && !NEAREST("x") && !NEAREST(""));
	/* Longer than any name can be. */
	T_OK(!NEAREST("port-port-port-port-port-port-port-port-port-port-port-port-port-port"));
	return 0;
}

static int clean_text(void)
{
	static const char *const good[] = {
		"", "a\tb\n", "太郎", "é", "\U0001f600", "\xef\xbb\xbf", "\xf4\x8f\xbf\xbf"
	};
	static const char *const bad[] = {
		"\x1b[31m",
		"\r",
		"\x7f",
		"\x01",
		"\xff",
		"\xc0\xaf",
		"\xe0\x80\xaf",
		"\xed\xa0\x80",
		"\xc3",
		"\xe5\xa4",
		"\xf4\x90\x80\x80",
		"\x80",
		"\xc2\x9b",
		"\xf0\x80\x80\xaf",
		"a\xe5z",
	};

	for (size_t i = 0; i < COUNT(good); i++)
		T_OK(str_is_clean_utf8(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		T_OK(!str_is_clean_utf8(bad[i]));
	return 0;
}

static int secrets_are_wiped(void)
{
	char secret[] = "a-long-password";

	str_wipe(secret);
	for (size_t i = 0; i < sizeof(secret); i++)
		T_OK(secret[i] == '\0');
	str_wipe(NULL);
	return 0;
}

static int made_clean(void)
{
	char foreign[] = "key \033[31mred\033]0;x\a \xc2\x9b"
			 "2J \xff\xe3\x81\x82\t\177\n";
	char cut[] = "\xe3\x81";

	str_make_clean(foreign);
	T_STR(foreign, "key ?[31mred?]0;x? ??2J ?\xe3\x81\x82\t?\n");
	T_OK(str_is_clean_utf8(foreign));
	str_make_clean(cut);
	T_STR(cut, "??");
	str_make_clean(NULL);
	return 0;
}

static int versions_are_numbers(void)
{
	uint64_t v[3] = { 9, 9, 9 };

	T_OK(str_version("6.1.0-28-amd64", v, 3) == 3 && v[0] == 6 && v[1] == 1 && v[2] == 0);
	T_OK(str_version("5.13-rc1", v, 3) == 2 && v[0] == 5 && v[1] == 13);
	T_OK(str_version("1.9.13p3\n", v, 2) == 2 && v[1] == 9);
	T_OK(str_version("", v, 3) == 0 && str_version("v1", v, 3) == 0);
	T_OK(str_version("99999999999999999999.1", v, 3) == 0 && str_version("1..2", v, 3) == 1);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(grows_and_is_handed_out), T(lists_can_be_an_argv), T(compares),
		T(lines_of_any_system),	    T(whole_numbers_only),   T(times_with_a_unit),
		T(nearest_is_near),	    T(clean_text),	     T(made_clean),
		T(secrets_are_wiped),	    T(versions_are_numbers),
	};

	return t_main(cases, COUNT(cases));
}
