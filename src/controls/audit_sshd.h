// SPDX-License-Identifier: MIT
/* audit_sshd.h - what all controls of sshd ask first, for audit_sshd.c and audit_door.c. */
#pragma once

#include "controls/control.h"

/* Did sshd answer? If not, *ret is filled: it refuses its configuration, is not here, or only root
 * may ask it. */
bool sshd_was_asked(const struct control_in *in, struct finding *ret);
/* "keyword value (FILE:LINE)", with "default" where nothing sets it. malloc'd. */
char *sshd_setting_evidence(const struct sshd_setting *s);
