// SPDX-License-Identifier: MIT
/* hash.c - see hash.h. */
#include "guard/hash.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

static inline uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline void mix(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void make_key(uint64_t key[2])
{
	struct timespec now;

	/* Early at boot there may be no chance yet; the time is better than nothing then. */
	if (getrandom(key, 2 * sizeof(*key), GRND_NONBLOCK) < 0) {
		clock_gettime(CLOCK_REALTIME, &now);
		key[1] = (uint64_t)now.tv_nsec;
	}
	key[0] |= 1;
}

uint64_t hash_bytes(const void *data, size_t len)
{
	static uint64_t key[2];
	const unsigned char *at = data, *end = at + len / 8 * 8;
	uint64_t v[4], word = 0;

	if (!key[0])
		make_key(key);
	v[0] = key[0] ^ 0x736f6d6570736575;
	v[1] = key[1] ^ 0x646f72616e646f6d;
	v[2] = key[0] ^ 0x6c7967656e657261;
	v[3] = key[1] ^ 0x7465646279746573;
	for (; at < end; at += 8) {
		memcpy(&word, at, 8);
		v[3] ^= word;
		mix(v);
		v[0] ^= word;
	}
	word = 0;
	memcpy(&word, at, len % 8);
	word |= (uint64_t)len << 56;
	v[3] ^= word;
	mix(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
