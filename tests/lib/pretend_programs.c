// SPDX-License-Identifier: MIT
/* pretend_programs.c - see pretend_programs.h. */
#include "lib/pretend_programs.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "lib/pretend_call.h"

/* --- sshd -------------------------------------------------------------------------------- */

/* A file of sshd's, or what is staged in its place; "" where there is none. malloc'd. */
static char *ssh_file(struct pretend *p, const struct run *r, const char *path)
{
	char *text;

	for (size_t k = 0; r && k < r->stage_count; k++)
		if (strcmp(r->stage[k].path, path) == 0)
			return xstrdup(r->stage[k].data ? r->stage[k].data : "");
	text = pretend_text(p, path);
	if (strcmp(text, "(none)") == 0)
		text[0] = '\0';
	return text;
}

/* All of the folder, as Include takes them. */
static void add_drop_ins(struct pretend *p, const struct run *r, struct str *out)
{
	struct strv names CLEANUP_STRV = { 0 };
	struct err e = { 0 };

	os_list(p->base, "/etc/ssh/sshd_config.d", &names, &e);
	for (size_t k = 0; r && k < r->stage_count; k++) {
		const char *name = strrchr(r->stage[k].path, '/') + 1;

		if (str_starts(r->stage[k].path, "/etc/ssh/sshd_config.d/") &&
		    !strv_has(&names, name))
			strv_add(&names, name);
	}
	strv_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("/etc/ssh/sshd_config.d/%s", names.item[i]);
		CLEANUP_FREE char *text = ssh_file(p, r, path);

		if (str_ends(path, ".conf"))
			str_addf(out, "%s\n#end\n", text);
	}
}

char *pretend_ssh_config(struct pretend *p, const struct run *r)
{
	CLEANUP_FREE char *text = ssh_file(p, r, "/etc/ssh/sshd_config");
	struct str out CLEANUP_STR = { 0 };
	char *rest = text, *line;

	while ((line = str_line(&rest)) != NULL)
		if (strcmp(line, "Include /etc/ssh/sshd_config.d/*.conf") == 0)
			add_drop_ins(p, r, &out);
		else
			str_addf(&out, "%s\n", line);
	return str_take(&out);
}

/* First value wins; "" when it is not set. malloc'd. */
static char *first_value(const char *config, const char *keyword)
{
	CLEANUP_FREE char *copy = xstrdup(config);
	CLEANUP_FREE char *start = xasprintf("%s ", keyword);
	char *rest = copy, *line;

	while ((line = str_line(&rest)) != NULL)
		if (str_starts(line, start))
			return xstrdup(line + strlen(start));
	return xstrdup("");
}

static bool is_valid(const char *config)
{
	return !strstr(config, "Bogus");
}

static void read_ports(struct pretend *p, const char *config)
{
	CLEANUP_FREE char *copy = xstrdup(config);
	char *rest = copy, *line;

	p->port_count = 0;
	while ((line = str_line(&rest)) != NULL)
		if (str_starts(line, "Port ") && p->port_count < COUNT(p->port))
			sscanf(line, "Port %u", &p->port[p->port_count++]);
	if (p->port_count == 0)
		p->port[p->port_count++] = 22;
}

static int start_sshd(struct call *c, bool reload);

static void start_with(struct pretend *p, const char *config)
{
	if (!p->reads_nothing)
		snprintf(p->running, sizeof(p->running), "%s", config);
	if (p->socket_up && !p->transient_runs)
		return; /* the sockets it was given */
	read_ports(p, config);
	p->generation++;
}

/* A main file elsewhere, and its one drop-in: the copy for a transient sshd. It must be complete and read nothing
 * of what is in /etc; NULL: it is not. malloc'd. */
static char *copied_config(struct call *c, const char *file)
{
	CLEANUP_FREE char *main_file = pretend_text(c->p, file);
	CLEANUP_FREE char *dir = xstrndup(file, (size_t)(strrchr(file, '/') - file));
	CLEANUP_FREE char *include = xasprintf("Include %s/sshd_config.d/*.conf\n", dir);
	CLEANUP_FREE char *drop_in = xasprintf("%s/sshd_config.d/50-cloud-init.conf", dir);
	CLEANUP_FREE char *text = pretend_text(c->p, drop_in);

	return strstr(main_file, include) ? xasprintf("%s%s", text, main_file) : NULL;
}

