// SPDX-License-Identifier: MIT
/* host.c - see host.h. */
#include "remote/host.h"

#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "remote/ssh_words.h"
#include "remote/target.h"

#define PATIENCE_S 10
#define LOOK_MS	   30000
#define LEAVE_MS   3000 /* for the host's side of the shared login to tidy up */
static const struct host_ask quick = { .timeout_ms = LOOK_MS };
#define LOOK_ONLY "-o ControlPath=none -o BatchMode=yes -o PreferredAuthentications=none"

void looked_done(struct looked *l)
{
	free(l->methods);
	free(l->said);
	*l = (struct looked){ 0 };
}

char *shell_word(const char *text)
{
	CLEANUP_STR struct str s = { 0 };

	str_add(&s, "'");
	for (; *text; text++) {
		if (*text == '\'')
			str_add(&s, "'\\''");
		else
			str_add_bytes(&s, text, 1);
	}
	str_add(&s, "'");
	return str_take(&s);
}

/* --- what every call of ssh begins with --------------------------------------------------------- */

/* Nothing of the person's configuration may run a command or open a tunnel in what we do. */
static void begin(const struct host *h, const char *log_level, struct strv *v)
{
	static const char *const options[] = {
		"ClearAllForwardings=yes", "PermitLocalCommand=no", "RemoteCommand=none",
		"RequestTTY=no",	   "ForwardAgent=no",	    "ForwardX11=no",
		"EscapeChar=none",	   "VisualHostKey=no",	    "UpdateHostKeys=no",
		"ServerAliveInterval=5",   "ServerAliveCountMax=4",
	};

	strv_add(v, "ssh");
	strv_add(v, "-o");
	strv_addf(v, "LogLevel=%s", log_level);
	for (size_t i = 0; i < COUNT(options); i++) {
		strv_add(v, "-o");
		strv_add(v, options[i]);
	}
	if (h->known) {
		strv_add(v, "-o");
		strv_addf(v, "UserKnownHostsFile=\"%s\" ~/.ssh/known_hosts ~/.ssh/known_hosts2",
			  h->known);
	}
	if (h->port) {
		strv_add(v, "-p");
		strv_add(v, h->port);
	}
}

void ssh_begin(const struct host *h, struct strv *v)
{
	begin(h, "INFO", v);
}

/* At another port the host has the same key. */
static void add_port(const struct host *h, unsigned port, struct strv *v)
{
	if (port == 0 || port == h->number)
		return;
	strv_add(v, "-o");
	strv_addf(v, "HostKeyAlias=%s", h->alias);
	for (size_t i = 0; i < v->count; i++) {
		if (!str_eq(v->item[i], "-p") || !h->port)
			continue;
		free(v->item[i + 1]);
		v->item[i + 1] = xasprintf("%u", port);
		return;
	}
	strv_add(v, "-p");
	strv_addf(v, "%u", port);
}

int ssh_exec(struct host *h, const struct strv *argv, const struct host_ask *ask,
	     struct run_result *ret, struct err *e)
{
	const struct run r = { .argv = (const char *const *)argv->item,
			       .input = ask->input,
			       .input_len = ask->input_len,
			       .timeout_ms = ask->timeout_ms,
			       .env = (const char *const *)h->env.item };

	return os_run(h->os, &r, ret, e);
}

void known_hosts_keys(const char *lines, struct strv *ret)
{
	CLEANUP_FREE char *copy = xstrdup(lines);
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		CLEANUP_STRV struct strv word = { 0 };

		strv_split(&word, line, " \t");
		if (word.count >= 3 && line[0] != '#' && line[0] != '@')
			strv_addf(ret, "%s %s", word.item[1], word.item[2]);
	}
}

static char *last_line(const char *text)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *line;
	const char *last = "";

	while ((line = str_line(&rest)))
		if (line[strspn(line, " ")])
			last = line;
	str_make_clean((char *)last);
	return xstrdup(last);
}

/* --- who it is ------------------------------------------------------------------------------------ */

