// SPDX-License-Identifier: MIT
/* sshd_ask.c - `sshd -T` for each who, address and port; see sshd.h. */
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "core/passwd.h"
#include "core/sshd_config.h"

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

static void parse_answer(const char *text, struct sshd_view *v)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		char *blank = strchr(line, ' ');

		if (blank)
			*blank++ = '\0';
		if (line[0])
			add_setting(v, line, blank ? blank : "");
	}
}

int sshd_make_run_dir(struct os *os, struct err *e)
{
	if (os_uid(os) != 0)
		return 0;
	return os_mkdir(os, "/run/sshd", 0755, e);
}

/* What the form says for a connection (-T -C), or, without one, whether it is sound (-t). */
static int run_sshd(struct os *os, const struct sshd_form *form, const char *connection,
		    struct run_result *ret, struct err *e)
{
	const struct sshd *s = form->sshd;
	const char *mode = connection ? "-T" : "-t";
	CLEANUP_STRV struct strv argv = { 0 };
	struct run run = { .stage = form->stage, .stage_count = form->stage_count };

	if (form->stage_count)
		run.stage_dir = "/etc/ssh";
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
		return err_set(e, ERR_FAILED, _("%s %s: took too long"), s->program, mode);
	if (ret->status != 0)
		return err_set(e, ERR_FAILED, "%s %s: %s", s->program, mode, str_trim(ret->err));
	return 0;
}

/* The address a client from outside would meet; 0.0.0.0 or :: where we have none. */
static int own_address(struct os *os, int family, struct addr *ret, struct err *e)
{
	CLEANUP_FREE struct if_addr *all = NULL;
	size_t count = 0;

	if (os_addresses(os, &all, &count, e) < 0)
		return -1;
	*ret = (struct addr){ .family = family };
	for (size_t i = 0; i < count; i++) {
		const struct addr *a = &all[i].addr;

		if (a->family != family || all[i].loopback || addr_is_link_local(a))
			continue;
		*ret = *a;
		return 0;
	}
	return 0;
}

static int ask_text(struct os *os, const struct sshd_form *form, struct sshd_view *v, char **ret,
		    struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_FREE char *connection = NULL;
	char addr[ADDR_TEXT], local[ADDR_TEXT];

	if (v->local.family == 0 && own_address(os, v->addr.family, &v->local, e) < 0)
		return -1;
	addr_text(&v->addr, addr);
	addr_text(&v->local, local);
	connection = xasprintf("user=%s,host=%s,addr=%s,laddr=%s,lport=%u", v->user, addr, addr,
			       local, v->port);
	if (run_sshd(os, form, connection, &r, e) < 0)
		return -1;
	*ret = TAKE(r.out);
	return 0;
}

/* A question with its own memory. */
static struct sshd_view new_view(const struct sshd_view *asked)
{
	return (struct sshd_view){ .who = xstrdup(asked->who),
				   .user = xstrdup(asked->user),
				   .addr = asked->addr,
				   .local = asked->local,
				   .port = asked->port };
}

int sshd_view_staged(struct os *os, const struct sshd_form *form, const struct sshd_view *as_asked,
		     struct sshd_view *ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP(sshd_view_done) struct sshd_view v = { 0 };
	CLEANUP_FREE char *text = NULL;

	if (sshd_make_run_dir(os, e) < 0 || run_sshd(os, form, NULL, &r, e) < 0)
		return -1;
	v = new_view(as_asked);
	if (ask_text(os, form, &v, &text, e) < 0)
		return -1;
	parse_answer(text, &v);
	*ret = v;
	v = (struct sshd_view){ 0 };
	return 0;
}

/* The groups of a user by the files; a user that is not there has none. */
static int read_groups(struct os *os, const char *user, struct strv *ret, struct err *e)
{
	CLEANUP_FREE char *group = NULL;
	CLEANUP_FREE char *passwd = NULL;
	CLEANUP_FREE char *primary = NULL;
	char *rest, *line;

	if (os_read(os, "/etc/passwd", &passwd, e) < 0 || os_read(os, "/etc/group", &group, e) < 0)
		return -1;
	primary = passwd ? passwd_field(passwd, user, 3) : NULL;
	if (!primary || !group)
		return 0;
	rest = group;
	while ((line = str_line(&rest))) {
		CLEANUP_FREE char *name = xstrndup(line, strcspn(line, ":"));
		CLEANUP_FREE char *gid = passwd_field(line, name, 2);

		if (str_eq(gid, primary) || passwd_group_has(line, name, user))
			strv_add(ret, name);
	}
	return 0;
}

