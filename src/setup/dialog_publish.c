// SPDX-License-Identifier: MIT
/* dialog_publish.c - what the packet filter lets in: what answers now, kept unless it is taken out. */
#include <string.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "setup/dialog_in.h"

void choices_done(struct dialog *d)
{
	for (size_t i = 0; i < d->choice_count; i++)
		free(d->choice[i].program);
	free(d->choice);
	d->choice = NULL;
	d->choice_count = 0;
}

static struct choice *add_choice(struct dialog *d, const struct opening *o, const char *program)
{
	struct choice *c;

	d->choice = xrealloc(d->choice, d->choice_count + 1, sizeof(*c));
	c = &d->choice[d->choice_count++];
	*c = (struct choice){ .opening = *o, .program = xstrdup(program) };
	return c;
}

static struct choice *find_choice(const struct dialog *d, const struct opening *o)
{
	for (size_t i = 0; i < d->choice_count; i++)
		if (opening_eq(&d->choice[i].opening, o))
			return &d->choice[i];
	return NULL;
}

static bool is_ssh(const struct opening *o)
{
	return o->tpl && str_eq(o->tpl->name, "ssh");
}

static bool is_ssh_port(const struct facts *f, const struct socket_info *s)
{
	for (size_t i = 0; s->kind == SOCKET_TCP_LISTEN && i < f->sshd.port_count; i++)
		if (f->sshd.port[i] == s->local_port)
			return true;
	return str_starts(s->comm, "sshd");
}

/* DHCP's answers are let in whatever the policy says. */
static bool is_dhcp(const struct socket_info *s)
{
	return s->kind == SOCKET_UDP_BOUND && (s->local_port == 68 || s->local_port == 546);
}

static bool policy_opens(const struct policy *p, const struct opening *o)
{
	for (size_t i = 0; i < p->open_count; i++)
		if (opening_holds(&p->open[i], o->range.transport, o->range.from))
			return true;
	return false;
}

/* With our own filter in force only what it opens can be reached. */
static void add_listener(struct dialog *d, const struct socket_info *s)
{
	const struct opening o = { .range = { s->kind == SOCKET_UDP_BOUND ? TRANSPORT_UDP
									  : TRANSPORT_TCP,
					      s->local_port, s->local_port } };
	bool opened = policy_opens(&d->policy, &o);
	struct choice *c = find_choice(d, &o);

	if (!c)
		c = add_choice(d, &o, "");
	if (!c->program[0]) {
		free(c->program);
		c->program = xstrdup(s->comm[0] ? s->comm : "?");
	}
	c->reachable = opened || !facts_own_filter(d->facts);
	c->open = opened || d->anew;
}

static int by_port(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (!x->opening.tpl != !y->opening.tpl)
		return x->opening.tpl ? -1 : 1;
	if (x->opening.range.from != y->opening.range.from)
		return x->opening.range.from < y->opening.range.from ? -1 : 1;
	return (int)x->opening.range.transport - (int)y->opening.range.transport;
}

void choices_init(struct dialog *d)
{
	for (size_t i = 0; i < d->facts->socket_count; i++) {
		const struct socket_info *s = &d->facts->socket[i];

		if (s->kind != SOCKET_TCP_ESTABLISHED && !addr_is_loopback(&s->local) &&
		    !is_ssh_port(d->facts, s) && !is_dhcp(s))
			add_listener(d, s);
	}
	for (size_t i = 0; i < d->policy.open_count; i++) {
		const struct opening *o = &d->policy.open[i];
		struct choice *c = find_choice(d, o);

		if (!is_ssh(o))
			(c ? c : add_choice(d, o, ""))->open = true;
	}
	if (d->choice_count > 1)
		qsort(d->choice, d->choice_count, sizeof(*d->choice), by_port);
	choices_store(d);
}

/* A port that a chosen template holds is open by it. */
static bool opened_by_template(const struct dialog *d, const struct choice *c)
{
	for (size_t i = 0; i < d->choice_count; i++) {
		const struct choice *o = &d->choice[i];

		if (o != c && o->open && !o->opening.has_source && !c->opening.tpl &&
		    opening_holds(&o->opening, c->opening.range.transport, c->opening.range.from) &&
		    opening_holds(&o->opening, c->opening.range.transport, c->opening.range.to))
			return true;
	}
	return false;
}