static int run_sshd(struct call *c)
{
	CLEANUP_FREE char *config =
		has(c, "-f") ? copied_config(c, after(c, "-f")) : pretend_ssh_config(c->p, c->r);
	CLEANUP_FREE char *password = first_value(config, "PasswordAuthentication");
	struct pretend ports = { 0 };

	if (!config || !is_valid(config))
		return say(c, 255,
			   "/etc/ssh/sshd_config.d/00-kannuki.conf: line 1: Bad configuration "
			   "option: Bogus\n");
	if (!has(c, "-T"))
		return 0;
	read_ports(&ports, config);
	for (size_t i = 0; i < ports.port_count; i++)
		str_addf(&c->out, "port %u\n", ports.port[i]);
	str_addf(&c->out, "passwordauthentication %s\npermitrootlogin yes\nusepam yes\n",
		 password[0] ? password : "yes");
	return 0;
}

/* ssh -v with the method "none": what the running sshd offers, which need not be what its files say. */
static int run_ssh(struct call *c)
{
	CLEANUP_FREE char *password = NULL;

	if (c->p->socket_up && !c->p->sshd_runs)
		start_sshd(c, false);
	password = first_value(c->p->running, "PasswordAuthentication");
	if (!c->p->sshd_runs && !c->p->transient_runs)
		return say(c, 255, "ssh: connect to host 127.0.0.1: Connection refused\n");
	str_add(&c->err, "debug1: Connecting to 127.0.0.1 port 22.\r\n");
	if (c->p->slow)
		return say(c, 255, "Connection timed out during banner exchange\r\n");
	str_addf(&c->err, "debug1: Authentications that can continue: publickey%s\r\n",
		 strcmp(password, "no") == 0 ? "" : ",password");
	return say(c, 255, "Permission denied.\n");
}

static int start_sshd(struct call *c, bool reload)
{
	CLEANUP_FREE char *config = pretend_ssh_config(c->p, NULL);

	if (reload && c->p->sshd_runs && c->p->reload_ignored)
		return 0;
	/* Debian's ExecReload and ExecStartPre ask sshd -t first. */
	if (!is_valid(config)) {
		c->p->sshd_runs = reload && c->p->sshd_runs;
		return say(c, 1, "Job for ssh.service failed.\n");
	}
	if (reload && c->p->sshd_runs && c->p->reload_kills) {
		c->p->sshd_runs = false;
		return 0;
	}
	if (c->p->start_fails && !(reload && c->p->sshd_runs)) {
		c->p->sshd_runs = false;
		return say(c, 1, "Job for ssh.service failed.\n");
	}
	c->p->sshd_runs = true;
	start_with(c->p, config);
	return 0;
}

static int run_systemd_run(struct call *c)
{
	CLEANUP_FREE char *config = copied_config(c, after(c, "-f"));

	if (!config || !strstr(config, "PasswordAuthentication yes"))
		return say(c, 1, "sshd: no usable configuration\n");
	c->p->transient_runs = true;
	start_with(c->p, config);
	return 0;
}

/* --- systemd ----------------------------------------------------------------------------- */

static struct pretend_unit *unit(struct pretend *p, const char *name)
{
	for (size_t i = 0; i < p->unit_count; i++)
		if (strcmp(p->unit[i].name, name) == 0)
			return &p->unit[i];
	if (p->unit_count == COUNT(p->unit))
		abort();
	snprintf(p->unit[p->unit_count].name, sizeof(p->unit[0].name), "%s", name);
	return &p->unit[p->unit_count++];
}

#define WANTS "/etc/systemd/system/multi-user.target.wants"

static bool exists(struct pretend *p, const char *path)
{
	struct node n CLEANUP_NODE = { 0 };
	struct err e = { 0 };

	return os_get(p->base, path, &n, &e) == 0 && n.type != NODE_ABSENT;
}

static bool is_enabled(struct pretend *p, const char *name)
{
	CLEANUP_FREE char *link = xasprintf(WANTS "/%s", name);

	return exists(p, link);
}

static int enable(struct call *c, const char *name, bool on)
{
	CLEANUP_FREE char *link = xasprintf(WANTS "/%s", name);
	CLEANUP_FREE char *target = xasprintf("/etc/systemd/system/%s", name);
	struct node n = { .type = NODE_LINK, .mode = 0777, .data = target, .len = strlen(target) };
	struct node dir = { .type = NODE_DIR, .mode = 0755 };

	if (!on)
		return write_node(c, link, &(struct node){ 0 });
	return write_node(c, WANTS, &dir) < 0 ? -1 : write_node(c, link, &n);
}

