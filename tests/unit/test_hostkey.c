// SPDX-License-Identifier: MIT
/* Host keys: which files count, and whether what a client shows is one of them (core/hostkey.h). */
#include "base/mem.h"
#include "core/hostkey.h"
#include "lib/fake_os.h"
#include "lib/keys.h"
#include "lib/t.h"

#define SHA_A "ohDlEFqNJzzv2Rz0OhqbkkZ4qyp0s3ud8RTa0ox+Ptw"
#define SHA_B "uNiVztksCsDhcc0u9e8BgrJXVGDHvQZpi9fvlGgTwWM"
#define MD5_A "16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48"
#define MD5_B "43:51:43:a1:b5:fc:8b:b7:0a:3a:a9:b1:0f:66:73:a8"

static struct hostkey two[] = {
	{ .type = (char *)"ED25519",
	  .sha256 = (char *)"SHA256:" SHA_A,
	  .md5 = (char *)"MD5:" MD5_A,
	  .line = (char *)"ssh-ed25519 " ED25519 },
	{ .type = (char *)"ECDSA",
	  .sha256 = (char *)"SHA256:" SHA_B,
	  .md5 = (char *)"MD5:" MD5_B,
	  .line = (char *)"ecdsa-sha2-nistp256 " ECDSA256 },
};
static const struct hostkeys both = { two, 2 };

/* Index of the key, -1: none of them, -2: nothing to compare, which the message says. */
static int shown(const char *text)
{
	struct err e = { 0 };
	size_t i = 0;
	int r = hostkeys_compare(&both, text, &i, &e);

	if (r < 0)
		return e.kind == ERR_USAGE && e.msg[0] ? -2 : -3;
	return r == 1 ? -1 : (int)i;
}

static int what_clients_show_is_found(void)
{
	T_OK(shown("SHA256:" SHA_A) == 0);
	T_OK(shown("sha256:" SHA_B) == 1);
	T_OK(shown("SHA256:" SHA_A "=") == 0); /* PuTTY of some versions pads */
	T_OK(shown("  " SHA_B "\r\n") == 1);
	T_OK(shown("MD5:" MD5_A) == 0);
	T_OK(shown("16:27:AC:A5:76:28:2D:36:63:1B:56:4D:EB:DF:A6:48") == 0);
	T_OK(shown("ED25519 key fingerprint is SHA256:" SHA_A ".") == 0);
	T_OK(shown("ssh-ed25519 255 SHA256:" SHA_A) == 0);
	T_OK(shown("256 SHA256:" SHA_B " root@vps (ECDSA)") == 1);
	T_OK(shown("[198.51.100.10]:22022 ssh-ed25519 " ED25519) == 0);
	T_OK(shown("2001:db8::10 ecdsa-sha2-nistp256 " ECDSA256 " root@vps") == 1);
	return 0;
}

static int others_are_not(void)
{
	T_OK(shown("SHA256:"
		   "AhDlEFqNJzzv2Rz0OhqbkkZ4qyp0s3ud8RTa0ox+Ptw") == -1);
	T_OK(shown("SHA256:"
		   "OhDlEFqNJzzv2Rz0OhqbkkZ4qyp0s3ud8RTa0ox+Ptw") == -1); /* its case counts */
	T_OK(shown("MD5:00:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48") == -1);
	T_OK(shown("host ssh-rsa " RSA2048) == -1);
	return 0;
}

static int what_cannot_be_compared_is_said(void)
{
	T_OK(shown("") == -2);
	T_OK(shown("the authenticity of host can't be established") == -2);
	T_OK(shown("SHA256:") == -2);
	T_OK(shown("SHA256:ohDlEFqNJzzv2Rz0OhqbkkZ4qyp0s3ud8RTa0ox+Pt") == -2);
	T_OK(shown("SHA256:" SHA_A "x") == -2);
	T_OK(shown("MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6") == -2);
	T_OK(shown("SHA256:" SHA_A " SHA256:" SHA_B) == -2);
	return 0;
}

/* --- gathering ---------------------------------------------------------------------------- */

static int systemctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f, (void)r, (void)e;
	ret->out = xstrdup("");
	ret->err = xstrdup("");
	return 0;
}

