// SPDX-License-Identifier: MIT
/* prove.c - see prove.h. */
#include "remote/prove.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/term.h"
#include "os/tcp.h"
#include "remote/say.h"

#define UNDO_MS	   120000
#define CONFIRM_S  150
#define RESERVE_S  45	/* of the window, kept for undo and a look at the old door */
#define QUICK_S	   4	/* for what answers at once, or is shut */
#define SILENCE_MS 2500 /* a packet that was lost is sent again after 1 s */
#define TRIES	   3	/* without a person who could open something */

/* A family by which the host is reached, and its address where the host's name has none of that family. */
struct path {
	int family; /* 0: as ssh likes, through a jump host */
	const char *address;
};

/* What was asked for is not so: 1, and *e says what was found. */
static int failed(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int failed(struct err *e, const char *fmt, ...)
{
	CLEANUP_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	err_fill(e, ERR_FAILED, "%s", text);
	return 1;
}

static const char *family_name(const struct path *path)
{
	return path->family == 4 ? "IPv4" : path->family == 6 ? "IPv6" : _("the jump host");
}

/* --- over what ---------------------------------------------------------------------------------------- */

static bool is_of(const char *text, int family)
{
	struct addr a;

	return addr_parse(text, &a) == 0 && a.family == (family == 4 ? AF_INET : AF_INET6);
}

/* An address that was typed has one family: the other is the host's own word. */
static const char *address_for(const struct proving *p, int family)
{
	const struct strv *own = &p->far_end->pending.address;
	struct addr a;

	if (addr_parse(p->host->name, &a) < 0 || is_of(p->host->name, family))
		return NULL;
	for (size_t i = 0; i < own->count; i++)
		if (is_of(own->item[i], family))
			return own->item[i];
	return "";
}

/* The old door, which is still there, tells which families reach the host from here. */
static int find_paths(struct proving *p, struct path ret[2], size_t *ret_count, struct err *e)
{
	*ret_count = 0;
	for (int family = 4; family <= 6 && !p->host->jumps; family += 2) {
		const struct path one = { family, address_for(p, family) };
		const struct way way = { .family = family,
					 .address = one.address,
					 .patience = QUICK_S };
		CLEANUP_LOOKED struct looked l = { 0 };

		if (one.address && !one.address[0])
			continue;
		if (host_look(p->host, &way, &l, e) < 0)
			return -1;
		if (l.what == LOOK_ANSWERS)
			ret[(*ret_count)++] = one;
	}
	if (*ret_count == 0)
		ret[(*ret_count)++] = (struct path){ 0 };
	return 0;
}

/* --- the new door --------------------------------------------------------------------------------------- */

/* What is done at the new door. */
struct errand {
	const char *user;  /* NULL: the door's own */
	const char *first; /* a command as the user itself; NULL: none */
	const char *command, *input;
	unsigned patience; /* s for the connection; 0: host.h's */
};

static int by_key(struct proving *p, const struct path *path, const struct errand *what,
		  struct run_result *ret, struct err *e)
{
	const struct pending *w = &p->far_end->pending;
	const struct key_login k = { .way = { .port = w->port,
					      .family = path->family,
					      .address = path->address,
					      .user = what->user ? what->user : w->user,
					      .patience = what->patience },
				     .identity = p->identity->public_file,
				     .agent = p->identity->agent,
				     .command = what->command,
				     .input = what->input };

	return host_run_by_key(p->host, &k, ret, e);
}

/* The command as root: sudo has the password on its input where it asks for one. */
static int by_sudo(struct proving *p, const struct path *path, const struct errand *what,
		   struct run_result *ret, struct err *e)
{
	CLEANUP_FREE char *whole =
		xasprintf("%s%sLC_ALL=%s sudo %s -p '' %s", what->first ? what->first : "",
			  what->first ? "; " : "", i18n_get() == LANG_JA ? "ja_JP.UTF-8" : "C",
			  p->secret ? "-S" : "-n", what->command);
	CLEANUP_FREE char *line = p->secret ? xasprintf("%s\n", p->secret) : NULL;
	const struct errand as_user = {
		.user = what->user, .command = whole, .input = line, .patience = what->patience
	};
	int r = by_key(p, path, &as_user, ret, e);

	str_wipe(line);
	return r;
}

static void say_waits(struct proving *p, const struct path *path, int64_t until)
{
	const struct pending *w = &p->far_end->pending;
	int64_t minutes = (until - os_now(p->host->os, OS_BOOTTIME)) / 60000000000;

	say(_("Port %u does not answer over %s. Let TCP %u in, in your provider's packet filter. "
	      "It is tried again and again for %d minutes; then, or when you press Ctrl-C, "
	      "everything is undone."),
	    w->port, family_name(path), w->port, minutes > 1 ? (int)minutes : 1);
	if (w->provider) {
		CLEANUP_FREE char *filter = provider_filter(w->provider, w->port);

		say("%s: %s", _(w->provider->title), filter);
	}
}

/* 0: it answers. 1: not in time, or the person gave up. */
static int wait_for_door(struct proving *p, const struct path *path, int64_t until, struct err *e)
{
	const struct way way = { .port = p->far_end->pending.port,
				 .family = path->family,
				 .address = path->address,
				 .user = p->far_end->pending.user };

	for (unsigned tried = 0;; tried++) {
		CLEANUP_LOOKED struct looked l = { 0 };

		if (host_look(p->host, &way, &l, e) < 0)
			return -1;
		if (l.what == LOOK_ANSWERS)
			return 0;
		if (l.what == LOOK_CHANGED || l.what == LOOK_UNKNOWN)
			return failed(e, _("another host key is shown at port %u over %s"),
				      p->far_end->pending.port, family_name(path));
		if (tried == 0 && p->asks)
			say_waits(p, path, until);
		if (os_now(p->host->os, OS_BOOTTIME) >= until || term_stopped() ||
		    (!p->asks && tried + 1 >= TRIES))
			return failed(e, _("port %u does not answer over %s (%s)"),
				      p->far_end->pending.port, family_name(path), l.said);
		os_sleep(p->host->os, 1000);
	}
}

/* One login says it all: "taro\n0\n". */
static int judge(const struct proving *p, const struct path *path, struct run_result *in,
		 struct err *e)
{
	const struct pending *w = &p->far_end->pending;
	char *rest = in->out;
	const char *user = str_line(&rest);
	const char *root = user ? str_line(&rest) : NULL;

	str_make_clean(in->err);
	if (!user || !str_eq(user, w->user))
		return failed(e, _("%s cannot log in by the key over %s: %s"), w->user,
			      family_name(path), str_trim(in->err));
	if (in->status != 0 || !root || !str_eq(root, "0"))
		return failed(e, _("%s logs in over %s, but sudo fails: %s"), w->user,
			      family_name(path), str_trim(in->err));
	say_ok(_("%s logs in at port %u by the key over %s, and sudo works"), w->user, w->port,
	       family_name(path));
	return 0;
}

/* A command of the program that is installed there; for a shell, malloc'd. */
static char *installed(const struct proving *p, const char *words)
{
	return xasprintf("%s %s", p->far_end->pending.program, words);
}

/* 0, 1 as above. A door that does not answer is waited for, then tried again. */
static int try_family(struct proving *p, const struct path *path, int64_t until, struct err *e)
{
	for (unsigned tried = 0;; tried++) {
		const struct errand what = { .first = "id -un",
					     .command = "id -u",
					     .patience = tried ? 0 : QUICK_S };
		CLEANUP_LOOKED struct looked l = { 0 };
		CLEANUP_RUN struct run_result in = { 0 };
		int r;

		if (by_sudo(p, path, &what, &in, e) < 0)
			return -1;
		host_looked_at(&in, &l);
		if (tried > 0 || in.status != 255 || l.what == LOOK_ANSWERS)
			return judge(p, path, &in, e);
		r = wait_for_door(p, path, until, e);
		if (r != 0)
			return r;
	}
}

static int confirm(struct proving *p, const struct path *path, struct err *e)
{
	CLEANUP_FREE char *command = installed(p, "confirm");
	CLEANUP_RUN struct run_result r = { 0 };

	p->asked_to_confirm = true;
	if (by_sudo(p, path, &(struct errand){ .command = command }, &r, e) < 0)
		return -1;
	str_make_clean(r.out);
	str_make_clean(r.err);
	fputs(r.out, stdout);
	fflush(stdout);
	if (r.status != 0)
		return failed(e, "%s", str_trim(r.err[0] ? r.err : r.out));
	return 0;
}

/* --- back ------------------------------------------------------------------------------------------------ */

static int old_door(struct proving *p, struct err *e)
{
	CLEANUP_LOOKED struct looked l = { 0 };
	const struct way first = { 0 };

	for (unsigned i = 0; i < 10; i++) {
		looked_done(&l);
		if (host_look(p->host, &first, &l, e) < 0)
			return -1;
		if (l.what == LOOK_ANSWERS && str_eq(l.methods, p->old_methods))
			break;
		os_sleep(p->host->os, 1000);
	}
	if (l.what != LOOK_ANSWERS)
		return err_set(e, ERR_FAILED, _("the old door at port %u does not answer: %s"),
			       p->host->number, l.said);
	say(_("The old door is back: %s at port %u, by %s."), p->host->user, p->host->number,
	    l.methods ? l.methods : "?");
	return 0;
}

enum waits { WAITS_NOT, WAITS, WAITS_UNKNOWN };

/* confirm may have failed after its record was written, and the host may have undone it meanwhile: then nothing waits
 * any more. Unknown: the connection is lost. */
static int what_waits(struct proving *p, struct err *e)
{
	CLEANUP_FREE char *command = installed(p, "status >/dev/null 2>&1");
	CLEANUP_RUN struct run_result r = { 0 };

	if (host_run_root(p->host, command, UNDO_MS, &r, e) < 0)
		return -1;
	if (r.status == 255)
		return WAITS_UNKNOWN;
	/* 127: undo has taken the program away too, which was installed only by what waited. */
	return r.status == EXIT_DONE || r.status == 127 ? WAITS_NOT : WAITS;
}

/* The host has not been asked, and yet all is as before: its time was over. */
static bool has_gone_back(struct proving *p, enum waits waits)
{
	const struct way first = { 0 };
	CLEANUP_LOOKED struct looked l = { 0 };
	struct err ignored = { 0 };

	if (waits == WAITS_UNKNOWN && os_now(p->host->os, OS_BOOTTIME) < p->deadline)
		return false;
	return host_look(p->host, &first, &l, &ignored) == 0 && l.what == LOOK_ANSWERS &&
	       str_eq(l.methods, p->old_methods);
}

static int cannot_undo(const struct proving *p, const char *cause, struct err *e)
{
	const struct pending *w = &p->far_end->pending;

	if (!p->asked_to_confirm)
		return err_set(e, ERR_FAILED,
			       _("undo could not be asked for (%s). The host undoes everything by "
				 "itself within %u s; then the old door is open again."),
			       cause, w->seconds);
	return err_set(e, ERR_FAILED,
		       _("the connection was lost while it was confirmed. Within %u s either the "
			 "new door is the only one (ssh -p %u %s@%s), or the old one is back."),
		       w->seconds, w->port, w->user, p->host->name);
}

/* 0: it is undone. */
static int ask_undo(struct proving *p, struct err *e)
{
	CLEANUP_FREE char *command = installed(p, "undo");
	CLEANUP_RUN struct run_result r = { 0 };

	if (host_run_root(p->host, command, UNDO_MS, &r, e) < 0)
		return -1;
	str_make_clean(r.err);
	/* With words on its output it is undone, and tells what others had changed. */
	if (r.status != 0 && !(r.status == EXIT_CONFLICT && r.out[0]))
		return cannot_undo(
			p, r.status == 255 ? _("the connection was lost") : str_trim(r.err), e);
	str_make_clean(r.out);
	fputs(r.out, stdout);
	return 0;
}

static int undo(struct proving *p, const struct err *why, struct err *e)
{
	int waits = what_waits(p, e);

	if (waits < 0)
		return -1;
	if (waits != WAITS && has_gone_back(p, waits)) {
		say(_("This did not work: %s"), why->msg);
		say(_("The host has undone all changes by itself, as its time was over."));
		return old_door(p, e) < 0 ? -1 : EXIT_FAILED;
	}
	if (waits == WAITS_NOT)
		return err_set(e, ERR_FAILED,
			       _("%s. Nothing waits any more; look there: sudo kannuki log"),
			       why->msg);
	say(_("This did not work: %s"), why->msg);
	if (waits == WAITS_UNKNOWN)
		return cannot_undo(p, _("the connection was lost"), e);
	say(_("Undoing all changes ..."));
	if (ask_undo(p, e) < 0)
		return -1;
	return old_door(p, e) < 0 ? -1 : EXIT_FAILED;
}

/* --- shut ------------------------------------------------------------------------------------------------ */

/* What must be shut is asked over the channel that has just let the key in: silence there would be no proof. */
static int only_keys(const struct proving *p, const struct path *path, const char *user,
		     const struct looked *l, struct err *e)
{
	CLEANUP_STRV struct strv methods = { 0 };

	/* Others may stand beside it that ask for no password: RHEL's sshd offers GSSAPI too. */
	strv_split(&methods, l->methods ? l->methods : "", ",");
	if (l->what == LOOK_ANSWERS && strv_has(&methods, "publickey") &&
	    !strv_has(&methods, "password") && !strv_has(&methods, "keyboard-interactive"))
		return 0;
	if (l->what != LOOK_ANSWERS)
		return failed(e, _("port %u does not answer over %s (%s)"),
			      p->far_end->pending.port, family_name(path), l->said);
	return failed(e, _("%s is offered at port %u over %s: %s"), user, p->far_end->pending.port,
		      family_name(path), l->methods ? l->methods : "?");
}

/* The key tells both whether root gets in and what else root may try. */
static int look_at_root(struct proving *p, const struct path *path, struct err *e)
{
	const struct pending *w = &p->far_end->pending;
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_LOOKED struct looked l = { 0 };

	if (by_key(p, path, &(struct errand){ .user = "root", .command = "true" }, &r, e) < 0)
		return -1;
	if (r.status == 0)
		return w->root ? 0
			       : failed(e, _("root can log in at port %u over %s"), w->port,
					family_name(path));
	host_looked_at(&r, &l);
	if (!w->passwords)
		return only_keys(p, path, "root", &l, e);
	return l.what == LOOK_ANSWERS ? 0 : failed(e, "%s", l.said);
}

static int look_at_strangers(struct proving *p, const struct path *path, struct err *e)
{
	static const char nobody[] = "nobody-here";
	const struct way way = { .port = p->far_end->pending.port,
				 .family = path->family,
				 .address = path->address,
				 .user = nobody };
	CLEANUP_LOOKED struct looked l = { 0 };

	if (p->far_end->pending.passwords)
		return 0;
	if (host_look(p->host, &way, &l, e) < 0)
		return -1;
	return only_keys(p, path, nobody, &l, e);
}

static int look_back(struct proving *p, const struct path *path, struct err *e)
{
	const struct pending *w = &p->far_end->pending;
	CLEANUP_RUN struct run_result in = { 0 };
	int r;

	if (by_key(p, path, &(struct errand){ .command = "true" }, &in, e) < 0)
		return -1;
	if (in.status != 0)
		return failed(e, _("%s cannot log in by the key over %s: %s"), w->user,
			      family_name(path), str_trim(in.err));
	r = look_at_root(p, path, e);
	if (r == 0)
		r = look_at_strangers(p, path, e);
	if (r == 0 && !w->passwords)
		say_ok(_("nobody is asked for a password over %s"), family_name(path));
	if (r == 0 && !w->root)
		say_ok(_("root is refused over %s"), family_name(path));
	return r;
}

/* --- the old port ------------------------------------------------------------------------------------------ */

#define OLD_MAX (2 * COUNT(((struct pending *)NULL)->old_port))

static int say_shut(const struct path *path, unsigned port, bool answers, struct err *e)
{
	if (answers)
		return failed(e, _("port %u still answers over %s"), port, family_name(path));
	say_ok(_("port %u answers no more over %s"), port, family_name(path));
	return 0;
}

/* Through a jump host only ssh can ask. */
static int old_ports_by_ssh(struct proving *p, const struct path *path, struct err *e)
{
	const struct pending *w = &p->far_end->pending;
	int r = 0;

	for (size_t i = 0; i < w->old_port_count && r == 0; i++) {
		const struct way way = { .port = w->old_port[i], .patience = QUICK_S };
		CLEANUP_LOOKED struct looked l = { 0 };

		if (host_look(p->host, &way, &l, e) < 0)
			return -1;
		r = say_shut(path, w->old_port[i], l.what != LOOK_SILENT && l.what != LOOK_REFUSED,
			     e);
	}
	return r;
}

/* Where that path leads; false: nobody knows. */
static bool address_of(const struct path *path, const struct addr own[2], struct addr *ret)
{
	if (path->address)
		return addr_parse(path->address, ret) == 0;
	*ret = own[path->family == 6];
	return ret->family != 0;
}

/* All at once: a filter is silent, and each silence takes its time. */
static int old_ports(struct proving *p, const struct path *path, size_t count, struct err *e)
{
	const struct pending *w = &p->far_end->pending;
	struct addr own[2], to[2];
	struct tcp_asked ask[OLD_MAX];
	const struct path *of[OLD_MAX];
	size_t n = 0;
	int r = 0;

	if (w->old_port_count == 0)
		return 0;
	if (!path[0].family)
		return old_ports_by_ssh(p, &path[0], e);
	if (host_addresses(p->host, own, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		bool known = address_of(&path[i], own, &to[i]);

		for (size_t k = 0; k < w->old_port_count && known; k++) {
			of[n] = &path[i];
			ask[n++] =
				(struct tcp_asked){ &to[i], (uint16_t)w->old_port[k], TCP_SILENT };
		}
	}
	if (tcp_ask(ask, n, SILENCE_MS, e) < 0)
		return -1;
	for (size_t i = 0; i < n && r == 0; i++)
		r = say_shut(of[i], ask[i].port, ask[i].answer == TCP_OPEN, e);
	return r;
}

/* --- all ------------------------------------------------------------------------------------------------- */

int prove(struct proving *p, struct err *e)
{
	const struct pending *w = &p->far_end->pending;
	int64_t now = os_now(p->host->os, OS_BOOTTIME);
	int64_t until = now + ((int64_t)w->seconds - RESERVE_S) * 1000000000;
	struct err why = { 0 };
	struct path path[2];
	size_t count;
	int r;

	p->deadline = now + (int64_t)w->seconds * 1000000000;
	say(_("Now from outside, by new connections:"));
	term_catch_stop(true);
	r = find_paths(p, path, &count, &why);
	if (r == 0 && p->far_end->stopped)
		r = failed(&why, _("you have stopped it"));
	for (size_t i = 0; i < count && r == 0; i++)
		r = try_family(p, &path[i], until, &why);
	if (r == 0 && term_stopped())
		r = failed(&why, _("you have stopped it"));
	if (r == 0)
		r = confirm(p, &path[0], &why);
	term_catch_stop(false);
	if (r != 0)
		return undo(p, &why, e);
	for (size_t i = 0; i < count && r == 0; i++)
		r = look_back(p, &path[i], &why);
	if (r == 0)
		r = old_ports(p, path, count, &why);
	if (r == 0)
		return EXIT_DONE;
	/* It was proved and is in force; what is not as it should be has to be known. */
	*e = why;
	return err_ctx(e, _("confirmed, but what was looked at then is not as it should be"));
}
