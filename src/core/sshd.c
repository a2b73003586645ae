// SPDX-License-Identifier: MIT
/* sshd.c - see sshd.h. */
#include "core/sshd.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "core/sshd_config.h"

#define PROGRAM "/usr/sbin/sshd"

static void setting_done(struct sshd_setting *s)
{
	free(s->keyword);
	free(s->value);
	free(s->file);
}

void sshd_view_done(struct sshd_view *v)
{
	for (size_t i = 0; i < v->count; i++)
		setting_done(&v->setting[i]);
	free(v->setting);
	free(v->who);
	free(v->user);
	*v = (struct sshd_view){ 0 };
}

void sshd_done(struct sshd *s)
{
	for (size_t i = 0; i < s->file_count; i++) {
		free(s->file[i].path);
		node_done(&s->file[i].node);
	}
	for (size_t i = 0; i < s->view_count; i++)
		sshd_view_done(&s->view[i]);
	free(s->program);
	free(s->version);
	free(s->unit);
	free(s->socket_unit);
	strv_done(&s->options);
	free(s->file);
	free(s->port);
	free(s->view);
	*s = (struct sshd){ 0 };
}

const struct sshd_setting *sshd_setting(const struct sshd_view *v, const char *keyword)
{
	for (size_t i = 0; i < v->count; i++)
		if (str_eq(v->setting[i].keyword, keyword))
			return &v->setting[i];
	return NULL;
}

const char *sshd_value(const struct sshd_view *v, const char *keyword)
{
	const struct sshd_setting *s = sshd_setting(v, keyword);

	return s ? s->value : "";
}

const struct sshd_view *sshd_view_of(const struct sshd *s, const char *who, unsigned port)
{
	for (size_t i = 0; i < s->view_count; i++)
		if (str_eq(s->view[i].who, who) && (port == 0 || s->view[i].port == port))
			return &s->view[i];
	return NULL;
}

struct places {
	const char *keyword;
	struct sshd_place *place;
	size_t count;
	const struct sshd *s;
};

static void take_place(void *arg, const struct config_line *l)
{
	struct places *p = arg;

	if (!str_eq(l->keyword, p->keyword))
		return;
	p->place = xrealloc(p->place, p->count + 1, sizeof(*p->place));
	p->place[p->count] = (struct sshd_place){ .line = l->line,
						  .value = xstrdup(l->value),
						  .in_match = l->in_match };
	for (size_t i = 0; i < p->s->file_count; i++)
		if (str_eq(p->s->file[i].path, l->file))
			p->place[p->count].file = p->s->file[i].path;
	p->count++;
}

size_t sshd_places(const struct sshd *s, const char *keyword, struct sshd_place **ret)
{
	struct places p = { .keyword = keyword, .s = s };

	sshd_config_walk(s, NULL, take_place, &p);
	*ret = p.place;
	return p.count;
}

struct decision {
	const char *keyword;
	char *file, *value;
	unsigned line;
	bool from_match;
};

/* Of active lines the first in a Match wins, else the first of all (sshd_config(5)). */
static void take_decision(void *arg, const struct config_line *l)
{
	struct decision *d = arg;

	if (!l->active || !str_eq(l->keyword, d->keyword) ||
	    (d->file && (d->from_match || !l->in_match)))
		return;
	free(d->file);
	free(d->value);
	d->file = xstrdup(l->file);
	d->value = xstrdup(l->value);
	d->line = l->line;
	d->from_match = l->in_match;
}

/* The walk may only explain what sshd itself says. */
static bool agrees(const char *written, const char *effective)
{
	if (str_case_eq(written, effective))
		return true;
	if (str_case_eq(written, "prohibit-password") || str_case_eq(written, "without-password"))
		return str_eq(effective, "without-password") ||
		       str_eq(effective, "prohibit-password");
	if (str_case_eq(written, "true") || str_case_eq(written, "false"))
		return str_eq(effective, str_case_eq(written, "true") ? "yes" : "no");
	/* Lists that append: one of the lines. */
	return strstr(effective, "\n") && strstr(effective, written);
}

static void explain(const struct sshd *s, const struct sshd_view *v, struct sshd_setting *x)
{
	/* An alias since OpenSSH 8.7. */
	static const char *const alias = "challengeresponseauthentication";
	struct decision d = { .keyword = x->keyword };

	sshd_config_walk(s, v, take_decision, &d);
	if (!d.file && str_eq(x->keyword, "kbdinteractiveauthentication")) {
		d.keyword = alias;
		sshd_config_walk(s, v, take_decision, &d);
	}
	if (d.file && agrees(d.value, x->value)) {
		x->file = TAKE(d.file);
		x->line = d.line;
	}
	free(d.file);
	free(d.value);
}

