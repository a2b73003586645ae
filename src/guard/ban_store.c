// SPDX-License-Identifier: MIT
/* ban_store.c - see ban_store.h. */
#include "guard/ban_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "os/child.h"

#define SCHEMA	       1      /* PRAGMA user_version */
#define POSITIONS_MOST "2000" /* new ones are passed over */
#define POSITION_SECONDS \
	(INT64_C(90) * 86400) /* of a log that nobody has written to since it is forgotten */

enum state { WAITING, IN_FORCE, OVER, ENDED_BY_HAND };

static const char schema[] =
	"CREATE TABLE ban (id INTEGER PRIMARY KEY, who BLOB NOT NULL, prefix INTEGER NOT NULL, "
	"jail TEXT NOT NULL, since REAL NOT NULL, until REAL NOT NULL, attempts INTEGER NOT NULL, "
	"lines TEXT NOT NULL, state INTEGER NOT NULL);"
	"CREATE INDEX ban_who ON ban (who, since);"
	"CREATE INDEX ban_waiting ON ban (id) WHERE state = 0;"
	"CREATE INDEX ban_until ON ban (until);"
	"CREATE TABLE failure (id INTEGER PRIMARY KEY, jail TEXT NOT NULL, source TEXT NOT NULL, "
	"at REAL NOT NULL, count INTEGER NOT NULL);"
	"CREATE INDEX failure_source ON failure (source);"
	"CREATE TABLE position (name TEXT PRIMARY KEY, at TEXT NOT NULL, "
	"touched INTEGER NOT NULL DEFAULT (unixepoch())) WITHOUT ROWID;"
	"PRAGMA user_version = 1;";

#define BAN_COLUMNS "who, jail, since, until, attempts, lines, state"
#define NOT_OVER    "state < 2 AND (until < 0 OR until > ?2)"

enum query {
	HAS,
	ADD,
	SET_STATE,
	COUNT_JAIL,
	COUNT_ALL,
	END,
	UNTIL,
	COUNT_NOW,
	EACH_NOW,
	EACH_WAITING,
	EACH_OF,
	EACH_OVER,
	SET_OVER,
	FAIL,
	FAILURES,
	FORGET,
	SET_POSITION,
	POSITIONS,
	TIDY_BANS,
	TIDY_FAILURES,
	TIDY_MANY,
	TIDY_POSITIONS,
	QUERIES
};

static const char *const sql[QUERIES] = {
	[HAS] = "SELECT 1 FROM ban WHERE who = ?1 AND jail = ?3 AND " NOT_OVER,
	[ADD] = "INSERT INTO ban (who, prefix, jail, since, until, attempts, lines, state) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[SET_STATE] = "UPDATE ban SET state = ?2 WHERE who = ?1 AND state < 2",
	[COUNT_JAIL] = "SELECT until - since FROM ban WHERE who = ?1 AND jail = ?2 AND state < 3 "
		       "ORDER BY since DESC LIMIT 64",
	[COUNT_ALL] = "SELECT until - since FROM ban WHERE who = ?1 AND state < 3 "
		      "ORDER BY since DESC LIMIT 64",
	[END] = "UPDATE ban SET until = MIN(?2, CASE WHEN until < 0 THEN ?2 ELSE until END), "
		"state = ?3 WHERE who = ?1 AND " NOT_OVER,
	[UNTIL] = "SELECT until FROM ban WHERE who = ?1 AND " NOT_OVER
		  " ORDER BY until < 0 DESC, until DESC LIMIT 1",
	[COUNT_NOW] = "SELECT COUNT(*) FROM ban WHERE " NOT_OVER,
	[EACH_NOW] = "SELECT " BAN_COLUMNS " FROM ban WHERE " NOT_OVER " ORDER BY until < 0, until",
	[EACH_WAITING] = "SELECT " BAN_COLUMNS " FROM ban WHERE state = 0 AND " NOT_OVER
			 " ORDER BY id LIMIT 10000",
	[EACH_OF] = "SELECT " BAN_COLUMNS " FROM ban WHERE who = ?1 ORDER BY since DESC LIMIT 20",
	[EACH_OVER] =
		"SELECT " BAN_COLUMNS " FROM ban WHERE prefix AND state < 2 AND until >= 0 AND "
		"until <= ?2",
	[SET_OVER] = "UPDATE ban SET state = 2 WHERE state < 2 AND until >= 0 AND until <= ?2",
	[FAIL] = "INSERT INTO failure (jail, source, at, count) VALUES (?1, ?2, ?3, ?4)",
	[FAILURES] = "SELECT jail, source, at, count FROM failure ORDER BY id",
	[FORGET] = "DELETE FROM failure WHERE source = ?1",
	[SET_POSITION] = "INSERT INTO position (name, at) SELECT ?1, ?2 WHERE "
			 "EXISTS (SELECT 1 FROM position WHERE name = ?1) OR "
			 "(SELECT COUNT(*) FROM position) < " POSITIONS_MOST " "
			 "ON CONFLICT (name) DO UPDATE SET at = ?2, touched = unixepoch()",
	[POSITIONS] = "SELECT name, at FROM position",
	[TIDY_BANS] = "DELETE FROM ban WHERE state >= 2 AND id <= (SELECT MAX(id) FROM ban) - ?1",
	[TIDY_FAILURES] = "DELETE FROM failure WHERE at < ?1",
	[TIDY_POSITIONS] = "DELETE FROM position WHERE touched < ?1",
	[TIDY_MANY] = "DELETE FROM failure WHERE id <= (SELECT MAX(id) FROM failure) - ?1",
};

