// SPDX-License-Identifier: MIT
/* cmd_control.c - what asks the running guard: status, bans, ban, unban, why. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/json.h"
#include "guard/command.h"
#include "guard/duration.h"
#include "guard/roles.h"
#include "os/child.h"

#define ANSWER_MOST ((size_t)1 << 30)

static const struct opt status_options[] = {
	{ "format", 0, "text|json|prometheus", N_("how to print it") },
	{ "run", 0, "DIR", N_("where its socket is, in place of /run/kannuki-guard") },
};

static const struct opt options[] = {
	{ "format", 0, "text|json", N_("how to print it") },
	{ "run", 0, "DIR", N_("where its socket is, in place of /run/kannuki-guard") },
};

/* --- asking ---------------------------------------------------------------------------------------------------- */

static int send_all(int fd, const char *text, struct err *e)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "%s", _("the guard's socket"));
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_all(int fd, struct str *ret, struct err *e)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "%s", _("the guard's socket"));
		str_add_bytes(ret, buf, (size_t)n);
		if (ret->len > ANSWER_MOST)
			return err_set(e, ERR_FAILED, "%s", _("the guard's answer has no end"));
	}
	return 0;
}

/* request is taken over. */
static int ask(struct guard_call *c, json_t *request, json_t **ret, struct err *e)
{
	const char *folder = opts_get(&c->opts, "run");
	CLEANUP_FREE char *path = xasprintf("%s/" GUARD_CONTROL, folder ? folder : GUARD_RUN);
	CLEANUP_FREE char *text = json_dumps(request, JSON_COMPACT);
	CLEANUP_FREE char *line = xasprintf("%s\n", text ? text : "");
	CLEANUP_STR struct str answer = { 0 };
	CLEANUP_FD int fd = -1;
	json_error_t where;
	int r = child_connect(path, &fd, e);

	json_decref(request);
	if (r > 0)
		return err_set(e, ERR_FAILED, "%s",
			       _("the guard does not run; try: systemctl start kannuki-guard"));
	if (r < 0 || send_all(fd, line, e) < 0 || read_all(fd, &answer, e) < 0)
		return -1;
	*ret = json_loadb(answer.text ? answer.text : "", answer.len, 0, &where);
	if (!*ret)
		return err_set(e, ERR_FAILED, "%s",
			       _("the guard did not answer; only root may ask it"));
	return 0;
}

static int error_of(const json_t *answer, struct err *e)
{
	const char *error = json_string_value(json_object_get(answer, "error"));

	if (!error)
		return 0;
	return err_set(e, json_is_true(json_object_get(answer, "usage")) ? ERR_USAGE : ERR_FAILED,
		       "%s", error);
}

/* --- words ------------------------------------------------------------------------------------------------------- */

static long long number(const json_t *all, const char *name)
{
	return (long long)json_integer_value(json_object_get(all, name));
}

