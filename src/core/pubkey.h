// SPDX-License-Identifier: MIT
/*
 * pubkey.h - public keys as people paste them (trap 7), and as authorized_keys holds them.
 *
 * Formats: OpenSSH one-line (sshd(8) AUTHORIZED_KEYS FILE FORMAT), RFC 4716, PuTTY's public part
 * as PuTTYgen saves it (which is RFC 4716) and the Public-Lines of a .ppk (refused: it is private).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct pubkey {
	char *type; /* "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com", … */
	char *base64;  /* the blob, as authorized_keys holds it, canonical padding */
	char *comment; /* printable, one line, at most 100 bytes; may be "" */
	unsigned bits; /* RSA modulus; ECDSA curve; 256 for Ed25519 */
};

void pubkey_done(struct pubkey *k);

/*
 * Reads one key from what was pasted: BOM, CRLF, blank lines, a line wrapped in two or more and
 * leading options (dropped: blobs only, trap 6) are taken. ERR_USAGE with a message that says what
 * it is and what to do instead - never quoting the text - for: a private key of any kind, RSA
 * below 2048 bits, DSA, a certificate, a fingerprint, an unknown type, a blob that does not match its
 * type or is cut off, one too long for a line of authorized_keys, more than one key.
 */
int pubkey_parse(const char *pasted, struct pubkey *ret, struct err *e);
/* Was it refused because a piece is missing, which may still come? */
bool pubkey_is_cut_off(const struct err *e);
/* A line of an authorized_keys file. 1: blank or comment. *ret_options (may be NULL: not wanted) is
 * malloc'd, "" when there are none. Errors as pubkey_parse, but weak keys are taken. */
int pubkey_parse_line(const char *line, struct pubkey *ret, char **ret_options, struct err *e);
bool pubkey_same(const struct pubkey *a, const struct pubkey *b); /* same blob */
/* "type base64[ comment]", malloc'd, no newline. */
char *pubkey_line(const struct pubkey *k);
/* True when the text holds a private key in any common form: PEM, OpenSSH, .ppk. */
bool pubkey_text_is_private(const char *text);
