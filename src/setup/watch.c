// SPDX-License-Identifier: MIT
/* watch.c - see watch.h. The lines are those of auth.c, auth2.c, packet.c and sshd(-session).c. */
#include "setup/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "core/policy.h"
#include "setup/key_words.h"

void watch_init(struct watch *w, const struct plan *plan)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct err ignored = { 0 };

	*w = (struct watch){ .door = plan->door, .door_count = plan->door_count };
	if (!plan->policy_text || policy_parse("policy", plan->policy_text, &p, &ignored) < 0)
		return;
	for (size_t i = 0; i < p.admin_key_count; i++)
		strv_take(&w->key, key_fingerprint(&p.admin_key[i]));
}

void watch_done(struct watch *w)
{
	strv_done(&w->key);
	free(w->user);
	free(w->peer);
	free(w->detail);
	*w = (struct watch){ 0 };
}

static bool is_door_port(const struct watch *w, unsigned port)
{
	for (size_t i = 0; i < w->door_count; i++)
		if (w->door[i].port == port)
			return true;
	return false;
}

static bool is_door_user(const struct watch *w, const char *user)
{
	for (size_t i = 0; i < w->door_count; i++)
		if (str_eq(w->door[i].user, user))
			return true;
	return false;
}

static struct watch_connection *of_pid(struct watch *w, pid_t pid)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->connection[i].pid == pid)
			return &w->connection[i];
	return NULL;
}

static struct watch_connection *of_peer(struct watch *w, const struct addr *peer, unsigned port)
{
	for (size_t i = 0; i < w->count; i++)
		if (addr_eq(&w->connection[i].peer, peer) && w->connection[i].peer_port == port)
			return &w->connection[i];
	return NULL;
}

/* A new one takes the place of the oldest that is no login. */
static struct watch_connection *new_connection(struct watch *w)
{
	if (w->count < WATCH_CONNECTIONS)
		return &w->connection[w->count++];
	for (size_t i = 0; i < WATCH_CONNECTIONS; i++) {
		w->oldest = (w->oldest + 1) % WATCH_CONNECTIONS;
		if (!w->connection[w->oldest].in)
			break;
	}
	return &w->connection[w->oldest];
}

static void set_text(char **text, const char *to)
{
	char *copy = to ? xstrdup(to) : NULL;

	free(*text);
	*text = copy;
}

/* What is known of a login that stands is not overwritten by what others try meanwhile. */
static void see(struct watch *w, enum watch_state state, const struct watch_connection *c,
		const char *user, const char *detail)
{
	char peer[ADDR_TEXT];

	if (state == WATCH_WRONG_USER && str_eq(user, "root"))
		w->refused_root = true;
	if (state == WATCH_PASSWORD || state == WATCH_NO_KEY)
		w->refused_password = true;
	if (w->state == WATCH_LOGGED_IN && state != WATCH_LOGGED_IN && state != WATCH_GONE)
		return;
	w->state = state;
	w->port = c->port;
	set_text(&w->peer, addr_text(&c->peer, peer));
	set_text(&w->user, user && str_is_clean_utf8(user) ? user : NULL);
	set_text(&w->detail, detail && str_is_clean_utf8(detail) ? detail : NULL);
}

/* --- the lines ---------------------------------------------------------------------------- */

/* "… from ADDRESS port NUMBER" or "… with ADDRESS port NUMBER": the last of them, because a user's
 * name may hold anything. */
static bool take_peer(const struct strv *w, struct addr *ret, unsigned *ret_port, size_t *ret_at)
{
	for (size_t i = w->count; i-- > 2;) {
		CLEANUP_FREE char *number = xstrndup(w->item[i], strcspn(w->item[i], ":,"));
		uint64_t port;

		if (!str_eq(w->item[i - 1], "port") || addr_parse(w->item[i - 2], ret) < 0 ||
		    str_to_u64(number, 1, 65535, &port) < 0)
			continue;
		*ret = addr_unmap(ret);
		*ret_port = (unsigned)port;
		*ret_at = i - 2;
		return true;
	}
	return false;
}

