// SPDX-License-Identifier: MIT
/* ssh_files.c - see ssh_files.h; traps 1, 2, 5. */
#include "controls/ssh_files.h"

#include <string.h>

#include "base/i18n.h"

#define BEGIN_LINE "# BEGIN kannuki: sshd takes the first value it finds, so this comes first\n"
#define END_LINE   "# END kannuki\n"
#define TAIL_LINE  "# BEGIN kannuki: only until the transaction is confirmed\n"

void ssh_files_done(struct ssh_files *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->file[i].path);
		free(f->file[i].text);
		node_done(&f->file[i].expect);
	}
	free(f->file);
	*f = (struct ssh_files){ 0 };
}

struct change *ssh_files_changes(const struct ssh_files *f)
{
	struct change *c = xcalloc(f->count, sizeof(*c));

	for (size_t i = 0; i < f->count; i++)
		c[i] = (struct change){ .path = f->file[i].path,
					.type = NODE_FILE,
					.text = f->file[i].text,
					.mode = f->file[i].mode,
					.expect = &f->file[i].expect };
	return c;
}

struct run_stage *ssh_files_stage(const struct ssh_files *f)
{
	struct run_stage *s = xcalloc(f->count, sizeof(*s));

	for (size_t i = 0; i < f->count; i++)
		s[i] = (struct run_stage){ .path = f->file[i].path,
					   .data = f->file[i].text,
					   .mode = f->file[i].mode };
	return s;
}

static struct ssh_file *add_file(struct ssh_files *f, const char *path, const struct node *now,
				 mode_t mode)
{
	struct ssh_file *n;

	f->file = xrealloc(f->file, f->count + 1, sizeof(*f->file));
	n = &f->file[f->count++];
	*n = (struct ssh_file){ .path = xstrdup(path), .mode = mode };
	node_copy(now, &n->expect);
	return n;
}

/* The drop-in only wins where sshd_config includes the folder first and no other name sorts before. */
static bool dropin_wins(const struct sshd *s)
{
	if (!s->include_first)
		return false;
	for (size_t i = 0; i < s->file_count; i++)
		if (str_starts(s->file[i].path, SSH_DROPIN_DIR "/") &&
		    strcmp(s->file[i].path, SSH_DROPIN) < 0)
			return false;
	return true;
}

/* What we wrote into the main file before: not part of what others say. */
static bool in_own_block(const struct sshd *s, const struct sshd_place *p)
{
	bool own = false;
	unsigned line = 0;
	CLEANUP_FREE char *copy = NULL;
	char *rest, *text;

	if (str_eq(p->file, SSH_DROPIN))
		return true;
	if (!str_eq(p->file, SSH_MAIN) || s->file_count == 0 || !s->file[0].node.data)
		return false;
	copy = xstrdup(s->file[0].node.data);
	rest = copy;
	while ((text = str_line(&rest))) {
		line++;
		if (str_starts(text, "# BEGIN kannuki"))
			own = true;
		if (line == p->line)
			return own;
		if (str_starts(text, "# END kannuki"))
			own = false;
	}
	return false;
}

struct port_places {
	struct sshd_place *place;
	size_t count;
};

static void port_places_done(struct port_places *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->place[i].value);
	free(p->place);
}

/* Port lines of others, which append to ours (trap 2). */
static struct port_places ports_elsewhere(const struct sshd *s)
{
	struct port_places all = { 0 };
	size_t kept = 0;

	all.count = sshd_places(s, "port", &all.place);
	for (size_t i = 0; i < all.count; i++) {
		if (in_own_block(s, &all.place[i]) || all.place[i].in_match)
			free(all.place[i].value);
		else
			all.place[kept++] = all.place[i];
	}
	all.count = kept;
	return all;
}

static bool place_says(const struct port_places *p, unsigned port)
{
	for (size_t i = 0; i < p->count; i++) {
		uint64_t n;

		if (str_to_u64(p->place[i].value, 1, 65535, &n) == 0 && n == port)
			return true;
	}
	return false;
}

static void add_port(struct str *s, const struct port_places *others, unsigned port,
		     enum ssh_form form)
{
	/* In the final form the lines of others are gone, so ours says it all. */
	if (form == SSH_FINAL || !place_says(others, port))
		str_addf(s, "Port %u\n", port);
}