/* The keywords that doors, keys and findings hang on; explaining all hundred would cost a walk each. */
static bool worth_explaining(const char *keyword)
{
	static const char *const all[] = {
		"port",
		"listenaddress",
		"permitrootlogin",
		"passwordauthentication",
		"kbdinteractiveauthentication",
		"challengeresponseauthentication",
		"pubkeyauthentication",
		"authenticationmethods",
		"permitemptypasswords",
		"usepam",
		"authorizedkeysfile",
		"allowusers",
		"denyusers",
		"allowgroups",
		"denygroups",
		"strictmodes",
		"maxauthtries",
		"logingracetime",
		"x11forwarding",
		"loglevel",
		"maxstartups",
		"hostbasedauthentication",
	};

	for (size_t i = 0; i < COUNT(all); i++)
		if (str_eq(all[i], keyword))
			return true;
	return false;
}

static void add_setting(struct sshd_view *v, const char *keyword, const char *value)
{
	for (size_t i = 0; i < v->count; i++) {
		char *longer;

		if (!str_eq(v->setting[i].keyword, keyword))
			continue;
		longer = xasprintf("%s\n%s", v->setting[i].value, value);
		free(v->setting[i].value);
		v->setting[i].value = longer;
		return;
	}
	v->setting = xrealloc(v->setting, v->count + 1, sizeof(*v->setting));
	v->setting[v->count++] =
		(struct sshd_setting){ .keyword = xstrdup(keyword), .value = xstrdup(value) };
}

static void parse_answer(char *text, struct sshd_view *v)
{
	char *line;

	while ((line = str_line(&text))) {
		char *blank = strchr(line, ' ');

		if (blank)
			*blank++ = '\0';
		if (line[0])
			add_setting(v, line, blank ? blank : "");
	}
}

/* Trap 11: without its privilege separation folder sshd refuses even to test. */
static int make_run_dir(struct os *os, struct err *e)
{
	if (os_uid(os) != 0)
		return 0;
	return os_mkdir(os, "/run/sshd", 0755, e);
}

static int run_sshd(struct os *os, const struct sshd *s, const char *mode, const char *connection,
		    const struct run *stage, struct run_result *ret, struct err *e)
{
	CLEANUP_STRV struct strv argv = { 0 };
	struct run run = stage ? *stage : (struct run){ 0 };

	strv_add(&argv, s->program);
	strv_add(&argv, mode);
	if (connection) {
		strv_add(&argv, "-C");
		strv_add(&argv, connection);
	}
	for (size_t i = 0; i < s->options.count; i++)
		strv_add(&argv, s->options.item[i]);
	run.argv = (const char *const *)argv.item;
	if (os_run(os, &run, ret, e) < 0)
		return -1;
	if (ret->timed_out)
		return err_set(e, ERR_FAILED, "%s %s: took too long", s->program, mode);
	if (ret->status != 0)
		return err_set(e, ERR_FAILED, "%s: %s", s->program, str_trim(ret->err));
	return 0;
}

static int ask(struct os *os, const struct sshd *s, const struct run *stage,
	       const struct sshd_view *as_asked, struct sshd_view *ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_FREE char *connection = NULL;
	char addr[ADDR_TEXT];

	addr_text(&as_asked->addr, addr);
	connection =
		xasprintf("user=%s,host=%s,addr=%s,laddr=%s,lport=%u", as_asked->user, addr, addr,
			  as_asked->addr.family == AF_INET6 ? "::" : "0.0.0.0", as_asked->port);
	if (run_sshd(os, s, "-T", connection, stage, &r, e) < 0)
		return -1;
	*ret = (struct sshd_view){ .who = xstrdup(as_asked->who),
				   .user = xstrdup(as_asked->user),
				   .addr = as_asked->addr,
				   .port = as_asked->port };
	parse_answer(r.out, ret);
	return 0;
}

int sshd_view_staged(struct os *os, const struct sshd *s, const struct run_stage *stage,
		     size_t stage_count, const struct sshd_view *as_asked, struct sshd_view *ret,
		     struct err *e)
{
	const struct run with = { .stage_dir = "/etc/ssh",
				  .stage = stage,
				  .stage_count = stage_count };
	CLEANUP_RUN struct run_result r = { 0 };

	if (make_run_dir(os, e) < 0 || run_sshd(os, s, "-t", NULL, &with, &r, e) < 0)
		return -1;
	return ask(os, s, &with, as_asked, ret, e);
}

