// SPDX-License-Identifier: MIT
/*
 * hash.h - a number for bytes that others choose, who must not be able to choose many with the same one.
 *
 * SipHash-1-3 (Aumasson and Bernstein, 2012), with a key of this process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *data, size_t len);
