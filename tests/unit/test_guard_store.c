// SPDX-License-Identifier: MIT
/* What the guard remembers (guard/ban_store.h), and what its processes may say to each other (guard/request.h). */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/ban_store.h"
#include "guard/party.h"
#include "lib/t.h"

static char folder[] = "/tmp/kannuki-store-XXXXXX";
static struct err e;

static struct who who_is(const char *text)
{
	struct who w = { 0 };

	who_parse(text, &w);
	return w;
}

static struct ban_row row_of(const char *who, const char *jail, double since, double until)
{
	return (struct ban_row){ .who = who_is(who),
				 .jail = jail,
				 .since = since,
				 .until = until,
				 .attempts = 3,
				 .lines = "one\ntwo" };
}

static struct str told;

static void tell(void *arg, const struct ban_row *row)
{
	char text[WHO_TEXT];

	str_addf(&told, "%s %s %.0f %.0f%s|", who_text(&row->who, text), row->jail, row->since,
		 row->until, row->in_force ? " on" : "");
}

static const char *each(struct ban_store *s, enum ban_store_which which, double now,
			const char *who)
{
	struct who w = who_is(who ? who : "0.0.0.0");
	const struct ban_ask ask = { which, &w, now };

	str_clear(&told);
	if (ban_store_each(s, &ask, tell, NULL, &e) < 0)
		return e.msg;
	return told.len ? told.text : "";
}

static void clean(void)
{
	CLEANUP_FREE char *command = xasprintf("rm -f %s/*", folder);

	if (system(command) != 0)
		perror(command);
}

static struct ban_store *open_store(int *ret)
{
	struct ban_store *s = NULL;

	*ret = ban_store_open(folder, &s, &e);
	if (*ret < 0)
		printf("# %s\n", e.msg);
	return s;
}

static int bans_come_and_go(void)
{
	int r;
	struct ban_store *s;
	struct ban_row a = row_of("203.0.113.7", "sshd", 100, 700),
		       b = row_of("2001:db8::1", "x", 100, -1);
	struct who w = who_is("203.0.113.7");
	struct ban_past past;

	clean();
	s = open_store(&r);
	T_OK(r == 0);
	T_OK(ban_store_add(s, &a, &e) == 0 && ban_store_add(s, &b, &e) == 0);
	T_STR(each(s, BANS_NOW, 200, NULL), "203.0.113.7 sshd 100 700|2001:db8::/64 x 100 -1|");
	T_STR(each(s, BANS_WAITING, 200, NULL), "203.0.113.7 sshd 100 700|2001:db8::/64 x 100 -1|");
	T_OK(ban_store_set_in_force(s, &w, true, &e) == 0);
	T_STR(each(s, BANS_WAITING, 200, NULL), "2001:db8::/64 x 100 -1|");
	T_OK(ban_store_has(s, &w, "sshd", 200) && !ban_store_has(s, &w, "x", 200));
	T_OK(ban_store_until(s, &w, 200) == 700 && ban_store_until(s, &b.who, 1e9) == -1);
	T_OK(ban_store_count_now(s, 200) == 2 && ban_store_count_now(s, 700) == 1);
	T_OK(!ban_store_has(s, &w, "sshd", 700) && ban_store_until(s, &w, 700) == 0);
	/* A second, of another jail: the longer one counts, and is told last. */
	a = row_of("203.0.113.7", "y", 300, 900);
	T_OK(ban_store_add(s, &a, &e) == 0 && ban_store_until(s, &w, 400) == 900);
	a = row_of("203.0.113.7", "z", 301, 500);
	T_OK(ban_store_add(s, &a, &e) == 0 && ban_store_until(s, &w, 400) == 900);
	T_STR(each(s, BANS_NOW, 400, NULL),
	      "203.0.113.7 z 301 500|203.0.113.7 sshd 100 700 on|203.0.113.7 y 300 900|"
	      "2001:db8::/64 x 100 -1|");
	T_OK(ban_store_past(s, &w, "sshd", &past, &e) == 0 && past.count == 1 && past.last == 600);
	T_OK(ban_store_past(s, &w, NULL, &past, &e) == 0 && past.count == 3);
	T_OK(ban_store_end(s, &w, 400, true, &e) == 3 && ban_store_until(s, &w, 400) == 0);
	T_OK(ban_store_end(s, &w, 400, true, &e) == 0);
	T_OK(ban_store_past(s, &w, NULL, &past, &e) == 0 && past.count == 0);
	T_STR(each(s, BANS_OF, 0, "203.0.113.7"),
	      "203.0.113.7 z 301 400|203.0.113.7 y 300 400|203.0.113.7 sshd 100 400|");
	ban_store_close(s);
	return 0;
}

