// SPDX-License-Identifier: MIT
/* The policy file: every key, what is refused and how it is said (core/policy.h, kannuki-policy(5)). */
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/policy.h"
#include "lib/fake_os.h"
#include "lib/keys.h"
#include "lib/t.h"

#define KEY "ssh-ed25519 " ED25519 " taro@laptop"

/* What parsing says: "" when it is taken, else the message. */
static const char *said(const char *text)
{
	static char msg[900];
	struct policy p = { 0 };
	struct err e = { 0 };

	msg[0] = '\0';
	if (policy_parse("FILE", text, &p, &e) < 0)
		snprintf(msg, sizeof(msg), "%s%s%s", e.kind == ERR_USAGE ? "" : "(not usage) ",
			 p.open || p.admin_user || p.admin_key ? "(not empty) " : "", e.msg);
	policy_done(&p);
	return msg;
}

static int nothing_said_means_the_defaults(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct err e = { 0 };

	T_OK(policy_parse("FILE", "", &p, &e) == 0);
	T_OK(!p.admin_user && p.admin_key_count == 0 && p.admin_sudo == SUDO_PASSWORD);
	T_OK(p.ssh_port == 0 && !p.password_login && p.root_login == ROOT_LOGIN_NO);
	T_OK(p.allow_from_count == 0 && p.ping && p.language == UI_LANGUAGE_LOCALE);
	T_OK(p.open_count == 1 && strcmp(p.open[0].tpl->name, "ssh") == 0);
	for (size_t i = 0; i < policy_keys_count; i++) {
		CLEANUP_FREE char *value = policy_get(&p, &policy_keys[i]);

		T_STR(value, policy_keys[i].def);
		T_OK(p.line[i] == 0);
	}
	return 0;
}

static int every_key_is_read(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct err e = { 0 };

	T_OK(policy_parse("FILE",
			  "\xef\xbb\xbf# mine\r\n\r\n  [admin]  \r\nuser=taro\r\nkey = " KEY
			  "\r\n\tkey = ssh-rsa " RSA2048 " old\r\nsudo = nopasswd\r\n; more\r\n"
			  "[ssh]\r\nport = 22022\r\npassword-login = yes\r\nroot-login = key\r\n"
			  "allow-from = 203.0.113.0/24, 2001:db8::/32\r\n"
			  "allow-from = 198.51.100.7\r\n"
			  "[firewall]\r\nopen = web, 8080/tcp\r\n"
			  "open = 60000-61000/udp from 203.0.113.0/24\r\nping = no\r\n"
			  "[guard]\r\nenabled = yes\r\njails = sshd, recidive\r\njails = sudo\r\n"
			  "bantime = 7d\r\nfindtime = 90\r\nmaxretry = 3\r\n"
			  "ignore = 192.0.2.10 2001:db8::/32\r\n"
			  "[ui]\r\nlanguage = ja\r\n",
			  &p, &e) == 0);
	T_STR(p.admin_user, "taro");
	T_OK(p.admin_key_count == 2 && p.admin_key[1].bits == 2048);
	T_OK(p.admin_sudo == SUDO_NOPASSWD && p.ssh_port == 22022 && p.password_login);
	T_OK(p.root_login == ROOT_LOGIN_KEY && !p.ping && p.language == UI_LANGUAGE_JA);
	T_OK(p.allow_from_count == 3 && p.allow_from[1].addr.family == AF_INET6);
	T_OK(p.allow_from[2].bits == 32);
	T_OK(p.open_count == 4 && p.open[0].tpl == opening_template_find("ssh"));
	T_OK(p.open[3].has_source && p.open[3].range.to == 61000);
	T_OK(p.guard_enabled && p.guard_jails.count == 3 && p.guard_maxretry == 3);
	T_OK(p.guard_bantime == 604800 && p.guard_findtime == 90 && p.guard_ignore.count == 2);
	T_STR(p.guard_ignore.item[0], "192.0.2.10/32");
	T_OK(p.line[0] == 4); /* user: where a person finds it */
	return 0;
}

