// SPDX-License-Identifier: MIT
/*
 * fuzz_sshd.c - sshd's files and what `sshd -T` prints. Four parts: the main file, a file that it may
 * include, another one, the answer.
 */
#include <string.h>

#include "base/mem.h"
#include "core/sshd_config.h"
#include "fuzz/fuzz.h"
#include "lib/fake_os.h"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}

static int answer(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)e;
	if (!str_eq(r->argv[1], "-T"))
		return 0;
	ret->out = xstrdup(f->arg);
	ret->out_len = strlen(ret->out);
	return 0;
}

static size_t lines_of(const struct sshd *s, const char *path)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (str_eq(s->file[i].path, path))
			return fuzz_count_lines(s->file[i].node.data);
	fuzz_broken(path, "it was read");
}

struct walked {
	const struct sshd *s;
	size_t lines;
};

static void see(void *arg, const struct config_line *l)
{
	struct walked *w = arg;
	CLEANUP_FREE char *lower = str_lower(xstrdup(l->keyword));

	MUST(l->line >= 1 && l->line <= lines_of(w->s, l->file));
	MUST(str_eq(lower, l->keyword));
	MUST(!str_eq(l->keyword, "match") && !str_eq(l->keyword, "include"));
	MUST(l->in_match || l->active == HOLDS);
	w->lines++;
}

static void check_view(const struct sshd *s, const struct sshd_view *v)
{
	struct sshd_ways ways = sshd_ways(v);

	for (size_t i = 0; i < v->count; i++) {
		const struct sshd_setting *x = &v->setting[i];

		MUST(x->keyword[0] && x->value && !strchr(x->keyword, ' '));
		MUST(sshd_setting(v, x->keyword) == x);
		MUST(str_eq(sshd_value(v, x->keyword), x->value));
		MUST(!x->file || (x->line >= 1 && x->line <= lines_of(s, x->file)));
	}
	MUST(!ways.decides || (ways.decides >= v->setting && ways.decides < v->setting + v->count));
}

static void check_places(const struct sshd *s)
{
	static const char *const keywords[] = { "port", "allowusers", "passwordauthentication" };

	for (size_t i = 0; i < COUNT(keywords); i++) {
		struct sshd_place *place = NULL;
		size_t n = sshd_places(s, keywords[i], &place);

		for (size_t k = 0; k < n; k++) {
			MUST(place[k].line >= 1 && place[k].line <= lines_of(s, place[k].file));
			free(place[k].value);
		}
		free(place);
	}
}

/* As the answer of the running sshd, for an address that a Match may name. */
static void check_answer(struct fake *f, struct sshd *s)
{
	const struct sshd_form form = { .sshd = s };
	struct sshd_view asked = { .who = (char *)"admin", .user = (char *)"taro", .port = 22 };
	CLEANUP(sshd_view_done) struct sshd_view v = { 0 };
	struct walked w = { .s = s };
	struct err e = { 0 };

	MUST(addr_parse("203.0.113.1", &asked.addr) == 0);
	MUST(addr_parse("198.51.100.2", &asked.local) == 0);
	MUST(sshd_view_staged(&f->os, &form, &asked, &v, &e) == 0);
	strv_add(&v.group, "sudo");
	sshd_config_walk(s, &v, see, &w);
	sshd_config_walk(s, NULL, see, &w);
	sshd_explain(s, &v);
	check_view(s, &v);
	check_places(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fake_free_p) struct fake *f = fake_new();
	CLEANUP(sshd_done) struct sshd s = { .program = xstrdup("/usr/sbin/sshd") };
	struct err e = { 0 };
	char *part[4];

	fuzz_parts(data, size, part, COUNT(part));
	f->arg = part[3];
	fake_on_run(f, "sshd", answer);
	fake_file(f, "/etc/ssh/sshd_config", part[0], 0644);
	fake_file(f, "/etc/ssh/sshd_config.d/50-a.conf", part[1], 0644);
	fake_file(f, "/etc/ssh/sshd_config.d/60-b.conf", part[2], 0644);
	if (sshd_config_read(&f->os, &s, &e) < 0)
		fuzz_check_err(&e);
	else
		check_answer(f, &s);
	for (size_t i = 0; i < COUNT(part); i++)
		free(part[i]);
	return 0;
}
