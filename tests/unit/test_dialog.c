// SPDX-License-Identifier: MIT
/* The questions of setup without terminal or host (setup/dialog.h). */
#include "base/i18n.h"
#include "base/layout.h"
#include "lib/fake_os.h"
#include "lib/fits.h"
#include "lib/room.h"
#include "lib/t.h"
#include "setup/suggest.h"

#define PRIVATE	   "-----BEGIN OPENSSH PRIVATE KEY-----"
#define PRIVATE_IN "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW"

/* A rented server: root, sshd at 22, a web server, a forgotten one, and what does not count. */
static struct socket_info sockets[] = {
	{ .kind = SOCKET_TCP_LISTEN, .local_port = 22, .comm = "sshd" },
	{ .kind = SOCKET_TCP_LISTEN, .local_port = 3000, .comm = "python3" },
	{ .kind = SOCKET_TCP_LISTEN, .local_port = 80, .comm = "nginx" },
	{ .kind = SOCKET_TCP_LISTEN, .local_port = 80, .comm = "nginx", .v6 = true },
	{ .kind = SOCKET_TCP_LISTEN, .local_port = 5432, .comm = "postgres" }, /* on loopback */
	{ .kind = SOCKET_UDP_BOUND, .local_port = 68, .comm = "dhclient" },
	{ .kind = SOCKET_UDP_BOUND, .local_port = 53, .comm = "named" },
	{ .kind = SOCKET_TCP_ESTABLISHED, .local_port = 22, .peer_port = 4000, .comm = "sshd" },
};
static unsigned port_22[] = { 22 };
static struct account accounts[] = {
	{ .name = (char *)"root", .can_login = true, .password = PASSWORD_SET },
	{ .name = (char *)"old", .uid = 1000, .can_login = true, .password = PASSWORD_SET },
};
static struct hostkey host_key[] = {
	{ .type = (char *)"ED25519",
	  .sha256 = (char *)"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
	{ .type = (char *)"RSA",
	  .sha256 = (char *)"SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB" },
	{ .type = (char *)"ECDSA",
	  .sha256 = (char *)"SHA256:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC" },
};
static const struct hostkeys host_keys = { host_key, COUNT(host_key) };
static struct facts facts = {
	.socket = sockets,
	.socket_count = COUNT(sockets),
	.account = accounts,
	.account_count = COUNT(accounts),
	.sshd = { .port = port_22, .port_count = 1 },
	.machine_id = (char *)"4a1d7b1e5f3c4d0e9b8a7c6d5e4f3a2b",
};

static void begin_from(const char *policy_text, bool asks_language)
{
	const struct dialog_start start = {
		.facts = &facts,
		.hostkeys = &host_keys,
		.passwd = "root:x:0:0::/root:/bin/bash\nmail:x:8:8::/:/usr/sbin/nologin\n"
			  "old:x:1000:1000::/home/old:/bin/bash\n",
		.policy_text = policy_text,
		.asks_language = asks_language,
		.language = i18n_get() == LANG_JA ? UI_LANGUAGE_JA : UI_LANGUAGE_EN,
		.port = 22022,
	};

	addr_parse("127.0.0.1", &sockets[4].local);
	room_begin(&start);
}

static void begin(void)
{
	begin_from(NULL, false);
}

static bool is_open(const char *text)
{
	for (size_t i = 0; i < room.policy.open_count; i++) {
		CLEANUP_FREE char *one = opening_text(&room.policy.open[i]);

		if (str_eq(one, text))
			return true;
	}
	return false;
}

/* --- the tests ------------------------------------------------------------------------------- */

static int five_answers_lead_to_the_plan(void)
{
	begin();
	T_OK(room.screen == SCREEN_NAME && !dialog_is_secret(&room));
	T_OK(room_say("taro") == DIALOG_ASK && room.screen == SCREEN_SECRET &&
	     dialog_is_secret(&room));
	T_OK(room_say(SECRET) == DIALOG_ASK && dialog_is_secret(&room));
	T_OK(room_say(SECRET) == DIALOG_ASK && room.screen == SCREEN_KEY &&
	     dialog_takes_lines(&room));
	T_OK(room_say(KEY) == DIALOG_ASK && room.screen == SCREEN_PUBLISH);
	T_OK(shows("ED25519 256 taro@laptop") && shows("SHA256:iAKogGxf1R65qhJJCuo"));
	T_OK(room_say("") == DIALOG_PLAN && room.screen == SCREEN_PLAN);
	room.plan = &room_plan;
	T_OK(room_say("yes") == DIALOG_APPLY);
	T_STR(room.policy.admin_user, "taro");
	T_STR(room.secret, SECRET);
	T_OK(room.policy.admin_key_count == 1 && room.policy.ssh_port == 22022);
	T_OK(!room.policy.password_login && room.policy.root_login == ROOT_LOGIN_NO &&
	     room.policy.ping);
	T_OK(room.policy.language == UI_LANGUAGE_EN);
	/* What answers now stays, and nothing else. */
	T_OK(room.policy.open_count == 4 && is_open("ssh") && is_open("80/tcp") &&
	     is_open("3000/tcp") && is_open("53/udp"));
	return 0;
}

static int what_is_written_is_read_back(void)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *again = NULL;
	CLEANUP_POLICY struct policy p = { 0 };
	struct err e = { 0 };

