// SPDX-License-Identifier: MIT
/* term.c - see term.h. */
#include "base/term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/i18n.h"

#define LINE_BYTES 16384

static struct termios before;
static volatile sig_atomic_t changed;
static volatile sig_atomic_t catches, stopped;

bool term_is_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

bool term_is_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

unsigned term_columns(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 20)
		return w.ws_col;
	return 80;
}

unsigned term_rows(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 5)
		return w.ws_row;
	return 24;
}

bool term_redraws(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && term[0] && strcmp(term, "dumb") != 0;
}

bool term_draws_kanji(void)
{
	const char *term = getenv("TERM");

	return !term || strcmp(term, "linux") != 0;
}

static void note_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* Without SA_RESTART: read(2) and poll(2) come back. */
void term_catch_stop(bool on)
{
	const struct sigaction catch = { .sa_handler = note_stop };

	catches = on;
	stopped = 0;
	if (on)
		sigaction(SIGINT, &catch, NULL);
	else
		signal(SIGINT, SIG_DFL);
}

bool term_more(unsigned timeout_ms)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, (int)timeout_ms) > 0 && p.revents & POLLIN;
}

/* Async-signal-safe: puts the terminal back, then dies of the same signal. */
static void restore_and_die(int sig)
{
	if (changed)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void set_mode(tcflag_t without)
{
	struct termios now;

	if (changed || tcgetattr(STDIN_FILENO, &before) < 0)
		return;
	now = before;
	now.c_lflag &= ~without;
	if (!catches)
		signal(SIGINT, restore_and_die);
	signal(SIGTERM, restore_and_die);
	signal(SIGHUP, restore_and_die);
	changed = 1;
	tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

static void unset_mode(void)
{
	if (!changed)
		return;
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	changed = 0;
	if (!catches)
		signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

/* Byte by byte, so that nothing behind the line is taken from whoever reads next. */
static int read_line(char **ret, struct err *e)
{
	CLEANUP_FREE char *buf = xcalloc(LINE_BYTES + 1, 1);
	size_t len = 0;
	ssize_t n;
	char c;

	while ((n = read(STDIN_FILENO, &c, 1)) != 0) {
		if (n < 0 && errno == EINTR && stopped) {
			stopped = 0;
			explicit_bzero(buf, LINE_BYTES);
			return 1;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, _("standard input"));
		if (c == '\n')
			break;
		if (len < LINE_BYTES)
			buf[len++] = c;
	}
	if (n == 0 && len == 0)
		return 1;
	if (len > 0 && buf[len - 1] == '\r')
		buf[len - 1] = '\0';
	*ret = xstrdup(buf);
	explicit_bzero(buf, LINE_BYTES);
	return 0;
}

int term_line(const char *prompt, char **ret, struct err *e)
{
	printf("%s", prompt);
	fflush(stdout);
	return read_line(ret, e);
}

int term_secret(const char *prompt, char **ret, struct err *e)
{
	int r;

	printf("%s", prompt);
	fflush(stdout);
	set_mode(ECHO);
	r = read_line(ret, e);
	unset_mode();
	printf("\n");
	return r;
}

int term_yes(const char *question, struct err *e)
{
	CLEANUP_FREE char *prompt = xasprintf("%s [yes/no] ", question);

	for (;;) {
		CLEANUP_FREE char *line = NULL;
		char *word;
		int r = term_line(prompt, &line, e);

		if (r != 0)
			return r < 0 ? r : 0;
		word = str_trim(line);
		if (str_case_eq(word, "yes") || str_case_eq(word, "y") || str_eq(word, "はい"))
			return 1;
		if (str_case_eq(word, "no") || str_case_eq(word, "n") || str_eq(word, "いいえ"))
			return 0;
		printf("%s\n", _("Please type yes or no."));
	}
}

void term_raw(bool on)
{
	if (on)
		set_mode(ECHO | ICANON);
	else
		unset_mode();
}

int term_key(unsigned timeout_ms)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned char c = 0;

	/* A terminal that hung up is readable for ever: nobody is there any more. */
	if (poll(&p, 1, (int)timeout_ms) > 0 && read(STDIN_FILENO, &c, 1) != 1)
		return TERM_STOP;
	if (stopped) {
		stopped = 0;
		return TERM_STOP;
	}
	return c;
}
