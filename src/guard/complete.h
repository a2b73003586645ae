// SPDX-License-Identifier: MIT
/* complete.h - what may stand where a word of kannuki-guard is typed, from the tables of commands and options alone. */
#pragma once

#include "guard/command.h"

#define COMPLETE_FILES ":files" /* alone: names of files */

/* words: what is typed behind kannuki-guard, up to the one being typed, which may be "". */
void complete_words(const struct strv *words, struct strv *ret);
