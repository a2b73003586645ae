// SPDX-License-Identifier: MIT
/*
 * definition.h - a filter or an action: its file, the options a jail gives it, and what comes of both.
 */
#pragma once

#include "guard/conf.h"

enum definition_kind { DEFINITION_FILTER, DEFINITION_ACTION };

struct definition {
	enum definition_kind kind;
	char *name;
	struct conf conf;
	struct dict given;  /* [option=...] of the jail, then what [Init] adds to it */
	struct dict vars;   /* what wins over the file: the jail's options, and given */
	struct dict own;    /* the file's values */
	struct dict looked; /* what tags were found to be */
	struct conf_folder *folder;
};

void definition_done(struct definition *d);
#define CLEANUP_DEFINITION CLEANUP(definition_done)

/* Reads filter.d/NAME or action.d/NAME; for a filter a name with '/' is the path of a file of its own.
 * 1: there is no such file. d->kind, name, given and folder are set before. */
int definition_read(struct definition *d, struct err *e);
/* What the jail's backend decides: whether lines come from a file or from the journal. */
void definition_set_backend(struct definition *d, const char *backend);
/* Takes the options, those of the jail first. all: also what only the file knows. */
int definition_options(struct definition *d, const struct dict *jail, bool all, struct err *e);
/* A filter's choice that it does not have: <NAME-<mode>> where there is no NAME-VALUE of that mode. < 0: so it is, and
 * says what there is. *ret_option: which option that is ("mode"). */
int definition_check_choices(const struct definition *d, const char **ret_option, struct err *e);
/* All options with their tags replaced. */
int definition_combined(struct definition *d, struct dict *ret, struct err *e);
/* Is that one of the options fail2ban itself knows of this kind? */
bool definition_knows(enum definition_kind kind, const char *option);