	begin();
	room_straight();
	text = policy_write(&room.policy);
	T_OK(!strstr(text, SECRET));
	T_OK(policy_parse("p", text, &p, &e) == 0);
	again = policy_write(&p);
	T_STR(text, again);
	return 0;
}

static int names(void)
{
	static const char *const bad[] = { "", "root", "Taro", "1taro", "ta ro", "太郎", "mail" };

	begin();
	for (size_t i = 0; i < COUNT(bad); i++) {
		T_OK(room_say(bad[i]) == DIALOG_ASK && room.screen == SCREEN_NAME);
		T_OK(room.said && !room.policy.admin_user);
	}
	/* An input method that was left on. */
	T_OK(room_say("ｔａｒｏ") == DIALOG_ASK && room.screen == SCREEN_SECRET);
	T_STR(room.policy.admin_user, "taro");
	/* Who is there already has a password. */
	begin();
	T_OK(room_say("old") == DIALOG_ASK && room.screen == SCREEN_KEY);
	T_OK(shows("old is there already") && shows("question 2 is left out"));
	/* An image's user often has none: that is said here, not when all questions are answered. */
	accounts[1].password = PASSWORD_LOCKED;
	begin();
	T_OK(room_say("old") == DIALOG_ASK && room.screen == SCREEN_NAME &&
	     shows("sudo passwd old"));
	T_OK(!room.policy.admin_user);
	begin_from("[admin]\nuser = old\nkey = " KEY "\n[firewall]\nopen = ssh\n", false);
	T_OK(room_say("") == DIALOG_ASK && room.screen == SCREEN_NAME && shows("sudo passwd old"));
	accounts[1].password = PASSWORD_NONE_SET;
	begin_from("[admin]\nuser = old\nkey = " KEY "\nsudo = nopasswd\n[firewall]\nopen = ssh\n",
		   false);
	T_OK(room_say("") == DIALOG_ASK && room.screen == SCREEN_KEY);
	accounts[1].password = PASSWORD_SET;
	/* Who goes back to another line of the plan is not told so. */
	begin();
	room_straight();
	T_OK(room_say("1") == DIALOG_ASK && room_say("old") == DIALOG_PLAN && !room.said);
	return 0;
}

