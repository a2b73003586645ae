// SPDX-License-Identifier: MIT
/*
 * sshd.c - see sshd.h. The parts: sshd_unit.c how it is started, sshd_config.c its files, sshd_ask.c
 * its answers, sshd_match.c and sshd_explain.c why they are so, sshd_json.c all of it for programs.
 */
#include "core/sshd.h"

#include <string.h>

#include "core/sshd_config.h"

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
	strv_done(&v->group);
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

static int version_of(struct os *os, const char *program, struct sshd *s, struct err *e)
{
	const struct run run = { .argv = ARGV(program, "-V") };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	rest = r.err;
	while (!s->version && (line = str_line(&rest)))
		if (str_starts(line, "OpenSSH_"))
			s->version = xstrdup(str_trim(line));
	return 0;
}

/* The client of the same source package tells all of it; where there is none, sshd (before 9.x it
 * knows no -V and says it above the usage). */
static int read_version(struct os *os, struct sshd *s, struct err *e)
{
	if (version_of(os, "ssh", s, e) < 0)
		return -1;
	if (!s->version && version_of(os, s->program, s, e) < 0)
		return -1;
	if (!s->version)
		s->version = xstrdup("");
	return 0;
}

static int gather(struct os *os, const struct sshd_query *q, struct sshd *s, struct err *e)
{
	CLEANUP(sshd_unit_done) struct sshd_unit unit = { 0 };
	int r = sshd_read_unit(os, s, &unit, e);

	if (r != 0)
		return r < 0 ? r : 0;
	if (read_version(os, s, e) < 0 || sshd_config_read(os, s, e) < 0)
		return -1;
	sshd_find_ports(os, &unit, q->socket, q->socket_count, s);
	/* Only root may read the host keys that -T loads. */
	if (os_uid(os) != 0)
		return 0;
	return sshd_make_run_dir(os, e) < 0 ? -1 : sshd_gather_views(os, q, s, e);
}

int sshd_gather(struct os *os, const struct sshd_query *q, struct sshd *ret, struct err *e)
{
	struct sshd s = { 0 };

	if (gather(os, q, &s, e) < 0) {
		sshd_done(&s);
		return err_ctx(e, "sshd");
	}
	*ret = s;
	return 0;
}
