// SPDX-License-Identifier: MIT
/* fuzz_policy.c - the policy's file: read, said again, and read back. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/policy.h"
#include "fuzz/fuzz.h"

/* "policy:LINE: …", and nothing is handed out. */
static void check_refused(const char *text, const struct policy *p, const struct err *e)
{
	unsigned line = 0;
	int at = 0;

	fuzz_check_err(e);
	MUST(e->kind == ERR_USAGE);
	MUST(sscanf(e->msg, "policy:%u: %n", &line, &at) == 1 && at > 0 && e->msg[at]);
	MUST(line >= 1 && line <= fuzz_count_lines(text));
	MUST(!p->admin_user && !p->admin_key && !p->allow_from && !p->open && !p->waive);
	MUST(p->services_stop.count == 0 && p->ssh_port == 0);
}

static void check_same(const struct policy *a, const struct policy *b)
{
	for (size_t i = 0; i < policy_keys_count; i++) {
		CLEANUP_FREE char *x = policy_get(a, &policy_keys[i]);
		CLEANUP_FREE char *y = policy_get(b, &policy_keys[i]);

		MUST(str_eq(x, y));
	}
}

static void check_keys(const struct policy *p)
{
	for (size_t i = 0; i < p->admin_key_count; i++) {
		MUST(str_is_clean_utf8(p->admin_key[i].comment));
		for (size_t k = 0; k < i; k++)
			MUST(!pubkey_same(&p->admin_key[i], &p->admin_key[k]));
	}
}

/* A plan keeps the text. */
static void check_kept(const char *text)
{
	json_t *kept = json_string(text);

	MUST(kept);
	json_decref(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);
	CLEANUP_POLICY struct policy p = { 0 };
	CLEANUP_POLICY struct policy again = { 0 };
	CLEANUP_STRV struct strv warnings = { 0 };
	CLEANUP_FREE char *said = NULL;
	CLEANUP_FREE char *twice = NULL;
	struct err e = { 0 };

	if (policy_parse("policy", text, &p, &e) < 0) {
		check_refused(text, &p, &e);
		return 0;
	}
	MUST(e.kind == ERR_NONE);
	check_kept(text);
	check_keys(&p);
	if (policy_check(&p, &warnings, &e) < 0)
		fuzz_check_err(&e);
	said = policy_write(&p);
	MUST(policy_parse("policy", said, &again, &e) == 0);
	check_same(&p, &again);
	twice = policy_write(&again);
	MUST(str_eq(said, twice));
	return 0;
}
