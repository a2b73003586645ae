// SPDX-License-Identifier: MIT
/*
 * facts_json.c - the facts for programs. The keys are a promise: they are added to, not changed, and
 * what could not be asked is null or false with a line in not_measured.
 *
 * format            1
 * as_root, systemd  bool
 * host              {hostname, boot_id, machine_id}
 * distribution      {id, version, name, family: our row's id or null}
 * units             [{name, load, active, enabled}] as systemctl prints them
 * sshd              see sshd_json.c
 * sockets           [{kind "tcp-listen" | "tcp-established" | "udp", address, port, v6only,
 *                   interface, peer, peer_port, pid, program}]
 * addresses         [{interface, address, bits, loopback}]
 * sessions          [{user ("" before the login is done), pid, peer, peer_port, address, port,
 *                   start_boottime (seconds since boot)}]
 * accounts          [{name, uid, gid, home, shell, can_login, password "none" | "empty" | "locked" |
 *                   "set" | "unknown", must_change, password_expired, account_expired,
 *                   admin_group, sudo_all, sudo_nopasswd, keys [{type, bits, comment, options,
 *                   file, line}]}]
 * filter            {nft_works, owners [{name, active, at_boot, denies, flushes, evidence}]}
 * cloud_init        {installed, status}
 * updates           {unattended, automatic (both bool), config ["Name=value" of apt], times {lists,
 *                   unattended, upgrade: seconds since 1970 or null}, restart {required, packages,
 *                   kernel_running, kernel_newest, kernel_waits}, zone, pending ["package old -> new"]
 *                   or null}, or null
 * services          [{unit, program, description, active, enabled, with [unit], listen ["22/tcp
 *                   0.0.0.0"], needed_by [unit],
 *                   used_by [text], kept (never stopped)}]: who listens to the outside
 * enabled           [{unit, description, active, path, package (null: none, or not asked), starts [unit],
 *                   with [unit], listen [text], needed_by [unit]}]: services, sockets, timers, paths
 * not_measured      ["what: why"]
 */
#include "base/json.h"
#include "core/facts.h"
#include "core/facts_more_json.h"

static json_t *address(const struct addr *a)
{
	char text[ADDR_TEXT];

	return a->family ? json_string(addr_text(a, text)) : json_null();
}

static json_t *units(const struct facts *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->unit_count; i++)
		json_array_append_new(all, json_pack("{s:o, s:o, s:o, s:o}", "name",
						     json_text(f->unit[i].name), "load",
						     json_text(f->unit[i].load), "active",
						     json_text(f->unit[i].active), "enabled",
						     json_text(f->unit[i].enabled)));
	return all;
}

static json_t *sockets(const struct facts *f)
{
	static const char *const kinds[] = {
		[SOCKET_TCP_LISTEN] = "tcp-listen",
		[SOCKET_TCP_ESTABLISHED] = "tcp-established",
		[SOCKET_UDP_BOUND] = "udp",
	};
	json_t *all = json_array();

	for (size_t i = 0; i < f->socket_count; i++) {
		const struct socket_info *s = &f->socket[i];
		bool connected = s->kind == SOCKET_TCP_ESTABLISHED;
		json_t *one = json_pack("{s:s, s:o, s:i, s:b, s:o, s:o, s:o, s:o, s:o}", "kind",
					kinds[s->kind], "address", address(&s->local), "port",
					(int)s->local_port, "v6only", (int)s->v6only, "interface",
					json_text(s->ifname), "peer",
					connected ? address(&s->peer) : json_null(), "peer_port",
					connected ? json_integer(s->peer_port) : json_null(), "pid",
					s->pid ? json_integer(s->pid) : json_null(), "program",
					s->comm[0] ? json_text(s->comm) : json_null());

		json_array_append_new(all, one);
	}
	return all;
}

static json_t *addresses(const struct facts *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->address_count; i++) {
		const struct if_addr *a = &f->address[i];

		json_array_append_new(all, json_pack("{s:o, s:o, s:i, s:b}", "interface",
						     json_text(a->ifname), "address",
						     address(&a->addr), "bits", (int)a->bits,
						     "loopback", (int)a->loopback));
	}
	return all;
}

static json_t *sessions(const struct facts *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->session_count; i++) {
		const struct session *s = &f->session[i];

		json_array_append_new(
			all,
			json_pack("{s:o, s:o, s:o, s:i, s:o, s:i, s:f}", "user", json_text(s->user),
				  "pid", s->pid ? json_integer(s->pid) : json_null(), "peer",
				  address(&s->peer), "peer_port", (int)s->peer_port, "address",
				  address(&s->local), "port", (int)s->local_port, "start_boottime",
				  (double)s->start_boottime / 1e9));
	}
	return all;
}

