// SPDX-License-Identifier: MIT
/* far_end.c - see far_end.h. */
#include "remote/far_end.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/term.h"

#define TOLD_MAX 65536

void far_end_done(struct far_end *f)
{
	pending_done(&f->pending);
	str_wipe(f->secret);
	free(f->secret);
	*f = (struct far_end){ 0 };
}

/* What came and is not shown yet; what the host says is never obeyed by this terminal. */
struct stream {
	struct piped child;
	struct str text;
	const char *given;
	bool stopped;
};

static void show(struct stream *s, bool whole_line)
{
	if (s->text.len == 0)
		return;
	str_make_clean(s->text.text);
	fputs(s->text.text, stdout);
	if (whole_line)
		putchar('\n');
	fflush(stdout);
	str_clear(&s->text);
}

/* One byte; 1 at the end. */
static int next(struct stream *s, char *ret)
{
	ssize_t n;

	while ((n = read(s->child.from, ret, 1)) < 0 && errno == EINTR) {
		if (!term_stopped())
			continue;
		s->stopped = true;
		piped_hang_up(&s->child);
	}
	return n == 1 ? 0 : 1;
}

static int send(struct stream *s, const char *answer)
{
	CLEANUP_FREE char *whole = xasprintf("%zu\n%s", strlen(answer), answer);
	const char *at = whole;
	size_t left = strlen(whole);

	while (left > 0) {
		ssize_t n = write(s->child.to, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break; /* it has ended: its status tells */
		at += n;
		left -= (size_t)n;
	}
	explicit_bzero(whole, strlen(whole));
	return 0;
}

static int answer(struct stream *s, char how, struct far_end *f, struct err *e)
{
	CLEANUP_FREE char *line = NULL;
	int r;

	if (s->child.to < 0)
		return 0;
	if (how == TERM_ASKS_SECRET && s->given) {
		printf("\n");
		line = xstrdup(s->given);
		r = 0;
	} else if (how == TERM_ASKS_SECRET) {
		r = term_secret("", &line, e);
	} else {
		r = how == TERM_ASKS_PASTE ? term_paste("", &line, e) : term_line("", &line, e);
	}
	if (r < 0)
		return r;
	if (r == 1) { /* the person has left: so it hears */
		printf("\n");
		piped_hang_up(&s->child);
		return 0;
	}
	if (how == TERM_ASKS_SECRET) {
		str_wipe(f->secret);
		free(f->secret);
		f->secret = xstrdup(line);
	}
	r = send(s, line);
	str_wipe(line);
	return r;
}

static int hear(struct stream *s, struct far_end *f, struct err *e)
{
	CLEANUP_STR struct str line = { 0 };
	char c;

	while (next(s, &c) == 0 && c != '\n' && line.len < TOLD_MAX)
		str_add_bytes(&line, &c, 1);
	pending_done(&f->pending);
	if (pending_read(line.text ? line.text : "", &f->pending, e) < 0)
		return -1;
	f->told = true;
	return 0;
}

static int converse(struct stream *s, struct far_end *f, struct err *e)
{
	char c;

	while (next(s, &c) == 0) {
		char how;
		int r;

		if (c == '\n') {
			str_add_bytes(&s->text, &c, 1);
			show(s, false);
		} else if (c != TERM_MARK) {
			str_add_bytes(&s->text, &c, 1);
		} else {
			show(s, false);
			if (next(s, &how) != 0)
				return 0;
			r = how == TERM_TELLS ? hear(s, f, e) : answer(s, how, f, e);
			if (r < 0)
				return -1;
		}
		if (s->text.len > TOLD_MAX)
			show(s, true);
	}
	show(s, true);
	return 0;
}

int far_end_run(struct host *h, const char *command, const char *given, struct far_end *ret,
		struct err *e)
{
	CLEANUP_STRV struct strv argv = { 0 };
	struct stream s = { .given = given };
	int r;

	*ret = (struct far_end){ 0 };
	host_argv_root(h, command, &argv);
	if (piped_start((const char *const *)argv.item, PIPED_APART, &s.child, e) < 0)
		return -1;
	if (h->sudo_secret) {
		CLEANUP_FREE char *line = xasprintf("%s\n", h->sudo_secret);

		if (write(s.child.to, line, strlen(line)) < 0)
			piped_hang_up(&s.child);
		str_wipe(line);
	}
	term_catch_stop(true);
	r = converse(&s, ret, e);
	term_catch_stop(false);
	ret->stopped = s.stopped;
	ret->status = piped_end(&s.child);
	str_done(&s.text);
	return r;
}
