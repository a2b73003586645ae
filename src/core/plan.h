// SPDX-License-Identifier: MIT
/*
 * plan.h - ordered steps, what they would do to the doors, and what must be said first.
 */
#pragma once

#include "base/i18n.h"
#include "core/step.h"

/* Where a plan puts this program, and what it writes starts it: /usr/local is nobody's but this host's. */
#define PROGRAM_PATH "/usr/local/sbin/kannuki"
/* Where a package of the distribution has it. Then nothing is put beside it, and drop-ins of the package start
 * that one instead. */
#define PROGRAM_PACKAGED "/usr/sbin/kannuki"
/* The one of the two that is installed here, the package's first; NULL: neither. */
int program_installed(struct os *os, const char **ret_path, struct err *e);

/* By which one can log in; what a proof has to come through. */
struct door {
	char *user;
	unsigned port;
	char *method; /* "publickey", or for an undo also "password" */
};

/* One effective sshd value before and after, for one role. */
struct effect {
	char *who;     /* "root", the admin's name, or "a stranger" */
	char *keyword; /* as sshd -T prints it, or "port" */
	char *before, *after;
	char *where; /* FILE:LINE that decides now, or "" */
};

struct plan {
	struct step *step;
	size_t count;
	struct door *door; /* doors the policy asks for; empty when needs_proof is false */
	size_t door_count;
	struct effect *effect;
	size_t effect_count;
	struct strv replaces; /* other owners of the packet filter, said first */
	struct strv closes;   /* what is reachable now and will stop answering, said next */
	struct strv warnings; /* worth a second look; never in the way */
	/* What comes before the transaction and is never undone: packages to install, and whether all
	 * are updated. The plan is made anew after it. Not in the durable form. */
	struct strv packages;
	bool updates_all;
	bool needs_proof;	 /* some step is subtractive on a door */
	unsigned window_seconds; /* how long it waits for the proof */
	char *undoes;		 /* id of the transaction that this takes back, or NULL */
	char *policy_text;	 /* the policy file's text this was made from */
	enum lang language;	 /* of its words; what its units say is for the same person */
};

void plan_done(struct plan *p);
#define CLEANUP_PLAN CLEANUP(plan_done)

/* Appends a step; takes args (a new reference), copies the texts. */
struct step *plan_add(struct plan *p, const struct step_kind *kind, enum step_phase phase,
		      const char *id, json_t *args);
/* Fills in the words of a step just added; copies. */
void step_words(struct step *s, const char *title, const char *why, const char *undo);
void plan_add_door(struct plan *p, const char *user, unsigned port, const char *method);
/* Is it worth saying, or was the same user at the same port said for an earlier one? */
bool door_is_new(const struct door *door, size_t i);
void plan_add_effect(struct plan *p, const struct effect *copy_of);
/* Stable order: PHASE_ADD, PHASE_RESTRICT, PHASE_FINISH. */
void plan_sort(struct plan *p);

/* The durable form (txn/ID/plan) and back. Decoding refuses unknown kinds and newer formats. */
char *plan_encode(const struct plan *p);
int plan_decode(const char *text, struct plan *ret, struct err *e);
