// SPDX-License-Identifier: MIT
/*
 * host.h - the server at the other end, as the workstation's own OpenSSH reaches it: its configuration, agent,
 * keys, jump hosts and known_hosts count as always (ssh_config(5)).
 *
 * One connection is logged in by a person (ssh asks for the password itself) and shared by all that is
 * done there until the proof (ControlMaster); the proof comes by connections of its own.
 */
#pragma once

#include "os/addr.h"
#include "os/os.h"
#include "os/workstation.h"

struct host {
	struct os *os;
	char *target; /* as typed: "root@203.0.113.5", or a name of ~/.ssh/config (target.h) */
	char *port;   /* -p, or the one in what was typed, or NULL */
	struct private_folder folder;
	struct strv env; /* of this process, in English: what ssh says is read */
	/* from `ssh -G` */
	char *name; /* HostName: what is connected to */
	char *user;
	unsigned number; /* of the port */
	bool jumps;	 /* through another host or a command: no choice of the family then */
	char *alias;	 /* under which known_hosts files have this host: "[203.0.113.5]:2222" */
	char *known;	 /* a known_hosts file of ours, for a key that the user's do not have */
	struct strv
		key_line; /* the host's keys, "ssh-ed25519 BASE64", once they are known to be right */
	/* What the first login finds there. */
	struct piped login; /* the shared one; it ends with us, whatever ends us */
	char *machine;	    /* "Linux x86_64" */
	char *there; /* a folder of ours that may execute; NULL: there is none. It goes with the login */
	bool is_root;
	bool sudo;	   /* the first user is not root */
	char *sudo_secret; /* what sudo asks of the first user, or NULL */
};

void host_done(struct host *h);
#define CLEANUP_HOST CLEANUP(host_done)

/* What ssh makes of those words; nothing is connected yet. ERR_USAGE: ssh(1) is not there, or refuses them. */
int host_open(struct os *os, const char *target, const char *port, struct host *ret, struct err *e);

/* What a connection without any authentication finds. */
enum look {
	LOOK_SILENT,  /* no answer in time */
	LOOK_REFUSED, /* nothing listens, or there is no way */
	LOOK_UNKNOWN, /* an SSH server whose host key no file has */
	LOOK_CHANGED, /* ... and a file has another one */
	LOOK_ANSWERS, /* an SSH server with the right key */
};

struct looked {
	enum look what;
	char *methods; /* offered to that user: "publickey,password"; NULL: none seen */
	char *said;    /* ssh's last line where it did not answer */
};
void looked_done(struct looked *l);
#define CLEANUP_LOOKED CLEANUP(looked_done)

/* Where a connection goes and as whom. */
struct way {
	unsigned port;	     /* 0: the host's own */
	int family;	     /* 4, 6, or 0: either */
	const char *address; /* instead of the host's name; NULL: that */
	const char *user;    /* NULL: the host's own */
	unsigned patience;   /* s for an answer; 0: 10 */
};

int host_look(struct host *h, const struct way *way, struct looked *ret, struct err *e);

/* Its addresses by the machine's own resolver, hosts file and all: IPv4 and IPv6; family 0: it has none. ERR_USAGE: neither. */
int host_addresses(struct host *h, struct addr ret[2], struct err *e);

/* The key that it shows now into a file of ours (h->known), whatever it is: not to be trusted before it was
 * compared. */
int host_fetch_key(struct host *h, struct err *e);

/* What an SSH server offers, without a login and whoever it is; its keys are learned into a file of ours. */
struct offer {
	char *methods; /* "publickey,password" to that user; NULL: it does not say */
	char *kex, *host_keys, *ciphers,
		*macs; /* comma separated lists of its first message (RFC 4253 7.1); "" */
};
void offer_done(struct offer *o);
/* 1: no SSH server there. */
int host_ask_offer(struct host *h, const struct way *way, struct offer *ret, struct err *e);

/* Logs in: ssh asks the person what it needs. Makes the folder there. ERR_FAILED when it came to nothing. */
int host_log_in(struct host *h, struct err *e);
struct host_ask {
	const void *input; /* NULL: none */
	size_t input_len;
	unsigned timeout_ms; /* 0: 30 s */
};
/* Over that login, as the first user. `command` is for sh(1) there. Status 255: no connection. */
int host_run(struct host *h, const char *command, const struct host_ask *ask,
	     struct run_result *ret, struct err *e);
/* The same as root: by sudo where the first user is another. */
int host_run_root(struct host *h, const char *command, unsigned timeout_ms, struct run_result *ret,
		  struct err *e);
/* ssh's words for a program that talks with us over that login, as root. */
void host_argv_root(struct host *h, const char *command, struct strv *ret);

/* A login of its own by a key, without asking anybody. */
struct key_login {
	struct way way;
	const char *identity; /* of a key that the agent has, its public file */
	const char *agent;    /* socket */
	const char *command;
	const char *input; /* what it reads, or NULL */
};
int host_run_by_key(struct host *h, const struct key_login *k, struct run_result *ret,
		    struct err *e);
/* What that found: LOOK_ANSWERS also where the key was refused; then methods is what is offered instead. */
void host_looked_at(const struct run_result *r, struct looked *ret);
/* Lines of known_hosts, or of ssh-keyscan -> "ssh-ed25519 BASE64" each; comments and markers (@revoked) count as none. */
void known_hosts_keys(const char *lines, struct strv *ret);
/* A word for sh(1). malloc'd. */
char *shell_word(const char *text);