static void add_ports(const struct control_in *in, const struct draft *d,
		      const struct port_places *others, enum ssh_form form, struct str *s)
{
	bool ours_now = false;
	struct sshd_place *place;
	size_t count = sshd_places(&in->facts->sshd, "port", &place);

	for (size_t i = 0; i < count; i++) {
		ours_now = ours_now || in_own_block(&in->facts->sshd, &place[i]);
		free(place[i].value);
	}
	free(place);
	/* Nothing asked and nothing of ours there: the port is not our affair. */
	if (!d->port_changes && !ours_now)
		return;
	add_port(s, others, d->port, form);
	for (size_t i = 0; i < d->old_port_count; i++)
		if (d->old_port[i] != d->port && (form != SSH_FINAL || !d->port_changes))
			add_port(s, others, d->old_port[i], form);
}

/* OpenSSH before 8.7, which has it apart, refuses it in a Match; there the dialog follows
 * KbdInteractiveAuthentication alone. */
static bool allowed_in_match(const char *keyword)
{
	return !str_case_eq(keyword, "ChallengeResponseAuthentication");
}

/* A block for each: LocalPort takes one port, no list. */
static void add_old_port_match(const struct draft *d, unsigned port, struct str *s)
{
	str_addf(s, "Match LocalPort %u\n", port);
	for (size_t i = 0; i < d->ssh_count; i++)
		if (d->ssh[i].before[0] && !d->ssh[i].plain && allowed_in_match(d->ssh[i].keyword))
			str_addf(s, "\t%s %s\n", d->ssh[i].keyword, d->ssh[i].before);
}

static void add_old_ports_match(const struct draft *d, struct str *s)
{
	for (size_t i = 0; i < d->old_port_count; i++)
		if (d->old_port[i] != d->port)
			add_old_port_match(d, d->old_port[i], s);
}

/* OpenSSH 9.8 and later shut an address out after a few failures (trap 17), at the old port too: in the
 * window it would be the owner with the wrong key. Keywords that sshd does not know are refused. */
static bool knows_penalties(const struct sshd *s)
{
	const struct sshd_view *v = sshd_view_of(s, "root", 0);

	return v && sshd_setting(v, "persourcepenalties");
}

/* The first that counts, of our text or of that of others. */
static char *first_value(const struct sshd *sshd, const char *keyword, bool own)
{
	CLEANUP_FREE char *lower = str_lower(xstrdup(keyword));
	struct sshd_place *place;
	size_t count = sshd_places(sshd, lower, &place);
	char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!found && in_own_block(sshd, &place[i]) == own && (own || !place[i].in_match))
			found = TAKE(place[i].value);
		free(place[i].value);
	}
	free(place);
	return found;
}

char *ssh_own_value(const struct sshd *sshd, const char *keyword)
{
	return first_value(sshd, keyword, true);
}

char *ssh_others_value(const struct sshd *sshd, const char *keyword)
{
	return first_value(sshd, keyword, false);
}

/* How far a value opens: the higher, the more may log in. */
static int openness(const char *value)
{
	static const char *const rising[] = { "no", "forced-commands-only", "prohibit-password",
					      "yes" };

	if (str_eq(value, "without-password"))
		value = "prohibit-password";
	for (size_t i = 0; i < COUNT(rising); i++)
		if (str_eq(value, rising[i]))
			return (int)i;
	return -1;
}

int ssh_want_direction(const struct ssh_want *w)
{
	int before = openness(w->before), after = openness(w->after);

	if (w->plain)
		return 0;
	return before < 0 || after < 0 ? 0 : (after > before) - (after < before);
}

bool ssh_waits_otherwise(const char *keyword)
{
	return str_eq(keyword, "LogLevel") || str_eq(keyword, "MaxStartups");
}

/* What our own text says already stays while a door is added: it is written anew as a whole. At a port
 * that stays, what opens is said now, and what closes only after it. */
static void add_own_values(const struct control_in *in, const struct draft *d, struct str *s)
{
	for (size_t i = 0; i < d->ssh_count; i++) {
		CLEANUP_FREE char *value = ssh_own_value(&in->facts->sshd, d->ssh[i].keyword);

		if (!d->port_changes && ssh_want_direction(&d->ssh[i]) > 0)
			str_addf(s, "%s %s\n", d->ssh[i].keyword, d->ssh[i].after);
		else if (value && !ssh_waits_otherwise(d->ssh[i].keyword))
			str_addf(s, "%s %s\n", d->ssh[i].keyword, value);
	}
}

/* The global part. While pending the log must show early key failures, the proof must show how one
 * logged in, and a scanner must not keep the owner out. */
