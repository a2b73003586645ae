// SPDX-License-Identifier: MIT
/*
 * world.h - a whole pretend VPS in memory, as a policy is planned and carried out there: a pretend Debian on
 * a host in memory, with an sshd that reads Match, a systemd that shows its units, and an nft that lists
 * its table as JSON. What varies between hosts is in struct world_kind.
 */
#pragma once

#include "lib/fake_os.h"
#include "lib/pretend.h"

enum world_include { INCLUDE_FIRST, INCLUDE_LATE, INCLUDE_NOT };
enum world_owner { OWNER_NONE, OWNER_NFT, OWNER_COUNT };

struct world_kind {
	unsigned port[2]; /* of sshd; 0: not written, or no second one */
	enum world_include include;
	bool drop_in;	   /* cloud-init's, which lets passwords in */
	bool root_drop_in; /* another one, about root */
	bool no_keys;	   /* and one that takes no keys */
	bool match_user, match_address;
	bool socket;	 /* ssh.socket has the ports */
	bool admin;	 /* there is a user taro already */
	bool admin_sudo; /* who is in group sudo */
	bool admin_keys, root_keys, old_keys;
	enum world_owner owner; /* of the packet filter */
	bool cloud;
	bool cups;	/* a service that a policy may stop */
	bool busy_port; /* some port is reserved already */
	bool guard;	/* the program kannuki-guard is there */
};

struct world {
	struct pretend p;
	struct fake *fake;
	struct world_kind kind;
	bool guard_table;      /* of kannuki-guard, in the kernel */
	char guard_reads[512]; /* its configuration, as it was when it began */
};

/* Give &w->p.os to what is tested. */
void world_init(struct world *w, const struct world_kind *kind);
void world_done(struct world *w);
/* The kind in words, one line; malloc'd. */
char *world_text(const struct world_kind *kind);
/* All that must be as before after an undo: disk, what runs, what it has read, the filter; with the times of files
 * or without. malloc'd. */
char *world_state(struct world *w, bool times);
/* Power off and on. Early boot: nothing runs yet. */
void world_power_on(struct world *w);
/* Then the rest of the boot. */
void world_boot(struct world *w);
/* Only our process died: the next one may go on. */
void world_restart(struct world *w);
/* Would the running sshd, behind the filter, take this from this user at this port? method "publickey" or "password". */
bool world_door(struct world *w, unsigned port, const char *user, const char *method);
