// SPDX-License-Identifier: MIT
/* The guard as it runs: lines that are written to a log keep packets from arriving. */
#include <arpa/inet.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmp.h>

#include "lib/guard_trial.h"
#include "lib/tun.h"
#include "os/ban_rules.h"
#include "os/child.h"

static int who_fails_is_banned(void)
{
	guard_forget_all();
	T_OK(guard_start());
	T_OK(tun_arrives("203.0.113.7"));
	guard_fails("203.0.113.7", 2);
	T_OK(guard_never_banned("203.0.113.7"));
	guard_fails("203.0.113.7", 1);
	T_OK(guard_soon_banned("203.0.113.7"));
	T_OK(!tun_arrives("203.0.113.7") && tun_arrives("203.0.113.8"));
	guard_fails("2001:db8:66::1", 2);
	guard_fails("2001:db8:66::2", 1);
	T_OK(guard_soon_banned("2001:db8:66::3"));
	T_OK(!tun_arrives("2001:db8:66::4") && tun_arrives("2001:db8:67::4"));
	T_OK(guard_says(guard_ask("{\"command\":\"why\",\"address\":\"203.0.113.7\"}"),
			"bad 203.0.113.7\""));
	T_OK(guard_says(guard_ask("{\"command\":\"bans\"}"), "2001:db8:66::/64"));
	T_OK(guard_stop(SIGTERM) == 0);
	T_OK(guard_is_banned("203.0.113.7"));
	return 0;
}

static double clock_ms(void)
{
	return guard_clock() * 1000;
}

