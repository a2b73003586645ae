// SPDX-License-Identifier: MIT
/* sshd.c - see sshd.h. */
#include "steps/sshd.h"

#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/mem.h"
#include "steps/sshd_back.h"
#include "steps/sshd_offer.h"

/* --- args -------------------------------------------------------------------------------- */

json_t *step_sshd_args(const struct step_sshd_spec *spec)
{
	json_t *ports = json_array(), *options = json_array(), *expect = json_array();
	const struct sshd *d = spec->sshd;
	char buf[ADDR_TEXT];

	for (size_t i = 0; i < spec->port_count; i++)
		json_array_append_new(ports, json_integer(spec->port[i]));
	for (size_t i = 0; i < d->options.count; i++)
		json_array_append_new(options, json_bytes(d->options.item[i]));
	for (size_t i = 0; i < spec->expect_count; i++) {
		const struct sshd_expect *x = &spec->expect[i];

		json_array_append_new(expect,
				      json_pack("{s:s, s:s, s:s, s:i, s:s, s:o}", "who", x->who,
						"user", x->user, "addr", addr_text(&x->addr, buf),
						"port", (int)x->port, "keyword", x->keyword,
						"value", json_bytes(x->value)));
	}
	return json_pack("{s:o, s:s, s:o, s:s, s:s?, s:o, s:b, s:b, s:o}", "changes",
			 changes_json(spec->change, spec->change_count), "program", d->program,
			 "options", options, "unit", d->unit, "socket", d->socket_unit, "ports",
			 ports, "v4", spec->v4, "v6", spec->v6, "expect", expect);
}

static json_t *changes_of(const struct step *s)
{
	return json_object_get(s->args, "changes");
}

static int service_of(const struct step *s, struct sshd_service *ret, struct err *e)
{
	struct sshd_service v = { .options = json_object_get(s->args, "options") };
	json_t *one;
	size_t i;

	v.program = json_string_value(json_object_get(s->args, "program"));
	v.unit = json_string_value(json_object_get(s->args, "unit"));
	v.socket = json_string_value(json_object_get(s->args, "socket"));
	if (!v.program || !v.unit)
		return err_set(e, ERR_FAILED, _("the step names no sshd"));
	json_array_foreach (changes_of(s), i, one) {
		const char *path = json_string_value(json_object_get(one, "path"));

		v.unit_files |= path && str_starts(path, "/etc/systemd/");
	}
	*ret = v;
	return 0;
}

/* Every port of the step in every family of it. */
static void ports_of(const struct step *s, struct listeners *ret)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(s->args, "ports"), i, one) {
		struct listener l = { .port = (uint16_t)json_integer_value(one) };

		l.addr.family = AF_INET;
		if (json_is_true(json_object_get(s->args, "v4")))
			listeners_add(ret, &l);
		l.addr.family = AF_INET6;
		if (json_is_true(json_object_get(s->args, "v6")))
			listeners_add(ret, &l);
	}
}

/* --- what sshd says ---------------------------------------------------------------------- */

struct staging {
	struct run_stage *stage;
	struct node *want; /* holds the bytes */
	size_t count;
};

static void staging_done(struct staging *s)
{
	for (size_t i = 0; i < s->count; i++)
		node_done(&s->want[i]);
	free(s->stage);
	free(s->want);
}

static int staging_of(const struct step_ctx *c, const struct step *s, struct staging *ret,
		      struct err *e)
{
	json_t *one;
	size_t i;

