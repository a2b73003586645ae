// SPDX-License-Identifier: MIT
/* Section [hardening]: what apply also does, what it leaves, and why. */
#include "base/mem.h"
#include "controls/control.h"
#include "core/ssh_weak.h"
#include "lib/keys.h"
#include "lib/t.h"
#include "lib/world.h"
#include "setup/make_plan.h"

#define ADMIN "[admin]\nuser = taro\nkey = ssh-ed25519 " ED25519 " laptop\n"

struct planned {
	struct world w;
	struct policy policy;
	struct made_plan m;
	struct err e;
};

static void begin(struct planned *t)
{
	const struct world_kind kind = { .include = INCLUDE_FIRST, .root_keys = true };

	*t = (struct planned){ .policy = { 0 } };
	world_init(&t->w, &kind);
}

static void end(struct planned *t)
{
	made_plan_done(&t->m);
	policy_done(&t->policy);
	world_done(&t->w);
}
#define CLEANUP_PLANNED CLEANUP(end)

/* Plans ADMIN and these lines. */
static int plan(struct planned *t, const char *lines)
{
	CLEANUP_FREE char *text = xasprintf(ADMIN "%s", lines);

	made_plan_done(&t->m);
	policy_done(&t->policy);
	t->m = (struct made_plan){ 0 };
	t->e = (struct err){ 0 };
	if (policy_parse("policy", text, &t->policy, &t->e) < 0)
		return -1;
	return make_plan_of(&t->w.p.os, &t->policy, text, &t->m, &t->e);
}

static const struct step *step_of(const struct planned *t, const char *id, enum step_phase phase)
{
	for (size_t i = 0; i < t->m.plan.count; i++)
		if (str_eq(t->m.plan.step[i].id, id) && t->m.plan.step[i].phase == phase)
			return &t->m.plan.step[i];
	return NULL;
}

/* The text of /etc/sysctl.d/60-kannuki.conf, or "". */
static const char *kernel_text(const struct planned *t)
{
	const struct step *s = step_of(t, "kernel.settings", PHASE_ADD);

	return s ? json_string_value(json_object_get(s->args, "text")) : "";
}

static const char *sshd_text(const struct planned *t, enum step_phase phase)
{
	const struct step *s = step_of(t, "ssh.doors", phase);
	json_t *changes = s ? json_object_get(s->args, "changes") : NULL;

	return json_string_value(json_object_get(json_array_get(changes, 0), "text")) ?: "";
}

static bool warns(const struct planned *t, const char *words)
{
	for (size_t i = 0; i < t->m.plan.warnings.count; i++)
		if (strstr(t->m.plan.warnings.item[i], words))
			return true;
	return false;
}

static void kernel_has(struct planned *t, const char *name, const char *value)
{
	CLEANUP_FREE char *path = xasprintf("/proc/sys/%s", name);
	CLEANUP_FREE char *text = xasprintf("%s\n", value);

	fake_file(t->w.fake, path, text, 0644);
}

/* --- the kernel ---------------------------------------------------------------------------------- */

static int kernel_is_one_step_with_all_its_values(void)
{
	CLEANUP_PLANNED struct planned t;
	const struct step *s;

	begin(&t);
	T_OK(plan(&t, "") == 0);
	s = step_of(&t, "kernel.settings", PHASE_ADD);
	T_OK(s && strstr(s->title, "4 settings"));
	T_STR(kernel_text(&t), "# Written by kannuki: [hardening] of /etc/kannuki/policy.conf\n"
			       "# kernel.syn-cookies\nnet.ipv4.tcp_syncookies = 1\n"
			       "# kernel.redirects-v4\nnet.ipv4.conf.all.accept_redirects = 0\n"
			       "net.ipv4.conf.default.accept_redirects = 0\n"
			       "-net.ipv4.conf.eth0.accept_redirects = 0\n"
			       "# kernel.pointers\nkernel.kptr_restrict = 1\n");
	/* What is stricter than asked for stays, and with nothing to change there is no step. */
	kernel_has(&t, "kernel/kptr_restrict", "2");
	T_OK(plan(&t, "") == 0 && strstr(kernel_text(&t), "kernel.kptr_restrict = 2\n"));
	T_OK(plan(&t, "[hardening]\nexcept = kernel.redirects-v4\n") == 0);
	T_STR(kernel_text(&t), "");
	return 0;
}

