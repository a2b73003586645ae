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

#define LINE_BYTES   16384
#define FAR_BYTES    65536 /* of an answer from far */
#define PASTE_GAP_MS 300   /* a line of 80 characters takes 85 ms at 9600 bits a second */

static struct {
	bool is;
	unsigned columns, rows;
} far;
static struct termios before;
static volatile sig_atomic_t changed;
static volatile sig_atomic_t catches, stopped;

bool term_is_interactive(void)
{
	return far.is || (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
}

void term_be_far(unsigned columns, unsigned rows)
{
	far.is = true;
	far.columns = columns;
	far.rows = rows;
}

void term_tell(const char *text)
{
	if (far.is)
		printf("%c%c%s\n", TERM_MARK, TERM_TELLS, text);
	fflush(stdout);
}

bool term_is_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

unsigned term_columns(void)
{
	struct winsize w;

	if (far.is)
		return far.columns;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 20)
		return w.ws_col;
	return 80;
}

unsigned term_text_columns(void)
{
	return far.is || isatty(STDOUT_FILENO) ? term_columns() - 1 : 0;
}

unsigned term_rows(void)
{
	struct winsize w;

	if (far.is)
		return far.rows;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 5)
		return w.ws_row;
	return 24;
}

bool term_redraws(void)
{
	const char *term = getenv("TERM");

	return !far.is && isatty(STDOUT_FILENO) && term && term[0] && strcmp(term, "dumb") != 0;
}

/* A pseudo-terminal says 38400 whatever is behind it. */
bool term_is_slow(void)
{
	struct termios t;

	return !far.is && tcgetattr(STDOUT_FILENO, &t) == 0 && cfgetospeed(&t) < B38400;
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

bool term_stopped(void)
{
	return stopped;
}

static bool more_comes(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, PASTE_GAP_MS) > 0 && p.revents & POLLIN;
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

/* All of an answer whose length came before it. */
static int read_bytes(size_t len, char **ret, struct err *e)
{
	char *buf = xcalloc(len + 1, 1);
	size_t have = 0;
	ssize_t n = 1;

	while (have < len && n > 0) {
		n = read(STDIN_FILENO, buf + have, len - have);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			have += (size_t)n;
	}
	if (have == len) {
		*ret = buf;
		return 0;
	}
	if (n < 0)
		err_sys(e, errno, _("standard input"));
	str_wipe(buf);
	free(buf);
	return n < 0 ? -1 : 1;
}

static int ask_far(enum term_mark how, char **ret, struct err *e)
{
	CLEANUP_FREE char *length = NULL;
	uint64_t n;
	int r;

	printf("%c%c", TERM_MARK, how);
	fflush(stdout);
	r = read_line(&length, e);
	if (r == 0 && str_to_u64(length, 0, FAR_BYTES, &n) < 0)
		return err_set(e, ERR_FAILED, _("the answer from the other end cannot be read"));
	return r == 0 ? read_bytes(n, ret, e) : r;
}

int term_line(const char *prompt, char **ret, struct err *e)
{
	printf("%s", prompt);
	fflush(stdout);
	return far.is ? ask_far(TERM_ASKS_LINE, ret, e) : read_line(ret, e);
}

int term_paste(const char *prompt, char **ret, struct err *e)
{
	CLEANUP_STR struct str all = { 0 };
	char *line = NULL;
	int r;

	printf("%s", prompt);
	fflush(stdout);
	if (far.is)
		return ask_far(TERM_ASKS_PASTE, ret, e);
	r = read_line(&line, e);
	if (r != 0)
		return r;
	do {
		str_addf(&all, "%s%s", all.text ? "\n" : "", line);
		str_wipe(line);
		free(line);
		line = NULL;
	} while (more_comes() && read_line(&line, e) == 0);
	*ret = str_take(&all);
	return 0;
}

int term_secret(const char *prompt, char **ret, struct err *e)
{
	int r;

	printf("%s", prompt);
	fflush(stdout);
	if (far.is)
		return ask_far(TERM_ASKS_SECRET, ret, e);
	set_mode(ECHO);
	r = read_line(ret, e);
	unset_mode();
	printf("\n");
	return r;
}

bool term_means_yes(const char *word)
{
	return str_case_eq(word, "yes") || str_case_eq(word, "y") || str_eq(word, "はい");
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
		if (term_means_yes(word))
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
