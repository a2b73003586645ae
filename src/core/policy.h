// SPDX-License-Identifier: MIT
/*
 * policy.h - what is wanted: /etc/kannuki/policy.conf, an INI file, read through one table of keys.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "core/opening.h"
#include "core/pubkey.h"
#include "os/addr.h"
#include "os/os.h"

#define POLICY_PATH "/etc/kannuki/policy.conf"

enum sudo_mode { SUDO_PASSWORD, SUDO_NOPASSWD };
enum root_login { ROOT_LOGIN_NO, ROOT_LOGIN_KEY, ROOT_LOGIN_YES };
enum automatic_updates { UPDATES_NO, UPDATES_SECURITY, UPDATES_ALL };
enum ui_language { UI_LANGUAGE_LOCALE, UI_LANGUAGE_EN, UI_LANGUAGE_JA };

#define POLICY_KEYS_MAX 32

/* What an audit finds wrong and the owner wants so. */
struct waive {
	char *id;	/* of a control; whether there is such a one is controls_audit's question */
	char *why;	/* never empty */
	unsigned until; /* the last day on which it counts, as 20271231; 0: for ever */
};

struct policy {
	char *admin_user; /* NULL: none wanted */
	struct pubkey *admin_key;
	size_t admin_key_count;
	enum sudo_mode admin_sudo;
	unsigned ssh_port; /* 0: unchanged */
	bool password_login;
	enum root_login root_login;
	struct prefix *allow_from; /* none: any */
	size_t allow_from_count;
	struct opening *open; /* "ssh" is always in it, as OPENING_SSH */
	size_t open_count;
	bool ping;
	bool guard_enabled;
	struct strv guard_jails;		/* none: sshd */
	unsigned guard_bantime, guard_findtime; /* seconds */
	unsigned guard_maxretry;
	struct strv guard_ignore; /* prefixes, as prefix_parse reads them */
	struct waive *waive;
	size_t waive_count;
	int audit_daily;	/* minutes after midnight, in the zone of the host; -1: never */
	struct strv audit_tell; /* "journal", "mail:ADDRESS", "https://…"; none: the journal */
	bool updates_now;
	enum automatic_updates updates_automatic;
	int updates_reboot;	   /* minutes after midnight, in the zone of the host; -1: never */
	struct strv services_stop; /* units, ".service" cut off; may hold "auto" */
	bool harden_safe;	   /* what is safe on any VPS is done */
	struct strv harden_also, harden_except; /* ids of controls; controls_plan knows them */
	enum ui_language language;
	unsigned line[POLICY_KEYS_MAX]; /* of each row of policy_keys in its file; 0: the default */
};

enum policy_type {
	POLICY_BOOL,	 /* yes | no */
	POLICY_CHOICE,	 /* one of .choices, stored as its index in an int-sized enum */
	POLICY_UINT,	 /* .min .. .max */
	POLICY_USER,	 /* a user name that useradd would take; never root */
	POLICY_KEY,	 /* a public key in any pasted form; repeats */
	POLICY_CIDRS,	 /* blank or comma separated prefixes; repeats */
	POLICY_WAIVES,	 /* ID [until YYYY-MM-DD]: why; repeats */
	POLICY_TELL,	 /* comma or blank separated: journal, mail:ADDRESS, a URL; repeats */
	POLICY_TIME,	 /* no, or HH:MM */
	POLICY_SPAN,	 /* a number and its unit, s m h or d: 10m; .min .. .max seconds */
	POLICY_JAILS,	 /* comma or blank separated names of jails; repeats */
	POLICY_IGNORES,	 /* as POLICY_CIDRS, of those who are never banned; repeats */
	POLICY_CONTROLS, /* comma or blank separated ids of controls; repeats */
	POLICY_SERVICES, /* comma or blank separated names of units, or auto; repeats */
	POLICY_OPENINGS, /* comma separated templates or PORT/PROTO [from CIDR]; repeats */
};

/* A row: what parsing, checking, `kannuki policy`, setup's questions and the man page come from. */
struct policy_key {
	const char *section, *name;
	enum policy_type type;
	const char *def;	    /* default as it would be written; "" for none */
	const char *const *choices; /* NULL-ended, POLICY_CHOICE only */
	unsigned long min, max;	    /* POLICY_UINT, POLICY_SPAN */
	const char *meaning;	    /* one line, N_() */
	size_t offset;		    /* of the member in struct policy */
};

extern const struct policy_key policy_keys[];
extern const size_t policy_keys_count;

void policy_init(struct policy *p); /* the defaults */
void policy_done(struct policy *p);
#define CLEANUP_POLICY CLEANUP(policy_done)

/* Reads text as the policy `name` (for messages: "NAME:LINE: what; allowed: …"). Unknown sections
 * or keys, doubles, bad values are ERR_USAGE with the nearest valid name; *ret is then empty.
 * A private key among the values is refused without quoting it. BOM and CRLF are taken; another encoding
 * than UTF-8 is not, in comments neither. */
int policy_parse(const char *name, const char *text, struct policy *ret, struct err *e);
/* policy_parse of a file. It must be a regular file of at most 1 MiB, owned by root or the caller
 * and not writable by group or others: ERR_USAGE. */
int policy_load(struct os *os, const char *path, struct policy *ret, char **ret_text,
		struct err *e);
/* Does the policy's file give this key, so that somebody asked for it by hand? */
bool policy_gives(const struct policy *p, const char *section, const char *name);
/* As if the file gave it (and so it is written, though it is the default), or did not. */
void policy_give(struct policy *p, const char *section, const char *name, bool given);
/* Sets one key as a line of the file would. */
int policy_set(struct policy *p, const char *section, const char *name, const char *value,
	       struct err *e);
/* The value of a row as it would be written, malloc'd; several lines for keys that repeat. */
char *policy_get(const struct policy *p, const struct policy_key *key);
/* A commented policy file that policy_parse reads back to the same policy. Never NULL. */
char *policy_write(const struct policy *p);
/* What contradicts itself whatever the host is like (a key without a user, …; that a door stays is
 * controls_plan's question, which knows the keys that are there already): ERR_USAGE. Worth a second look (trap 16 and the like): lines in *ret_warnings. */
int policy_check(const struct policy *p, struct strv *ret_warnings, struct err *e);
/* How the finding of this control is waived, also where that has ended; NULL: not at all. */
const struct waive *policy_waives(const struct policy *p, const char *id);
/* Has its last day passed, in the zone of the host, at this second since 1970? */
bool waive_is_over(const struct waive *w, int64_t seconds);
/* Puts "FILE:LINE: " in front of an error about a value ("[ssh] port = 80: ..."), "FILE: " where the
 * file does not have the key; other errors stay as they are. */
void policy_locate(const struct policy *p, const char *file, struct err *e);
