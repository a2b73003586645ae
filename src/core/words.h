// SPDX-License-Identifier: MIT
/*
 * words.h - lines of others taken apart as their programs do: quoted words, KEY=VALUE files,
 * answers of `systemctl show`; and files read through links.
 */
#pragma once

#include "base/str.h"
#include "os/os.h"

/* Words between blanks; '…' and "…" hold blanks, a backslash takes a quote, a backslash or a blank
 * as it is. With `comments` a word that begins with # ends the line (sshd_config(5) since 8.7). */
void words_split(const char *text, bool comments, struct strv *ret);

/* The last KEY=VALUE line's value without its quotes, malloc'd, or NULL. # and ; begin comments.
 * For os-release(5), systemd's EnvironmentFile=, and small configuration files of that form. */
char *keyed_value(const char *text, const char *key);
/* The same, and the number (from 1) of its line. */
char *keyed_value_at(const char *text, const char *key, unsigned *ret_line);

/* The next block of `systemctl show` (one a unit), cut off in place; NULL at the end. */
char *show_block(char **rest);
/* The value of one property, malloc'd; "" when it is not there. */
char *show_value(const char *block, const char *property);
/* Of one that is printed several times: each. */
void show_values(const char *block, const char *property, struct strv *ret);

/* As os_read, but a link at the end of the path is followed too, as open(2) would. */
int read_followed(struct os *os, const char *path, char **ret, struct err *e);

/* 0: there is no such file; 1: it has this text; 2: another one. */
int file_is(struct os *os, const char *path, const char *text, struct err *e);
