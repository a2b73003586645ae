// SPDX-License-Identifier: MIT
/* Values of the policy file that are none, section by section: one error with the place, the value, and what is
 * allowed (core/policy.h, kannuki-policy(5)). */
#include <string.h>

#include "base/mem.h"
#include "core/policy.h"
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

/* A text, where the message of it begins, and what it says of the value and of those that are allowed. */
struct bad {
	const char *text, *place, *says, *allowed;
};

static int all_refused(const struct bad *t, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *msg = said(t[i].text);
		bool good = str_starts(msg, t[i].place) && strstr(msg, t[i].says) &&
			    strstr(msg, t[i].allowed) && !strchr(msg, '\n');

		if (!good)
			printf("# %s -> %s\n", t[i].text, msg);
		T_OK(good);
	}
	return 0;
}

static int bad_values_of_admin(void)
{
	static const struct bad t[] = {
		{ "[admin]\nsudo = none", "FILE:2: ", "sudo", "password, nopasswd" },
		{ "[admin]\nuser = root", "FILE:2: ", "root", "choose another name" },
		{ "[admin]\nuser = Taro", "FILE:2: ", "Taro", "lower-case" },
		{ "[admin]\nuser = 1taro", "FILE:2: ", "1taro", "lower-case" },
		{ "[admin]\nuser = ta ro", "FILE:2: ", "ta ro", "lower-case" },
		{ "[admin]\nuser = -taro", "FILE:2: ", "-taro", "lower-case" },
		{ "[admin]\nuser = taro:x", "FILE:2: ", "taro:x", "lower-case" },
		{ "[admin]\nuser = ../taro", "FILE:2: ", "../taro", "lower-case" },
		{ "[admin]\nuser = 太郎", "FILE:2: ", "太郎", "lower-case" },
		{ "[admin]\nuser =", "FILE:2: ", "user", "lower-case" },
		{ "[admin]\nuser = aaaaaaaaaabbbbbbbbbbccccccccccddd", "FILE:2: ", "aaa",
		  "at most 32" },
		{ "[admin]\nkey = ssh-rsa " RSA1024, "FILE:2: ", "1024", "2048" },
		{ "[admin]\nkey = ssh-dss " DSA, "FILE:2: ", "DSA", "ssh-keygen -t ed25519" },
		{ "[admin]\nkey =", "FILE:2: ", "no public key", "" },
		/* Wrapped by a hasty paste. */
		{ "[admin]\nkey = ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKPzOOIiqNGM3XA\n"
		  "cwkcLKe2ASb+69uTMplAr6r2djJTN taro",
		  "FILE:2: ", "not whole", "" },
		{ "[admin]\nkey = " KEY "\nkey = ssh-ed25519 " ED25519 " again",
		  "FILE:3: ", "twice", "" },
	};

	return all_refused(t, COUNT(t));
}

static int bad_values_of_ssh_and_firewall(void)
{
	static const struct bad t[] = {
		{ "[ssh]\nport = 0", "FILE:2: ", "[ssh] port = 0", "1 to 65535" },
		{ "[ssh]\n\n# x\nport = 70000", "FILE:4: ", "70000", "1 to 65535" },
		{ "[ssh]\nport = 22,22022", "FILE:2: ", "22,22022", "1 to 65535" },
		{ "[ssh]\nport =", "FILE:2: ", "port", "1 to 65535" },
		{ "[ssh]\nport = -1", "FILE:2: ", "-1", "1 to 65535" },
		{ "[ssh]\npassword-login = maybe", "FILE:2: ", "maybe", "yes or no" },
		{ "[ssh]\npassword-login = Yes", "FILE:2: ", "Yes", "yes or no" },
		{ "[ssh]\nroot-login = prohibit-password", "FILE:2: ", "root-login",
		  "no, key, yes" },
		{ "[ssh]\nallow-from = 10.0.0.0/33", "FILE:2: ", "10.0.0.0/33", "allow-from" },
		{ "[ssh]\nallow-from = 10.0.0.1/8", "FILE:2: ", "10.0.0.1/8", "10.0.0.0/8" },
		{ "[ssh]\nallow-from = office", "FILE:2: ", "office", "allow-from" },
		{ "[ssh]\nallow-from = any, 10.0.0.0/8", "FILE:2: ", "any", "allow-from" },
		{ "[firewall]\nopen = wbe", "FILE:2: ", "wbe", "did you mean \"web\"?" },
		{ "[firewall]\nopen = 0/tcp", "FILE:2: ", "0/tcp", "8080/tcp" },
		{ "[firewall]\nopen = ssh from 10.0.0.0/8", "FILE:2: ", "ssh", "allow-from" },
		{ "[firewall]\nping = 1", "FILE:2: ", "ping", "yes or no" },
	};

	return all_refused(t, COUNT(t));
}