static char *global_text(const struct control_in *in, const struct draft *d,
			 const struct port_places *others, enum ssh_form form)
{
	CLEANUP_STR struct str s = { 0 };

	add_ports(in, d, others, form, &s);
	if (form != SSH_FINAL)
		str_addf(&s, "ExposeAuthInfo yes\nLogLevel VERBOSE\nMaxStartups 100:30:200\n%s",
			 knows_penalties(&in->facts->sshd) ? "PerSourcePenalties no\n" : "");
	if (form == SSH_ADD)
		add_own_values(in, d, &s);
	for (size_t i = 0; form != SSH_ADD && i < d->ssh_count; i++) {
		const struct ssh_want *w = &d->ssh[i];

		if (w->after && !w->by_others &&
		    (form == SSH_FINAL || !ssh_waits_otherwise(w->keyword)))
			str_addf(&s, "%s %s\n", w->keyword, w->written ? w->written : w->after);
	}
	return str_take(&s);
}

/* The main file without our blocks and, in the final form, with the Port lines of others put out. */
static char *main_rest(const char *text, const char *path, const struct port_places *others,
		       enum ssh_form form)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	CLEANUP_STR struct str s = { 0 };
	char *rest = copy, *line;
	unsigned number = 0;
	bool own = false;

	while ((line = str_line(&rest))) {
		bool put_out = false;

		number++;
		own = own || str_starts(line, "# BEGIN kannuki");
		for (size_t i = 0; form == SSH_FINAL && i < others->count; i++)
			put_out = put_out || (others->place[i].line == number &&
					      str_eq(others->place[i].file, path));
		if (!own)
			str_addf(&s, "%s%s\n", put_out ? "#kannuki# " : "", line);
		if (str_starts(line, "# END kannuki"))
			own = false;
	}
	return str_take(&s);
}

static const struct sshd_file *find_file(const struct sshd *s, const char *path)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (str_eq(s->file[i].path, path))
			return &s->file[i];
	return NULL;
}

static void add_dropin(const struct control_in *in, const char *global, const char *tail,
		       struct ssh_files *ret)
{
	static const struct node absent = { .type = NODE_ABSENT };
	const struct sshd_file *now = find_file(&in->facts->sshd, SSH_DROPIN);
	struct ssh_file *f = add_file(ret, SSH_DROPIN, now ? &now->node : &absent, 0600);

	f->text = xasprintf(
		"# Written by kannuki from /etc/kannuki/policy.conf; change that instead.\n"
		"# sshd takes the first value it finds: this name sorts before the others.\n"
		"%s%s",
		global, tail);
}

static void add_main_block(const struct sshd_file *main_file, const struct port_places *others,
			   enum ssh_form form, const char *const text[2], struct ssh_files *ret)
{
	CLEANUP_FREE char *rest = main_rest(main_file->node.data, SSH_MAIN, others, form);
	struct ssh_file *f = add_file(ret, SSH_MAIN, &main_file->node, main_file->node.mode);

	f->text = xasprintf(BEGIN_LINE "%s" END_LINE "%s%s%s%s", text[0], rest,
			    text[1][0] ? TAIL_LINE : "", text[1], text[1][0] ? END_LINE : "");
}

int ssh_files_make(const struct control_in *in, const struct draft *d, enum ssh_form form,
		   struct ssh_files *ret, struct err *e)
{
	const struct sshd *s = &in->facts->sshd;
	CLEANUP(port_places_done) struct port_places others = { 0 };
	CLEANUP_FREE char *global = NULL;
	CLEANUP_STR struct str tail = { 0 };
	bool dropin = dropin_wins(s);

	if (s->file_count == 0 || s->file[0].node.type != NODE_FILE)
		return err_set(e, ERR_CONFLICT, _("%s is not there"), SSH_MAIN);
	/* Ports of others count only where ours change. */
	if (d->port_changes)
		others = ports_elsewhere(s);
	global = global_text(in, d, &others, form);
	if (form == SSH_RESTRICT)
		add_old_ports_match(d, &tail);
	if (dropin)
		add_dropin(in, global, tail.text ? tail.text : "", ret);
	else
		add_main_block(&s->file[0], &others, form,
			       (const char *const[]){ global, tail.text ? tail.text : "" }, ret);
	for (size_t i = dropin ? 0 : 1; form == SSH_FINAL && i < s->file_count; i++) {
		const struct sshd_file *f = &s->file[i];
		CLEANUP_FREE char *text = NULL;

		if (str_eq(f->path, SSH_DROPIN) || !f->node.data)
			continue;
		text = main_rest(f->node.data, f->path, &others, form);
		if (others.count > 0 && !str_eq(text, f->node.data))
			add_file(ret, f->path, &f->node, f->node.mode)->text = TAKE(text);
	}
	return 0;
}