/* VPNs and hosts with two ways out: loose, and never looser or stricter than somebody wants. */
static int reverse_path_is_loose(void)
{
	CLEANUP_PLANNED struct planned t;

	begin(&t);
	kernel_has(&t, "net/ipv4/conf/all/rp_filter", "0");
	kernel_has(&t, "net/ipv4/conf/default/rp_filter", "0");
	kernel_has(&t, "net/ipv4/conf/eth0/rp_filter", "1");
	kernel_has(&t, "net/ipv4/conf/wg0/rp_filter", "0");
	kernel_has(&t, "net/ipv4/conf/eth1.7/rp_filter", "0");
	kernel_has(&t, "net/ipv4/conf/veth3/rp_filter", "0"); /* a container's end, in a bridge */
	fake_dir(t.w.fake, "/sys/class/net/veth3/brport", 0755);
	kernel_has(&t, "net/ipv4/ip_forward", "1");
	T_OK(plan(&t, "") == 0);
	T_OK(strstr(kernel_text(&t), "net.ipv4.conf.default.rp_filter = 2\n"
				     "-net.ipv4.conf.eth0.rp_filter = 1\n"
				     "-net/ipv4/conf/eth1.7/rp_filter = 2\n"
				     "-net.ipv4.conf.wg0.rp_filter = 2\n"));
	T_OK(!strstr(kernel_text(&t), "all.rp_filter") && !strstr(kernel_text(&t), "veth3"));
	T_OK(!strstr(kernel_text(&t), "forward"));
	return 0;
}

/* The highest of all and its own is in force on an interface; where one value is good, conf/all is set as well. */
static int all_is_set_where_it_loosens_nothing(void)
{
	CLEANUP_PLANNED struct planned t;

	begin(&t);
	kernel_has(&t, "net/ipv4/conf/all/log_martians", "0");
	kernel_has(&t, "net/ipv4/conf/default/log_martians", "0");
	kernel_has(&t, "net/ipv4/conf/eth0/log_martians", "0");
	T_OK(plan(&t, "[hardening]\nalso = kernel.martians\n") == 0);
	T_OK(strstr(kernel_text(&t), "net.ipv4.conf.all.log_martians = 1\n"
				     "net.ipv4.conf.default.log_martians = 1\n"
				     "-net.ipv4.conf.eth0.log_martians = 1\n"));
	return 0;
}

/* Who wrote a file that is read after ours meant it. */
static int later_file_stays(void)
{
	static const struct {
		const char *path, *line;
		bool against; /* kptr_restrict is left out */
	} c[] = {
		{ "/etc/sysctl.d/99-mine.conf", "kernel.kptr_restrict=0", true },
		{ "/usr/lib/sysctl.d/99-mine.conf", "-kernel/kptr_restrict = 0", true },
		{ "/etc/sysctl.conf", "kernel.kptr_restrict = 0", false }, /* nobody reads it */
		{ "/etc/sysctl.d/99-mine.conf", "kernel.kptr_restrict = 1", false },
		{ "/etc/sysctl.d/99-mine.conf", "#kernel.kptr_restrict = 0", false },
		{ "/etc/sysctl.d/99-mine.bak", "kernel.kptr_restrict = 0", false },
		{ "/etc/sysctl.d/10-image.conf", "kernel.kptr_restrict = 0", false },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_PLANNED struct planned t;
		CLEANUP_FREE char *text = xasprintf("# a line\n%s\n", c[i].line);
		CLEANUP_FREE char *where = xasprintf("%s:2 sets kernel.kptr_restrict", c[i].path);

		begin(&t);
		fake_file(t.w.fake, c[i].path, text, 0644);
		printf("# %s %s\n", c[i].path, c[i].line);
		T_OK(plan(&t, "") == 0 && strstr(kernel_text(&t), "accept_redirects"));
		T_OK(!strstr(kernel_text(&t), "kptr_restrict") == c[i].against);
		T_OK(warns(&t, where) == c[i].against);
	}
	/* Better than ours: that is what is in force after the next boot, so now as well. */
	{
		CLEANUP_PLANNED struct planned t;

		begin(&t);
		fake_file(t.w.fake, "/usr/lib/sysctl.d/99-links.conf", "kernel.kptr_restrict = 2\n",
			  0644);
		T_OK(plan(&t, "") == 0 && strstr(kernel_text(&t), "kernel.kptr_restrict = 2\n"));
		T_OK(!warns(&t, "kptr_restrict"));
	}
	return 0;
}