/* "Connection from A port P on B port N …" */
static bool take_connection(struct watch *w, pid_t pid, const struct strv *word)
{
	struct watch_connection *c, new = { .pid = pid, .stands = true };
	uint64_t peer_port, port;

	if (word->count < 9 || !str_eq(word->item[0], "Connection") ||
	    !str_eq(word->item[1], "from") || !str_eq(word->item[5], "on") ||
	    addr_parse(word->item[2], &new.peer) < 0 ||
	    str_to_u64(word->item[4], 1, 65535, &peer_port) < 0 ||
	    str_to_u64(word->item[8], 1, 65535, &port) < 0)
		return false;
	new.peer = addr_unmap(&new.peer);
	/* That is this program, looking whether sshd answers. */
	if (addr_is_loopback(&new.peer))
		return true;
	new.peer_port = (unsigned)peer_port;
	new.port = (unsigned)port;
	c = of_peer(w, &new.peer, new.peer_port);
	if (!is_door_port(w, new.port))
		w->other_arrived++;
	if (!c)
		c = new_connection(w);
	*c = new;
	if (is_door_port(w, new.port))
		see(w, WATCH_CONNECTED, c, NULL, NULL);
	return true;
}

/* "drop connection #0 from [A]:P on [B]:N penalty: failed authentication" */
static bool take_drop(struct watch *w, const struct strv *word)
{
	struct watch_connection c = { 0 };
	const char *from = word->count > 6 ? word->item[4] : "", *on;
	CLEANUP_FREE char *peer = NULL;
	uint64_t port;

	if (word->count < 8 || !str_eq(word->item[0], "drop") || !str_eq(word->item[3], "from") ||
	    !str_eq(word->item[7], "penalty:"))
		return false;
	on = strrchr(word->item[6], ':');
	peer = xstrndup(from + 1, strcspn(from + 1, "]"));
	if (!on || str_to_u64(on + 1, 1, 65535, &port) < 0 || addr_parse(peer, &c.peer) < 0)
		return true;
	c.peer = addr_unmap(&c.peer);
	c.port = (unsigned)port;
	if (is_door_port(w, c.port))
		see(w, WATCH_PENALTY, &c, NULL, NULL);
	return true;
}

/* "Accepted publickey for taro from A port P ssh2: ED25519 SHA256:…" */
static void take_accepted(struct watch *w, struct watch_connection *c, const struct strv *word)
{
	const char *method = word->item[1], *user = word->count > 3 ? word->item[3] : "";

	c->tried = true;
	for (size_t i = 0; i < w->door_count; i++) {
		const struct door *d = &w->door[i];

		if (d->port != c->port || !str_eq(d->user, user) ||
		    !(str_eq(d->method, method) || (str_eq(d->method, "password") &&
						    str_starts(method, "keyboard-interactive"))))
			continue;
		c->in = true;
		see(w, WATCH_LOGGED_IN, c, user, NULL);
		return;
	}
	see(w, WATCH_OTHER_DOOR, c, user, method);
}

static const char *fingerprint_in(const struct strv *word)
{
	for (size_t i = 0; i < word->count; i++)
		if (str_starts(word->item[i], "SHA256:"))
			return word->item[i];
	return NULL;
}

/* "Failed publickey for [invalid user ]taro from A port P ssh2: ED25519 SHA256:…" */
static void take_failed(struct watch *w, struct watch_connection *c, const struct strv *word,
			size_t peer_at)
{
	const char *method = word->item[1];
	const char *print = fingerprint_in(word);
	size_t from = str_eq(word->item[3], "invalid") && peer_at > 6 ? 5 : 3;
	CLEANUP_STR struct str user = { 0 };

	for (size_t i = from; i + 1 < peer_at; i++)
		str_addf(&user, "%s%s", i > from ? " " : "", word->item[i]);
	if (str_eq(method, "none") || !user.text)
		return;
	c->tried = true;
	if (!is_door_user(w, user.text))
		see(w, WATCH_WRONG_USER, c, user.text, NULL);
	else if (str_eq(method, "password") || str_starts(method, "keyboard-interactive"))
		see(w, WATCH_PASSWORD, c, user.text, NULL);
	else if (print && strv_has(&w->key, print))
		see(w, WATCH_RIGHT_KEY_REFUSED, c, user.text, print);
	else
		see(w, WATCH_WRONG_KEY, c, user.text, print);
}

/* "Unable to negotiate with A port P: no matching host key type found. Their offer: … [preauth]" */
static void take_no_algorithm(struct watch *w, struct watch_connection *c, const char *line)
{
	const char *offer = strstr(line, "Their offer: ");
	CLEANUP_FREE char *first = NULL;

	if (offer) {
		offer += strlen("Their offer: ");
		first = xstrndup(offer, strcspn(offer, " ,"));
	}
	c->tried = true;
	see(w, WATCH_NO_ALGORITHM, c, NULL, first);
}