static int a_key_may_be_a_block(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct err e = { 0 };

	T_OK(policy_parse("FILE",
			  "[admin]\nuser = taro\nkey = ---- BEGIN SSH2 PUBLIC KEY ----\n"
			  "Comment: \"eddsa = key\"\n" ED25519 "\n---- END SSH2 PUBLIC KEY ----\n"
			  "sudo = nopasswd\n",
			  &p, &e) == 0);
	T_OK(p.admin_key_count == 1 && p.admin_sudo == SUDO_NOPASSWD);
	T_STR(p.admin_key[0].comment, "eddsa = key");
	T_STR(p.admin_key[0].base64, ED25519);
	T_OK(strstr(said("[admin]\nkey = ---- BEGIN SSH2 PUBLIC KEY ----\n" ED25519 "\n"),
		    "FILE:2: "));
	return 0;
}

/* One error, with the place and what is allowed. */
static int bad_lines(void)
{
	static const struct {
		const char *text, *place, *says;
	} t[] = {
		{ "port = 22", "FILE:1: ", "before the first section" },
		{ "[admin\nuser = taro", "FILE:1: ", "not a section" },
		{ "[]", "FILE:1: ", "not a section" },
		{ "[", "FILE:1: ", "not a section" },
		{ "[a-section-name-longer-than-any-there-can-be]", "FILE:1: ", "not a section" },
		{ "[sssh]\nport = 1", "FILE:1: ", "did you mean [ssh]?" },
		{ "[network]", "FILE:1: ", "allowed: admin, ssh, firewall" },
		{ "[ssh]\nprot = 22022", "FILE:2: ", "did you mean \"port\"?" },
		{ "[ssh]\npasswordlogin = no", "FILE:2: ", "did you mean \"password-login\"?" },
		{ "[ssh]\nwonderful = 1",
		  "FILE:2: ", "allowed: port, password-login, root-login, allow-from" },
		{ "[ssh]\nopen = web", "FILE:2: ", "[ssh] has no key \"open\"" },
		{ "[ssh]\n= 22", "FILE:2: ", "has no key" },
		{ "[ssh]\nport 22022", "FILE:2: ", "NAME = VALUE" },
		{ "[ssh]\nport = 1\n\nport = 2", "FILE:4: ", "twice (first in line 2)" },
		{ "[ssh]\nport = 1\n[admin]\n[ssh]\nport = 2", "FILE:5: ", "first in line 2" },
	};
	CLEANUP_STR struct str s = { 0 };

	for (size_t i = 0; i < COUNT(t); i++) {
		const char *msg = said(t[i].text);

		if (!str_starts(msg, t[i].place) || !strstr(msg, t[i].says))
			printf("# %s -> %s\n", t[i].text, msg);
		T_OK(str_starts(msg, t[i].place) && strstr(msg, t[i].says));
	}
	str_add(&s, "[admin]\nkey = ");
	for (int i = 0; i < 2000; i++)
		str_add(&s, "AAAAAAAAAA");
	T_OK(str_starts(said(s.text), "FILE:2: ") && strstr(said(s.text), "too long"));
	return 0;
}

/* However long what is wrong: where it stands and what is allowed is said. */
static int long_values_leave_room_for_the_place(void)
{
	static const char *const lines[] = { "[ssh]\nport = ",	     "[ssh]\nallow-from = ",
					     "[firewall]\nopen = ",  "[audit]\nwaive = ",
					     "[guard]\nenabled = ",  "[admin]\nuser = ",
					     "[services]\nstop = .", "[ssh]\n" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		CLEANUP_STR struct str s = { 0 };

		str_add(&s, lines[i]);
		for (int k = 0; k < 300; k++)
			str_add(&s, "口");
		str_add(&s, i == 7 ? " = 1\n" : "\n");
		T_OK(str_starts(said(s.text), "FILE:2: ") && strstr(said(s.text), "..."));
		T_OK(strcasestr(said(s.text), "allowed"));
	}
	return 0;
}

/* The plan keeps the file's text as JSON: what is no UTF-8 would stop it when all is decided already. */
static int only_text_in_utf8_is_taken(void)
{
	static const char *const texts[] = {
		"[ssh]\n# caf\xe9\nport = 22\n",		 /* Latin 1 */
		"[ssh]\n; \x83|\x81[\x83g\n",			 /* Shift JIS */
		"[audit]\nwaive = door.x11: \xa5\xdd\xa1\xbc\n", /* EUC-JP */
		"[ssh]\nport = \x1b[31m22\n",
		"[admin]\nkey = ---- BEGIN SSH2 PUBLIC KEY ----\nComment: \xe9\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *msg = said(texts[i]);
		const char *place = i < 4 ? "FILE:2: " : "FILE:3: ";

		T_OK(str_starts(msg, place) && strstr(msg, "UTF-8"));
	}
	T_STR(said("# \xe5\x8f\xa3\r\n\t[ssh]\r\nport = 22\r"), "");
	return 0;
}

