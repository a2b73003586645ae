// SPDX-License-Identifier: MIT
/* sshd_unit.c - how the service manager starts sshd, and where it listens; see sshd_config.h. */
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "core/sshd_config.h"
#include "core/words.h"

#define PROGRAM "/usr/sbin/sshd"

void sshd_unit_done(struct sshd_unit *u)
{
	strv_done(&u->listen);
	*u = (struct sshd_unit){ 0 };
}

/* --- options ----------------------------------------------------------------------------- */

struct command {
	char *line;	    /* program and arguments as in the unit, variables not yet put in */
	char *variables;    /* KEY=VALUE lines; later ones win */
	struct strv option; /* the result */
};

static void command_done(struct command *c)
{
	free(c->line);
	free(c->variables);
	strv_done(&c->option);
}

/* How sshd runs (foreground, debug, log) is not what it is configured to. */
static bool is_of_running(const char *word)
{
	return word[0] == '-' && word[1] != '\0' &&
	       strspn(word + 1, "DdeitTqGr") == strlen(word + 1);
}

static void add_words(struct command *c, const struct strv *words)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *w = words->item[i];

		if (str_eq(w, "-E"))
			i++;
		else if (!is_of_running(w) && !str_starts(w, "-E"))
			strv_add(&c->option, w);
	}
}

/* systemd.service(5): $NAME as a word of its own is split at blanks, ${NAME} is not. */
static void put_in_variables(struct command *c)
{
	CLEANUP_STRV struct strv words = { 0 };
	CLEANUP_STRV struct strv all = { 0 };

	words_split(c->line, false, &words);
	for (size_t i = 1; i < words.count; i++) {
		char *w = words.item[i];
		CLEANUP_FREE char *value = NULL;
		size_t n = strlen(w);

		if (w[0] != '$') {
			strv_add(&all, w);
		} else if (w[1] == '{' && w[n - 1] == '}') {
			w[n - 1] = '\0';
			value = keyed_value(c->variables, w + 2);
			strv_add(&all, value ? value : "");
		} else {
			value = keyed_value(c->variables, w + 1);
			words_split(value ? value : "", false, &all);
		}
	}
	add_words(c, &all);
}

static int add_variables(struct os *os, const char *path, char **variables, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *longer;
	int r = read_followed(os, path, &text, e);

	if (r < 0 && os_uid(os) == 0)
		return -1;
	longer = xasprintf("%s%s\n", *variables, r == 0 ? text : "");
	free(*variables);
	*variables = longer;
	return 0;
}

/* "{ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D $SSHD_OPTS ; ignore_errors=no ; …" */
static char *command_line(const char *exec)
{
	const char *begin = strstr(exec, "argv[]="), *end;

	if (!begin)
		return NULL;
	begin += strlen("argv[]=");
	end = strstr(begin, " ; ");
	return end ? xstrndup(begin, (size_t)(end - begin)) : xstrdup(begin);
}

static int options_of(struct os *os, const char *block, struct sshd *s, struct err *e)
{
	CLEANUP_FREE char *exec = show_value(block, "ExecStart");
	CLEANUP_FREE char *environment = show_value(block, "Environment");
	CLEANUP(command_done) struct command c = { .line = command_line(exec) };
	CLEANUP_STRV struct strv files = { 0 };
	CLEANUP_STRV struct strv words = { 0 };

	/* Without a service manager: what the distributions' own start scripts do. */
	if (!c.line) {
		c.line = xstrdup(PROGRAM " $SSHD_OPTS $OPTIONS $CRYPTO_POLICY");
		strv_add(&files, "/etc/default/ssh");
		strv_add(&files, "/etc/sysconfig/sshd");
	}
	words_split(environment, false, &words);
	strv_add(&words, "");
	c.variables = strv_join(&words, "\n");
	show_values(block, "EnvironmentFiles", &files);
	for (size_t i = 0; i < files.count; i++) {
		char *blank = strstr(files.item[i], " (ignore_errors");

		if (blank)
			*blank = '\0';
		if (add_variables(os, files.item[i], &c.variables, e) < 0)
			return -1;
	}
	put_in_variables(&c);
	s->options = c.option;
	c.option = (struct strv){ 0 };
	return 0;
}

/* --- units ------------------------------------------------------------------------------- */