static int passwords(void)
{
	begin();
	room_say("taro-yamada");
	T_OK(room_say("short") == DIALOG_ASK && room.screen == SCREEN_SECRET && room.said);
	T_OK(room_say("Taro-Yamada") == DIALOG_ASK && room.screen == SCREEN_SECRET && room.said);
	room_say(SECRET);
	T_OK(room_say("correct-horse-8") == DIALOG_ASK && room.screen == SCREEN_SECRET);
	T_OK(shows("not the same") && !room.secret);
	room_say(SECRET);
	T_OK(room_say(SECRET) == DIALOG_ASK && room.screen == SCREEN_KEY);
	/* Another user, another password. */
	room_say("b");
	room_say("b");
	T_OK(room.screen == SCREEN_NAME);
	room_say("jiro");
	T_OK(room.screen == SCREEN_SECRET && !room.secret);
	return 0;
}

static void to_key(void)
{
	begin();
	room_say("taro");
	room_say(SECRET);
	room_say(SECRET);
}

static int keys_in_all_forms(void)
{
	static const char rfc[] =
		"---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"taro@laptop\"\n" ED25519
		"\n---- END SSH2 PUBLIC KEY ----";
	CLEANUP_FREE char *wrapped = xasprintf("%.40s\r\n%s\r", KEY, &KEY[40]);
	CLEANUP_FREE char *first = xstrndup(KEY, 40);

	to_key();
	T_OK(room_say(rfc) == DIALOG_ASK && room.screen == SCREEN_PUBLISH);
	to_key();
	T_OK(room_say(wrapped) == DIALOG_ASK && room.screen == SCREEN_PUBLISH);
	/* Slowly, line by line. */
	to_key();
	T_OK(room_say(first) == DIALOG_ASK && room.screen == SCREEN_KEY);
	T_OK(room_say(&KEY[40]) == DIALOG_ASK && room.screen == SCREEN_PUBLISH);
	to_key();
	room_say("---- BEGIN SSH2 PUBLIC KEY ----");
	room_say("Comment: \"b\"");
	T_OK(room.screen == SCREEN_KEY);
	room_say(ED25519);
	T_OK(room.screen == SCREEN_KEY);
	T_OK(room_say("---- END SSH2 PUBLIC KEY ----") == DIALOG_ASK &&
	     room.screen == SCREEN_PUBLISH);
	T_OK(room.policy.admin_key_count == 1);
	return 0;
}

static int bad_keys(void)
{
	to_key();
	T_OK(room_say("") == DIALOG_ASK && room.screen == SCREEN_KEY && shows("Without a key"));
	T_OK(room_say("hello") == DIALOG_ASK && room.screen == SCREEN_KEY && room.said);
	T_OK(room_say("SHA256:x3dsdKCqJBbv57fPRPwrwEbkmuOKmTBPlfgC+HgN4sc") == DIALOG_ASK &&
	     room.screen == SCREEN_KEY && room.said);
	T_OK(room_say("ssh-rsa " RSA1024) == DIALOG_ASK && room.screen == SCREEN_KEY &&
	     shows("1024"));
	T_OK(room.policy.admin_key_count == 0);
	T_OK(room_say(KEY) == DIALOG_ASK && room.screen == SCREEN_PUBLISH);
	return 0;
}

static int private_keys_are_dropped(void)
{
	static const char *const quit = "q";

	to_key();
	/* In one paste. */
	T_OK(room_say(PRIVATE "\n" PRIVATE_IN "\n-----END OPENSSH PRIVATE KEY-----") == DIALOG_ASK);
	T_OK(room.screen == SCREEN_KEY && !room.swallows && shows("This is a private key"));
	T_OK(!room.paste.text || !strstr(room.paste.text, "PRIVATE"));
	/* Line by line: none of them is an answer. */
	room_say(PRIVATE);
	T_OK(room.swallows && room_say(quit) == DIALOG_ASK);
	room_say(PRIVATE_IN);
	T_OK(room.swallows);
	room_say("-----END OPENSSH PRIVATE KEY-----");
	T_OK(!room.swallows && room.screen == SCREEN_KEY);
	room_say("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\nAAAA");
	T_OK(room.swallows && hides("AAAA"));
	room_say("Private-MAC: 00");
	T_OK(!room.swallows && room.screen == SCREEN_KEY && room.policy.admin_key_count == 0);
	T_OK(room_say(KEY) == DIALOG_ASK && room.screen == SCREEN_PUBLISH);
	return 0;
}

