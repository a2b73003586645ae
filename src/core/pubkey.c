// SPDX-License-Identifier: MIT
/* pubkey.c - see pubkey.h. The blob's fields are those of RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4. */
#include "core/pubkey.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/i18n.h"
#include "base/str.h"

#define RSA_MIN_BITS 2048
#define COMMENT_MAX  100
#define PASTE_MAX    ((size_t)64 << 10)
#define BLOB_MAX \
	((size_t)8 << 10) /* sshd takes lines of at most 16 KiB; RSA of 16384 bits is 2 KiB */

static const struct {
	const char *name;
	unsigned bits; /* 0: RSA, from its modulus */
} types[] = {
	{ "ssh-ed25519", 256 },
	{ "ssh-rsa", 0 },
	{ "ecdsa-sha2-nistp256", 256 },
	{ "ecdsa-sha2-nistp384", 384 },
	{ "ecdsa-sha2-nistp521", 521 },
	{ "sk-ssh-ed25519@openssh.com", 256 },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", 256 },
};

void pubkey_done(struct pubkey *k)
{
	free(k->type);
	free(k->base64);
	free(k->comment);
	*k = (struct pubkey){ 0 };
}

bool pubkey_text_is_private(const char *text)
{
	return strstr(text, "PRIVATE KEY-----") || strstr(text, "PuTTY-User-Key-File") ||
	       strstr(text, "Private-Lines:") || strstr(text, "openssh-key-v1") ||
	       strstr(text, "b3BlbnNzaC1rZXktdjE") || strstr(text, "SSH2 ENCRYPTED PRIVATE KEY");
}

/* One length-prefixed field. NULL: cut off. */
static const unsigned char *field(const unsigned char **p, const unsigned char *end,
				  size_t *ret_len)
{
	const unsigned char *at = *p;
	uint32_t n;

	if (end - at < 4)
		return NULL;
	n = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	if (n > (size_t)(end - at) - 4)
		return NULL;
	*ret_len = n;
	*p = at + 4 + n;
	return at + 4;
}

static unsigned modulus_bits(const unsigned char *n, size_t len)
{
	unsigned bits;

	while (len > 0 && *n == 0) {
		n++;
		len--;
	}
	if (len == 0)
		return 0;
	bits = (unsigned)(len - 1) * 8;
	for (unsigned top = *n; top; top >>= 1)
		bits++;
	return bits;
}

static const char cut_off_words[] =
	N_("the public key is not whole: a piece is missing or a character was changed; "
	   "copy the whole line again");

static int cut_off(struct err *e)
{
	return err_set(e, ERR_USAGE, "%s", _(cut_off_words));
}

bool pubkey_is_cut_off(const struct err *e)
{
	return str_eq(e->msg, _(cut_off_words));
}

/* How many fields follow the type's name. */
static size_t fields_of(const char *type)
{
	if (str_eq(type, "ssh-ed25519"))
		return 1;
	if (str_eq(type, "sk-ecdsa-sha2-nistp256@openssh.com"))
		return 3;
	return 2; /* RSA: e, n; ECDSA: curve, point; sk-ed25519: key, application */
}

/* What the i-th field of this type must be like. */
static bool field_fits(const char *type, size_t i, const unsigned char *f, size_t len)
{
	const char *curve = strstr(type, "nistp");

	if (strstr(type, "ed25519"))
		return i > 0 || len == 32;
	if (curve && i == 0) /* its name: of sk-ecdsa-sha2-nistp256@openssh.com only nistp256 */
		return len == 8 && memcmp(f, curve, len) == 0;
	if (curve && i == 1) /* uncompressed: 4, x, y */
		return len == 1 + 2 * ((strtoul(curve + 5, NULL, 10) + 7) / 8) && f[0] == 4;
	return true;
}

