// SPDX-License-Identifier: MIT
/* end.c - see end.h. */
#include "setup/end.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "base/term.h"
#include "setup/grade.h"
#include "setup/packages_first.h"

#define PORTS_SHOWN 6

void view_done(struct view *v)
{
	free(v->ports);
	free(v->root);
	free(v->others);
	free(v->grade);
	*v = (struct view){ 0 };
}

const char *ways_words(const struct facts *f, const char *who)
{
	const struct sshd_view *v = sshd_view_of(&f->sshd, who, 0);
	struct sshd_ways w;

	if (!v)
		return "?";
	w = sshd_ways(v);
	if (w.key && w.password)
		return _("key or password");
	return w.key ? _("key only") : w.password ? _("password only") : _("refused");
}

/* --- the ports --------------------------------------------------------------------------------------- */

struct reach {
	unsigned port;
	bool udp;
};

static int by_port(const void *a, const void *b)
{
	const struct reach *x = a, *y = b;

	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return (int)x->udp - (int)y->udp;
}

static bool is_ssh_port(const struct facts *f, const struct socket_info *s)
{
	for (size_t i = 0; s->kind == SOCKET_TCP_LISTEN && i < f->sshd.port_count; i++)
		if (f->sshd.port[i] == s->local_port)
			return true;
	return false;
}

/* With our own filter in force only what it opens can be reached. */
static bool is_reachable(const struct facts *f, const struct policy *p, const struct socket_info *s)
{
	bool udp = s->kind == SOCKET_UDP_BOUND;

	if (s->kind == SOCKET_TCP_ESTABLISHED || addr_is_loopback(&s->local) ||
	    (udp && (s->local_port == 68 || s->local_port == 546)))
		return false;
	if (!facts_own_filter(f) || is_ssh_port(f, s))
		return true;
	for (size_t i = 0; i < p->open_count; i++)
		if (opening_holds(&p->open[i], udp ? TRANSPORT_UDP : TRANSPORT_TCP, s->local_port))
			return true;
	return false;
}

static char *ports_words(const struct facts *f, const struct policy *p)
{
	CLEANUP_FREE struct reach *all = xcalloc(f->socket_count + 1, sizeof(*all));
	CLEANUP_STR struct str s = { 0 };
	size_t n = 0, shown = 0;

	for (size_t i = 0; i < f->socket_count; i++)
		if (is_reachable(f, p, &f->socket[i]))
			all[n++] = (struct reach){ f->socket[i].local_port,
						   f->socket[i].kind == SOCKET_UDP_BOUND };
	qsort(all, n, sizeof(*all), by_port);
	str_add(&s, "");
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && by_port(&all[i - 1], &all[i]) == 0)
			continue;
		if (++shown <= PORTS_SHOWN)
			str_addf(&s, "%s%u%s", s.len ? " " : "", all[i].port,
				 all[i].udp ? "/udp" : "");
	}
	if (shown > PORTS_SHOWN)
		str_addf(&s, " +%zu", shown - PORTS_SHOWN);
	return str_take(&s);
}

void view_take(const struct facts *f, const struct policy *p, const struct audit *audit,
	       struct view *ret)
{
	*ret = (struct view){ .ports = ports_words(f, p),
			      .root = xstrdup(ways_words(f, "root")),
			      .others = xstrdup(ways_words(f, "stranger")),
			      .grade = audit && audit->grade != '-' ? xasprintf("%c", audit->grade)
								    : xstrdup("?") };
}

/* --- the end ----------------------------------------------------------------------------------------- */

/* All of it as it is now; what cannot be asked leaves the card without its table. */
static int look_again(struct os *os, struct facts *f, struct view *ret)
{
	const struct facts_query q = { .brief = true, .updates = true };
	CLEANUP_POLICY struct policy p = { 0 };
	CLEANUP_AUDIT struct audit audit = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct err ignored = { 0 };

	if (facts_gather(os, &q, f, &ignored) < 0 ||
	    policy_load(os, POLICY_PATH, &p, &text, &ignored) < 0)
		return -1;
	if (grade_host(os, &p, text, &audit, &ignored) < 0)
		audit = (struct audit){ .grade = '-' };
	view_take(f, &p, &audit, ret);
	return 0;
}

static void save(struct os *os, const char *text)
{
	/* The other window writes its own at the same moment: the one that waits for it, or confirms it. */
	for (unsigned tries = 0; tries < 10; tries++) {
		struct err why = { 0 };

		if (os_write(os, CARD_PATH, text, 0600, &why) == 0) {
			printf(_("This text is kept: sudo cat %s\n"), CARD_PATH);
			return;
		}
		os_sleep(os, 100);
	}
}

/* Confirmed is confirmed: the way in that was proved is there after the restart too. */
static void offer_restart(struct os *os)
{
	struct err why = { 0 };

	if (term_yes(_("Restart now? Log in once more after a minute, then you know that all is "
		       "well."),
		     &why) != 1)
		return;
	if (os_run_ok(os, ARGV("systemctl", "reboot"), NULL, &why) < 0)
		printf("%s\n", why.msg);
}

void end_show(struct os *os, const struct end *end)
{
	CLEANUP_FACTS struct facts now = { 0 };
	CLEANUP_VIEW struct view after = { 0 };
	CLEANUP_STR struct str text = { 0 };
	bool known = look_again(os, &now, &after) == 0;
	const struct view *v = end->view;
	const struct card_change change[] = {
		{ N_("Open ports"), v ? v->ports : NULL, after.ports },
		{ N_("root by SSH"), v ? v->root : NULL, after.root },
		{ N_("others by SSH"), v ? v->others : NULL, after.others },
		{ N_("Grade"), v ? v->grade : NULL, after.grade },
	};
	const struct card card = { .plan = end->plan,
				   .facts = end->before,
				   .provider = provider_detect(os, end->before),
				   .change = change,
				   .change_count = v && known ? COUNT(change) : 0,
				   .restart_due = known && (now.updates.reboot_required ||
							    now.updates.kernel_waits) };

	card_end(&card, &text);
	fputs(text.text, stdout);
	save(os, text.text);
	fflush(stdout);
	if (card.restart_due && end->offers_restart) {
		say_restart(&now.updates);
		offer_restart(os);
	}
}
