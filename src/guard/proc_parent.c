// SPDX-License-Identifier: MIT
/*
 * proc_parent.c - the process that starts the others, and sees that they are there. It reads no log, no request of strangers,
 * and decides nothing.
 *
 * When one of them ends, all end, and this one too: systemd starts it anew, the kernel has the bans meanwhile, and the
 * store knows what was half counted. A reload is the same without this process ending; new files that cannot be
 * read at all change nothing.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "guard/roles.h"
#include "os/child.h"
#include "os/filter_watch.h"

#define READY_SECONDS 30.0
#define STOP_SECONDS  4.0
#define LOOK_MS	      1000 /* between two looks at whether a transaction is pending */
#define BACKOFF_MOST  30.0

struct parent {
	const struct guard_places *places;
	struct party party; /* its peers in the order of `started` below */
	pid_t pid[ROLE_COUNT], check;
	bool ready[ROLE_COUNT], alive[ROLE_COUNT];
	int fd[ROLE_COUNT]; /* our end to each; -1 */
	int signals, listener;
	int journal_pipe[2]; /* ours is the end that is written to */
	char *cursor;	     /* behind which the journal is to be read; NULL: it is not wanted */
	double journal_at, journal_backoff, journal_begun;
	double watchdog, pinged; /* seconds; 0: no watchdog */
	bool told_ready, observe, told_observe;
	bool reload, failed;
};

/* In the order in which they are stopped: who hands on ends before who is handed to. */
static const enum role started[] = { ROLE_READER, ROLE_WATCH, ROLE_STORE, ROLE_BANNER };

/* --- starting ------------------------------------------------------------------------------------------------ */

static int start(struct parent *p, enum role role, const int *fd, size_t fds, struct err *e)
{
	const char *argv[] = { "kannuki-guard",	  "role",
			       role_name(role),	  "--config",
			       p->places->config, "--state",
			       p->places->state,  "--run",
			       p->places->run,	  role == ROLE_JOURNAL ? "--cursor" : NULL,
			       p->cursor,	  NULL };

	return child_start(argv, fd, fds, &p->pid[role], e);
}

struct ends {
	int reader_watch[2], watch_store[2], store_banner[2], store_reader[2];
	int parent[ROLE_COUNT][2];
};

