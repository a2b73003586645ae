// SPDX-License-Identifier: MIT
/* room.c - see room.h. */
#include "lib/room.h"

#include <stdio.h>
#include <string.h>

struct dialog room;
struct plan room_plan = { .needs_proof = true, .count = 12 };

void room_begin(const struct dialog_start *start)
{
	dialog_done(&room);
	dialog_init(&room, start);
}

enum dialog_next room_say(const char *answer)
{
	return dialog_answer(&room, answer);
}

char *screen(void)
{
	CLEANUP_STR struct str s = { 0 };

	dialog_show(&room, &s);
	return str_take(&s);
}

bool shows(const char *piece)
{
	CLEANUP_FREE char *text = screen();

	if (strstr(text, piece))
		return true;
	printf("# no \"%s\" in:\n# %s\n", piece, text);
	return false;
}

bool hides(const char *piece)
{
	CLEANUP_FREE char *text = screen();

	return !strstr(text, piece);
}

void room_straight(void)
{
	room_say("taro");
	room_say(SECRET);
	room_say(SECRET);
	room_say(KEY);
	room_say("");
	room.plan = &room_plan;
}