static int a_private_key_is_never_quoted(void)
{
	static const char *const texts[] = {
		"[admin]\nkey = -----BEGIN OPENSSH PRIVATE KEY-----\nSECRET=\n",
		"[admin]\n-----BEGIN RSA PRIVATE KEY-----\nSECRET\n",
		"[admin]\nkey = b3BlbnNzaC1rZXktdjEAAAAASECRET\n",
		"[admin]\nkey = PuTTY-User-Key-File-3: ssh-ed25519 SECRET\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		T_OK(str_starts(said(texts[i]), "FILE:2: "));
		T_OK(strstr(said(texts[i]), "private key") && !strstr(said(texts[i]), "SECRET"));
	}
	return 0;
}

static int what_is_written_reads_back(void)
{
	static const char *const texts[] = {
		"",
		"[admin]\nuser = taro\nkey = " KEY "\nkey = ssh-rsa " RSA3072 "\n",
		"[admin]\nuser = a_b-9\nsudo = nopasswd\n[ssh]\nport = 1\npassword-login = yes\n"
		"root-login = yes\nallow-from = ::/0 0.0.0.0/0\n[firewall]\nping = no\n"
		"open = web, dns from 2001:db8::/32, 1-65535/udp\n"
		"[audit]\nwaive = a.b: wanted so: here\nwaive = c.d until 2028-02-29: too\n"
		"daily = 06:30\ntell = journal, mail:a@b.example\ntell = "
		"https://[::1]:8/x?y\n[ui]\nlanguage = en\n",
		("[updates]\nnow = yes\nautomatic = all\nreboot = 00:05\n"
		 "[services]\nstop = cups.service, rpcbind\nstop = auto\n"),
		"[updates]\nautomatic = security\nreboot = no\n",
		"[guard]\nenabled = yes\njails = sshd\njails = sudo,sshd\nbantime = 5400\n"
		"findtime = 1d\nmaxretry = 1\nignore = 10.0.0.0/8,::1\nignore = 192.0.2.7\n",
		"[guard]\nenabled = no\njails = sshd\nbantime = 3600\n",
		"[hardening]\nalso = kernel.trace, kernel.martians\nalso = door.tunnel\n"
		"except = door.x11\nexcept = door.macs kernel.pipes\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		CLEANUP_POLICY struct policy a = { 0 }, b = { 0 };
		CLEANUP_FREE char *once = NULL;
		CLEANUP_FREE char *twice = NULL;
		struct err e = { 0 };

		T_OK(policy_parse("FILE", texts[i], &a, &e) == 0);
		once = policy_write(&a);
		if (policy_parse("WRITTEN", once, &b, &e) < 0)
			printf("# %s\n%s", e.msg, once);
		T_OK(b.open_count > 0);
		twice = policy_write(&b);
		T_STR(once, twice);
		for (size_t k = 0; k < policy_keys_count; k++) {
			CLEANUP_FREE char *x = policy_get(&a, &policy_keys[k]);
			CLEANUP_FREE char *y = policy_get(&b, &policy_keys[k]);

			T_STR(x, y);
		}
	}
	return 0;
}

/* However many there are: no line becomes longer than one may be. */
static int long_lists_read_back(void)
{
	CLEANUP_POLICY struct policy a = { 0 }, b = { 0 };
	CLEANUP_STR struct str s = { 0 };
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *again = NULL;
	struct err e = { 0 };

	str_add(&s, "[firewall]\n");
	for (unsigned i = 1; i <= 900; i++)
		str_addf(&s, "open = %u-%u/udp from 2001:db8:1234::/48\n", i, i + 1);
	str_add(&s, "[services]\n");
	for (unsigned i = 1; i <= 900; i++)
		str_addf(&s, "stop = some-service-of-somebody-%u\n", i);
	str_add(&s, "[guard]\n");
	for (unsigned i = 0; i < 256; i++)
		str_addf(&s, "ignore = 2001:db8:1234:5678:9abc:def0:1234:%x\n", i);
	T_OK(policy_parse("FILE", s.text, &a, &e) == 0);
	text = policy_write(&a);
	if (policy_parse("WRITTEN", text, &b, &e) < 0)
		printf("# %s\n", e.msg);
	T_OK(b.open_count == 901 && b.services_stop.count == 900 && b.guard_ignore.count == 256);
	again = policy_write(&b);
	T_STR(text, again);
	return 0;
}