	json_array_foreach (changes_of(s), i, one) {
		const char *path = json_string_value(json_object_get(one, "path"));
		struct node now CLEANUP_NODE = { 0 };
		struct node want = { 0 };

		if (!path || !str_starts(path, "/etc/ssh/"))
			continue;
		if (os_get(c->os, path, &now, e) < 0 || change_wanted(c, one, &now, &want, e) < 0)
			return -1;
		if (want.type != NODE_FILE && want.type != NODE_ABSENT) {
			node_done(&want);
			continue;
		}
		ret->stage = xrealloc(ret->stage, ret->count + 1, sizeof(*ret->stage));
		ret->want = xrealloc(ret->want, ret->count + 1, sizeof(*ret->want));
		ret->want[ret->count] = want;
		ret->stage[ret->count++] = (struct run_stage){
			.path = path,
			.data = want.data,
			.mode = want.mode,
		};
	}
	return 0;
}

/* The question an expected value is the answer to. Strings are borrowed: never sshd_view_done(). */
static int question_of(json_t *expect, struct sshd_view *ret, struct err *e)
{
	const char *who, *user, *addr;
	struct sshd_view v = { 0 };
	int port;

	if (json_unpack(expect, "{s:s, s:s, s:s, s:i}", "who", &who, "user", &user, "addr", &addr,
			"port", &port) < 0 ||
	    addr_parse(addr, &v.addr) < 0)
		return err_set(e, ERR_FAILED, _("an expected value of sshd is not complete"));
	v.who = (char *)who;
	v.user = (char *)user;
	v.port = (unsigned)port;
	*ret = v;
	return 0;
}

static bool same_question(const struct sshd_view *a, const struct sshd_view *b)
{
	return str_eq(a->user, b->user) && addr_eq(&a->addr, &b->addr) && a->port == b->port;
}

static int compare(json_t *expect, const struct sshd_view *v, struct err *e)
{
	const char *keyword = json_string_value(json_object_get(expect, "keyword"));
	const char *value = json_string_value(json_object_get(expect, "value"));
	const struct sshd_setting *has = sshd_setting(v, keyword ? keyword : "");
	char buf[ADDR_TEXT];

	if (has && str_eq(has->value, value))
		return 0;
	return err_set(e, ERR_FAILED,
		       _("sshd would still say \"%s %s\" instead of \"%s\" for %s from %s at port "
			 "%u"),
		       keyword, has ? has->value : "", value, v->user, addr_text(&v->addr, buf),
		       v->port);
}

/* The sshd of the step, for questions. Its program is borrowed; free the options. */
static struct sshd sshd_of(const struct step *s)
{
	struct sshd d = { .program =
				  (char *)json_string_value(json_object_get(s->args, "program")) };
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(s->args, "options"), i, one)
		strv_add(&d.options, json_string_value(one));
	return d;
}

/* sshd's own judgement of the configuration with these files: -t, then every expected value. */
static int judge(const struct step_ctx *c, const struct step *s, const struct staging *with,
		 struct err *e)
{
	struct sshd d = sshd_of(s);
	const struct sshd_form form = { &d, with->stage, with->count };
	json_t *rows = json_object_get(s->args, "expect");
	struct sshd_view asked = { .who = (char *)"root", .user = (char *)"root", .port = 22 };
	struct sshd_view next;
	CLEANUP(sshd_view_done) struct sshd_view says = { 0 };
	size_t i;
	int r = 0;

	addr_parse("127.0.0.1", &asked.addr);
	if (json_array_size(rows) > 0)
		r = question_of(json_array_get(rows, 0), &asked, e);
	if (r == 0)
		r = sshd_view_staged(c->os, &form, &asked, &says, e);
	for (i = 0; r == 0 && i < json_array_size(rows); i++) {
		r = question_of(json_array_get(rows, i), &next, e);
		if (r == 0 && !same_question(&asked, &next)) {
			asked = next;
			sshd_view_done(&says);
			says = (struct sshd_view){ 0 };
			r = sshd_view_staged(c->os, &form, &asked, &says, e);
		}
		if (r == 0)
			r = compare(json_array_get(rows, i), &says, e);
	}
	strv_done(&d.options);
	return r;
}

