// SPDX-License-Identifier: MIT
/* hostkey.c - see hostkey.h. */
#include "core/hostkey.h"

#include <ctype.h>
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"

#define SHA256_CHARS 43 /* base64 of 32 bytes without its '=' */
#define MD5_PAIRS    16
#define BLOB_MIN     60 /* shorter than any public key's base64 */

void hostkeys_done(struct hostkeys *k)
{
	for (size_t i = 0; i < k->count; i++) {
		free(k->key[i].type);
		free(k->key[i].file);
		free(k->key[i].sha256);
		free(k->key[i].md5);
		free(k->key[i].line);
	}
	free(k->key);
	*k = (struct hostkeys){ 0 };
}

/* --- which they are ---------------------------------------------------------------------- */

/* sshd's own answer; where only root could ask, what its files say, or sshd_config(5)'s defaults. */
static void name_files(const struct sshd *s, struct strv *ret)
{
	const struct sshd_view *v = s->view_count ? &s->view[0] : NULL;
	struct sshd_place *place = NULL;
	size_t count;

	if (v) {
		strv_split(ret, sshd_value(v, "hostkey"), "\n");
		return;
	}
	count = sshd_places(s, "hostkey", &place);
	for (size_t i = 0; i < count; i++)
		strv_take(ret, place[i].value);
	free(place);
	if (ret->count > 0)
		return;
	strv_add(ret, "/etc/ssh/ssh_host_rsa_key");
	strv_add(ret, "/etc/ssh/ssh_host_ecdsa_key");
	strv_add(ret, "/etc/ssh/ssh_host_ed25519_key");
}

/* "ssh-ed25519 AAAA…" without its comment. As root from the key that sshd really loads: a .pub
 * beside it may be another's. 1: there is none. */
static int public_half(struct os *os, const char *file, char **ret, struct err *e)
{
	CLEANUP_FREE char *beside = xasprintf("%s.pub", file);
	CLEANUP_FREE char *text = NULL;
	size_t type, blob;
	int r;

	if (os_uid(os) == 0) {
		const struct run run = { .argv = ARGV("ssh-keygen", "-y", "-P", "", "-f", file) };
		CLEANUP_NODE struct node there = { 0 };
		CLEANUP_RUN struct run_result out = { 0 };

		if (os_get(os, file, &there, e) < 0)
			return -1;
		if (there.type == NODE_ABSENT)
			return 1;
		if (os_run(os, &run, &out, e) < 0)
			return -1;
		if (out.status != 0)
			return err_set(e, ERR_FAILED, "%s: %s", file, str_trim(out.err));
		text = xstrdup(out.out);
	} else if ((r = os_read(os, beside, &text, e)) != 0) {
		return r;
	}
	type = strcspn(text, " \n");
	blob = text[type] == ' ' ? strcspn(text + type + 1, " \n") : 0;
	if (type == 0 || blob == 0)
		return err_set(e, ERR_FAILED, _("%s: no public key can be read from it"), file);
	*ret = xstrndup(text, type + 1 + blob);
	return 0;
}

/* "256 SHA256:… comment (ED25519)" for each line of `keys`, in their order. */
static int ask_fingerprints(struct os *os, const char *keys, const char *hash, struct strv *ret,
			    struct err *e)
{
	const struct run run = { .argv = ARGV("ssh-keygen", "-l", "-E", hash, "-f", "-"),
				 .input = keys,
				 .input_len = strlen(keys) };
	CLEANUP_RUN struct run_result out = { 0 };

	if (os_run(os, &run, &out, e) < 0)
		return -1;
	if (out.status != 0)
		return err_set(e, ERR_FAILED, "ssh-keygen -l: %s", str_trim(out.err));
	strv_split(ret, out.out, "\n");
	return 0;
}

static char *nth_word(const char *line, size_t n)
{
	CLEANUP_STRV struct strv word = { 0 };

	strv_split(&word, line, " ");
	return xstrdup(n < word.count ? word.item[n] : "");
}

