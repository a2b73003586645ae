// SPDX-License-Identifier: MIT
/*
 * hostkey.h - the keys by which this server shows who it is, and whether a client was shown one of them.
 *
 * Which files sshd uses is asked of sshd (-T HostKey); types, bits and fingerprints are read from
 * them by ssh-keygen(1), so that they are written exactly as clients write them.
 */
#pragma once

#include "core/sshd.h"

struct hostkey {
	char *type;   /* as ssh-keygen -l says it: "ED25519", "RSA", "ECDSA" */
	char *file;   /* the private key's path, as sshd's HostKey names it */
	char *sha256; /* "SHA256:" and 43 characters of unpadded base64 */
	char *md5;    /* "MD5:" and 16 pairs of hex digits, as older clients show it */
	char *line;   /* "ssh-ed25519 BASE64": the public key */
	unsigned bits;
};

struct hostkeys {
	struct hostkey *key; /* in sshd's order, but ED25519 first: what clients of today show */
	size_t count;
};

void hostkeys_done(struct hostkeys *k);
#define CLEANUP_HOSTKEYS CLEANUP(hostkeys_done)

/* Works without root where the .pub files lie beside the keys, as they do. A key that is named but not
 * there is left out, as sshd does. None at all is ERR_FAILED. */
int hostkeys_gather(struct os *os, struct hostkeys *ret, struct err *e);

/* Of public keys at hand, "ssh-ed25519 BASE64" each, as another server has shown them; without files. */
int hostkeys_of(struct os *os, const struct strv *lines, struct hostkeys *ret, struct err *e);

/*
 * Is one of them what a client shows? `shown` is any text that holds exactly one fingerprint or public key:
 * "SHA256:…" (padded or not), the bare 43 characters, MD5 in pairs with or without "MD5:", a client's whole
 * sentence, a line of known_hosts or ssh-keyscan.
 * 0: yes, *ret_index is the key; 1: no; < 0 (ERR_USAGE): no fingerprint in it, or it is cut off.
 */
int hostkeys_compare(const struct hostkeys *k, const char *shown, size_t *ret_index, struct err *e);
