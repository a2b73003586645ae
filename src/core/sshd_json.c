// SPDX-License-Identifier: MIT
/*
 * sshd_json.c - what sshd says, for programs. The keys are a promise: they are added to, not changed.
 *
 * program, version, unit, socket_unit (null: none), options [text], ports [number],
 * include_first (bool), match_looks_at ["user", "group", "address", "local-address", "local-port",
 * "other"], files [{path, mode "0644", owner, group}], views [{who, user, address, local_address,
 * port, settings {KEYWORD: {value, file, line}}}]. In settings a repeated keyword's values are
 * joined by newlines, and file and line are null where no line decides or it cannot be told which.
 */
#include "base/json.h"
#include "core/sshd.h"

static json_t *address(const struct addr *a)
{
	char text[ADDR_TEXT];

	return a->family ? json_string(addr_text(a, text)) : json_null();
}

static json_t *settings(const struct sshd_view *v)
{
	json_t *all = json_object();

	for (size_t i = 0; i < v->count; i++) {
		const struct sshd_setting *s = &v->setting[i];
		json_t *line = s->file ? json_integer(s->line) : json_null();

		json_object_set_new(all, s->keyword,
				    json_pack("{s:o, s:o, s:o}", "value", json_text(s->value),
					      "file", json_text(s->file), "line", line));
	}
	return all;
}

static json_t *views(const struct sshd *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->view_count; i++) {
		const struct sshd_view *v = &s->view[i];

		json_array_append_new(all, json_pack("{s:o, s:o, s:o, s:o, s:i, s:o}", "who",
						     json_text(v->who), "user", json_text(v->user),
						     "address", address(&v->addr), "local_address",
						     address(&v->local), "port", (int)v->port,
						     "settings", settings(v)));
	}
	return all;
}

static json_t *files(const struct sshd *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->file_count; i++) {
		const struct node *n = &s->file[i].node;
		CLEANUP_FREE char *mode = xasprintf("%04o", (unsigned)n->mode);

		json_array_append_new(all, json_pack("{s:o, s:s, s:i, s:i}", "path",
						     json_text(s->file[i].path), "mode", mode,
						     "owner", (int)n->uid, "group", (int)n->gid));
	}
	return all;
}

static json_t *looks_at(const struct sshd *s)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{ ASKS_USER, "user" },
		{ ASKS_GROUP, "group" },
		{ ASKS_ADDR, "address" },
		{ ASKS_LOCAL_ADDR, "local-address" },
		{ ASKS_LOCAL_PORT, "local-port" },
		{ ASKS_OTHER, "other" },
	};
	json_t *all = json_array();

	for (size_t i = 0; i < COUNT(names); i++)
		if (s->asks & names[i].bit)
			json_array_append_new(all, json_string(names[i].name));
	return all;
}

json_t *sshd_json(const struct sshd *s)
{
	json_t *ports = json_array();
	json_t *options = json_array();

	for (size_t i = 0; i < s->port_count; i++)
		json_array_append_new(ports, json_integer(s->port[i]));
	for (size_t i = 0; i < s->options.count; i++)
		json_array_append_new(options, json_text(s->options.item[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "program",
			 json_text(s->program), "version", json_text(s->version), "unit",
			 json_text(s->unit), "socket_unit", json_text(s->socket_unit), "options",
			 options, "ports", ports, "include_first", (int)s->include_first,
			 "match_looks_at", looks_at(s), "files", files(s), "views", views(s));
}
