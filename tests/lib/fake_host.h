// SPDX-License-Identifier: MIT
/* fake_host.h - what the files of the host in memory share; tests include fake_os.h. */
#pragma once

#include "lib/fake_os.h"

extern const struct os_ops fake_ops;

#define FAKE_SECOND INT64_C(1000000000)

/* A test asked for what cannot be: says so and aborts. */
void fake_impossible(const char *what, const char *about) __attribute__((noreturn));
void fake_remove_below(struct fake *f, const char *real);
void fake_files_done(struct fake *f);

/* The path with the links above its last part followed. 1: a folder above is missing; < 0: -errno. */
int fake_resolve(struct fake *f, const char *path, char **ret);
struct fake_entry *fake_find(struct fake *f, const char *real);
/* Makes a resolved path hold n, as put does: parents must be there. */
void fake_set(struct fake *f, const char *real, const struct node *n);
void fake_touch(struct fake *f, struct node *n);
int fake_run(struct fake *f, const struct run *r, struct run_result *ret, struct err *e);
bool fake_listens(struct fake *f, const struct addr *to, uint16_t port);
const char *fake_banner_at(struct fake *f, uint16_t port);
struct fake_lock *fake_lock_find(struct fake *f, const char *real);
int fake_lock_take(struct fake *f, const char *real);
void fake_lock_drop(struct fake *f, int token);
/* What another process held is free when it is gone. */
void fake_lock_died(struct fake *f, pid_t pid);