/* Read by systemd where a link of sysctl.d leads to it, as in Debian 12 and RHEL 9, at the link's place. */
static int sysctl_conf_counts_where_it_is_read(void)
{
	static const struct {
		const char *link, *target;
		bool read;
	} c[] = {
		{ "/etc/sysctl.d/99-sysctl.conf", "../sysctl.conf", true },
		{ "/usr/lib/sysctl.d/99-sysctl.conf", "../../../etc/sysctl.conf", true },
		{ "/etc/sysctl.d/99-sysctl.conf", "/etc/sysctl.conf", true },
		{ "/etc/sysctl.d/10-sysctl.conf", "../sysctl.conf", false },
		{ "/etc/sysctl.d/99-sysctl.conf", "/dev/null", false },
		{ "/etc/sysctl.d/99-sysctl.conf", "../../../../..", false },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_PLANNED struct planned t;

		begin(&t);
		fake_file(t.w.fake, "/etc/sysctl.conf", "# a line\nkernel.kptr_* = 0\n", 0644);
		printf("# %s -> %s\n", c[i].link, c[i].target);
		fake_link(t.w.fake, c[i].link, c[i].target);
		T_OK(plan(&t, "") == 0 && !strstr(kernel_text(&t), "kptr_restrict") == c[i].read);
		T_OK(warns(&t, "/etc/sysctl.conf:2 sets kernel.kptr_restrict") == c[i].read);
	}
	return 0;
}

/* In a container: mounted to be read, or of another user than ours. */
static int what_cannot_be_changed_is_left(void)
{
	CLEANUP_PLANNED struct planned t;
	CLEANUP_NODE struct node foreign = { 0 };

	begin(&t);
	fake_file(t.w.fake, "/proc/self/mountinfo",
		  "1 0 0:1 / / rw - ext4 /dev/sda rw\n"
		  "2 1 0:2 / /proc/sys ro,nosuid - proc proc rw\n"
		  "3 2 0:2 / /proc/sys/net rw,nosuid - proc proc rw\n",
		  0444);
	T_OK(plan(&t, "") == 0 && strstr(kernel_text(&t), "eth0.accept_redirects = 0"));
	T_OK(!strstr(kernel_text(&t), "kptr") && warns(&t, "kernel.kptr_restrict"));
	fake_file(t.w.fake, "/proc/self/mountinfo", "1 0 0:1 / / rw - ext4 /dev/sda rw\n", 0444);
	node_file(&foreign, "0\n", 0644);
	foreign.uid = 65534;
	T_OK(os_put(&t.w.fake->os, "/proc/sys/kernel/kptr_restrict", NULL, &foreign, &t.e) == 0);
	T_OK(plan(&t, "") == 0 && !strstr(kernel_text(&t), "kptr") && warns(&t, "kptr_restrict"));
	return 0;
}

/* 1 could never be taken back, and 2 is known since Linux 5.13. */
static int bpf_can_be_taken_back(void)
{
	CLEANUP_PLANNED struct planned t;

	begin(&t);
	kernel_has(&t, "kernel/unprivileged_bpf_disabled", "0");
	kernel_has(&t, "kernel/osrelease", "6.1.0-28-amd64");
	T_OK(plan(&t, "") == 0 && strstr(kernel_text(&t), "bpf_disabled = 2\n"));
	kernel_has(&t, "kernel/osrelease", "5.4.0-200-generic");
	T_OK(plan(&t, "") == 0 && !strstr(kernel_text(&t), "bpf") && warns(&t, "bpf_disabled"));
	return 0;
}

