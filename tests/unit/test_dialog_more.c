// SPDX-License-Identifier: MIT
/* What people type into setup that is wrong, and the lines of the plan that few change (setup/dialog.h). */
#include "base/i18n.h"
#include "lib/room.h"
#include "lib/t.h"
#include "setup/carry_out.h"

static struct socket_info sockets[] = {
	{ .kind = SOCKET_TCP_LISTEN, .local_port = 22, .comm = "sshd" },
	{ .kind = SOCKET_TCP_LISTEN, .local_port = 80, .comm = "nginx" },
};
static unsigned port_22[] = { 22 };
static struct account accounts[] = {
	{ .name = (char *)"root", .can_login = true, .password = PASSWORD_SET },
};
static char *rpc_ports[] = { (char *)"111/tcp 0.0.0.0", (char *)"111/udp 0.0.0.0", NULL };
static char *rpc_users[] = { (char *)"192.0.2.7", NULL };
static char *ssh_ports[] = { (char *)"22/tcp 0.0.0.0", NULL };
static struct service_fact services[] = {
	{ .unit = (char *)"ssh.service", .listen = { ssh_ports, 1 }, .kept_for = "logins" },
	{ .unit = (char *)"rpcbind.service",
	  .listen = { rpc_ports, 2 },
	  .used_by = { rpc_users, 1 } },
	{ .unit = (char *)"", .listen = { ssh_ports, 1 } },
};
static struct hostkey host_key[] = {
	{ .type = (char *)"ED25519",
	  .sha256 = (char *)"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	  .md5 = (char *)"MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
	  .line = (char *)"ssh-ed25519 AAAA" },
};
static const struct hostkeys host_keys = { host_key, COUNT(host_key) };
static struct facts facts = {
	.socket = sockets,
	.socket_count = COUNT(sockets),
	.account = accounts,
	.account_count = COUNT(accounts),
	.service = services,
	.service_count = COUNT(services),
	.sshd = { .port = port_22, .port_count = 1 },
	.updates = { .measured = true, .zone = (char *)"UTC" },
};
static struct audit audit = { .grade = 'F', .reason = "root or a password gets in over SSH" };
static bool guard_at_hand;

static void begin_from(const char *policy_text)
{
	const struct dialog_start start = {
		.facts = &facts,
		.hostkeys = &host_keys,
		.audit = &audit,
		.passwd = "root:x:0:0::/root:/bin/bash\nmail:x:8:8::/:/usr/sbin/nologin\n",
		.group = "root:x:0:\nshadow:x:42:\ndocker:x:998:\n",
		.policy_text = policy_text,
		.language = UI_LANGUAGE_EN,
		.port = 22022,
		.guard_at_hand = guard_at_hand,
	};

	room_begin(&start);
}

static void to_plan(const char *policy_text)
{
	begin_from(policy_text);
	room_straight();
}

/* --- the tests ------------------------------------------------------------------------------- */

static int the_grade_is_among_the_first_things(void)
{
	CLEANUP_STR struct str s = { 0 }, without = { 0 };

	begin_from(NULL);
	dialog_welcome(&room, &s);
	T_OK(strstr(s.text, "F (root or a password gets in over SSH)"));
	room.audit = NULL;
	dialog_welcome(&room, &without);
	T_OK(!strstr(without.text, "Grade"));
	return 0;
}

/* What the client showed is pasted into the first question. */
static int fingerprints_are_compared(void)
{
	static const char *const same[] = {
		"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"256 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA root@vps (ED25519)",
		"MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
	};

	begin_from(NULL);
	for (size_t i = 0; i < COUNT(same); i++) {
		T_OK(room_say(same[i]) == DIALOG_ASK && room.screen == SCREEN_NAME);
		T_OK(shows("Yes: that is the ED25519 key"));
	}
	T_OK(room_say("SHA256:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") == DIALOG_ASK);
	T_OK(shows("No: this server has no such key") && room.screen == SCREEN_NAME);
	T_OK(room_say("SHA256:AAAA") == DIALOG_ASK && shows("not whole"));
	T_OK(!room.policy.admin_user);
	T_OK(room_say("taro") == DIALOG_ASK && room.screen == SCREEN_SECRET);
	return 0;
}

static int bad_names_are_explained(void)
{
	begin_from(NULL);
	T_OK(room_say("root") == DIALOG_ASK && shows("every guesser tries"));
	T_OK(room_say("Root") == DIALOG_ASK && shows("every guesser tries"));
	T_OK(room_say("Taro") == DIALOG_ASK && shows("small letters here: taro"));
	T_OK(room_say("ta ro") == DIALOG_ASK && shows("a to z, 0 to 9"));
	T_OK(room_say("太郎") == DIALOG_ASK && shows("a to z, 0 to 9"));
	T_OK(room_say("mail") == DIALOG_ASK && shows("mail is an account"));
	/* That group's rights would come with the name. */
	T_OK(room_say("docker") == DIALOG_ASK && shows("docker is a group"));
	T_OK(room_say("shadow") == DIALOG_ASK && shows("shadow is a group"));
	T_OK(room.screen == SCREEN_NAME && !room.policy.admin_user);
	return 0;
}

