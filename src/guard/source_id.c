// SPDX-License-Identifier: MIT
/* source_id.c - see source_id.h. */
#include "guard/source_id.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"
#include "guard/convert.h"

/* Clears what is behind the first `prefix` bits. */
static void mask(unsigned char *bytes, int64_t size, int64_t prefix)
{
	for (int64_t i = 0; i < size; i++) {
		int64_t keep = prefix - i * 8;

		if (keep <= 0)
			bytes[i] = 0;
		else if (keep < 8)
			bytes[i] &= (unsigned char)(0xff << (8 - keep));
	}
}

char *source_id(const char *text, const char *prefix)
{
	unsigned char bytes[16];
	char name[INET6_ADDRSTRLEN];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	int64_t size = family == AF_INET ? 4 : 16, bits = -1;

	if (inet_pton(family, text, bytes) != 1)
		return xstrdup(text);
	if (prefix && prefix[0] && convert_int(prefix, &bits) < 0)
		bits = -1;
	if (bits < 0 && family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((struct in6_addr *)bytes)) {
		memmove(bytes, bytes + 12, 4);
		family = AF_INET;
	}
	if (bits >= 0)
		mask(bytes, size, bits);
	inet_ntop(family, bytes, name, sizeof(name));
	/* As fail2ban writes them: of length 0 or the whole length there is no word. */
	if (bits > 0 && bits < size * 8)
		return xasprintf("%s/%d", name, (int)bits);
	return xstrdup(name);
}

char *source_id_of_text(const char *text)
{
	size_t len = strlen(text);
	bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';
	CLEANUP_FREE char *plain = brackets ? xstrndup(text + 1, len - 2) : xstrdup(text);
	char *slash = strchr(plain, '/');

	if (!slash)
		return source_id(plain, NULL);
	*slash = '\0';
	if (!source_is_address(plain) || convert_int(slash + 1, NULL) < 0)
		return xstrdup(text);
	return source_id(plain, slash + 1);
}

bool source_is_address(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, bytes) == 1;
}