static void take_setting(struct host *h, const char *name, const char *value)
{
	uint64_t n;

	if (str_eq(name, "hostname"))
		h->name = xstrdup(value);
	if (str_eq(name, "user"))
		h->user = xstrdup(value);
	if (str_eq(name, "port") && str_to_u64(value, 1, 65535, &n) == 0)
		h->number = (unsigned)n;
	if ((str_eq(name, "proxyjump") || str_eq(name, "proxycommand")) && !str_eq(value, "none"))
		h->jumps = true;
	if (str_eq(name, "hostkeyalias"))
		h->alias = xstrdup(value);
}

static int read_settings(struct host *h, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv argv = { 0 };
	char *rest, *line;

	ssh_begin(h, &argv);
	strv_add(&argv, "-G");
	strv_add(&argv, "--");
	strv_add(&argv, h->target);
	if (ssh_exec(h, &argv, &quick, &r, e) < 0)
		return -1;
	if (r.status == 127)
		return err_set(e, ERR_USAGE,
			       _("ssh is not installed here; install the package openssh-client"));
	rest = r.out;
	while (r.status == 0 && (line = str_line(&rest))) {
		char *value = strchr(line, ' ');

		if (value) {
			*value = '\0';
			take_setting(h, line, value + 1);
		}
	}
	if (!h->name || !h->user || !h->number) {
		CLEANUP_FREE char *why = last_line(r.err);

		return err_set(e, ERR_USAGE, "%s: %s", h->target, why);
	}
	if (!h->alias)
		h->alias = h->number == 22 ? xstrdup(h->name)
					   : xasprintf("[%s]:%u", h->name, h->number);
	return 0;
}

int host_open(struct os *os, const char *target, const char *port, struct host *ret, struct err *e)
{
	struct host *h = ret;

	*h = (struct host){ .os = os };
	if (target_read(target, &h->target, &h->port, e) < 0)
		return -1;
	if (port) {
		free(h->port);
		h->port = xstrdup(port);
	}
	for (char **one = environ; *one; one++)
		if (!str_starts(*one, "LC_ALL=") && !str_starts(*one, "LANG="))
			strv_add(&h->env, *one);
	strv_add(&h->env, "LC_ALL=C");
	if (private_folder_make(&h->folder, e) < 0)
		return -1;
	return read_settings(h, e);
}

void host_done(struct host *h)
{
	piped_leave(&h->login, LEAVE_MS);
	private_folder_remove(&h->folder);
	str_wipe(h->sudo_secret);
	free(h->sudo_secret);
	free(h->target);
	free(h->port);
	free(h->machine);
	free(h->there);
	free(h->name);
	free(h->user);
	free(h->alias);
	free(h->known);
	strv_done(&h->env);
	strv_done(&h->key_line);
	*h = (struct host){ 0 };
}

/* --- looking ---------------------------------------------------------------------------------------- */

/* "...: Permission denied (publickey,password)." */
static char *methods_in(const char *text)
{
	const char *at = strstr(text, "Permission denied (");
	size_t len;

	if (!at)
		return NULL;
	at += strlen("Permission denied (");
	len = strcspn(at, ")\n");
	return at[len] == ')' ? xstrndup(at, len) : NULL;
}

static enum look what_of(const struct run_result *r)
{
	if (strstr(r->err, "IDENTIFICATION HAS CHANGED"))
		return LOOK_CHANGED;
	if (strstr(r->err, "Host key verification failed"))
		return LOOK_UNKNOWN;
	/* Status 0: the server lets anybody in without authentication. */
	if (r->status == 0 || strstr(r->err, "Permission denied ("))
		return LOOK_ANSWERS;
	if (r->timed_out || strstr(r->err, "timed out"))
		return LOOK_SILENT;
	return LOOK_REFUSED;
}

void host_looked_at(const struct run_result *r, struct looked *ret)
{
	*ret = (struct looked){ .what = what_of(r),
				.methods = r->status == 0 ? xstrdup("none") : methods_in(r->err),
				.said = last_line(r->err) };
}

void ssh_add_way(const struct host *h, const struct way *w, struct strv *v)
{
	strv_add(v, "-o");
	strv_addf(v, "ConnectTimeout=%u", w->patience ? w->patience : PATIENCE_S);
	add_port(h, w->port, v);
	if (w->address) {
		strv_add(v, "-o");
		strv_addf(v, "HostName=%s", w->address);
		strv_add(v, "-o");
		strv_addf(v, "HostKeyAlias=%s", h->alias);
	}
	if (w->family && !h->jumps)
		strv_add(v, w->family == 4 ? "-4" : "-6");
	if (w->user) {
		strv_add(v, "-l");
		strv_add(v, w->user);
	}
}