/* The end before a login: "Connection closed by [authenticating user taro ]A port P [preauth]",
 * "Connection reset by …", "Received disconnect from A port P:14: …", "Disconnected from …". */
static void take_end(struct watch *w, struct watch_connection *c, const struct strv *word)
{
	c->stands = false;
	if (c->tried)
		return;
	c->tried = true;
	for (size_t i = 0; i + 2 < word->count; i++) {
		const char *user = word->item[i + 2];

		if (!str_eq(word->item[i + 1], "user"))
			continue;
		if (str_eq(word->item[i], "authenticating") && is_door_user(w, user))
			see(w, c->shown ? WATCH_NO_SIGNATURE : WATCH_NO_KEY, c, user, NULL);
		else
			see(w, WATCH_WRONG_USER, c, user, NULL);
		return;
	}
	see(w, WATCH_LEFT, c, NULL, NULL);
}

static bool is_end(const char *line)
{
	static const char *const ends[] = { "Connection closed by ", "Connection reset by ",
					    "Received disconnect from ", "Disconnected from ",
					    "Disconnecting " };

	for (size_t i = 0; i < COUNT(ends); i++)
		if (str_starts(line, ends[i]))
			return strstr(line, "[preauth]") != NULL;
	return false;
}

void watch_line(struct watch *w, pid_t pid, const char *line)
{
	CLEANUP_STRV struct strv word = { 0 };
	struct watch_connection *c;
	struct addr peer;
	unsigned peer_port;
	size_t at = 0;

	strv_split(&word, line, " ");
	if (word.count < 3 || take_connection(w, pid, &word) || take_drop(w, &word))
		return;
	c = of_pid(w, pid);
	if (take_peer(&word, &peer, &peer_port, &at))
		c = of_peer(w, &peer, peer_port);
	if (!c)
		return;
	if (str_eq(word.item[0], "Accepted") && at > 3) {
		take_accepted(w, c, &word);
		return;
	}
	/* What fails at other ports is what scanners do all day. */
	if (!is_door_port(w, c->port) || c->in)
		return;
	if (str_eq(word.item[0], "Failed") && at > 3)
		take_failed(w, c, &word, at);
	else if (str_starts(line, "Unable to negotiate with "))
		take_no_algorithm(w, c, line);
	else if (strstr(line, "ssh-rsa not in PubkeyAccepted"))
		c->tried = true, see(w, WATCH_OLD_SIGNATURE, c, NULL, NULL);
	else if (str_starts(line, "Postponed publickey for ") || str_starts(line, "Accepted key "))
		c->shown = true;
	else if (is_end(line))
		take_end(w, c, &word);
}

/* --- what stands ---------------------------------------------------------------------------- */

/* sshd may not say that somebody came (LogLevel): the kernel does. */
static void take_socket(struct watch *w, const struct socket_info *s)
{
	struct addr peer = addr_unmap(&s->peer);
	struct watch_connection *c = of_peer(w, &peer, s->peer_port);

	if (c) {
		c->stands = true;
		if (!c->pid)
			c->pid = s->pid;
		return;
	}
	c = new_connection(w);
	*c = (struct watch_connection){ .pid = s->pid,
					.peer = peer,
					.peer_port = s->peer_port,
					.port = s->local_port,
					.stands = true };
	see(w, WATCH_CONNECTED, c, NULL, NULL);
}

void watch_sockets(struct watch *w, const struct socket_info *socket, size_t count)
{
	bool in = false, open = false;

	for (size_t i = 0; i < w->count; i++)
		w->connection[i].stands = false;
	for (size_t i = 0; i < count; i++)
		if (socket[i].kind == SOCKET_TCP_ESTABLISHED &&
		    is_door_port(w, socket[i].local_port) && !addr_is_loopback(&socket[i].peer))
			take_socket(w, &socket[i]);
	for (size_t i = 0; i < w->count; i++) {
		in = in || (w->connection[i].in && w->connection[i].stands);
		open = open || (!w->connection[i].in && w->connection[i].stands);
	}
	if (w->state == WATCH_LOGGED_IN && !in)
		w->state = WATCH_GONE;
	if (w->state == WATCH_CONNECTED && !open)
		w->state = WATCH_LEFT;
}

void watch_counter(struct watch *w, uint64_t let_in)
{
	w->let_in = let_in;
}

