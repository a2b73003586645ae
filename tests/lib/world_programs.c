// SPDX-License-Identifier: MIT
/* world_programs.c - see world_programs.h: sshd with Match, systemd's units, nft's JSON. */
#include "lib/world_programs.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/sshd_config.h"
#include "lib/world_guard.h"

#define RESERVED     "/proc/sys/net/ipv4/ip_local_reserved_ports"
#define RESERVED_KEY "net.ipv4.ip_local_reserved_ports"

struct said {
	int status;
	struct str out, err;
};

static const char *word(const struct run *r, size_t i)
{
	for (size_t k = 0; k <= i; k++)
		if (!r->argv[k])
			return "";
	return r->argv[i];
}

static const char *last(const struct run *r)
{
	size_t i = 0;

	while (r->argv[i + 1])
		i++;
	return r->argv[i];
}

static const char *after(const struct run *r, const char *option)
{
	for (size_t i = 0; r->argv[i]; i++)
		if (str_eq(r->argv[i], option))
			return word(r, i + 1);
	return NULL;
}

/* --- sshd --------------------------------------------------------------------------------- */

static const char *const defaults[][2] = {
	{ "passwordauthentication", "yes" },
	{ "kbdinteractiveauthentication", "yes" },
	{ "pubkeyauthentication", "yes" },
	{ "permitrootlogin", "without-password" },
	{ "usepam", "no" },
	{ "authorizedkeysfile", ".ssh/authorized_keys .ssh/authorized_keys2" },
	{ "x11forwarding", "yes" },
	{ "maxauthtries", "6" },
	{ "maxstartups", "10:30:100" },
	{ "loglevel", "INFO" },
	{ "tcpkeepalive", "yes" },
	{ "clientaliveinterval", "0" },
	{ "clientalivecountmax", "3" },
	{ "compression", "yes" },
	{ "allowagentforwarding", "yes" },
	{ "allowtcpforwarding", "yes" },
	{ "macs", "umac-64@openssh.com,hmac-sha2-256,hmac-sha1,hmac-sha2-512" },
};

/* The first value outside of Match, or, where one is, the first inside of a block that holds
 * (sshd_config(5)); malloc'd. */
static char *value_of(const char *config, const char *keyword, const struct sshd_view *v)
{
	CLEANUP_FREE char *copy = xstrdup(config);
	CLEANUP_FREE char *outside = NULL;
	CLEANUP_FREE char *inside = NULL;
	char *rest = copy, *line;
	bool in_match = false, holds = false;

	while ((line = str_line(&rest))) {
		char *text = str_trim(line), *value = text + strcspn(text, " \t");
		char **at = in_match ? &inside : &outside;

		if (str_eq(text, "#end"))
			in_match = false;
		if (text[0] == '#' || *value == '\0')
			continue;
		*value++ = '\0';
		str_lower(text);
		if (str_eq(text, "match")) {
			in_match = true;
			holds = sshd_match(value, v) == HOLDS;
		} else if (str_eq(text, keyword) && !*at && (!in_match || holds)) {
			*at = xstrdup(str_trim(value));
		}
	}
	return inside ? TAKE(inside) : TAKE(outside);
}

/* sshd_config(5): a list that begins with "-" is the default without these. malloc'd. */
static char *list_without(const char *list, const char *names)
{
	CLEANUP_STRV struct strv all = { 0 };
	CLEANUP_STRV struct strv gone = { 0 };
	CLEANUP_STRV struct strv left = { 0 };

	strv_split(&all, list, ",");
	strv_split(&gone, names, ",");
	for (size_t i = 0; i < all.count; i++)
		if (!strv_has(&gone, all.item[i]))
			strv_add(&left, all.item[i]);
	return strv_join(&left, ",");
}

static void add_values(const char *config, const struct sshd_view *v, struct str *out)
{
	CLEANUP_FREE char *copy = xstrdup(config);
	char *rest = copy, *line;
	bool port = false;

	while ((line = str_line(&rest)))
		if (str_starts(line, "Port ")) {
			str_addf(out, "port %s\n", line + 5);
			port = true;
		}
	if (!port)
		str_add(out, "port 22\n");
	for (size_t i = 0; i < COUNT(defaults); i++) {
		CLEANUP_FREE char *value = value_of(config, defaults[i][0], v);

		if (str_eq(value, "prohibit-password")) {
			free(value);
			value = xstrdup("without-password");
		}
		if (value && value[0] == '-') {
			char *left = list_without(defaults[i][1], value + 1);

			free(value);
			value = left;
		}
		str_addf(out, "%s %s\n", defaults[i][0], value ? value : defaults[i][1]);
	}
}

