// SPDX-License-Identifier: MIT
/*
 * facts.h - what is so, read from the live system: never from what a file says it should be.
 *
 * What could not be asked is said (not_measured), never guessed.
 */
#pragma once

#include <jansson.h>

#include "core/facts_bans.h"
#include "core/facts_enabled.h"
#include "core/facts_services.h"
#include "core/facts_updates.h"
#include "core/opening.h"
#include "core/pubkey.h"
#include "core/selinux.h"
#include "core/sshd.h"
#include "os/os.h"

/* A row a distribution: what differs and is no fact that the host itself tells. How sshd is started and where its
 * files are is such a fact (core/sshd.h). */
struct distribution {
	const char *id;		 /* found by ID, then by ID_LIKE of os-release(5) */
	const char *admin_group; /* "sudo" or "wheel" */
	const struct package_manager *packages;
	bool no_advisories; /* no update is marked as one for security */
	const char
		*program_link; /* where sudo finds this program; NULL: where it is (PROGRAM_PATH) */
};
extern const struct distribution distributions[];
extern const size_t distributions_count;

/* The row of this host; *ret NULL: none. */
int distribution_find(struct os *os, const struct distribution **ret, struct err *e);

enum password_state {
	PASSWORD_NONE_SET,
	PASSWORD_EMPTY,
	PASSWORD_LOCKED,
	PASSWORD_SET,
	PASSWORD_UNKNOWN
};
/* NONE_SET: "*" or another value no password matches; LOCKED: begins with '!'. UNKNOWN: not root. */

struct account_key {
	struct pubkey key;
	char *options; /* "" when none */
	char *file;
	unsigned line;
};

struct account {
	char *name;
	uid_t uid;
	gid_t gid;
	char *home, *shell;
	bool can_login; /* shell is in /etc/shells and not nologin/false */
	enum password_state password;
	bool must_change;      /* last change 0: chage -d 0 */
	bool password_expired; /* maximum age passed */
	bool account_expired;
	bool in_admin_group;	      /* sudo or wheel, primary or supplementary */
	bool sudo_nopasswd, sudo_any; /* as sudo -l -U answers for ALL commands; needs root */
	struct account_key *key;
	size_t key_count;
};

struct session {
	char *user;	  /* of the sshd session process, "" before authentication */
	pid_t pid;	  /* the connection's privileged sshd process */
	struct addr peer; /* unmapped */
	uint16_t peer_port, local_port;
	struct addr local;
	int64_t start_boottime; /* ns */
	bool own;		/* we run in it */
};

/* Who else filters packets: ufw, firewalld, iptables-persistent, nftables.service, foreign tables. */
struct filter_owner {
	char *name; /* "ufw", "firewalld", "iptables-persistent", "nftables.service", "table inet x" */
	bool active;	/* now */
	bool at_boot;	/* enabled */
	bool denies;	/* has a base chain on input with policy drop, or an own default deny */
	bool flushes;	/* its start or reload does `flush ruleset` */
	char *evidence; /* file:line or command that shows it */
	char *unit;	/* that loads its rules at boot; NULL: not known */
	/* Where its denial is: iptables' INPUT, or these base chains of nft ("inet filter input"). */
	bool iptables;
	struct strv chain;
};

/* The control that has other owners replaced; its steps name their units. */
#define FILTER_OWNER_CONTROL "filter.one-owner"
/* Does it decide what comes in, now or from the next boot on? */
bool filter_owner_denies(const struct filter_owner *o);

/* A port that the rules of others let in, or lead elsewhere (DNAT). */
struct foreign_port {
	struct port_range range;
	char *by; /* "ufw", "table ip nat" */
};

struct foreign_ports {
	struct foreign_port *item;
	size_t count;
};

struct unit_fact {
	char *name;
	char *load, *active,
		*enabled; /* as systemctl show prints LoadState, ActiveState, UnitFileState */
};

struct facts {
	bool as_root;
	char *hostname, *boot_id, *machine_id;
	char *distro_id, *distro_version, *distro_name; /* os-release ID, VERSION_ID, PRETTY_NAME */
	const struct distribution *distribution;	/* NULL: none of our rows */
	bool systemd;					/* PID 1 is systemd and answers */
	struct unit_fact
		*unit; /* sshd's service and socket, nftables, ufw, firewalld, cloud-init … */
	size_t unit_count;
	struct sshd sshd;
	char *sshd_refuses; /* facts_query.audit: why sshd takes its configuration no more, or NULL */
	struct socket_info *socket;
	size_t socket_count;
	struct if_addr *address;
	size_t address_count;
	struct addr own_peer; /* where our own login comes from; family 0: it is none over SSH */
	struct session *session;
	size_t session_count;
	struct account *
		account; /* root, every account that can log in or has keys, and the one asked for */
	size_t account_count;
	struct filter_owner *filter;
	size_t filter_count;
	struct foreign_ports allowed; /* by owners of iptables' INPUT, as iptables lists them */
	struct strv
		allowed_other; /* what they let in whatever its port: "from 192.0.2.7/32 (ufw)" */
	struct foreign_ports published; /* containers' (trap 28): they never meet input */
	struct strv
		published_unknown; /* "table inet x", whose DNAT rules name no port we can read */
	bool nft_works;		   /* nft is there and may list the ruleset */
	bool cloud_init;	   /* installed */
	char *cloud_init_status;   /* as `cloud-init status` says (running, done, …), or NULL */
	struct updates_fact updates;
	struct service_fact *service; /* listening to the outside, and those asked for */
	size_t service_count;
	struct enabled_fact *enabled;
	size_t enabled_count;
	bool enabled_owned; /* the packages of their files were asked */
	struct bans_fact bans;
	struct selinux_fact selinux;
	struct strv not_measured; /* "what: why" */
};

struct facts_query {
	const char *admin;   /* account of interest beside the existing ones, or NULL */
	unsigned extra_port; /* a port asked about in the sshd matrix beside those in use, or 0 */
	/* For audit: more units; and what cannot be asked is said, not an error. */
	bool audit;
	bool updates;		    /* how updates come, and whether a restart is due */
	bool upgradable;	    /* that, and what an update would do: 0.65 s of CPU */
	bool pending;		    /* that, and which security updates wait */
	bool bans;		    /* what fail2ban does: some tenths of a second where it runs */
	bool services;		    /* who listens to the outside, and who uses it */
	bool enabled;		    /* with updates: what is enabled, and whose it is */
	const struct strv *service; /* units asked about though they do not listen, or NULL */
	bool brief; /* only what plan and status need: no keys of other users, no sudo -l of others */
};

int facts_gather(struct os *os, const struct facts_query *q, struct facts *ret, struct err *e);
void facts_done(struct facts *f);
#define CLEANUP_FACTS CLEANUP(facts_done)

const struct account *facts_account(const struct facts *f, const char *name); /* NULL: none */
const struct unit_fact *facts_unit(const struct facts *f, const char *name);  /* NULL: none */
bool facts_own_filter(const struct facts *f); /* the unit of our packet filter is active */
json_t *facts_json(const struct facts *f);    /* new reference */
