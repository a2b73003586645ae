// SPDX-License-Identifier: MIT
/*
 * tags.h - <tag> within values: replaced by the value of that name, again and again, also within each
 * other ("<lt_<logtype>/prefix>").
 */
#pragma once

#include "base/str.h"
#include "guard/dict.h"

struct tag_source {
	/* Where a tag is looked for that is none of the values: 0 and *ret (malloc'd), 1 nowhere, < 0. */
	int (*more)(void *arg, const char *tag, char **ret, struct err *e);
	void *arg;
	const struct strv *ignore; /* neither replaced nor looked into */
};

/* In place. Tags that nobody knows stay (<HOST> is one). What refers to itself is an error. */
int tags_substitute(struct dict *values, const struct tag_source *source, struct err *e);