static void run_sshd(struct world *w, const struct run *r, struct said *s)
{
	CLEANUP_FREE char *config = pretend_ssh_config(&w->p, r);
	char user[64] = "", addr[64] = "", local[64] = "";
	struct sshd_view v = { .user = user };

	if (!str_eq(word(r, 1), "-T"))
		return;
	if (sscanf(word(r, 3), "user=%63[^,],host=%*[^,],addr=%63[^,],laddr=%63[^,],lport=%u", user,
		   addr, local, &v.port) != 4 ||
	    addr_parse(addr, &v.addr) < 0 || addr_parse(local, &v.local) < 0) {
		s->status = 255;
		str_addf(&s->err, "Invalid test mode specification %s\n", word(r, 3));
		return;
	}
	add_values(config, &v, &s->out);
}

/* What the running sshd says to somebody at that port. */
static bool takes(struct world *w, const struct sshd_view *v, const char *keyword)
{
	CLEANUP_FREE char *value = value_of(w->p.running, keyword, v);

	for (size_t i = 0; !value && i < COUNT(defaults); i++)
		if (str_eq(defaults[i][0], keyword))
			value = xstrdup(defaults[i][1]);
	return !str_eq(value, "no");
}

/* Behind a socket each connection gets an sshd that reads anew. */
static void wake_sshd(struct world *w)
{
	CLEANUP_FREE char *config = NULL;

	if (!w->p.socket_up || w->p.sshd_runs)
		return;
	config = pretend_ssh_config(&w->p, NULL);
	snprintf(w->p.running, sizeof(w->p.running), "%s", config);
	w->p.sshd_runs = true;
}

static void run_ssh(struct world *w, const struct run *r, struct said *s)
{
	struct sshd_view v = { .user = (char *)after(r, "-l") };
	uint64_t port = 0;

	s->status = 255;
	if (!v.user || str_to_u64(after(r, "-p"), 1, 65535, &port) < 0)
		return; /* ssh -V */
	v.port = (unsigned)port;
	if (!pretend_listens(&w->p, v.port)) {
		str_add(&s->err, "ssh: connect to host: Connection refused\n");
		return;
	}
	wake_sshd(w);
	if (addr_parse(word(r, 22), &v.addr) < 0)
		addr_parse("127.0.0.1", &v.addr);
	v.local = v.addr;
	str_addf(&s->err, "debug1: Authentications that can continue: %s%s\r\n",
		 takes(w, &v, "pubkeyauthentication") ? "publickey" : "none",
		 takes(w, &v, "passwordauthentication") ? ",password" : "");
}

/* Does our table, and that of others, let this port in? */
static bool filter_lets_in(const struct pretend *p, unsigned port)
{
	CLEANUP_FREE char *set = NULL;
	CLEANUP_STRV struct strv ports = { 0 };
	CLEANUP_FREE char *number = xasprintf("%u", port);
	const char *at = strstr(p->table, "set ssh_ports {");

	if (p->chain[0] && strstr(p->chain, "policy drop") && port != 22)
		return false;
	if (!strstr(p->table, "hook input") || !strstr(p->table, "policy drop"))
		return true;
	at = at ? strstr(at, "elements = { ") : NULL;
	if (!at)
		return false;
	at += strlen("elements = { ");
	set = xstrndup(at, strcspn(at, "}"));
	strv_split(&ports, set, ", ");
	return strv_has(&ports, number);
}

