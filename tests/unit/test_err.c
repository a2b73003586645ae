// SPDX-License-Identifier: MIT
/* The error value (base/err.h). */
#include <errno.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "lib/t.h"

static int says_what_and_why(void)
{
	struct err e = { 0 };

	T_OK(err_set(&e, ERR_USAGE, "port %d", 70000) == -1);
	T_OK(e.kind == ERR_USAGE && e.sys == 0);
	T_STR(e.msg, "port 70000");
	T_OK(err_sys(&e, ENOSPC, "write %s", "/a") == -1);
	T_OK(e.kind == ERR_FAILED && e.sys == ENOSPC);
	T_STR(e.msg, "write /a: No space left on device");
	T_OK(err_ctx(&e, "journal %d", 7) == -1);
	T_STR(e.msg, "journal 7: write /a: No space left on device");
	T_OK(e.kind == ERR_FAILED && e.sys == ENOSPC);
	/* What was set before does not shine through. */
	err_set(&e, ERR_CONFLICT, "busy");
	T_OK(e.kind == ERR_CONFLICT && e.sys == 0);
	T_STR(e.msg, "busy");
	err_ctx(&e, "lock");
	T_STR(e.msg, "lock: busy");
	return 0;
}

/* What others wrote is quoted; a terminal must not obey it. */
static int holds_nothing_that_a_terminal_obeys(void)
{
	struct err e = { 0 };

	err_set(&e, ERR_CONFLICT, "%s listens there", "\033]0;x\a");
	T_STR(e.msg, "?]0;x? listens there");
	err_ctx(&e, "\033[2J");
	T_STR(e.msg, "?[2J: ?]0;x? listens there");
	err_sys(&e, ENOENT, "/tmp/\033c");
	T_STR(e.msg, "/tmp/?c: No such file or directory");
	i18n_set(LANG_JA);
	err_sys(&e, ENOENT, "%s", "/tmp/c");
	T_STR(e.msg, "/tmp/c: ファイルやフォルダーがありません");
	i18n_set(LANG_EN);
	return 0;
}

static int a_long_error_keeps_its_cause(void)
{
	struct err e = { 0 };
	CLEANUP_STR struct str s = { 0 };

	for (int i = 0; i < 100; i++)
		str_add(&s, "long words ");
	err_set(&e, ERR_FAILED, "the cause");
	for (int i = 0; i < 5; i++)
		err_ctx(&e, "%s", s.text);
	T_OK(strlen(e.msg) < sizeof(e.msg) && str_ends(e.msg, ": the cause"));
	err_set(&e, ERR_FAILED, "%s", s.text);
	T_OK(strlen(e.msg) == sizeof(e.msg) - 1);
	err_ctx(&e, "outer");
	T_OK(str_starts(e.msg, "long words"));
	/* A path as long as the whole message must not hide errno's words. */
	err_sys(&e, EROFS, "%s", s.text);
	T_OK(str_ends(e.msg, ": Read-only file system"));
	return 0;
}

static int exit_codes_of_the_manual(void)
{
	static const struct {
		enum err_kind kind;
		int code;
	} t[] = { { ERR_NONE, 0 }, { ERR_FAILED, 1 }, { ERR_USAGE, 2 }, { ERR_CONFLICT, 5 } };

	for (size_t i = 0; i < COUNT(t); i++)
		T_OK(err_exit_code(&(struct err){ .kind = t[i].kind }) == t[i].code);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(says_what_and_why),
		T(holds_nothing_that_a_terminal_obeys),
		T(a_long_error_keeps_its_cause),
		T(exit_codes_of_the_manual),
	};

	return t_main(cases, COUNT(cases));
}
