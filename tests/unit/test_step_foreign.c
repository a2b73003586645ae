// SPDX-License-Identifier: MIT
/* The kind "foreign": another owner's denial goes out of input and comes back rule for rule. */
#include "base/mem.h"
#include "lib/t.h"
#include "lib/trial.h"
#include "steps/foreign.h"

#define INPUT4                                                                                  \
	"-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd\n-A INPUT -j ufw-input\n" \
	"-A INPUT -j ufw-reject-input\n"
#define OPEN4                                                              \
	"-P INPUT ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd\n" \
	"-A INPUT -j ACCEPT\n"
#define INPUT6 "-P INPUT DROP\n-A INPUT -j ufw6-input\n"
#define CHAIN                                                                                     \
	"table inet mine {\n\tchain input {\n\t\ttype filter hook input priority filter; policy " \
	"drop;\n\t\ttcp dport 22 accept\n\t}\n}\n"
#define DIR    "/etc/systemd/system/ufw.service.d"
#define DROPIN DIR "/kannuki.conf"

static void prepare(struct pretend *p)
{
	snprintf(p->input[0], sizeof(p->input[0]), "%s", INPUT4);
	snprintf(p->input[1], sizeof(p->input[1]), "%s", INPUT6);
	snprintf(p->chain, sizeof(p->chain), "%s", CHAIN);
	p->owner = prepare;
}

static bool is_back(struct pretend *p)
{
	return str_eq(p->input[0], INPUT4) && str_eq(p->input[1], INPUT6) &&
	       str_eq(p->chain, CHAIN);
}

static json_t *args(void)
{
	char one[] = "inet mine input", *item[] = { one, NULL };
	const struct strv chain = { .item = item, .count = 1 };
	char ufw[] = "ufw.service", *name[] = { ufw, NULL };
	const struct strv units = { .item = name, .count = 1 };

	return step_foreign_args(
		&(struct step_foreign_spec){ .iptables = true, .chain = &chain, .unit = &units });
}

static json_t *dropin_args(void)
{
	const struct change change[] = {
		{ .path = DIR, .type = NODE_DIR, .mode = 0755 },
		{ .path = DROPIN, .type = NODE_FILE, .text = "[Service]\n", .mode = 0644 },
	};

	return step_foreign_args(
		&(struct step_foreign_spec){ .change = change, .change_count = COUNT(change) });
}

static int denial_goes_and_comes_back(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_foreign, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	/* Whoever bans goes on banning. */
	T_STR(t.p.input[0], OPEN4);
	T_STR(t.p.input[1], "-P INPUT ACCEPT\n-A INPUT -j ACCEPT\n");
	T_OK(strstr(t.p.chain, "policy accept") && !strstr(t.p.chain, "dport"));
	T_OK(trial_undo(&t, true, &e) == 0 && is_back(&t.p));
	T_OK(trial_undo(&t, true, &e) == 0 && is_back(&t.p));
	trial_done(&t);
	return 0;
}

static int cut_anywhere_comes_back(void)
{
	const struct trial_case kernel = { &step_foreign, args, prepare, is_back };
	const struct trial_case files = { &step_foreign, dropin_args, prepare, is_back };

	T_OK(trial_cut_everywhere(&kernel) > 10);
	T_OK(trial_cut_everywhere(&files) > 5);
	return 0;
}

/* fail2ban stopped meanwhile, and took its jump and its chain along. */
static int chain_that_is_gone_does_not_keep_the_rest_out(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_foreign, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	t.p.gone = "f2b-sshd";
	snprintf(t.p.input[0], sizeof(t.p.input[0]), "-P INPUT ACCEPT\n");
	T_OK(trial_undo(&t, true, &e) == 0);
	T_STR(t.p.input[0], "-P INPUT DROP\n-A INPUT -j ufw-input\n-A INPUT -j ufw-reject-input\n");
	/* Any other chain that is gone is a failure that is told, and the other family is back. */
	t.p.gone = "ufw-reject-input";
	snprintf(t.p.input[0], sizeof(t.p.input[0]), "%s", OPEN4);
	T_OK(trial_undo(&t, true, &e) < 0 && strstr(e.msg, "ufw.service"));
	T_STR(t.p.input[1], INPUT6);
	/* Its unit brings it. */
	pretend_file(&t.p, "/etc/systemd/system/ufw.service", "[Service]\n", 0644);
	t.p.starts_brings_gone = true;
	T_OK(trial_undo(&t, true, &e) == 0);
	T_STR(t.p.input[0], INPUT4);
	trial_done(&t);
	return 0;
}

/* Whoever put a rule in meanwhile finds it again: a new ban, an opening of an admin's. */
static int rules_of_others_since_then_stay(void)
{
	static const char more[] = "-A INPUT -p tcp -m tcp --dport 80 -j f2b-web\n"
				   "-A INPUT -p tcp -m tcp --dport 9999 -j ACCEPT\n";
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_foreign, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	snprintf(t.p.input[0], sizeof(t.p.input[0]), "%s%s", OPEN4, more);
	snprintf(t.p.chain, sizeof(t.p.chain),
		 "table inet mine {\n\tchain input {\n\t\ttype filter hook input priority filter; "
		 "policy accept;\n\t\ttcp dport 9999 accept\n\t}\n}\n");
	for (int again = 0; again < 2; again++) {
		T_OK(trial_undo(&t, true, &e) == 0);
		T_OK(str_starts(t.p.input[0], "-P INPUT DROP\n"));
		T_OK(str_starts(t.p.input[0] + strlen("-P INPUT DROP\n"), more));
		T_STR(t.p.input[0] + strlen("-P INPUT DROP\n") + strlen(more),
		      &INPUT4[strlen("-P INPUT DROP\n")]);
		T_STR(t.p.chain, "table inet mine {\n\tchain input {\n\t\ttype filter hook input "
				 "priority filter; policy drop;\n\t\ttcp dport 9999 accept\n"
				 "\t\ttcp dport 22 accept\n\t}\n}\n");
	}
	trial_done(&t);
	return 0;
}

/* A boot brings the owner by its own unit: early on nothing of the kernel is touched, and settle leaves
 * what denies again as it is - but what a soft boot kept open is put back. */
static int boot_leaves_it_to_the_owner(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_foreign, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0);
	T_STR(t.p.input[0], OPEN4);
	t.c.boot = false;
	T_OK(t.s.kind->settle(&t.c, &t.s, &t.pre, &e) == 0 && is_back(&t.p));
	snprintf(t.p.input[0], sizeof(t.p.input[0]), "-P INPUT DROP\n-A INPUT -j new\n");
	T_OK(t.s.kind->settle(&t.c, &t.s, &t.pre, &e) == 0);
	T_STR(t.p.input[0], "-P INPUT DROP\n-A INPUT -j new\n");
	trial_done(&t);
	return 0;
}

static int what_is_not_there_is_no_trouble(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_foreign, args(), NULL);
	T_OK(trial_apply(&t, &e) == 0 && !t.p.input[0][0] && !t.p.chain[0]);
	T_OK(trial_undo(&t, true, &e) == 0 && !t.p.input[0][0] && !t.p.chain[0]);
	trial_done(&t);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(denial_goes_and_comes_back),
		T(cut_anywhere_comes_back),
		T(chain_that_is_gone_does_not_keep_the_rest_out),
		T(rules_of_others_since_then_stay),
		T(boot_leaves_it_to_the_owner),
		T(what_is_not_there_is_no_trouble),
	};

	return t_main(cases, COUNT(cases));
}
