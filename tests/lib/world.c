// SPDX-License-Identifier: MIT
/* world.c - see world.h; its programs are in world_programs.c. */
#include "lib/world.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/filter.h"
#include "lib/keys.h"
#include "lib/world_guard.h"
#include "lib/world_programs.h"

#define PLENTY	 1000000
#define NFT_UNIT "nftables.service"

static void write_sshd(struct world *w)
{
	const struct world_kind *k = &w->kind;
	CLEANUP_STR struct str s = { 0 };

	if (k->include == INCLUDE_FIRST)
		str_add(&s, "Include /etc/ssh/sshd_config.d/*.conf\n");
	for (size_t i = 0; i < COUNT(k->port); i++)
		if (k->port[i])
			str_addf(&s, "Port %u\n", k->port[i]);
	str_add(&s, "UsePAM yes\nKbdInteractiveAuthentication no\n");
	if (k->include == INCLUDE_LATE)
		str_add(&s, "Include /etc/ssh/sshd_config.d/*.conf\n");
	if (k->match_user)
		str_add(&s, "Match User backup\n\tPasswordAuthentication no\n");
	if (k->match_address)
		str_add(&s, "Match Address 192.0.2.0/24\n\tPermitRootLogin yes\n");
	pretend_file(&w->p, "/etc/ssh/sshd_config", s.text, 0644);
	if (!k->drop_in)
		fake_remove(w->fake, "/etc/ssh/sshd_config.d/50-cloud-init.conf");
	if (k->no_keys)
		pretend_file(&w->p, "/etc/ssh/sshd_config.d/70-keys.conf",
			     "PubkeyAuthentication no\n", 0644);
	if (k->root_drop_in)
		pretend_file(&w->p, "/etc/ssh/sshd_config.d/60-root.conf", "PermitRootLogin yes\n",
			     0644);
}

static void keys_of(struct world *w, const char *home)
{
	CLEANUP_FREE char *dir = xasprintf("%s/.ssh", home);
	CLEANUP_FREE char *path = xasprintf("%s/authorized_keys", dir);

	pretend_dir(&w->p, dir, 0700);
	pretend_file(&w->p, path, "# mine\nssh-rsa " RSA2048 " somebody\n", 0600);
}

static void write_accounts(struct world *w)
{
	const struct world_kind *k = &w->kind;
	const char *member = k->admin && k->admin_sudo ? "old,taro" : "old";
	CLEANUP_FREE char *group = xasprintf("root:x:0:\nsudo:x:27:%s\nold:x:1000:\nadm:x:4:\n%s",
					     member, k->admin ? "taro:x:1002:\n" : "");
	CLEANUP_FREE char *gshadow = xasprintf("root:*::\nsudo:*::%s\nold:!::\nadm:*::\n%s", member,
					       k->admin ? "taro:!::\n" : "");

	pretend_file(&w->p, "/etc/group", group, 0644);
	pretend_file(&w->p, "/etc/gshadow", gshadow, 0640);
	pretend_dir(&w->p, "/root", 0700);
	if (k->root_keys)
		keys_of(w, "/root");
	if (k->old_keys)
		keys_of(w, "/home/old");
	if (!k->admin)
		return;
	pretend_file(&w->p, "/etc/passwd",
		     "root:x:0:0:root:/root:/bin/bash\nold:x:1000:1000::/home/old:/bin/bash\n"
		     "taro:x:1002:1002::/home/taro:/bin/bash\n",
		     0644);
	pretend_file(&w->p, "/etc/shadow",
		     "root:$y$root:19000::::::\nold:$y$old:19000::::::\ntaro:$y$t:19000::::::\n",
		     0640);
	pretend_dir(&w->p, "/home/taro", 0755);
	if (k->admin_keys)
		keys_of(w, "/home/taro");
}