static bool is_loaded(const char *block)
{
	CLEANUP_FREE char *load = show_value(block, "LoadState");

	return load[0] && !str_eq(load, "not-found") && !str_eq(load, "masked");
}

/* "0.0.0.0:22 (Stream)", "[::]:22 (Stream)" or several of them in one line. */
static void take_listen(const char *block, struct sshd_unit *u)
{
	CLEANUP_STRV struct strv lines = { 0 };

	show_values(block, "Listen", &lines);
	for (size_t i = 0; i < lines.count; i++) {
		CLEANUP_STRV struct strv words = { 0 };

		strv_split(&words, lines.item[i], " ");
		for (size_t w = 0; w < words.count; w++) {
			char *colon = strrchr(words.item[w], ':');
			const char *port = colon ? colon + 1 : words.item[w];
			uint64_t n;

			if (str_to_u64(port, 1, 65535, &n) == 0)
				strv_add(&u->listen, port);
		}
	}
}

static int take_block(struct os *os, const char *block, struct sshd *s, struct sshd_unit *u,
		      struct err *e)
{
	CLEANUP_FREE char *id = show_value(block, "Id");
	CLEANUP_FREE char *active = show_value(block, "ActiveState");
	CLEANUP_FREE char *pid = show_value(block, "MainPID");
	uint64_t n;

	if (!is_loaded(block))
		return 0;
	if (str_ends(id, ".socket")) {
		if (!str_eq(active, "active") || s->socket_unit)
			return 0;
		s->socket_unit = xstrdup(id);
		take_listen(block, u);
		return 0;
	}
	if (s->unit)
		return 0;
	s->unit = xstrdup(id);
	if (str_to_u64(pid, 0, INT32_MAX, &n) == 0)
		u->pid = (pid_t)n;
	return options_of(os, block, s, e);
}

static int find_program(struct os *os, struct sshd *s, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get(os, PROGRAM, &n, e) < 0)
		return -1;
	if (n.type == NODE_ABSENT)
		return 1;
	s->program = xstrdup(PROGRAM);
	return 0;
}

int sshd_read_unit(struct os *os, struct sshd *s, struct sshd_unit *ret, struct err *e)
{
	static const char shown[] = "Id,LoadState,ActiveState,MainPID,ExecStart,Environment,"
				    "EnvironmentFiles,Listen";
	const struct run run = { .argv = ARGV("systemctl", "show", "-p", shown, "--", "ssh.service",
					      "sshd.service", "ssh.socket", "sshd.socket") };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *block;
	int status = find_program(os, s, e);

	if (status != 0)
		return status;
	if (os_run(os, &run, &r, e) < 0)
		return -1;
	rest = r.status == 0 && !r.timed_out ? r.out : NULL;
	while ((block = show_block(&rest)))
		if (take_block(os, block, s, ret, e) < 0)
			return -1;
	return s->unit ? 0 : options_of(os, "", s, e);
}

/* --- ports ------------------------------------------------------------------------------- */

static void take_port(struct sshd *s, unsigned port)
{
	for (size_t i = 0; i < s->port_count; i++)
		if (s->port[i] == port)
			return;
	s->port = xrealloc(s->port, s->port_count + 1, sizeof(*s->port));
	s->port[s->port_count++] = port;
}

/* The process of a session, which listens for what its user forwards: no door of sshd's. */
static bool is_of_session(struct os *os, pid_t pid)
{
	CLEANUP_PROCESS struct process p = { 0 };
	CLEANUP_PROCESS struct process parent = { 0 };
	struct err gone = { 0 };

	return os_process(os, pid, &p, &gone) == 0 && p.ppid > 1 &&
	       os_process(os, p.ppid, &parent, &gone) == 0 && str_eq(parent.comm, "sshd");
}

static bool is_outside_listener(const struct socket_info *s)
{
	return s->kind == SOCKET_TCP_LISTEN && !addr_is_loopback(&s->local);
}

static void take_configured(void *arg, const struct config_line *l)
{
	uint64_t port;

	if (str_eq(l->keyword, "port") && !l->in_match &&
	    str_to_u64(l->value, 1, 65535, &port) == 0)
		strv_add(arg, l->value);
}

