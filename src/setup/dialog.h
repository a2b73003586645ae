// SPDX-License-Identifier: MIT
/*
 * dialog.h - the questions of setup as a machine without input or output: a screen to show, an answer
 * taken in, the next screen. run.c puts the terminal and the host around it.
 *
 * Nothing is guessed: a question without an answer is asked again. Back and quit are answers to every
 * question, and nothing outside of this struct changes before DIALOG_APPLY.
 */
#pragma once

#include "controls/audit.h"
#include "core/facts.h"
#include "core/hostkey.h"
#include "core/plan.h"
#include "core/policy.h"

enum screen {
	SCREEN_LANGUAGE,
	SCREEN_NAME,
	SCREEN_SECRET,
	SCREEN_SECRET_AGAIN,
	SCREEN_KEY,
	SCREEN_PUBLISH,
	SCREEN_PLAN,
	SCREEN_PORT,
	SCREEN_ROOT,
	SCREEN_FROM,
	SCREEN_RESTART,
	SCREEN_SERVICES,
};

enum dialog_next {
	DIALOG_ASK,   /* show the screen (again), read an answer */
	DIALOG_PLAN,  /* the policy is complete: make a plan of it, hand it in, then as ASK */
	DIALOG_DIFF,  /* show the whole plan, then as ASK */
	DIALOG_APPLY, /* carry it out */
	DIALOG_QUIT,
};

/* A port or template that may be published. */
struct choice {
	struct opening opening;
	char *program;	/* that listens there now; "" where none does */
	bool reachable; /* from outside, today */
	bool open;	/* will be */
};

struct dialog {
	const struct facts *facts; /* not owned, as the next six */
	const struct hostkeys *hostkeys;
	const struct audit *audit;  /* NULL: not known */
	const char *passwd, *group; /* texts of /etc/passwd and /etc/group */
	const struct plan *plan;    /* of the policy as it is now; NULL: none yet, or refused */
	const char *refused;	    /* why there is no plan, or NULL */
	struct policy policy;
	struct choice *choice;
	size_t choice_count;
	char *secret;	    /* of a new admin user; NULL: none yet */
	char *first_secret; /* typed once */
	struct str paste;   /* lines of a key so far */
	bool swallows;	    /* a private key is being pasted: until its end */
	char *said;	    /* a sentence about the last answer, or NULL */
	enum screen screen;
	bool asks_language; /* the locale does not decide: it was asked, and can be again */
	bool host_is_known; /* compared already, by a workstation: the keys are not shown */
	bool at_plan;	    /* was there already: a changed line leads back to it */
	bool anew;	    /* no policy to start from: what answers now stays */
	bool update_now;    /* before all else, once: it is not stored */
	bool guard;	    /* the guard can be had here, or is asked for: it has a line */
};

struct dialog_start {
	const struct facts *facts;
	const struct hostkeys *hostkeys;
	const struct audit *audit;
	const char *passwd, *group;
	const char *policy_text; /* a policy to start from, or NULL: from what is so */
	bool as_written; /* nobody is asked: what the policy does not say is not asked for */
	bool asks_language;
	bool host_is_known;
	enum ui_language language; /* to be stored where the policy says none */
	unsigned port;		   /* suggested, 0: leave it */
	bool guard_at_hand;
};

void dialog_init(struct dialog *d, const struct dialog_start *start);
void dialog_done(struct dialog *d);
#define CLEANUP_DIALOG CLEANUP(dialog_done)

/* The screen and the question, whose last line has no newline: the cursor stays behind it. */
void dialog_show(const struct dialog *d, struct str *ret);
/* What is shown before the first question: host keys, what is reachable, the grade. */
void dialog_welcome(const struct dialog *d, struct str *ret);
bool dialog_is_secret(const struct dialog *d);	 /* no echo */
bool dialog_takes_lines(const struct dialog *d); /* a paste of several lines is one answer */
enum dialog_next dialog_answer(struct dialog *d, const char *answer);