static int read_answers(const char *sha256, const char *md5, struct hostkey *k, struct err *e)
{
	const char *open = strrchr(sha256, '(');
	CLEANUP_FREE char *bits = nth_word(sha256, 0);
	uint64_t n;

	k->sha256 = nth_word(sha256, 1);
	k->md5 = nth_word(md5, 1);
	if (str_to_u64(bits, 1, 65536, &n) < 0 || !open || !str_starts(k->sha256, "SHA256:") ||
	    !str_starts(k->md5, "MD5:"))
		return err_set(e, ERR_FAILED, "ssh-keygen -l: \"%s\"", sha256);
	k->bits = (unsigned)n;
	k->type = xstrndup(open + 1, strcspn(open + 1, ")"));
	return 0;
}

static int fingerprint_all(struct os *os, struct hostkeys *k, struct err *e)
{
	CLEANUP_STR struct str lines = { 0 };
	CLEANUP_STRV struct strv sha256 = { 0 };
	CLEANUP_STRV struct strv md5 = { 0 };
	const char *text;

	for (size_t i = 0; i < k->count; i++)
		str_addf(&lines, "%s\n", k->key[i].line);
	text = lines.text ? lines.text : "";
	if (ask_fingerprints(os, text, "sha256", &sha256, e) < 0 ||
	    ask_fingerprints(os, text, "md5", &md5, e) < 0)
		return -1;
	if (sha256.count != k->count || md5.count != k->count)
		return err_set(e, ERR_FAILED, _("ssh-keygen -l left out some host key"));
	for (size_t i = 0; i < k->count; i++)
		if (read_answers(sha256.item[i], md5.item[i], &k->key[i], e) < 0)
			return -1;
	return 0;
}

static void ed25519_first(struct hostkeys *k)
{
	for (size_t i = 1; i < k->count; i++) {
		struct hostkey one = k->key[i];

		if (!str_eq(one.type, "ED25519"))
			continue;
		memmove(&k->key[1], &k->key[0], i * sizeof(one));
		k->key[0] = one;
		return;
	}
}

static int gather(struct os *os, struct hostkeys *k, struct err *e)
{
	const struct sshd_who who = { "root", "root" };
	const struct addr anywhere = { .family = AF_INET };
	const unsigned port = 22;
	const struct sshd_query q = { .who = &who,
				      .who_count = 1,
				      .addr = &anywhere,
				      .addr_count = 1,
				      .port = &port,
				      .port_count = 1 };
	CLEANUP(sshd_done) struct sshd sshd = { 0 };
	CLEANUP_STRV struct strv files = { 0 };

	if (sshd_gather(os, &q, &sshd, e) < 0)
		return -1;
	if (!sshd.program)
		return err_set(e, ERR_FAILED, _("sshd is not installed"));
	name_files(&sshd, &files);
	for (size_t i = 0; i < files.count; i++) {
		char *line = NULL;
		int r = public_half(os, files.item[i], &line, e);

		if (r < 0)
			return -1;
		if (r == 1)
			continue;
		k->key = xrealloc(k->key, k->count + 1, sizeof(*k->key));
		k->key[k->count++] =
			(struct hostkey){ .file = xstrdup(files.item[i]), .line = line };
	}
	if (k->count == 0)
		return err_set(e, ERR_FAILED,
			       _("this server has no host key yet; make them: ssh-keygen -A"));
	return fingerprint_all(os, k, e);
}

int hostkeys_gather(struct os *os, struct hostkeys *ret, struct err *e)
{
	struct hostkeys k = { 0 };

	if (gather(os, &k, e) < 0) {
		hostkeys_done(&k);
		return err_ctx(e, _("host keys"));
	}
	ed25519_first(&k);
	*ret = k;
	return 0;
}

