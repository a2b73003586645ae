// SPDX-License-Identifier: MIT
/* pending.c - see pending.h. */
#include "setup/pending.h"

#include <jansson.h>
#include <string.h>

#include "base/i18n.h"
#include "base/term.h"
#include "core/policy.h"

void pending_done(struct pending *p)
{
	free(p->id);
	free(p->user);
	strv_done(&p->address);
	*p = (struct pending){ 0 };
}

static bool is_door(const struct plan *p, unsigned port)
{
	for (size_t i = 0; i < p->door_count; i++)
		if (p->door[i].port == port)
			return true;
	return false;
}

/* What the policy wants of the ways in: what must be shut then is asked from outside. */
static void add_ways(json_t *told, const struct plan *p)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	struct err ignored = { 0 };

	if (!p->policy_text || policy_parse("policy", p->policy_text, &policy, &ignored) < 0)
		policy_init(&policy);
	json_object_set_new(told, "sudo_asks", json_boolean(policy.admin_sudo == SUDO_PASSWORD));
	json_object_set_new(told, "passwords", json_boolean(policy.password_login));
	json_object_set_new(told, "root", json_boolean(policy.root_login != ROOT_LOGIN_NO));
}

void pending_tell(struct os *os, const struct txn *t, const struct facts *f)
{
	json_t *told = json_object(), *ports = json_array(), *addresses = json_array();
	int64_t left = (t->deadline - os_now(os, OS_BOOTTIME)) / 1000000000;
	const struct door *door = t->plan.door_count ? &t->plan.door[0] : NULL;
	const struct provider *provider = provider_detect(os, f);
	const char *program = NULL;
	struct err ignored = { 0 };
	char *text;

	for (size_t i = 0; i < f->sshd.port_count; i++)
		if (!is_door(&t->plan, f->sshd.port[i]))
			json_array_append_new(ports, json_integer((int)f->sshd.port[i]));
	for (size_t i = 0; i < f->address_count; i++) {
		char addr[ADDR_TEXT];

		if (!f->address[i].loopback && !addr_is_link_local(&f->address[i].addr))
			json_array_append_new(addresses,
					      json_string(addr_text(&f->address[i].addr, addr)));
	}
	json_object_set_new(told, "id", json_string(t->id));
	json_object_set_new(told, "user", json_string(door ? door->user : ""));
	json_object_set_new(told, "port", json_integer(door ? (int)door->port : 0));
	json_object_set_new(told, "by_key",
			    json_boolean(door && str_eq(door->method, "publickey")));
	add_ways(told, &t->plan);
	if (program_installed(os, &program, &ignored) == 0 && program)
		json_object_set_new(told, "program", json_string(program));
	json_object_set_new(told, "seconds", json_integer(left > 0 ? left : 0));
	if (provider)
		json_object_set_new(told, "provider", json_string(provider->title));
	json_object_set_new(told, "old_ports", ports);
	json_object_set_new(told, "addresses", addresses);
	text = json_dumps(told, JSON_COMPACT);
	term_tell(text);
	free(text);
	json_decref(told);
}

/* A number of the object within its bounds, else 0. */
static unsigned number(const json_t *from, const char *name, unsigned max)
{
	json_int_t n = json_integer_value(json_object_get(from, name));

	return n > 0 && n <= (json_int_t)max ? (unsigned)n : 0;
}

/* By the name that the table has for it: what is said to the person is never the host's own words. */
static const struct provider *provider_named(const char *title)
{
	for (size_t i = 0; i < providers_count; i++)
		if (str_eq(providers[i].title, title))
			return &providers[i];
	return NULL;
}

/* It becomes a word of ssh's arguments. */
static bool is_name(const char *text)
{
	return text[0] && text[0] != '-' &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "._-")] == '\0';
}

int pending_read(const char *text, struct pending *ret, struct err *e)
{
	json_t *told = json_loads(text, 0, NULL), *one;
	const char *id = json_string_value(json_object_get(told, "id"));
	const char *user = json_string_value(json_object_get(told, "user"));
	size_t i;

	*ret = (struct pending){ .port = number(told, "port", 65535) };
	if (!id || !user || !is_name(user) || ret->port == 0) {
		json_decref(told);
		return err_set(e, ERR_FAILED, _("the answer from the other end cannot be read"));
	}
	ret->id = xstrdup(id);
	ret->user = xstrdup(user);
	ret->by_key = json_is_true(json_object_get(told, "by_key"));
	ret->sudo_asks = json_is_true(json_object_get(told, "sudo_asks"));
	ret->passwords = json_is_true(json_object_get(told, "passwords"));
	ret->root = json_is_true(json_object_get(told, "root"));
	/* It is run there as root, so it is one of ours or none. */
	ret->program = str_eq(json_string_value(json_object_get(told, "program")), PROGRAM_PACKAGED)
			       ? PROGRAM_PACKAGED
			       : PROGRAM_PATH;
	ret->provider = provider_named(json_string_value(json_object_get(told, "provider")));
	ret->seconds = number(told, "seconds", 7200);
	json_array_foreach (json_object_get(told, "old_ports"), i, one)
		if (ret->old_port_count < COUNT(ret->old_port) && json_integer_value(one) > 0 &&
		    json_integer_value(one) <= 65535)
			ret->old_port[ret->old_port_count++] = (unsigned)json_integer_value(one);
	json_array_foreach (json_object_get(told, "addresses"), i, one) {
		struct addr a;

		if (json_is_string(one) && addr_parse(json_string_value(one), &a) == 0)
			strv_add(&ret->address, json_string_value(one));
	}
	json_decref(told);
	return 0;
}