/* The daemon offers at each port what the files say, to the first user of the expected values. */
static int ask_daemon(const struct step_ctx *c, const struct step *s, struct err *e)
{
	json_t *row = json_array_get(json_object_get(s->args, "expect"), 0);
	const char *user = json_string_value(json_object_get(row, "user"));
	struct listeners now CLEANUP_LISTENERS = { 0 };
	struct sshd d = sshd_of(s);
	struct sshd_service v;
	int r = user ? service_of(s, &v, e) : 0;

	if (user && r == 0)
		r = listeners_get(c->os, v.unit, v.socket, &now, e);
	for (size_t i = 0; r >= 0 && i < now.count; i++)
		r = sshd_offer_check(c->os, &d, user, &now.item[i], e);
	strv_done(&d.options);
	return r < 0 ? r : 0;
}

/* --- the kind ---------------------------------------------------------------------------- */

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	struct listeners now CLEANUP_LISTENERS = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct sshd_service v;

	if (service_of(s, &v, e) < 0 || changes_capture(c, changes_of(s), ret, e) < 0 ||
	    sshd_keep_config(c, ret, e) < 0 || listeners_get(c->os, v.unit, v.socket, &now, e) < 0)
		return -1;
	text = listeners_text(&now);
	image_set_text(ret, "listeners", text);
	return 0;
}

/* Would sshd take the files of the step, with all that others have written beside them? */
static int ready(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP(staging_done) struct staging staged = { 0 };

	/* Trap 11. */
	if (os_mkdir(c->os, "/run/sshd", 0755, e) < 0 || staging_of(c, s, &staged, e) < 0)
		return -1;
	return judge(c, s, &staged, e);
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	struct listeners want CLEANUP_LISTENERS = { 0 };
	struct listeners stale CLEANUP_LISTENERS = { 0 };
	struct listeners gone CLEANUP_LISTENERS = { 0 };
	struct sshd_service v;

	if (service_of(s, &v, e) < 0)
		return -1;
	if (ready(c, s, e) < 0)
		return err_ctx(e, _("the new configuration, which is not in place"));
	if (changes_apply(c, changes_of(s), e) < 0 ||
	    listeners_get(c->os, v.unit, v.socket, &stale, e) < 0 || sshd_reload(c, &v, e) < 0)
		return -1;
	ports_of(s, &want);
	for (size_t i = 0; i < stale.count; i++)
		if (!listeners_has_port(&want, stale.item[i].port))
			listeners_add(&gone, &stale.item[i]);
	return listen_wait(c->os,
			   &(struct listen_wait){ .want = &want,
						  .stale = &stale,
						  .gone = &gone,
						  .unit = v.unit,
						  .socket = v.socket,
						  .timeout_ms = SSHD_WAIT_MS },
			   e);
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	if (changes_verify(c, changes_of(s), e) < 0)
		return -1;
	if (judge(c, s, &(struct staging){ 0 }, e) < 0)
		return -1;
	return ask_daemon(c, s, e);
}

/* The ports that the step opened: those of it that were not listened on before. */
static void opened(const struct step *s, const struct image *pre, struct listeners *ret)
{
	struct listeners ours CLEANUP_LISTENERS = { 0 };
	struct listeners old CLEANUP_LISTENERS = { 0 };

	ports_of(s, &ours);
	listeners_parse(image_text(pre, "listeners"), &old);
	for (size_t i = 0; i < ours.count; i++)
		if (!listeners_has_port(&old, ours.item[i].port))
			listeners_add(ret, &ours.item[i]);
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	struct listeners old CLEANUP_LISTENERS = { 0 };
	struct listeners gone CLEANUP_LISTENERS = { 0 };
	const struct listen_wait w = { .want = &old, .gone = &gone };
	struct err service = { 0 };
	struct sshd_service v;
	int files, live;

	if (service_of(s, &v, e) < 0)
		return -1;
	files = changes_undo(c, changes_of(s), pre, post, e);
	if (c->boot) {
		/* PID 1 read the socket's files, and its generators sshd's, before this boot's undo; it
		 * has not bound the socket yet. Should it not answer, settle binds it anew. */
		if (v.socket)
			sshd_read_units(c, &service);
		return files;
	}
	listeners_parse(image_text(pre, "listeners"), &old);
	opened(s, pre, &gone);
	live = sshd_bring_back(c, &v, pre, &w, &service);
	/* A door that is shut is worse than a file that is not back. */
	if (live < 0 || (live > 0 && files >= 0)) {
		*e = service;
		return live;
	}
	return files;
}