int hostkeys_of(struct os *os, const struct strv *lines, struct hostkeys *ret, struct err *e)
{
	*ret = (struct hostkeys){ .key = xcalloc(lines->count, sizeof(*ret->key)),
				  .count = lines->count };
	for (size_t i = 0; i < lines->count; i++)
		ret->key[i].line = xstrdup(lines->item[i]);
	if (fingerprint_all(os, ret, e) < 0) {
		hostkeys_done(ret);
		return err_ctx(e, _("host keys"));
	}
	ed25519_first(ret);
	return 0;
}

/* --- is it one of them? ------------------------------------------------------------------ */

enum shown { SHOWN_NOTHING, SHOWN_SHA256, SHOWN_MD5, SHOWN_KEY, SHOWN_CUT_OFF };

static bool is_md5(const char *text)
{
	for (size_t i = 0; i < MD5_PAIRS; i++) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return false;
		if (text[2] != (i + 1 < MD5_PAIRS ? ':' : '\0'))
			return false;
		text += 3;
	}
	return true;
}

static bool starts_case(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* What a word is; *ret is the part to compare. A padding '=' is cut off in place. */
static enum shown look_at(char *word, const char **ret)
{
	bool sha256 = starts_case(word, "SHA256:"), md5 = starts_case(word, "MD5:");
	char *text = sha256 ? word + 7 : md5 ? word + 4 : word;
	size_t len = strlen(text);

	*ret = text;
	if (md5)
		return is_md5(text) ? SHOWN_MD5 : SHOWN_CUT_OFF;
	if (!sha256 && is_md5(text))
		return SHOWN_MD5;
	if (!sha256 && len >= BLOB_MIN && str_starts(text, "AAAA"))
		return SHOWN_KEY;
	if (len == SHA256_CHARS + 1 && text[SHA256_CHARS] == '=')
		text[--len] = '\0';
	if (len == SHA256_CHARS && !strpbrk(text, ":="))
		return SHOWN_SHA256;
	return sha256 ? SHOWN_CUT_OFF : SHOWN_NOTHING;
}

static bool is_of(const struct hostkey *k, enum shown what, const char *text)
{
	switch (what) {
	case SHOWN_SHA256:
		return str_eq(k->sha256 + strlen("SHA256:"), text);
	case SHOWN_MD5:
		return str_case_eq(k->md5 + strlen("MD5:"), text);
	case SHOWN_KEY:
		return str_eq(k->line + strcspn(k->line, " ") + 1, text);
	case SHOWN_NOTHING:
	case SHOWN_CUT_OFF:
		break;
	}
	return false;
}

int hostkeys_compare(const struct hostkeys *k, const char *shown, size_t *ret_index, struct err *e)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=:";
	CLEANUP_FREE char *copy = xstrdup(shown);
	enum shown found = SHOWN_NOTHING;
	const char *text = "";
	char *at = copy;

	while (*(at += strcspn(at, letters))) {
		size_t len = strspn(at, letters);
		bool last = at[len] == '\0';
		enum shown what;
		const char *part;

		at[len] = '\0';
		what = look_at(at, &part);
		if (what == SHOWN_CUT_OFF)
			return err_set(e, ERR_USAGE,
				       _("\"%s\" is not whole; copy all of the fingerprint"), at);
		if (what != SHOWN_NOTHING && found != SHOWN_NOTHING)
			return err_set(
				e, ERR_USAGE,
				_("there is more than one fingerprint; give them one by one"));
		if (what != SHOWN_NOTHING) {
			found = what;
			text = part;
		}
		at += last ? len : len + 1;
	}
	if (found == SHOWN_NOTHING)
		return err_set(
			e, ERR_USAGE,
			_("there is no fingerprint in it; allowed: SHA256:..., MD5 as pairs of "
			  "digits, or a line of known_hosts"));
	for (size_t i = 0; i < k->count; i++)
		if (is_of(&k->key[i], found, text)) {
			*ret_index = i;
			return 0;
		}
	return 1;
}
