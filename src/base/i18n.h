// SPDX-License-Identifier: MIT
/*
 * i18n.h - the catalogue: every text that a person reads goes through _().
 *
 * po/ja.po is compiled into the binary (tools/po-to-c), so no locale or file of the host is needed.
 */
#pragma once

#include <stddef.h>

enum lang { LANG_EN, LANG_JA };

/* English until set. */
void i18n_set(enum lang lang);
enum lang i18n_get(void);
/* From LC_ALL, LC_MESSAGES, LANG in that order: 0 and *ret, or 1 when they do not decide
 * (unset, C, C.UTF-8, POSIX): then *ret is LANG_EN. A ja locale that is not UTF-8 is LANG_EN. */
int i18n_from_locale(enum lang *ret);
/* The translation, or msgid itself where there is none. */
const char *tr(const char *msgid) __attribute__((format_arg(1)));
#define _(text) tr(text)
/* Marks a text in a table for the catalogue; translate at use with _(). */
#define N_(text) text

/* Columns a UTF-8 text takes on a terminal: own table, no locale; ambiguous width counts 1. */
size_t text_width(const char *utf8);
