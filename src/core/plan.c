// SPDX-License-Identifier: MIT
/* plan.c - see plan.h. */
#include "core/plan.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"

#define PLAN_FORMAT 1

static void door_done(struct door *d)
{
	free(d->user);
	free(d->method);
}

static void effect_done(struct effect *f)
{
	free(f->who);
	free(f->keyword);
	free(f->before);
	free(f->after);
	free(f->where);
}

void plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->count; i++)
		step_done(&p->step[i]);
	for (size_t i = 0; i < p->door_count; i++)
		door_done(&p->door[i]);
	for (size_t i = 0; i < p->effect_count; i++)
		effect_done(&p->effect[i]);
	free(p->step);
	free(p->door);
	free(p->effect);
	strv_done(&p->replaces);
	strv_done(&p->closes);
	strv_done(&p->warnings);
	strv_done(&p->packages);
	free(p->undoes);
	free(p->policy_text);
	*p = (struct plan){ 0 };
}

struct step *plan_add(struct plan *p, const struct step_kind *kind, enum step_phase phase,
		      const char *id, json_t *args)
{
	struct step *s;

	p->step = xrealloc(p->step, p->count + 1, sizeof(*p->step));
	s = &p->step[p->count++];
	*s = (struct step){ .kind = kind, .phase = phase, .id = xstrdup(id), .args = args };
	return s;
}

int program_installed(struct os *os, const char **ret_path, struct err *e)
{
	static const char *const places[] = { PROGRAM_PACKAGED, PROGRAM_PATH };

	for (size_t i = 0; i < COUNT(places); i++) {
		CLEANUP_NODE struct node now = { 0 };

		if (os_get(os, places[i], &now, e) < 0)
			return -1;
		if (now.type == NODE_FILE) {
			*ret_path = places[i];
			return 0;
		}
	}
	*ret_path = NULL;
	return 0;
}

void step_words(struct step *s, const char *title, const char *why, const char *undo)
{
	s->title = xstrdup(title);
	s->why = xstrdup(why);
	s->undo = xstrdup(undo);
}

void plan_add_door(struct plan *p, const char *user, unsigned port, const char *method)
{
	p->door = xrealloc(p->door, p->door_count + 1, sizeof(*p->door));
	p->door[p->door_count++] =
		(struct door){ .user = xstrdup(user), .port = port, .method = xstrdup(method) };
}

bool door_is_new(const struct door *door, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (door[j].port == door[i].port && str_eq(door[j].user, door[i].user))
			return false;
	return true;
}

void plan_add_effect(struct plan *p, const struct effect *copy_of)
{
	p->effect = xrealloc(p->effect, p->effect_count + 1, sizeof(*p->effect));
	p->effect[p->effect_count++] = (struct effect){
		.who = xstrdup(copy_of->who),
		.keyword = xstrdup(copy_of->keyword),
		.before = xstrdup(copy_of->before),
		.after = xstrdup(copy_of->after),
		.where = xstrdup(copy_of->where ? copy_of->where : ""),
	};
}

/* Insertion sort: stable, and a plan has two dozen steps at most. */
void plan_sort(struct plan *p)
{
	for (size_t i = 1; i < p->count; i++) {
		struct step s = p->step[i];
		size_t j = i;

		for (; j > 0 && p->step[j - 1].phase > s.phase; j--)
			p->step[j] = p->step[j - 1];
		p->step[j] = s;
	}
}

static const char *const phase_names[] = {
	[PHASE_ADD] = "add",
	[PHASE_RESTRICT] = "restrict",
	[PHASE_FINISH] = "finish",
};

