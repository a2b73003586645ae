// SPDX-License-Identifier: MIT
/* send.h - brings the program for the host's architecture there, into a folder that may execute. */
#pragma once

#include "remote/host.h"

/* The program lies in h->there as SENT_PROGRAM then. ERR_USAGE: there is none for that system or architecture. */
#define SENT_PROGRAM "kannuki"
int send_program(struct host *h, struct err *e);
/* kannuki-guard beside it, where apply looks for it. After send_program. ERR_USAGE: it is not at hand here. */
#define SENT_GUARD "kannuki-guard"
int send_guard(struct host *h, struct err *e);
/* A file of that name beside it, for the first user alone. */
int send_file(struct host *h, const char *name, const struct node *file, struct err *e);