static int what_was_committed_is_there_again(void)
{
	int r;
	struct ban_store *s;
	struct ban_row a = row_of("203.0.113.7", "sshd", 100, 700),
		       b = row_of("203.0.113.8", "sshd", 100, 700);

	clean();
	s = open_store(&r);
	ban_store_add(s, &a, &e);
	ban_store_set_position(s, "journal", "s=1", &e);
	T_OK(ban_store_commit(s, &e) == 0 && ban_store_commit(s, &e) == 0);
	ban_store_add(s, &b, &e);
	ban_store_close(s);
	s = open_store(&r);
	T_OK(r == 0);
	T_STR(each(s, BANS_NOW, 200, NULL), "203.0.113.7 sshd 100 700|");
	ban_store_close(s);
	return 0;
}

static int prefixes_that_are_over(void)
{
	int r;
	struct ban_store *s;
	struct ban_row a = row_of("203.0.113.0/24", "", 100, 700),
		       b = row_of("203.0.113.7", "", 100, 700);

	clean();
	s = open_store(&r);
	ban_store_add(s, &a, &e);
	ban_store_add(s, &b, &e);
	T_STR(each(s, BANS_OVER_PREFIX, 699, NULL), "");
	T_STR(each(s, BANS_OVER_PREFIX, 700, NULL), "203.0.113.0/24  100 700|");
	T_OK(ban_store_tidy(s, 700, 0, &e) == 0);
	T_STR(each(s, BANS_OVER_PREFIX, 701, NULL), "");
	ban_store_close(s);
	return 0;
}

static void tell_failure(void *arg, const struct failure_told *f, const char *jail, const char *id)
{
	str_addf(&told, "%s %s %.0f %u|", jail, id, f->time, f->count);
}

static int failures(void)
{
	int r;
	struct ban_store *s;
	struct failure_told f = { .time = 5, .count = 1 };

	clean();
	s = open_store(&r);
	ban_store_fail(s, &f, "a", "192.0.2.1", &e);
	f.time = 50;
	ban_store_fail(s, &f, "a", "192.0.2.1", &e);
	ban_store_fail(s, &f, "b", "192.0.2.2", &e);
	T_OK(ban_store_tidy(s, 60, 10, &e) == 0);
	str_clear(&told);
	T_OK(ban_store_failures(s, tell_failure, NULL, &e) == 0);
	T_STR(told.text, "a 192.0.2.1 50 1|b 192.0.2.2 50 1|");
	T_OK(ban_store_forget_failures(s, "192.0.2.1", &e) == 0);
	str_clear(&told);
	T_OK(ban_store_failures(s, tell_failure, NULL, &e) == 0);
	T_STR(told.text, "b 192.0.2.2 50 1|");
	ban_store_close(s);
	return 0;
}

static int a_damaged_file_is_put_aside(void)
{
	int r, fd;
	struct ban_store *s;
	CLEANUP_FREE char *path = xasprintf("%s/bans.db", folder);
	CLEANUP_FREE char *aside = xasprintf("%s.damaged", path);

	clean();
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	T_OK(write(fd, "this is no database, but long enough to look like something of one\n",
		   67) == 67);
	close(fd);
	s = open_store(&r);
	T_OK(r == 1 && s && access(aside, F_OK) == 0);
	T_STR(each(s, BANS_NOW, 200, NULL), "");
	ban_store_close(s);
	return 0;
}

/* --- requests ------------------------------------------------------------------------------------------- */

static bool may(enum role from, enum role to, unsigned kind, const void *body, size_t len)
{
	struct err one = { 0 };

	return request_check(&(struct frame){ kind, body, len }, from, to, &one) == 0;
}

static int who_may_say_what(void)
{
	struct ban_told ban = { .who = who_is("203.0.113.7"), .seconds = 5 };
	struct wish w = { .time = 1, .attempts = 1, .who = ban.who };
	char wished[sizeof(w) + 8];

	T_OK(may(ROLE_STORE, ROLE_BANNER, REQUEST_BAN, &ban, sizeof(ban)));
	T_OK(!may(ROLE_WATCH, ROLE_STORE, REQUEST_BAN, &ban, sizeof(ban)));
	T_OK(!may(ROLE_WATCH, ROLE_BANNER, REQUEST_BAN, &ban, sizeof(ban)));
	T_OK(!may(ROLE_READER, ROLE_WATCH, REQUEST_BAN, &ban, sizeof(ban)));
	T_OK(!may(ROLE_STORE, ROLE_BANNER, REQUEST_BAN, &ban, sizeof(ban) - 1));
	T_OK(!may(ROLE_STORE, ROLE_BANNER, REQUEST_BAN, &ban, sizeof(ban) + 1));
	ban.by_hand = 2;
	T_OK(!may(ROLE_STORE, ROLE_BANNER, REQUEST_BAN, &ban, sizeof(ban)));
	memcpy(wished, &w, sizeof(w));
	memcpy(wished + sizeof(w), "sshd\0why", 8);
	T_OK(may(ROLE_WATCH, ROLE_STORE, REQUEST_WISH, wished, sizeof(wished)));
	T_OK(!may(ROLE_WATCH, ROLE_STORE, REQUEST_WISH, wished,
		  sizeof(w) + 4)); /* the name does not end */
	T_OK(!may(ROLE_WATCH, ROLE_BANNER, REQUEST_WISH, wished, sizeof(wished)));
	w.time = (double)NAN;
	memcpy(wished, &w, sizeof(w));
	T_OK(!may(ROLE_WATCH, ROLE_STORE, REQUEST_WISH, wished, sizeof(wished)));
	T_OK(may(ROLE_READER, ROLE_PARENT, REQUEST_JOURNAL, "s=0f;i=1", 8));
	T_OK(!may(ROLE_READER, ROLE_PARENT, REQUEST_JOURNAL, "--file=x", 8));
	T_OK(may(ROLE_WATCH, ROLE_PARENT, REQUEST_READY, NULL, 0));
	T_OK(!may(ROLE_WATCH, ROLE_PARENT, REQUEST_STOP, NULL, 0));
	T_OK(!may(ROLE_WATCH, ROLE_STORE, 0, NULL, 0) &&
	     !may(ROLE_WATCH, ROLE_STORE, 4711, NULL, 0));
	return 0;
}

