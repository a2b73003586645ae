// SPDX-License-Identifier: MIT
/* room.h - the dialog of setup with a person who answers it, without terminal or host: one at a time. */
#pragma once

#include "lib/keys.h"
#include "setup/dialog.h"

#define KEY    "ssh-ed25519 " ED25519 " taro@laptop"
#define SECRET "correct-horse-9"

extern struct dialog room;
extern struct plan room_plan; /* what the answers come to: 12 steps that need a proof */

/* The one of before is done with. The last one: dialog_done(&room). */
void room_begin(const struct dialog_start *start);
enum dialog_next room_say(const char *answer);
/* What stands on the screen now; malloc'd. */
char *screen(void);
/* Is that on it? If not, says what is. */
bool shows(const char *piece);
bool hides(const char *piece);
/* From the first question to the plan: taro, SECRET twice, KEY, what is offered. */
void room_straight(void);