bool world_door(struct world *w, unsigned port, const char *user, const char *method)
{
	struct sshd_view v = { .user = (char *)user, .port = port };
	CLEANUP_FREE char *config = NULL;
	CLEANUP_FREE char *root = NULL;

	if (!pretend_listens(&w->p, port) || !filter_lets_in(&w->p, port))
		return false;
	if (!w->p.sshd_runs) { /* the next connection's will read this */
		config = pretend_ssh_config(&w->p, NULL);
		snprintf(w->p.running, sizeof(w->p.running), "%s", config);
	}
	addr_parse("203.0.113.9", &v.addr);
	addr_parse("203.0.113.5", &v.local);
	root = str_eq(user, "root") ? value_of(w->p.running, "permitrootlogin", &v)
				    : xstrdup("yes");
	if (str_eq(root, "no") || (!str_eq(root, "yes") && str_eq(method, "password")))
		return false;
	return takes(w, &v,
		     str_eq(method, "password") ? "passwordauthentication"
						: "pubkeyauthentication");
}

/* --- systemd ------------------------------------------------------------------------------ */

static bool is_there(struct world *w, const char *path)
{
	return fake_node(w->fake, path) != NULL;
}

static bool is_enabled(struct world *w, const char *unit)
{
	CLEANUP_FREE char *link = xasprintf(
		"/etc/systemd/system/%s/%s",
		strstr(unit, "recover-boot") ? "sysinit.target.wants" : "multi-user.target.wants",
		unit);

	return is_there(w, link);
}

static bool is_known(struct world *w, const char *unit)
{
	CLEANUP_FREE char *path = xasprintf("/etc/systemd/system/%s", unit);

	if (str_eq(unit, "ssh.service"))
		return true;
	if (str_eq(unit, "ssh.socket"))
		return w->p.has_socket;
	return is_there(w, path);
}

static bool is_active(struct world *w, const char *unit)
{
	if (str_eq(unit, "ssh.service"))
		return w->p.sshd_runs;
	return str_eq(unit, "ssh.socket") ? w->p.socket_up : pretend_is_active(&w->p, unit);
}

static void show_block_of(struct world *w, const char *unit, struct said *s)
{
	bool known = is_known(w, unit);

	str_addf(&s->out, "%sId=%s\nLoadState=%s\nActiveState=%s\nUnitFileState=%s\n",
		 s->out.len ? "\n" : "", unit, known ? "loaded" : "not-found",
		 is_active(w, unit) ? "active" : "inactive",
		 !known			       ? ""
		 : str_eq(unit, "ssh.service") ? (w->p.has_socket ? "disabled" : "enabled")
		 : str_eq(unit, "ssh.socket")  ? "enabled"
		 : is_enabled(w, unit)	       ? "enabled"
					       : "disabled");
	if (str_eq(unit, "ssh.service"))
		str_addf(&s->out,
			 "MainPID=%d\nExecStart={ path=/usr/sbin/sshd ; argv[]="
			 "/usr/sbin/sshd -D ; ignore_errors=no ; }\n",
			 w->p.sshd_runs ? 700 : 0);
	if (str_eq(unit, "ssh.socket"))
		for (size_t i = 0; i < w->p.socket_read_count; i++)
			str_addf(&s->out, "Listen=0.0.0.0:%u (Stream)\n", w->p.socket_read[i]);
}

/* One property for the dead-man: `show --value -p NAME -- UNIT`. */
static void show_value_of(struct world *w, const struct run *r, struct said *s)
{
	const char *property = word(r, 4), *unit = word(r, 6), *value = "";

	if (str_eq(property, "UserspaceTimestampMonotonic"))
		value = "1000";
	else if (str_eq(property, "ActiveState"))
		value = strstr(unit, "apply@") ? "inactive" : "active";
	else if (str_eq(property, "UnitFileState"))
		value = is_enabled(w, unit) ? "enabled" : "disabled";
	else if (str_eq(property, "LoadState"))
		value = "loaded";
	else if (str_eq(property, "NeedDaemonReload"))
		value = "no";
	str_addf(&s->out, "%s\n", value);
}

static bool is_of_deadman(const char *unit)
{
	return str_starts(unit, "kannuki-") && !str_eq(unit, "kannuki-filter.service") &&
	       !str_starts(unit, "kannuki-audit.") && !str_eq(unit, "kannuki-guard.service");
}

static int run_systemctl(struct world *w, const struct run *r, struct said *s)
{
	const char *property = after(r, "-p");
	bool units = false;

	if (str_eq(word(r, 1), "show") && str_eq(word(r, 2), "--value")) {
		show_value_of(w, r, s);
		return 0;
	}
	if (property && strstr(property, "Id")) {
		for (size_t i = 0; r->argv[i]; i++) {
			if (units)
				show_block_of(w, r->argv[i], s);
			units = units || str_eq(r->argv[i], "--");
		}
		return 0;
	}
	return is_of_deadman(last(r)) ? 0 : 1;
}