static int who_is_one_source(void)
{
	char text[WHO_TEXT];
	struct who w;

	w = who_is("2001:db8::1");
	T_STR(who_text(&w, text), "2001:db8::/64");
	w = who_is("::ffff:192.0.2.1");
	T_STR(who_text(&w, text), "192.0.2.1");
	w = who_is("192.0.2.77/24");
	T_STR(who_text(&w, text), "192.0.2.0/24");
	T_OK(who_is_valid(&w));
	w.bytes[3] = 1;
	T_OK(!who_is_valid(&w));
	T_OK(who_parse("192.0.2.1/33", &w) < 0 && who_parse("root", &w) < 0 &&
	     who_parse("1.2.3", &w) < 0);
	T_OK(who_parse("", &w) < 0 && who_parse("192.0.2.1/", &w) < 0);
	return 0;
}

static int frames(void)
{
	struct channel in, out;
	struct frame f;
	int pair[2];
	CLEANUP_STR struct str tail = { 0 };

	T_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	channel_init(&out, pair[0]);
	channel_init(&in, pair[1]);
	str_add(&tail, "tail");
	channel_put(&out, 3, "ab", 2, &tail);
	channel_put(&out, 4, NULL, 0, NULL);
	T_OK(channel_flush(&out, &e) == 0 && channel_waiting(&out) == 0);
	T_OK(channel_read(&in, &e) == 0 && channel_next(&in, &f, &e) == 1);
	T_OK(f.kind == 3 && f.len == 6 && memcmp(f.body, "abtail", 6) == 0);
	T_OK(channel_next(&in, &f, &e) == 1 && f.kind == 4 && f.len == 0);
	T_OK(channel_next(&in, &f, &e) == 0 && !in.ended);
	T_OK(write(pair[0], "\1\0\0\0\377\377\377\377", 8) == 8);
	T_OK(channel_read(&in, &e) == 0 && channel_next(&in, &f, &e) < 0);
	close(pair[0]);
	T_OK(channel_read(&in, &e) == 0 && in.ended);
	close(pair[1]);
	channel_done(&in);
	channel_done(&out);
	return 0;
}

static int hear(void *arg, struct peer *from, const struct frame *f, struct err *one)
{
	size_t *heard = arg;

	return f->kind == REQUEST_LOOK ? (int)(++*heard * 0) : -1;
}

/* Who says more than is heard fills the kernel's buffer, not our memory. */
static int who_talks_without_end(void)
{
	static const enum role peers[] = { ROLE_PARENT, ROLE_STORE };
	static char empty[64 << 10]; /* heads alone: 8192 requests */
	const uint32_t head[] = { REQUEST_LOOK, 0 };
	size_t most = 0, heard = 0;
	struct party p;
	int pair[2];

	for (size_t i = 0; i < sizeof(empty); i += sizeof(head))
		memcpy(empty + i, head, sizeof(head));
	T_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	party_init(&p, ROLE_BANNER, peers, COUNT(peers));
	p.peer[0].channel.ended = true;
	p.peer[1].channel.fd = pair[1];
	for (unsigned i = 0; i < 200; i++) {
		const struct channel *c = &p.peer[1].channel;

		/* Whole heads only, as one that is cut is none. */
		while (write(pair[0], empty, sizeof(empty)) == sizeof(empty)) {
		}
		T_OK(party_wait(&p, NULL, 0, 0, &e) == 0 && party_take(&p, hear, &heard, &e) == 0);
		if (c->in.len - c->in_at > most)
			most = c->in.len - c->in_at;
	}
	T_OK(heard > 100000 && most <= 512 << 10);
	party_done(&p);
	close(pair[0]);
	close(pair[1]);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(bans_come_and_go),
		T(what_was_committed_is_there_again),
		T(prefixes_that_are_over),
		T(failures),
		T(a_damaged_file_is_put_aside),
		T(who_may_say_what),
		T(who_is_one_source),
		T(frames),
		T(who_talks_without_end),
	};
	int r;

	if (!mkdtemp(folder))
		return 1;
	r = t_main(cases, COUNT(cases));
	clean();
	rmdir(folder);
	str_done(&told);
	return r;
}