static int bad_passwords_are_refused(void)
{
	static const char *const bad[] = { "",
					   "short-one",
					   "1234567890",
					   "0987654321",
					   "aaaaaaaaaaaa",
					   "abcabcabcabc",
					   "abcdefghij",
					   "qwertyuiop",
					   "password12",
					   "Password2026!",
					   "P@ssw0rd123",
					   "taro123456",
					   "1234taro5678" };
	static const char *const good[] = { SECRET, "a-long-password", "mizu kumo ishi",
					    "パスワードではない文", "x7Kq-92mB-tt" };
	struct err e = { 0 };

	begin_from(NULL);
	room_say("taro");
	for (size_t i = 0; i < COUNT(bad); i++) {
		T_OK(room_say(bad[i]) == DIALOG_ASK && room.screen == SCREEN_SECRET && room.said);
		T_OK(!strstr(room.said, bad[i]) || !bad[i][0]);
	}
	for (size_t i = 0; i < COUNT(good); i++)
		T_OK(secret_check("taro", good[i], &e) == 0);
	return 0;
}

static int a_file_is_not_its_name(void)
{
	static const char *const paths[] = { "C:\\Users\\taro\\.ssh\\id_ed25519.pub",
					     "\"C:\\Users\\Taro Yamada\\id_rsa.pub\"",
					     "~/.ssh/id_ed25519.pub", "id_rsa.pub", "my key.ppk" };

	begin_from(NULL);
	room_say("taro");
	room_say(SECRET);
	room_say(SECRET);
	for (size_t i = 0; i < COUNT(paths); i++) {
		T_OK(room_say(paths[i]) == DIALOG_ASK && room.screen == SCREEN_KEY);
		T_OK(shows("name of a file"));
	}
	T_OK(room_say(KEY "\n" KEY "2") == DIALOG_ASK && shows("one at a time"));
	T_OK(room_say("hello") == DIALOG_ASK && shows("That is no public key"));
	/* At once: more lines would not mend it. */
	T_OK(room_say("ssh-dss " DSA) == DIALOG_ASK && shows("DSA"));
	T_OK(room.policy.admin_key_count == 0);
	T_OK(room_say(KEY) == DIALOG_ASK && room.screen == SCREEN_PUBLISH);
	return 0;
}

static int ports(void)
{
	static const char *const bad[] = { "0", "65536", "70000", "ssh", "-1", "22022 ssh" };

	to_plan(NULL);
	room_say("4");
	for (size_t i = 0; i < COUNT(bad); i++)
		T_OK(room_say(bad[i]) == DIALOG_ASK && room.screen == SCREEN_PORT &&
		     shows("1 to 65535"));
	T_OK(room_say("80") == DIALOG_ASK && shows("Port 80 is taken: nginx"));
	T_OK(room_say("22") == DIALOG_PLAN && room.policy.ssh_port == 22);
	T_OK(room_say("4") == DIALOG_ASK && room_say("２２０２２") == DIALOG_PLAN);
	T_OK(room.policy.ssh_port == 22022);
	return 0;
}

static int updates(void)
{
	CLEANUP_FREE char *text = NULL;

	to_plan(NULL);
	T_OK(room.update_now && shows("yes, before all else"));
	/* Once is once: later plans do not ask for it again. What comes by itself was asked for. */
	text = policy_write(&room.policy);
	T_OK(!strstr(text, "\nnow = yes") && strstr(text, "\nautomatic = security\n"));
	T_OK(room_say("10") == DIALOG_PLAN && !room.update_now);
	T_OK(room_say("11") == DIALOG_PLAN && room.policy.updates_automatic == UPDATES_ALL);
	T_OK(room_say("11") == DIALOG_PLAN && room.policy.updates_automatic == UPDATES_NO);
	T_OK(room_say("11") == DIALOG_PLAN && room.policy.updates_automatic == UPDATES_SECURITY);
	/* A policy to start from says what is wanted of it. */
	begin_from("[admin]\nuser = taro\n");
	T_OK(!room.update_now);
	begin_from("[updates]\nnow = yes\n");
	T_OK(room.update_now);
	return 0;
}