char *plan_encode(const struct plan *p)
{
	json_t *steps = json_array(), *doors = json_array(), *all;

	for (size_t i = 0; i < p->count; i++) {
		const struct step *s = &p->step[i];

		json_array_append_new(steps,
				      json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:O}", "kind",
						s->kind->name, "phase", phase_names[s->phase], "id",
						s->id, "title", json_bytes(s->title ?: ""), "why",
						json_bytes(s->why ?: ""), "undo",
						json_bytes(s->undo ?: ""), "args", s->args));
	}
	for (size_t i = 0; i < p->door_count; i++)
		json_array_append_new(doors,
				      json_pack("{s:s, s:i, s:s}", "user", p->door[i].user, "port",
						(int)p->door[i].port, "method", p->door[i].method));
	all = json_pack("{s:i, s:b, s:i, s:s, s:o, s:o, s:o, s:s}", "format", PLAN_FORMAT,
			"needs_proof", p->needs_proof, "window", (int)p->window_seconds, "undoes",
			p->undoes ? p->undoes : "", "doors", doors, "steps", steps, "policy",
			json_bytes(p->policy_text ?: ""), "language",
			i18n_get() == LANG_JA ? "ja" : "en");
	return json_store(all, JSON_INDENT(1));
}

static int decode_step(struct plan *p, json_t *from, struct err *e)
{
	const char *kind, *phase, *id, *title, *why, *undo;
	const struct step_kind *k;
	json_t *args;
	struct step *s;

	if (json_unpack(from, "{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "kind", &kind, "phase", &phase,
			"id", &id, "title", &title, "why", &why, "undo", &undo, "args", &args) < 0)
		return err_set(e, ERR_FAILED, _("a step is not complete"));
	k = step_kind_find(kind);
	if (!k)
		return err_set(e, ERR_FAILED, _("step %s is of the unknown kind \"%s\""), id, kind);
	for (size_t i = 0; i < COUNT(phase_names); i++) {
		if (strcmp(phase, phase_names[i]) != 0)
			continue;
		s = plan_add(p, k, (enum step_phase)i, id, json_incref(args));
		step_words(s, title, why, undo);
		return 0;
	}
	return err_set(e, ERR_FAILED, _("step %s is in the unknown phase \"%s\""), id, phase);
}

static int decode(struct plan *p, json_t *all, struct err *e)
{
	json_t *doors, *steps, *one;
	const char *policy, *undoes;
	int format, needs_proof, window;
	size_t i;

	if (json_unpack(all, "{s:i}", "format", &format) < 0)
		return err_set(e, ERR_FAILED, _("it has no format number"));
	if (format != PLAN_FORMAT)
		return err_set(e, ERR_FAILED, _("it is of format %d, this program knows %d"),
			       format, PLAN_FORMAT);
	if (json_unpack(all, "{s:b, s:i, s:o, s:o, s:s, s:s}", "needs_proof", &needs_proof,
			"window", &window, "doors", &doors, "steps", &steps, "undoes", &undoes,
			"policy", &policy) < 0)
		return err_set(e, ERR_FAILED, _("it is not complete"));
	p->needs_proof = needs_proof;
	p->language = str_eq(json_string_value(json_object_get(all, "language")), "ja") ? LANG_JA
											: LANG_EN;
	p->window_seconds = (unsigned)window;
	p->policy_text = xstrdup(policy);
	p->undoes = undoes[0] ? xstrdup(undoes) : NULL;
	json_array_foreach (doors, i, one) {
		const char *user, *method;
		int port;

		if (json_unpack(one, "{s:s, s:i, s:s}", "user", &user, "port", &port, "method",
				&method) < 0)
			return err_set(e, ERR_FAILED, _("a door is not complete"));
		plan_add_door(p, user, (unsigned)port, method);
	}
	json_array_foreach (steps, i, one)
		if (decode_step(p, one, e) < 0)
			return -1;
	return 0;
}

int plan_decode(const char *text, struct plan *ret, struct err *e)
{
	json_error_t where;
	json_t *all = json_restore(text, &where);
	struct plan p = { 0 };
	int r;

	if (!all)
		return err_set(e, ERR_FAILED, _("stored plan, line %d: %s"), where.line,
			       where.text);
	r = decode(&p, all, e);
	json_decref(all);
	if (r < 0) {
		plan_done(&p);
		return err_ctx(e, _("stored plan"));
	}
	*ret = p;
	return 0;
}
