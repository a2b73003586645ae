// SPDX-License-Identifier: MIT
/* guard_messages.c - see guard_messages.h. The texts are those of the programs' sources. */
#include "lib/guard_messages.h"

#include <string.h>

#include "base/mem.h"

#define REAL GUARD_MESSAGES_FROM

#define SSHD	   "sshd", "sshd"
#define SESSION	   "sshd", "sshd-session"
#define AGGRESSIVE "sshd[mode=aggressive]", "sshd"
#define DATE	   "26/Nov/2026:03:04:05 +0000"
#define LOGIN_END  ", rip=" REAL ", lip=192.0.2.1, mpid=4711, TLS, session=<mNBXq4QGRqPGM2QH>"

const struct guard_message guard_messages[] = {
	{ SSHD, "Failed password for %s from " REAL " port 4711 ssh2", "" },
	{ SESSION, "Failed password for invalid user %s from " REAL " port 4711 ssh2", "" },
	{ SSHD, "message repeated 2 times: [ Failed password for %s from " REAL " port 4711 ssh2]",
	  "" },
	{ SESSION, "Invalid user %s from " REAL " port 4711", "" },
	{ SSHD, "Invalid user %s from " REAL, "" },
	{ SSHD, "error: PAM: Authentication failure for %s from " REAL, "" },
	{ SSHD,
	  "error: PAM: User not known to the underlying authentication module for illegal user %s "
	  "from " REAL,
	  "" },
	{ SSHD, "User bob from " REAL " not allowed because not listed in AllowUsers", "" },
	{ SSHD, "User bob not allowed because account is locked", NULL },
	{ SSHD, "User bob not allowed because shell %s does not exist", NULL },
	{ SSHD,
	  "User bob from " REAL
	  " not allowed because none of user's groups are listed in AllowGroups",
	  "" },
	{ SSHD, "Connection closed by authenticating user %s " REAL " port 4711 [preauth]", "" },
	{ SESSION, "Connection reset by authenticating user root " REAL " port 4711 [preauth]",
	  "" },
	{ SSHD, "Disconnected from authenticating user %s " REAL " port 4711 [preauth]", "" },
	{ SSHD,
	  "Disconnecting authenticating user root " REAL
	  " port 4711: Too many authentication failures [preauth]",
	  "" },
	{ SSHD, "fatal: Timeout before authentication for " REAL " port 4711", "" },
	{ SSHD,
	  "Timeout before authentication for connection from " REAL " to 192.0.2.1, pid = 4711",
	  "" },
	/* The same attempt has been counted; or it is none. */
	{ SSHD, "Connection closed by invalid user %s " REAL " port 4711 [preauth]", NULL },
	{ SSHD, "Disconnected from invalid user %s " REAL " port 4711 [preauth]", NULL },
	{ SSHD,
	  "Disconnecting invalid user %s " REAL
	  " port 4711: Too many authentication failures [preauth]",
	  NULL },
	{ SSHD, "Failed publickey for %s from " REAL " port 4711 ssh2: ED25519 SHA256:aBc+/1",
	  NULL },
	{ SSHD,
	  "Failed publickey for bob from " REAL
	  " port 4711 ssh2: RSA-CERT SHA256:aBc ID %s (serial 0) CA RSA SHA256:dEf",
	  NULL },
	{ SESSION,
	  "Accepted publickey for bob from " REAL
	  " port 4711 ssh2: ED25519-CERT SHA256:aBc ID %s (serial 0) CA RSA SHA256:dEf",
	  NULL },
	{ SSHD, "Accepted password for %s from " REAL " port 4711 ssh2", NULL },
	{ SSHD, "Received disconnect from " REAL " port 4711:11: %s [preauth]", NULL },
	{ SESSION, "Received disconnect from " REAL " port 4711:11: %s", NULL },
	{ SSHD, "Disconnected from user bob " REAL " port 4711", NULL },
	{ SSHD, "Connection from " REAL " port 4711 on 192.0.2.1 port 22 rdomain \"\"", NULL },
	{ SSHD,
	  "error: maximum authentication attempts exceeded for %s from " REAL
	  " port 4711 ssh2 [preauth]",
	  NULL },
	{ SSHD,
	  "error: kex_exchange_identification: client sent invalid protocol identifier \"%s\"",
	  NULL },
	{ SSHD,
	  "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
	  "rhost=" REAL "  user=%s",
	  NULL },
	{ SSHD,
	  "Disconnecting authenticating user root " REAL
	  " port 4711: Change of username or service not allowed: (root,ssh-connection) -> "
	  "(%s,ssh-connection) [preauth]",
	  NULL },
	{ SSHD, "Connection closed by " REAL " port 4711 [preauth]", NULL },
	{ SSHD,
	  "Received request from " REAL
	  " port 4711 to connect to host %s port 22, but the request was "
	  "denied.",
	  NULL },
	{ AGGRESSIVE, "Failed password for %s from " REAL " port 4711 ssh2", "" },
	{ AGGRESSIVE, "Connection closed by " REAL " port 4711 [preauth]", "" },
	{ AGGRESSIVE, "Connection reset by " REAL " port 4711", "" },
	{ AGGRESSIVE, "Disconnected from " REAL " port 4711 [preauth]", "" },
	{ AGGRESSIVE, "Did not receive identification string from " REAL " port 4711", "" },
	{ AGGRESSIVE, "Bad protocol version identification '%s' from " REAL " port 4711", "" },
	{ AGGRESSIVE, "banner exchange: Connection from " REAL " port 4711: invalid format", "" },
	{ AGGRESSIVE,
	  "Unable to negotiate with " REAL
	  " port 4711: no matching host key type found. Their offer: %s [preauth]",
	  "" },
	{ AGGRESSIVE,
	  "ssh_dispatch_run_fatal: Connection from " REAL
	  " port 4711: message authentication code incorrect [preauth]",
	  "" },
	{ AGGRESSIVE,
	  "ssh_dispatch_run_fatal: Connection from invalid user %s " REAL " port 4711: Broken pipe",
	  NULL },
	{ AGGRESSIVE,
	  "drop connection #3 from [" REAL
	  "]:4711 on [192.0.2.1]:22 penalty: failed authentication",
	  "" },
	{ AGGRESSIVE, "drop connection #3 from [" REAL "]:4711 on [192.0.2.1]:22 past MaxStartups",
	  NULL },
	{ AGGRESSIVE, "Connection closed by invalid user %s " REAL " port 4711 [preauth]", NULL },
	{ AGGRESSIVE, "Failed publickey for %s from " REAL " port 4711 ssh2: ED25519 SHA256:aBc+/1",
	  NULL },
	{ AGGRESSIVE, "Received disconnect from " REAL " port 4711:11: %s [preauth]", NULL },
	{ AGGRESSIVE,
	  "error: kex_exchange_identification: client sent invalid protocol identifier \"%s\"",
	  NULL },

	{ "sudo", "sudo",
	  "pam_unix(sudo:auth): authentication failure; logname=bob uid=1000 euid=0 tty=/dev/pts/0 "
	  "ruser=bob rhost=" REAL "  user=bob",
	  "" },
	{ "sudo", "su",
	  "pam_unix(su-l:auth): authentication failure; logname= uid=1000 euid=0 tty=pts/0 "
	  "ruser=bob "
	  "rhost=" REAL,
	  "" },
	{ "sudo", "su",
	  "pam_unix(su:auth): authentication failure; logname= uid=1000 euid=0 tty=/dev/pts/0 "
	  "ruser=bob rhost=  user=root",
	  NULL },
	{ "sudo", "sudo",
	  "  bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=%s", NULL },
	{ "sudo", "su", "FAILED SU (to %s) bob on pts/0", NULL },

	{ "http-auth", NULL,
	  REAL " - %s [" DATE "] \"GET /x HTTP/1.1\" 401 172 \"-\" \"curl/7.88.1\"", "", NGINX },
	{ "http-auth", NULL,
	  REAL " - %s [" DATE "] \"GET /x HTTP/1.1\" 401 626 \"-\" \"curl/7.88.1\"", "", APACHE },
	{ "http-auth", NULL,
	  "www.example.org:443 " REAL " - %s [" DATE "] \"GET / HTTP/1.1\" 401 626 \"-\" \"x\"", "",
	  APACHE },
	{ "http-auth", NULL, REAL " - bob [" DATE "] \"GET /%s HTTP/1.1\" 401 172 \"-\" \"x\"", "",
	  NGINX },
	{ "http-auth", NULL, REAL " - bob [" DATE "] \"GET /%s HTTP/1.1\" 401 - \"-\" \"x\"", "",
	  APACHE },
	{ "http-auth", NULL, REAL " - bob [" DATE "] \"GET / HTTP/1.1\" 401 626", "", APACHE },
	{ "http-auth", NULL, REAL " - - [" DATE "] \"GET /%s HTTP/1.1\" 401 172 \"-\" \"x\"", NULL,
	  NGINX },
	{ "http-auth", NULL, REAL " - - [" DATE "] \"GET / HTTP/1.1\" 401 172 \"-\" \"%s\"", NULL,
	  NGINX },
	{ "http-auth", NULL, REAL " - bob [" DATE "] \"GET / HTTP/1.1\" 200 172 \"%s\" \"x\"", NULL,
	  APACHE },

	{ "http-bots", NULL, REAL " - - [" DATE "] \"GET /.env HTTP/1.1\" 404 153 \"-\" \"%s\"", "",
	  NGINX },
	{ "http-bots", NULL,
	  REAL " - - [" DATE "] \"GET /wp-login.php?x=%s HTTP/1.1\" 404 437 \"-\" \"x\"", "",
	  APACHE },
	{ "http-bots", NULL,
	  REAL " - - [" DATE "] \"GET /a/.git/config HTTP/1.1\" 403 153 \"%s\" \"x\"", "", NGINX },
	{ "http-bots", NULL,
	  "www.example.org:80 " REAL " - - [" DATE
	  "] \"POST /cgi-bin/../../bin/sh HTTP/1.1\" 400 487 "
	  "\"-\" \"-\"",
	  "", APACHE },
	{ "http-bots", NULL,
	  REAL " - - [" DATE "] \"CONNECT example.org:443 HTTP/1.1\" 405 153 \"-\" \"%s\"", "",
	  NGINX },
	{ "http-bots", NULL, REAL " - - [" DATE "] \"\\x16\\x03\\x01\\x02\" 400 153 \"-\" \"-\"",
	  "", RAW },
	{ "http-bots", NULL, REAL " - - [" DATE "] \"GET /.env HTTP/1.1\" 200 153 \"-\" \"%s\"",
	  NULL, NGINX },
	{ "http-bots", NULL,
	  REAL " - - [" DATE "] \"GET /favicon.ico HTTP/1.1\" 404 153 \"-\" \"%s\"", NULL, NGINX },
	{ "http-bots", NULL, REAL " - %s [" DATE "] \"GET /x HTTP/1.1\" 404 153 \"-\" \"x\"", NULL,
	  APACHE },

	{ "postfix", "postfix/smtpd",
	  "warning: unknown[" REAL "]: SASL LOGIN authentication failed: %s", "", PRINTABLE },
	{ "postfix", "postfix/submission/smtpd",
	  "warning: host.example.org[" REAL
	  "]: SASL PLAIN authentication failed: (reason unavailable), sasl_username=%s",
	  "", PRINTABLE },
	{ "postfix", "postfix/smtpd",
	  "NOQUEUE: reject: RCPT from unknown[" REAL "]: 454 4.7.1 <bob@example.net>: Relay access "
	  "denied; from=<%s> to=<bob@example.net> proto=ESMTP helo=<x>",
	  "", PRINTABLE },
	{ "postfix", "postfix/smtpd",
	  "NOQUEUE: reject: RCPT from unknown[" REAL "]: 454 4.7.1 <bob@example.net>: Relay access "
	  "denied; from=<a@b> to=<bob@example.net> proto=ESMTP helo=<%s>",
	  "", PRINTABLE },
	{ "postfix", "postfix/smtpd", "too many errors after AUTH from unknown[" REAL "]", "",
	  PRINTABLE },
	{ "postfix", "postfix/smtpd",
	  "improper command pipelining after CONNECT from unknown[" REAL "]: %s", "", PRINTABLE },
	{ "postfix", "postfix/smtps/smtpd", "warning: non-SMTP command from unknown[" REAL "]: %s",
	  "", PRINTABLE },
	{ "postfix", "postfix/smtpd",
	  "warning: unknown[" REAL
	  "]: SASL PLAIN authentication failed: Connection lost to authentication server",
	  NULL, PRINTABLE },
	{ "postfix", "postfix/smtpd",
	  "NOQUEUE: reject: RCPT from unknown[" REAL
	  "]: 550 5.1.1 <%s>: Recipient address rejected: "
	  "User unknown in local recipient table; from=<a@b> to=<c@d> proto=ESMTP helo=<x>",
	  NULL, PRINTABLE },
	{ "postfix", "postfix/smtpd", "lost connection after AUTH from unknown[" REAL "]", NULL,
	  PRINTABLE },
	{ "postfix", "postfix/smtpd", "warning: hostname %s does not resolve to address " REAL,
	  NULL, PRINTABLE },
	{ "postfix", "postfix/cleanup", "8F1A21: message-id=<%s>", NULL, PRINTABLE },
	{ "postfix", "postfix/cleanup",
	  "8F1A21: warning: header Subject: %s from unknown[" REAL "]; from=<a@b> to=<c@d>", NULL,
	  PRINTABLE },
	{ "postfix[mode=aggressive]", "postfix/smtpd",
	  "lost connection after AUTH from unknown[" REAL "]", "", PRINTABLE },
	{ "postfix[mode=aggressive]", "postfix/smtpd",
	  "NOQUEUE: reject: RCPT from unknown[" REAL
	  "]: 550 5.1.1 <bob@example.org>: Recipient address "
	  "rejected: User unknown in local recipient table; from=<%s> to=<c@d> proto=ESMTP "
	  "helo=<x>",
	  "", PRINTABLE },

	{ "dovecot", "dovecot",
	  "imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): "
	  "user=<%s>, "
	  "method=PLAIN" LOGIN_END,
	  "", PRINTABLE },
	{ "dovecot", "dovecot",
	  "imap-login: Disconnected: Aborted login by logging out (auth failed, 1 attempts in 10 "
	  "secs): "
	  "user=<%s>, method=PLAIN, rip=" REAL ", lip=192.0.2.1, session=<hIYXXDNhA4PLAHFE>",
	  "", PRINTABLE },
	{ "dovecot", "dovecot",
	  "pop3-login: Aborted login (auth failed, 3 attempts in 17 secs): user=<%s>, "
	  "method=PLAIN, "
	  "rip=" REAL ", lip=192.0.2.1, session=<mNBX>",
	  "", PRINTABLE },
	{ "dovecot", "dovecot",
	  "imap-login: Login aborted: Logged out (auth failed, 1 attempts in 2 secs) "
	  "(auth_failed): "
	  "user=<%s>, method=PLAIN, rip=" REAL ", lip=192.0.2.1, session=<mNBX>",
	  "", PRINTABLE },
	{ "dovecot", "dovecot", "imap-login: Login: user=<%s>, method=PLAIN" LOGIN_END, NULL,
	  PRINTABLE },
	{ "dovecot", "dovecot",
	  "imap-login: Disconnected: Connection closed (no auth attempts in 0 secs): "
	  "user=<>" LOGIN_END,
	  NULL, PRINTABLE },
	{ "dovecot", "dovecot",
	  "auth: pam(%s," REAL ",<mNBX>): pam_authenticate() failed: Authentication failure", NULL,
	  PRINTABLE },
	{ "dovecot[mode=aggressive]", "dovecot",
	  "imap-login: Disconnected: Connection closed (no auth attempts in 0 secs): "
	  "user=<>" LOGIN_END,
	  "", PRINTABLE },

	{ "vsftpd", NULL, "Thu Nov 26 03:04:05 2026 [pid 2] [%s] FAIL LOGIN: Client \"" REAL "\"",
	  "", PRINTABLE },
	{ "vsftpd", NULL,
	  "Thu Nov 26 03:04:05 2026 [pid 4711] [bob] FAIL LOGIN: Client \"::ffff:" REAL "\"", "",
	  PRINTABLE },
	{ "vsftpd", "vsftpd", "[%s] FAIL LOGIN: Client \"" REAL "\"", "", PRINTABLE },
	{ "vsftpd", NULL,
	  "Thu Nov 26 03:04:05 2026 [pid 1] [ftp] OK LOGIN: Client \"" REAL
	  "\", anon password \"%s\"",
	  NULL, PRINTABLE },
	{ "vsftpd", NULL,
	  "Thu Nov 26 03:04:05 2026 [pid 3] [bob] FAIL DOWNLOAD: Client \"" REAL
	  "\", \"/%s\", 0.00Kbyte/sec",
	  NULL, PRINTABLE },
	{ "vsftpd", NULL, "Thu Nov 26 03:04:05 2026 [pid 2] CONNECT: Client \"" REAL "\"", NULL,
	  PRINTABLE },

	{ "recidive", "kannuki-guard", "store: [sshd] ban " REAL " (5 failures)", "" },
	{ "recidive", "kannuki-guard", "store: [recidive] ban " REAL " (5 failures)", NULL },
	{ "recidive", "kannuki-guard", "banner: " REAL " is not banned: our own address", NULL },

	{ "logins", "sshd-session",
	  "Accepted publickey for bob from " REAL
	  " port 4711 ssh2: ED25519-CERT SHA256:aBc ID %s (serial 0) CA RSA SHA256:dEf",
	  "" },
	{ "logins", "sshd", "Accepted password for bob from " REAL " port 4711 ssh2", "" },
	{ "logins", "dovecot", "imap-login: Login: user=<bob>, method=PLAIN" LOGIN_END, "" },
	{ "logins", "postfix/submission/smtpd",
	  "8F1A21: client=unknown[" REAL "], sasl_method=PLAIN, sasl_username=bob", "" },
	{ "logins", NULL, "Thu Nov 26 03:04:05 2026 [pid 1] [bob] OK LOGIN: Client \"" REAL "\"",
	  "" },
	{ "logins", "sshd", "Failed password for %s from " REAL " port 4711 ssh2", NULL },
	{ "logins", "sshd", "Invalid user %s from " REAL " port 4711", NULL },
	{ "logins", "sshd", "Received disconnect from " REAL " port 4711:11: %s [preauth]", NULL },
	{ "logins", "postfix/smtpd",
	  "warning: unknown[" REAL "]: SASL PLAIN authentication failed: x, sasl_username=%s", NULL,
	  PRINTABLE },
	{ "logins", "dovecot",
	  "imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): "
	  "user=<%s>, "
	  "method=PLAIN" LOGIN_END,
	  NULL, PRINTABLE },
	{ "logins", NULL,
	  "Thu Nov 26 03:04:05 2026 [pid 1] [ftp] OK LOGIN: Client \"" REAL
	  "\", anon password \"%s\"",
	  NULL, PRINTABLE },
	{ "logins", NULL, "Thu Nov 26 03:04:05 2026 [pid 2] [%s] FAIL LOGIN: Client \"" REAL "\"",
	  NULL, PRINTABLE },
};

