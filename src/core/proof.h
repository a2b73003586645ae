// SPDX-License-Identifier: MIT
/*
 * proof.h - was this process started from a fresh login through an asked door?
 *
 * Answers from kernel facts (process ancestry, sock_diag, start times), not from the caller's
 * environment, which the caller writes. Design "3-transaction, Proof".
 */
#pragma once

#include "core/plan.h"
#include "os/os.h"

struct proof_query {
	pid_t pid;		 /* whose ancestry is judged */
	const struct door *door; /* the doors that count */
	size_t door_count;
	int64_t pending_boottime;  /* ns; the connection must have begun after it */
	const char *command;	   /* what to type instead, e.g. "sudo kannuki confirm" */
	const struct prefix *from; /* policy's allow-from: the peer must be inside; none: any */
	size_t from_count;
};

/* What a proved login is in the journal, always in English: user, address, method, port. */
#define PROOF_WITNESS "%s from %s by %s at port %u"
/* ... and what is there instead when a person confirmed at the console. */
#define PROOF_CONSOLE "typed at the console, without proof"

enum proof_refusal {
	PROOF_OK,
	PROOF_NOT_SSH, /* no sshd among the ancestors: tmux, screen, mosh, run0, systemd-run, console */
	PROOF_OLD_SESSION, /* the connection began before PENDING (also a multiplexed channel of one) */
	PROOF_WRONG_PORT,
	PROOF_WRONG_USER, /* root's own login, or another user with sudo */
	PROOF_NOT_KEY,	  /* authenticated otherwise than the door asks */
	PROOF_LOCAL_PEER, /* from loopback or one of our own addresses: port-forwarded */
	PROOF_NOT_ALLOWED_FROM,
	PROOF_NO_WITNESS, /* how it authenticated cannot be shown */
};

struct proof {
	enum proof_refusal refusal;
	char user[64];
	struct addr peer; /* unmapped */
	uint16_t peer_port, port;
	char method[32]; /* "publickey" */
	char key[128]; /* fingerprint-less description: type and the blob's last 16 characters, or "" */
	pid_t sshd_pid;
	int64_t start_boottime;
};

/* 0: the door is proved. 1: refused; ret->refusal says which, and *e (ERR_FAILED) holds the whole
 * answer for the person: what was seen, why it does not count, the command to type instead.
 * < 0: could not be asked. */
int proof_check(struct os *os, const struct proof_query *q, struct proof *ret, struct err *e);
