// SPDX-License-Identifier: MIT
/* diff.c - longest common subsequence between what is equal at both ends. */
#include "report/diff.h"

#include <string.h>

#define CONTEXT	  ((size_t)3)
#define CELLS_MAX ((size_t)4000 * 4000)

enum edit { KEEP, DROP, ADD };

struct script {
	struct line {
		enum edit edit;
		const char *text;
	} * line;
	size_t count;
};

struct lines {
	struct strv text;
};

static void split(const char *text, struct lines *ret)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		/* As diff(1) says it: so such a line is another than the same with its end. */
		if (text[n] == '\n')
			strv_take(&ret->text, xstrndup(text, n));
		else
			strv_addf(&ret->text, "%s\n\\ No newline at end of file", text);
		text += n;
		text += *text == '\n';
	}
}

static void push(struct script *s, enum edit edit, const char *text)
{
	s->line = xrealloc(s->line, s->count + 1, sizeof(*s->line));
	s->line[s->count++] = (struct line){ edit, text };
}

/* length[i][j]: common lines of a[i..] and b[j..]. */
static void walk(char **a, size_t n, char **b, size_t m, struct script *s)
{
	size_t width = m + 1, i = 0, j = 0;
	unsigned *length = xcalloc((n + 1) * width, sizeof(*length));

	for (i = n; i-- > 0;)
		for (j = m; j-- > 0;) {
			unsigned down = length[(i + 1) * width + j],
				 right = length[i * width + j + 1];

			length[i * width + j] = str_eq(a[i], b[j])
							? length[(i + 1) * width + j + 1] + 1
						: down > right ? down
							       : right;
		}
	i = j = 0;
	while (i < n && j < m) {
		if (str_eq(a[i], b[j])) {
			push(s, KEEP, a[i++]);
			j++;
		} else if (length[(i + 1) * width + j] >= length[i * width + j + 1]) {
			push(s, DROP, a[i++]);
		} else {
			push(s, ADD, b[j++]);
		}
	}
	while (i < n)
		push(s, DROP, a[i++]);
	while (j < m)
		push(s, ADD, b[j++]);
	free(length);
}

static void make_script(const struct strv *a, const struct strv *b, struct script *s)
{
	size_t head = 0, tail = 0, n, m;

	while (head < a->count && head < b->count && str_eq(a->item[head], b->item[head]))
		push(s, KEEP, a->item[head++]);
	while (tail < a->count - head && tail < b->count - head &&
	       str_eq(a->item[a->count - 1 - tail], b->item[b->count - 1 - tail]))
		tail++;
	n = a->count - head - tail;
	m = b->count - head - tail;
	if ((n + 1) * (m + 1) <= CELLS_MAX) {
		walk(a->item + head, n, b->item + head, m, s);
	} else {
		for (size_t i = 0; i < n; i++)
			push(s, DROP, a->item[head + i]);
		for (size_t i = 0; i < m; i++)
			push(s, ADD, b->item[head + i]);
	}
	for (size_t i = 0; i < tail; i++)
		push(s, KEEP, a->item[a->count - tail + i]);
}

/* End of the hunk that begins at `from`: past the last change that is near enough to the one before. */
static size_t hunk_end(const struct script *s, size_t from)
{
	size_t last = from;

	for (size_t i = from; i < s->count && i <= last + 2 * CONTEXT + 1; i++)
		if (s->line[i].edit != KEEP)
			last = i;
	return last + CONTEXT + 1 < s->count ? last + CONTEXT + 1 : s->count;
}

/* Lines [from, to) of the script, and how many lines of either text stand before them. */
struct hunk {
	size_t from, to;
	size_t at_a, at_b;
};

/* The header counts lines from 1, or names the line before where the hunk has none (POSIX diff). */
static void add_hunk(const struct script *s, const struct hunk *h, struct str *ret)
{
	size_t n = 0, m = 0;

	for (size_t i = h->from; i < h->to; i++) {
		n += s->line[i].edit != ADD;
		m += s->line[i].edit != DROP;
	}
	str_addf(ret, "@@ -%zu,%zu +%zu,%zu @@\n", n ? h->at_a + 1 : h->at_a, n,
		 m ? h->at_b + 1 : h->at_b, m);
	for (size_t i = h->from; i < h->to; i++)
		str_addf(ret, "%c%s\n", " -+"[s->line[i].edit], s -> line[i].text);
}

static void add_hunks(const struct script *s, struct str *ret)
{
	struct hunk h = { 0 };
	size_t done = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (s->line[i].edit == KEEP)
			continue;
		h.from = i > done + CONTEXT ? i - CONTEXT : done;
		h.to = hunk_end(s, i);
		/* Everything between the last hunk and this one is kept. */
		h.at_a += h.from - done;
		h.at_b += h.from - done;
		add_hunk(s, &h, ret);
		for (size_t j = h.from; j < h.to; j++) {
			h.at_a += s->line[j].edit != ADD;
			h.at_b += s->line[j].edit != DROP;
		}
		done = h.to;
		i = h.to - 1;
	}
}

void diff_unified(const char *name_a, const char *a, const char *name_b, const char *b,
		  struct str *ret)
{
	struct lines x = { 0 }, y = { 0 };
	struct script s = { 0 };

	if (str_eq(a, b))
		return;
	split(a, &x);
	split(b, &y);
	make_script(&x.text, &y.text, &s);
	str_addf(ret, "--- %s\n+++ %s\n", name_a, name_b);
	add_hunks(&s, ret);
	free(s.line);
	strv_done(&x.text);
	strv_done(&y.text);
}