struct ban_store {
	sqlite3 *db;
	sqlite3_stmt *query[QUERIES];
	bool changed; /* a transaction is open */
};

static int failed(struct ban_store *s, struct err *e)
{
	return err_set(e, ERR_FAILED, "bans.db: %s", sqlite3_errmsg(s->db));
}

static int execute(struct ban_store *s, const char *text, struct err *e)
{
	return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(s, e);
}

void ban_store_close(struct ban_store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < QUERIES; i++)
		sqlite3_finalize(s->query[i]);
	sqlite3_close(s->db);
	free(s);
}

static int user_version(struct ban_store *s, int *ret, struct err *e)
{
	sqlite3_stmt *q = NULL;
	int r = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL);

	if (r == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
		*ret = sqlite3_column_int(q, 0);
	else
		r = failed(s, e);
	sqlite3_finalize(q);
	return r == SQLITE_OK ? 0 : -1;
}

/* Only this process uses it: locked once, and no file shared in memory. */
static int set_up(struct ban_store *s, struct err *e)
{
	int version = 0;

	if (execute(s,
		    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; "
		    "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = "
		    "-2048; "
		    "PRAGMA journal_size_limit = 4194304; PRAGMA max_page_count = 131072;",
		    e) < 0 ||
	    user_version(s, &version, e) < 0)
		return -1;
	if (version > SCHEMA)
		return err_set(e, ERR_CONFLICT, "%s",
			       _("the database of bans is of a later kannuki-guard"));
	if (version == 0 && execute(s, schema, e) < 0)
		return -1;
	for (size_t i = 0; i < QUERIES; i++)
		if (sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->query[i],
				       NULL) != SQLITE_OK)
			return failed(s, e);
	return 0;
}

static int open_file(const char *path, struct ban_store **ret, struct err *e)
{
	struct ban_store *s = xcalloc(1, sizeof(*s));
	int r = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

	if (r != SQLITE_OK || set_up(s, e) < 0) {
		if (r != SQLITE_OK)
			failed(s, e);
		r = sqlite3_errcode(s->db);
		ban_store_close(s);
		return r == SQLITE_CORRUPT || r == SQLITE_NOTADB ? 1 : -1;
	}
	*ret = s;
	return 0;
}

int ban_store_open(const char *folder, struct ban_store **ret, struct err *e)
{
	static const char *const parts[] = { "", "-wal", "-shm", "-journal" };
	CLEANUP_FREE char *path = xasprintf("%s/bans.db", folder);
	int r = open_file(path, ret, e);

	if (r <= 0)
		return r;
	for (size_t i = 0; i < COUNT(parts); i++) {
		CLEANUP_FREE char *from = xasprintf("%s%s", path, parts[i]);
		CLEANUP_FREE char *to = xasprintf("%s.damaged%s", path, parts[i]);

		if (child_rename(from, to, e) < 0)
			return -1;
	}
	r = open_file(path, ret, e);
	return r == 0 ? 1 : -1;
}

int ban_store_commit(struct ban_store *s, struct err *e)
{
	if (!s->changed)
		return 0;
	if (execute(s, "COMMIT", e) < 0) {
		/* A full disk may have ended the transaction with what was in it; else it is tried again. */
		s->changed = !sqlite3_get_autocommit(s->db);
		return -1;
	}
	s->changed = false;
	return 0;
}

/* --- queries -------------------------------------------------------------------------------------- */

static int begin(struct ban_store *s, struct err *e)
{
	if (s->changed)
		return 0;
	if (execute(s, "BEGIN", e) < 0)
		return -1;
	s->changed = true;
	return 0;
}

static void bind_who(sqlite3_stmt *q, int at, const struct who *who)
{
	sqlite3_bind_blob(q, at, who, sizeof(*who), SQLITE_TRANSIENT);
}