static int make_ends(struct ends *x, struct err *e)
{
	if (child_pair(false, x->reader_watch, e) < 0 || child_pair(false, x->watch_store, e) < 0 ||
	    child_pair(false, x->store_banner, e) < 0 || child_pair(false, x->store_reader, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(started); i++)
		if (child_pair(false, x->parent[started[i]], e) < 0)
			return -1;
	return 0;
}

static void close_ends(struct ends *x)
{
	int *const pairs[] = { x->reader_watch, x->watch_store, x->store_banner, x->store_reader };

	for (size_t i = 0; i < COUNT(pairs); i++) {
		close_p(&pairs[i][0]);
		close_p(&pairs[i][1]);
	}
	for (size_t i = 0; i < COUNT(started); i++)
		close_p(&x->parent[started[i]][1]);
}

static int start_each(struct parent *p, struct ends *x, struct err *e)
{
	const int reader[] = { x->parent[ROLE_READER][1], x->reader_watch[0], x->store_reader[1],
			       p->journal_pipe[0] };
	const int watch[] = { x->parent[ROLE_WATCH][1], x->reader_watch[1], x->watch_store[0] };
	const int store[] = { x->parent[ROLE_STORE][1], x->watch_store[1], x->store_banner[0],
			      x->store_reader[0], p->listener };
	const int banner[] = { x->parent[ROLE_BANNER][1], x->store_banner[1] };

	if (start(p, ROLE_BANNER, banner, COUNT(banner), e) < 0 ||
	    start(p, ROLE_STORE, store, COUNT(store), e) < 0 ||
	    start(p, ROLE_WATCH, watch, COUNT(watch), e) < 0 ||
	    start(p, ROLE_READER, reader, COUNT(reader), e) < 0)
		return -1;
	return 0;
}

static int start_all(struct parent *p, struct err *e)
{
	struct ends x;
	int r;

	memset(&x, -1, sizeof(x));
	memset(p->ready, 0, sizeof(p->ready));
	p->told_observe = false;
	p->observe = false;
	r = child_pipe(p->journal_pipe, e);
	if (r == 0)
		r = make_ends(&x, e);
	if (r == 0)
		r = start_each(p, &x, e);
	close_ends(&x);
	party_init(&p->party, ROLE_PARENT, started, COUNT(started));
	for (size_t i = 0; i < COUNT(started); i++) {
		p->fd[started[i]] = x.parent[started[i]][0];
		p->party.peer[i].channel.fd = p->fd[started[i]];
	}
	return r;
}

/* --- ending ---------------------------------------------------------------------------------------------------- */

static bool has_ended(struct parent *p, enum role role)
{
	char how[64];
	pid_t pid;

	while (child_ended(&pid, how))
		for (size_t i = 0; i < ROLE_COUNT; i++)
			if (p->pid[i] == pid)
				p->pid[i] = 0;
	return p->pid[role] == 0;
}

/* In its unit the parent may not kill who has another user: what does not end by itself ends with the unit. */
static void wait_end(struct parent *p, enum role role)
{
	double end = guard_clock() + STOP_SECONDS;

	while (!has_ended(p, role) && guard_clock() < end)
		os_sleep(p->places->os, 5);
	if (p->pid[role] <= 0)
		return;
	child_kill(p->pid[role]);
	os_sleep(p->places->os, 50);
	p->failed = p->failed || !has_ended(p, role);
	p->pid[role] = 0;
}

static void stop_one(struct parent *p, enum role role)
{
	if (p->pid[role] <= 0)
		return;
	party_say(&p->party, role, (struct said){ REQUEST_STOP });
	party_finish(&p->party, 100);
	wait_end(p, role);
}

static void stop_all(struct parent *p)
{
	for (size_t i = 0; i < COUNT(started); i++)
		stop_one(p, started[i]);
	for (size_t i = 0; i < COUNT(started); i++)
		close_p(&p->fd[started[i]]);
	party_done(&p->party);
	/* journalctl ends when nobody reads what it writes. */
	close_p(&p->journal_pipe[0]);
	close_p(&p->journal_pipe[1]);
	if (p->pid[ROLE_JOURNAL] > 0)
		child_kill(p->pid[ROLE_JOURNAL]);
	p->pid[ROLE_JOURNAL] = 0;
	free(TAKE(p->cursor));
}

/* --- the journal ------------------------------------------------------------------------------------------------ */

static void journal_ended(struct parent *p)
{
	double now = guard_clock();

	p->journal_backoff = now - p->journal_begun > 2 * BACKOFF_MOST ? 1 : p->journal_backoff * 2;
	if (p->journal_backoff < 1)
		p->journal_backoff = 1;
	if (p->journal_backoff > BACKOFF_MOST)
		p->journal_backoff = BACKOFF_MOST;
	p->journal_at = now + p->journal_backoff;
	free(TAKE(p->cursor));
	party_say(&p->party, ROLE_READER, (struct said){ REQUEST_JOURNAL });
}

static void start_journal(struct parent *p)
{
	struct err e = { 0 };

	if (!p->cursor || p->pid[ROLE_JOURNAL] > 0 || guard_clock() < p->journal_at)
		return;
	p->journal_begun = guard_clock();
	if (start(p, ROLE_JOURNAL, &p->journal_pipe[1], 1, &e) < 0)
		guard_say(ROLE_PARENT, "%s", e.msg);
}

/* --- what is said ----------------------------------------------------------------------------------------------- */

static void tell_systemd(struct parent *p)
{
	bool all = true;

	for (size_t i = 0; i < COUNT(started); i++)
		all = all && p->ready[started[i]];
	if (all && !p->told_ready) {
		notify_systemd("READY=1");
		guard_say(ROLE_PARENT, "%s", _("ready"));
	}
	p->told_ready = p->told_ready || all;
}

static int take(void *arg, struct peer *from, const struct frame *f, struct err *e)
{
	struct parent *p = arg;

	switch (f->kind) {
	case REQUEST_READY:
		p->ready[from->role] = true;
		tell_systemd(p);
		return 0;
	case REQUEST_ALIVE:
		p->alive[from->role] = true;
		return 0;
	case REQUEST_JOURNAL:
		free(p->cursor);
		p->cursor = xstrndup(f->body, f->len);
		return 0;
	default:
		return err_set(e, ERR_FAILED, "request %u", f->kind);
	}
}

/* A change of the host waits for its proof: meanwhile nobody is banned. When it has ended there may be another who
 * confirmed, so all is read anew. */
static void look_for_transaction(struct parent *p)
{
	struct observe told = { .on = access(KANNUKI_TXN "/ACTIVE", F_OK) == 0 };

	if (p->told_observe && p->observe && !told.on)
		p->reload = true;
	if (!p->told_observe || p->observe != told.on)
		party_say(&p->party, ROLE_BANNER,
			  (struct said){ REQUEST_OBSERVE, &told, sizeof(told) });
	p->told_observe = true;
	p->observe = told.on;
}

/* systemd hears of us only while all others answer. */
static void feed_watchdog(struct parent *p)
{
	bool all = true;

	if (p->watchdog <= 0 || guard_clock() - p->pinged < p->watchdog / 3)
		return;
	for (size_t i = 0; i < COUNT(started); i++) {
		all = all && (p->alive[started[i]] || p->pinged == 0);
		p->alive[started[i]] = false;
		party_say(&p->party, started[i], (struct said){ REQUEST_ALIVE });
	}
	p->pinged = guard_clock();
	if (all)
		notify_systemd("WATCHDOG=1");
}

/* --- signals ---------------------------------------------------------------------------------------------------- */

static void check_files(struct parent *p)
{
	const char *argv[] = {
		"kannuki-guard", "role", "check", "--config", p->places->config, NULL
	};
	struct err e = { 0 };

	if (p->check <= 0 && child_start(argv, NULL, 0, &p->check, &e) < 0)
		guard_say(ROLE_PARENT, "%s", e.msg);
}

static void take_ended(struct parent *p)
{
	char how[64];
	pid_t pid;

	while (child_ended(&pid, how)) {
		if (pid == p->check) {
			p->check = 0;
			p->reload = str_eq(how, "status 0");
			if (!p->reload)
				guard_say(ROLE_PARENT, "%s",
					  _("the configuration cannot be read: nothing changes"));
		}
		for (size_t i = 0; i < ROLE_COUNT; i++) {
			if (p->pid[i] != pid)
				continue;
			p->pid[i] = 0;
			guard_say(ROLE_PARENT, _("%s has ended: %s"), role_name(i), how);
			if (i == ROLE_JOURNAL)
				journal_ended(p);
			else
				p->failed = true;
		}
	}
}

static void take_signals(struct parent *p)
{
	int signal;

	while ((signal = child_signal(p->signals)) != 0) {
		if (signal == SIGHUP)
			check_files(p);
		else if (signal == SIGTERM || signal == SIGINT)
			p->party.stop = true;
	}
	take_ended(p);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static int serve(struct parent *p, struct err *e)
{
	double begun = guard_clock();

	look_for_transaction(p);
	while (!p->party.stop && !p->failed && !p->reload) {
		struct pollfd signals = { .fd = p->signals, .events = POLLIN };

		if (party_wait(&p->party, &signals, 1, LOOK_MS, e) < 0 ||
		    party_take(&p->party, take, p, e) < 0)
			return -1;
		take_signals(p);
		look_for_transaction(p);
		start_journal(p);
		feed_watchdog(p);
		if (!p->told_ready && guard_clock() - begun > READY_SECONDS)
			return err_set(e, ERR_FAILED, "%s", _("the others are not ready in time"));
	}
	if (p->failed)
		return err_set(e, ERR_FAILED, "%s",
			       _("one of the processes ended: all begin anew"));
	return 0;
}

static int live(struct parent *p, struct err *e)
{
	int r;

	do {
		if (p->reload) {
			CLEANUP_FREE char *state =
				xasprintf("RELOADING=1\nMONOTONIC_USEC=%.0f", guard_clock() * 1e6);

			notify_systemd(state);
			stop_all(p);
			guard_say(ROLE_PARENT, "%s", _("all is read anew"));
		}
		p->reload = false;
		p->told_ready = false;
		r = start_all(p, e);
		if (r == 0)
			r = serve(p, e);
	} while (r == 0 && p->reload && !p->party.stop && !p->failed);
	notify_systemd("STOPPING=1");
	stop_all(p);
	return r;
}

int parent_prepare(const struct guard_places *places, struct err *e)
{
	uid_t store = roles_user(places->os, ROLE_STORE);

	if (child_folder(places->state, store, false, e) < 0)
		return -1;
	return child_folder(places->run, 0, true, e);
}

static int set_up(struct parent *p, struct err *e)
{
	CLEANUP_FREE char *control = xasprintf("%s/" GUARD_CONTROL, p->places->run);
	const char *usec = getenv("WATCHDOG_USEC");

	p->watchdog = usec ? strtod(usec, NULL) / 1e6 : 0;
	p->signals = child_signals(e);
	if (p->signals < 0 || parent_prepare(p->places, e) < 0)
		return -1;
	p->listener = child_listen(control, e);
	return p->listener < 0 ? -1 : 0;
}

int parent_run(const struct guard_places *places, struct err *e)
{
	struct parent p = {
		.places = places, .signals = -1, .listener = -1, .journal_pipe = { -1, -1 }
	};
	int r;

	for (size_t i = 0; i < ROLE_COUNT; i++)
		p.fd[i] = -1;
	if (os_uid(places->os) != 0)
		return err_set(e, ERR_USAGE, "%s", _("kannuki-guard run must be run as root"));
	r = set_up(&p, e);
	if (r == 0)
		r = live(&p, e);
	close_p(&p.signals);
	close_p(&p.listener);
	return r;
}
