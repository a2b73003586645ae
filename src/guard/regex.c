// SPDX-License-Identifier: MIT
/* regex.c - see regex.h: PCRE2 with its limits. */
#include "guard/regex.h"

#include <ctype.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/i18n.h"
#include "guard/literals.h"
#include "guard/python_regex.h"
#include "guard/utf8.h"

/* About 30 ms on an old CPU; an honest line needs some thousand. */
#define MATCH_LIMIT    1000000
#define DEPTH_LIMIT    10000
#define HEAP_LIMIT_KIB 4096
#define JIT_STACK_MAX  ((size_t)1 << 20)

/* One way to run an expression. */
struct code {
	pcre2_code *code;
	bool ready, jit; /* ready: compiled to machine code, or that failed */
};

struct regex {
	struct code any; /* for all texts */
	struct code
		ascii; /* for texts of ASCII alone, where \w and its like cost half; or as `any` */
	bool no_ascii;
	/* By the first byte of a text of ASCII: asked already; it may match. */
	uint64_t begin_known[2], begin_may[2];
	char *text; /* as PCRE2 reads it */
	uint32_t options;
	pcre2_match_data *data;
	uint32_t name_count, name_size;
	PCRE2_SPTR names; /* PCRE2's table: number in two bytes, then the name */
};

/* One for all: this program has one thread. */
static struct {
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_jit_stack *stack;
	unsigned long gave_up;
} engine;

static void start_engine(void)
{
	if (engine.match)
		return;
	engine.compile = pcre2_compile_context_create(NULL);
	engine.match = pcre2_match_context_create(NULL);
	engine.stack = pcre2_jit_stack_create((size_t)32 << 10, JIT_STACK_MAX, NULL);
	if (!engine.compile || !engine.match || !engine.stack)
		abort();
	pcre2_set_newline(engine.compile, PCRE2_NEWLINE_LF);
	pcre2_set_match_limit(engine.match, MATCH_LIMIT);
	pcre2_set_depth_limit(engine.match, DEPTH_LIMIT);
	pcre2_set_heap_limit(engine.match, HEAP_LIMIT_KIB);
	pcre2_jit_stack_assign(engine.match, NULL, engine.stack);
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->any.code);
	pcre2_code_free(r->ascii.code);
	free(r->text);
	free(r);
}

/* "((?i)" or "(?:(?i)" at text: its length, and where the inner "(?i" is; 0: something else. */
static size_t flags_in_group(const char *text, const char **ret_flags, size_t *ret_len)
{
	const char *open = text + 1, *end;

	if (*text != '(')
		return 0;
	open += strncmp(open, "?:", 2) == 0 ? 2 : 0;
	if (strncmp(open, "(?", 2) != 0)
		return 0;
	for (end = open + 2; islower((unsigned char)*end); end++)
		;
	if (end == open + 2 || *end != ')')
		return 0;
	*ret_flags = open;
	*ret_len = (size_t)(end - open);
	return (size_t)(end + 1 - text);
}

/* "((?i)x)" and "(?:(?i)x)" are "(?i:x)": flags within a group are that group's. */
static void localise_flags(const char *text, struct str *ret)
{
	const char *flags;
	size_t n, len;

	for (const char *at = text; *at; at += n) {
		bool escaped = at > text && at[-1] == '\\';

		n = escaped ? 0 : flags_in_group(at, &flags, &len);
		if (n > 0)
			str_addf(ret, "%.*s:", (int)len, flags);
		else
			str_add_bytes(ret, at, n = 1);
	}
}