/* Also where it says no more than the default: it was asked for. */
static int what_was_given_stays_given(void)
{
	CLEANUP_POLICY struct policy p = { 0 }, back = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct err e = { 0 };

	T_OK(policy_parse("FILE", "[updates]\nautomatic = security\n", &p, &e) == 0);
	T_OK(policy_gives(&p, "updates", "automatic") && !policy_gives(&p, "updates", "now"));
	text = policy_write(&p);
	T_OK(policy_parse("WRITTEN", text, &back, &e) == 0);
	T_OK(policy_gives(&back, "updates", "automatic") && !policy_gives(&back, "updates", "now"));
	return 0;
}

/* In Japanese too: only comments differ. */
static int what_is_written_is_of_no_language(void)
{
	CLEANUP_POLICY struct policy p = { 0 }, back = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct err e = { 0 };

	T_OK(policy_parse("FILE", "[admin]\nuser = taro\n[ssh]\nport = 22022\n", &p, &e) == 0);
	i18n_set(LANG_JA);
	text = policy_write(&p);
	i18n_set(LANG_EN);
	T_OK(policy_parse("WRITTEN", text, &back, &e) == 0 && back.ssh_port == 22022);
	T_STR(back.admin_user, "taro");
	return 0;
}

static int set_one_key(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct err e = { 0 };

	policy_init(&p);
	T_OK(policy_set(&p, "ssh", "port", "22022", &e) == 0 && p.ssh_port == 22022);
	T_OK(policy_set(&p, "ssh", "port", "x", &e) < 0 && p.ssh_port == 22022);
	T_OK(policy_set(&p, "admin", "user", "taro", &e) == 0);
	T_OK(policy_set(&p, "admin", "user", "hanako", &e) == 0);
	T_STR(p.admin_user, "hanako");
	T_OK(policy_set(&p, "firewall", "open", "web, ssh,web", &e) == 0 && p.open_count == 2);
	T_OK(policy_set(&p, "firewall", "opens", "web", &e) < 0 && e.kind == ERR_USAGE);
	return 0;
}

/* Trap 16: taken, but said. */
static int ports_worth_a_second_look(void)
{
	static const struct {
		unsigned port;
		const char *says;
	} t[] = {
		{ 22, "22" },	       { 80, "80 belongs to a system service" },
		{ 1023, "1023" },      { 3306, "MySQL" },
		{ 8080, "HTTP" },      { 25565, "Minecraft" },
		{ 32767, NULL },       { 32768, "reserved" },
		{ 60999, "reserved" }, { 61000, "32767" },
		{ 65535, "32767" },    { 1024, NULL },
		{ 2222, NULL },	       { 22022, NULL },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		CLEANUP_POLICY struct policy p = { 0 };
		CLEANUP_STRV struct strv warnings = { 0 };
		CLEANUP_FREE char *all = NULL;
		struct err e = { 0 };

		policy_init(&p);
		p.ssh_port = t[i].port;
		T_OK(policy_check(&p, &warnings, &e) == 0);
		all = strv_join(&warnings, "\n");
		if (t[i].says ? !strstr(all, t[i].says) : all[0] != '\0')
			printf("# %u: %s\n", t[i].port, all);
		T_OK(t[i].says ? strstr(all, t[i].says) != NULL : all[0] == '\0');
		/* A better one is named, except where the owner may well know what they do. */
		T_OK(!t[i].says || t[i].port == 22 || strstr(all, "better"));
	}
	return 0;
}

static int contradictions(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	CLEANUP_STRV struct strv w = { 0 };
	struct err e = { 0 };

	policy_init(&p);
	T_OK(policy_check(&p, &w, &e) == 0 && w.count == 0);
	T_OK(policy_set(&p, "admin", "key", KEY, &e) == 0);
	T_OK(policy_check(&p, &w, &e) < 0 && e.kind == ERR_USAGE && strstr(e.msg, "[admin] user"));
	T_OK(policy_set(&p, "admin", "user", "taro", &e) == 0 && policy_check(&p, &w, &e) == 0);
	p.open_count = 0;
	T_OK(policy_check(&p, &w, &e) < 0 && e.kind == ERR_USAGE && strstr(e.msg, "ssh"));
	p.open_count = 1;
	T_OK(w.count == 0);
	p.updates_reboot = 210;
	T_OK(policy_check(&p, &w, &e) == 0);
	p.updates_automatic = UPDATES_NO;
	T_OK(policy_check(&p, &w, &e) < 0 && strstr(e.msg, "[updates] reboot"));
	p.updates_reboot = -1;
	p.admin_sudo = SUDO_NOPASSWD;
	p.password_login = true;
	p.root_login = ROOT_LOGIN_YES;
	T_OK(policy_check(&p, &w, &e) == 0 && w.count == 3);
	return 0;
}

