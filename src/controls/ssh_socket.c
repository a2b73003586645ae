// SPDX-License-Identifier: MIT
/* ssh_socket.c - see ssh_socket.h. */
#include "controls/ssh_socket.h"

#include "base/i18n.h"

#define UNIT_DIR "/etc/systemd/system"
/* After addresses.conf, and after whatever else people call theirs. */
#define NAME "zz-kannuki.conf"

void ssh_socket_done(struct ssh_socket *s)
{
	free(s->dir);
	free(s->path);
	free(s->text);
	node_done(&s->dir_now);
	node_done(&s->now);
	*s = (struct ssh_socket){ 0 };
}

bool ssh_socket_holds(const struct facts *f, const struct socket_info *s)
{
	if (!f->sshd.socket_unit || s->kind != SOCKET_TCP_LISTEN || s->pid != 1)
		return false;
	for (size_t i = 0; i < f->sshd.port_count; i++)
		if (f->sshd.port[i] == s->local_port)
			return true;
	return false;
}

int ssh_socket_check(const struct control_in *in, struct err *e)
{
	const struct facts *f = in->facts;
	char text[ADDR_TEXT];

	for (size_t i = 0; i < f->socket_count; i++)
		if (ssh_socket_holds(f, &f->socket[i]) && !addr_is_any(&f->socket[i].local))
			return err_set(e, ERR_CONFLICT,
				       _("%s listens on %s only, not on every address; a new port "
					 "would be heard on all. Leave [ssh] port out, or change "
					 "ListenStream= there first"),
				       f->sshd.socket_unit, addr_text(&f->socket[i].local, text));
	return 0;
}

/* No two families in one socket: then it does not hang on net.ipv6.bindv6only or BindIPv6Only= of
 * others whether both are heard. A trigger limit would stop the socket for ever once connections come
 * in faster than sshd can be started: any scanner could shut the door so. */
static char *text_of(const struct step_sshd_spec *spec)
{
	CLEANUP_STR struct str s = { 0 };

	str_add(&s, "# Written by kannuki from /etc/kannuki/policy.conf; change that instead.\n"
		    "# The last drop-in decides: this name sorts after the others.\n"
		    "[Socket]\n"
		    "ListenStream=\n");
	for (size_t i = 0; i < spec->port_count; i++) {
		if (spec->v4)
			str_addf(&s, "ListenStream=0.0.0.0:%u\n", spec->port[i]);
		if (spec->v6)
			str_addf(&s, "ListenStream=[::]:%u\n", spec->port[i]);
	}
	str_add(&s, "BindIPv6Only=ipv6-only\n"
		    "TriggerLimitIntervalSec=0\n");
	return str_take(&s);
}

int ssh_socket_make(const struct control_in *in, const struct step_sshd_spec *spec,
		    struct ssh_socket *ret, struct err *e)
{
	const char *unit = in->facts->sshd.socket_unit;

	if (!unit)
		return 0;
	ret->dir = xasprintf(UNIT_DIR "/%s.d", unit);
	ret->path = xasprintf("%s/" NAME, ret->dir);
	ret->text = text_of(spec);
	if (os_get(in->os, ret->dir, &ret->dir_now, e) < 0)
		return -1;
	return os_get(in->os, ret->path, &ret->now, e);
}

size_t ssh_socket_changes(const struct ssh_socket *s, struct change *ret)
{
	size_t n = 0;

	if (!s->text)
		return 0;
	if (s->dir_now.type == NODE_ABSENT)
		ret[n++] = (struct change){ .path = s->dir, .type = NODE_DIR, .mode = 0755 };
	ret[n++] = (struct change){
		.path = s->path, .type = NODE_FILE, .text = s->text, .mode = 0644, .expect = &s->now
	};
	return n;
}
