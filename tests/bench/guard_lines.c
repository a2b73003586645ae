// SPDX-License-Identifier: MIT
/*
 * guard_lines DIR LOG SOURCES [JAIL]...: the guard's matcher and windows over a log, as in the daemon, for tests/bench/guard.
 *
 * All jails of the configuration (or those named) see every line of the log as of one source. Prints as JSON what it took:
 * CPU seconds for reading the configuration and for the lines, lines, failures, who was due, memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "guard/duration.h"
#include "guard/matcher.h"
#include "guard/window.h"
#include "os/lines.h"
#include "os/os.h"

struct bench {
	struct conf_folder folder;
	struct jails jails;
	struct matcher *matcher;
	struct window *window;
	unsigned long lines, failures, due, gave_up;
	size_t used; /* jails */
};

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The most memory that this program has had: getrusage() would count what was there before exec, too. */
static long most_kib(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[200];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

static struct window_rule rule_of(const struct jail *jail)
{
	const char *find = settings_get(&jail->setting, "findtime");
	const char *retry = settings_get(&jail->setting, "maxretry");
	struct window_rule rule = { 600, retry ? (unsigned)atoi(retry) : 5 };
	struct err e = { 0 };

	if (find && duration_parse(find, &rule.find_time, &e) < 0)
		rule.find_time = 600;
	return rule;
}

static int prepare(struct bench *b, size_t sources, const struct strv *only, struct err *e)
{
	struct jails_query q = { .all = true, .only = only->count ? only : NULL };
	struct matcher_mode mode = { .last_decade =
					     date_last_decade((int64_t)time(NULL) * 1000000000) };
	struct window_rule *rule;
	size_t *all;

	if (jails_read(&b->folder, &q, &b->jails, e) < 0)
		return -1;
	rule = xcalloc(b->jails.count + 1, sizeof(*rule));
	all = xcalloc(b->jails.count + 1, sizeof(*all));
	for (size_t i = 0; i < b->jails.count; i++) {
		b->jails.item[i].enabled = true;
		rule[i] = rule_of(&b->jails.item[i]);
		all[i] = i;
	}
	b->matcher = matcher_new(&b->jails, mode, &b->folder);
	for (size_t i = 0; i < b->jails.count; i++)
		b->used += matcher_filter(b->matcher, i) != NULL;
	matcher_add_source(b->matcher, all, b->jails.count);
	b->window = window_new(rule, b->jails.count, (struct window_limits){ sources, 8 << 20 });
	free(rule);
	free(all);
	return 0;
}

static void one_line(struct bench *b, const struct line_read *read)
{
	struct matcher_line line = { .line = { .text = read->text, .len = read->len } };
	static double now;
	struct matcher_result r;

	if (b->lines++ % 256 == 0)
		now = (double)time(NULL);
	matcher_line(b->matcher, &line, now, now, &r);
	b->failures += r.count;
	b->gave_up += r.gave_up;
	for (size_t i = 0; i < r.count; i++) {
		struct window_failure f = { .jail = r.failure[i].jail,
					    .id = r.failure[i].id,
					    .time = r.failure[i].time,
					    .line = read->text,
					    .len = read->len };
		struct window_state state;

		/* The log is of the past: its own time is now. */
		b->due += window_add(b->window, &f, f.time, &state);
	}
}

int main(int argc, char **argv)
{
	CLEANUP_LINES struct lines *lines = NULL;
	CLEANUP_STRV struct strv only = { 0 };
	struct bench b = { 0 };
	struct line_read line;
	struct err e = { 0 };
	double start = cpu(), ready;
	int r;

	if (argc < 4) {
		fprintf(stderr, "usage: guard_lines DIR LOG SOURCES [JAIL]...\n");
		return 2;
	}
	for (int i = 4; i < argc; i++)
		strv_add(&only, argv[i]);
	b.folder.os = os_linux_new("/", &e);
	b.folder.path = xstrdup(argv[1]);
	if (prepare(&b, (size_t)atol(argv[3]), &only, &e) < 0 ||
	    lines_open(argv[2], FILTER_LINE_MAX, &lines, &e) != 0) {
		fprintf(stderr, "guard_lines: %s: %s\n", argv[2], e.msg);
		return 1;
	}
	ready = cpu();
	while ((r = lines_next(lines, &line, &e)) == 0)
		one_line(&b, &line);
	printf("{\"jails\": %zu, \"start_s\": %.3f, \"cpu_s\": %.3f, \"lines\": %lu, \"failures\": "
	       "%lu, "
	       "\"due\": %lu, \"gave_up\": %lu, \"tracked\": %zu, \"window_bytes\": %zu, "
	       "\"max_rss_kib\": %ld}\n",
	       b.used, ready - start, cpu() - ready, b.lines, b.failures, b.due, b.gave_up,
	       window_sources(b.window), window_bytes(b.window), most_kib());
	return r < 0;
}
