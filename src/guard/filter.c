// SPDX-License-Identifier: MIT
/* filter.c - see filter.h: a line's way through the expressions. How a filter is made: filter_new.c. */
#include "guard/filter.h"

#include <string.h>

#include "guard/filter_core.h"
#include "guard/literals.h"

void filter_result_done(struct filter_result *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->found[i].id);
		failure_done(&r->found[i].failure);
	}
	free(r->found);
	*r = (struct filter_result){ 0 };
}

bool filter_search(struct pass *p, struct regex *r, const struct span *in)
{
	int found = regex_search(r, in);

	p->ret->gave_up = p->ret->gave_up || found == REGEX_GAVE_UP;
	return found == REGEX_MATCH;
}

/* The next question from `from` on, before `end`, that is of interest; or end. */
static size_t next_asked(const struct pass *p, size_t from, size_t end)
{
	while (p->ask && from < end) {
		uint64_t rest = p->ask[from / 64] >> from % 64;

		if (rest) {
			from += (size_t)__builtin_ctzll(rest);
			return from < end ? from : end;
		}
		from = (from / 64 + 1) * 64;
	}
	return from < end ? from : end;
}

bool filter_may_fail(const struct filter *f, const uint64_t *ask)
{
	struct pass p = { .ask = ask };

	return next_asked(&p, 0, f->fail.count) < f->fail.count &&
	       (!f->prefix || pass_asks(&p, filter_questions(f) - 1));
}

/* Is the text to be ignored? */
static bool is_ignored(struct pass *p)
{
	struct filter *f = p->f;
	size_t first = f->fail.count, end = first + f->ignore.count;
	bool ignored = false;

	for (size_t q = next_asked(p, first, end); q < end; q = next_asked(p, q + 1, end)) {
		struct rule *rule = &f->ignore.item[q - first];

		if (!filter_search(p, rule->regex, &p->text))
			continue;
		rule->hits++;
		ignored = true;
		if (!f->mode.all)
			break;
	}
	p->ret->ignored = p->ret->ignored || ignored;
	return ignored;
}

/* The prefix decides whether the others are asked at all, and may narrow what they see. */
static bool passes_prefix(struct pass *p)
{
	struct filter *f = p->f;
	size_t start, end;

	memset(f->before, 0, f->names.name.count * sizeof(*f->before));
	if (!f->prefix)
		return true;
	if (!pass_asks(p, filter_questions(f) - 1) || !filter_search(p, f->prefix, &p->text))
		return false;
	group_map_read(f->prefix_groups, f->prefix, &p->text, &f->arena, f->before);
	if (!group_map_content(f->prefix_groups, f->prefix, &start, &end) || start == end)
		return true;
	/* Mostly it is all that is left of the line, with the newline behind it. */
	if (end + 1 < p->text.len) {
		str_clear(&f->content);
		str_add_bytes(&f->content, p->text.text + start, end - start);
		str_add(&f->content, "\n");
		p->text.text = f->content.text;
		p->text.len = f->content.len;
	} else {
		p->text.text += start;
		p->text.len = end + 1 - start;
	}
	return true;
}

static void ask_rules(struct pass *p)
{
	struct filter *f = p->f;
	size_t end = f->fail.count;

	for (size_t q = next_asked(p, 0, end); q < end; q = next_asked(p, q + 1, end)) {
		if (!filter_search(p, f->fail.item[q].regex, &p->text))
			continue;
		if (f->ignore.count > 0 && is_ignored(p)) {
			if (!f->mode.all)
				break;
			continue;
		}
		/* is_ignored() searched others, not this one: its groups are still there. */
		if (!filter_take_match(p, q, &p->text, 1))
			break;
	}
}

/* What expressions see of the line: all but its date, and the newline. */
static void set_text(struct pass *p)
{
	const struct line *line = p->line;
	const struct date_cut *cut = p->date;
	struct filter *f = p->f;

	p->text = (struct span){ line->text + cut->end, line->len + 1 - cut->end, 0,
				 line->ascii && !f->mode.plain };
	if (cut->start == 0)
		return;
	if (cut->start == cut->end) {
		p->text.text = line->text;
		p->text.len = line->len + 1;
		return;
	}
	str_clear(&f->cut);
	str_add_bytes(&f->cut, line->text, cut->start);
	str_add_bytes(&f->cut, line->text + cut->end, line->len + 1 - cut->end);
	p->text.text = f->cut.text;
	p->text.len = f->cut.len;
}

void filter_run(struct pass *p)
{
	struct filter *f = p->f;

	arena_clear(&f->arena);
	f->found_count = 0;
	if (f->max_lines > 1) {
		filter_run_several(p);
	} else {
		set_text(p);
		/* Few of these and many of the others: they go first. */
		if (!(f->ignore.count > 0 && f->ignore.count + 2 < f->fail.count &&
		      is_ignored(p)) &&
		    next_asked(p, 0, f->fail.count) < f->fail.count && passes_prefix(p))
			ask_rules(p);
	}
	p->ret->found = f->found;
	p->ret->count = f->found_count;
}

void filter_scan_seam(struct scan *s, const struct line *line, const struct date_cut *date)
{
	char text[2 * LITERAL_LENGTH_MAX + SCAN_PAD] = { 0 };
	size_t before = date->start < LITERAL_LENGTH_MAX ? date->start : LITERAL_LENGTH_MAX;
	size_t after = line->len - date->end;

	if (date->start == 0 || date->start == date->end)
		return;
	after = after < LITERAL_LENGTH_MAX ? after : LITERAL_LENGTH_MAX;
	memcpy(text, line->folded + date->start - before, before);
	memcpy(text + before, line->folded + date->end, after);
	scan_more(s, text, before + after);
}

/* The filter by itself: its own scan. */
static const uint64_t *scan_alone(struct filter *f, const struct date_cut *date)
{
	if (f->mode.plain)
		return NULL;
	if (!f->scan) {
		f->scan = scan_new(1);
		filter_add_questions(f, f->scan, 0);
		scan_finish(f->scan);
	}
	if (f->line.odd) {
		scan_all(f->scan);
	} else {
		scan_line(f->scan, f->line.folded, f->line.len);
		filter_scan_seam(f->scan, &f->line, date);
	}
	return scan_questions(f->scan, 0);
}

void filter_look(struct filter *f, const struct filter_line *line, double now, double clock,
		 struct filter_result *ret)
{
	struct dates_clock at = { now, clock, line->live };
	struct date_cut date;
	struct pass p = { .f = f, .ret = ret, .line = &f->line, .date = &date, .clock = clock };

	*ret = (struct filter_result){ .too_long = line->len > FILTER_LINE_MAX };
	if (ret->too_long)
		return;
	line_set(&f->line, line->text, line->len);
	if (line->dated)
		dates_told(f->dates, line->time, &at, &date);
	else
		dates_find(f->dates, &f->line, &at, &date);
	p.ask = scan_alone(f, &date);
	filter_run(&p);
}

void filter_line(struct filter *f, const struct filter_line *line, double now, double clock,
		 struct filter_result *ret)
{
	struct filter_result mine;

	filter_look(f, line, now, clock, &mine);
	*ret = mine;
	ret->found = mine.count ? xcalloc(mine.count, sizeof(*ret->found)) : NULL;
	for (size_t i = 0; i < mine.count; i++) {
		ret->found[i] = mine.found[i];
		ret->found[i].id = mine.found[i].id ? xstrdup(mine.found[i].id) : NULL;
		failure_copy(&mine.found[i].failure, &ret->found[i].failure);
	}
}