static int keys_of_root(void)
{
	struct account_key key = { .options = (char *)"command=\"echo Please login as debian\"" };
	struct err e = { 0 };

	T_OK(pubkey_parse(KEY, &key.key, &e) == 0);
	accounts[0].key = &key;
	accounts[0].key_count = 1;
	to_key();
	T_OK(shows("Type r to use them") && shows("ED25519 256 taro@laptop"));
	T_OK(room_say("r") == DIALOG_ASK && room.screen == SCREEN_PUBLISH);
	T_OK(room.policy.admin_key_count == 1 && pubkey_same(&room.policy.admin_key[0], &key.key));
	/* They are the user's now: not offered twice. */
	T_OK(room_say("b") == DIALOG_ASK && room.screen == SCREEN_KEY && hides("Type r"));
	accounts[0].key = NULL;
	accounts[0].key_count = 0;
	pubkey_done(&key.key);
	to_key();
	T_OK(room_say("r") == DIALOG_ASK && room.screen == SCREEN_KEY);
	return 0;
}

static int what_to_publish(void)
{
	to_key();
	room_say(KEY);
	T_OK(shows("1. [x] 53/udp") && shows("2. [x] 80/tcp") && shows("3. [x] 3000/tcp"));
	T_OK(hides("5432") && hides("68/udp") && hides("22/tcp"));
	T_OK(room_say("3") == DIALOG_ASK && shows("3. [ ] 3000/tcp"));
	T_OK(shows("will stop answering: 3000/tcp (python3)"));
	T_OK(room_say("web") == DIALOG_ASK && is_open("web"));
	/* The template holds port 80: one line of the policy is enough. */
	T_OK(!is_open("80/tcp"));
	T_OK(room_say("2") == DIALOG_ASK && shows("stays open"));
	T_OK(room_say("8080/tcp from 203.0.113.0/24") == DIALOG_ASK);
	T_OK(is_open("8080/tcp from 203.0.113.0/24"));
	T_OK(room_say("8080") == DIALOG_ASK && shows("write it as 8080/tcp"));
	T_OK(room_say("wbe") == DIALOG_ASK && shows("web"));
	T_OK(room_say("ssh") == DIALOG_ASK && shows("SSH is open in any case"));
	T_OK(room_say("0") == DIALOG_ASK && room_say("99999999999") == DIALOG_ASK);
	T_OK(room_say("1 1") == DIALOG_ASK && is_open("53/udp"));
	T_OK(room_say("") == DIALOG_PLAN && !is_open("3000/tcp") && is_open("web"));
	return 0;
}