const char *ssh_target(const struct host *h, const char *user)
{
	return user ? target_host(h->target) : h->target;
}

int host_look(struct host *h, const struct way *way, struct looked *ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv argv = { 0 };

	ssh_begin(h, &argv);
	ssh_add_way(h, way, &argv);
	strv_split(&argv, LOOK_ONLY " -o StrictHostKeyChecking=yes", " ");
	strv_add(&argv, "--");
	strv_add(&argv, ssh_target(h, way->user));
	strv_add(&argv, "true");
	if (ssh_exec(h, &argv, &quick, &r, e) < 0)
		return -1;
	host_looked_at(&r, ret);
	return 0;
}

int host_addresses(struct host *h, struct addr ret[2], struct err *e)
{
	const struct run ask = { .argv = ARGV("getent", "ahosts", h->name),
				 .env = (const char *const *)h->env.item };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	ret[0] = ret[1] = (struct addr){ 0 };
	if (os_run(h->os, &ask, &r, e) < 0)
		return -1;
	rest = r.out;
	while ((line = str_line(&rest))) {
		struct addr a, *slot;

		line[strcspn(line, " \t")] = '\0';
		if (addr_parse(line, &a) < 0)
			continue;
		slot = &ret[a.family == AF_INET6];
		if (!slot->family)
			*slot = a;
	}
	if (!ret[0].family && !ret[1].family)
		return err_set(e, ERR_USAGE, _("%s: no address is known by that name"), h->name);
	return 0;
}

int host_fetch_key(struct host *h, struct err *e)
{
	CLEANUP_FREE char *file = xasprintf("%s/known_hosts", h->folder.path);
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv argv = { 0 };

	ssh_begin(h, &argv);
	strv_split(&argv,
		   LOOK_ONLY " -o StrictHostKeyChecking=accept-new -o HashKnownHosts=no "
			     "-o CheckHostIP=no -o GlobalKnownHostsFile=/dev/null -o",
		   " ");
	strv_addf(&argv, "UserKnownHostsFile=\"%s\"", file);
	strv_add(&argv, "--");
	strv_add(&argv, h->target);
	strv_add(&argv, "true");
	h->known = TAKE(file);
	return ssh_exec(h, &argv, &quick, &r, e);
}

void offer_done(struct offer *o)
{
	free(o->methods);
	free(o->kex);
	free(o->host_keys);
	free(o->ciphers);
	free(o->macs);
	*o = (struct offer){ 0 };
}

/* "debug2: MACs stoc: a,b" behind "debug2: peer server KEXINIT proposal". malloc'd, "" where there is none. */
static char *proposal(const char *debug, const char *name)
{
	const char *at = strstr(debug, "peer server KEXINIT proposal");
	CLEANUP_FREE char *label = xasprintf("debug2: %s: ", name);
	char *text;

	at = at ? strstr(at, label) : NULL;
	at = at ? at + strlen(label) : "";
	text = xstrndup(at, strcspn(at, "\r\n"));
	str_make_clean(text);
	return text;
}

int host_ask_offer(struct host *h, const struct way *way, struct offer *ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv argv = { 0 };

	begin(h, "DEBUG2", &argv);
	ssh_add_way(h, way, &argv);
	strv_split(&argv,
		   LOOK_ONLY " -o StrictHostKeyChecking=no -o GlobalKnownHostsFile=/dev/null "
			     "-o UserKnownHostsFile=/dev/null --",
		   " ");
	strv_add(&argv, ssh_target(h, way->user));
	strv_add(&argv, "true");
	if (ssh_exec(h, &argv, &quick, &r, e) < 0)
		return -1;
	*ret = (struct offer){ .methods = r.status == 0 ? xstrdup("none") : methods_in(r.err),
			       .kex = proposal(r.err, "KEX algorithms"),
			       .host_keys = proposal(r.err, "host key algorithms"),
			       .ciphers = proposal(r.err, "ciphers stoc"),
			       .macs = proposal(r.err, "MACs stoc") };
	if (ret->methods)
		str_make_clean(ret->methods);
	return ret->kex[0] || ret->methods ? 0 : 1;
}
