// SPDX-License-Identifier: MIT
/* What is said of the new door (setup/watch.h), by lines that OpenSSH 9.2 and 10.0 wrote. */
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "lib/keys.h"
#include "lib/t.h"
#include "setup/live.h"
#include "setup/watch.h"

#define PORT  22022
#define PEER  "192.0.2.10"
#define OURS  "SHA256:iAKogGxf1R65qhJJCuo+5XDpatlzJ/AWN594oeTnLao"
#define OTHER "SHA256:JWiv9ZMdgiq4QS6osMCSTkLXIiZV4V4x2bVPY9CqqqU"
#define FROM  "Connection from " PEER " port 40000 on 198.51.100.10 port 22022 rdomain \"\""

static struct plan plan;
static struct watch w;

static void begin(const char *method)
{
	watch_done(&w);
	plan_done(&plan);
	plan = (struct plan){ .policy_text = xstrdup(
				      "[admin]\nuser = taro\nkey = ssh-ed25519 " ED25519 "\n") };
	plan_add_door(&plan, "taro", PORT, method);
	watch_init(&w, &plan);
}

static void line(const char *text)
{
	watch_line(&w, 500, text);
}

/* As after a look: the connections that stand come first. */
static void sockets(const char *peer, unsigned peer_port, unsigned port)
{
	struct socket_info s = { .kind = SOCKET_TCP_ESTABLISHED,
				 .peer_port = (uint16_t)peer_port,
				 .local_port = (uint16_t)port,
				 .pid = 500 };

	if (peer)
		addr_parse(peer, &s.peer);
	watch_sockets(&w, &s, peer != NULL);
}

static bool says(const char *piece)
{
	CLEANUP_FREE char *words = watch_words(&w);

	if (strstr(words, piece))
		return true;
	printf("# %s\n", words);
	return false;
}

static int nothing_has_come(void)
{
	begin("publickey");
	T_OK(w.key.count == 1 && str_eq(w.key.item[0], OURS));
	sockets(NULL, 0, 0);
	watch_counter(&w, 0);
	T_OK(watch_state(&w) == WATCH_NOTHING);
	T_OK(says("No connection has reached port 22022 yet"));
	/* Scanners at the old port are nothing of the new one. */
	line("Connection from 203.0.113.9 port 1 on 198.51.100.10 port 22 rdomain \"\"");
	line("Failed password for root from 203.0.113.9 port 1 ssh2");
	watch_counter(&w, 1);
	T_OK(watch_state(&w) == WATCH_NOTHING);
	/* A packet was let in, and no sshd heard of it. */
	watch_counter(&w, 2);
	T_OK(watch_state(&w) == WATCH_KNOCKED);
	T_OK(says("knocked"));
	return 0;
}

static int connected(void)
{
	begin("publickey");
	line(FROM);
	sockets(PEER, 40000, PORT);
	T_OK(watch_state(&w) == WATCH_CONNECTED && says(PEER " is connected to port 22022"));
	line("Connection closed by " PEER " port 40000 [preauth]");
	T_OK(watch_state(&w) == WATCH_LEFT && says("the port is open"));
	/* sshd may say nothing (LogLevel): the socket alone tells. IPv4 comes mapped. */
	begin("publickey");
	sockets("::ffff:192.0.2.10", 40000, PORT);
	T_OK(watch_state(&w) == WATCH_CONNECTED && says(PEER " is connected"));
	sockets(NULL, 0, 0);
	T_OK(watch_state(&w) == WATCH_LEFT);
	begin("publickey");
	sockets("2001:db8:2::10", 40000, PORT);
	T_OK(says("2001:db8:2::10 is connected"));
	return 0;
}