/* Is all that some Match looks at the same for both? Then so is the answer. */
static bool same_answer(const struct sshd *s, const struct sshd_view *a, const struct sshd_view *b)
{
	if (s->asks & ASKS_OTHER)
		return false;
	return (!(s->asks & ASKS_USER) || str_eq(a->user, b->user)) &&
	       (!(s->asks & ASKS_ADDR) || addr_eq(&a->addr, &b->addr)) &&
	       (!(s->asks & ASKS_LOCAL_ADDR) || a->addr.family == b->addr.family) &&
	       (!(s->asks & ASKS_LOCAL_PORT) || a->port == b->port);
}

static void copy_settings(const struct sshd_view *from, struct sshd_view *to)
{
	to->local = from->addr.family == to->addr.family ? from->local : to->local;
	to->setting = xcalloc(from->count, sizeof(*to->setting));
	for (size_t i = 0; i < from->count; i++) {
		const struct sshd_setting *s = &from->setting[i];

		to->setting[i] = (struct sshd_setting){ .keyword = xstrdup(s->keyword),
							.value = xstrdup(s->value),
							.file = s->file ? xstrdup(s->file) : NULL,
							.line = s->line };
	}
	to->count = from->count;
}

static int add_view(struct os *os, const struct sshd_view *asked, struct sshd *s, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	struct sshd_view *v;

	s->view = xrealloc(s->view, s->view_count + 1, sizeof(*s->view));
	v = &s->view[s->view_count++];
	*v = new_view(asked);
	for (size_t i = 0; i + 1 < s->view_count; i++)
		if (same_answer(s, &s->view[i], v)) {
			copy_settings(&s->view[i], v);
			return 0;
		}
	if (s->asks & ASKS_GROUP && read_groups(os, v->user, &v->group, e) < 0)
		return -1;
	if (ask_text(os, &(struct sshd_form){ .sshd = s }, v, &text, e) < 0)
		return -1;
	parse_answer(text, v);
	sshd_explain(s, v);
	return 0;
}

/* Those asked for, else those it listens on, else 22 so that there is an answer at all. */
static void ports_to_ask(const struct sshd_query *q, const struct sshd *s, struct strv *ret)
{
	const unsigned *port = q->port_count ? q->port : s->port;
	size_t count = q->port_count ? q->port_count : s->port_count;

	for (size_t i = 0; i < count; i++)
		strv_addf(ret, "%u", port[i]);
	if (count == 0)
		strv_add(ret, "22");
	if (q->extra_port) {
		CLEANUP_FREE char *extra = xasprintf("%u", q->extra_port);

		if (!strv_has(ret, extra))
			strv_add(ret, extra);
	}
}

static int add_views_of_ports(struct os *os, const struct strv *ports, struct sshd_view *asked,
			      struct sshd *s, struct err *e)
{
	for (size_t p = 0; p < ports->count; p++) {
		uint64_t port;

		if (str_to_u64(ports->item[p], 0, 65535, &port) < 0)
			continue;
		asked->port = (unsigned)port;
		if (add_view(os, asked, s, e) < 0)
			return -1;
	}
	return 0;
}

int sshd_gather_views(struct os *os, const struct sshd_query *q, struct sshd *s, struct err *e)
{
	CLEANUP_STRV struct strv ports = { 0 };
	size_t more = q->match_addr ? s->match_addr_count : 0;

	ports_to_ask(q, s, &ports);
	for (size_t w = 0; w < q->who_count; w++)
		for (size_t a = 0; a < q->addr_count + more; a++) {
			struct sshd_view asked = {
				.who = (char *)q->who[w].who,
				.user = (char *)q->who[w].user,
				.addr = a < q->addr_count ? q->addr[a]
							  : s->match_addr[a - q->addr_count]
			};

			if (add_views_of_ports(os, &ports, &asked, s, e) < 0)
				return -1;
		}
	return 0;
}