static int compile(const char *text, bool multiline, struct regex *r, struct err *e)
{
	CLEANUP_STR struct str ours = { 0 };
	struct python_flags flags = { 0 };
	uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_SIZE at;
	int error;

	if (python_regex(text, &ours, &flags, e) < 0)
		return -1;
	options |= flags.ascii ? 0 : PCRE2_UCP;
	options |= flags.ignore_case ? PCRE2_CASELESS : 0;
	options |= multiline || flags.multiline ? PCRE2_MULTILINE : 0;
	options |= flags.dot_all ? PCRE2_DOTALL : 0;
	options |= flags.verbose ? PCRE2_EXTENDED : 0;
	r->options = options;
	r->any.code = pcre2_compile((PCRE2_SPTR)ours.text, ours.len, options, &error, &at,
				    engine.compile);
	if (!r->any.code) {
		PCRE2_UCHAR words[120];

		pcre2_get_error_message(error, words, sizeof(words));
		return err_set(e, ERR_USAGE, _("%s at character %zu"), (char *)words, at);
	}
	r->data = pcre2_match_data_create_from_pattern(r->any.code, NULL);
	if (!r->data)
		abort();
	pcre2_pattern_info(r->any.code, PCRE2_INFO_NAMECOUNT, &r->name_count);
	pcre2_pattern_info(r->any.code, PCRE2_INFO_NAMEENTRYSIZE, &r->name_size);
	pcre2_pattern_info(r->any.code, PCRE2_INFO_NAMETABLE, &r->names);
	/* A character of several bytes would be several there, and what repeats it would repeat the last of them. */
	for (size_t i = 0; i < ours.len; i++)
		r->no_ascii = r->no_ascii || (unsigned char)ours.text[i] >= 0x80;
	r->text = str_take(&ours);
	return 0;
}

/* Many expressions are never searched for, so machine code is made for those that are. Where it is not to be had (no
 * executable memory) the same is matched more slowly. */
static void make_ready(struct code *c)
{
	c->jit = pcre2_jit_compile(c->code, PCRE2_JIT_COMPLETE) == 0;
	c->ready = true;
}

static const struct code *code_for(struct regex *r, bool ascii)
{
	struct code *c = &r->any;

	if (ascii && !r->ascii.code && !r->no_ascii) {
		CLEANUP_STR struct str sooner = { 0 };
		const char *text = r->text;
		PCRE2_SIZE at;
		int error;

		if (!(r->options & PCRE2_EXTENDED) && regex_look_ahead(text, &sooner))
			text = sooner.text;
		r->ascii.code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
					      r->options & ~(PCRE2_UTF | PCRE2_UCP), &error, &at,
					      engine.compile);
		/* It names characters that are not in ASCII. */
		r->no_ascii = !r->ascii.code;
	}
	if (ascii && r->ascii.code)
		c = &r->ascii;
	if (!c->ready)
		make_ready(c);
	return c;
}

void regex_warm(struct regex *r)
{
	code_for(r, true);
	code_for(r, false);
}

/* PCRE2 is shown that byte and told that more may follow. It says nothing where a match may begin further on. */
static bool may_begin(struct regex *r, char first)
{
	const struct code *c = code_for(r, true);
	pcre2_match_data *data;
	uint32_t options = 0;
	int n;

	pcre2_pattern_info(c->code, PCRE2_INFO_ALLOPTIONS, &options);
	if (!(options & PCRE2_ANCHORED))
		return true;
	/* What the last search found stays. */
	data = pcre2_match_data_create(1, NULL);
	if (!data)
		abort();
	n = pcre2_match(c->code, (PCRE2_SPTR)&first, 1, 0,
			PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT | PCRE2_PARTIAL_HARD, data, engine.match);
	pcre2_match_data_free(data);
	return n != PCRE2_ERROR_NOMATCH;
}

bool regex_may_begin(struct regex *r, char first)
{
	unsigned char at = (unsigned char)first;
	uint64_t bit = (uint64_t)1 << at % 64;

	if (at >= 0x80)
		return true;
	if (!(r->begin_known[at / 64] & bit)) {
		r->begin_known[at / 64] |= bit;
		r->begin_may[at / 64] |= may_begin(r, first) ? bit : 0;
	}
	return r->begin_may[at / 64] & bit;
}

void regex_literals(const struct regex *r, struct strv *ret)
{
	if (!(r->options & PCRE2_EXTENDED))
		literals_of(r->text, ret);
}

