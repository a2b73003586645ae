// SPDX-License-Identifier: MIT
/* guard_liar.c - see guard_liar.h. */
#include "lib/guard_liar.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/child.h"

struct party liar;

pid_t liar_start(const char *name, size_t peers, const enum role *role, int *ret_more)
{
	const char *argv[] = { "kannuki-guard", "role",	     name,    "--config", trial.config,
			       "--state",	trial.state, "--run", trial.run,  NULL };
	int pair[PARTY_PEERS + 1][2], theirs[PARTY_PEERS + 1];
	pid_t pid = 0;

	party_init(&liar, role[0], role, peers);
	for (size_t i = 0; i < peers; i++) {
		if (child_pair(false, pair[i], &trial.e) < 0)
			return -1;
		theirs[i] = pair[i][1];
		liar.peer[i].channel.fd = pair[i][0];
	}
	theirs[peers] = ret_more ? *ret_more : -1;
	child_start(argv, theirs, peers + (ret_more != NULL), &pid, &trial.e);
	for (size_t i = 0; i < peers; i++)
		close(pair[i][1]);
	return pid;
}

void liar_hang_up(pid_t pid)
{
	for (size_t i = 0; i < liar.count; i++)
		close_p(&liar.peer[i].channel.fd);
	party_done(&liar);
	waitpid(pid, NULL, 0);
}

bool liar_hears(size_t peer, unsigned kind, struct frame *ret)
{
	struct channel *c = &liar.peer[peer].channel;
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	for (;;) {
		int r = channel_next(c, ret, &trial.e);

		if (r == 1 && ret->kind == kind)
			return true;
		if (r == 1)
			continue;
		if (r < 0 || c->ended || poll(&p, 1, 3000) != 1 || channel_read(c, &trial.e) < 0)
			return false;
	}
}

void liar_tells(size_t peer, unsigned kind, const void *body, size_t len)
{
	channel_put(&liar.peer[peer].channel, kind, body, len, NULL);
	channel_flush(&liar.peer[peer].channel, &trial.e);
}