enum watch_state watch_state(const struct watch *w)
{
	if (w->state != WATCH_NOTHING)
		return w->state;
	/* The rule counts what goes to the old port too. */
	return w->let_in > w->other_arrived ? WATCH_KNOCKED : WATCH_NOTHING;
}

/* Behind what goes on: the owner tries what must not work, and sees that it does not. */
static char *with_refusals(const struct watch *w, char *words)
{
	const char *what = w->refused_root && w->refused_password ? _("root, password")
			   : w->refused_root			  ? "root"
								  : _("password");
	CLEANUP_FREE char *first = words;

	if (!w->refused_root && !w->refused_password)
		return TAKE(first);
	return xasprintf(_("%s\n(Refused, as it should be: %s.)"), first, what);
}

static char *words_of(const struct watch *w)
{
	unsigned port = w->door_count ? w->door[0].port : 0;
	const char *user = w->door_count ? w->door[0].user : "";
	const char *peer = w->peer ? w->peer : "", *who = w->user ? w->user : "?";

	switch (watch_state(w)) {
	case WATCH_NOTHING:
		return xasprintf(_("No connection has reached port %u yet. Does your provider's "
				   "packet filter let in TCP %u?"),
				 port, port);
	case WATCH_KNOCKED:
		return xasprintf(_("Something knocked at a port of SSH, but no connection at port "
				   "%u has come about yet. Does your provider's packet filter let "
				   "in TCP %u?"),
				 port, port);
	case WATCH_CONNECTED:
		return xasprintf(_("%s is connected to port %u. Nobody has logged in by it yet."),
				 peer, port);
	case WATCH_LEFT:
		return xasprintf(_("%s reached port %u, so the port is open. It left before it "
				   "tried to log in."),
				 peer, port);
	case WATCH_NO_ALGORITHM:
		return xasprintf(_("%s reached port %u, but its SSH program is too old: no common "
				   "algorithm (%s). Update it."),
				 peer, port, w->detail ? w->detail : "?");
	case WATCH_OLD_SIGNATURE:
		return xasprintf(_("The SSH program at %s signs with SHA-1, which sshd refuses. "
				   "Update it, or use an ED25519 key."),
				 peer);
	case WATCH_WRONG_USER:
		if (str_eq(who, "root"))
			return xasprintf(_("%s tried root at port %u. That is refused, as it "
					   "should be. The user is: %s"),
					 peer, w->port, user);
		return xasprintf(
			_("%s tried to log in as \"%s\". That is refused. The user is: %s"), peer,
			who, user);
	case WATCH_NO_KEY:
		return xasprintf(_("%s came as %s without a key. Passwords do not count here: "
				   "choose your private key, not the .pub file."),
				 peer, user);
	case WATCH_NO_SIGNATURE:
		return xasprintf(_("%s has the public key of %s alone. Choose the private key, not "
				   "the .pub file, and type its passphrase."),
				 peer, user);
	case WATCH_WRONG_KEY:
		return xasprintf(_("Another key was refused: %s. The key of %s is %s."),
				 w->detail ? w->detail : "?", user,
				 w->key.count ? w->key.item[0] : "?");
	case WATCH_RIGHT_KEY_REFUSED:
		return xasprintf(_("The right key of %s was refused. Type u to undo, and look at: "
				   "journalctl -u ssh"),
				 user);
	case WATCH_PASSWORD:
		return xasprintf(_("%s tried a password. That is refused, as it should be. Log in "
				   "with your key."),
				 peer);
	case WATCH_PENALTY:
		return xasprintf(_("sshd shuts %s out for a moment, because logins failed. Wait a "
				   "minute, then try again."),
				 peer);
	case WATCH_OTHER_DOOR:
		return xasprintf(_("%s logged in as %s at port %u by %s. That does not prove the "
				   "new way: use port %u as %s, with the key."),
				 peer, who, w->port, w->detail ? w->detail : "?", port, user);
	case WATCH_LOGGED_IN:
		return xasprintf(_("%s is logged in from %s. Now type there: sudo kannuki confirm"),
				 who, peer);
	case WATCH_GONE:
		return xasprintf(_("%s logged in from %s and left without confirming. Log in again "
				   "and type: sudo kannuki confirm"),
				 who, peer);
	}
	return xstrdup("");
}

char *watch_words(const struct watch *w)
{
	char *words = words_of(w);

	switch (watch_state(w)) {
	case WATCH_WRONG_USER:
	case WATCH_NO_KEY:
	case WATCH_PASSWORD:
		return words; /* says it itself */
	default:
		return with_refusals(w, words);
	}
}
