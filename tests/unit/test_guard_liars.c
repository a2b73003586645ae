// SPDX-License-Identifier: MIT
/* What the guard's processes believe of each other: the test takes the place of one of them, and lies. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard/ban_store.h"
#include "guard/journal.h"
#include "lib/guard_liar.h"
#include "lib/tun.h"
#include "os/child.h"
#include "os/tail.h"

static const struct purse_told full = { .left = 1e9 };

static struct ban_told ban_of(const char *text)
{
	struct ban_told b = { .seconds = 60 };

	who_parse(text, &b.who);
	return b;
}

static int answer_to(const struct ban_told *b)
{
	struct frame f;
	struct answer a;

	liar_tells(1, REQUEST_BAN, b, sizeof(*b));
	if (!liar_hears(1, REQUEST_ANSWER, &f))
		return -1;
	memcpy(&a, f.body, sizeof(a));
	return (int)a.code;
}

/* With the test as store. */
static pid_t start_banner(void)
{
	static const enum role role[] = { ROLE_PARENT, ROLE_STORE };
	pid_t pid = liar_start("banner", 2, role, NULL);
	const struct observe off = { .on = 0 };
	struct frame f;

	liar_tells(0, REQUEST_OBSERVE, &off, sizeof(off));
	return liar_hears(0, REQUEST_READY, &f) ? pid : -1;
}

static int banner_believes_nobody(void)
{
	static const char *const never[] = { "127.0.0.1",      "203.0.113.200",
					     "2001:db8:aa::1", TUN_OWN_4,
					     TUN_OWN_6,	       "203.0.112.0/20",
					     "10.0.0.0/8",     "::1" };
	pid_t pid;
	struct ban_told b;
	struct frame f;

	guard_forget_all();
	pid = start_banner();
	T_OK(pid > 0);
	liar_tells(1, REQUEST_RESTORED, &full, sizeof(full));
	b = ban_of("203.0.113.7");
	T_OK(answer_to(&b) == ANSWER_DONE && guard_is_banned("203.0.113.7"));
	for (size_t i = 0; i < COUNT(never); i++) {
		b = ban_of(never[i]);
		b.by_hand = i % 2;
		T_OK(answer_to(&b) == ANSWER_NEVER);
	}
	/* Nor by pretending that it had been banned. */
	b = ban_of("203.0.113.9");
	liar_tells(1, REQUEST_RESTORE, &b, sizeof(b));
	T_OK(!liar_hears(1, REQUEST_ANSWER, &f)); /* it ended */
	T_OK(!guard_is_banned("203.0.113.9"));
	liar_hang_up(pid);
	pid = start_banner();
	b = ban_of("203.0.113.200");
	liar_tells(1, REQUEST_RESTORE, &b, sizeof(b));
	b = ban_of("203.0.113.10");
	liar_tells(1, REQUEST_RESTORE, &b, sizeof(b));
	liar_tells(1, REQUEST_RESTORED, &full, sizeof(full));
	T_OK(liar_hears(1, REQUEST_ANSWER, &f)); /* that of 203.0.113.200 */
	T_OK(guard_soon_banned("203.0.113.10") && !guard_is_banned("203.0.113.200"));
	/* Host bits, a family that is none: it ends. */
	b.who.family = 5;
	liar_tells(1, REQUEST_BAN, &b, sizeof(b));
	T_OK(!liar_hears(1, REQUEST_ANSWER, &f));
	liar_hang_up(pid);
	return 0;
}

