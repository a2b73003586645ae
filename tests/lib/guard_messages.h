// SPDX-License-Identifier: MIT
/*
 * guard_messages.h - what the programs write that the guard watches without fail2ban: a line of each kind, those that
 * count and those that must not, with a place for what a client says.
 */
#pragma once

#include "base/str.h"

#define GUARD_MESSAGES_FROM "198.51.100.7" /* who sent what led to the line */

/* How the program writes what a client says. */
enum escape { RAW, NGINX, APACHE, PRINTABLE };

/* text: "%s" is what the client says. who: "" the sender, NULL: nobody. */
struct guard_message {
	const char *filter, *program; /* NULL: the whole line, not of syslog */
	const char *text, *who;
	enum escape escape;
};

extern const struct guard_message guard_messages[];
extern const size_t guard_messages_count;

/* What OpenSSH 8.4, 9.2 and 10.0 write of one connection each, as tests/lab/t/guard-attempts.sh makes them: its lines, and
 * how many failures they are. */
struct guard_connection {
	unsigned normal, aggressive; /* by the filter's mode */
	const char *lines;
};

extern const struct guard_connection guard_connections[];
extern const size_t guard_connections_count;

/* What the log is: an entry of the journal, whose time is known, or a line of a file in syslog's forms. */
enum form { JOURNAL, OLD_FILE, NEW_FILE, FORMS };

/* The line, with what a client says written as the program writes it. One that is not of syslog has but one form. */
void guard_message_say(const struct guard_message *m, enum form form, const char *said,
		       struct str *ret);
bool guard_message_is_dated(const struct guard_message *m, enum form form);
/* The filter that knows most of its kind: "sshd[mode=aggressive]". malloc'd. */
char *guard_message_filter(const struct guard_message *m);
