// SPDX-License-Identifier: MIT
/*
 * ssh_weak.h - algorithms of SSH that nobody should offer any more, as patterns of fnmatch(3): the audit asks sshd's
 * configuration for them, probe what a server offers.
 */
#pragma once

#define SSH_BROKEN_CIPHERS \
	"*-cbc *-cbc@* arcfour* 3des* blowfish* cast128*" /* RFC 8758, CVE-2008-5161, CVE-2016-2183 */
#define SSH_WEAK_MACS	   "hmac-sha1* hmac-md5* *-96 *-96-etm@* umac-64*" /* RFC 9142, ssh-audit */
#define SSH_WEAK_KEX	   "*-sha1 *-sha1@*"				   /* RFC 9142 */
#define SSH_WEAK_HOST_KEYS "ssh-dss* ssh-rsa ssh-rsa-cert*"		   /* RFC 8332, RFC 9142 */

/* Of the United States' standards body; nobody has broken them. Only by name. */
#define SSH_NIST_KEX	   "ecdh-sha2-nistp*"
#define SSH_NIST_HOST_KEYS "ecdsa-sha2-nistp* sk-ecdsa-sha2-nistp* webauthn-sk-ecdsa-sha2-nistp*"

/* The elements of a comma separated list that one of the patterns fits, ", " between them; NULL: none. malloc'd. */
char *ssh_list_fits(const char *list, const char *patterns);
/* The list without those elements, in its order, "," between them; malloc'd. */
char *ssh_list_without(const char *list, const char *patterns);
/* Of the common clients (OpenSSH 7.4, PuTTY, Tera Term 4 and 5, each of some years ago) the first that finds something
 * in `before` and nothing in `after`; NULL: none. keyword as sshd -T prints it. */
const char *ssh_list_loses(const char *keyword, const char *before, const char *after);