/* Of the drop-in that is read last. */
static void read_socket(struct pretend *p)
{
	CLEANUP_FREE char *text =
		pretend_text(p, "/etc/systemd/system/ssh.socket.d/zz-kannuki.conf");
	char *rest = text, *line;

	p->socket_read_count = 0;
	while ((line = str_line(&rest)) != NULL)
		if (str_starts(line, "ListenStream=0.0.0.0:") &&
		    p->socket_read_count < COUNT(p->socket_read))
			sscanf(line, "ListenStream=0.0.0.0:%u",
			       &p->socket_read[p->socket_read_count++]);
	if (p->socket_read_count == 0)
		p->socket_read[p->socket_read_count++] = 22;
}

static void bind_socket(struct pretend *p)
{
	memcpy(p->port, p->socket_read, sizeof(p->port));
	p->port_count = p->socket_read_count;
	p->generation++;
	p->socket_up = true;
}

static int socket_job(struct call *c, const char *verb)
{
	struct pretend *p = c->p;

	if (strcmp(verb, "reset-failed") == 0)
		return 0;
	p->socket_up = false;
	if (strcmp(verb, "stop") == 0)
		return 0;
	if (p->sshd_runs)
		return say(c, 1, "Socket service ssh.service already active, refusing.\n");
	bind_socket(p);
	return 0;
}

static int show_listen(struct call *c)
{
	for (size_t i = 0; i < c->p->socket_read_count; i++)
		str_addf(&c->out, "Listen=0.0.0.0:%u (Stream)\n", c->p->socket_read[i]);
	return 0;
}

static int show(struct call *c)
{
	const char *name = last(c);
	CLEANUP_FREE char *path = xasprintf("/etc/systemd/system/%s", name);

	if (str_eq(after(c, "-p"), "MainPID")) {
		str_addf(&c->out, "%d\n", c->p->sshd_runs ? 700 : 0);
		return 0;
	}
	if (str_eq(after(c, "-p"), "Listen"))
		return show_listen(c);
	str_addf(&c->out, "ActiveState=%s\nUnitFileState=%s\nResult=success\n",
		 pretend_is_active(c->p, name) ? "active" : "inactive",
		 is_enabled(c->p, name) ? "enabled"
		 : exists(c->p, path)	? "disabled"
					: "");
	return 0;
}

static int job(struct call *c, const char *verb, const char *name)
{
	CLEANUP_FREE char *path = xasprintf("/etc/systemd/system/%s", name);

	if (strcmp(name, "ssh.service") == 0) {
		if (strcmp(verb, "stop") == 0)
			c->p->sshd_runs = c->p->socket_up && c->p->come_in && c->p->come_in--;
		else if (strcmp(verb, "reset-failed") != 0)
			return start_sshd(c, strcmp(verb, "reload-or-restart") == 0);
		return 0;
	}
	if (strcmp(name, "ssh.socket") == 0)
		return socket_job(c, verb);
	if (strcmp(verb, "reset-failed") == 0)
		return 0;
	if (!exists(c->p, path) && !unit(c->p, name)->active)
		return say(c, 5, "Failed: Unit not loaded.\n");
	unit(c->p, name)->active = strcmp(verb, "stop") != 0;
	if (c->p->starts_brings_gone)
		c->p->gone = NULL;
	return 0;
}

static int run_systemctl(struct call *c)
{
	const char *verb = arg(c, 1);

	if (strcmp(verb, "show") == 0)
		return show(c);
	if (strcmp(verb, "daemon-reload") == 0) {
		read_socket(c->p);
		return 0;
	}
	for (size_t i = 2; c->r->argv[i]; i++) {
		const char *name = c->r->argv[i];
		int r;

		if (strcmp(verb, "enable") == 0 || strcmp(verb, "disable") == 0)
			r = enable(c, name, strcmp(verb, "enable") == 0);
		else
			r = job(c, verb, name);
		if (r != 0)
			return r;
	}
	return 0;
}

void pretend_boot(struct pretend *p)
{
	struct err e = { 0 };
	struct run r = { .argv = ARGV("boot") };
	struct call c = { .p = p, .r = &r, .e = &e };

	p->transient_runs = p->sshd_runs = p->socket_up = false;
	p->table[0] = '\0';
	for (size_t i = 0; i < p->unit_count; i++)
		p->unit[i].active = is_enabled(p, p->unit[i].name);
	if (p->owner)
		p->owner(p);
	read_socket(p);
	if (p->has_socket)
		bind_socket(p);
	else
		start_sshd(&c, false);
	str_done(&c.err);
	pretend_bans_start(p);
}

/* --- the rest ---------------------------------------------------------------------------- */