const size_t guard_messages_count = COUNT(guard_messages);

#define FROM " from " REAL " port 4711"
#define AT   " " REAL " port 4711"

const struct guard_connection guard_connections[] = {
	{ 1, 1,
	  "sshd[7]: Failed password for root" FROM " ssh2\n"
	  "sshd[7]: Connection closed by authenticating user root" AT " [preauth]" },
	{ 3, 3,
	  "sshd[7]: Failed password for root" FROM " ssh2\n"
	  "sshd[7]: Failed password for root" FROM " ssh2\n"
	  "sshd[7]: Failed password for root" FROM " ssh2\n"
	  "sshd[7]: Disconnecting authenticating user root" AT
	  ": Too many authentication failures [preauth]" },
	{ 1, 1,
	  "sshd-session[7]: Invalid user x" FROM "\n"
	  "sshd-session[7]: Failed password for invalid user x" FROM " ssh2\n"
	  "sshd-session[7]: Connection closed by invalid user x" AT " [preauth]" },
	{ 2, 2,
	  "sshd[7]: Invalid user x" FROM "\n"
	  "sshd[7]: Failed password for invalid user x" FROM " ssh2\n"
	  "sshd[7]: Failed password for invalid user x" FROM " ssh2\n"
	  "sshd[7]: Connection closed by invalid user x" AT " [preauth]" },
	/* Keys alone: what names nobody, or ends. */
	{ 1, 1, "sshd[7]: Connection closed by authenticating user bob" AT " [preauth]" },
	{ 1, 1,
	  "sshd[7]: Invalid user x" FROM "\n"
	  "sshd[7]: Connection closed by invalid user x" AT " [preauth]" },
	{ 1, 1,
	  "sshd[7]: User bob from " REAL " not allowed because listed in DenyUsers\n"
	  "sshd[7]: Failed password for invalid user bob" FROM " ssh2\n"
	  "sshd[7]: Connection closed by invalid user bob" AT " [preauth]" },
	{ 2, 2,
	  "sshd[7]: error: PAM: Authentication failure for bob from " REAL "\n"
	  "sshd[7]: error: PAM: Authentication failure for bob from " REAL "\n"
	  "sshd[7]: Connection closed by authenticating user bob" AT " [preauth]" },
	{ 2, 2,
	  "sshd[7]: Invalid user x" FROM "\n"
	  "sshd[7]: error: PAM: Authentication failure for illegal user x from " REAL "\n"
	  "sshd[7]: Failed keyboard-interactive/pam for invalid user x" FROM " ssh2\n"
	  "sshd[7]: error: PAM: Authentication failure for illegal user x from " REAL "\n"
	  "sshd[7]: Failed keyboard-interactive/pam for invalid user x" FROM " ssh2\n"
	  "sshd[7]: Connection closed by invalid user x" AT " [preauth]" },
	/* The listener tells it, of the other process. */
	{ 2, 2,
	  "sshd-session[7]: Failed password for root" FROM " ssh2\n"
	  "sshd-session[7]: Failed password for root" FROM " ssh2\n"
	  "sshd[1]: Timeout before authentication for connection from " REAL
	  " to 192.0.2.1, pid = 7" },
	{ 1, 1,
	  "sshd[1]: Timeout before authentication for connection from " REAL
	  " to 192.0.2.1, pid = 7" },
	/* Two at a time, and one after the other. */
	{ 2, 2,
	  "sshd[7]: Failed password for root" FROM " ssh2\n"
	  "sshd[8]: Failed password for root" FROM " ssh2\n"
	  "sshd[7]: Connection closed by authenticating user root" AT " [preauth]\n"
	  "sshd[8]: Connection closed by authenticating user root" AT " [preauth]" },
	/* Who tries no user. */
	{ 0, 1,
	  "sshd[7]: banner exchange: Connection" FROM ": invalid format\n"
	  "sshd[7]: Connection closed by" AT },
	{ 0, 2,
	  "sshd[1]: drop connection #3 from [" REAL "]:4711 on [192.0.2.1]:22 penalty: x\n"
	  "sshd[1]: drop connection #3 from [" REAL "]:4712 on [192.0.2.1]:22 penalty: x" },
	/* The number of a process that has ended: another address is another connection. */
	{ 1, 1,
	  "sshd[7]: Invalid user x from "
	  "203.0.113.9"
	  " port 9\n"
	  "sshd[7]: Failed password for root" FROM " ssh2\n"
	  "sshd[7]: Connection closed by authenticating user root" AT " [preauth]" },
	{ 1, 1,
	  "sshd[7]: Failed password for root from 2001:db8::9 port 9 ssh2\n"
	  "sshd[7]: Failed password for root" FROM " ssh2" },
	{ 0, 0,
	  "sshd[7]: Failed password for root" FROM " (not the end)\n"
	  "sshd[7]: Accepted password for root" FROM " ssh2" },
};