static int banner_observes_while_it_is_told_to(void)
{
	struct observe observe = { .on = 1 };
	struct ban_told b = ban_of("203.0.113.7"), by_hand = ban_of("203.0.113.8");
	pid_t pid;

	guard_forget_all();
	pid = start_banner();
	liar_tells(1, REQUEST_RESTORED, &full, sizeof(full));
	liar_tells(0, REQUEST_OBSERVE, &observe, sizeof(observe));
	usleep(100000);
	T_OK(answer_to(&b) == ANSWER_LATER && !guard_is_banned("203.0.113.7"));
	/* What an administrator says, or brings along, is not for later. */
	by_hand.by_hand = 1;
	T_OK(answer_to(&by_hand) == ANSWER_DONE && guard_is_banned("203.0.113.8"));
	observe.on = 0;
	liar_tells(0, REQUEST_OBSERVE, &observe, sizeof(observe));
	usleep(100000);
	T_OK(answer_to(&b) == ANSWER_DONE && guard_is_banned("203.0.113.7"));
	liar_hang_up(pid);
	return 0;
}

/* How many of 400 bans are made that are asked for at once, where so many were left so long ago. */
static unsigned made_of(double left, double seconds)
{
	const struct purse_told purse = { left, seconds };
	pid_t pid = start_banner();
	unsigned made = 0;
	struct ban_told b;
	struct frame f;
	struct answer a;
	char who[32];

	liar_tells(1, REQUEST_RESTORED, &purse, sizeof(purse));
	for (unsigned i = 0; i < 400; i++) {
		snprintf(who, sizeof(who), "203.0.114.%u", i % 200);
		b = ban_of(who);
		channel_put(&liar.peer[1].channel, REQUEST_BAN, &b, sizeof(b), NULL);
	}
	channel_flush(&liar.peer[1].channel, &trial.e);
	for (unsigned i = 0; i < 400 && liar_hears(1, REQUEST_ANSWER, &f); i++) {
		memcpy(&a, f.body, sizeof(a));
		made += a.code == ANSWER_DONE;
	}
	/* It is known: another one does not fill it. */
	liar_tells(1, REQUEST_RESTORED, &full, sizeof(full));
	liar_hang_up(pid);
	return made;
}

static int what_is_left_of_the_purse_counts(void)
{
	guard_forget_all();
	T_OK(made_of(1e9, 0) == 400);
	T_OK(made_of(0, 0) < 200);
	T_OK(made_of(250, 0) >= 250 && made_of(250, 0) < 400);
	T_OK(made_of(0, 3600) == 400);
	return 0;
}

/* --- an entry of the journal as long as its sender likes ------------------------------------------------------- */

static void add_field(struct str *to, const char *name, char with, size_t len)
{
	const uint64_t size = len;

	str_addf(to, "%s\n", name);
	str_add_bytes(to, &size, sizeof(size));
	for (size_t i = 0; i < len; i++)
		str_add_bytes(to, &with, 1);
	str_add(to, "\n");
}

