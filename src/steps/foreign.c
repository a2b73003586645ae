// SPDX-License-Identifier: MIT
/* foreign.c - see foreign.h; trap 26. */
#include "steps/foreign.h"

#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/mem.h"

#define LIMIT_MS 20000

/* While pending `ufw reload` and `ufw allow` give INPUT its policy again, but none of its rules: with this one no
 * door is shut by that, the new one neither. */
#define OPEN_RULE "-A INPUT -j ACCEPT"

/* A family of iptables, and the name of what it had in an image. */
static const struct {
	const char *text, *save, *restore;
} families[] = {
	{ "iptables", "iptables-save", "iptables-restore" },
	{ "ip6tables", "ip6tables-save", "ip6tables-restore" },
};

static json_t *texts(const struct strv *v)
{
	json_t *list = json_array();

	for (size_t i = 0; v && i < v->count; i++)
		json_array_append_new(list, json_bytes(v->item[i]));
	return list;
}

json_t *step_foreign_args(const struct step_foreign_spec *spec)
{
	return json_pack("{s:b, s:o, s:o, s:o}", "iptables", spec->iptables, "chains",
			 texts(spec->chain), "units", texts(spec->unit), "changes",
			 changes_json(spec->change, spec->change_count));
}

static json_t *changes_of(const struct step *s)
{
	return json_object_get(s->args, "changes");
}

static bool has_iptables(const struct step *s)
{
	return json_is_true(json_object_get(s->args, "iptables"));
}

/* 1: no such program. */
static int run(const struct step_ctx *c, const char *const *argv, const char *input,
	       struct run_result *ret, struct err *e)
{
	if (os_run(c->os,
		   &(struct run){ .argv = argv,
				  .input = input,
				  .input_len = input ? strlen(input) : 0,
				  .timeout_ms = LIMIT_MS },
		   ret, e) < 0)
		return -1;
	if (ret->status == 127)
		return 1;
	if (ret->status == 0 && !ret->timed_out)
		return 0;
	return err_set(e, ERR_FAILED, "%s: %s", argv[0],
		       ret->timed_out ? _("did not end in time") : str_trim(ret->err));
}

/* --- iptables ------------------------------------------------------------------------------ */

/* The lines about INPUT of what iptables-save prints, as iptables-restore takes them, without
 * counters. "" where there is no such program, or no IPv6. malloc'd. */
static int read_input(const struct step_ctx *c, size_t family, char **ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STR struct str s = { 0 };
	int status = run(c, ARGV(families[family].save, "-t", "filter"), NULL, &r, e);
	char *rest = r.out, *line;

	if (status < 0 && (family == 0 || r.status == 0))
		return -1;
	if (status < 0)
		*e = (struct err){ 0 };
	while (status == 0 && (line = str_line(&rest))) {
		if (str_starts(line, ":INPUT ")) {
			CLEANUP_STRV struct strv words = { 0 };

			strv_split(&words, line, " ");
			if (words.count > 1)
				str_addf(&s, "-P INPUT %s\n", words.item[1]);
		} else if (str_starts(line, "-A INPUT ")) {
			str_addf(&s, "%s\n", line);
		}
	}
	str_add(&s, "");
	*ret = str_take(&s);
	return 0;
}

/* Whoever bans lets nobody in: its jumps stay, and its chains are there as long as it runs. */
static bool bans(const char *line)
{
	return str_starts(line, "-A INPUT ") &&
	       (strstr(line, " -j f2b-") || strstr(line, "-j sshguard"));
}

/* One transaction of the kernel; the other chains stay. */
static int write_input(const struct step_ctx *c, size_t family, const char *lines, struct err *e)
{
	CLEANUP_FREE char *text = xasprintf("*filter\n-F INPUT\n%sCOMMIT\n", lines);
	CLEANUP_RUN struct run_result r = { 0 };

	return run(c, ARGV(families[family].restore, "-w", "10", "-n"), text, &r, e);
}

static bool has_line(const char *lines, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = lines; *p; p = strchrnul(p, '\n'), p += *p != 0)
		if (strncmp(p, line, n) == 0 && (p[n] == '\n' || !p[n]))
			return true;
	return false;
}

/* What apply leaves there. */
static char *opened_input(const char *before)
{
	CLEANUP_FREE char *copy = xstrdup(before);
	CLEANUP_STR struct str s = { 0 };
	char *rest = copy, *line;

	str_add(&s, "-P INPUT ACCEPT\n");
	while ((line = str_line(&rest)))
		if (bans(line))
			str_addf(&s, "%s\n", line);
	str_add(&s, OPEN_RULE "\n");
	return str_take(&s);
}

/* What it was, but with what others have done since: their new rules stay, in front, and a jump of who bans is gone
 * with its chain where they took it away. */
