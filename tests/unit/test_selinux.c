// SPDX-License-Identifier: MIT
/* SELinux (core/selinux.h, the kind "selinux-port"): no machine of ours has it, so semanage is an imitation that
 * answers in the forms of semanage-port(8), which we wrote ourselves. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "controls/control.h"
#include "core/selinux.h"
#include "lib/fake_os.h"
#include "lib/t.h"
#include "lib/trial.h"
#include "steps/file.h"
#include "steps/selinux_port.h"

/* --- which label -------------------------------------------------------------------------------- */

/* In the form of `semanage port -l -n`; the second half is what a policy has beside ssh. */
#define LISTED                                                              \
	"ssh_port_t                     tcp      2222, 22\n"                \
	"http_port_t                    tcp      80, 81, 443\n"             \
	"http_port_t                    udp      8443\n"                    \
	"ephemeral_port_t               tcp      32768-60999\n"             \
	"unreserved_port_t              tcp      61000-65535, 1024-32767\n" \
	"xserver_port_t                 tcp      6000-6020\n"

static int labels_are_those_of_the_narrowest_row(void)
{
	static const struct {
		unsigned port;
		const char *type;
		bool own;
	} c[] = {
		{ 22, "ssh_port_t", true },
		{ 2222, "ssh_port_t", true },
		{ 80, "http_port_t", true },
		{ 22022, "unreserved_port_t", false },
		{ 40000, "ephemeral_port_t", false },
		{ 65535, "unreserved_port_t", false },
		{ 6010, "xserver_port_t", false },
		{ 8443, "unreserved_port_t", false },
		{ 23, NULL, false },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		bool own = true;
		CLEANUP_FREE char *type = selinux_port_type(LISTED, c[i].port, &own);

		T_OK(str_eq(type, c[i].type) && own == c[i].own);
	}
	return 0;
}

/* --- the step ----------------------------------------------------------------------------------- */

/* "PORT TYPE" lines: what was added here. In /run, since its times are not put back. */
#define STORE "/run/semanage-lab"

static int answer(struct run_result *ret, int status, const char *out, const char *err)
{
	ret->out = xstrdup(out);
	ret->out_len = strlen(out);
	ret->err = xstrdup(err);
	return status;
}

static char *local_rows(const char *store)
{
	CLEANUP_FREE char *copy = xstrdup(store);
	CLEANUP_STR struct str s = { 0 };
	char *rest = copy, *line, type[64];
	unsigned port;

	while ((line = str_line(&rest)))
		if (sscanf(line, "%u %63s", &port, type) == 2)
			str_addf(&s, "%-30s tcp      %u\n", type, port);
	return str_take(&s);
}

static char *without(const char *store, const char *port)
{
	CLEANUP_FREE char *copy = xstrdup(store);
	CLEANUP_FREE char *prefix = xasprintf("%s ", port);
	CLEANUP_STR struct str s = { 0 };
	char *rest = copy, *line;

	while ((line = str_line(&rest)))
		if (!str_starts(line, prefix))
			str_addf(&s, "%s\n", line);
	return str_take(&s);
}

static const char *next_to(const struct run *r, const char *option)
{
	for (size_t i = 0; r->argv[i]; i++)
		if (str_eq(r->argv[i], option))
			return r->argv[i + 1];
	return NULL;
}

static int semanage(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e)
{
	CLEANUP_FREE char *store = pretend_text(p, STORE);
	CLEANUP_FREE char *rows = local_rows(store);
	CLEANUP_FREE char *all = xasprintf("%s" LISTED, rows);
	CLEANUP_FREE char *rest = NULL;
	CLEANUP_FREE char *next = NULL;
	const char *port, *verb = r->argv[2];
	bool own, there;

	if (!str_eq(r->argv[0], "semanage"))
		return 1;
	ret->status = 0;
	if (str_eq(verb, "-l"))
		return answer(ret, 0, str_eq(r->argv[4], "-C") ? rows : all, "");
	port = next_to(r, "tcp");
	free(selinux_port_type(all, (unsigned)strtoul(port, NULL, 10), &own));
	rest = without(store, port);
	there = !str_eq(rest, store);
	if (str_eq(verb, "-a") && own) {
		ret->status = 1;
		return answer(ret, 0, "", "ValueError: Port tcp/N already defined\n");
	}
	if ((str_eq(verb, "-d") && !there) || (str_eq(verb, "-m") && !own)) {
		ret->status = 1;
		return answer(ret, 0, "", "ValueError: Port tcp/N is not defined\n");
	}
	next = str_eq(verb, "-d") ? xstrdup(rest)
				  : xasprintf("%s%s %s\n", rest, port, next_to(r, "-t"));
	if (os_write(p->base, STORE, next, 0600, e) < 0)
		return -1;
	return answer(ret, 0, "", "");
}