static void bind_text(sqlite3_stmt *q, int at, const char *text)
{
	sqlite3_bind_text(q, at, text, -1, SQLITE_TRANSIENT);
}

static void end(sqlite3_stmt *q)
{
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
}

/* One that changes; *ret_changes may be NULL. */
static int change(struct ban_store *s, sqlite3_stmt *q, int *ret_changes, struct err *e)
{
	int r = begin(s, e);

	if (r == 0 && sqlite3_step(q) != SQLITE_DONE)
		r = failed(s, e);
	if (r == 0 && ret_changes)
		*ret_changes = sqlite3_changes(s->db);
	end(q);
	return r;
}

bool ban_store_has(struct ban_store *s, const struct who *who, const char *jail, double now)
{
	sqlite3_stmt *q = s->query[HAS];
	bool found;

	bind_who(q, 1, who);
	sqlite3_bind_double(q, 2, now);
	bind_text(q, 3, jail);
	found = sqlite3_step(q) == SQLITE_ROW;
	end(q);
	return found;
}

static bool is_prefix(const struct who *w)
{
	return w->bits < (w->family == 4 ? 32 : 64);
}

int ban_store_add(struct ban_store *s, const struct ban_row *row, struct err *e)
{
	sqlite3_stmt *q = s->query[ADD];

	bind_who(q, 1, &row->who);
	sqlite3_bind_int(q, 2, is_prefix(&row->who));
	bind_text(q, 3, row->jail);
	sqlite3_bind_double(q, 4, row->since);
	sqlite3_bind_double(q, 5, row->until);
	sqlite3_bind_int64(q, 6, row->attempts);
	bind_text(q, 7, row->lines);
	sqlite3_bind_int(q, 8, row->in_force ? IN_FORCE : WAITING);
	return change(s, q, NULL, e);
}

int ban_store_set_in_force(struct ban_store *s, const struct who *who, bool in_force, struct err *e)
{
	sqlite3_stmt *q = s->query[SET_STATE];

	bind_who(q, 1, who);
	sqlite3_bind_int(q, 2, in_force ? IN_FORCE : WAITING);
	return change(s, q, NULL, e);
}

int ban_store_past(struct ban_store *s, const struct who *who, const char *jail,
		   struct ban_past *ret, struct err *e)
{
	sqlite3_stmt *q = s->query[jail ? COUNT_JAIL : COUNT_ALL];
	struct ban_past past = { 0 };
	int r;

	bind_who(q, 1, who);
	if (jail)
		bind_text(q, 2, jail);
	while ((r = sqlite3_step(q)) == SQLITE_ROW)
		if (past.count++ == 0)
			past.last = sqlite3_column_double(q, 0);
	if (r != SQLITE_DONE)
		failed(s, e);
	end(q);
	if (r != SQLITE_DONE)
		return -1;
	*ret = past;
	return 0;
}

int ban_store_end(struct ban_store *s, const struct who *who, double now, bool forget,
		  struct err *e)
{
	sqlite3_stmt *q = s->query[END];
	int ended = 0;

	bind_who(q, 1, who);
	sqlite3_bind_double(q, 2, now);
	sqlite3_bind_int(q, 3, forget ? ENDED_BY_HAND : OVER);
	return change(s, q, &ended, e) < 0 ? -1 : ended;
}

double ban_store_until(struct ban_store *s, const struct who *who, double now)
{
	sqlite3_stmt *q = s->query[UNTIL];
	double until = 0;

	bind_who(q, 1, who);
	sqlite3_bind_double(q, 2, now);
	if (sqlite3_step(q) == SQLITE_ROW)
		until = sqlite3_column_double(q, 0);
	end(q);
	return until;
}

size_t ban_store_count_now(struct ban_store *s, double now)
{
	sqlite3_stmt *q = s->query[COUNT_NOW];
	size_t count = 0;

	sqlite3_bind_double(q, 2, now);
	if (sqlite3_step(q) == SQLITE_ROW)
		count = (size_t)sqlite3_column_int64(q, 0);
	end(q);
	return count;
}

static const char *text_of(sqlite3_stmt *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(q, column);

	return text ? text : "";
}

/* A row that somebody wrote into the file is not believed. */
static bool take_row(sqlite3_stmt *q, struct ban_row *ret)
{
	if (sqlite3_column_bytes(q, 0) != sizeof(ret->who))
		return false;
	memcpy(&ret->who, sqlite3_column_blob(q, 0), sizeof(ret->who));
	ret->jail = text_of(q, 1);
	ret->since = sqlite3_column_double(q, 2);
	ret->until = sqlite3_column_double(q, 3);
	ret->attempts = (uint32_t)sqlite3_column_int64(q, 4);
	ret->lines = text_of(q, 5);
	ret->in_force = sqlite3_column_int(q, 6) == IN_FORCE;
	return who_is_valid(&ret->who);
}

