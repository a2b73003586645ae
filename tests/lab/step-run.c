// SPDX-License-Identifier: MIT
/*
 * step-run.c - carries out, or takes back, one step on the host it runs on: how the lab tries each
 * kind alone. Never run it outside of a VPS.
 *
 *   step-run apply|undo|undo-boot|settle STEP.json FOLDER
 *
 * STEP.json is { "kind": …, "args": … }; FOLDER stands for the transaction's and keeps the images.
 * A password for the kind "account" is read from SECRET in it. Exits 0, 1 with the error, or 3 when
 * undo has a remark.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/step.h"

static int say(const struct err *e)
{
	fprintf(stderr, "step-run: %s\n", e->msg);
	return 1;
}

static int store(const struct step_ctx *c, const struct step *s, const char *name, struct err *e)
{
	struct image now CLEANUP_IMAGE = { 0 };
	CLEANUP_FREE char *path = xasprintf("%s/%s", c->txn_dir, name);
	CLEANUP_FREE char *text = NULL;

	if (s->kind->capture(c, s, &now, e) < 0)
		return -1;
	text = image_encode(&now);
	return os_write(c->os, path, text, 0600, e);
}

/* 1: it was never stored. */
static int fetch(const struct step_ctx *c, const char *name, struct image *ret, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", c->txn_dir, name);
	CLEANUP_FREE char *text = NULL;
	int r = os_read(c->os, path, &text, e);

	return r != 0 ? r : image_decode(text, ret, e);
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	if (store(c, s, "pre", e) < 0 || s->kind->apply(c, s, e) < 0 ||
	    (s->kind->verify && s->kind->verify(c, s, e) < 0))
		return -1;
	return store(c, s, "post", e);
}

static int back(struct step_ctx *c, const struct step *s, const char *verb, struct err *e)
{
	struct image pre CLEANUP_IMAGE = { 0 };
	struct image post CLEANUP_IMAGE = { 0 };
	int has_post;

	if (fetch(c, "pre", &pre, e) != 0 || (has_post = fetch(c, "post", &post, e)) < 0)
		return -1;
	if (strcmp(verb, "settle") == 0)
		return s->kind->settle ? s->kind->settle(c, s, &pre, e) : 0;
	c->boot = strcmp(verb, "undo-boot") == 0;
	return s->kind->undo(c, s, &pre, has_post == 0 ? &post : NULL, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct step_ctx c = { .os = os_linux_new("/", &e) };
	struct step s = { 0 };
	CLEANUP_FREE char *secret_path = NULL;
	CLEANUP_FREE char *secret = NULL;
	json_t *all;
	int r;

	if (argc != 4 || !c.os)
		return 2;
	all = json_load_file(argv[2], 0, NULL);
	c.txn_dir = argv[3];
	s.kind = step_kind_find(json_string_value(json_object_get(all, "kind")) ?: "");
	s.args = json_object_get(all, "args");
	if (!s.kind || !s.args)
		return 2;
	secret_path = xasprintf("%s/SECRET", c.txn_dir);
	if (os_read(c.os, secret_path, &secret, &e) == 0)
		c.secret = str_trim(secret);
	r = strcmp(argv[1], "apply") == 0 ? apply(&c, &s, &e) : back(&c, &s, argv[1], &e);
	if (r < 0)
		return say(&e);
	return r > 0 ? say(&e) + 2 : 0;
}