static int bad_values_of_guard(void)
{
	static const struct bad t[] = {
		{ "[guard]\nenabled = on", "FILE:2: ", "on", "yes or no" },
		{ "[guard]\njails = sshd, ../x", "FILE:2: ", "../x", "such as sshd" },
		{ "[guard]\njails = DEFAULT", "FILE:2: ", "DEFAULT", "such as sshd" },
		{ "[guard]\njails =", "FILE:2: ", "jails is empty", "enabled = no" },
		{ "[guard]\nbantime = 59", "FILE:2: ", "59", "from 1m to 3650d" },
		{ "[guard]\nbantime = 3651d", "FILE:2: ", "3651d", "from 1m to 3650d" },
		{ "[guard]\nbantime = -1", "FILE:2: ", "-1", "from 1m to 3650d" },
		{ "[guard]\nbantime = h", "FILE:2: ", "bantime = h", "s, m, h or d" },
		{ "[guard]\nbantime = 1y", "FILE:2: ", "1y", "s, m, h or d" },
		{ "[guard]\nbantime = 1h 30m", "FILE:2: ", "1h 30m", "s, m, h or d" },
		{ "[guard]\nbantime = 99999999999999999999d", "FILE:2: ", "9999", "allowed" },
		{ "[guard]\nfindtime = 8d", "FILE:2: ", "8d", "from 10s to 7d" },
		{ "[guard]\nmaxretry = 0", "FILE:2: ", "0", "1 to 1000" },
		{ "[guard]\nmaxretry = 1001", "FILE:2: ", "1001", "1 to 1000" },
		{ "[guard]\nignore = home.example.org", "FILE:2: ", "[guard] ignore", "" },
		{ "[guard]\nignore = 192.0.2.7/24", "FILE:2: ", "[guard] ignore", "" },
		{ "[guard]\nignore = ::/0", "FILE:2: ", "nobody is ever banned", "networks" },
		{ "[guard]\nban = 1h", "FILE:2: ", "has no key", "bantime" },
	};

	return all_refused(t, COUNT(t));
}

static int bad_values_of_updates_and_services(void)
{
	static const struct bad t[] = {
		{ "[updates]\nautomatic = yes", "FILE:2: ", "yes", "no, security, all" },
		{ "[updates]\nnow = always", "FILE:2: ", "always", "yes or no" },
		{ "[updates]\nreboot = yes", "FILE:2: ", "yes",
		  "no, or a time of day such as 03:30" },
		{ "[updates]\nreboot = 24:00", "FILE:2: ", "24:00", "03:30" },
		{ "[updates]\nreboot = 3:30", "FILE:2: ", "3:30", "03:30" },
		{ "[updates]\nreboot = 03:60", "FILE:2: ", "03:60", "03:30" },
		{ "[updates]\nreboot = +3:30", "FILE:2: ", "+3:30", "03:30" },
		{ "[services]\nstop = cups, multi-user.target", "FILE:2: ", "multi-user.target",
		  "cups" },
		{ "[services]\nstop = cups.timer.service", "FILE:2: ", "cups.timer", "auto" },
		{ "[services]\nstop = ../cups", "FILE:2: ", "../cups", "auto" },
		{ "[services]\nstop = -cups", "FILE:2: ", "-cups", "auto" },
	};

	return all_refused(t, COUNT(t));
}

static int bad_values_of_audit_and_ui(void)
{
	static const struct bad t[] = {
		{ "[audit]\nwaive = door.x11", "FILE:2: ", "door.x11", "a colon, and why" },
		{ "[audit]\nwaive = door.x11:", "FILE:2: ", "door.x11", "a colon, and why" },
		{ "[audit]\nwaive = a.b: c\nwaive = a.b: d", "FILE:3: ", "a.b", "twice" },
		{ "[audit]\nwaive = a.b till 2027-03-31: c", "FILE:2: ", "a.b", "2027-12-31" },
		{ "[audit]\nwaive = a.b until 2027-02-29: c", "FILE:2: ", "a.b", "2027-12-31" },
		{ "[audit]\nwaive = a.b until 2027-3-31: c", "FILE:2: ", "a.b", "2027-12-31" },
		{ "[audit]\nwaive = a.b until 2027-04-31: c", "FILE:2: ", "a.b", "2027-12-31" },
		{ "[audit]\nwaive = a.b until 2027-03-31 x: c", "FILE:2: ", "a.b", "2027-12-31" },
		{ "[audit]\nwaive = a.b until: c", "FILE:2: ", "a.b", "2027-12-31" },
		{ "[audit]\ndaily = 25:00", "FILE:2: ", "25:00", "03:30" },
		{ "[audit]\ndaily = 3:30\ntell = mail", "FILE:2: ", "3:30", "03:30" },
		{ "[audit]\ndaily = 03:30\ntell = mail", "FILE:3: ", "mail", "mail:ADDRESS" },
		{ "[audit]\ndaily = 03:30\ntell = mail:-oX", "FILE:3: ", "-oX", "mail:ADDRESS" },
		{ "[audit]\ndaily = 03:30\ntell = mail:a b", "FILE:3: ", "b", "mail:ADDRESS" },
		{ "[audit]\ndaily = 03:30\ntell = ftp://x", "FILE:3: ", "ftp://x", "https" },
		{ "[audit]\ndaily = 03:30\ntell = https://", "FILE:3: ", "https://", "https" },
		{ "[audit]\ndaily = 03:30\ntell = https://a\"b", "FILE:3: ", "a", "https" },
		{ "[ui]\nlanguage = fr", "FILE:2: ", "fr", "locale, en, ja" },
	};

	return all_refused(t, COUNT(t));
}

int main(void)
{
	static const struct t_case cases[] = {
		T(bad_values_of_admin),	       T(bad_values_of_ssh_and_firewall),
		T(bad_values_of_guard),	       T(bad_values_of_updates_and_services),
		T(bad_values_of_audit_and_ui),
	};

	return t_main(cases, COUNT(cases));
}
