// SPDX-License-Identifier: MIT
/* audit_sshd.h - what all controls of sshd ask first, for audit_sshd.c and audit_door.c. */
#pragma once

#include "controls/control.h"

enum sshd_test {
	VALUE_IS,
	VALUE_ONE_OF, /* of the words */
	NUMBER_UP_TO, /* 1 to .number; 0 means without end to sshd */
	LIST_WITHOUT, /* no element of the comma separated value fits a pattern of the words */
	VALUE_NOT,    /* none of the words */
	STARTS_UP_TO, /* START:RATE:FULL, and FULL is 1 to .number */
};

struct sshd_rule {
	const char *keyword; /* as sshd -T prints it */
	enum sshd_test test;
	const char *words; /* separated by blanks */
	unsigned long number;
};

/* Did sshd answer? If not, *ret is filled: it refuses its configuration, is not here, or only root
 * may ask it. */
bool sshd_was_asked(const struct control_in *in, struct finding *ret);
/* "keyword value (FILE:LINE)", with "default" where nothing sets it. malloc'd. */
char *sshd_setting_evidence(const struct sshd_setting *s);
/* What is wrong with it, malloc'd; NULL: nothing. */
char *sshd_rule_fault(const struct sshd_rule *r, const struct sshd_setting *s);

/* `propose` of controls with a sshd_rule as param: what apply writes beside the doors (harden_sshd.c). The value is
 * that of `setting`; of a list, what is there without what is weak. */
int sshd_rule_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		      struct err *e);
/* Of those that apply writes only where the policy names them, and audit does not ask about: a table, setting NULL
 * ends. */
struct sshd_asked {
	struct sshd_rule rule;
	const char *setting; /* "KEYWORD VALUE", as written where the rule is broken */
};
int sshd_asked_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		     struct err *e);
int sshd_asked_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		       struct err *e);
int sshd_nist_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		    struct err *e);
int sshd_nist_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		      struct err *e);
