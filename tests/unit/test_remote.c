// SPDX-License-Identifier: MIT
/*
 * What a host tells the workstation (setup/pending.h), which must take nothing of it on trust; the questions of
 * a far terminal (base/term.h); and words for another machine's shell.
 */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/term.h"
#include "lib/t.h"
#include "remote/host.h"
#include "remote/target.h"
#include "setup/pending.h"

#define WHOLE                                                                                  \
	"{\"id\":\"20261126-103005\",\"user\":\"taro\",\"port\":22022,\"by_key\":true,\"sudo_" \
	"asks\":true,"                                                                         \
	"\"passwords\":false,\"root\":false,\"seconds\":599,\"old_ports\":[22,2022],"          \
	"\"addresses\":[\"198.51.100.10\",\"2001:db8:1::10\"]}"

static int a_host_tells_what_waits(void)
{
	CLEANUP_PENDING struct pending p = { 0 };
	struct err e = { 0 };

	T_OK(pending_read(WHOLE, &p, &e) == 0);
	T_OK(str_eq(p.user, "taro") && p.port == 22022 && p.seconds == 599);
	T_OK(p.by_key && p.sudo_asks && !p.passwords && !p.root);
	T_OK(p.old_port_count == 2 && p.old_port[1] == 2022);
	T_OK(p.address.count == 2 && str_eq(p.address.item[1], "2001:db8:1::10"));
	T_OK(str_eq(p.program, "/usr/local/sbin/kannuki"));
	return 0;
}

/* What is then run there as root is one of two programs, whatever the host says. */
static int its_program_is_one_of_two(void)
{
	static const char *const said[][2] = {
		{ "/usr/sbin/kannuki", "/usr/sbin/kannuki" },
		{ "/usr/local/sbin/kannuki", "/usr/local/sbin/kannuki" },
		{ "/usr/sbin/kannuki; reboot", "/usr/local/sbin/kannuki" },
		{ "", "/usr/local/sbin/kannuki" },
	};

	for (size_t i = 0; i < COUNT(said); i++) {
		CLEANUP_FREE char *text =
			xasprintf("{\"id\":\"1\",\"user\":\"taro\",\"port\":22,\"program\":\"%s\"}",
				  said[i][0]);
		CLEANUP_PENDING struct pending p = { 0 };
		struct err e = { 0 };

		T_OK(pending_read(text, &p, &e) == 0 && str_eq(p.program, said[i][1]));
	}
	return 0;
}

/* Whose panel it is comes by the name in our table: a host cannot have its own words said there. */
static int its_provider_is_one_of_ours(void)
{
	static const char *const unknown[] = { "", ",\"provider\":\"xserver vps\"",
					       ",\"provider\":7" };
	CLEANUP_PENDING struct pending p = { 0 };
	struct err e = { 0 };

	T_OK(pending_read("{\"id\":\"1\",\"user\":\"taro\",\"port\":22,"
			  "\"provider\":\"XServer VPS\"}",
			  &p, &e) == 0);
	T_OK(p.provider && str_eq(p.provider->title, "XServer VPS"));
	for (size_t i = 0; i < COUNT(unknown); i++) {
		CLEANUP_FREE char *text =
			xasprintf("{\"id\":\"1\",\"user\":\"taro\",\"port\":22%s}", unknown[i]);
		CLEANUP_PENDING struct pending other = { 0 };

		T_OK(pending_read(text, &other, &e) == 0 && !other.provider);
	}
	return 0;
}

/* Its words become words of ssh's arguments. */
static int what_is_not_that_is_refused(void)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{\"id\":\"1\",\"user\":\"\",\"port\":22}",
		"{\"id\":\"1\",\"user\":\"-oProxyCommand=id\",\"port\":22}",
		"{\"id\":\"1\",\"user\":\"a b\",\"port\":22}",
		"{\"id\":\"1\",\"user\":\"a@b\",\"port\":22}",
		"{\"id\":\"1\",\"user\":\"taro\",\"port\":0}",
		"{\"id\":\"1\",\"user\":\"taro\",\"port\":65536}",
		"{\"id\":\"1\",\"user\":\"taro\",\"port\":-1}",
		"{\"id\":\"1\",\"user\":\"taro\",\"port\":\"22\"}",
		"{\"id\":1,\"user\":\"taro\",\"port\":22}",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		CLEANUP_PENDING struct pending p = { 0 };
		struct err e = { 0 };

		T_OK(pending_read(bad[i], &p, &e) < 0 && e.msg[0]);
	}
	return 0;
}

static int what_is_no_address_is_left_out(void)
{
	CLEANUP_PENDING struct pending p = { 0 };
	struct err e = { 0 };

	T_OK(pending_read("{\"id\":\"1\",\"user\":\"a\",\"port\":22,\"old_ports\":[0,70000,\"x\","
			  "22,23,24,"
			  "25,26,27,28,29,30,31],\"addresses\":[\"-oProxyCommand=id\",7,\"::1\","
			  "\"x y\"]}",
			  &p, &e) == 0);
	T_OK(p.address.count == 1 && str_eq(p.address.item[0], "::1"));
	T_OK(p.old_port_count == COUNT(p.old_port) && p.old_port[0] == 22);
	return 0;
}