static json_t *args(void)
{
	return step_selinux_port_args(22022);
}

static json_t *args_of_a_port_with_a_row(void)
{
	return step_selinux_port_args(80);
}

static void host(struct pretend *p)
{
	pretend_file(p, STORE, "", 0600);
	p->program = semanage;
}

/* Somebody had given the port to another program. */
static void host_with_row(struct pretend *p)
{
	pretend_file(p, STORE, "22022 http_port_t\n9000 ssh_port_t\n", 0600);
	p->program = semanage;
}

static bool nothing_was_added(struct pretend *p)
{
	CLEANUP_FREE char *store = pretend_text(p, STORE);

	return str_eq(store, "");
}

static bool row_is_back(struct pretend *p)
{
	CLEANUP_FREE char *store = pretend_text(p, STORE);

	return strstr(store, "22022 http_port_t\n") && strstr(store, "9000 ssh_port_t\n") &&
	       !strstr(store, "22022 ssh_port_t");
}

static int label_comes_and_goes(void)
{
	static const struct {
		json_t *(*args)(void);
		void (*prepare)(struct pretend *p);
		const char *row;
	} c[] = {
		{ args, host, "22022 ssh_port_t\n" },
		{ args, host_with_row, "9000 ssh_port_t\n22022 ssh_port_t\n" },
		{ args_of_a_port_with_a_row, host, "80 ssh_port_t\n" },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FREE char *store = NULL;
		struct err e = { 0 };
		struct trial t;

		trial_init(&t, &step_selinux_port, c[i].args(), c[i].prepare);
		T_OK(trial_apply(&t, &e) == 0);
		store = pretend_text(&t.p, STORE);
		T_STR(store, c[i].row);
		T_OK(t.s.kind->apply(&t.c, &t.s, &e) == 0 && t.s.kind->verify(&t.c, &t.s, &e) == 0);
		T_OK(trial_undo(&t, true, &e) == 0);
		free(store);
		store = pretend_text(&t.p, STORE);
		T_OK(!strstr(store, "22022 ssh_port_t") && !strstr(store, "80 ssh_port_t"));
		T_OK(c[i].prepare == host ? str_eq(store, "")
					  : strstr(store, "22022 http_port_t") != NULL);
		T_OK(trial_undo(&t, true, &e) == 0);
		trial_done(&t);
	}
	return 0;
}

static int early_boot_leaves_it_to_settle(void)
{
	CLEANUP_FREE char *store = NULL;
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_selinux_port, args(), host);
	T_OK(trial_apply(&t, &e) == 0);
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0);
	store = pretend_text(&t.p, STORE);
	T_STR(store, "22022 ssh_port_t\n");
	t.c.boot = false;
	T_OK(t.s.kind->settle(&t.c, &t.s, &t.pre, &e) == 0 && nothing_was_added(&t.p));
	trial_done(&t);
	return 0;
}

static int label_of_a_third_party_stays(void)
{
	CLEANUP_FREE char *store = NULL;
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_selinux_port, args(), host);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, STORE, "22022 http_port_t\n", 0600);
	T_OK(trial_undo(&t, true, &e) == 1 && strstr(e.msg, "http_port_t"));
	store = pretend_text(&t.p, STORE);
	T_STR(store, "22022 http_port_t\n");
	trial_done(&t);
	return 0;
}

static int label_cut_anywhere_comes_back(void)
{
	const struct trial_case fresh = { &step_selinux_port, args, host, nothing_was_added };
	const struct trial_case taken = { &step_selinux_port, args, host_with_row, row_is_back };

	T_OK(trial_cut_everywhere(&fresh) > 5);
	T_OK(trial_cut_everywhere(&taken) > 5);
	return 0;
}

/* --- files -------------------------------------------------------------------------------------- */

static char *restored; /* the last restorecon */

static int restorecon(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)p;
	(void)e;
	if (!str_eq(r->argv[0], "restorecon"))
		return 1;
	free(restored);
	restored = NULL;
	for (size_t i = 0; r->argv[i]; i++) {
		char *longer =
			xasprintf("%s%s%s", restored ? restored : "", i ? " " : "", r->argv[i]);

		free(restored);
		restored = longer;
	}
	ret->status = 0;
	return answer(ret, 0, "", "");
}

static json_t *two_files(void)
{
	const struct change change[] = {
		{ .path = "/home/old/.ssh", .type = NODE_DIR, .mode = 0700, .owner = "old" },
		{ .path = "/home/old/.ssh/authorized_keys",
		  .type = NODE_FILE,
		  .text = "k\n",
		  .mode = 0600,
		  .owner = "old" },
	};

	return step_file_args(change, COUNT(change), NULL);
}