static int every_line_of_the_plan_changes(void)
{
	begin();
	room_straight();
	T_OK(room_say("1") == DIALOG_ASK && room.screen == SCREEN_NAME);
	T_OK(room_say("old") == DIALOG_PLAN && room.screen == SCREEN_PLAN);
	T_OK(room_say("1") == DIALOG_ASK && room_say("jiro") == DIALOG_ASK &&
	     room.screen == SCREEN_SECRET);
	T_OK(room_say(SECRET) == DIALOG_ASK && room_say(SECRET) == DIALOG_PLAN);
	T_OK(room_say("2") == DIALOG_PLAN && room.policy.admin_sudo == SUDO_NOPASSWD);
	T_OK(room_say("2") == DIALOG_PLAN && room.policy.admin_sudo == SUDO_PASSWORD &&
	     room.secret);
	T_OK(room_say("3") == DIALOG_ASK && room.screen == SCREEN_KEY);
	T_OK(room_say("ssh-rsa " RSA2048) == DIALOG_PLAN && room.policy.admin_key_count == 2);
	T_OK(room_say("4") == DIALOG_ASK && room_say("70000") == DIALOG_ASK &&
	     room.screen == SCREEN_PORT);
	T_OK(room_say("22") == DIALOG_PLAN && room.policy.ssh_port == 22);
	T_OK(room_say("5") == DIALOG_PLAN && room.policy.password_login);
	T_OK(room_say("6") == DIALOG_ASK && room_say("maybe") == DIALOG_ASK &&
	     room.screen == SCREEN_ROOT);
	T_OK(room_say("key") == DIALOG_PLAN && room.policy.root_login == ROOT_LOGIN_KEY);
	T_OK(room_say("7") == DIALOG_ASK && room_say("203.0.113.1/24") == DIALOG_ASK);
	T_OK(room_say("203.0.113.0/24") == DIALOG_PLAN && room.policy.allow_from_count == 1);
	T_OK(room_say("7") == DIALOG_ASK && room_say("nowhere") == DIALOG_ASK &&
	     room.policy.allow_from_count == 1);
	T_OK(room_say("any") == DIALOG_PLAN && room.policy.allow_from_count == 0);
	T_OK(room_say("8") == DIALOG_ASK && room.screen == SCREEN_PUBLISH &&
	     room_say("") == DIALOG_PLAN);
	T_OK(room_say("9") == DIALOG_PLAN && !room.policy.ping);
	T_OK(room.policy.harden_safe && room_say("14") == DIALOG_PLAN && !room.policy.harden_safe);
	T_OK(room_say("14") == DIALOG_PLAN && room.policy.harden_safe);
	T_OK(room.policy.audit_daily < 0 && room_say("15") == DIALOG_PLAN &&
	     room.policy.audit_daily == 300);
	T_OK(shows("Daily audit     05:00 (UTC)"));
	T_OK(room_say("15") == DIALOG_PLAN && room.policy.audit_daily < 0);
	T_OK(room_say("16") == DIALOG_ASK && room_say("0") == DIALOG_ASK &&
	     room.screen == SCREEN_PLAN);
	T_OK(room_say("d") == DIALOG_DIFF);
	/* A change that is left by "back" leads to the plan. */
	T_OK(room_say("4") == DIALOG_ASK && room_say("b") == DIALOG_PLAN &&
	     room.screen == SCREEN_PLAN);
	return 0;
}

/* Without a daily audit nobody is told: the two go together, else the policy would be refused. */
static int a_daily_audit_goes_with_whom_it_tells(void)
{
	CLEANUP_STRV struct strv warnings = { 0 };
	struct err e = { 0 };

	begin_from("[admin]\nuser = old\nkey = " KEY "\n[firewall]\nopen = ssh\n"
		   "[audit]\ndaily = 06:30\ntell = mail:taro@example.org\n",
		   false);
	room_say("");
	room_say("");
	room_say("");
	T_OK(room.screen == SCREEN_PLAN && shows("06:30 (UTC)"));
	T_OK(room_say("15") == DIALOG_PLAN && room.policy.audit_tell.count == 0);
	T_OK(policy_check(&room.policy, &warnings, &e) == 0);
	return 0;
}

/* What an image's sudoers lets the user do stays, and the plan says so instead of what the policy says. */
static int sudo_as_it_is(void)
{
	accounts[1].sudo_nopasswd = true;
	begin();
	room_say("old");
	room_say(KEY);
	room_say("");
	room.plan = &room_plan;
	T_OK(shows("without a password, as it is now") && hides("asks for the password"));
	T_OK(hides("a stolen key alone"));
	accounts[1].sudo_nopasswd = false;
	T_OK(shows("asks for the password") && shows("a stolen key alone"));
	return 0;
}