static int refusals(void)
{
	static const struct {
		enum watch_state state;
		const char *line[3];
		const char *says;
	} t[] = {
		{ WATCH_WRONG_USER,
		  { "Invalid user bob from " PEER " port 40000",
		    "Connection closed by invalid user bob " PEER " port 40000 [preauth]" },
		  "as \"bob\". That is refused. The user is: taro" },
		{ WATCH_WRONG_USER,
		  { "Failed publickey for root from " PEER " port 40000 ssh2: ED25519 " OURS },
		  "tried root at port 22022. That is refused, as it should be" },
		{ WATCH_WRONG_USER,
		  { "Failed publickey for invalid user a b from " PEER
		    " port 40000 ssh2: ED25519 " OURS },
		  "as \"a b\"" },
		{ WATCH_NO_SIGNATURE,
		  { "Postponed publickey for taro from " PEER " port 40000 ssh2 [preauth]",
		    "Connection closed by authenticating user taro " PEER " port 40000 [preauth]" },
		  "not the .pub file" },
		{ WATCH_WRONG_KEY,
		  { "Failed publickey for taro from " PEER " port 40000 ssh2: ED25519 " OTHER,
		    "Connection closed by authenticating user taro " PEER " port 40000 [preauth]" },
		  OTHER ". The key of taro is " OURS },
		{ WATCH_RIGHT_KEY_REFUSED,
		  { "Failed publickey for taro from " PEER " port 40000 ssh2: ED25519 " OURS },
		  "right key of taro was refused" },
		{ WATCH_NO_KEY,
		  { "Connection closed by authenticating user taro " PEER " port 40000 [preauth]" },
		  "came as taro without a key" },
		{ WATCH_PASSWORD,
		  { "Failed password for taro from " PEER " port 40000 ssh2" },
		  "tried a password" },
		{ WATCH_PASSWORD,
		  { "Failed keyboard-interactive/pam for taro from " PEER " port 40000 ssh2" },
		  "tried a password" },
		{ WATCH_NO_ALGORITHM,
		  { "Unable to negotiate with " PEER
		    " port 40000: no matching key exchange method found. Their offer: "
		    "diffie-hellman-group1-sha1,ext-info-c [preauth]" },
		  "no common algorithm (diffie-hellman-group1-sha1)" },
		{ WATCH_OLD_SIGNATURE,
		  { "userauth_pubkey: signature algorithm ssh-rsa not in "
		    "PubkeyAcceptedAlgorithms [preauth]",
		    "Connection closed by authenticating user taro " PEER " port 40000 [preauth]" },
		  "SHA-1" },
		{ WATCH_PENALTY,
		  { "drop connection #0 from [" PEER "]:40001 on [198.51.100.10]:22022 penalty: "
		    "failed authentication" },
		  "shuts " PEER " out for a moment" },
		{ WATCH_CONNECTED,
		  { "Failed none for taro from " PEER " port 40000 ssh2",
		    "Accepted key ED25519 " OURS " found at /home/taro/.ssh/authorized_keys:1",
		    "Postponed publickey for taro from " PEER " port 40000 ssh2 [preauth]" },
		  "Nobody has logged in by it yet" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		begin("publickey");
		line(FROM);
		for (size_t j = 0; j < COUNT(t[i].line) && t[i].line[j]; j++)
			line(t[i].line[j]);
		if (watch_state(&w) != t[i].state)
			printf("# %s: state %d\n", t[i].line[0], (int)watch_state(&w));
		T_OK(watch_state(&w) == t[i].state);
		T_OK(says(t[i].says));
		/* The next try begins anew. */
		line("Connection from " PEER " port 40002 on 198.51.100.10 port 22022 rdomain "
		     "\"\"");
		T_OK(watch_state(&w) == WATCH_CONNECTED);
	}
	return 0;
}

static int logged_in(void)
{
	begin("publickey");
	line(FROM);
	line("Accepted publickey for taro from " PEER " port 40000 ssh2: ED25519 " OURS);
	sockets(PEER, 40000, PORT);
	T_OK(watch_state(&w) == WATCH_LOGGED_IN);
	T_OK(says("taro is logged in from " PEER ". Now type there: sudo kannuki confirm"));
	/* What others try meanwhile does not hide it. */
	watch_line(&w, 600,
		   "Connection from 203.0.113.9 port 7 on 198.51.100.10 port 22022 rdomain");
	watch_line(&w, 600, "Failed publickey for bob from 203.0.113.9 port 7 ssh2: RSA " OTHER);
	T_OK(watch_state(&w) == WATCH_LOGGED_IN);
	sockets("203.0.113.9", 7, PORT);
	T_OK(watch_state(&w) == WATCH_GONE && says("left without confirming"));
	return 0;
}

/* Only what core/proof.h would take is called a login. */
/* "Try it yourself": both must be refused, and are still said when the right login has come. */
static int what_was_tried_is_told(void)
{
	begin("publickey");
	line(FROM);
	line("Connection closed by authenticating user root " PEER " port 40000 [preauth]");
	T_OK(says("tried root at port 22022. That is refused, as it should be"));
	line("Connection from " PEER " port 40001 on 198.51.100.10 port 22022 rdomain \"\"");
	T_OK(says("is connected") && says("(Refused, as it should be: root.)"));
	line("Connection closed by authenticating user taro " PEER " port 40001 [preauth]");
	T_OK(says("not the .pub file"));
	line("Connection from " PEER " port 40002 on 198.51.100.10 port 22022 rdomain \"\"");
	line("Accepted publickey for taro from " PEER " port 40002 ssh2: ED25519 " OURS);
	T_OK(says("is logged in") && says("(Refused, as it should be: root, password.)"));
	begin("publickey");
	line(FROM);
	T_OK(says("is connected"));
	{
		CLEANUP_FREE char *words = watch_words(&w);

		T_OK(!strstr(words, "Refused"));
	}
	return 0;
}

static int other_doors(void)
{
	begin("publickey");
	watch_line(&w, 500,
		   "Connection from " PEER " port 5 on 198.51.100.10 port 22 rdomain \"\"");
	line("Accepted password for root from " PEER " port 5 ssh2");
	T_OK(watch_state(&w) == WATCH_OTHER_DOOR);
	T_OK(says("logged in as root at port 22 by password"));
	begin("publickey");
	line(FROM);
	line("Accepted password for taro from " PEER " port 40000 ssh2");
	T_OK(watch_state(&w) == WATCH_OTHER_DOOR);
	begin("password");
	line(FROM);
	line("Accepted keyboard-interactive/pam for taro from " PEER " port 40000 ssh2");
	T_OK(watch_state(&w) == WATCH_LOGGED_IN);
	return 0;
}

/* Our own looks whether sshd answers. */
static int this_host_is_nobody(void)
{
	begin("publickey");
	line("Connection from 127.0.0.1 port 9 on 127.0.0.1 port 22022 rdomain \"\"");
	line("Connection closed by 127.0.0.1 port 9");
	line("Connection from ::1 port 9 on ::1 port 22022 rdomain \"\"");
	sockets("::1", 9, PORT);
	T_OK(watch_state(&w) == WATCH_NOTHING);
	return 0;
}

static int any_line_is_survived(void)
{
	static const char *const lines[] = {
		"",
		" ",
		"Connection",
		"Connection from",
		"Connection from x port y on z port 22022 rdomain",
		"Failed publickey for",
		"Failed publickey for from " PEER " port 40000",
		"Failed x from " PEER " port 40000",
		"Accepted",
		"Accepted publickey from " PEER " port 40000 ssh2",
		"Invalid user " PEER " port 40000",
		"Connection closed by authenticating user",
		"drop connection #0 from [ on ] penalty: x y z",
		"Unable to negotiate with " PEER " port 40000: Their offer: ",
	};

	begin("publickey");
	line(FROM);
	for (size_t i = 0; i < COUNT(lines); i++) {
		CLEANUP_FREE char *words = NULL;

		line(lines[i]);
		words = watch_words(&w);
		T_OK(words[0]);
		T_OK(watch_state(&w) != WATCH_LOGGED_IN);
	}
	/* More connections than are kept. */
	for (unsigned i = 1; i < 500; i++) {
		CLEANUP_FREE char *one = xasprintf("Connection from 203.0.113.%u port %u on "
						   "198.51.100.10 port 22022 rdomain \"\"",
						   i % 250, i);

		watch_line(&w, (pid_t)(1000 + i), one);
	}
	T_OK(w.count == WATCH_CONNECTIONS);
	return 0;
}

/* Two lines of text at most, of 79 columns, in both languages, and the line with the keys. */
static int it_fits(void)
{
	static const char *const print = OTHER;

	for (int lang = LANG_EN; lang <= LANG_JA; lang++) {
		i18n_set((enum lang)lang);
		for (int state = WATCH_NOTHING; state <= WATCH_GONE; state++) {
			CLEANUP_FREE char *words = NULL;
			CLEANUP_FREE char *text = NULL;
			char *rest, *one;
			unsigned lines = 0;

			begin("publickey");
			w.state = (enum watch_state)state;
			w.let_in = state == WATCH_KNOCKED;
			w.peer = xstrdup("2001:db8:1234:5678::10");
			w.user = xstrdup("taro");
			w.detail = xstrdup(state == WATCH_NO_ALGORITHM ? "ssh-rsa"
					   : state == WATCH_OTHER_DOOR ? "keyboard-interactive/pam"
								       : print);
			w.port = 65535;
			words = watch_words(&w);
			text = live_text(words, NULL, "59 min 59 s");
			rest = text;
			while ((one = str_line(&rest))) {
				if (text_width(one) > LAYOUT_COLUMNS)
					printf("# %s\n", one);
				T_OK(text_width(one) <= LAYOUT_COLUMNS);
				lines++;
			}
			if (lines > 4)
				printf("# %s\n", words);
			T_OK(lines >= 2 && lines <= 4);
		}
	}
	i18n_set(LANG_EN);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(what_was_tried_is_told),
		T(nothing_has_come),
		T(connected),
		T(refusals),
		T(logged_in),
		T(other_doors),
		T(this_host_is_nobody),
		T(it_fits),
		T(any_line_is_survived),
	};
	int bad = t_main(cases, COUNT(cases));

	watch_done(&w);
	plan_done(&plan);
	return bad;
}
