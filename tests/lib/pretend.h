// SPDX-License-Identifier: MIT
/*
 * pretend.h - a pretend Debian for tests of steps: files are some base os's, programs are small
 * imitations of the host's (useradd, systemctl, sshd, nft, …) that write those files, and the power
 * can be cut at every call.
 */
#pragma once

#include "os/os.h"

#define PRETEND_PLENTY 1000000 /* calls: no cut */

struct pretend_unit {
	char name[64];
	bool active;
};

struct pretend {
	struct os os; /* first: give &p->os to what is tested */
	struct os *base;
	/* Calls until the power is cut: each later one fails. */
	int budget;
	bool once; /* only that one call fails, and this is false then */
	bool late; /* the call that meets the cut still does its work, but nobody hears */
	bool quiet; /* inside a program or a snapshot: calls of it are free (programs: see pretend_run) */
	int64_t clock; /* ns */
	/* Programs of a test's own, asked first; NULL: none. 1: it is none of them. */
	int (*program)(struct pretend *p, const struct run *r, struct run_result *ret,
		       struct err *e);
	void *arg; /* the test's own */

	struct pretend_unit unit[8];
	size_t unit_count;
	bool sshd_runs, transient_runs;
	unsigned port[8];
	size_t port_count;
	bool has_socket;	 /* ssh.socket has the ports of sshd; set before pretend_boot */
	bool socket_up;		 /* and is bound: sshd_runs is then whether somebody came in */
	unsigned socket_read[8]; /* ports that PID 1 has read from the socket's files */
	size_t socket_read_count;
	unsigned come_in;    /* connections that come in right after sshd was stopped */
	char running[4096];  /* configuration that the running sshd has read */
	uint64_t generation; /* inode numbers of its listeners */
	char table[65536];   /* of nft; "" none */
	char input[2]
		  [2048]; /* INPUT of iptables and ip6tables: "-P INPUT …", "-A INPUT …"; "" none */
	const char *gone;		  /* a chain that no rule may name, or NULL */
	bool starts_brings_gone;	  /* a restart of any unit makes it */
	void (*owner)(struct pretend *p); /* brings input and chain at boot; NULL: nobody */
	char chain[2048];		  /* "inet mine input" as nft lists it; "" none */
	bool bans_run;			  /* fail2ban does, with a jail sshd and its action nft */
	char ban_ports[64];		  /* of that action */
	char ban_ignored[512];		  /* as fail2ban-client lists them, each "|- ADDRESS" */
	char sysctl[64];
	char last_input[4096]; /* of the last program that read any */
	unsigned stage_runs;

	/* planted faults */
	bool reload_kills;   /* sshd dies at the reload */
	bool start_fails;    /* the unit of sshd cannot be started */
	bool reload_ignored; /* says yes and goes on with what it had */
	bool reads_nothing;  /* listens anew, but with the configuration it had */
	bool no_v6;	     /* sshd does not listen on IPv6 */
	bool no_sudo_line;   /* sudoers has no line for the group sudo */
	bool no_nft, no_nft_kernel;
	bool nft_lies;		  /* it loads nothing, and ends with 0 */
	bool accounts_held;	  /* somebody has lckpwdf(3)'s lock, and keeps it */
	unsigned locked;	  /* useradd finds the databases locked that many times */
	bool dry_run_fails;	  /* of unattended-upgrade */
	bool ban_action_is_fixed; /* it does not ask its jail for the port */
	bool silent;		  /* listens but greets nobody */
	bool slow;		  /* and is too slow for ssh, which gives up */
};

/* A small Debian 12 with root and a user "old", sshd on port 22. base is not freed. */
void pretend_init(struct pretend *p, struct os *base);
/* Everything on the disk as text, for comparing; /var/lib/kannuki and /run are left out, and so are
 * the times of folders. malloc'd. */
char *pretend_disk(struct pretend *p);
/* As a boot does: what runs is what is enabled, with what is on the disk. */
void pretend_boot(struct pretend *p);
bool pretend_is_active(const struct pretend *p, const char *unit);
bool pretend_listens(const struct pretend *p, unsigned port);
void pretend_file(struct pretend *p, const char *path, const char *text, mode_t mode);
void pretend_dir(struct pretend *p, const char *path, mode_t mode);
/* Text of a file, or "(none)". malloc'd. */
char *pretend_text(struct pretend *p, const char *path);

/* The configuration that sshd would read now, or as r stages it: one text, Include in its place, each included file
 * ended by a line "#end". malloc'd. */
char *pretend_ssh_config(struct pretend *p, const struct run *r);

/* A folder for a base of os_linux_new, gone with pretend_tmp_done. */
char *pretend_tmp(void);
void pretend_tmp_done(char *path);