const size_t guard_connections_count = COUNT(guard_connections);

static void add_written(struct str *ret, enum escape escape, const char *text)
{
	for (; *text; text++) {
		bool special = *text == '"' || *text == '\\';
		bool control = (unsigned char)*text < ' ' || *text == 0x7f;

		if (escape == NGINX && (special || control))
			str_addf(ret, "\\x%02X", (unsigned char)*text);
		else if (escape == APACHE && special)
			str_addf(ret, "\\%c", *text);
		else if (control)
			str_add(ret, escape == PRINTABLE ? "?" : "\\n");
		else
			str_add_bytes(ret, text, 1);
	}
}

void guard_message_say(const struct guard_message *m, enum form form, const char *said,
		       struct str *ret)
{
	static const char *const before[] = { "host %s[77]: ", "Nov 26 03:04:05 host %s[77]: ",
					      "2026-11-26T03:04:05.123456+00:00 host %s[77]: " };
	const char *at = strstr(m->text, "%s");

	str_clear(ret);
	if (m->program)
		str_addf(ret, before[form], m->program);
	str_add_bytes(ret, m->text, at ? (size_t)(at - m->text) : strlen(m->text));
	if (!at)
		return;
	add_written(ret, m->escape, said);
	str_add(ret, at + 2);
}

bool guard_message_is_dated(const struct guard_message *m, enum form form)
{
	return m->program && form == JOURNAL;
}

char *guard_message_filter(const struct guard_message *m)
{
	return xasprintf("%.*s[mode=aggressive]", (int)strcspn(m->filter, "["), m->filter);
}