/* --- whose wish ---------------------------------------------------------------------------------- */

static int policy_says_which(void)
{
	static const struct {
		const char *lines;
		bool pointers, trace, x11;
	} c[] = {
		{ "", true, false, true },
		{ "[hardening]\nsafe = no\n", false, false, false },
		{ "[hardening]\nsafe = no\nalso = kernel.trace, door.x11\n", false, true, true },
		{ "[hardening]\nalso = kernel.trace\nexcept = kernel.pointers\n", false, true,
		  true },
		{ "[audit]\nwaive = door.x11: the plotter\n", true, false, false },
		{ "[audit]\nwaive = door.x11 until 2000-01-01: the plotter\n", true, false, true },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_PLANNED struct planned t;

		begin(&t);
		kernel_has(&t, "kernel/yama/ptrace_scope", "0");
		t.w.p.clock = INT64_C(1767225600000000000); /* 2026-01-01 */
		T_OK(plan(&t, c[i].lines) == 0);
		printf("# %zu\n", i);
		T_OK(!!strstr(kernel_text(&t), "kptr") == c[i].pointers);
		T_OK(!!strstr(kernel_text(&t), "yama") == c[i].trace);
		T_OK(!!strstr(sshd_text(&t, PHASE_FINISH), "X11Forwarding no\n") == c[i].x11);
	}
	return 0;
}

static int slip_in_an_id_is_refused(void)
{
	CLEANUP_PLANNED struct planned t;

	begin(&t);
	T_OK(plan(&t, "[hardening]\nalso = kernel.trase\n") < 0 && t.e.kind == ERR_USAGE);
	T_OK(strstr(t.e.msg, "[hardening] also") && strstr(t.e.msg, "kernel.trace"));
	/* Audited, but nothing that apply could do. */
	T_OK(plan(&t, "[hardening]\nexcept = account.homes\n") < 0 && t.e.kind == ERR_USAGE);
	T_OK(plan(&t, "[hardening]\nexcept = x11\n") < 0 && t.e.kind == ERR_USAGE);
	return 0;
}

/* --- sshd ------------------------------------------------------------------------------------------ */

static int sshd_gets_limits_and_loses_what_is_weak(void)
{
	CLEANUP_PLANNED struct planned t;
	const char *final, *waits;

	begin(&t);
	T_OK(plan(&t, "[ssh]\nport = 22022\n") == 0);
	final = sshd_text(&t, PHASE_FINISH);
	T_OK(strstr(final, "\nMaxAuthTries 4\n") && strstr(final, "\nX11Forwarding no\n"));
	T_OK(strstr(final, "\nLogLevel VERBOSE\n") && strstr(final, "\nPort 22022\n"));
	T_OK(strstr(final, "\nMACs -umac-64@openssh.com,hmac-sha1\n"));
	/* Right by default: not ours to pin down. */
	T_OK(!strstr(final, "MaxStartups") && !strstr(final, "LoginGraceTime"));
	/* The waiting time has values of its own, and the old port keeps its doors alone. */
	waits = sshd_text(&t, PHASE_RESTRICT);
	T_OK(strstr(waits, "\nLogLevel VERBOSE\n") &&
	     !strstr(strstr(waits, "LogLevel") + 1, "LogLevel"));
	T_OK(strstr(waits, "Match LocalPort 22\n"));
	T_OK(!strstr(strstr(waits, "Match LocalPort"), "MACs") &&
	     !strstr(strstr(waits, "Match LocalPort"), "MaxAuthTries"));
	T_OK(strstr(step_of(&t, "ssh.doors", PHASE_RESTRICT)->title, "4 settings"));
	return 0;
}

