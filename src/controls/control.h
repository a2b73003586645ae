// SPDX-License-Identifier: MIT
/*
 * control.h - one thing we look at and can put right: facts -> finding -> changes.
 *
 * A control decides from facts and policy alone and changes nothing. What it proposes goes into a
 * draft, because several controls share one file of sshd or one filter table; controls_plan()
 * makes the steps of the draft.
 */
#pragma once

#include "core/facts.h"
#include "core/filter.h"
#include "core/plan.h"
#include "core/policy.h"

/* WAIVED: it fails, and the policy says that this is wanted. */
enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_NOT_MEASURED, VERDICT_WAIVED };

/* How bad it is when a control fails. CRITICAL: a way in for everybody who guesses. */
enum severity { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };

struct finding {
	enum verdict verdict;
	char evidence[480]; /* the effective value, and FILE:LINE that decides where there is one */
};

/* What a control may look at. */
struct control_in {
	struct os *os;
	const struct facts *facts;
	const struct policy *policy;
	/* In an audit: our packet filter, where it is stored and the kernel was seen to have it just so. */
	const struct filter_spec *own_filter;
	const char *policy_text; /* to be stored as POLICY_PATH; NULL: leave what is there */
};

/* What sshd shall say, and what it says now; empty text: not ours to set. */
struct ssh_want {
	const char *keyword; /* as written in sshd_config */
	const char *before;  /* effective now, for the door that is asked about */
	const char *after;   /* effective then */
	const char *written; /* in the file, where that is not the same; or NULL */
	const char *control; /* id of the control that wants it */
	const char *who;     /* role whose effective value it is */
	/* No door: said at once for all ports, the old one too. */
	bool plain;
	bool by_others; /* a file of somebody else's says it, and ours does not */
};

#define SSH_WANT_MAX 48

/* A setting of the kernel, as it shall be. */
struct kernel_rule;
struct kernel_want {
	const struct kernel_rule *rule;
	char *path; /* below /proc/sys */
	char *value;
	const char *control; /* id of the control that wants it */
	bool changes;	     /* it is not so now */
};
#define SSH_PORT_MAX 16

struct draft {
	struct plan *plan;
	struct ssh_want ssh[SSH_WANT_MAX];
	size_t ssh_count;
	bool ssh_changes;  /* some wanted value differs from the effective one */
	bool port_changes; /* sshd does not listen exactly where it shall */
	unsigned old_port[SSH_PORT_MAX];
	size_t old_port_count;
	unsigned port; /* where sshd shall listen in the end */
	bool filter_changes, filter_closes_door, filter_at_boot_changes;
	bool owner_changes; /* another owner's default deny is taken out */
	bool create_admin, set_password, join_group;
	const struct control *asks; /* whose `propose` runs */
	struct kernel_want *kernel;
	size_t kernel_count;
	bool kernel_changes;
	struct strv kernel_fixed; /* what this host does not let be changed */
	struct strv module;	  /* that shall not be loaded */
	bool module_changes;
	struct strv own; /* texts that the wants point to */
};

void draft_done(struct draft *d);
#define CLEANUP_DRAFT CLEANUP(draft_done)

struct control {
	const char *id;	   /* stable for ever: people name it in their policies */
	const char *title; /* N_(), what is so when it passes; NULL: `setting` says it */
	const char *why;   /* N_(), one sentence an administrator can act on */
	enum severity severity;
	const char *fix;     /* N_(), what puts it right; `setting` follows where there is one */
	bool by_apply;	     /* `fix` is what apply does */
	const char *setting; /* as written: "X11Forwarding no" */
	const char *source;  /* of the rule: "sshd_config(5)", "RFC 4890", "CVE-…" */
	/* What `propose` does beside the policy's own keys: `safe` on any VPS, so done unless [hardening] says
	 * otherwise; `named`: N_(), whom it may hurt, so done only where [hardening] also names it. */
	bool safe;
	const char *named;
	bool plan_only;	   /* compares with the policy; audit asks door.* and filter.* instead */
	const void *param; /* of probes that serve a table of alike controls */
	int (*probe)(const struct control_in *in, const struct control *self, struct finding *ret,
		     struct err *e);
	/* NULL: looked at by audit only, and no plan asks it. Runs for every control, whatever its
	 * finding was: what passes has to stay in the file. ERR_USAGE or ERR_CONFLICT where the
	 * policy cannot be carried out on this host. */
	int (*propose)(const struct control_in *in, const struct finding *found, struct draft *d,
		       struct err *e);
};

/* The controls of one file, in the order in which findings and plans name them; id NULL ends. */
extern const struct control *const control_families[];
extern const size_t control_families_count;

void finding_set(struct finding *f, enum verdict v, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Pass without a word against it, else fail with the words, so many as there is room for. */
void finding_list(struct finding *f, const struct strv *bad, const char *good);

/* The port sshd shall listen on in the end: the policy's, or the one it has. */
unsigned ssh_port_wanted(const struct control_in *in);

/* The name of the account the policy's doors are for: the admin, or root when there is none. */
const char *door_user(const struct policy *p);

/* A Match block of others outranks what stands outside of one, so also what we write: what of it says
 * otherwise than the policy is named in p->warnings. */
void ssh_warn_of_exceptions(const struct control_in *in, struct plan *p);

/*
 * Facts and policy become a plan. 0; ret->count is 0 when the host is as wanted. Refusals
 * (ERR_USAGE: no door could be proved; ERR_CONFLICT: another owner of the filter, …) name what to
 * do instead.
 */
int controls_plan(const struct control_in *in, struct plan *ret, struct err *e);

/* The steps of one family, called by controls_plan in this order. */
int draft_ssh_steps(const struct control_in *in, struct draft *d, struct err *e);
/* What the kernel is told, and what it shall not load. */
int draft_kernel_steps(const struct control_in *in, struct draft *d, struct err *e);
int draft_module_steps(const struct control_in *in, struct draft *d, struct err *e);
int draft_filter_steps(const struct control_in *in, struct draft *d, struct err *e);
/* After those of the filter: its table is there before the other's denial goes. */
int draft_owner_steps(const struct control_in *in, struct draft *d, struct err *e);
int draft_owner_finish_steps(const struct control_in *in, struct draft *d, struct err *e);
/* The last of finish: the old port's listener goes after the filter is on the disk. */
int draft_ssh_finish_steps(const struct control_in *in, struct draft *d, struct err *e);
int draft_filter_finish_steps(const struct control_in *in, struct draft *d, struct err *e);