static void without_selinux(struct pretend *p)
{
	p->program = restorecon;
}

static void with_selinux(struct pretend *p)
{
	pretend_dir(p, "/sys", 0755);
	pretend_dir(p, "/sys/fs", 0755);
	pretend_dir(p, "/sys/fs/selinux", 0755);
	pretend_file(p, "/sys/fs/selinux/enforce", "1", 0644);
	p->program = restorecon;
}

static int files_get_the_labels_of_their_paths(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_file, two_files(), with_selinux);
	T_OK(trial_apply(&t, &e) == 0);
	T_STR(restored, "restorecon -- /home/old/.ssh /home/old/.ssh/authorized_keys");
	trial_done(&t);
	free(restored);
	restored = NULL;
	trial_init(&t, &step_file, two_files(), without_selinux);
	T_OK(trial_apply(&t, &e) == 0 && !restored);
	trial_done(&t);
	return 0;
}

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

/* PID 1 may not run what lies below /var/lib with the label of that folder. */
static int program_gets_the_label_of_a_program(void)
{
	static char name[] = "security.selinux", bin[] = "system_u:object_r:bin_t:s0";
	CLEANUP_FAKE struct fake *f = fake_new();
	CLEANUP_NODE struct node want = { .type = NODE_FILE };
	struct xattr label = { .name = name, .value = bin, .len = sizeof(bin) };
	const struct node env = { .type = NODE_FILE,
				  .mode = 0755,
				  .data = (char[]){ "" },
				  .xattr = &label,
				  .xattr_count = 1 };
	struct err e = { 0 };

	fake_put(f, "/usr/bin/env", &env);
	T_OK(selinux_label_program(&f->os, &want, &e) == 0 && want.xattr_count == 0);
	fake_file(f, "/sys/fs/selinux/enforce", "0", 0644);
	T_OK(selinux_label_program(&f->os, &want, &e) == 0 && want.xattr_count == 1);
	T_OK(str_eq(want.xattr[0].value, bin) && want.xattr[0].len == sizeof(bin));
	return 0;
}

/* --- the control -------------------------------------------------------------------------------- */

struct asked {
	struct facts facts;
	struct policy policy;
	struct plan plan;
	struct finding found;
};

static int ask(struct asked *a, struct err *e)
{
	const struct control_in in = { .facts = &a->facts, .policy = &a->policy };
	struct draft d = { .plan = &a->plan };

	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *c = control_families[i]; c->id; c++)
			if (str_eq(c->id, "ssh.port-label"))
				return c->probe(&in, c, &a->found, e) < 0
					       ? -1
					       : c->propose(&in, &a->found, &d, e);
	return -1;
}

static int label_is_planned_where_selinux_is(void)
{
	static char unreserved[] = "unreserved_port_t", ssh[] = "ssh_port_t";
	static unsigned ports[] = { 22 };
	static const struct {
		struct selinux_fact is;
		unsigned port;
		size_t steps, packages;
		bool refused;
	} c[] = {
		{ { 0 }, 22022, 0, 0, false },
		{ { .enabled = true, .tool = true, .port_type = unreserved }, 22022, 1, 0, false },
		{ { .enabled = true, .tool = true, .port_type = ssh }, 2222, 0, 0, false },
		{ { .enabled = true, .tool = true }, 22, 0, 0, false },
		{ { .enabled = true }, 22022, 1, 1, false },
		{ { .enabled = true, .enforcing = true, .tool = true }, 22022, 0, 0, true },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		struct asked a = { .facts = { .as_root = true, .selinux = c[i].is } };
		struct err e = { 0 };
		int r;

		a.policy.ssh_port = c[i].port;
		a.facts.sshd.port = ports;
		a.facts.sshd.port_count = 1;
		r = ask(&a, &e);
		T_OK(c[i].refused ? r < 0 && e.kind == ERR_CONFLICT : r == 0);
		T_OK(a.plan.count == c[i].steps && a.plan.packages.count == c[i].packages);
		plan_done(&a.plan);
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(labels_are_those_of_the_narrowest_row), T(label_comes_and_goes),
		T(early_boot_leaves_it_to_settle),	  T(label_of_a_third_party_stays),
		T(label_cut_anywhere_comes_back),	  T(files_get_the_labels_of_their_paths),
		T(program_gets_the_label_of_a_program),	  T(label_is_planned_where_selinux_is),
	};
	int r = t_main(cases, COUNT(cases));

	free(restored);
	return r;
}