/* All behind the type's name; RSA has its bits from the last field. */
static int check_fields(struct pubkey *k, const unsigned char *p, const unsigned char *end,
			struct err *e)
{
	const unsigned char *f = NULL;
	size_t len = 0;

	for (size_t i = 0; i < fields_of(k->type); i++) {
		f = field(&p, end, &len);
		if (!f || !field_fits(k->type, i, f, len))
			return cut_off(e);
	}
	if (p != end)
		return cut_off(e);
	if (k->bits == 0)
		k->bits = modulus_bits(f, len);
	return 0;
}

static int refuse_type(const char *type, size_t len, struct err *e)
{
	if (len == 7 && strncmp(type, "ssh-dss", 7) == 0)
		return err_set(e, ERR_USAGE,
			       _("this is a DSA key; sshd no longer takes those. Make a new one: "
				 "ssh-keygen -t ed25519"));
	if (memmem(type, len, "-cert-v01@", 10))
		return err_set(
			e, ERR_USAGE,
			_("this is a certificate, not a public key; give the file that ends in "
			  ".pub without -cert"));
	return err_set(e, ERR_USAGE,
		       _("this type of key is not known; allowed: ssh-ed25519, ssh-rsa, "
			 "ecdsa-sha2-nistp256/384/521 and the sk- forms"));
}

/* The blob says what it is; a type written before it must say the same. */
static int from_blob(const unsigned char *blob, size_t len, const char *written, struct pubkey *ret,
		     struct err *e)
{
	const unsigned char *p = blob, *end = blob + len, *name;
	size_t n;

	name = field(&p, end, &n);
	if (!name || n == 0 || n > 64)
		return cut_off(e);
	if (written && (strlen(written) != n || memcmp(written, name, n) != 0))
		return cut_off(e);
	for (size_t i = 0; i < COUNT(types); i++) {
		if (strlen(types[i].name) != n || memcmp(types[i].name, name, n) != 0)
			continue;
		ret->type = xstrdup(types[i].name);
		ret->bits = types[i].bits;
		return check_fields(ret, p, end, e);
	}
	return refuse_type((const char *)name, n, e);
}

static bool is_type_name(const char *word, size_t len)
{
	return (len > 4 && strncmp(word, "ssh-", 4) == 0) ||
	       (len > 6 && strncmp(word, "ecdsa-", 6) == 0) ||
	       (len > 3 && strncmp(word, "sk-", 3) == 0);
}

/* Keys in the whole text: a type's name with a blob behind it, however the paste was wrapped, and
 * blocks of RFC 4716. */
static int count_keys(const char *text)
{
	int n = 0;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, " \t\r\n");
		const char *next = p + len + strspn(p + len, " \t\r\n");

		n += (is_type_name(p, len) && str_starts(next, "AAAA")) ||
		     (len == 4 && str_starts(p, "---- BEGIN SSH2 PUBLIC KEY"));
		p = next;
	}
	return n;
}

/* With such a comment the line could not be read back: it would be taken for another key, or for a private
 * one. */
static bool misleads(const char *comment)
{
	return pubkey_text_is_private(comment) || count_keys(comment) > 0 ||
	       strstr(comment, "---- BEGIN SSH2 PUBLIC KEY ----");
}

/* One line, printable, bounded: it goes into a file and onto screens. */
static char *clean_comment(const char *text)
{
	CLEANUP_STR struct str s = { 0 };

	while (isspace((unsigned char)*text))
		text++;
	for (; *text && *text != '\n' && s.len <= COMMENT_MAX; text++)
		if ((unsigned char)*text >= 0x20 && *text != 0x7f && (s.len > 0 || *text != ' '))
			str_add_bytes(&s, text, 1);
	/* One byte more than there is room for shows whether the last character is whole. */
	if (s.len > COMMENT_MAX) {
		while (s.len > 0 && ((unsigned char)s.text[s.len - 1] & 0xc0) == 0x80)
			s.len--;
		s.len -= s.len > 0;
		s.text[s.len] = '\0';
	}
	while (s.len > 0 && s.text[s.len - 1] == ' ')
		s.text[--s.len] = '\0';
	if (s.text && (!str_is_clean_utf8(s.text) || misleads(s.text)))
		str_clear(&s);
	return str_take(&s);
}

