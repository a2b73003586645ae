// SPDX-License-Identifier: MIT
/* The cards: what to do next, and what is left in the end (setup/card.h), on a screen of 80 by 24. */
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "lib/fits.h"
#include "lib/t.h"
#include "setup/card.h"

#define LIVE_LINES 3

static unsigned port_22[] = { 22 };
static struct hostkey host_key[] = {
	{ .type = (char *)"ED25519",
	  .sha256 = (char *)"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
	{ .type = (char *)"RSA",
	  .sha256 = (char *)"SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB" },
	{ .type = (char *)"ECDSA",
	  .sha256 = (char *)"SHA256:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC" },
};
static const struct hostkeys host_keys = { host_key, COUNT(host_key) };
static struct facts facts = { .sshd = { .port = port_22, .port_count = 1 } };

/* Which address is typed to get here, whatever the order in which the kernel names the connections. */
static int host_of_card(void)
{
	struct session session[3] = { 0 };
	struct facts f = { .session = session, .session_count = 3 };
	char host[ADDR_TEXT];

	addr_parse("2001:db8:1::10", &session[0].local);
	addr_parse("2001:db8:2::10", &session[0].peer);
	addr_parse("198.51.100.10", &session[1].local);
	addr_parse("192.0.2.10", &session[1].peer);
	addr_parse("198.51.100.77", &session[2].local);
	addr_parse("192.0.2.77", &session[2].peer);
	card_host(&f, host); /* from the console: an IPv4 one */
	T_STR(host, "198.51.100.10");
	session[2].own = true;
	card_host(&f, host);
	T_STR(host, "198.51.100.77");
	session[2].own = false;
	session[0].own = true;
	card_host(&f, host);
	T_STR(host, "2001:db8:1::10");
	return 0;
}

static int cards(void)
{
	struct session session = { .user = (char *)"root", .local_port = 22 };
	struct addr private;
	char host[ADDR_TEXT];

	addr_parse("198.51.100.10", &session.local);
	addr_parse("192.0.2.10", &session.peer);
	facts.session = &session;
	facts.session_count = 1;
	for (int lang = LANG_EN; lang <= LANG_JA; lang++) {
		CLEANUP_STR struct str s = { 0 }, end = { 0 }, brief = { 0 };
		CLEANUP_PLAN struct plan p = { 0 };
		const struct card card = { .plan = &p,
					   .facts = &facts,
					   .hostkeys = &host_keys,
					   .left = "9 min 59 s",
					   .asks_provider = true };

		i18n_set((enum lang)lang);
		plan_add_door(&p, "taro", 22022, "publickey");
		card_next_step(&card, &s);
		card_end(&card, &end);
		card_short(&card, &brief);
		/* With the three lines of the live line it is one screen. */
		T_OK(fits(s.text, 21) && fits(end.text, 20) && fits(brief.text, 12));
		T_OK(strstr(s.text, "ssh -p 22022 taro@198.51.100.10\n"));
		T_OK(strstr(s.text, "sudo kannuki confirm") && strstr(s.text, "kannuki undo"));
		T_OK(strstr(s.text, host_key[0].sha256) && strstr(s.text, host_key[2].sha256));
		T_OK(strstr(s.text, "TCP 22022") && strstr(s.text, "Tera Term"));
		T_OK(strstr(end.text, "22 (SSH)") || strstr(end.text, "22番(SSH)"));
	}
	i18n_set(LANG_EN);
	/* Behind a translation the own address is not the one to type. */
	T_OK(addr_parse("10.0.0.5", &private) == 0);
	session.local = private;
	card_host(&facts, host);
	T_STR(host, "HOST");
	addr_parse("10.0.0.9", &session.peer);
	card_host(&facts, host);
	T_STR(host, "10.0.0.5");
	facts.session = NULL;
	facts.session_count = 0;
	return 0;
}

/* Whoever the provider is, with the live line below it is one screen. */
static int the_next_step_is_one_screen(void)
{
	for (int lang = LANG_EN; lang <= LANG_JA; lang++) {
		for (size_t i = 0; i <= providers_count; i++) {
			CLEANUP_STR struct str s = { 0 };
			CLEANUP_PLAN struct plan p = { .policy_text =
							       xstrdup("[admin]\nuser = taro\n") };
			const struct card card = {
				.plan = &p,
				.facts = &facts,
				.hostkeys = &host_keys,
				.left = "9 min 59 s",
				.asks_provider = true,
				.provider = i < providers_count ? &providers[i] : NULL,
			};

			i18n_set((enum lang)lang);
			plan_add_door(&p, "taro", 22022, "publickey");
			card_next_step(&card, &s);
			T_OK(fits(s.text, 24 - LIVE_LINES));
			T_OK(i == providers_count || strstr(s.text, _(providers[i].title)));
			T_OK(i < providers_count || !strstr(s.text, "XServer"));
		}
	}
	i18n_set(LANG_EN);
	return 0;
}

/* A port that the filter cannot open is said before the time runs. */
static int a_limit_is_said(void)
{
	CLEANUP_STR struct str low = { 0 }, high = { 0 };
	CLEANUP_PLAN struct plan p = { 0 }, q = { 0 };
	struct card card = { .plan = &p, .facts = &facts, .hostkeys = &host_keys, .left = "1 s" };

	for (size_t i = 0; i < providers_count; i++)
		if (str_eq(providers[i].title, "Sakura VPS"))
			card.provider = &providers[i];
	plan_add_door(&p, "taro", 32767, "publickey");
	plan_add_door(&q, "taro", 32768, "publickey");
	card_provider(&card, &low);
	card.plan = &q;
	card_provider(&card, &high);
	T_OK(!strstr(low.text, "cannot open") && strstr(high.text, "cannot open port 32768"));
	return 0;
}

/* Whatever line it is on. */
static bool says(const char *text, const char *words)
{
	CLEANUP_FREE char *flat = xstrdup(text);

	for (char *c = flat; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	return strstr(flat, words);
}

/* Who is named as the one to log in with at the console does get in there: by a password, and may become root. */
static int the_console_opens_for_whom_it_says(void)
{
	struct account account[] = {
		{ .name = (char *)"root", .can_login = true, .password = PASSWORD_SET },
		{ .name = (char *)"debian", .can_login = true, .password = PASSWORD_LOCKED },
	};
	struct facts f = { .account = account, .account_count = COUNT(account) };
	CLEANUP_PLAN struct plan p = { .policy_text = xstrdup("[admin]\nuser = taro\n") };
	struct card card = { .plan = &p, .facts = &f, .hostkeys = &host_keys, .left = "9 min" };
	CLEANUP_STR struct str s = { 0 };

	plan_add_door(&p, "taro", 22022, "publickey");
	T_STR(card_console_user(&card), "root");
	account[0].password = PASSWORD_UNKNOWN;
	T_STR(card_console_user(&card), "root");
	/* A cloud's image: root is locked, the user that the plan makes has a password for sudo. */
	account[0].password = PASSWORD_LOCKED;
	T_STR(card_console_user(&card), "taro");
	card_next_step(&card, &s);
	T_OK(says(s.text, "log in as taro") && says(s.text, "sudo kannuki undo"));
	str_clear(&s);
	card_end(&card, &s);
	T_OK(says(s.text, "log in as taro") && says(s.text, "sudo kannuki undo"));
	T_OK(!says(s.text, "as root"));
	/* It has none: another one, then nobody. */
	free(p.policy_text);
	p.policy_text = xstrdup("[admin]\nuser = taro\nsudo = nopasswd\n");
	account[0].password = PASSWORD_NONE_SET;
	T_OK(!card_console_user(&card));
	account[1].password = PASSWORD_SET;
	T_OK(!card_console_user(&card));
	account[1].in_admin_group = true;
	T_STR(card_console_user(&card), "debian");
	account[1].in_admin_group = false;
	str_clear(&s);
	card_next_step(&card, &s);
	T_OK(says(s.text, "it undoes itself") && !says(s.text, "log in as"));
	str_clear(&s);
	card_end(&card, &s);
	T_OK(says(s.text, "sudo passwd taro") && !says(s.text, "log in as"));
	return 0;
}

/* Which password it is that sudo asks for, where it asks for one. */
static int whose_password(void)
{
	struct account account[] = { { .name = (char *)"taro", .sudo_nopasswd = true } };
	struct facts f = { .account = account, .account_count = 0 };
	CLEANUP_PLAN struct plan p = { .policy_text = xstrdup("[admin]\nuser = taro\n") };
	const struct card card = {
		.plan = &p, .facts = &f, .hostkeys = &host_keys, .left = "9 min"
	};
	CLEANUP_STR struct str s = { 0 };

	plan_add_door(&p, "taro", 22022, "publickey");
	card_next_step(&card, &s);
	T_OK(strstr(s.text, "confirm  (sudo asks for the password of taro)"));
	f.account_count = 1;
	str_clear(&s);
	card_next_step(&card, &s);
	T_OK(strstr(s.text, "confirm\n"));
	free(p.policy_text);
	p.policy_text = xstrdup("[admin]\nuser = taro\nsudo = nopasswd\n");
	f.account_count = 0;
	str_clear(&s);
	card_next_step(&card, &s);
	T_OK(strstr(s.text, "confirm\n"));
	return 0;
}

static int before_and_now(void)
{
	static const struct card_change change[] = {
		{ "Grade", (char *)"F", (char *)"B" },
		{ "Ports", (char *)"22 80 3000", (char *)"80 22022" },
	};

	for (int lang = LANG_EN; lang <= LANG_JA; lang++) {
		CLEANUP_STR struct str s = { 0 };
		CLEANUP_PLAN struct plan p = { .policy_text =
						       xstrdup("[firewall]\nopen = ssh, web\n") };
		const struct card card = { .plan = &p,
					   .facts = &facts,
					   .hostkeys = &host_keys,
					   .change = change,
					   .change_count = COUNT(change) };

		i18n_set((enum lang)lang);
		plan_add_door(&p, "taro", 22022, "publickey");
		card_end(&card, &s);
		T_OK(fits(s.text, 22) && strstr(s.text, "22 80 3000") &&
		     strstr(s.text, "80 22022"));
		T_OK(strstr(s.text, "web") && strstr(s.text, "kannuki undo"));
	}
	i18n_set(LANG_EN);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(host_of_card),
		T(cards),
		T(the_next_step_is_one_screen),
		T(a_limit_is_said),
		T(the_console_opens_for_whom_it_says),
		T(whose_password),
		T(before_and_now),
	};

	return t_main(cases, COUNT(cases));
}