static void write_all(int fd, const struct str *text)
{
	for (size_t at = 0; at < text->len;) {
		ssize_t n = write(fd, text->text + at, text->len - at);

		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

/* This machine's id, as the reader has it; false: it has none. */
static bool own_machine(struct str *ret)
{
	CLEANUP_FREE char *text = NULL;

	if (os_read(trial.os, "/etc/machine-id", &text, &trial.e) != 0)
		return false;
	str_add_bytes(ret, text, strcspn(text, "\n"));
	return ret->len == 32;
}

static void add_entry(struct str *to, const char *machine, const char *message)
{
	static unsigned number;

	str_addf(to, "__CURSOR=s=%u\n__REALTIME_TIMESTAMP=1700000000500000\n", ++number);
	if (machine)
		str_addf(to, "_MACHINE_ID=%s\n", machine);
	str_addf(to, "SYSLOG_IDENTIFIER=x\nMESSAGE=%s\n\n", message);
}

/* Containers and other hosts may write what they like into journals that lie beside ours. */
static int only_our_own_journal_is_told(void)
{
	static const enum role role[] = { ROLE_PARENT, ROLE_WATCH, ROLE_STORE };
	CLEANUP_STR struct str entries = { 0 }, machine = { 0 };
	bool has_id = own_machine(&machine);
	struct frame f;
	int pipes[2];
	pid_t pid;

	guard_forget_all();
	guard_set_jail("backend = systemd\n");
	T_OK(child_pipe(pipes, &trial.e) == 0);
	pid = liar_start("reader", 3, role, &pipes[0]);
	close(pipes[0]);
	liar_tells(2, REQUEST_POSITIONS_END, NULL, 0);
	T_OK(liar_hears(0, REQUEST_READY, &f));
	if (has_id) {
		add_entry(&entries, "0123456789abcdef0123456789abcdef", "another's");
		add_entry(&entries, NULL, "nobody's");
	}
	add_entry(&entries, has_id ? machine.text : NULL, "ours");
	write_all(pipes[1], &entries);
	T_OK(liar_hears(1, REQUEST_LINE, &f));
	T_OK(f.len > 4 && memcmp(f.body + f.len - 4, "ours", 4) == 0);
	close(pipes[1]);
	liar_hang_up(pid);
	return 0;
}

static int no_entry_is_too_long_to_be_told(void)
{
	static const enum role role[] = { ROLE_PARENT, ROLE_WATCH, ROLE_STORE };
	CLEANUP_STR struct str entry = { 0 }, machine = { 0 };
	struct frame f;
	int pipes[2];
	pid_t pid;

	guard_forget_all();
	guard_set_jail("backend = systemd\n");
	T_OK(child_pipe(pipes, &trial.e) == 0);
	pid = liar_start("reader", 3, role, &pipes[0]);
	close(pipes[0]);
	liar_tells(2, REQUEST_POSITIONS_END, NULL, 0);
	T_OK(liar_hears(0, REQUEST_READY, &f));
	str_add(&entry, "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1700000000500000\n");
	if (own_machine(&machine))
		str_addf(&entry, "_MACHINE_ID=%s\n", machine.text);
	add_field(&entry, "SYSLOG_IDENTIFIER", 'i', JOURNAL_FIELD_MAX);
	add_field(&entry, "SYSLOG_PID", '\n', JOURNAL_FIELD_MAX);
	add_field(&entry, "MESSAGE", '\n', JOURNAL_FIELD_MAX);
	str_add(&entry, "\n");
	write_all(pipes[1], &entry);
	T_OK(liar_hears(1, REQUEST_LINE, &f));
	T_OK(f.len == sizeof(struct line_told) + TAIL_LINE_MAX);
	/* Then it is behind us. */
	T_OK(liar_hears(1, REQUEST_POSITION, &f));
	close(pipes[1]);
	liar_hang_up(pid);
	return 0;
}

/* --- the store, with the test as all others ---------------------------------------------------------------------- */

static pid_t start_store(int *ret_listener)
{
	static const enum role role[] = { ROLE_PARENT, ROLE_WATCH, ROLE_BANNER, ROLE_READER };
	CLEANUP_FREE char *control = xasprintf("%s/" GUARD_CONTROL, trial.run);

	child_folder(trial.state, roles_user(trial.os, ROLE_STORE), false, &trial.e);
	child_folder(trial.run, 0, true, &trial.e);
	*ret_listener = child_listen(control, &trial.e);
	return liar_start("store", 4, role, ret_listener);
}

static bool remember(const char *who, double since, double until)
{
	struct ban_row row = {
		.jail = "", .lines = "", .since = since, .until = until, .in_force = true
	};
	struct ban_store *s = NULL;
	bool done;

	who_parse(who, &row.who);
	if (child_folder(trial.state, 0, false, &trial.e) < 0 ||
	    ban_store_open(trial.state, &s, &trial.e) != 0)
		return false;
	done = ban_store_add(s, &row, &trial.e) == 0 && ban_store_commit(s, &trial.e) == 0;
	ban_store_close(s);
	return done &&
	       child_folder(trial.state, roles_user(trial.os, ROLE_STORE), false, &trial.e) == 0;
}

/* Also one that was over when it was tidied up. */
static int a_prefix_that_is_over_is_ended(void)
{
	struct frame f;
	int listener;
	pid_t pid;

	guard_forget_all();
	T_OK(remember("203.0.115.0/24", guard_now() - 600, guard_now() - 1));
	pid = start_store(&listener);
	T_OK(liar_hears(2, REQUEST_UNBAN, &f));
	close(listener);
	liar_hang_up(pid);
	return 0;
}

static int a_ban_that_the_kernel_lost_is_asked_for_again(void)
{
	struct wish w = { .time = 1, .attempts = 5 };
	CLEANUP_STR struct str tail = { 0 };
	struct frame f;
	int listener;
	pid_t pid;

	guard_forget_all();
	pid = start_store(&listener);
	T_OK(liar_hears(0, REQUEST_READY, &f));
	who_parse("203.0.113.7", &w.who);
	request_set_tail(&tail, "x", "why", 3);
	for (unsigned i = 0; i < 2; i++) {
		struct answer a = { .who = w.who, .code = ANSWER_DONE };

		channel_put(&liar.peer[1].channel, REQUEST_WISH, &w, sizeof(w), &tail);
		channel_flush(&liar.peer[1].channel, &trial.e);
		T_OK(liar_hears(2, REQUEST_BAN, &f));
		liar_tells(2, REQUEST_ANSWER, &a, sizeof(a));
		usleep(1500000); /* past the time at which what waits is asked for again */
		while (channel_read(&liar.peer[2].channel, &trial.e) == 0 &&
		       channel_next(&liar.peer[2].channel, &f, &trial.e) == 1) {
		}
	}
	close(listener);
	liar_hang_up(pid);
	return 0;
}

static void fails_at(double time, const char *jail)
{
	const struct failure_told told = { .time = time, .count = 5 };
	CLEANUP_STR struct str tail = { 0 };

	request_set_tail(&tail, jail, "203.0.113.7", 11);
	channel_put(&liar.peer[1].channel, REQUEST_FAILURE, &told, sizeof(told), &tail);
	channel_flush(&liar.peer[1].channel, &trial.e);
}

static void is_at(const char *name)
{
	CLEANUP_STR struct str tail = { 0 };

	request_set_tail(&tail, name, "1", 1);
	channel_put(&liar.peer[1].channel, REQUEST_POSITION, NULL, 0, &tail);
	channel_flush(&liar.peer[1].channel, &trial.e);
}

/* What a lying watch has the store remember blinds nobody after it. */
static int positions_and_failures_are_of_our_orders(void)
{
	CLEANUP_FREE char *own = xasprintf("%s.1 %s", trial.log, trial.log);
	struct frame f;
	int listener;
	pid_t pid;

	guard_forget_all();
	pid = start_store(&listener);
	T_OK(liar_hears(0, REQUEST_READY, &f));
	fails_at(guard_now() + 1000, "x");
	fails_at(guard_now() - 1, "there is no such jail");
	fails_at(guard_now() - 1, "x");
	is_at("/etc/shadow /etc/shadow");
	is_at("nothing");
	is_at(own);
	usleep(200000);
	liar_tells(0, REQUEST_STOP, NULL, 0);
	close(listener);
	T_OK(!liar_hears(0, REQUEST_READY, &f));
	liar_hang_up(pid);
	pid = start_store(&listener);
	T_OK(liar_hears(1, REQUEST_FAILURE, &f));
	T_OK(channel_next(&liar.peer[1].channel, &f, &trial.e) == 1 &&
	     f.kind == REQUEST_FAILURES_END);
	T_OK(liar_hears(3, REQUEST_POSITION, &f) && strcmp(f.body, own) == 0);
	T_OK(channel_next(&liar.peer[3].channel, &f, &trial.e) == 1 &&
	     f.kind == REQUEST_POSITIONS_END);
	close(listener);
	liar_hang_up(pid);
	return 0;
}

/* Who makes all begin anew gains nothing: what was left of the banner's purse is remembered. */
static int the_purse_is_remembered(void)
{
	struct wish w = { .time = 1, .attempts = 5 };
	struct answer a = { .code = ANSWER_DONE, .left = 7 };
	CLEANUP_STR struct str tail = { 0 };
	struct purse_told told;
	struct frame f;
	int listener;
	pid_t pid;

	guard_forget_all();
	pid = start_store(&listener);
	T_OK(liar_hears(2, REQUEST_RESTORED, &f));
	memcpy(&told, f.body, sizeof(told));
	T_OK(told.left >= 20000);
	who_parse("203.0.113.7", &w.who);
	a.who = w.who;
	request_set_tail(&tail, "x", "why", 3);
	channel_put(&liar.peer[1].channel, REQUEST_WISH, &w, sizeof(w), &tail);
	channel_flush(&liar.peer[1].channel, &trial.e);
	T_OK(liar_hears(2, REQUEST_BAN, &f));
	/* And watch hears of it, for those jails that count bans. */
	T_OK(liar_hears(1, REQUEST_BANNED, &f));
	T_OK(strcmp(f.body + sizeof(struct banned), "x") == 0);
	liar_tells(2, REQUEST_ANSWER, &a, sizeof(a));
	usleep(1000000);
	kill(pid, SIGKILL);
	close(listener);
	liar_hang_up(pid);
	pid = start_store(&listener);
	T_OK(liar_hears(2, REQUEST_RESTORED, &f));
	memcpy(&told, f.body, sizeof(told));
	T_OK(told.left == 7 && told.seconds > 0 && told.seconds < 60);
	/* It is no position of a log. */
	T_OK(liar_hears(3, REQUEST_POSITIONS_END, &f));
	T_OK(!liar_hears(3, REQUEST_POSITION, &f));
	close(listener);
	liar_hang_up(pid);
	return 0;
}

/* --- a watch that lies, to the real store and the real banner ----------------------------------------------- */

static pid_t store_pid, banner_pid;
static struct channel to_store, store_parent, banner_parent;

static void start_store_and_banner(void)
{
	const char *store_argv[] = { "kannuki-guard", "role",	 "store",     "--config",
				     trial.config,    "--state", trial.state, "--run",
				     trial.run,	      NULL };
	const char *banner_argv[] = { "kannuki-guard", "role",	  "banner",    "--config",
				      trial.config,    "--state", trial.state, "--run",
				      trial.run,       NULL };
	CLEANUP_FREE char *control = xasprintf("%s/" GUARD_CONTROL, trial.run);
	const struct observe off = { .on = 0 };
	int sp[2], bp[2], ws[2], sb[2], sr[2], listener;

	child_folder(trial.state, roles_user(trial.os, ROLE_STORE), false, &trial.e);
	child_folder(trial.run, 0, true, &trial.e);
	listener = child_listen(control, &trial.e);
	child_pair(false, sp, &trial.e);
	child_pair(false, bp, &trial.e);
	child_pair(false, ws, &trial.e);
	child_pair(false, sb, &trial.e);
	child_pair(false, sr, &trial.e);
	child_start(store_argv, (const int[]){ sp[1], ws[1], sb[0], sr[0], listener }, 5,
		    &store_pid, &trial.e);
	child_start(banner_argv, (const int[]){ bp[1], sb[1] }, 2, &banner_pid, &trial.e);
	channel_init(&to_store, ws[0]);
	channel_init(&store_parent, sp[0]);
	channel_init(&banner_parent, bp[0]);
	channel_put(&banner_parent, REQUEST_OBSERVE, &off, sizeof(off), NULL);
	channel_flush(&banner_parent, &trial.e);
	close(sp[1]), close(bp[1]), close(ws[1]), close(sb[0]), close(sb[1]), close(sr[0]);
	close(listener);
	for (unsigned i = 0; i < 300 && !guard_socket_answers(); i++)
		usleep(10000);
}

static void end_store_and_banner(void)
{
	kill(store_pid, SIGKILL);
	kill(banner_pid, SIGKILL);
	waitpid(store_pid, NULL, 0);
	waitpid(banner_pid, NULL, 0);
	close(to_store.fd);
	close(store_parent.fd);
	close(banner_parent.fd);
	channel_done(&to_store);
	channel_done(&store_parent);
	channel_done(&banner_parent);
}

static void wishes(const char *jail, const char *who)
{
	struct wish w = { .time = 1, .attempts = 5 };
	CLEANUP_STR struct str tail = { 0 };

	who_parse(who, &w.who);
	request_set_tail(&tail, jail, "a lie", 5);
	channel_put(&to_store, REQUEST_WISH, &w, sizeof(w), &tail);
	while (channel_waiting(&to_store) > 0 && !to_store.ended) {
		struct pollfd p = { .fd = to_store.fd, .events = POLLOUT };

		poll(&p, 1, 1000);
		channel_flush(&to_store, &trial.e);
	}
}

static long bans_known(void)
{
	const char *at = strstr(guard_ask("{\"command\":\"status\"}"), "\"bans\":");

	return at ? strtol(at + 7, NULL, 10) : -1;
}

static int a_lying_watch_bans_nobody_it_may_not(void)
{
	guard_forget_all();
	start_store_and_banner();
	wishes("x", "203.0.113.200");
	wishes("x", "127.0.0.1");
	wishes("x", TUN_OWN_4);
	wishes("x", "2001:db8:aa::/64");
	wishes("x", "203.0.112.0/20");
	wishes("x", "100.66.0.0/16");
	wishes("x", "2001:db8::/47");
	wishes("x", "0.0.0.0/0");
	wishes("there is no such jail", "203.0.113.9");
	wishes("x", "203.0.113.7");
	T_OK(guard_soon_banned("203.0.113.7"));
	T_OK(guard_never_banned("203.0.113.200") && !guard_is_banned("203.0.113.9"));
	T_OK(tun_arrives("203.0.113.200") && tun_arrives("203.0.112.1") &&
	     tun_arrives("203.0.113.9"));
	T_OK(bans_known() == 1);
	/* What a watch may not say at all ends the store. */
	channel_put(&to_store, REQUEST_RESTORED, &full, sizeof(full), NULL);
	channel_flush(&to_store, &trial.e);
	T_OK(waitpid(store_pid, NULL, 0) == store_pid);
	end_store_and_banner();
	return 0;
}

static int a_lying_watch_bans_no_more_than_the_rate(void)
{
	struct ban_counts c;
	unsigned in_kernel = 0;

	guard_forget_all();
	start_store_and_banner();
	for (unsigned i = 0; i < 60000; i++) {
		char who[32];

		snprintf(who, sizeof(who), "11.%u.%u.%u", i >> 16, i >> 8 & 0xff, i & 0xff);
		wishes("x", who);
	}
	sleep(3);
	for (unsigned i = 0; i < 60000; i++) {
		char who[32];

		snprintf(who, sizeof(who), "11.%u.%u.%u", i >> 16, i >> 8 & 0xff, i & 0xff);
		in_kernel += guard_is_banned(who);
	}
	printf("# %u of 60000 were banned\n", in_kernel);
	T_OK(in_kernel > 5000 && in_kernel < 30000);
	T_OK(ban_table_dropped(trial.table, &c, &trial.e) == 0);
	/* An administrator has his say meanwhile. */
	T_OK(guard_says(guard_ask("{\"command\":\"ban\",\"address\":\"203.0.113.9\"}"),
			"\"banned\":true"));
	T_OK(!tun_arrives("203.0.113.9"));
	end_store_and_banner();
	return 0;
}

int main(int argc, char **argv)
{
	static const struct t_case cases[] = {
		T(banner_believes_nobody),
		T(banner_observes_while_it_is_told_to),
		T(no_entry_is_too_long_to_be_told),
		T(only_our_own_journal_is_told),
		T(a_prefix_that_is_over_is_ended),
		T(a_ban_that_the_kernel_lost_is_asked_for_again),
		T(positions_and_failures_are_of_our_orders),
		T(what_is_left_of_the_purse_counts),
		T(the_purse_is_remembered),
		T(a_lying_watch_bans_nobody_it_may_not),
		T(a_lying_watch_bans_no_more_than_the_rate),
	};

	return guard_trial_main(argc, argv, cases, COUNT(cases));
}