/* One of the words of sysctl -w: net/ipv4/tcp_syncookies=1; what the kernel has stands below /proc/sys. */
static int write_setting(struct call *c, const char *word)
{
	size_t n = strcspn(word, "=");
	CLEANUP_FREE char *path = xasprintf("/proc/sys/%.*s", (int)n, word);
	CLEANUP_FREE char *text = word[n] ? xasprintf("%s\n", word + n + 1) : NULL;
	struct node now CLEANUP_NODE = { 0 };
	struct node want CLEANUP_NODE = { 0 };

	if (!text)
		return say(c, 1, "sysctl: it must be of the form: name=value");
	if (os_get(c->p->base, path, &now, c->e) < 0)
		return -1;
	if (now.type == NODE_ABSENT && has(c, "-e"))
		return 0;
	if (now.type == NODE_ABSENT)
		return say(c, 255, "sysctl: cannot stat it: No such file or directory");
	node_file(&want, text, 0644);
	want.mtime = now.mtime; /* the kernel's have none that tells anything */
	return write_node(c, path, &want);
}

static int write_settings(struct call *c)
{
	int r = 0;

	for (size_t i = 1; r == 0 && c->r->argv[i]; i++)
		if (c->r->argv[i][0] != '-')
			r = write_setting(c, c->r->argv[i]);
	return r;
}

static int run_sysctl(struct call *c)
{
	const char *value = strchr(last(c), '=');

	if (has(c, "-w") && strchr(last(c), '/'))
		return write_settings(c);

	if (strchr(last(c), '/'))
		return say(c, 255, "sysctl: cannot stat it: No such file or directory");
	if (has(c, "-w"))
		snprintf(c->p->sysctl, sizeof(c->p->sysctl), "%s", value + 1);
	else
		str_addf(&c->out, "%s\n", c->p->sysctl);
	return 0;
}

/* sudo -n -l -U USER */
static int run_sudo(struct call *c)
{
	if (c->p->no_sudo_line)
		return say(c, 0, "User is not allowed to run sudo on host.\n");
	return say(c, 0, "User may run the following commands on host:\n    (ALL : ALL) ALL\n");
}

static int run_visudo(struct call *c)
{
	const char *text = c->r->stage_count ? c->r->stage[0].data : "";

	return strstr(text, "ALL=") ? 0 : say(c, 1, "syntax error near line 1\n");
}

/* dump: every `NAME "VALUE";` line of the files, in their order. */
static int run_apt_config(struct call *c)
{
	struct strv files CLEANUP_STRV = { 0 };

	if (os_list(c->p->base, "/etc/apt/apt.conf.d", &files, c->e) < 0)
		return -1;
	for (size_t i = 0; i < files.count; i++) {
		CLEANUP_FREE char *path = xasprintf("/etc/apt/apt.conf.d/%s", files.item[i]);
		CLEANUP_FREE char *text = pretend_text(c->p, path);
		char *rest = text, *line, name[128], value[64];

		while ((line = str_line(&rest)))
			if (sscanf(line, "%127s \"%63[^\"]\";", name, value) == 2)
				str_addf(&c->out, "%s=%s\n", name, value);
	}
	return 0;
}

static int run_unattended_upgrade(struct call *c)
{
	return c->p->dry_run_fails ? say(c, 1, "one\nno space left\n") : 0;
}

static int run_sync(struct call *c)
{
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(struct call *c);
} programs[] = {
	{ "useradd", pretend_useradd },
	{ "usermod", pretend_usermod },
	{ "chpasswd", pretend_chpasswd },
	{ "gpasswd", pretend_gpasswd },
	{ "mv", pretend_mv },
	{ "sshd", run_sshd },
	{ "ssh", run_ssh },
	{ "systemctl", run_systemctl },
	{ "systemd-run", run_systemd_run },
	{ "sysctl", run_sysctl },
	{ "sudo", run_sudo },
	{ "visudo", run_visudo },
	{ "sync", run_sync },
	{ "apt-config", run_apt_config },
	{ "unattended-upgrade", run_unattended_upgrade },
	{ "fail2ban-client", pretend_fail2ban },
};

int pretend_run(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e)
{
	struct call c = { .p = p, .r = r, .e = e };
	const char *name = strrchr(r->argv[0], '/');
	int status = 127;

	if (p->program) {
		int mine = p->program(p, r, ret, e);

		if (mine <= 0)
			return mine;
	}
	if (pretend_run_filter(p, r, ret) == 0)
		return 0;
	name = name ? name + 1 : r->argv[0];
	for (size_t i = 0; i < COUNT(programs); i++)
		if (strcmp(programs[i].name, name) == 0)
			status = programs[i].fn(&c);
	if (status < 0) {
		str_done(&c.out);
		str_done(&c.err);
		return -1;
	}
	*ret = (struct run_result){ .status = status, .out_len = c.out.len };
	ret->out = str_take(&c.out);
	ret->err = str_take(&c.err);
	return 0;
}