static void add_time(struct str *s, const json_t *at)
{
	time_t when = (time_t)json_integer_value(at);
	struct tm tm;
	char text[32];

	if (!json_is_integer(at)) {
		str_add(s, _("for ever"));
		return;
	}
	localtime_r(&when, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	str_add(s, text);
}

static void print_status(const json_t *all)
{
	CLEANUP_STR struct str s = { 0 }, since = { 0 };
	const json_t *jails = json_object_get(all, "jails"), *jail;
	size_t i;

	add_time(&since, json_object_get(all, "since"));
	str_addf(&s, _("running since %s\n"), since.text);
	str_addf(&s, _("%lld bans, %lld packets dropped\n"), number(all, "bans"),
		 number(all, "dropped_packets"));
	str_addf(&s, _("%lld lines read, %lld failures, %lld sources watched\n"),
		 number(all, "lines"), number(all, "failures"), number(all, "sources"));
	if (number(all, "bans_waiting") > 0)
		str_addf(&s, _("%lld bans are not in force yet\n"), number(all, "bans_waiting"));
	if (number(all, "refused") > 0)
		str_addf(&s, _("%lld times an address was spared that is never banned\n"),
			 number(all, "refused"));
	if (number(all, "table_put_back") > 0)
		str_addf(&s, _("the table was removed by others and put back %lld times\n"),
			 number(all, "table_put_back"));
	if (json_is_true(json_object_get(all, "disk_failed")))
		str_add(&s, _("bans cannot be written to the disk\n"));
	json_array_foreach (jails, i, jail)
		str_addf(&s, _("  %s: %lld failures within %.0f s, banned for %.0f s\n"),
			 json_string_value(json_object_get(jail, "name")), number(jail, "maxretry"),
			 json_number_value(json_object_get(jail, "findtime")),
			 json_number_value(json_object_get(jail, "bantime")));
	fputs(s.text, stdout);
}

/* Every number of the status, as Prometheus reads it. */
static void print_metrics(const json_t *all)
{
	CLEANUP_STR struct str s = { 0 };
	json_t *copy = json_deep_copy(all);
	const char *name;
	json_t *value;

	json_object_foreach (copy, name, value)
		if (json_is_integer(value) && !str_eq(name, "since"))
			str_addf(&s, "kannuki_guard_%s %lld\n", name,
				 (long long)json_integer_value(value));
	str_addf(&s, "kannuki_guard_start_time_seconds %lld\n", number(all, "since"));
	fputs(s.text, stdout);
	json_decref(copy);
}

static void add_ban(struct str *s, const json_t *ban)
{
	const char *jail = json_string_value(json_object_get(ban, "jail"));

	str_add_padded(s, json_string_value(json_object_get(ban, "address")), 26);
	str_add_padded(s, jail ? jail : _("by hand"), 16);
	add_time(s, json_object_get(ban, "since"));
	str_add(s, "  -  ");
	add_time(s, json_object_get(ban, "until"));
	if (!json_is_true(json_object_get(ban, "in_force")))
		str_add(s, _("  (not in force)"));
	str_add(s, "\n");
}

static void print_bans(const json_t *all)
{
	CLEANUP_STR struct str s = { 0 };
	const json_t *bans = json_object_get(all, "bans"), *ban;
	size_t i;

	json_array_foreach (bans, i, ban)
		add_ban(&s, ban);
	fputs(s.text ? s.text : _("nobody is banned\n"), stdout);
}

static void print_why(const json_t *all)
{
	CLEANUP_STR struct str s = { 0 };
	const json_t *bans = json_object_get(all, "bans"), *ban, *lines, *line;
	size_t i, k;

	str_addf(&s,
		 json_is_true(json_object_get(all, "banned")) ? _("%s is banned\n")
							      : _("%s is not banned\n"),
		 json_string_value(json_object_get(all, "address")));
	json_array_foreach (bans, i, ban) {
		add_ban(&s, ban);
		if (number(ban, "attempts") > 0)
			str_addf(&s, _("    %lld failures\n"), number(ban, "attempts"));
		lines = json_object_get(ban, "lines");
		json_array_foreach (lines, k, line)
			str_addf(&s, "    %s\n", json_string_value(line));
	}
	fputs(s.text, stdout);
}

static void print_done(const json_t *all)
{
	const char *note = json_string_value(json_object_get(all, "note"));

	printf(json_is_true(json_object_get(all, "banned")) ? _("%s is banned\n")
							    : _("%s is not banned any more\n"),
	       json_string_value(json_object_get(all, "address")));
	if (note)
		printf("%s\n", note);
}

/* --- commands ------------------------------------------------------------------------------------------------------- */

static int ask_and_print(struct guard_call *c, json_t *request, void (*print)(const json_t *all),
			 struct err *e)
{
	const char *format = opts_get(&c->opts, "format");
	json_t *answer = NULL;
	int r = 0;

	if (format && !str_eq(format, "json") && !str_eq(format, "text") &&
	    print != print_metrics) {
		json_decref(request);
		return err_set(e, ERR_USAGE, _("--format %s is not possible; allowed: text, json"),
			       format);
	}
	if (ask(c, request, &answer, e) < 0)
		return -1;
	if (str_eq(format, "json")) {
		CLEANUP_FREE char *text = json_take_text(json_incref(answer));

		fputs(text, stdout);
		r = json_object_get(answer, "error") ? error_of(answer, e) : 0;
	} else {
		r = error_of(answer, e);
		if (r == 0)
			print(answer);
	}
	json_decref(answer);
	return r < 0 ? -1 : EXIT_DONE;
}

static json_t *request_of(const char *command, const char *address)
{
	json_t *request = json_object();

	json_object_set_new(request, "command", json_string(command));
	if (address)
		json_object_set_new(request, "address", json_text(address));
	return request;
}

static int run_status(struct guard_call *c, struct err *e)
{
	if (str_eq(opts_get(&c->opts, "format"), "prometheus"))
		return ask_and_print(c, request_of("status", NULL), print_metrics, e);
	return ask_and_print(c, request_of("status", NULL), print_status, e);
}

static int run_bans(struct guard_call *c, struct err *e)
{
	return ask_and_print(c, request_of("bans", NULL), print_bans, e);
}

/* ADDRESS [for TIME] */
static int run_ban(struct guard_call *c, struct err *e)
{
	const struct strv *word = &c->opts.words;
	json_t *request;
	double seconds;

	if (word->count == 2 || (word->count == 3 && !str_eq(word->item[1], "for")))
		return err_set(e, ERR_USAGE, _("usage: kannuki-guard %s %s"), "ban",
			       "ADDRESS[/BITS] [for TIME]");
	if (word->count == 3 && duration_parse(word->item[2], &seconds, e) < 0)
		return -1;
	request = request_of("ban", word->item[0]);
	if (word->count == 3)
		json_object_set_new(request, "seconds", json_real(seconds));
	return ask_and_print(c, request, print_done, e);
}

static int run_unban(struct guard_call *c, struct err *e)
{
	return ask_and_print(c, request_of("unban", c->opts.words.item[0]), print_done, e);
}

static int run_why(struct guard_call *c, struct err *e)
{
	return ask_and_print(c, request_of("why", c->opts.words.item[0]), print_why, e);
}

#define COMMAND(id, text, most, what, options)            \
	const struct guard_command guard_command_##id = { \
		.name = #id,                              \
		.words = (text),                          \
		.words_min = (most) > 0,                  \
		.words_max = (most),                      \
		.summary = (what),                        \
		.opt = (options),                         \
		.opt_count = COUNT(options),              \
		.run = run_##id,                          \
	}

COMMAND(status, "", 0, N_("what the guard that runs has done so far"), status_options);
COMMAND(bans, "", 0, N_("who is banned, by which jail, until when"), options);
COMMAND(ban, "ADDRESS[/BITS] [for TIME]", 3,
	N_("bans an address at once, for 10 minutes or that long"), options);
COMMAND(unban, "ADDRESS[/BITS]", 1, N_("ends all bans of an address, and forgets its failures"),
	options);
COMMAND(why, "ADDRESS", 1, N_("the bans of an address, and the lines that led to them"), options);
