// SPDX-License-Identifier: MIT
/*
 * ssh_files.h - the files below /etc/ssh that say what the draft wants, in each of three forms.
 *
 * ADD: the new port beside the old ones, or what opens at a port that stays; all else as it is. RESTRICT:
 * what the policy says, with the old authentication kept on the old ports. FINAL: only what the policy says.
 */
#pragma once

#include "controls/control.h"
#include "steps/change.h"

#define SSH_MAIN       "/etc/ssh/sshd_config"
#define SSH_DROPIN_DIR "/etc/ssh/sshd_config.d"
#define SSH_DROPIN     SSH_DROPIN_DIR "/00-kannuki.conf"

enum ssh_form { SSH_ADD, SSH_RESTRICT, SSH_FINAL };

struct ssh_file {
	char *path;
	char *text;
	mode_t mode;
	struct node expect;
};

struct ssh_files {
	struct ssh_file *file;
	size_t count;
};

/* Does what is wanted let in more (1) or less (-1) than is so now? 0: neither, or it is not known. */
int ssh_want_direction(const struct ssh_want *w);

/* Do the forms of the waiting time have a value of their own for it? */
bool ssh_waits_otherwise(const char *keyword);
/* What our own text says of this keyword: malloc'd, or NULL. */
char *ssh_own_value(const struct sshd *sshd, const char *keyword);
/* What others say of it for everybody, and sshd would take if our text did not: malloc'd, or NULL. */
char *ssh_others_value(const struct sshd *sshd, const char *keyword);

void ssh_files_done(struct ssh_files *f);
#define CLEANUP_SSH_FILES CLEANUP(ssh_files_done)

int ssh_files_make(const struct control_in *in, const struct draft *d, enum ssh_form form,
		   struct ssh_files *ret, struct err *e);
/* As changes of a step and as differences for sshd to judge; both point into f. plain free(). */
struct change *ssh_files_changes(const struct ssh_files *f);
struct run_stage *ssh_files_stage(const struct ssh_files *f);
