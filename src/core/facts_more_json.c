// SPDX-License-Identifier: MIT
/* facts_more_json.c - see facts_more_json.h. */
#include "core/facts_more_json.h"

#include "base/json.h"

static json_t *texts(const struct strv *v)
{
	json_t *all = json_array();

	for (size_t i = 0; i < v->count; i++)
		json_array_append_new(all, json_text(v->item[i]));
	return all;
}

static json_t *time_or_null(int64_t seconds)
{
	return seconds ? json_integer(seconds) : json_null();
}

json_t *updates_json(const struct facts *f)
{
	const struct updates_fact *u = &f->updates;
	json_t *times, *restart;

	if (!u->measured)
		return json_null();
	times = json_pack("{s:o, s:o, s:o}", "lists", time_or_null(u->lists_time), "unattended",
			  time_or_null(u->unattended_time), "upgrade",
			  time_or_null(u->upgrade_time));
	restart = json_pack("{s:b, s:o, s:o, s:o, s:b}", "required", (int)u->reboot_required,
			    "packages", texts(&u->reboot_packages), "kernel_running",
			    json_text(u->kernel_running), "kernel_newest",
			    json_text(u->kernel_newest), "kernel_waits", (int)u->kernel_waits);
	return json_pack("{s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "unattended", (int)u->unattended,
			 "automatic", (int)updates_are_automatic(u), "config", texts(&u->config),
			 "times", times, "restart", restart, "zone", json_text(u->zone), "pending",
			 u->pending_measured ? texts(&u->pending) : json_null());
}

json_t *services_json(const struct facts *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->service_count; i++) {
		const struct service_fact *s = &f->service[i];

		json_array_append_new(
			all, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "unit",
				       json_text(s->unit), "program", json_text(s->program),
				       "description", json_text(s->description), "active",
				       json_text(s->active), "enabled", json_text(s->enabled),
				       "with", texts(&s->with), "listen", texts(&s->listen),
				       "needed_by", texts(&s->needed_by), "used_by",
				       texts(&s->used_by), "kept", (int)(s->kept_for != NULL)));
	}
	return all;
}

json_t *enabled_json(const struct facts *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->enabled_count; i++) {
		const struct enabled_fact *u = &f->enabled[i];

		json_array_append_new(
			all,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "unit",
				  json_text(u->unit), "description", json_text(u->description),
				  "active", json_text(u->active), "path", json_text(u->path),
				  "package", u->package[0] ? json_text(u->package) : json_null(),
				  "starts", texts(&u->starts), "with", texts(&u->with), "listen",
				  texts(&u->listen), "needed_by", texts(&u->needed_by)));
	}
	return all;
}

json_t *bans_json(const struct facts *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->bans.jail_count; i++) {
		const struct ban_jail *j = &f->bans.jail[i];
		json_t *actions = json_array();

		for (size_t k = 0; k < j->action_count; k++)
			json_array_append_new(actions,
					      json_pack("{s:o, s:o}", "name",
							json_text(j->action[k].name), "ports",
							json_text(j->action[k].ports)));
		json_array_append_new(all, json_pack("{s:o, s:b, s:o}", "jail", json_text(j->name),
						     "guards_ssh", (int)ban_jail_guards_ssh(j),
						     "actions", actions));
	}
	return all;
}
