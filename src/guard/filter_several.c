// SPDX-License-Identifier: MIT
/* filter_several.c - lines that belong together: a filter with maxlines > 1. */
#include <string.h>

#include "guard/filter_core.h"

/* Searches what is there; of a match notes what it took of `lines`, and what it left. */
struct match {
	struct span text;
	struct line_buffer taken, left;
};

static void match_done(struct match *m)
{
	line_buffer_done(&m->taken);
	line_buffer_done(&m->left);
}

static bool search(struct pass *p, struct regex *r, const struct line_buffer *lines,
		   const struct span *text, struct match *ret)
{
	if (!filter_search(p, r, text))
		return false;
	ret->text = *text;
	line_buffer_split(r, text, lines, &ret->taken, &ret->left);
	return true;
}

static void set_buffer(struct filter *f, const struct line_buffer *lines)
{
	struct line_buffer copy = { 0 };

	line_buffer_copy(lines, &copy);
	line_buffer_done(&f->buffer);
	f->buffer = copy;
}

/* What expressions see is what the buffer holds now. */
static void see_buffer(struct pass *p)
{
	line_buffer_text(&p->f->buffer, &p->f->cut);
	p->text = (struct span){ p->f->cut.text, p->f->cut.len, 0, false };
}

/* Is this to be ignored? m: the match that is asked about, NULL for the lines as they came. */
static bool is_ignored(struct pass *p, const struct match *m)
{
	struct filter *f = p->f;
	const struct line_buffer *lines = m ? &m->taken : &f->several;
	CLEANUP_STR struct str taken = { 0 };
	struct span text = p->text;
	bool ignored = false;

	if (m) {
		line_buffer_text(lines, &taken);
		text = (struct span){ taken.text, taken.len, 0, false };
	}
	for (size_t i = 0; i < f->ignore.count; i++) {
		CLEANUP(match_done) struct match ignore = { 0 };

		if (!pass_asks(p, f->fail.count + i) ||
		    !search(p, f->ignore.item[i].regex, lines, &text, &ignore))
			continue;
		f->ignore.item[i].hits++;
		ignored = true;
		if (m)
			set_buffer(f, &m->left);
		if (!f->mode.all)
			break;
	}
	p->ret->ignored = p->ret->ignored || ignored;
	return ignored;
}

static bool passes_prefix(struct pass *p)
{
	struct filter *f = p->f;
	struct buffered_line one;
	size_t start, end;

	memset(f->before, 0, f->names.name.count * sizeof(*f->before));
	if (!f->prefix)
		return true;
	if (!filter_search(p, f->prefix, &p->text))
		return false;
	group_map_read(f->prefix_groups, f->prefix, &p->text, &f->arena, f->before);
	/* The text is written over. */
	for (size_t i = 0; i < f->names.name.count; i++)
		if (f->before[i].text)
			f->before[i].text =
				arena_text(&f->arena, f->before[i].text, f->before[i].len);
	if (group_map_content(f->prefix_groups, f->prefix, &start, &end) && end > start) {
		one = buffered_line_new(
			&(struct line_parts){ .after = { p->text.text + start, end - start } });
		line_buffer_done(&f->buffer);
		line_buffer_add(&f->buffer, one, SIZE_MAX);
		see_buffer(p);
	}
	return true;
}

static void ask_rules(struct pass *p)
{
	struct filter *f = p->f;

	for (size_t i = 0; i < f->fail.count; i++) {
		CLEANUP(match_done) struct match m = { 0 };

		if (!pass_asks(p, i) ||
		    !search(p, f->fail.item[i].regex, &f->several, &p->text, &m))
			continue;
		if (f->ignore.count > 0 && is_ignored(p, &m)) {
			see_buffer(p);
			if (!f->mode.all)
				break;
			continue;
		}
		/* is_ignored() searched others, not this one: its groups are still there. */
		set_buffer(f, &m.left);
		if (!filter_take_match(p, i, &m.text, (unsigned)m.taken.count))
			break;
		see_buffer(p);
	}
}

/* How many of the lines of before are not in the buffer any more. */
static size_t count_used_up(const struct filter *f, const struct line_buffer *before)
{
	size_t used = 0, first = before->count >= f->max_lines ? 1 : 0;

	for (size_t i = first; i < before->count; i++) {
		bool there = false;

		for (size_t j = 0; j < f->buffer.count; j++)
			there = there || buffered_line_eq(&before->line[i], &f->buffer.line[j]);
		used += !there;
	}
	return used;
}

/* Of interest is what any line made so that may still be in the buffer: it leaves it, at the latest, when so many have pushed
 * out one. True: something is. */
static bool gather_questions(struct pass *p)
{
	struct filter *f = p->f;
	bool any = false;

	f->pushed += f->pushed == 0 || f->buffer.count >= f->max_lines;
	/* A prefix writes over the lines, whatever comes of it. */
	if (!p->ask || f->prefix) {
		p->ask = NULL;
		return true;
	}
	memset(f->mask, 0, (filter_questions(f) / 64 + 1) * sizeof(*f->mask));
	for (size_t q = 0; q < filter_questions(f); q++) {
		if (pass_asks(p, q))
			f->asked[q] = f->pushed;
		if (f->asked[q] == 0 || f->pushed - f->asked[q] >= f->max_lines)
			continue;
		f->mask[q / 64] |= (uint64_t)1 << q % 64;
		any = any || q + 1 < filter_questions(f);
	}
	p->ask = f->mask;
	return any;
}

void filter_run_several(struct pass *p)
{
	struct filter *f = p->f;
	const struct line *line = p->line;
	const struct date_cut *cut = p->date;
	struct line_buffer before = { 0 };
	/* Of a line before, when this one has no date. */
	bool whole = cut->start == cut->end;
	size_t start = whole ? 0 : cut->start, end = whole ? 0 : cut->end;
	struct line_parts parts = { { line->text, start },
				    { cut->date, cut->len },
				    { line->text + end, line->len - end } };

	if (!gather_questions(p)) {
		line_buffer_push(&f->buffer, &parts, f->max_lines);
		return;
	}
	line_buffer_copy(&f->buffer, &before);
	line_buffer_add(&f->buffer, buffered_line_new(&parts), f->max_lines);
	line_buffer_done(&f->several);
	line_buffer_copy(&f->buffer, &f->several);
	see_buffer(p);
	/* Few of these and many of the others: they go first. */
	if (!(f->ignore.count > 0 && f->ignore.count + 2 < f->fail.count && is_ignored(p, NULL)) &&
	    passes_prefix(p))
		ask_rules(p);
	p->ret->used_up = count_used_up(f, &before);
	line_buffer_done(&before);
}