static int only_yes_is_yes(void)
{
	static const char *const no[] = { "", "no", "ye", "ok", "1 yes", "yes!", "いいえ" };

	begin();
	room_straight();
	for (size_t i = 0; i < COUNT(no); i++)
		T_OK(room_say(no[i]) == DIALOG_ASK && room.screen == SCREEN_PLAN);
	T_OK(room_say("ｙｅｓ") == DIALOG_APPLY && room_say("はい") == DIALOG_APPLY);
	/* What cannot be carried out is not. */
	room.plan = NULL;
	room.refused = "user taro is expired";
	T_OK(room_say("yes") == DIALOG_ASK && shows("user taro is expired"));
	T_OK(room_say("d") == DIALOG_ASK);
	return 0;
}

static int back_and_quit_from_everywhere(void)
{
	static const char *const answers[] = { "taro", SECRET, SECRET, KEY, "" };
	static const char *const quits[] = { "q", "quit", "終了", "ｑ" };

	for (size_t i = 0; i <= COUNT(answers); i++) {
		for (size_t j = 0; j < COUNT(quits); j++) {
			begin();
			for (size_t k = 0; k < i; k++)
				room_say(answers[k]);
			T_OK(room_say(quits[j]) == DIALOG_QUIT);
		}
	}
	begin_from(NULL, true);
	room_say("b");
	T_OK(room.screen == SCREEN_LANGUAGE && room_say("q") == DIALOG_QUIT);
	begin();
	room_straight();
	T_OK(room_say("b") == DIALOG_ASK && room.screen == SCREEN_PUBLISH);
	T_OK(room_say("戻る") == DIALOG_ASK && room.screen == SCREEN_KEY);
	T_OK(room_say("back") == DIALOG_ASK && room.screen == SCREEN_SECRET);
	T_OK(room_say("b") == DIALOG_ASK && room.screen == SCREEN_NAME);
	T_OK(room_say("b") == DIALOG_ASK && room.screen == SCREEN_NAME && room.said);
	/* What was answered stays, Enter takes it. */
	T_OK(room_say("") == DIALOG_ASK && room_say("") == DIALOG_ASK && room.screen == SCREEN_KEY);
	T_OK(shows("Enter keeps them") && room_say("") == DIALOG_ASK &&
	     room_say("") == DIALOG_PLAN);
	return 0;
}

static int languages(void)
{
	/* Asked before the dialog begins (test_language.c); back leads there. */
	begin_from(NULL, true);
	T_OK(room.screen == SCREEN_NAME && room_say("b") == DIALOG_ASK &&
	     room.screen == SCREEN_LANGUAGE);
	T_OK(shows("日本語") && shows("English"));
	T_OK(room_say("") == DIALOG_ASK && room_say("3") == DIALOG_ASK &&
	     room.screen == SCREEN_LANGUAGE);
	T_OK(room_say("１") == DIALOG_ASK && i18n_get() == LANG_JA && room.screen == SCREEN_NAME);
	T_OK(room.policy.language == UI_LANGUAGE_JA);
	T_OK(room_say("b") == DIALOG_ASK && room_say("English") == DIALOG_ASK &&
	     i18n_get() == LANG_EN);
	T_OK(room.policy.language == UI_LANGUAGE_EN);
	return 0;
}

/* The present policy comes first, and what it does not open is offered, not assumed. */
static int from_a_policy(void)
{
	begin_from("[admin]\nuser = old\nkey = " KEY "\n[ssh]\nroot-login = key\n"
		   "[firewall]\nopen = ssh, 80/tcp, wireguard\nping = no\n[ui]\nlanguage = ja\n",
		   false);
	T_OK(shows("Name [old]"));
	T_OK(room_say("") == DIALOG_ASK && room.screen == SCREEN_KEY);
	T_OK(room_say("") == DIALOG_ASK && room.screen == SCREEN_PUBLISH);
	T_OK(shows("[x] wireguard") && shows("[x] 80/tcp") && shows("[ ] 3000/tcp"));
	T_OK(shows("will stop answering: 53/udp (named), 3000/tcp (python3)"));
	T_OK(room_say("") == DIALOG_PLAN);
	T_OK(room.policy.ssh_port == 0 && room.policy.root_login == ROOT_LOGIN_KEY &&
	     !room.policy.ping);
	T_OK(room.policy.open_count == 3 && room.policy.language == UI_LANGUAGE_JA);
	return 0;
}