/* Ports that are named somewhere and listened on by somebody. */
static void take_named(const struct strv *named, const struct socket_info *socket, size_t count,
		       struct sshd *s)
{
	for (size_t i = 0; i < named->count; i++)
		for (size_t k = 0; k < count; k++) {
			uint64_t port;

			if (is_outside_listener(&socket[k]) &&
			    (socket[k].pid == 1 || socket[k].pid == 0) &&
			    str_to_u64(named->item[i], 1, 65535, &port) == 0 &&
			    port == socket[k].local_port)
				take_port(s, (unsigned)port);
		}
}

void sshd_find_ports(struct os *os, const struct sshd_unit *u, const struct socket_info *socket,
		     size_t socket_count, struct sshd *s)
{
	CLEANUP_STRV struct strv configured = { 0 };

	for (size_t i = 0; i < socket_count; i++)
		if (u->pid > 0 && is_outside_listener(&socket[i]) && socket[i].pid == u->pid)
			take_port(s, socket[i].local_port);
	/* Started otherwise than by its unit. */
	for (size_t i = 0; s->port_count == 0 && i < socket_count; i++)
		if (is_outside_listener(&socket[i]) && str_eq(socket[i].comm, "sshd") &&
		    !is_of_session(os, socket[i].pid))
			take_port(s, socket[i].local_port);
	/* An idle socket unit's listener is held by PID 1. */
	take_named(&u->listen, socket, socket_count, s);
	if (s->port_count > 0 || os_uid(os) == 0)
		return;
	/* Who holds a socket is root's to see; then what the files say and somebody listens on. */
	sshd_config_walk(s, NULL, take_configured, &configured);
	if (configured.count == 0)
		strv_add(&configured, "22");
	take_named(&configured, socket, socket_count, s);
}

/* --- ports that are only named ------------------------------------------------------------ */

static void name_port(struct strv *ret, const char *text)
{
	uint64_t port;

	if (str_to_u64(text, 1, 65535, &port) == 0 && !strv_has(ret, text))
		strv_add(ret, text);
}

/* Port N, and the N of ListenAddress HOST:N, which counts instead (trap 12). */
static void take_said(void *arg, const struct config_line *l)
{
	const char *colon = strrchr(l->value, ':');

	if (str_eq(l->keyword, "port"))
		name_port(arg, l->value);
	else if (str_eq(l->keyword, "listenaddress") && colon)
		name_port(arg, colon + 1);
}

/* -p N, -pN, -o Port=N. */
static void take_options(const struct strv *options, struct strv *ret)
{
	for (size_t i = 0; i < options->count; i++) {
		const char *o = options->item[i];
		const char *equals = strchr(o, '=');

		if (str_eq(o, "-p") && i + 1 < options->count)
			name_port(ret, options->item[i + 1]);
		else if (str_starts(o, "-p"))
			name_port(ret, o + 2);
		else if (equals && strstr(o, "ort="))
			name_port(ret, equals + 1);
	}
}

int sshd_socket_ports(struct os *os, const char *socket, struct strv *ret, struct err *e)
{
	const struct run run = { .argv = ARGV("systemctl", "show", "-p", "Listen", "--", socket) };
	CLEANUP(sshd_unit_done) struct sshd_unit u = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *block;

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	if (r.status != 0)
		return err_set(e, ERR_FAILED, _("%s: systemctl does not show it: %s"), socket,
			       str_trim(r.err));
	rest = r.out;
	while ((block = show_block(&rest)))
		take_listen(block, &u);
	for (size_t i = 0; i < u.listen.count; i++)
		name_port(ret, u.listen.item[i]);
	return 0;
}

void sshd_named_ports(struct os *os, struct strv *ret)
{
	CLEANUP(sshd_unit_done) struct sshd_unit u = { 0 };
	CLEANUP(sshd_done) struct sshd s = { 0 };
	struct err ignored = { 0 };

	/* Each of these may fail by itself; what the others say counts all the same. */
	sshd_read_unit(os, &s, &u, &ignored);
	sshd_config_read(os, &s, &ignored);
	sshd_config_walk(&s, NULL, take_said, ret);
	take_options(&s.options, ret);
	sshd_socket_ports(os, "ssh.socket", ret, &ignored);
	sshd_socket_ports(os, "sshd.socket", ret, &ignored);
}