int regex_new(const char *text, struct regex_form form, struct regex **ret, struct err *e)
{
	CLEANUP_REGEX struct regex *r = xcalloc(1, sizeof(*r));
	CLEANUP_STR struct str tagged = { 0 }, local = { 0 };
	size_t len;

	start_engine();
	if (form.no_tags)
		str_add(&tagged, text);
	else
		regex_tags(text, form.no_names, &tagged);
	len = tagged.len;
	utf8_trim(tagged.text, &len);
	if (len == 0)
		return err_set(e, ERR_USAGE, _("an empty expression"));
	if (form.no_tags)
		str_add(&local, tagged.text);
	else
		localise_flags(tagged.text, &local);
	if (compile(local.text, form.multiline, r, e) < 0)
		return -1;
	*ret = TAKE(r);
	return 0;
}

static const char *name_at(const struct regex *r, uint32_t i, unsigned *ret_group)
{
	PCRE2_SPTR entry = r->names + (size_t)i * r->name_size;

	*ret_group = (unsigned)entry[0] << 8 | entry[1];
	return (const char *)entry + 2;
}

size_t regex_name_count(const struct regex *r)
{
	return r->name_count;
}

const char *regex_name(const struct regex *r, size_t i, unsigned *ret_group)
{
	return name_at(r, (uint32_t)i, ret_group);
}

bool regex_has_group(const struct regex *r, const char *name)
{
	unsigned group;

	for (uint32_t i = 0; i < r->name_count; i++)
		if (strcmp(name_at(r, i, &group), name) == 0)
			return true;
	return false;
}

/* Within a character nothing may begin or end: PCRE2 is told not to check that once more. */
static bool is_between(const struct span *in, size_t at)
{
	return at == 0 || ((unsigned char)in->text[at] & 0xc0) != 0x80;
}

int regex_search(struct regex *r, const struct span *in)
{
	const struct code *c;
	int n;

	if (in->from > in->len)
		return REGEX_NONE;
	if (!in->ascii && (!is_between(in, in->from) || !is_between(in, in->len)))
		return REGEX_NONE;
	c = code_for(r, in->ascii);
	if (c->jit)
		n = pcre2_jit_match(c->code, (PCRE2_SPTR)in->text, in->len, in->from,
				    PCRE2_NO_UTF_CHECK, r->data, engine.match);
	else
		n = pcre2_match(c->code, (PCRE2_SPTR)in->text, in->len, in->from,
				PCRE2_NO_UTF_CHECK, r->data, engine.match);
	if (n >= 0)
		return REGEX_MATCH;
	if (n == PCRE2_ERROR_NOMATCH)
		return REGEX_NONE;
	engine.gave_up++;
	return REGEX_GAVE_UP;
}

unsigned long regex_gave_up(void)
{
	return engine.gave_up;
}

bool regex_bounds(const struct regex *r, size_t group, size_t *ret_start, size_t *ret_end)
{
	const PCRE2_SIZE *bound = pcre2_get_ovector_pointer(r->data);

	if (group >= pcre2_get_ovector_count(r->data) || bound[2 * group] == PCRE2_UNSET)
		return false;
	*ret_start = bound[2 * group];
	*ret_end = bound[2 * group + 1];
	return true;
}

const size_t *regex_all_bounds(const struct regex *r)
{
	_Static_assert(PCRE2_UNSET == SIZE_MAX, "its mark for a group that took no part");
	return pcre2_get_ovector_pointer(r->data);
}

void regex_groups(const struct regex *r, const struct span *in, struct dict *ret)
{
	for (uint32_t i = 0; i < r->name_count; i++) {
		unsigned group;
		const char *name = name_at(r, i, &group);
		size_t start, end;

		if (regex_bounds(r, group, &start, &end) && end >= start)
			dict_take(ret, name, xstrndup(in->text + start, end - start),
				  (struct origin){ 0 });
		else
			dict_set(ret, name, NULL, (struct origin){ 0 });
	}
}
