// SPDX-License-Identifier: MIT
/* What the guard that runs tells who follows it: all that happens, and nobody has to wait for who does not read. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "lib/guard_trial.h"
#include "lib/tun.h"
#include "os/child.h"

#define MANY 4000

struct follower {
	int fd;
	struct str heard; /* what is not read yet */
	char *line;
};

static void follower_done(struct follower *f)
{
	close_p(&f->fd);
	str_done(&f->heard);
	free(f->line);
}

/* The next line; NULL: none within that time, or the end. */
static const char *hear(struct follower *f, int timeout_ms)
{
	char buf[65536];
	char *end;

	while (!(end = f->heard.len ? strchr(f->heard.text, '\n') : NULL)) {
		struct pollfd p = { .fd = f->fd, .events = POLLIN };
		ssize_t n = poll(&p, 1, timeout_ms) == 1 ? read(f->fd, buf, sizeof(buf)) : 0;

		if (n <= 0)
			return NULL;
		str_add_bytes(&f->heard, buf, (size_t)n);
	}
	free(f->line);
	f->line = xstrndup(f->heard.text, (size_t)(end - f->heard.text));
	{
		CLEANUP_FREE char *rest = xstrdup(end + 1);

		str_clear(&f->heard);
		str_add(&f->heard, rest);
	}
	return f->line;
}

static bool hears(struct follower *f, const char *text)
{
	const char *line = hear(f, 3000);

	if (line && strstr(line, text))
		return true;
	printf("# no %s in: %s\n", text, line ? line : "nothing");
	return false;
}

static int follow(struct follower *f)
{
	static const char request[] = "{\"command\":\"events\"}\n";
	CLEANUP_FREE char *path = xasprintf("%s/" GUARD_CONTROL, trial.run);

	*f = (struct follower){ .fd = -1 };
	if (child_connect(path, &f->fd, &trial.e) != 0 ||
	    write(f->fd, request, sizeof(request) - 1) < 0)
		return -1;
	return 0;
}

static int who_follows_hears_what_happens(void)
{
	CLEANUP(follower_done) struct follower f;

	guard_forget_all();
	T_OK(guard_start());
	T_OK(follow(&f) == 0 && hears(&f, "\"event\":\"following\""));
	guard_fails("203.0.113.7", 3);
	T_OK(hears(&f, "\"event\":\"ban\""));
	T_OK(strstr(f.line, "\"address\":\"203.0.113.7\"") && strstr(f.line, "\"jail\":\"x\"") &&
	     strstr(f.line, "\"attempts\":3") && strstr(f.line, "bad 203.0.113.7\""));
	guard_ask("{\"command\":\"ban\",\"address\":\"203.0.113.8\",\"seconds\":-1}");
	T_OK(hears(&f, "\"event\":\"ban\""));
	T_OK(strstr(f.line, "\"jail\":null") && strstr(f.line, "\"until\":null"));
	guard_ask("{\"command\":\"unban\",\"address\":\"203.0.113.7\"}");
	T_OK(hears(&f, "\"event\":\"unban\"") && strstr(f.line, "203.0.113.7\""));
	guard_ask("{\"command\":\"unban\",\"address\":\"203.0.113.7\"}");
	guard_fails(TUN_OWN_4, 3);
	T_OK(hears(&f, "\"event\":\"ban\"") && hears(&f, "\"event\":\"refused\""));
	T_OK(strstr(f.line, TUN_OWN_4));
	T_OK(!hear(&f, 300));
	T_OK(guard_stop(SIGTERM) == 0);
	T_OK(!hear(&f, 1000));
	return 0;
}

static void count(const char *line, unsigned long *told, unsigned long *missed)
{
	json_error_t where;
	json_t *event = json_loads(line, 0, &where);

	*told += strstr(line, "\"event\":\"ban\"") != NULL;
	*missed += (unsigned long)json_integer_value(json_object_get(event, "count"));
	json_decref(event);
}

/* What is missed and what is told are all there were. */
static int nobody_waits_for_who_does_not_read(void)
{
	CLEANUP(follower_done) struct follower f;
	unsigned long told = 0, missed = 0;
	const char *line;

	guard_forget_all();
	guard_set_jail("bantime = 1h\nmaxretry = 1\n");
	T_OK(guard_start());
	T_OK(follow(&f) == 0 && hears(&f, "following"));
	for (unsigned i = 0; i < MANY; i++) {
		char who[32];

		snprintf(who, sizeof(who), "203.0.%u.%u", 120 + i / 250, 1 + i % 250);
		guard_fails(who, 1);
	}
	guard_fails("203.0.113.7", 1);
	T_OK(guard_soon_banned("203.0.113.7"));
	T_OK(guard_says(guard_ask("{\"command\":\"status\"}"), "\"bans\":4001"));
	while ((line = hear(&f, 500)))
		count(line, &told, &missed);
	/* What was missed last is told before the next that is not. */
	guard_fails("203.0.113.9", 1);
	while ((line = hear(&f, 3000)) && !strstr(line, "\"203.0.113.9\""))
		count(line, &told, &missed);
	T_OK(line);
	printf("# %lu told, %lu missed\n", told, missed);
	T_OK(missed > 0 && told > 500 && told + missed == MANY + 1);
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

static int questions_are_answered_whoever_follows(void)
{
	struct follower f[5];
	size_t good = 0;

	guard_forget_all();
	T_OK(guard_start());
	for (size_t i = 0; i < COUNT(f); i++) {
		T_OK(follow(&f[i]) == 0);
		good += strstr(hear(&f[i], 2000), "following") != NULL;
	}
	T_OK(good == 4 && strstr(f[4].line, "too many follow the events already"));
	T_OK(guard_says(guard_ask("{\"command\":\"status\"}"), "\"bans\":0"));
	/* Who leaves makes room. */
	close_p(&f[0].fd);
	usleep(100000);
	follower_done(&f[4]);
	T_OK(follow(&f[4]) == 0 && hears(&f[4], "following"));
	for (size_t i = 0; i < COUNT(f); i++)
		follower_done(&f[i]);
	T_OK(guard_stop(SIGTERM) == 0);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct t_case cases[] = {
		T(who_follows_hears_what_happens),
		T(nobody_waits_for_who_does_not_read),
		T(questions_are_answered_whoever_follows),
	};

	return guard_trial_main(argc, argv, cases, COUNT(cases));
}
