// SPDX-License-Identifier: MIT
/* fuzz_opening.c - what is let in, prefixes and addresses, times, numbers, and text made fit to be shown. */
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/opening.h"
#include "fuzz/fuzz.h"

static void check_opening(const char *text)
{
	struct opening o, again;
	struct err e = { 0 };
	CLEANUP_FREE char *said = NULL;

	if (opening_parse(text, &o, &e) < 0) {
		fuzz_check_err(&e);
		MUST(e.kind == ERR_USAGE);
		return;
	}
	said = opening_text(&o);
	MUST(opening_parse(said, &again, &e) == 0);
	MUST(opening_eq(&o, &again));
	if (!o.tpl) {
		MUST(o.range.from >= 1 && o.range.from <= o.range.to);
		MUST(opening_holds(&o, o.range.transport, o.range.to));
		MUST(o.range.to == 65535 ||
		     !opening_holds(&o, o.range.transport, (uint16_t)(o.range.to + 1)));
	}
}

static void check_prefix(const char *text)
{
	char addr[ADDR_TEXT];
	CLEANUP_FREE char *said = NULL;
	struct prefix p, again;
	struct err e = { 0 };

	if (prefix_parse(text, &p, &e) < 0) {
		fuzz_check_err(&e);
		MUST(e.kind == ERR_USAGE);
		return;
	}
	MUST(p.bits <= (p.addr.family == AF_INET ? 32 : 128));
	MUST(prefix_holds(&p, &p.addr));
	said = xasprintf("%s/%u", addr_text(&p.addr, addr), p.bits);
	MUST(prefix_parse(said, &again, &e) == 0);
	MUST(again.bits == p.bits && addr_eq(&again.addr, &p.addr));
}

static void check_text(const char *text)
{
	CLEANUP_FREE char *clean = xstrdup(text);
	json_t *made = json_text(text);
	bool was = str_is_clean_utf8(text);

	str_make_clean(clean);
	MUST(str_is_clean_utf8(clean) && strlen(clean) == strlen(text));
	MUST(was == str_eq(clean, text));
	MUST(json_is_string(made));
	MUST(!was || str_eq(json_string_value(made), text));
	json_decref(made);
	MUST(text_width(clean) <= 8 * strlen(clean)); /* a tab is the widest */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);
	uint64_t n = 7;

	check_opening(text);
	check_prefix(text);
	check_text(text);
	if (str_to_seconds(text, &n) == 0)
		MUST(n <= (uint64_t)UINT32_MAX * 86400);
	if (str_to_u64(text, 3, 9, &n) == 0)
		MUST(n >= 3 && n <= 9);
	return 0;
}