static json_t *keys(const struct account *a)
{
	json_t *all = json_array();

	for (size_t i = 0; i < a->key_count; i++) {
		const struct account_key *k = &a->key[i];

		json_array_append_new(
			all, json_pack("{s:o, s:i, s:o, s:o, s:o, s:i}", "type",
				       json_text(k->key.type), "bits", (int)k->key.bits, "comment",
				       json_text(k->key.comment), "options", json_text(k->options),
				       "file", json_text(k->file), "line", (int)k->line));
	}
	return all;
}

static json_t *account(const struct account *a)
{
	static const char *const passwords[] = {
		[PASSWORD_NONE_SET] = "none",	[PASSWORD_EMPTY] = "empty",
		[PASSWORD_LOCKED] = "locked",	[PASSWORD_SET] = "set",
		[PASSWORD_UNKNOWN] = "unknown",
	};
	json_t *one = json_pack("{s:o, s:I, s:I, s:o, s:o, s:b, s:s}", "name", json_text(a->name),
				"uid", (json_int_t)a->uid, "gid", (json_int_t)a->gid, "home",
				json_text(a->home), "shell", json_text(a->shell), "can_login",
				(int)a->can_login, "password", passwords[a->password]);
	json_t *more = json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:o}", "must_change",
				 (int)a->must_change, "password_expired", (int)a->password_expired,
				 "account_expired", (int)a->account_expired, "admin_group",
				 (int)a->in_admin_group, "sudo_all", (int)a->sudo_any,
				 "sudo_nopasswd", (int)a->sudo_nopasswd, "keys", keys(a));

	json_object_update(one, more);
	json_decref(more);
	return one;
}

static json_t *owners(const struct facts *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->filter_count; i++) {
		const struct filter_owner *o = &f->filter[i];

		json_array_append_new(all, json_pack("{s:o, s:b, s:b, s:b, s:b, s:o}", "name",
						     json_text(o->name), "active", (int)o->active,
						     "at_boot", (int)o->at_boot, "denies",
						     (int)o->denies, "flushes", (int)o->flushes,
						     "evidence", json_text(o->evidence)));
	}
	return all;
}

static json_t *foreign_ports(const struct foreign_ports *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->count; i++)
		json_array_append_new(
			all, json_pack("{s:s, s:i, s:i, s:o}", "transport",
				       p->item[i].range.transport == TRANSPORT_UDP ? "udp" : "tcp",
				       "from", (int)p->item[i].range.from, "to",
				       (int)p->item[i].range.to, "by", json_text(p->item[i].by)));
	return all;
}

static json_t *host(const struct facts *f)
{
	return json_pack("{s:o, s:o, s:o}", "hostname", json_text(f->hostname), "boot_id",
			 json_text(f->boot_id), "machine_id", json_text(f->machine_id));
}

static json_t *distribution(const struct facts *f)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "id", json_text(f->distro_id), "version",
			 json_text(f->distro_version), "name", json_text(f->distro_name), "family",
			 json_text(f->distribution ? f->distribution->id : NULL));
}

json_t *facts_json(const struct facts *f)
{
	json_t *all = json_pack("{s:i, s:b, s:b, s:o, s:o, s:o, s:o}", "format", 1, "as_root",
				(int)f->as_root, "systemd", (int)f->systemd, "host", host(f),
				"distribution", distribution(f), "units", units(f), "sshd",
				sshd_json(&f->sshd));
	json_t *accounts = json_array();
	json_t *not_measured = json_array();

	for (size_t i = 0; i < f->account_count; i++)
		json_array_append_new(accounts, account(&f->account[i]));
	for (size_t i = 0; i < f->not_measured.count; i++)
		json_array_append_new(not_measured, json_text(f->not_measured.item[i]));
	json_object_set_new(all, "sockets", sockets(f));
	json_object_set_new(all, "addresses", addresses(f));
	json_object_set_new(all, "sessions", sessions(f));
	json_object_set_new(all, "accounts", accounts);
	json_object_set_new(all, "filter",
			    json_pack("{s:b, s:o, s:o, s:o}", "nft_works", (int)f->nft_works,
				      "owners", owners(f), "allowed", foreign_ports(&f->allowed),
				      "published", foreign_ports(&f->published)));
	json_object_set_new(all, "cloud_init",
			    json_pack("{s:b, s:o}", "installed", (int)f->cloud_init, "status",
				      json_text(f->cloud_init_status)));
	json_object_set_new(all, "updates", updates_json(f));
	json_object_set_new(all, "services", services_json(f));
	json_object_set_new(all, "enabled", enabled_json(f));
	json_object_set_new(all, "bans", bans_json(f));
	json_object_set_new(all, "not_measured", not_measured);
	return all;
}