/* A key as it was written: its parts, not judged yet. */
struct written {
	const char *type; /* NULL: it stands in the blob only */
	const char *base64;
	size_t base64_len;
	const char *comment;
};

static int finish(const struct written *w, struct pubkey *ret, struct err *e)
{
	CLEANUP_FREE void *blob = NULL;
	struct pubkey k = { 0 };
	size_t len;

	if (base64_decode(w->base64, w->base64_len, &blob, &len) < 0)
		return cut_off(e);
	if (len > BLOB_MAX)
		return err_set(e, ERR_USAGE, _("this is too long for a public key"));
	if (from_blob(blob, len, w->type, &k, e) < 0) {
		pubkey_done(&k);
		return -1;
	}
	k.base64 = base64_encode(blob, len);
	k.comment = clean_comment(w->comment);
	*ret = k;
	return 0;
}

static bool is_known_type(const char *name)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (str_eq(types[i].name, name))
			return true;
	return false;
}

/* The end of a word in an options field, where blanks may stand in quotes (sshd(8)). */
static const char *word_end(const char *p)
{
	bool quoted = false;

	for (; *p && (quoted || (*p != ' ' && *p != '\t')); p++) {
		if (*p == '\\' && p[1] == '"')
			p++;
		else if (*p == '"')
			quoted = !quoted;
	}
	return p;
}

static int parse_one_line(const char *line, struct pubkey *ret, char **ret_options, struct err *e)
{
	const char *p = line, *end = word_end(p), *base;
	CLEANUP_FREE char *options = xstrdup("");
	CLEANUP_FREE char *type = NULL;

	if (!is_type_name(p, (size_t)(end - p))) {
		free(options);
		options = xstrndup(p, (size_t)(end - p));
		p = end + strspn(end, " \t");
		end = word_end(p);
		if (!is_type_name(p, (size_t)(end - p)))
			return refuse_type(p, (size_t)(end - p), e);
	}
	type = xstrndup(p, (size_t)(end - p));
	if (!is_known_type(type))
		return refuse_type(type, strlen(type), e);
	base = end + strspn(end, " \t");
	end = base + strcspn(base, " \t");
	if (end == base)
		return cut_off(e);
	if (finish(&(struct written){ type, base, (size_t)(end - base), end }, ret, e) < 0)
		return -1;
	if (ret_options)
		*ret_options = TAKE(options);
	return 0;
}

int pubkey_parse_line(const char *line, struct pubkey *ret, char **ret_options, struct err *e)
{
	CLEANUP_FREE char *copy = xstrdup(line);
	const char *text = str_trim(copy);

	if (text[0] == '\0' || text[0] == '#')
		return 1;
	return parse_one_line(text, ret, ret_options, e);
}

/* The value of a header, without the quotes that may be round it. */
static char *header_value(char *text)
{
	char *value = str_trim(text);
	size_t n = strlen(value);

	if (n > 1 && value[0] == '"' && value[n - 1] == '"')
		return xstrndup(value + 1, n - 2);
	return xstrdup(value);
}

/* RFC 4716: header lines "Name: value", continued by a backslash, then base64. */
static int parse_rfc4716(char *text, struct pubkey *ret, struct err *e)
{
	CLEANUP_STR struct str base = { 0 };
	CLEANUP_FREE char *comment = xstrdup("");
	char *rest = text, *line;
	bool continued = false, ended = false;

	while (!ended && (line = str_line(&rest))) {
		bool header = continued || strchr(line, ':');

		if (str_starts(line, "---- ")) {
			ended = str_starts(line, "---- END");
			continue;
		}
		if (!continued && str_starts(line, "Comment:")) {
			free(comment);
			comment = header_value(line + strlen("Comment:"));
		}
		continued = header && str_ends(line, "\\");
		if (!header)
			str_add(&base, line);
	}
	if (!ended)
		return cut_off(e);
	return finish(&(struct written){ NULL, base.text ? base.text : "", base.len, comment }, ret,
		      e);
}

