// SPDX-License-Identifier: MIT
/* key_words.h - a public key as people compare it. */
#pragma once

#include "core/pubkey.h"

/* "SHA256:" and unpadded base64, as ssh-keygen -l and sshd's log have it; malloc'd. */
char *key_fingerprint(const struct pubkey *key);
/* "ED25519 256 taro@laptop" */
char *key_title(const struct pubkey *key);