/* How long from the line to the kernel. What it is on a busy machine says little, but not seconds. */
static int at_once(void)
{
	double worst = 0;

	guard_forget_all();
	T_OK(guard_start());
	for (unsigned i = 0; i < 20; i++) {
		char who[32];
		double begin;

		snprintf(who, sizeof(who), "203.0.114.%u", i);
		guard_fails(who, 3);
		begin = clock_ms();
		while (!guard_is_banned(who) && clock_ms() - begin < 3000) {
		}
		T_OK(guard_is_banned(who));
		if (clock_ms() - begin > worst)
			worst = clock_ms() - begin;
	}
	printf("# at most %.1f ms from line to ban\n", worst);
	T_OK(worst < 1000);
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

static int each_time_twice_as_long(void)
{
	struct addr a = { 0 };
	uint64_t ms = 0;

	guard_forget_all();
	guard_set_jail("bantime = 2s\nbantime.increment = true\n");
	T_OK(guard_start());
	guard_fails("203.0.113.7", 3);
	T_OK(guard_soon_banned("203.0.113.7"));
	sleep(3);
	T_OK(!guard_is_banned("203.0.113.7"));
	guard_fails("203.0.113.7", 2);
	T_OK(guard_never_banned("203.0.113.7"));
	guard_fails("203.0.113.7", 1);
	T_OK(guard_soon_banned("203.0.113.7"));
	addr_parse("203.0.113.7", &a);
	T_OK(ban_table_has(trial.table, &a, &ms, &trial.e) == 1 && ms > 2500 && ms <= 5000);
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

static int some_never_are(void)
{
	guard_forget_all();
	T_OK(guard_start());
	T_OK(guard_is_told("WATCHDOG=1", 2000) && guard_is_told("WATCHDOG=1", 2000));
	guard_fails("203.0.113.200", 5);
	guard_fails("2001:db8:aa:1::5", 5);
	guard_fails("127.0.0.1", 5);
	guard_fails(TUN_OWN_4, 5);
	guard_fails(TUN_OWN_6, 5);
	guard_fails("0.0.0.1", 5);
	guard_fails("fe80::1", 5);
	guard_fails("203.0.113.7", 3);
	T_OK(guard_soon_banned("203.0.113.7")); /* so all before was read */
	T_OK(guard_never_banned("203.0.113.200") && !guard_is_banned("2001:db8:aa:1::5"));
	T_OK(!guard_is_banned("127.0.0.1") && !guard_is_banned(TUN_OWN_4) &&
	     !guard_is_banned(TUN_OWN_6));
	T_OK(!guard_is_banned("0.0.0.1") && !guard_is_banned("fe80::1"));
	T_OK(guard_says(guard_ask("{\"command\":\"ban\",\"address\":\"203.0.113.200\"}"), "error"));
	T_OK(guard_says(guard_ask("{\"command\":\"ban\",\"address\":\"203.0.112.0/20\"}"),
			"error"));
	T_OK(guard_says(guard_ask("{\"command\":\"ban\",\"address\":\"203.0.113.0/12\"}"),
			"error"));
	T_OK(tun_arrives("203.0.112.1"));
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

static void put(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, len, f) != len)
		perror(path);
	if (f)
		fclose(f);
}

static int nor_who_is_logged_in(void)
{
	static const char session[] = "UID=1000\nREMOTE=1\nREMOTE_HOST=203.0.113.77\nSTATE=active\n"
				      "CLASS=user\n";
	struct utmp u = { .ut_type = USER_PROCESS };

	inet_pton(AF_INET, "203.0.113.78", &u.ut_addr_v6[0]);
	put("/run/utmp", &u, sizeof(u));
	guard_forget_all();
	T_OK(guard_start());
	put("/run/systemd/sessions/7", session, sizeof(session) - 1);
	guard_fails("203.0.113.77", 5);
	guard_fails("203.0.113.78", 5);
	guard_fails("203.0.113.79", 5);
	T_OK(guard_soon_banned("203.0.113.79"));
	T_OK(guard_never_banned("203.0.113.77") && !guard_is_banned("203.0.113.78"));
	unlink("/run/systemd/sessions/7"), unlink("/run/utmp");
	sleep(2);
	guard_fails("203.0.113.77", 5);
	T_OK(guard_soon_banned("203.0.113.77"));
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

static int by_hand(void)
{
	guard_forget_all();
	T_OK(guard_start());
	T_OK(guard_says(
		guard_ask("{\"command\":\"ban\",\"address\":\"203.0.115.0/24\",\"seconds\":2}"),
		"\"banned\":true"));
	T_OK(!tun_arrives("203.0.115.9") && tun_arrives("203.0.114.9"));
	T_OK(guard_says(
		guard_ask("{\"command\":\"ban\",\"address\":\"203.0.113.9\",\"seconds\":-1}"),
		"\"banned\":true"));
	T_OK(!tun_arrives("203.0.113.9"));
	T_OK(guard_says(guard_ask("{\"command\":\"unban\",\"address\":\"203.0.113.9\"}"),
			"\"banned\":false"));
	T_OK(tun_arrives("203.0.113.9"));
	T_OK(guard_says(guard_ask("{\"command\":\"unban\",\"address\":\"203.0.113.9\"}"), "error"));
	/* What had counted so far counts no more. */
	guard_fails("203.0.113.9", 2);
	T_OK(guard_never_banned("203.0.113.9"));
	guard_ask("{\"command\":\"unban\",\"address\":\"203.0.113.9\"}");
	usleep(500000); /* the answer is of the kernel; who counts hears of it beside */
	guard_fails("203.0.113.9", 2);
	T_OK(guard_never_banned("203.0.113.9"));
	guard_fails("203.0.113.9", 1);
	T_OK(guard_soon_banned("203.0.113.9"));
	/* A prefix ends by us, not by the kernel. */
	sleep(3);
	T_OK(tun_arrives("203.0.115.9"));
	T_OK(guard_says(guard_ask("{\"command\":\"ban\",\"address\":\"nobody\"}"),
			"\"usage\":true"));
	T_OK(guard_says(guard_ask("{\"command\":\"dance\"}"), "error") &&
	     guard_says(guard_ask("nonsense"), "error"));
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

/* Who asks and does not wait for the answer. */
static int who_leaves_early(void)
{
	static const char *const asked[] = {
		"{\"command\":\"bans\"}\n", "{\"command\":\"status\"}\n",
		"{\"command\":\"ban\",\"address\":\"203.0.113.9\"}\n"
	};
	CLEANUP_FREE char *path = xasprintf("%s/" GUARD_CONTROL, trial.run);

	guard_forget_all();
	T_OK(guard_start());
	for (unsigned i = 0; i < 60; i++) {
		const char *line = asked[i % COUNT(asked)];
		int fd = -1;

		T_OK(child_connect(path, &fd, &trial.e) == 0);
		T_OK(write(fd, line, strlen(line)) == (ssize_t)strlen(line));
		close(fd);
	}
	T_OK(guard_says(guard_ask("{\"command\":\"bans\"}"), "203.0.113.9"));
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

/* As when the database is full: nothing more can be written into it. */
static bool fill_database(void)
{
	CLEANUP_FREE char *path = xasprintf("%s/bans.db", trial.state);
	sqlite3 *db = NULL;
	int r = sqlite3_open(path, &db);

	if (r == SQLITE_OK)
		r = sqlite3_exec(
			db,
			"CREATE TRIGGER a BEFORE INSERT ON ban BEGIN SELECT RAISE(FAIL, 'x'); END;"
			"CREATE TRIGGER b BEFORE INSERT ON failure BEGIN SELECT RAISE(FAIL, 'x'); "
			"END;"
			"CREATE TRIGGER c BEFORE INSERT ON position BEGIN SELECT RAISE(FAIL, 'x'); "
			"END;",
			NULL, NULL, NULL);
	sqlite3_close(db);
	return r == SQLITE_OK;
}

static int a_full_database(void)
{
	guard_forget_all();
	T_OK(guard_start());
	T_OK(guard_stop(SIGTERM) == 0);
	T_OK(fill_database());
	T_OK(guard_start());
	guard_fails("203.0.113.7", 3);
	T_OK(guard_soon_banned("203.0.113.7"));
	T_OK(guard_says(guard_ask("{\"command\":\"status\"}"), "\"disk_failed\":true"));
	guard_fails("203.0.113.8", 3);
	T_OK(guard_soon_banned("203.0.113.8"));
	T_OK(guard_says(guard_ask("{\"command\":\"ban\",\"address\":\"203.0.113.9\"}"),
			"\"banned\":true"));
	T_OK(guard_is_banned("203.0.113.9"));
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

/* A date that no log of today has does not end us, and hides no other line. */
static int a_line_of_long_ago(void)
{
	CLEANUP_FREE char *path = xasprintf("%s/filter.d/y.conf", trial.config);
	static const char filter[] = "[Definition]\nfailregex = ^ moon <HOST>$\n"
				     "datepattern = ^%%Y-%%m-%%d %%H:%%M:%%S\n";
	FILE *log;

	put(path, filter, sizeof(filter) - 1);
	guard_forget_all();
	{
		CLEANUP_FREE char *jail =
			xasprintf("bantime = 1h\n[y]\nenabled = true\nfilter = y\n"
				  "logpath = %s\n",
				  trial.log);
		guard_set_jail(jail);
	}
	T_OK(guard_start());
	log = fopen(trial.log, "a");
	fprintf(log, "1969-07-20 20:17:40 moon 203.0.113.8\n");
	fclose(log);
	guard_fails("203.0.113.7", 3);
	T_OK(guard_soon_banned("203.0.113.7"));
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

static bool prefixes_are_out(void)
{
	return !tun_arrives("203.0.115.9") && !tun_arrives("203.0.115.200") &&
	       !tun_arrives("2001:db8:66:1::5") && tun_arrives("203.0.114.9") &&
	       tun_arrives("2001:db8:67::5");
}

/* What it remembers comes a moment after it is ready. */
static bool soon_out(const char *from)
{
	for (unsigned i = 0; i < 200 && tun_arrives(from); i++)
		usleep(10000);
	return !tun_arrives(from);
}

/* Prefixes have no end in the kernel, and are told to it as one list: nobody in them gets through, at any moment. */
static int a_prefix_stays_out_while_it_does_not_run(void)
{
	guard_forget_all();
	T_OK(guard_start());
	T_OK(guard_says(
		guard_ask("{\"command\":\"ban\",\"address\":\"203.0.115.0/24\",\"seconds\":3600}"),
		"\"banned\":true"));
	T_OK(guard_says(
		guard_ask("{\"command\":\"ban\",\"address\":\"2001:db8:66::/48\",\"seconds\":-1}"),
		"\"banned\":true"));
	T_OK(prefixes_are_out());
	sleep(1); /* on the disk */
	for (unsigned i = 0; i < 3; i++) {
		/* Killed; ended; and, as an upgrade does, ended and begun at once. */
		guard_stop(i == 0 ? SIGKILL : SIGTERM);
		if (i < 2)
			usleep(300000);
		T_OK(i == 2 || prefixes_are_out());
		T_OK(guard_start());
		for (unsigned k = 0; k < 5; k++)
			T_OK(prefixes_are_out());
	}
	/* What is put in force anew is the same, and can be ended. */
	T_OK(guard_says(guard_ask("{\"command\":\"unban\",\"address\":\"203.0.115.0/24\"}"),
			"\"banned\":false"));
	T_OK(tun_arrives("203.0.115.9") && !tun_arrives("2001:db8:66:1::5"));
	T_OK(guard_stop(SIGTERM) == 0);
	/* As after a boot. */
	ban_table_begin(trial.table);
	ban_table_make(trial.table);
	T_OK(ban_table_commit(trial.table, &trial.e) == 0);
	T_OK(tun_arrives("2001:db8:66:1::5"));
	T_OK(guard_start());
	T_OK(soon_out("2001:db8:66:1::5") && tun_arrives("203.0.115.9"));
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

static int killed_and_started_again(void)
{
	struct addr a;
	uint64_t ms = 0;

	guard_forget_all();
	guard_set_jail("bantime = 1h\nbantime.increment = true\n");
	T_OK(guard_start());
	guard_fails("203.0.113.7", 3);
	guard_fails("203.0.113.8", 2);
	T_OK(guard_soon_banned("203.0.113.7"));
	sleep(2);
	guard_stop(SIGKILL);
	usleep(300000);
	T_OK(guard_is_banned("203.0.113.7"));
	/* What is written meanwhile is read afterwards. */
	guard_fails("203.0.113.8", 1);
	T_OK(guard_start());
	T_OK(guard_soon_banned("203.0.113.8"));
	T_OK(guard_is_banned("203.0.113.7"));
	/* As after a boot: the kernel has nothing. */
	T_OK(guard_stop(SIGTERM) == 0);
	ban_table_begin(trial.table);
	ban_table_make(trial.table);
	T_OK(ban_table_commit(trial.table, &trial.e) == 0);
	T_OK(!guard_is_banned("203.0.113.7"));
	T_OK(guard_start());
	T_OK(guard_soon_banned("203.0.113.7") && guard_soon_banned("203.0.113.8"));
	/* With what was left of its hour. */
	addr_parse("203.0.113.7", &a);
	T_OK(ban_table_has(trial.table, &a, &ms, &trial.e) == 1 && ms <= 3600000 && ms > 3500000);
	T_OK(guard_stop(SIGTERM) == 0);
	guard_set_jail("bantime = 1h\n");
	return 0;
}

/* Jails that count bans have all of them, however many there are at once: the journal, and what is said to it, have not. */
static int who_is_banned_again_and_again(void)
{
	CLEANUP_FREE char *own = xasprintf("%s/filter.d/own.conf", trial.config);
	CLEANUP_FREE char *theirs = xasprintf("%s/filter.d/theirs.conf", trial.config);
	char who[32];

	guard_forget_all();
	guard_write(
		own,
		"[Definition]\n"
		"failregex = store: \\[(?!own|theirs)\\S+\\] ban <SUBNET> \\(\\d+ failures\\)$\n"
		"journalmatch = _SYSTEMD_UNIT=kannuki-guard.service\n");
	guard_write(
		theirs,
		"[Definition]\nfailregex = NOTICE\\s+\\[(?!own|theirs)\\S+\\]\\s+Ban\\s+<HOST>$\n");
	guard_set_jail("bantime = 1h\n"
		       "[own]\nenabled = true\nfilter = own\nbackend = systemd\nmaxretry = 1\n"
		       "bantime = 1d\n"
		       "[theirs]\nenabled = true\nfilter = theirs\nmaxretry = 1\n"
		       "bantime = 2d\nlogpath = /var/log/fail2ban.log\n");
	T_OK(guard_start());
	for (unsigned i = 0; i < 100; i++) {
		snprintf(who, sizeof(who), "203.0.114.%u", i);
		guard_fails(who, 3);
	}
	guard_fails("2001:db8:66::1", 3);
	T_OK(guard_soon_banned("2001:db8:66::1"));
	sleep(1);
	for (unsigned i = 0; i < 100; i++) {
		const char *why =
			guard_ask("{\"command\":\"why\",\"address\":\"203.0.114.%u\"}", i);

		T_OK(strstr(why, "\"own\"") && strstr(why, "\"theirs\""));
	}
	T_OK(guard_says(guard_ask("{\"command\":\"why\",\"address\":\"2001:db8:66::1\"}"),
			"\"theirs\""));
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

static int read_anew(void)
{
	guard_forget_all();
	T_OK(guard_start());
	guard_fails("203.0.113.7", 2);
	usleep(200000);
	guard_set_jail("bantime = 2h\n");
	guard_hear_out();
	kill(trial.pid, SIGHUP);
	T_OK(guard_is_told("RELOADING=1", 3000) && guard_is_told("READY=1", 3000) &&
	     guard_socket_answers());
	guard_fails("203.0.113.7", 1);
	T_OK(guard_soon_banned("203.0.113.7"));
	T_OK(guard_says(guard_ask("{\"command\":\"status\"}"), "\"bantime\":7200.0"));
	/* Files that cannot be read change nothing. */
	guard_set_jail("nonsense without a section = \n[");
	kill(trial.pid, SIGHUP);
	usleep(500000);
	T_OK(guard_says(guard_ask("{\"command\":\"status\"}"), "\"bantime\":7200.0"));
	T_OK(guard_stop(SIGTERM) == 0);
	guard_set_jail("bantime = 1h\n");
	return 0;
}

/* A jail whose logs lie in a folder that is not there, by a pattern; and rotation under the daemon's eyes. */
static int logs_come_and_go(void)
{
	CLEANUP_FREE char *later = xasprintf("%s/later", trial.folder);
	CLEANUP_FREE char *one = xasprintf("%s/one.log", later),
			  *two = xasprintf("%s/two.log", later);
	CLEANUP_FREE char *old = xasprintf("%s.1", trial.log);
	CLEANUP_FREE char *packed = xasprintf("%s/old.log.gz", later);
	CLEANUP_FREE char *jail = xasprintf("bantime = 1h\n[y]\nenabled = true\nfilter = x\n"
					    "logpath = %s/*.log\n  %s/*.gz\n",
					    later, later);

	guard_forget_all();
	guard_set_jail(jail);
	T_OK(guard_start());
	guard_fails("203.0.113.7", 2);
	T_OK(rename(trial.log, old) == 0);
	guard_fails("203.0.113.7", 1);
	T_OK(guard_soon_banned("203.0.113.7"));
	T_OK(mkdir(later, 0750) == 0);
	guard_fails_in(one, "203.0.113.8", 2);
	guard_fails_in(packed, "203.0.113.10", 9);
	for (unsigned i = 0; i < 4 && !guard_soon_banned("203.0.113.8"); i++)
		guard_fails_in(two, "203.0.113.8", i == 0);
	T_OK(guard_is_banned("203.0.113.8") && !guard_is_banned("203.0.113.10"));
	/* Now that the folder is there a file in it is seen at once. */
	guard_fails_in(two, "203.0.113.9", 3);
	T_OK(guard_soon_banned("203.0.113.9"));
	T_OK(guard_stop(SIGTERM) == 0);
	unlink(one), unlink(two), unlink(packed), rmdir(later), unlink(old);
	return 0;
}

/* The processes that the guard's parent started; how many there are. */
static size_t children(pid_t ret[16])
{
	char path[64];
	size_t count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)trial.pid, (int)trial.pid);
	f = fopen(path, "r");
	/* NOLINTNEXTLINE(cert-err34-c) the kernel's own numbers */
	while (f && count < 16 && fscanf(f, "%d", &ret[count]) == 1)
		count++;
	if (f)
		fclose(f);
	return count;
}

static int when_one_ends_all_end(void)
{
	guard_forget_all();
	for (size_t i = 0; i < 4; i++) {
		pid_t pid[16];

		T_OK(guard_start());
		guard_fails("203.0.113.7", 3);
		T_OK(guard_soon_banned("203.0.113.7"));
		T_OK(children(pid) == 4);
		kill(pid[i], SIGKILL);
		T_OK(guard_stop(0) != 0);
		for (size_t k = 0; k < 4; k++)
			T_OK(kill(pid[k], 0) < 0);
		T_OK(guard_is_banned("203.0.113.7"));
	}
	/* And the parent alone. */
	T_OK(guard_start());
	{
		pid_t pid[16];

		T_OK(children(pid) == 4);
		guard_stop(SIGKILL);
		for (size_t k = 0; k < 4; k++)
			for (unsigned i = 0; i < 400 && kill(pid[k], 0) == 0; i++)
				usleep(10000);
		for (size_t k = 0; k < 4; k++)
			T_OK(kill(pid[k], 0) < 0);
	}
	return 0;
}

static int table_taken_away(void)
{
	struct netlink_out o = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW, 12 /* NETLINK_NETFILTER */);

	guard_forget_all();
	T_OK(guard_start());
	guard_fails("203.0.113.7", 3);
	T_OK(guard_soon_banned("203.0.113.7"));
	guard_ask("{\"command\":\"ban\",\"address\":\"203.0.115.0/24\",\"seconds\":60}");
	ban_rules_batch(&o, true);
	ban_rules_delete_table(&o);
	ban_rules_batch(&o, false);
	for (unsigned i = 0; i < 5; i++) {
		T_OK(send(fd, o.bytes.text, o.bytes.len, 0) > 0);
		T_OK(guard_soon_banned("203.0.113.7"));
	}
	T_OK(!tun_arrives("203.0.113.7") && !tun_arrives("203.0.115.7") &&
	     tun_arrives("203.0.113.8"));
	T_OK(guard_says(guard_ask("{\"command\":\"status\"}"), "\"table_put_back\":5"));
	netlink_out_done(&o);
	close(fd);
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct t_case cases[] = {
		T(who_fails_is_banned),
		T(at_once),
		T(each_time_twice_as_long),
		T(some_never_are),
		T(nor_who_is_logged_in),
		T(by_hand),
		T(who_is_banned_again_and_again),
		T(a_prefix_stays_out_while_it_does_not_run),
		T(killed_and_started_again),
		T(read_anew),
		T(table_taken_away),
		T(logs_come_and_go),
		T(when_one_ends_all_end),
		T(who_leaves_early),
		T(a_line_of_long_ago),
		T(a_full_database),
	};

	return guard_trial_main(argc, argv, cases, COUNT(cases));
}