static char *closed_input(const char *before, const char *now)
{
	CLEANUP_FREE char *old = xstrdup(before), *new = xstrdup(now);
	CLEANUP_STR struct str s = { 0 };
	char *rest = old, *line = str_line(&rest);

	str_addf(&s, "%s\n", line ? line : "-P INPUT ACCEPT");
	for (char *added = new, *one; (one = str_line(&added));)
		if (str_starts(one, "-A ") && !str_eq(one, OPEN_RULE) && !has_line(before, one))
			str_addf(&s, "%s\n", one);
	while ((line = str_line(&rest)))
		if (!bans(line) || has_line(now, line))
			str_addf(&s, "%s\n", line);
	return str_take(&s);
}

static int iptables_open(const struct step_ctx *c, struct err *e)
{
	for (size_t i = 0; i < COUNT(families); i++) {
		CLEANUP_FREE char *now = NULL;
		CLEANUP_FREE char *want = NULL;

		if (read_input(c, i, &now, e) < 0)
			return -1;
		want = opened_input(now);
		if (now[0] && !str_eq(now, want) && write_input(c, i, want, e) != 0)
			return -1;
	}
	return 0;
}

/* How far the kernel goes back. */
enum back {
	BACK_ALL,
	BACK_OPENED, /* only what is as apply leaves it */
};

static int family_back(const struct step_ctx *c, size_t family, const struct image *pre,
		       enum back how, struct err *e)
{
	const char *before = image_text(pre, families[family].text);
	CLEANUP_FREE char *now = NULL;
	CLEANUP_FREE char *closed = NULL;

	if (!before || !before[0])
		return 0;
	if (read_input(c, family, &now, e) < 0)
		return -1;
	closed = closed_input(before, now);
	if (str_eq(now, closed) || (how == BACK_OPENED && !has_line(now, OPEN_RULE)))
		return 0;
	return write_input(c, family, closed, e) == 0 ? 0 : -1;
}

/* Past failures; the first is told. */
static int families_back(const struct step_ctx *c, const struct image *pre, enum back how,
			 struct err *e)
{
	int worst = 0;

	for (size_t i = 0; i < COUNT(families); i++) {
		struct err one = { 0 };

		err_keep_worst(&worst, e, family_back(c, i, pre, how, &one), &one);
	}
	return worst;
}

static int iptables_back(const struct step_ctx *c, const struct step *s, const struct image *pre,
			 enum back how, struct err *e)
{
	json_t *units = json_object_get(s->args, "units"), *one;
	size_t i;

	if (families_back(c, pre, how, e) == 0)
		return 0;
	/* Chains that they jump to are not there: since a boot, their owner was not started. */
	json_array_foreach (units, i, one) {
		CLEANUP_RUN struct run_result r = { 0 };

		if (run(c, ARGV("systemctl", "restart", json_string_value(one)), NULL, &r, e) != 0)
			return err_ctx(e, "%s", json_string_value(one));
	}
	return json_array_size(units) > 0 ? families_back(c, pre, how, e) : -1;
}

/* --- nft ----------------------------------------------------------------------------------- */

/* "inet filter input" as nft lists it, without counters. 1: there is none. */
static int read_chain(const struct step_ctx *c, const char *name, char **ret, struct err *e)
{
	CLEANUP_STRV struct strv words = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	int status;

	strv_split(&words, name, " ");
	if (words.count != 3)
		return err_set(e, ERR_FAILED, _("the step is not complete"));
	status = run(
		c, ARGV("nft", "-s", "list", "chain", words.item[0], words.item[1], words.item[2]),
		NULL, &r, e);
	if (status < 0 && r.err && strstr(r.err, "No such file or directory")) {
		*e = (struct err){ 0 };
		return 1;
	}
	if (status != 0)
		return status < 0 ? -1 : err_set(e, ERR_FAILED, _("nft: no such program"));
	*ret = TAKE(r.out);
	return 0;
}

static int load(const struct step_ctx *c, const char *text, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };

	return run(c, ARGV("nft", "-f", "-"), text, &r, e) == 0 ? 0 : -1;
}

static int chains_open(const struct step_ctx *c, json_t *chains, struct err *e)
{
	CLEANUP_STR struct str s = { 0 };
	json_t *one;
	size_t i;

	json_array_foreach (chains, i, one) {
		const char *name = json_string_value(one);
		CLEANUP_FREE char *now = NULL;
		int r = read_chain(c, name ? name : "", &now, e);

		if (r < 0)
			return -1;
		if (r == 0)
			str_addf(&s, "flush chain %s\nadd chain %s { policy accept ; }\n", name,
				 name);
	}
	return s.text ? load(c, s.text, e) : 0;
}