static int the_hour_of_a_restart(void)
{
	static const char *const bad[] = { "25:00", "4", "04:60", "4:0", "04:00 PST", "yes" };

	to_plan(NULL);
	T_OK(room.policy.updates_reboot == -1 && room_say("12") == DIALOG_ASK && shows("UTC"));
	for (size_t i = 0; i < COUNT(bad); i++)
		T_OK(room_say(bad[i]) == DIALOG_ASK && room.screen == SCREEN_RESTART);
	T_OK(room_say("4:00") == DIALOG_PLAN && room.policy.updates_reboot == 240);
	T_OK(shows("04:00 (UTC)"));
	T_OK(room_say("12") == DIALOG_ASK && room_say("no") == DIALOG_PLAN &&
	     room.policy.updates_reboot == -1);
	/* It is the time in Japan that is meant there. */
	T_OK(room_say("12") == DIALOG_ASK && room_say("04:00 JST") == DIALOG_PLAN);
	T_OK(room.policy.updates_reboot == 19 * 60 && shows("19:00 (UTC)"));
	i18n_set(LANG_JA);
	T_OK(shows("04:00 JST (19:00 UTC)") && room_say("12") == DIALOG_ASK && shows("JST"));
	T_OK(room_say("２３：３０日本時間") == DIALOG_PLAN &&
	     room.policy.updates_reboot == 14 * 60 + 30);
	facts.updates.zone = (char *)"Asia/Tokyo";
	T_OK(room_say("12") == DIALOG_ASK && room_say("04:00 JST") == DIALOG_PLAN);
	T_OK(room.policy.updates_reboot == 240 && shows("04:00 (Asia/Tokyo)"));
	facts.updates.zone = (char *)"Europe/Berlin";
	T_OK(room_say("12") == DIALOG_ASK && room_say("04:00 JST") == DIALOG_ASK);
	facts.updates.zone = (char *)"UTC";
	i18n_set(LANG_EN);
	/* None comes by itself, so nothing is restarted. */
	T_OK(room_say("b") == DIALOG_PLAN && room_say("11") == DIALOG_PLAN &&
	     room_say("11") == DIALOG_PLAN);
	T_OK(room.policy.updates_automatic == UPDATES_NO && room.policy.updates_reboot == -1);
	T_OK(room_say("12") == DIALOG_ASK && room_say("03:00") == DIALOG_PLAN);
	T_OK(room.policy.updates_automatic == UPDATES_SECURITY);
	return 0;
}

static int services_to_stop(void)
{
	to_plan(NULL);
	T_OK(room_say("13") == DIALOG_ASK && shows("rpcbind") && shows("111/tcp"));
	/* The way in is not on offer. */
	T_OK(room_say("2") == DIALOG_ASK);
	T_OK(room.policy.services_stop.count == 0 && room_say("ssh") == DIALOG_ASK);
	T_OK(room_say("1") == DIALOG_ASK && shows("192.0.2.7") &&
	     strv_has(&room.policy.services_stop, "rpcbind"));
	T_OK(room_say("1") == DIALOG_ASK && room.policy.services_stop.count == 0);
	T_OK(room_say("1") == DIALOG_ASK && room_say("") == DIALOG_PLAN && shows("rpcbind"));
	return 0;
}

/* The number of a line of the plan's screen, as text; "" where it has no such line. */
static const char *number_of(const char *label)
{
	CLEANUP_FREE char *text = screen();
	static char number[24];
	char *rest = text, *line;

	number[0] = '\0';
	while ((line = str_line(&rest)))
		if (strstr(line, label))
			snprintf(number, sizeof(number), "%ld", strtol(line, NULL, 10));
	return number;
}

/* One line, the last, and only where there is a guard to be had or the policy has it on. */
static int the_guard_is_offered_where_it_is_at_hand(void)
{
	char line[24], beyond[24];

	to_plan(NULL);
	T_STR(number_of("Ban attackers"), "");
	guard_at_hand = true;
	to_plan(NULL);
	guard_at_hand = false;
	snprintf(line, sizeof(line), "%s", number_of("Ban attackers"));
	snprintf(beyond, sizeof(beyond), "%ld", strtol(line, NULL, 10) + 1);
	T_OK(line[0] && !room.policy.guard_enabled);
	T_OK(room_say(line) == DIALOG_PLAN && room.policy.guard_enabled && shows("sshd"));
	T_OK(room_say(line) == DIALOG_PLAN && !room.policy.guard_enabled);
	T_OK(room_say(beyond) == DIALOG_ASK);
	to_plan(NULL);
	T_OK(room_say(line) == DIALOG_ASK && !room.policy.guard_enabled);
	to_plan("[guard]\nenabled = yes\njails = sshd, recidive\n");
	T_OK(shows("sshd, recidive"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(the_grade_is_among_the_first_things),
		T(fingerprints_are_compared),
		T(bad_names_are_explained),
		T(bad_passwords_are_refused),
		T(a_file_is_not_its_name),
		T(ports),
		T(updates),
		T(the_hour_of_a_restart),
		T(services_to_stop),
		T(the_guard_is_offered_where_it_is_at_hand),
	};
	int bad = t_main(cases, COUNT(cases));

	dialog_done(&room);
	return bad;
}