static int sshd(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)e;
	ret->err = xstrdup("");
	ret->out = xstrdup(str_eq(r->argv[1], "-T") ? fake_text(f, "/test/answer") : "");
	return 0;
}

/* -y: the key that the private file holds; -l: the line of each key, in their order. */
static int keygen(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	bool sha256 = str_eq(r->argv[3], "sha256");
	CLEANUP_FREE char *copy = xstrdup(r->input ? r->input : "");
	CLEANUP_STR struct str s = { 0 };
	char *rest = copy, *line;

	(void)e;
	ret->err = xstrdup("");
	if (str_eq(r->argv[1], "-y"))
		str_add(&s, fake_text(f, r->argv[5]));
	while ((line = str_line(&rest)))
		for (size_t i = 0; i < COUNT(two); i++)
			if (str_eq(line, two[i].line))
				str_addf(&s, "256 %s no comment (%s)\n",
					 sha256 ? two[i].sha256 : two[i].md5, two[i].type);
	ret->out_len = s.len;
	ret->out = str_take(&s);
	return 0;
}

static struct fake *host(void)
{
	struct fake *f = fake_new();

	fake_file(f, "/usr/sbin/sshd", "", 0755);
	fake_file(f, "/etc/ssh/sshd_config", "", 0644);
	fake_file(f, "/test/answer", "hostkey /k/ecdsa\nhostkey /k/ed25519\nhostkey /k/gone\n",
		  0644);
	fake_file(f, "/k/ecdsa", "ecdsa-sha2-nistp256 " ECDSA256 " root@vps\n", 0600);
	fake_file(f, "/k/ed25519", "ssh-ed25519 " ED25519 " root@vps\n", 0600);
	fake_on_run(f, "systemctl", systemctl);
	fake_on_run(f, "sshd", sshd);
	fake_on_run(f, "ssh", sshd);
	fake_on_run(f, "ssh-keygen", keygen);
	return f;
}

static int keys_that_sshd_loads_ed25519_first(void)
{
	struct fake *f = host();
	CLEANUP_HOSTKEYS struct hostkeys k = { 0 };
	struct err e = { 0 };

	/* a .pub that is another's decides nothing for root */
	fake_file(f, "/k/ed25519.pub", "ssh-rsa " RSA2048 "\n", 0644);
	T_OK(hostkeys_gather(&f->os, &k, &e) == 0);
	T_OK(k.count == 2 && k.key[0].bits == 256);
	T_STR(k.key[0].type, "ED25519");
	T_STR(k.key[0].file, "/k/ed25519");
	T_STR(k.key[0].sha256, "SHA256:" SHA_A);
	T_STR(k.key[0].md5, "MD5:" MD5_A);
	T_STR(k.key[0].line, "ssh-ed25519 " ED25519);
	T_STR(k.key[1].type, "ECDSA");
	fake_free(f);
	return 0;
}

static int without_root_by_the_files(void)
{
	struct fake *f = host();
	CLEANUP_HOSTKEYS struct hostkeys k = { 0 };
	struct err e = { 0 };

	f->uid = 1000;
	fake_file(f, "/etc/ssh/sshd_config", "HostKey /k/ed25519\n", 0644);
	fake_file(f, "/k/ed25519.pub", "ssh-ed25519 " ED25519 " root@vps\n", 0644);
	T_OK(hostkeys_gather(&f->os, &k, &e) == 0);
	T_OK(k.count == 1);
	T_STR(k.key[0].sha256, "SHA256:" SHA_A);
	fake_free(f);
	return 0;
}

static int a_server_without_keys_is_an_error(void)
{
	struct fake *f = host();
	struct hostkeys k = { 0 };
	struct err e = { 0 };

	fake_file(f, "/test/answer", "hostkey /k/gone\n", 0644);
	T_OK(hostkeys_gather(&f->os, &k, &e) < 0 && strstr(e.msg, "ssh-keygen -A"));
	T_OK(!k.key);
	fake_free(f);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(what_clients_show_is_found),	    T(others_are_not),
		T(what_cannot_be_compared_is_said), T(keys_that_sshd_loads_ed25519_first),
		T(without_root_by_the_files),	    T(a_server_without_keys_is_an_error),
	};

	return t_main(cases, COUNT(cases));
}
