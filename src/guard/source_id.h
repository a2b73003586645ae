// SPDX-License-Identifier: MIT
/* source_id.h - who failed, as one text per source: addresses in their one normal form. */
#pragma once

#include <stdbool.h>

/* Forms of an address: IPv6 in short, IPv4 within IPv6 as IPv4. prefix (text, may be NULL): the network of
 * that length. What is no address is returned as it is. malloc'd. */
char *source_id(const char *text, const char *prefix);
/* The same of what <F-ID> gave: an address may have brackets around it, or "/LENGTH" behind it. */
char *source_id_of_text(const char *text);
bool source_is_address(const char *text);
