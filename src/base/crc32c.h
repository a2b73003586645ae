// SPDX-License-Identifier: MIT
/* crc32c.h - the Castagnoli CRC (RFC 3720 appendix B.4): tells a torn journal slot from a whole one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t len);