/* A list that somebody wrote stays theirs, but for what is weak. */
static int written_list_stays_but_for_what_is_weak(void)
{
	CLEANUP_PLANNED struct planned t;

	begin(&t);
	pretend_file(&t.w.p, "/etc/ssh/sshd_config.d/50-mine.conf",
		     "MACs hmac-sha2-256,hmac-sha1\nMaxStartups 100:30:400\nMaxAuthTries 3\n",
		     0644);
	T_OK(plan(&t, "") == 0);
	T_OK(strstr(sshd_text(&t, PHASE_FINISH), "\nMACs hmac-sha2-256\n"));
	T_OK(strstr(sshd_text(&t, PHASE_FINISH), "\nMaxStartups 10:30:100\n"));
	T_OK(!strstr(sshd_text(&t, PHASE_FINISH), "MaxAuthTries"));
	T_OK(strstr(sshd_text(&t, PHASE_RESTRICT), "\nMaxStartups 100:30:200\n"));
	T_OK(!strstr(sshd_text(&t, PHASE_RESTRICT), "10:30:100"));
	/* Nothing else would be left for anybody: it stays. */
	pretend_file(&t.w.p, "/etc/ssh/sshd_config.d/50-mine.conf", "MACs hmac-sha1\n", 0644);
	T_OK(plan(&t, "") == 0);
	T_OK(!strstr(sshd_text(&t, PHASE_FINISH), "MACs") && warns(&t, "MACs hmac-sha1 stays"));
	return 0;
}

/* Our own line comes first and would hide it: what the owner writes meanwhile counts, if it is as safe. */
static int value_of_the_owner_counts_where_it_is_as_safe(void)
{
	static const struct {
		const char *theirs, *gone, *stays; /* lines of ours */
	} c[] = {
		{ "MaxAuthTries 2\n", "MaxAuthTries", "\nX11Forwarding no\n" },
		{ "MaxAuthTries 6\n", NULL, "\nMaxAuthTries 4\n" },
		{ "MaxAuthTries 0\n", NULL, "\nMaxAuthTries 4\n" },
		{ "MaxAuthTries few\n", NULL, "\nMaxAuthTries 4\n" },
		{ "LogLevel debug3\n", "LogLevel", "\nMaxAuthTries 4\n" },
		{ "LogLevel QUIET\n", NULL, "\nLogLevel VERBOSE\n" },
		{ "MaxStartups 5\n", "MaxStartups", "\nMaxAuthTries 4\n" },
		{ "MaxStartups 50:30:90\n", "MaxStartups", "\nMaxAuthTries 4\n" },
		{ "MaxStartups 10:30:300\n", NULL, "\nMaxStartups 10:30:100\n" },
		/* Said of some only: not what everybody gets. */
		{ "Match User git\n\tMaxAuthTries 2\n", NULL, "\nMaxAuthTries 4\n" },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_PLANNED struct planned t;
		const char *final;

		begin(&t);
		pretend_file(&t.w.p, "/etc/ssh/sshd_config.d/00-kannuki.conf",
			     "MaxAuthTries 4\nX11Forwarding no\nLogLevel VERBOSE\n"
			     "MaxStartups 10:30:100\n",
			     0600);
		pretend_file(&t.w.p, "/etc/ssh/sshd_config.d/50-mine.conf", c[i].theirs, 0644);
		printf("# %s", c[i].theirs);
		T_OK(plan(&t, "[ssh]\nport = 22022\n") == 0);
		final = sshd_text(&t, PHASE_FINISH);
		T_OK(strstr(final, c[i].stays) && (!c[i].gone || !strstr(final, c[i].gone)));
	}
	return 0;
}