static void write_rest(struct world *w)
{
	static const struct {
		const char *path, *text;
		mode_t mode;
	} files[] = {
		{ "/usr/sbin/sshd", "", 0755 },
		{ "/usr/bin/sudo", "", 0755 },
		{ "/proc/1/comm", "systemd\n", 0444 },
		{ "/proc/sys/kernel/hostname", "vps\n", 0444 },
		{ "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n", 0644 },
		{ "/proc/net/route",
		  "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
		  "eth0\t00000000\t010071CB\t0003\t0\t0\t0\t00000000\n",
		  0444 },
		{ "/etc/machine-id", "0123456789abcdef0123456789abcdef\n", 0444 },
		{ "/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n", 0644 },
		{ "/etc/login.defs", "MAIL_DIR /var/mail\nUMASK\t\t022\nUID_MIN 1000\n", 0644 },
		{ "/etc/shells", "/bin/sh\n/bin/bash\n", 0644 },
	};
	static const char *const dirs[] = { "/etc/profile.d",
					    "/etc/security/limits.d",
					    "/etc/systemd/system/sysinit.target.wants",
					    "/etc/systemd/system/multi-user.target.wants",
					    "/run/systemd/system",
					    "/usr/local/sbin",
					    "/var/log/journal/0123456789abcdef0123456789abcdef" };

	for (size_t i = 0; i < COUNT(files); i++)
		fake_file(w->fake, files[i].path, files[i].text, files[i].mode);
	for (size_t i = 0; i < COUNT(dirs); i++)
		fake_dir(w->fake, dirs[i], 0755);
	if (w->kind.cloud) {
		fake_file(w->fake, "/usr/bin/cloud-init", "", 0755);
		fake_dir(w->fake, "/etc/cloud/cloud.cfg.d", 0755);
	}
	if (w->kind.cups) {
		fake_file(w->fake, "/etc/systemd/system/cups.service", "[Service]\n", 0644);
		fake_link(w->fake, WORLD_WANTS "/cups.service", "/etc/systemd/system/cups.service");
		w->p.unit[w->p.unit_count++] = (struct pretend_unit){ .name = "cups.service" };
	}
	if (w->kind.owner == OWNER_NFT) {
		fake_file(w->fake, "/etc/nftables.conf",
			  "flush ruleset\ntable inet mine {\n\tchain input {\n\t\ttype filter hook "
			  "input priority 0; policy drop;\n\t\ttcp dport 22 accept\n\t}\n}\n",
			  0755);
		fake_file(w->fake, "/etc/systemd/system/" NFT_UNIT, "[Service]\n", 0644);
		fake_link(w->fake, WORLD_WANTS "/" NFT_UNIT, "/etc/systemd/system/" NFT_UNIT);
		w->p.unit[w->p.unit_count++] = (struct pretend_unit){ .name = NFT_UNIT };
	}
	if (w->kind.guard)
		fake_file(w->fake, "/usr/local/sbin/kannuki-guard", "guard", 0755);
	if (w->kind.busy_port)
		fake_file(w->fake, "/etc/sysctl.d/10-mine.conf",
			  "net.ipv4.ip_local_reserved_ports = 8080\n", 0644);
}

/* Somebody's table, loaded at each boot; a drop-in of ours empties it. */
static void owner_of_nft(struct pretend *p)
{
	struct world *w = p->arg;
	bool emptied = fake_node(w->fake, "/etc/systemd/system/" NFT_UNIT ".d/kannuki.conf");

	snprintf(p->chain, sizeof(p->chain), "table inet mine {\n\tchain input {\n%s\t}\n}\n",
		 emptied ? "\t\ttype filter hook input priority filter; policy accept;\n"
			 : "\t\ttype filter hook input priority 0; policy drop;\n"
			   "\t\ttcp dport 22 accept\n");
}

void world_init(struct world *w, const struct world_kind *kind)
{
	*w = (struct world){ .fake = fake_new(), .kind = *kind };
	pretend_init(&w->p, &w->fake->os);
	w->p.program = world_program;
	w->p.arg = w;
	w->p.has_socket = kind->socket;
	w->p.owner = kind->owner == OWNER_NFT ? owner_of_nft : NULL;
	write_rest(w);
	write_sshd(w);
	write_accounts(w);
	world_power_on(w);
	world_boot(w);
}

void world_done(struct world *w)
{
	fake_free(w->fake);
}

