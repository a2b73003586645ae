// SPDX-License-Identifier: MIT
/* dialog_in.h - what the parts of dialog*.c share; of those only. */
#pragma once

#include "setup/dialog.h"

#define PLAN_LINES 16 /* the last one only where there is a guard */

/* A sentence for the next screen. */
void dialog_say(struct dialog *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* What a rule says of the answer, as a sentence. */
void dialog_say_why(struct dialog *d, const struct err *why);
/* Goes on from a screen that is answered. */
enum dialog_next dialog_go_on(struct dialog *d);
enum dialog_next dialog_back(struct dialog *d);
/* Wipes it; NULL then. */
void dialog_drop_secret(char **secret);
/* Is the admin user still to be made, so that sudo needs a password of its own? */
bool dialog_needs_secret(const struct dialog *d);
/* "b", "back", … */
bool answer_is_back(const char *answer);
bool answer_is_quit(const char *answer);
bool answer_is_yes(const char *answer);

enum dialog_next dialog_answer_key(struct dialog *d, const char *lines);
enum dialog_next dialog_answer_publish(struct dialog *d, const char *answer);
enum dialog_next dialog_answer_plan(struct dialog *d, const char *answer);
enum dialog_next dialog_answer_name(struct dialog *d, const char *answer);
enum dialog_next dialog_answer_port(struct dialog *d, const char *answer);
enum dialog_next dialog_answer_restart(struct dialog *d, const char *answer);
enum dialog_next dialog_answer_services(struct dialog *d, const char *answer);
/* An hour with its zone, "19:00 UTC (04:00 JST)", or no (below 0); malloc'd. */
char *time_words(const struct dialog *d, int at);
char *restart_words(const struct dialog *d);

/* What listens now and is no SSH, and what the policy opens beyond. */
void choices_init(struct dialog *d);
void choices_done(struct dialog *d);
/* Into the policy. */
void choices_store(struct dialog *d);

void show_key(const struct dialog *d, struct str *ret);
void show_publish(const struct dialog *d, struct str *ret);
void show_plan(const struct dialog *d, struct str *ret);
void show_restart(const struct dialog *d, struct str *ret);
void show_services(const struct dialog *d, struct str *ret);