static int clients_of_today_are_not_shut_out(void)
{
	static const struct {
		const char *keyword, *before, *after, *lost;
	} c[] = {
		{ "macs", "hmac-sha2-256,hmac-sha1", "hmac-sha2-256", NULL },
		{ "macs", "hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha1",
		  "hmac-sha2-256-etm@openssh.com", "Tera Term 4" },
		{ "kexalgorithms", "curve25519-sha256,ecdh-sha2-nistp256", "curve25519-sha256",
		  "PuTTY" },
		{ "kexalgorithms",
		  "curve25519-sha256@libssh.org,ecdh-sha2-nistp256,diffie-hellman-group14-sha1",
		  "curve25519-sha256@libssh.org,ecdh-sha2-nistp256", NULL },
		{ "kexalgorithms",
		  "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
		  "diffie-hellman-group-exchange-sha256",
		  "curve25519-sha256,curve25519-sha256@libssh.org,"
		  "diffie-hellman-group-exchange-sha256",
		  NULL },
		{ "ciphers", "aes256-gcm@openssh.com,aes128-ctr", "aes256-gcm@openssh.com",
		  "PuTTY" },
		{ "hostkeyalgorithms", "ssh-ed25519,ssh-rsa", "ssh-ed25519", NULL },
		/* An RSA key alone: older clients know it by its old name only. */
		{ "hostkeyalgorithms", "rsa-sha2-512,rsa-sha2-256,ssh-rsa",
		  "rsa-sha2-512,rsa-sha2-256", "PuTTY" },
		/* Who was shut out before is not shut out by us. */
		{ "macs", "umac-128@openssh.com,hmac-sha1", "umac-128@openssh.com", NULL },
		{ "macs", "hmac-sha1", "", NULL },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		const char *lost = ssh_list_loses(c[i].keyword, c[i].before, c[i].after);

		printf("# %s %s: %s\n", c[i].keyword, c[i].after, lost ? lost : "-");
		T_OK(str_eq(lost ? lost : "", c[i].lost ? c[i].lost : ""));
	}
	return 0;
}

/* --- modules --------------------------------------------------------------------------------------- */

static int modules_in_use_are_left(void)
{
	static const char *const there[] = { "net/sctp", "net/dccp",	"fs/hfs",
					     "fs/jffs2", "fs/squashfs", "fs/overlay" };
	CLEANUP_PLANNED struct planned t;
	const struct step *s;
	const char *text;

	begin(&t);
	kernel_has(&t, "kernel/osrelease", "6.1.0");
	for (size_t i = 0; i < COUNT(there); i++) {
		CLEANUP_FREE char *path = xasprintf("/lib/modules/6.1.0/kernel/%s", there[i]);

		fake_dir(t.w.fake, path, 0755);
	}
	fake_file(t.w.fake, "/proc/modules", "sctp 421888 2 - Live 0x0\n", 0444);
	fake_file(t.w.fake, "/etc/fstab", "# a line\n/dev/sdb /old hfs ro 0 0\n", 0644);
	T_OK(plan(&t, "") == 0);
	s = step_of(&t, "kernel.modules", PHASE_ADD);
	T_OK(s);
	text = json_string_value(
		json_object_get(json_array_get(json_object_get(s->args, "changes"), 0), "text"));
	T_STR(text, "# Written by kannuki: [hardening] of /etc/kannuki/policy.conf\n"
		    "install dccp /bin/false\ninstall jffs2 /bin/false\n");
	fake_file(t.w.fake, "/etc/modprobe.d/mine.conf",
		  "blacklist dccp\ninstall jffs2 /bin/true\n", 0644);
	T_OK(plan(&t, "") == 0 && !step_of(&t, "kernel.modules", PHASE_ADD));
	/* What modprobe does not read stops nothing. */
	fake_remove(t.w.fake, "/etc/modprobe.d/mine.conf");
	fake_file(t.w.fake, "/etc/modprobe.d/mine.conf.dpkg-old",
		  "blacklist dccp\ninstall jffs2 /bin/true\n", 0644);
	T_OK(plan(&t, "") == 0 && step_of(&t, "kernel.modules", PHASE_ADD));
	return 0;
}

/* --- sudo ------------------------------------------------------------------------------------------ */

static const char *sudo_says, *sudo_is;

static int sudo(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)e;
	*ret = (struct run_result){ .out = xstrdup(str_eq(r->argv[1], "-V") ? sudo_is : sudo_says),
				    .err = xstrdup("") };
	return 0;
}

#define DEFAULTS(more)                                                                   \
	"Matching Defaults entries for root on vps:\n    env_reset, mail_badpass,\n    " \
	"secure_path=/usr/sbin\\:/usr/bin" more                                          \
	"\n\nUser root may run:\n    (ALL : ALL) ALL, use_pty\n"