/* Lines that only hold more of the blob belong to the line before (a wrapped paste). */
static bool goes_on(const char *line)
{
	size_t n = strcspn(line, " \t");

	return n > 0 &&
	       strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") ==
		       n &&
	       !is_type_name(line, n);
}

static bool is_whole(const char *line)
{
	struct pubkey k = { 0 };
	struct err ignored;
	bool whole = parse_one_line(line, &k, NULL, &ignored) == 0;

	pubkey_done(&k);
	return whole;
}

static char *unwrap(const char *pasted)
{
	CLEANUP_STRV struct strv lines = { 0 };
	CLEANUP_STR struct str s = { 0 };

	strv_split(&lines, pasted, "\r\n");
	for (size_t i = 0; i < lines.count; i++) {
		char *line = str_trim(lines.item[i]);

		if (line[0] == '\0' || line[0] == '#')
			continue;
		/* A blank that the wrap has eaten: before a comment, or behind the type. */
		if (s.len > 0 && (!goes_on(line) || !strchr(s.text, ' ') || is_whole(s.text)))
			str_add(&s, " ");
		str_add(&s, line);
	}
	return str_take(&s);
}

static int parse_any_form(const char *pasted, struct pubkey *ret, struct err *e)
{
	CLEANUP_FREE char *text = xstrdup(pasted);
	CLEANUP_FREE char *line = NULL;
	char *block = strstr(text, "---- BEGIN SSH2 PUBLIC KEY ----");
	int keys = count_keys(text);

	if (keys > 1)
		return err_set(e, ERR_USAGE, _("these are %d keys; give one at a time"), keys);
	if (block)
		return parse_rfc4716(block, ret, e);
	line = unwrap(text);
	if (line[0] == '\0')
		return err_set(e, ERR_USAGE, _("there is no public key here"));
	return parse_one_line(line, ret, NULL, e);
}

int pubkey_parse(const char *pasted, struct pubkey *ret, struct err *e)
{
	struct pubkey k = { 0 };

	if (strlen(pasted) > PASTE_MAX)
		return err_set(e, ERR_USAGE, _("this is too long for a public key"));
	if (str_starts(pasted, "\xef\xbb\xbf"))
		pasted += 3;
	if (pubkey_text_is_private(pasted))
		return err_set(e, ERR_USAGE,
			       _("this is a private key. It was not stored. Make a new key pair, "
				 "and paste "
				 "the file whose name ends in .pub"));
	if (strstr(pasted, "SHA256:") && !strstr(pasted, "AAAA"))
		return err_set(
			e, ERR_USAGE,
			_("this is a fingerprint; paste the public key itself, the file whose name "
			  "ends in .pub"));
	if (parse_any_form(pasted, &k, e) < 0)
		return -1;
	if (str_eq(k.type, "ssh-rsa") && k.bits < RSA_MIN_BITS) {
		err_set(e, ERR_USAGE,
			_("this RSA key has %u bits; at least 2048 are needed. Make a new one: "
			  "ssh-keygen -t ed25519"),
			k.bits);
		pubkey_done(&k);
		return -1;
	}
	*ret = k;
	return 0;
}

bool pubkey_same(const struct pubkey *a, const struct pubkey *b)
{
	return str_eq(a->base64, b->base64);
}

char *pubkey_line(const struct pubkey *k)
{
	return xasprintf("%s %s%s%s", k->type, k->base64, k->comment[0] ? " " : "", k->comment);
}