int ban_store_each(struct ban_store *s, const struct ban_ask *ask, ban_row_fn *fn, void *arg,
		   struct err *e)
{
	static const enum query of[] = { [BANS_NOW] = EACH_NOW,
					 [BANS_WAITING] = EACH_WAITING,
					 [BANS_OF] = EACH_OF,
					 [BANS_OVER_PREFIX] = EACH_OVER };
	sqlite3_stmt *q = s->query[of[ask->which]];
	struct ban_row row;
	int r;

	if (ask->which == BANS_OF)
		bind_who(q, 1, ask->who);
	else
		sqlite3_bind_double(q, 2, ask->now);
	while ((r = sqlite3_step(q)) == SQLITE_ROW)
		if (take_row(q, &row))
			fn(arg, &row);
	if (r != SQLITE_DONE)
		failed(s, e);
	end(q);
	return r == SQLITE_DONE ? 0 : -1;
}

/* --- failures, positions ---------------------------------------------------------------------------- */

int ban_store_fail(struct ban_store *s, const struct failure_told *f, const char *jail,
		   const char *id, struct err *e)
{
	sqlite3_stmt *q = s->query[FAIL];

	bind_text(q, 1, jail);
	bind_text(q, 2, id);
	sqlite3_bind_double(q, 3, f->time);
	sqlite3_bind_int64(q, 4, f->count);
	return change(s, q, NULL, e);
}

int ban_store_failures(struct ban_store *s, failure_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *q = s->query[FAILURES];
	int r;

	while ((r = sqlite3_step(q)) == SQLITE_ROW) {
		struct failure_told f = { .time = sqlite3_column_double(q, 2),
					  .count = (uint32_t)sqlite3_column_int64(q, 3) };

		fn(arg, &f, text_of(q, 0), text_of(q, 1));
	}
	if (r != SQLITE_DONE)
		failed(s, e);
	end(q);
	return r == SQLITE_DONE ? 0 : -1;
}

int ban_store_forget_failures(struct ban_store *s, const char *id, struct err *e)
{
	bind_text(s->query[FORGET], 1, id);
	return change(s, s->query[FORGET], NULL, e);
}

int ban_store_set_position(struct ban_store *s, const char *name, const char *position,
			   struct err *e)
{
	bind_text(s->query[SET_POSITION], 1, name);
	bind_text(s->query[SET_POSITION], 2, position);
	return change(s, s->query[SET_POSITION], NULL, e);
}

int ban_store_positions(struct ban_store *s, position_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *q = s->query[POSITIONS];
	int r;

	while ((r = sqlite3_step(q)) == SQLITE_ROW)
		fn(arg, text_of(q, 0), text_of(q, 1));
	if (r != SQLITE_DONE)
		failed(s, e);
	end(q);
	return r == SQLITE_DONE ? 0 : -1;
}

int ban_store_tidy(struct ban_store *s, double now, double failures_before, struct err *e)
{
	sqlite3_bind_double(s->query[SET_OVER], 2, now);
	sqlite3_bind_int(s->query[TIDY_BANS], 1, BAN_STORE_HISTORY);
	sqlite3_bind_double(s->query[TIDY_FAILURES], 1, failures_before);
	sqlite3_bind_int(s->query[TIDY_MANY], 1, BAN_STORE_FAILURES);
	if (change(s, s->query[SET_OVER], NULL, e) < 0 ||
	    change(s, s->query[TIDY_BANS], NULL, e) < 0 ||
	    change(s, s->query[TIDY_FAILURES], NULL, e) < 0)
		return -1;
	if (change(s, s->query[TIDY_MANY], NULL, e) < 0)
		return -1;
	sqlite3_bind_int64(s->query[TIDY_POSITIONS], 1, (int64_t)now - POSITION_SECONDS);
	return change(s, s->query[TIDY_POSITIONS], NULL, e);
}

/* --- extensions ------------------------------------------------------------------------------------ */

/* What the linker puts in the place of dlopen(3) and its kin (meson.build). */
void *__wrap_dlopen(const char *file, int mode);
void *__wrap_dlsym(void *handle, const char *name);
int __wrap_dlclose(void *handle);
char *__wrap_dlerror(void);

void *__wrap_dlopen(const char *file, int mode)
{
	return NULL;
}

void *__wrap_dlsym(void *handle, const char *name)
{
	return NULL;
}

int __wrap_dlclose(void *handle)
{
	return -1;
}

char *__wrap_dlerror(void)
{
	static char refused[] = "a static program loads nothing";

	return refused;
}