/* "port" as sshd -T prints it, a line each. */
static int said_by_files(const struct step_ctx *c, const struct step *s, struct strv *ret,
			 struct err *e)
{
	struct sshd_view asked = { .who = (char *)"root", .user = (char *)"root", .port = 22 };
	CLEANUP(sshd_view_done) struct sshd_view says = { 0 };
	struct sshd d = sshd_of(s);
	const struct sshd_form form = { &d, NULL, 0 };
	int r;

	addr_parse("127.0.0.1", &asked.addr);
	r = sshd_view_staged(c->os, &form, &asked, &says, e);
	strv_done(&d.options);
	if (r == 0)
		strv_split(ret, sshd_value(&says, "port"), "\n");
	return r;
}

/* The ports that the files of whoever owns the port, as they are now, tell it to listen on. */
static int configured(const struct step_ctx *c, const struct step *s, const char *socket,
		      struct listeners *ret, struct err *e)
{
	struct strv ports CLEANUP_STRV = { 0 };
	int r = socket ? sshd_socket_ports(c->os, socket, &ports, e)
		       : said_by_files(c, s, &ports, e);

	for (size_t i = 0; r == 0 && i < ports.count; i++) {
		uint64_t port;

		if (str_to_u64(ports.item[i], 1, 65535, &port) == 0)
			listeners_add(ret, &(struct listener){ .port = (uint16_t)port });
	}
	return r;
}

/* Those whose port is, or is not, in the list. */
static void those(const struct listeners *all, const struct listeners *list, bool in,
		  struct listeners *ret)
{
	for (size_t i = 0; i < all->count; i++)
		if (listeners_has_port(list, all->item[i].port) == in)
			listeners_add(ret, &all->item[i]);
}

/*
 * After a boot in which all files were put back, those of this step and of the steps before it: what
 * sshd listened on between two steps is no measure, only what its files say now, or its socket unit's.
 */
static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	struct listeners old CLEANUP_LISTENERS = { 0 };
	struct listeners new CLEANUP_LISTENERS = { 0 };
	struct listeners now CLEANUP_LISTENERS = { 0 };
	struct listeners want CLEANUP_LISTENERS = { 0 };
	struct listeners gone CLEANUP_LISTENERS = { 0 };
	struct err ignored = { 0 };
	struct sshd_service v;
	struct listen_wait w = { .want = &old, .gone = &new, .timeout_ms = SSHD_WAIT_MS };

	if (service_of(s, &v, e) < 0)
		return -1;
	listeners_parse(image_text(pre, "listeners"), &old);
	opened(s, pre, &new);
	w.unit = v.unit;
	w.socket = v.socket;
	/* Files that sshd refuses say nothing: then the last resort is due. */
	if (old.count > 0 && configured(c, s, v.socket, &now, &ignored) == 0 && now.count > 0) {
		those(&old, &now, true, &want);
		those(&new, &now, false, &gone);
		w.want = &want;
		w.gone = &gone;
		if (want.count == 0)
			return 0;
	}
	/* The boot read the restored files; it only has to be waited for. */
	if (old.count > 0 && listen_wait(c->os, &w, e) == 0)
		return 0;
	return sshd_bring_back(c, &v, pre, &w, e);
}

const struct step_kind step_sshd = {
	.name = "sshd",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.ready = ready,
	.verify = verify,
	.settle = settle,
};
