// SPDX-License-Identifier: MIT
/* plan_report.c - see plan_report.h. */
#include "report/plan_report.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "report/diff.h"
#include "report/facts_report.h"

static const char *phase_words(const struct plan *p, enum step_phase phase)
{
	switch (phase) {
	case PHASE_ADD:
		return _("adds");
	case PHASE_RESTRICT:
		return p->needs_proof ? _("closes; on trial until you confirm") : _("closes");
	case PHASE_FINISH:
		return _("after you have confirmed");
	}
	return "";
}

void report_plan_steps(const struct plan *p, struct str *ret)
{
	for (size_t i = 0; i < p->count; i++)
		str_addf(ret, "%3zu. %s\n", i + 1, p->step[i].title);
}

/* Words, and how wide the lines are that they go onto. */
struct page {
	struct str *text;
	unsigned columns;
};

static void add_item(const struct page *page, const char *first, const char *text)
{
	layout_item_in(page->text, page->columns, first, text);
}

static void add_list(const struct page *page, const char *title, const struct strv *v)
{
	if (v->count == 0)
		return;
	add_item(page, "", title);
	for (size_t i = 0; i < v->count; i++)
		add_item(page, "  - ", v->item[i]);
	str_add(page->text, "\n");
}

static void add_steps(const struct plan *p, const struct page *page)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct step *s = &p->step[i];
		char number[32];

		if (i == 0 || s->phase != p->step[i - 1].phase)
			str_addf(page->text, "%s[%s]\n", i ? "\n" : "", phase_words(p, s->phase));
		snprintf(number, sizeof(number), "%3zu. ", i + 1);
		add_item(page, number, s->title);
		add_item(page, _("     why:  "), s->why);
		add_item(page, _("     undo: "), s->undo);
	}
	str_add(page->text, "\n");
}

static bool same_change(const struct effect *a, const struct effect *b)
{
	return str_eq(a->keyword, b->keyword) && str_eq(a->before, b->before) &&
	       str_eq(a->after, b->after) && str_eq(a->where, b->where);
}

static bool is_first(const struct plan *p, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_change(&p->effect[i], &p->effect[at]))
			return false;
	return true;
}

/* Each change once, with all for whom it is. */
static void add_effects(const struct plan *p, const struct page *page)
{
	if (p->effect_count == 0)
		return;
	str_add(page->text, _("SSH logins, before -> after:\n"));
	for (size_t i = 0; i < p->effect_count; i++) {
		const struct effect *f = &p->effect[i];
		CLEANUP_STR struct str line = { 0 };

		if (!is_first(p, i))
			continue;
		for (size_t j = i; j < p->effect_count; j++)
			if (same_change(&p->effect[j], f))
				str_addf(&line, "%s%s", j > i ? _(", ") : "", p->effect[j].who);
		str_addf(&line, ": %s %s -> %s", report_keyword(f->keyword), f->before, f->after);
		add_item(page, "  ", line.text);
		if (f->where[0])
			add_item(page, _("    now decided by "), f->where);
	}
	str_add(page->text, "\n");
}

struct diffs {
	struct strv seen;
	struct str *text;
};

static int add_file(struct os *os, const char *path, const char *text, struct diffs *ret,
		    struct err *e)
{
	CLEANUP_FREE char *now = NULL;

	/* The last form of a file is what stays; report only that. */
	if (strv_has(&ret->seen, path))
		return 0;
	strv_add(&ret->seen, path);
	if (os_uid(os) != 0) {
		struct err ignored = { 0 };

		if (os_read(os, path, &now, &ignored) < 0)
			return 0;
	} else if (os_read(os, path, &now, e) < 0) {
		return -1;
	}
	diff_unified(now ? path : "/dev/null", now ? now : "", path, text, ret->text);
	return 0;
}

/* A password hash or a private key never stands in a change; still, only text files are shown. */
static int add_change(struct os *os, json_t *change, struct diffs *ret, struct err *e)
{
	const char *path = json_string_value(json_object_get(change, "path"));
	const char *type = json_string_value(json_object_get(change, "type"));
	const char *text = json_string_value(json_object_get(change, "text"));

	if (!path || !str_eq(type, "file") || !text)
		return 0;
	return add_file(os, path, text, ret, e);
}

