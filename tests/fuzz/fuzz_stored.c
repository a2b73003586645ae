// SPDX-License-Identifier: MIT
/* fuzz_stored.c - what we store as JSON and may find damaged: plan, image of a step, filter. */
#include <string.h>

#include "core/filter.h"
#include "core/plan.h"
#include "fuzz/fuzz.h"

static void check_plan(const char *text)
{
	CLEANUP_PLAN struct plan p = { 0 };
	CLEANUP_PLAN struct plan q = { 0 };
	CLEANUP_FREE char *said = NULL;
	CLEANUP_FREE char *twice = NULL;
	struct err e = { 0 };

	if (plan_decode(text, &p, &e) < 0) {
		fuzz_check_err(&e);
		MUST(p.count == 0 && !p.step && !p.policy_text);
		return;
	}
	said = plan_encode(&p);
	MUST(plan_decode(said, &q, &e) == 0);
	twice = plan_encode(&q);
	MUST(str_eq(said, twice));
	MUST(p.count == q.count && p.door_count == q.door_count);
	for (size_t i = 0; i < p.door_count; i++)
		MUST(p.door[i].port == q.door[i].port);
}

static void check_image(const char *text)
{
	CLEANUP_IMAGE struct image im = { 0 };
	CLEANUP_IMAGE struct image again = { 0 };
	CLEANUP_FREE char *said = NULL;
	CLEANUP_FREE char *twice = NULL;
	struct err e = { 0 };

	if (image_decode(text, &im, &e) < 0) {
		fuzz_check_err(&e);
		MUST(im.count == 0 && !im.item && !im.text);
		return;
	}
	said = image_encode(&im);
	MUST(image_decode(said, &again, &e) == 0);
	MUST(im.count == again.count);
	for (size_t i = 0; i < im.count; i++)
		MUST(str_eq(im.item[i].path, again.item[i].path) &&
		     node_is(&im.item[i].node, &again.item[i].node));
	twice = image_encode(&again);
	MUST(str_eq(said, twice));
}

static void check_filter(const char *text)
{
	struct filter_spec_owned s = { 0 };
	struct filter_spec_owned t = { 0 };
	CLEANUP_FREE char *rules = NULL;
	CLEANUP_FREE char *same = NULL;
	json_t *j = json_loads(text, 0, NULL), *said;
	struct err e = { 0 };

	if (!j || filter_spec_decode(j, &s, &e) < 0) {
		if (j)
			fuzz_check_err(&e);
		json_decref(j);
		return;
	}
	json_decref(j);
	MUST(s.spec.ssh_port_count > 0);
	said = filter_spec_encode(&s.spec);
	MUST(said && filter_spec_decode(said, &t, &e) == 0);
	json_decref(said);
	rules = filter_ruleset(&s.spec, NULL, 0, false);
	same = filter_ruleset(&t.spec, NULL, 0, false);
	MUST(str_eq(rules, same));
	filter_spec_owned_done(&s);
	filter_spec_owned_done(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);

	check_plan(text);
	check_image(text);
	check_filter(text);
	return 0;
}
