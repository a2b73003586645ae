// SPDX-License-Identifier: MIT
/* Text of the host that is no UTF-8 (a comment in EUC-JP, a key's name in Shift_JIS): kept to the byte. */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/plan.h"
#include "core/step.h"
#include "lib/t.h"
#include "steps/change.h"
#include "steps/file.h"

/* "kan" in EUC-JP, in Shift_JIS, and Latin-1; a byte that is in no encoding; UTF-8; none. */
static const char *const texts[] = {
	"# \xb4\xd1 comment\n",
	"ssh-ed25519 AAAA \x8a\xbf\n",
	"caf\xe9",
	"\xff",
	"\xe6\xbc\xa2",
	"",
};

static int what_is_stored_comes_back_to_the_byte(void)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		json_t *all = json_object(), *back;
		CLEANUP_FREE char *text = NULL;

		json_object_set_new(all, "in",
				    json_pack("[o, {s:o}]", json_bytes(texts[i]), "deep",
					      json_bytes(texts[i])));
		text = json_store(all, 0);
		/* What is kept is JSON for everybody. */
		back = json_loads(text, 0, NULL);
		T_OK(back != NULL);
		json_decref(back);
		back = json_restore(text, NULL);
		T_STR(json_string_value(json_array_get(json_object_get(back, "in"), 0)), texts[i]);
		T_STR(json_string_value(json_object_get(
			      json_array_get(json_object_get(back, "in"), 1), "deep")),
		      texts[i]);
		json_decref(back);
	}
	return 0;
}

static int what_only_looks_like_it_stays(void)
{
	static const char *const same[] = {
		"{\"base64\": \"?\"}",
		"{\"base64\": 1}",
		"{\"base64\": \"AA==\"}", /* a NUL: no text of ours */
		"{\"base64\": \"Zm9v\", \"more\": 1}",
		"[1, 2.5, true, null, \"a\"]",
	};

	for (size_t i = 0; i < COUNT(same); i++) {
		CLEANUP_FREE char *text =
			json_store(json_restore(same[i], NULL), JSON_PRESERVE_ORDER);

		T_STR(text, same[i]);
	}
	T_OK(!json_restore("{", NULL) && !json_restore("{\"a\": 1, \"a\": 2}", NULL));
	return 0;
}

static int what_a_program_says_is_read_all_the_same(void)
{
	json_t *all = json_said("{\"comment\": \"caf\xe9\", \"port\": 22}");

	T_OK(json_integer_value(json_object_get(all, "port")) == 22);
	T_STR(json_string_value(json_object_get(all, "comment")), "caf\xef\xbf\xbd");
	json_decref(all);
	T_OK(!json_said("caf\xe9"));
	return 0;
}

static int a_plan_and_an_image_keep_it(void)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct change change = { .path = "/etc/ssh/sshd_config",
					 .type = NODE_FILE,
					 .text = texts[i],
					 .mode = 0644 };
		CLEANUP_PLAN struct plan p = { 0 };
		CLEANUP_PLAN struct plan q = { 0 };
		CLEANUP_IMAGE struct image im = { 0 };
		CLEANUP_IMAGE struct image again = { 0 };
		CLEANUP_FREE char *text = NULL;
		CLEANUP_FREE char *image = NULL;
		struct err e = { 0 };
		json_t *kept;

		step_words(
			plan_add(&p, &step_file, PHASE_ADD, "x", step_file_args(&change, 1, NULL)),
			texts[i], texts[i], texts[i]);
		text = plan_encode(&p);
		T_OK(plan_decode(text, &q, &e) == 0 && q.count == 1);
		T_STR(q.step[0].title, texts[i]);
		kept = json_array_get(json_object_get(q.step[0].args, "changes"), 0);
		T_STR(json_string_value(json_object_get(kept, "text")), texts[i]);
		image_set_text(&im, "table", texts[i]);
		image = image_encode(&im);
		T_OK(image_decode(image, &again, &e) == 0);
		T_STR(image_text(&again, "table"), texts[i]);
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(what_is_stored_comes_back_to_the_byte),
		T(what_only_looks_like_it_stays),
		T(what_a_program_says_is_read_all_the_same),
		T(a_plan_and_an_image_keep_it),
	};

	return t_main(cases, COUNT(cases));
}