/* --- the packet filter ---------------------------------------------------------------------- */

static json_t *elements(const char *text)
{
	CLEANUP_FREE char *list = xstrndup(text, strcspn(text, "}"));
	CLEANUP_STRV struct strv all = { 0 };
	json_t *array = json_array();

	strv_split(&all, list, ",");
	for (size_t i = 0; i < all.count; i++)
		json_array_append_new(array, json_string(str_trim(all.item[i])));
	return array;
}

static json_t *chain_json(const char *table, const char *name, const char *line)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "family", "inet", "table", table, "name",
			 name, "type", "filter", "hook",
			 strstr(line, "hook input") ? "input" : "forward", "policy",
			 strstr(line, "policy drop") ? "drop" : "accept");
}

/* A table as `nft -s list` has it, as its -j has it. */
static json_t *table_json(const char *text, const char *table, bool whole)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	json_t *all = json_array(), *set = NULL;
	char *rest = copy, *line, name[64] = "";

	while ((line = str_line(&rest))) {
		char *comment = strstr(line, " comment \"");

		if (sscanf(line, " set %63s {", name) == 1) {
			set = json_pack("{s:s}", "name", name);
			if (whole)
				json_array_append_new(all, json_pack("{s:O}", "set", set));
			json_decref(set);
			if (!whole)
				set = NULL;
		} else if (sscanf(line, " chain %63s {", name) == 1) {
			set = NULL;
		} else if (set && strstr(line, "elements = { ")) {
			json_object_set_new(set, "elem", elements(strstr(line, "= { ") + 4));
		} else if (strstr(line, "type filter hook")) {
			json_array_append_new(
				all, json_pack("{s:o}", "chain", chain_json(table, name, line)));
		} else if (comment && whole) {
			comment += strlen(" comment \"");
			comment[strcspn(comment, "\"")] = '\0';
			json_array_append_new(all, json_pack("{s:{s:s, s:s}}", "rule", "chain",
							     name, "comment", comment));
		}
	}
	return all;
}

static int run_nft(struct world *w, const struct run *r, struct said *s)
{
	json_t *all, *mine;
	CLEANUP_FREE char *text = NULL;

	if (!str_eq(word(r, 1), "-j"))
		return 1;
	if (after(r, "kannuki") && !w->p.table[0]) {
		s->status = 1;
		str_add(&s->err, "Error: No such file or directory\n");
		return 0;
	}
	all = table_json(w->p.table, "kannuki", after(r, "kannuki") != NULL);
	mine = table_json(w->p.chain, "mine", false);
	if (!after(r, "kannuki"))
		json_array_extend(all, mine);
	json_decref(mine);
	text = json_take_text(json_pack("{s:o}", "nftables", all));
	str_add(&s->out, text);
	return 0;
}

/* --- the rest ------------------------------------------------------------------------------- */

/* What a kernel has before its settings are read, and those of our file after it. */
static void kernel_boot(struct world *w)
{
	static const char *const settings[][2] = {
		{ "net/ipv4/tcp_syncookies", "1" },
		{ "net/ipv4/conf/all/accept_redirects", "1" },
		{ "net/ipv4/conf/default/accept_redirects", "1" },
		{ "net/ipv4/conf/eth0/accept_redirects", "1" },
		{ "net/ipv4/conf/eth0/forwarding", "0" },
		{ "kernel/kptr_restrict", "0" },
	};
	const char *file = fake_text(w->fake, "/etc/sysctl.d/60-kannuki.conf");

	for (size_t i = 0; i < COUNT(settings); i++) {
		CLEANUP_FREE char *path = xasprintf("/proc/sys/%s", settings[i][0]);
		CLEANUP_FREE char *name = xstrdup(settings[i][0]);
		CLEANUP_FREE char *text = NULL;
		const char *at;

		for (char *c = name; (c = strchr(c, '/'));)
			*c = '.';
		at = strstr(file, name);
		text = at ? xasprintf("%.*s\n", (int)strcspn(at + strlen(name) + 3, "\n"),
				      at + strlen(name) + 3)
			  : xasprintf("%s\n", settings[i][1]);
		fake_file(w->fake, path, text, 0644);
	}
}