void choices_store(struct dialog *d)
{
	d->policy.open_count = 0;
	d->policy.open = xrealloc(d->policy.open, d->choice_count + 1, sizeof(*d->policy.open));
	d->policy.open[d->policy.open_count++] =
		(struct opening){ .tpl = opening_template_find("ssh") };
	for (size_t i = 0; i < d->choice_count; i++)
		if (d->choice[i].open && !opened_by_template(d, &d->choice[i]))
			d->policy.open[d->policy.open_count++] = d->choice[i].opening;
}

static void toggle(struct dialog *d, struct choice *c)
{
	CLEANUP_FREE char *text = opening_text(&c->opening);

	c->open = !c->open;
	if (c->open)
		dialog_say(d, _("%s will be open."), text);
	else if (opened_by_template(d, c))
		dialog_say(d, _("%s stays open, because a template in the list holds it."), text);
	else
		dialog_say(d, _("%s will not be reachable any more."), text);
}

static enum dialog_next take_opening(struct dialog *d, const char *text)
{
	struct err why = { 0 };
	struct opening o;
	struct choice *c;

	if (opening_parse(text, &o, &why) < 0) {
		dialog_say_why(d, &why);
		return DIALOG_ASK;
	}
	if (is_ssh(&o)) {
		dialog_say(d, "%s", _("SSH is open in any case: else nobody would get in."));
		return DIALOG_ASK;
	}
	c = find_choice(d, &o);
	if (!c)
		c = add_choice(d, &o, "");
	c->open = false;
	toggle(d, c);
	return DIALOG_ASK;
}

/* Numbers switch lines, anything else is a template or a port. */
enum dialog_next dialog_answer_publish(struct dialog *d, const char *answer)
{
	CLEANUP_STRV struct strv word = { 0 };
	bool numbers = true;
	uint64_t n;

	strv_split(&word, answer, " ,\t");
	for (size_t i = 0; i < word.count; i++)
		numbers = numbers && str_to_u64(word.item[i], 0, UINT32_MAX, &n) == 0;
	if (!numbers) {
		enum dialog_next next = take_opening(d, answer);

		choices_store(d);
		return next;
	}
	for (size_t i = 0; i < word.count; i++) {
		if (str_to_u64(word.item[i], 1, d->choice_count, &n) == 0) {
			toggle(d, &d->choice[n - 1]);
			continue;
		}
		dialog_say(d,
			   _("There is no line %s. To open a port, write it as %s/tcp or %s/udp."),
			   word.item[i], word.item[i], word.item[i]);
		return DIALOG_ASK;
	}
	choices_store(d);
	return word.count ? DIALOG_ASK : dialog_go_on(d);
}

static void show_closing(const struct dialog *d, struct str *ret)
{
	CLEANUP_STRV struct strv closing = { 0 };
	CLEANUP_FREE char *all = NULL;

	for (size_t i = 0; i < d->choice_count; i++) {
		const struct choice *c = &d->choice[i];
		CLEANUP_FREE char *text = opening_text(&c->opening);

		if (c->reachable && !c->open && !opened_by_template(d, c))
			strv_addf(&closing, "%s (%s)", text, c->program);
	}
	all = strv_join(&closing, ", ");
	if (closing.count)
		layout_textf(ret, _("Reachable now, and will stop answering: %s"), all);
}

static void show_choice(const struct choice *c, size_t number, struct str *ret)
{
	CLEANUP_FREE char *text = opening_text(&c->opening);
	const char *what = c->opening.tpl ? _(c->opening.tpl->title) : c->program;

	str_addf(ret, "  %2zu. [%s] ", number, c->open ? "x" : " ");
	str_add_padded(ret, text, 16);
	str_addf(ret, "%s%s\n", what, c->reachable ? _("  (reachable now)") : "");
}

void show_publish(const struct dialog *d, struct str *ret)
{
	show_closing(d, ret);
	layout_item(ret, "[4/5] ",
		    d->choice_count
			    ? _("What shall be reachable from outside, beside SSH? [x] is open.")
			    : _("Nothing but SSH is reachable now. What else shall be?"));
	for (size_t i = 0; i < d->choice_count; i++)
		show_choice(&d->choice[i], i + 1, ret);
	if (d->choice_count)
		layout_text(ret, _("A number switches its line on or off."));
	layout_text(ret, _("To add: web, mail, dns, wireguard, minecraft, ... or a port, such as "
			   "8080/tcp"));
	str_add(ret, _("Enter when the list is right: "));
}
