// SPDX-License-Identifier: MIT
/* crc32c.c - bit by bit: a slot is 256 bytes, a table would be longer than the loop. */
#include "base/crc32c.h"

uint32_t crc32c_bit_before(uint32_t change)
{
	return (change >> 1) ^ (CRC32C_LAST_BIT & -(change & 1));
}

uint32_t crc32c(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t crc = 0xffffffff;

	while (len--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc32c_bit_before(crc);
	}
	return ~crc;
}
