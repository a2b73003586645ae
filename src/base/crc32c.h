// SPDX-License-Identifier: MIT
/* crc32c.h - the Castagnoli CRC (RFC 3720 appendix B.4): tells a torn journal slot from a whole one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t len);

/* By what a CRC changes when one bit of the data does: the last bit, and the bit before the one that makes
 * `change` (bits in the order of their bytes, in each the lowest first). */
#define CRC32C_LAST_BIT 0x82f63b78u
uint32_t crc32c_bit_before(uint32_t change);