static int add_diffs(struct os *os, const struct plan *p, struct str *ret, struct err *e)
{
	struct diffs diffs = { .text = ret };
	int r = 0;

	for (size_t i = p->count; r == 0 && i-- > 0;) {
		json_t *args = p->step[i].args, *one;
		json_t *changes = json_object_get(args, "changes");
		const char *file = json_string_value(json_object_get(args, "file"));
		const char *text = json_string_value(json_object_get(args, "text"));
		size_t j;

		json_array_foreach (changes, j, one)
			r = r < 0 ? r : add_change(os, one, &diffs, e);
		/* Settings of the kernel come with the text of their file. */
		if (r == 0 && file && text)
			r = add_file(os, file, text, &diffs, e);
	}
	strv_done(&diffs.seen);
	return r;
}

/* Before the transaction, and outside of it. */
static void add_packages(const struct plan *p, struct str *ret)
{
	if (!p->updates_all && p->packages.count == 0)
		return;
	str_addf(ret, "[%s]\n", _("first, and not undone: packages stay as they are then"));
	if (p->updates_all)
		str_addf(ret, "  - %s\n", _("update all packages, without dialogs"));
	for (size_t i = 0; i < p->packages.count; i++)
		str_addf(ret, _("  - install %s\n"), p->packages.item[i]);
	str_add(ret, "\n");
}

int report_plan_text(struct os *os, const struct plan *p, unsigned columns, struct str *ret,
		     struct err *e)
{
	const struct page page = { ret, columns };

	add_packages(p, ret);
	if (p->count == 0 && (p->updates_all || p->packages.count > 0))
		return 0;
	if (p->count == 0) {
		add_list(&page, _("Worth a second look:"), &p->warnings);
		str_add(ret, _("Nothing to change: this host is as the policy says.\n"));
		return 0;
	}
	add_list(&page, _("Decides no more what comes in (its rules stay stored):"), &p->replaces);
	add_list(&page, _("Reachable now, and will stop answering:"), &p->closes);
	add_list(&page, _("Worth a second look:"), &p->warnings);
	add_steps(p, &page);
	add_effects(p, &page);
	if (add_diffs(os, p, ret, e) < 0)
		return -1;
	str_add(ret, "\n");
	add_item(&page, "",
		 p->needs_proof ? _("This closes doors: it waits for a login through the new one, "
				    "or undoes itself.")
				: _("This closes no door of SSH: it is in force at once."));
	/* Diffs quote files that others write, and lists the names of programs. */
	str_make_clean(ret->text);
	return 0;
}

static json_t *strings(const struct strv *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->count; i++)
		json_array_append_new(a, json_string(v->item[i]));
	return a;
}

static json_t *steps_json(const struct plan *p)
{
	json_t *a = json_array();

	for (size_t i = 0; i < p->count; i++) {
		const struct step *s = &p->step[i];
		json_t *changes = json_object_get(s->args, "changes"), *paths = json_array(), *one;
		size_t j;

		json_array_foreach (changes, j, one)
			json_array_append(paths, json_object_get(one, "path"));
		if (!changes && json_is_string(json_object_get(s->args, "file")))
			json_array_append(paths, json_object_get(s->args, "file"));
		json_array_append_new(a, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "id",
						   s->id, "kind", s->kind->name, "title", s->title,
						   "why", s->why, "undo", s->undo, "class",
						   s->phase == PHASE_ADD	? "additive"
						   : s->phase == PHASE_RESTRICT ? "subtractive"
										: "finish",
						   "files", paths));
	}
	return a;
}

void report_plan_json(const struct plan *p, struct str *ret)
{
	json_t *effects = json_array(), *doors = json_array(), *all;
	char *text;

	for (size_t i = 0; i < p->effect_count; i++)
		json_array_append_new(
			effects,
			json_pack("{s:s, s:s, s:s, s:s, s:s}", "who", p->effect[i].who, "keyword",
				  p->effect[i].keyword, "before", p->effect[i].before, "after",
				  p->effect[i].after, "decided_by", p->effect[i].where));
	for (size_t i = 0; i < p->door_count; i++)
		json_array_append_new(doors,
				      json_pack("{s:s, s:i, s:s}", "user", p->door[i].user, "port",
						(int)p->door[i].port, "method", p->door[i].method));
	all = json_pack("{s:b, s:b, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "empty",
			p->count == 0 && p->packages.count == 0 && !p->updates_all, "updates_all",
			(int)p->updates_all, "packages", strings(&p->packages), "needs_proof",
			p->needs_proof, "replaces", strings(&p->replaces), "closes",
			strings(&p->closes), "warnings", strings(&p->warnings), "steps",
			steps_json(p), "effects", effects, "doors", doors);
	text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	if (!text)
		abort();
	str_addf(ret, "%s\n", text);
	free(text);
}