char *world_text(const struct world_kind *k)
{
	static const char *const includes[] = { "first", "late", "none" };
	static const char *const owners[] = { "none", "nft" };
	CLEANUP_STR struct str s = { 0 };

	str_addf(&s, "ports %u %u, include %s, owner %s", k->port[0], k->port[1],
		 includes[k->include], owners[k->owner]);
	const struct {
		const char *name;
		bool is;
	} flags[] = { { "drop-in", k->drop_in },
		      { "root-drop-in", k->root_drop_in },
		      { "no-keys", k->no_keys },
		      { "match-user", k->match_user },
		      { "match-address", k->match_address },
		      { "socket", k->socket },
		      { "admin", k->admin },
		      { "admin-sudo", k->admin_sudo },
		      { "admin-keys", k->admin_keys },
		      { "root-keys", k->root_keys },
		      { "old-keys", k->old_keys },
		      { "cloud", k->cloud },
		      { "cups", k->cups },
		      { "busy-port", k->busy_port },
		      { "guard", k->guard } };

	for (size_t i = 0; i < COUNT(flags); i++)
		if (flags[i].is)
			str_addf(&s, ", %s", flags[i].name);
	return str_take(&s);
}

char *world_state(struct world *w, bool times)
{
	/* Our own history, and what lives until the next boot only. */
	static const char *const except[] = { "/var/lib/kannuki", "/run", "/tmp",
					      "/proc/sys/kernel/random", NULL };
	const struct pretend *p = &w->p;
	CLEANUP_FREE char *disk = fake_dump(w->fake, times, except);
	CLEANUP_FREE char *config = pretend_ssh_config(&w->p, NULL);
	CLEANUP_STR struct str s = { 0 };

	/* Behind a socket it does not matter whether somebody has come in since. */
	str_addf(&s, "%s\nsshd %d socket %d transient %d ports", disk, p->sshd_runs || p->socket_up,
		 p->socket_up, p->transient_runs);
	for (size_t i = 0; i < p->port_count; i++)
		str_addf(&s, " %u", p->port[i]);
	str_addf(&s, "\nhas read:\n%s\ntable: %s\nchain: %s\n",
		 p->sshd_runs	? p->running
		 : p->socket_up ? config
				: "",
		 p->table, p->chain);
	if (w->guard_table)
		str_addf(&s, "the guard has read:\n%s\n", w->guard_reads);
	for (size_t i = 0; i < p->unit_count; i++)
		if (p->unit[i].active)
			str_addf(&s, "%s runs\n", p->unit[i].name);
	return str_take(&s);
}

void world_restart(struct world *w)
{
	fake_restart(w->fake);
	w->p.budget = PLENTY;
	w->p.late = false;
}

void world_power_on(struct world *w)
{
	struct pretend *p = &w->p;

	fake_power_on(w->fake);
	fake_dir(w->fake, "/run/systemd/system", 0755);
	world_restart(w);
	p->sshd_runs = p->transient_runs = p->socket_up = false;
	p->table[0] = p->chain[0] = '\0';
	w->guard_table = false;
	p->clock = INT64_C(10000000000);
	world_sysctl_boot(w);
}

/* What kannuki-filter.service does. */
static void load_filter(struct world *w)
{
	const char *text = fake_text(w->fake, "/etc/kannuki/filter.json");
	struct filter_spec_owned spec = { 0 };
	json_t *j = json_loads(text, 0, NULL);
	CLEANUP_FREE char *rules = NULL;
	struct err e = { 0 };

	if (!fake_node(w->fake, WORLD_WANTS "/kannuki-filter.service") || !j ||
	    filter_spec_decode(j, &spec, &e) < 0) {
		json_decref(j);
		return;
	}
	json_decref(j);
	rules = filter_ruleset(&spec.spec, NULL, 0, false);
	snprintf(w->p.table, sizeof(w->p.table), "%s",
		 strstr(rules, "delete table") + strlen("delete table inet kannuki\n"));
	filter_spec_owned_done(&spec);
}

void world_boot(struct world *w)
{
	pretend_boot(&w->p);
	load_filter(w);
	world_guard_boot(w);
}