static int gather_views(struct os *os, const struct sshd_query *q, struct sshd *s, struct err *e)
{
	const unsigned *port = q->port_count ? q->port : s->port;
	size_t ports = q->port_count ? q->port_count : s->port_count;

	for (size_t w = 0; w < q->who_count; w++)
		for (size_t a = 0; a < q->addr_count; a++)
			for (size_t p = 0; p < ports; p++) {
				const struct sshd_view asked = { .who = (char *)q->who[w].who,
								 .user = (char *)q->who[w].user,
								 .addr = q->addr[a],
								 .port = port[p] };
				struct sshd_view *v;

				s->view = xrealloc(s->view, s->view_count + 1, sizeof(*s->view));
				v = &s->view[s->view_count];
				if (ask(os, s, NULL, &asked, v, e) < 0)
					return -1;
				s->view_count++;
				for (size_t i = 0; i < v->count; i++)
					if (worth_explaining(v->setting[i].keyword))
						explain(s, v, &v->setting[i]);
			}
	return 0;
}

static void take_port(struct sshd *s, unsigned port)
{
	for (size_t i = 0; i < s->port_count; i++)
		if (s->port[i] == port)
			return;
	s->port = xrealloc(s->port, s->port_count + 1, sizeof(*s->port));
	s->port[s->port_count++] = port;
}

/* With a socket unit an idle listener belongs to PID 1; which of its ports are SSH's, its unit says. */
static int socket_unit_ports(struct os *os, struct sshd *s, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	if (os_run_ok(os,
		      ARGV("systemctl", "show", "--value", "-p", "Listen", "--", s->socket_unit),
		      &r, e) < 0)
		return -1;
	rest = r.out;
	while ((line = str_line(&rest))) {
		char *colon, *end;
		uint64_t port;

		end = strstr(line, " (Stream)");
		if (!end)
			continue;
		*end = '\0';
		colon = strrchr(line, ':');
		if (str_to_u64(colon ? colon + 1 : line, 1, 65535, &port) == 0)
			take_port(s, (unsigned)port);
	}
	return 0;
}

static int find_ports(struct os *os, const struct socket_info *socket, size_t count, struct sshd *s,
		      struct err *e)
{
	for (size_t i = 0; i < count; i++)
		if (socket[i].kind == SOCKET_TCP_LISTEN && str_eq(socket[i].comm, "sshd") &&
		    !addr_is_loopback(&socket[i].local))
			take_port(s, socket[i].local_port);
	return s->socket_unit ? socket_unit_ports(os, s, e) : 0;
}

static int read_version(struct os *os, struct sshd *s, struct err *e)
{
	const struct run run = { .argv = ARGV("ssh", "-V") };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	s->version = xstrdup(r.status == 0 ? str_trim(r.err) : "");
	return 0;
}

/* SSHD_OPTS of Debian, OPTIONS and CRYPTO_POLICY of RHEL: what the unit puts on the command line. */
static int read_options(struct os *os, struct sshd *s, struct err *e)
{
	static const char *const files[] = { "/etc/default/ssh", "/etc/sysconfig/sshd" };
	static const char *const names[] = { "SSHD_OPTS=", "OPTIONS=", "CRYPTO_POLICY=" };

	for (size_t i = 0; i < COUNT(files); i++) {
		CLEANUP_FREE char *text = NULL;
		char *rest, *line;
		int r = os_read(os, files[i], &text, e);

		if (r < 0)
			return r;
		rest = text;
		while (r == 0 && (line = str_line(&rest)))
			for (size_t j = 0; j < COUNT(names); j++)
				if (str_starts(str_trim(line), names[j]))
					strv_split(&s->options, str_trim(line) + strlen(names[j]),
						   " \t\"'");
	}
	return 0;
}

int sshd_gather(struct os *os, const struct sshd_query *q, const struct socket_info *socket,
		size_t socket_count, struct sshd *ret, struct err *e)
{
	CLEANUP_NODE struct node program = { 0 };

	if (os_get(os, PROGRAM, &program, e) < 0)
		return -1;
	if (program.type == NODE_ABSENT)
		return 0;
	ret->program = xstrdup(PROGRAM);
	if (read_options(os, ret, e) < 0 || read_version(os, ret, e) < 0 ||
	    sshd_config_read(os, ret, e) < 0 || find_ports(os, socket, socket_count, ret, e) < 0)
		return err_ctx(e, "sshd");
	/* Only root may read the host keys that -T loads. */
	if (os_uid(os) != 0)
		return 0;
	if (make_run_dir(os, e) < 0 || gather_views(os, q, ret, e) < 0)
		return err_ctx(e, "sshd");
	return 0;
}
