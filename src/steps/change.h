// SPDX-License-Identifier: MIT
/*
 * change.h - a list of wanted files, folders and links, applied and taken back as one.
 *
 * What the kinds "file" and "sshd" share. In a step's args a change is
 *   { "path": "/a/b", "type": "file"|"dir"|"link"|"absent", "text": "…", "mode": 420,
 *     "owner": "root", "from": "recover" | "/path", "sha256": "…", "expect": "any" | NODE }
 * text is the content (file) or the target (link); owner is a user's name, looked up in
 * /etc/passwd when the step is applied, since the user may not exist while the plan is made; its
 * primary group goes with it. "from" takes the bytes of TXN/recover, or of another file, instead of a text;
 * with "sha256" only where they have that sum.
 * NODE is node_json() of what the plan saw there.
 */
#pragma once

#include <jansson.h>

#include "core/step.h"

struct change {
	const char *path;
	enum node_type type;	   /* NODE_FILE, NODE_DIR, NODE_LINK or NODE_ABSENT */
	const char *text;	   /* file: its content; link: its target */
	mode_t mode;		   /* file, dir */
	const char *owner;	   /* NULL: root */
	bool from_recover;	   /* file: bytes of the transaction's own program, not text */
	const char *from, *sum;	   /* file: bytes of this one, and their SHA-256 (sha256_text) */
	const struct node *expect; /* what the plan saw; NULL: whatever is there */
};

/* The args' "changes". A new reference. */
json_t *changes_json(const struct change *change, size_t count);

/* What the changes of a plan made before may find by now: what is there. */
int changes_expect_present(struct os *os, json_t *changes, struct err *e);

/* All below take that array. Folders are handled before what is in them, whatever their order. */

/* Adds what is at every path. */
int changes_capture(const struct step_ctx *c, json_t *changes, struct image *ret, struct err *e);
/* ERR_CONFLICT before anything is changed where a path holds neither what the plan saw nor what is
 * wanted. Idempotent. */
int changes_apply(const struct step_ctx *c, json_t *changes, struct err *e);
/* In reverse order, past failures, the first is reported. Folders that were not there before go
 * only when they are empty. 1: a third party's version was found; it is in TXN/displaced now (a
 * folder that is not empty stays), *e says which. */
int changes_undo(const struct step_ctx *c, json_t *changes, const struct image *pre,
		 const struct image *post, struct err *e);
/* Every path holds what is wanted. */
int changes_verify(const struct step_ctx *c, json_t *changes, struct err *e);
/* What is wanted of one change, on the host as it is: xattrs of a file that is there now are kept,
 * except POSIX ACLs. */
int change_wanted(const struct step_ctx *c, json_t *change, const struct node *now,
		  struct node *ret, struct err *e);

/* Keeps a third party's node as TXN/displaced/NAME, NAME being the path with '%' for '/'. */
int displaced_keep(const struct step_ctx *c, const char *path, const struct node *node,
		   struct err *e);
/* Moves what is at path, a whole folder too, there. Across file systems it is copied, and one that was cut short has left
 * its half: then the name gets a number. *ret_to, malloc'd: where it is now. 1: it could not be moved and stays, *e
 * says why. */
int displaced_move(const struct step_ctx *c, const char *path, char **ret_to, struct err *e);
/* The way back of what was moved from this path; nothing may stand there. 1: nothing was moved, or it cannot be. */
int displaced_return(const struct step_ctx *c, const char *path, struct err *e);
/* Was one kept for this path (by an undo that was cut short)? */
bool displaced_has(const struct step_ctx *c, const char *path);
/* Puts `before` back where `now` is; `ours` is what apply left there, NULL when not known. What is
 * neither is displaced. 1 as changes_undo. */
int node_restore(const struct step_ctx *c, const char *path, const struct node *before,
		 const struct node *ours, struct err *e);