/* A listing of a chain with what others have added to it since, in front of its rules. */
static char *closed_chain(const char *before, const char *now)
{
	static const char hook[] = "\t\ttype ";
	CLEANUP_FREE char *old = xstrdup(before);
	CLEANUP_STR struct str s = { 0 };
	char *rest = old, *line;

	while ((line = str_line(&rest))) {
		CLEANUP_FREE char *new = xstrdup(str_starts(line, hook) ? now : "");

		str_addf(&s, "%s\n", line);
		for (char *added = new, *one; (one = str_line(&added));)
			if (str_starts(one, "\t\t") && !str_starts(one, hook) &&
			    !has_line(before, one))
				str_addf(&s, "%s\n", one);
	}
	return str_take(&s);
}

static int chains_back(const struct step_ctx *c, json_t *chains, const struct image *pre,
		       enum back how, struct err *e)
{
	json_t *one;
	int worst = 0;
	size_t i;

	json_array_foreach (chains, i, one) {
		const char *name = json_string_value(one), *before = image_text(pre, name);
		CLEANUP_FREE char *now = NULL;
		CLEANUP_FREE char *closed = NULL;
		CLEANUP_FREE char *text = NULL;
		struct err why = { 0 };
		int r = read_chain(c, name ? name : "", &now, &why);

		closed = closed_chain(before ? before : "", r == 0 ? now : "");
		if (!before || !before[0] || (r == 0 && str_eq(now, closed)) ||
		    (how == BACK_OPENED && (r > 0 || (r == 0 && strstr(now, "policy drop")))))
			continue;
		text = xasprintf("%s%s\n%s", r == 0 ? "flush chain " : "", r == 0 ? name : "",
				 closed);
		if (r >= 0)
			r = load(c, text, &why);
		err_keep_worst(&worst, e, r, &why);
	}
	return worst;
}

/* --- the kind ------------------------------------------------------------------------------ */

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	json_t *one;
	size_t i;

	for (i = 0; has_iptables(s) && i < COUNT(families); i++) {
		CLEANUP_FREE char *now = NULL;

		if (read_input(c, i, &now, e) < 0)
			return -1;
		image_set_text(ret, families[i].text, now);
	}
	json_array_foreach (json_object_get(s->args, "chains"), i, one) {
		const char *name = json_string_value(one);
		CLEANUP_FREE char *now = NULL;

		if (read_chain(c, name ? name : "", &now, e) < 0)
			return -1;
		image_set_text(ret, name, now ? now : "");
	}
	return changes_capture(c, changes_of(s), ret, e);
}

static int read_units(const struct step_ctx *c, const struct step *s, struct err *e)
{
	if (json_array_size(changes_of(s)) == 0)
		return 0;
	return os_run_ok(c->os, ARGV("systemctl", "daemon-reload"), NULL, e);
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	if (has_iptables(s) && iptables_open(c, e) < 0)
		return -1;
	if (chains_open(c, json_object_get(s->args, "chains"), e) < 0 ||
	    changes_apply(c, changes_of(s), e) < 0)
		return -1;
	return read_units(c, s, e);
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	json_t *one;
	size_t i;

	for (i = 0; has_iptables(s) && i < COUNT(families); i++) {
		CLEANUP_FREE char *now = NULL;
		CLEANUP_FREE char *want = NULL;

		if (read_input(c, i, &now, e) < 0)
			return -1;
		want = opened_input(now);
		if (now[0] && !str_eq(now, want))
			return err_set(e, ERR_FAILED, _("%s: INPUT still has rules"),
				       families[i].text);
	}
	json_array_foreach (json_object_get(s->args, "chains"), i, one) {
		const char *name = json_string_value(one);
		CLEANUP_FREE char *now = NULL;
		int r = read_chain(c, name ? name : "", &now, e);

		if (r < 0)
			return -1;
		if (r == 0 && strstr(now, "policy drop"))
			return err_set(e, ERR_FAILED, _("%s still denies"), name);
	}
	return changes_verify(c, changes_of(s), e);
}

/* Past failures. */
static int kernel_back(const struct step_ctx *c, const struct step *s, const struct image *pre,
		       enum back how, struct err *e)
{
	struct err second = { 0 };
	int r = has_iptables(s) ? iptables_back(c, s, pre, how, e) : 0;

	if (chains_back(c, json_object_get(s->args, "chains"), pre, how, &second) < 0 && r == 0) {
		*e = second;
		r = -1;
	}
	return r;
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	struct err kernel = { 0 };
	int files = changes_undo(c, changes_of(s), pre, post, e), live;

	if (c->boot)
		return files;
	live = kernel_back(c, s, pre, BACK_ALL, &kernel);
	if (live == 0)
		live = read_units(c, s, &kernel);
	if (live < 0)
		*e = kernel;
	return live < 0 ? live : files;
}

/* A boot brought the owner back by its own unit, with what its files say by now. A soft one kept what
 * we had opened. */
static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	return kernel_back(c, s, pre, BACK_OPENED, e) < 0 ? -1 : read_units(c, s, e);
}

const struct step_kind step_foreign = {
	.name = "foreign",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
	.settle = settle,
};