static int sudo_gets_a_terminal_of_its_own(void)
{
	static const struct {
		const char *says, *is;
		enum verdict verdict;
		bool writes;
	} c[] = {
		{ DEFAULTS(""), "Sudo version 1.9.5p2\n", VERDICT_FAIL, true },
		{ DEFAULTS(", use_pty"), "Sudo version 1.9.5p2\n", VERDICT_PASS, false },
		{ DEFAULTS(""), "Sudo version 1.9.16p2\n", VERDICT_PASS, false },
		/* Somebody's wish. */
		{ DEFAULTS(", use_pty, !use_pty"), "Sudo version 1.9.13p3\n", VERDICT_FAIL, false },
		{ "(ALL : ALL) ALL\n", "sudo-rs 0.2.2\n", VERDICT_NOT_MEASURED, false },
		{ "(ALL : ALL) ALL\n", "Sudo version 1.8.31\n", VERDICT_FAIL, true },
	};
	const struct control *control = NULL;

	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *k = control_families[i]; k->id; k++)
			if (str_eq(k->id, "account.sudo-terminal"))
				control = k;
	T_OK(control);
	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_PLAN struct plan p = { 0 };
		CLEANUP_DRAFT struct draft d = { .plan = &p, .asks = control };
		CLEANUP_POLICY struct policy policy = { 0 };
		const struct facts facts = { .as_root = true };
		struct fake *fake = fake_new();
		const struct control_in in = { .os = &fake->os,
					       .facts = &facts,
					       .policy = &policy };
		struct finding found = { 0 };
		struct err e = { 0 };

		policy_init(&policy);
		fake_file(fake, "/usr/bin/sudo", "", 0755);
		fake_on_run(fake, "sudo", sudo);
		sudo_says = c[i].says;
		sudo_is = c[i].is;
		printf("# %zu\n", i);
		T_OK(control->probe(&in, control, &found, &e) == 0 &&
		     found.verdict == c[i].verdict);
		T_OK(control->propose(&in, &found, &d, &e) == 0 && p.count == c[i].writes);
		T_OK(!c[i].writes ||
		     str_eq(json_string_value(json_object_get(p.step[0].args, "check")), "visudo"));
		fake_free(fake);
	}
	return 0;
}

/* --- the journal ----------------------------------------------------------------------------------- */

static int journal_is_kept_where_no_log_is(void)
{
	CLEANUP_PLANNED struct planned t;

	begin(&t);
	T_OK(plan(&t, "") == 0 && !step_of(&t, "log.kept", PHASE_ADD));
	fake_remove(t.w.fake, "/var/log/journal/0123456789abcdef0123456789abcdef");
	T_OK(plan(&t, "") == 0 && step_of(&t, "log.kept", PHASE_ADD));
	T_OK(plan(&t, "[hardening]\nexcept = log.kept\n") == 0);
	T_OK(!step_of(&t, "log.kept", PHASE_ADD));
	/* Somebody wants it so. */
	fake_file(t.w.fake, "/etc/systemd/journald.conf", "[Journal]\nStorage=volatile\n", 0644);
	T_OK(plan(&t, "") == 0 && !step_of(&t, "log.kept", PHASE_ADD));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(kernel_is_one_step_with_all_its_values),
		T(reverse_path_is_loose),
		T(all_is_set_where_it_loosens_nothing),
		T(later_file_stays),
		T(sysctl_conf_counts_where_it_is_read),
		T(what_cannot_be_changed_is_left),
		T(bpf_can_be_taken_back),
		T(policy_says_which),
		T(slip_in_an_id_is_refused),
		T(sshd_gets_limits_and_loses_what_is_weak),
		T(written_list_stays_but_for_what_is_weak),
		T(value_of_the_owner_counts_where_it_is_as_safe),
		T(clients_of_today_are_not_shut_out),
		T(modules_in_use_are_left),
		T(sudo_gets_a_terminal_of_its_own),
		T(journal_is_kept_where_no_log_is),
	};

	return t_main(cases, COUNT(cases));
}