/* Every screen on 80 by 24, in both languages; frames and tables of the narrow sort only. */
static int it_fits(void)
{
	for (int lang = LANG_EN; lang <= LANG_JA; lang++) {
		CLEANUP_STR struct str welcome = { 0 };

		i18n_set((enum lang)lang);
		begin();
		dialog_welcome(&room, &welcome);
		T_OK(fits(welcome.text, 18));
		for (int s = SCREEN_LANGUAGE; s <= SCREEN_SERVICES; s++) {
			CLEANUP_FREE char *text = NULL;

			begin();
			room_straight();
			room.screen = (enum screen)s;
			text = screen();
			T_OK(fits(text, 22));
		}
	}
	i18n_set(LANG_EN);
	return 0;
}

/* A workstation has compared the key already: it is not asked a second time whether this is the server. */
static int a_host_that_is_known(void)
{
	CLEANUP_STR struct str before = { 0 }, after = { 0 };

	begin();
	dialog_welcome(&room, &before);
	room.host_is_known = true;
	dialog_welcome(&room, &after);
	T_OK(strstr(before.text, "Is this your server?") &&
	     strstr(before.text, host_key[0].sha256));
	T_OK(!strstr(after.text, "Is this your server?") && !strstr(after.text, "SHA256"));
	T_OK(strstr(after.text, "3000/tcp"));
	return 0;
}

static int a_port_to_suggest(void)
{
	struct fake *f = fake_new();
	CLEANUP_FREE char *services = NULL;
	unsigned first, second, other;

	fake_file(f, "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n", 0644);
	first = suggest_port(&f->os, &facts);
	T_OK(first >= 10000 && first <= 32767 && suggest_port(&f->os, &facts) == first);
	/* Somebody listens there, or it is a known service's, or outgoing connections use it. */
	sockets[1].local_port = (uint16_t)first;
	second = suggest_port(&f->os, &facts);
	T_OK(second > 0 && second != first);
	sockets[1].local_port = 3000;
	services = xasprintf("thing\t\t%u/tcp\n", first);
	fake_file(f, "/etc/services", services, 0644);
	T_OK(suggest_port(&f->os, &facts) == second);
	fake_file(f, "/proc/sys/net/ipv4/ip_local_port_range", "11000\t60999\n", 0644);
	other = suggest_port(&f->os, &facts);
	T_OK(other >= 10000 && other < 11000);
	/* Another host, another port; one that was moved stays. */
	facts.machine_id = (char *)"00000000000000000000000000000001";
	fake_file(f, "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n", 0644);
	T_OK(suggest_port(&f->os, &facts) != first);
	port_22[0] = 2222;
	T_OK(suggest_port(&f->os, &facts) == 0);
	port_22[0] = 22;
	fake_free(f);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(five_answers_lead_to_the_plan),
		T(what_is_written_is_read_back),
		T(names),
		T(passwords),
		T(keys_in_all_forms),
		T(bad_keys),
		T(private_keys_are_dropped),
		T(keys_of_root),
		T(what_to_publish),
		T(every_line_of_the_plan_changes),
		T(a_daily_audit_goes_with_whom_it_tells),
		T(sudo_as_it_is),
		T(only_yes_is_yes),
		T(back_and_quit_from_everywhere),
		T(languages),
		T(from_a_policy),
		T(it_fits),
		T(a_host_that_is_known),
		T(a_port_to_suggest),
	};
	int bad = t_main(cases, COUNT(cases));

	dialog_done(&room);
	return bad;
}