/* Settings of what is off are no error, and said. */
static int a_guard_that_is_off_is_told(void)
{
	CLEANUP_POLICY struct policy p = { 0 }, on = { 0 };
	CLEANUP_STRV struct strv w = { 0 };
	struct err e = { 0 };

	T_OK(policy_parse("FILE", "[guard]\nbantime = 1h\njails = sshd\n", &p, &e) == 0);
	T_OK(policy_check(&p, &w, &e) == 0 && w.count == 2);
	T_OK(strstr(w.item[1], "[guard] bantime does nothing without [guard] enabled = yes"));
	strv_done(&w);
	T_OK(policy_parse("FILE", "[guard]\nenabled = yes\nbantime = 1h\n", &on, &e) == 0);
	T_OK(policy_check(&on, &w, &e) == 0 && w.count == 0);
	return 0;
}

static const char *load(struct fake *f, const char *path)
{
	static char msg[900];
	CLEANUP_POLICY struct policy p = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct err e = { 0 };

	msg[0] = '\0';
	if (policy_load(&f->os, path, &p, &text, &e) < 0)
		snprintf(msg, sizeof(msg), "%d %s", (int)e.kind, e.msg);
	return msg;
}

static int only_files_that_nobody_else_may_write(void)
{
	struct fake *f = fake_new();
	struct node n = { .type = NODE_FILE, .mode = 0600, .uid = 1000 };
	CLEANUP_FREE char *huge = xcalloc((1 << 20) + 2, 1);

	n.data = xstrdup("[ssh]\nport = 7\n");
	n.len = strlen(n.data);
	fake_file(f, "/p/good", "[ssh]\nport = 7\n", 0644);
	fake_file(f, "/p/bad", "[ssh]\nport = x\n", 0600);
	fake_file(f, "/p/group", "[ssh]\n", 0660);
	fake_file(f, "/p/world", "[ssh]\n", 0606);
	fake_link(f, "/p/link", "good");
	fake_dir(f, "/p/dir", 0700);
	fake_put(f, "/p/other", &n);
	memset(huge, '#', (1 << 20) + 1);
	fake_file(f, "/p/huge", huge, 0600);
	T_STR(load(f, "/p/good"), "");
	T_OK(strstr(load(f, "/p/bad"), "2 /p/bad:2: [ssh] port = x"));
	T_OK(strstr(load(f, "/p/group"), "2 /p/group could be changed by others"));
	T_OK(strstr(load(f, "/p/world"), "chmod 600 /p/world"));
	T_OK(strstr(load(f, "/p/other"), "owner 1000"));
	f->uid = 1000;
	T_STR(load(f, "/p/other"), "");
	f->uid = 0;
	T_OK(strstr(load(f, "/p/link"), "2 /p/link is not a regular file"));
	T_OK(strstr(load(f, "/p/dir"), "not a regular file"));
	T_OK(strstr(load(f, "/p/huge"), "1 MiB"));
	T_OK(strstr(load(f, "/p/none"), "2 /p/none is not there"));
	free(n.data);
	n = (struct node){ .type = NODE_FILE, .mode = 0600, .len = 3 };
	n.data = xmemdup("a\0b", 4);
	fake_put(f, "/p/nul", &n);
	T_OK(strstr(load(f, "/p/nul"), "not a text file"));
	free(n.data);
	fake_free(f);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(nothing_said_means_the_defaults),
		T(every_key_is_read),
		T(a_key_may_be_a_block),
		T(bad_lines),
		T(long_values_leave_room_for_the_place),
		T(only_text_in_utf8_is_taken),
		T(a_private_key_is_never_quoted),
		T(what_is_written_reads_back),
		T(long_lists_read_back),
		T(what_was_given_stays_given),
		T(what_is_written_is_of_no_language),
		T(set_one_key),
		T(ports_worth_a_second_look),
		T(contradictions),
		T(a_guard_that_is_off_is_told),
		T(only_files_that_nobody_else_may_write),
	};

	return t_main(cases, COUNT(cases));
}
