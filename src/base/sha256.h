// SPDX-License-Identifier: MIT
/* sha256.h - SHA-256 (FIPS 180-4): fingerprints of public keys, as ssh-keygen -l shows them, and of files. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

void sha256(const void *data, size_t len, uint8_t ret[SHA256_BYTES]);
/* As sha256sum(1) writes it: 64 hexadecimal digits; malloc'd. */
char *sha256_text(const void *data, size_t len);
