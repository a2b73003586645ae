// SPDX-License-Identifier: MIT
/*
 * date_forms.h - what datepattern says, as the forms of dates that are looked for, for date_detector.c.
 *
 * They are made once for all that have the same patterns.
 */
#pragma once

#include "guard/date_fast.h"

/* One form, and how it did so far. */
struct date_form {
	struct date_template template;
	double weight; /* of one hit: what is bound to the line's begin counts more */
	unsigned long hits;
	size_t distance; /* where it was found last */
	double last_used;
	enum date_fast fast;
	struct date_gate gate;
	bool bare; /* what it finds depends on nothing beside it: the same text is the same time */
};

/* What comes of patterns. */
struct date_forms {
	struct date_forms *next;
	char *patterns;
	int last_decade;
	unsigned users;
	struct date_form *form;
	size_t count;
	struct date_gate gate; /* of all of them */
	/* By the first byte of a line of ASCII: asked already; none of them may match. */
	uint64_t begin_known[2], begin_none[2];
};

/* The form is bound to the line's begin, and none of its dates begins with that byte. */
static inline bool date_form_never(const struct date_form *f, char first)
{
	return f->template.at_line_begin && !regex_may_begin(f->template.regex, first);
}

/* None of them is in a line of ASCII that begins so. */
bool date_forms_never(struct date_forms *f, char first);

/* Each that is got is put back. */
int date_forms_get(const char *patterns, int last_decade, struct date_forms **ret, struct err *e);
void date_forms_put(struct date_forms *f);
