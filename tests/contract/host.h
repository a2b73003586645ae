// SPDX-License-Identifier: MIT
/*
 * host.h - one suite, two hosts: the real one in a folder of its own, and the one in memory. Each case
 * runs once on each, on a host that has an empty folder "/t" and nothing else that counts.
 */
#pragma once

#include "lib/fake_os.h"
#include "lib/t.h"

struct host {
	struct os *os;
	struct fake *fake; /* NULL: the real host */
	char *root;	   /* folder of the real host on the machine, or NULL */
};

/* The host of the running case. */
extern struct host host;

/* As t_main, every case on both hosts. */
int host_main(const struct t_case *c, size_t n);
/* Only on the real host, in a folder with an empty "/t" as host_main does it. */
int host_main_folder(const struct t_case *c, size_t n);
/* Only on the real host, whose root is "/". */
int host_main_real(const struct t_case *c, size_t n);

/* The machine's name of a path on the real host; malloc'd. */
char *host_path(const char *path);
/* Aborts the program when the host fails. */
void host_file(const char *path, const char *text, mode_t mode);
void host_dir(const char *path, mode_t mode);
void host_link(const char *path, const char *target);
/* What is at a path; a case that fails here fails loudly. */
struct node host_node(const char *path);
/* The same without bytes and xattrs: nothing to free. */
struct node host_bare(const char *path);
/* Does path hold a file with this text? */
bool host_holds(const char *path, const char *text);
/* Names in a folder, joined by blanks, or "(none)"; malloc'd. */
char *host_names(const char *path);