/* Forms that ssh(1) does not take as they are; all others are its own business. */
static int words_for_a_host(void)
{
	static const struct {
		const char *typed, *target, *port, *host;
	} good[] = {
		{ "root@203.0.113.5", "root@203.0.113.5", NULL, "203.0.113.5" },
		{ "box", "box", NULL, "box" },
		{ "root@2001:db8::1", "root@2001:db8::1", NULL, "2001:db8::1" },
		{ "root@[2001:db8::1]", "root@2001:db8::1", NULL, "2001:db8::1" },
		{ "[2001:db8::1]", "2001:db8::1", NULL, "2001:db8::1" },
		{ "[2001:db8::1]:2222", "2001:db8::1", "2222", "2001:db8::1" },
		{ "root@box:2222", "root@box", "2222", "box" },
		{ "ssh://box", "box", NULL, "box" },
		{ "ssh://root@box/", "root@box", NULL, "box" },
		{ "ssh://root@box:2222", "root@box", "2222", "box" },
		{ "ssh://root@[2001:db8::1]:2222/", "root@2001:db8::1", "2222", "2001:db8::1" },
		{ "a@b@box", "a@b@box", NULL, "box" },
	};
	static const char *const bad[] = { "",
					   "-oProxyCommand=id",
					   "ssh://-oProxyCommand=id",
					   "[-oProxyCommand=id]",
					   "ssh://",
					   "root@[::1",
					   "[]",
					   "[::1]x",
					   "[::1]:0",
					   "box:",
					   "box:65536",
					   "box:22x",
					   "ssh://root@box:22/x",
					   "two words",
					   "box\n",
					   "\xff" };

	for (size_t i = 0; i < COUNT(good); i++) {
		CLEANUP_FREE char *target = NULL;
		CLEANUP_FREE char *port = NULL;
		struct err e = { 0 };

		T_OK(target_read(good[i].typed, &target, &port, &e) == 0);
		T_STR(target, good[i].target);
		T_STR(port ? port : "", good[i].port ? good[i].port : "");
		T_STR(target_host(target), good[i].host);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		CLEANUP_FREE char *target = NULL;
		CLEANUP_FREE char *port = NULL;
		struct err e = { 0 };

		T_OK(target_read(bad[i], &target, &port, &e) < 0 && e.kind == ERR_USAGE);
	}
	return 0;
}

static int words_for_a_shell(void)
{
	static const char *const texts[] = { "",	 "plain", "two words", "it's",	"$(id)",
					     "`id`;\n&", "\"",	  "\\",	       "'\\''", "*" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		CLEANUP_FREE char *word = shell_word(texts[i]);
		CLEANUP_FREE char *command = xasprintf("printf %%s %s", word);
		char got[64] = "";
		FILE *f = popen(command, "r");
		size_t n = fread(got, 1, sizeof(got) - 1, f);

		pclose(f);
		T_OK(n == strlen(texts[i]) && str_eq(got, texts[i]));
	}
	return 0;
}

/* Standard input as a pipe with these bytes. */
static void feed(const char *bytes)
{
	int p[2];

	if (pipe(p) < 0 || write(p[1], bytes, strlen(bytes)) < 0 || dup2(p[0], STDIN_FILENO) < 0)
		abort();
	close(p[0]);
	close(p[1]);
}

static int far_terminal(void)
{
	CLEANUP_FREE char *line = NULL;
	CLEANUP_FREE char *secret = NULL;
	CLEANUP_FREE char *paste = NULL;
	char *none = NULL;
	struct err e = { 0 };

	term_be_far(100, 40);
	T_OK(term_is_interactive() && term_columns() == 100 && term_rows() == 40 &&
	     !term_redraws());
	feed("3\nyes8\ncorrect 11\nline1\nline2");
	T_OK(term_line("", &line, &e) == 0 && str_eq(line, "yes"));
	T_OK(term_secret("", &secret, &e) == 0 && str_eq(secret, "correct "));
	T_OK(term_paste("", &paste, &e) == 0 && str_eq(paste, "line1\nline2"));
	T_OK(term_line("", &none, &e) == 1); /* the person has left */
	feed("5\nabc");
	T_OK(term_line("", &none, &e) == 1); /* the connection was cut in the answer */
	feed("99999999\nabc");
	T_OK(term_line("", &none, &e) < 0);
	feed("x\n");
	T_OK(term_line("", &none, &e) < 0);
	return 0;
}

/* The last of the tests: a far terminal stays one. Its marks are no TAP. */
static int a_far_terminal_asks(void)
{
	int out, bad;

	fflush(stdout);
	out = dup(STDOUT_FILENO);
	if (!freopen("/dev/null", "w", stdout))
		abort();
	bad = far_terminal();
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	return bad;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(a_host_tells_what_waits),
		T(its_provider_is_one_of_ours),
		T(its_program_is_one_of_two),
		T(what_is_not_that_is_refused),
		T(what_is_no_address_is_left_out),
		T(words_for_a_host),
		T(words_for_a_shell),
		T(a_far_terminal_asks),
	};

	return t_main(cases, COUNT(cases));
}