void world_sysctl_boot(struct world *w)
{
	CLEANUP_STRV struct strv names = { 0 };
	CLEANUP_FREE char *value = xstrdup("");
	struct err e = { 0 };

	os_list(&w->fake->os, "/etc/sysctl.d", &names, &e);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("/etc/sysctl.d/%s", names.item[i]);
		const char *at = strstr(fake_text(w->fake, path), RESERVED_KEY);

		if (!at)
			continue;
		at += strlen(RESERVED_KEY) + strspn(at + strlen(RESERVED_KEY), " =");
		free(value);
		value = xstrndup(at, strcspn(at, "\n"));
	}
	fake_file(w->fake, RESERVED, value, 0644);
	kernel_boot(w);
}

/* sysctl -w -e net/ipv4/tcp_syncookies=1 … */
static int write_settings(struct world *w, const struct run *r, struct err *e)
{
	for (size_t i = 3; r->argv[i]; i++) {
		size_t n = strcspn(r->argv[i], "=");
		CLEANUP_FREE char *path = xasprintf("/proc/sys/%.*s", (int)n, r->argv[i]);
		CLEANUP_FREE char *text = xasprintf("%s\n", r->argv[i] + n + 1);
		struct node want CLEANUP_NODE = { 0 };

		node_file(&want, text, 0644);
		if (os_put(&w->p.os, path, NULL, &want, e) < 0)
			return -1;
	}
	return 0;
}

static int run_sysctl(struct world *w, const struct run *r, struct said *s, struct err *e)
{
	const char *value = strchr(last(r), '=');
	struct node n CLEANUP_NODE = { 0 };

	if (!str_eq(word(r, 1), "-w")) {
		str_addf(&s->out, "%s\n", fake_text(w->fake, RESERVED));
		return 0;
	}
	if (strchr(last(r), '/'))
		return write_settings(w, r, e);
	node_file(&n, value ? value + 1 : "", 0644);
	return os_put(&w->p.os, RESERVED, NULL, &n, e);
}

/* sudo -n -l -U USER */
static void run_sudo(struct world *w, const struct run *r, struct said *s)
{
	const char *user = last(r);
	CLEANUP_FREE char *path = xasprintf("/etc/sudoers.d/kannuki-%s", user);
	CLEANUP_FREE char *copy = xstrdup(fake_text(w->fake, "/etc/group"));
	char *rest = copy, *line;

	while ((line = str_line(&rest)))
		if (str_starts(line, "sudo:") && strstr(line, user))
			str_add(&s->out, "    (ALL : ALL) ALL\n");
	if (is_there(w, path))
		str_add(&s->out, "    (ALL) NOPASSWD: ALL\n");
}

/* 1: none of ours; < 0: the power went. */
static int run(struct world *w, const struct run *r, struct said *s, struct err *e)
{
	const char *slash = strrchr(r->argv[0], '/'), *name = slash ? slash + 1 : r->argv[0];

	if (str_eq(name, "sshd"))
		run_sshd(w, r, s);
	else if (str_eq(name, "ssh"))
		run_ssh(w, r, s);
	else if (str_eq(name, "sudo"))
		run_sudo(w, r, s);
	else if (str_eq(name, "systemctl"))
		return run_systemctl(w, r, s);
	else if (str_eq(name, "nft"))
		return run_nft(w, r, s);
	else if (str_eq(name, "sysctl"))
		return run_sysctl(w, r, s, e);
	else if (!str_eq(name, "recover") && !(str_eq(name, "visudo") && !r->stage_count))
		return 1;
	return 0;
}

int world_program(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e)
{
	struct said s = { 0 };
	int status;

	if (world_guard_program(p->arg, r, ret) == 0)
		return 0;
	status = run(p->arg, r, &s, e);
	if (status == 0)
		*ret = (struct run_result){ .status = s.status, .out_len = s.out.len };
	if (status == 0)
		ret->out = str_take(&s.out);
	if (status == 0)
		ret->err = str_take(&s.err);
	str_done(&s.out);
	str_done(&s.err);
	return status;
}
