// SPDX-License-Identifier: MIT
/* fake_host.c - files of the host in memory. */
#include "lib/fake_host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define LINKS_MAX 40

void fake_impossible(const char *what, const char *about)
{
	fprintf(stderr, "fake_os: %s: %s\n", what, about);
	abort();
}

/* --- files ------------------------------------------------------------------------------- */

static size_t place_of(const struct fake *f, const char *real, bool *ret_there)
{
	size_t low = 0, high = f->entry_count;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(f->entry[mid].path, real);

		if (c == 0) {
			*ret_there = true;
			return mid;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*ret_there = false;
	return low;
}

struct fake_entry *fake_find(struct fake *f, const char *real)
{
	bool there;
	size_t i = place_of(f, real, &there);

	return there ? &f->entry[i] : NULL;
}

void fake_touch(struct fake *f, struct node *n)
{
	n->mtime = (struct timespec){ f->clock[OS_REALTIME] / FAKE_SECOND,
				      f->clock[OS_REALTIME] % FAKE_SECOND };
}

static void drop_entry(struct fake *f, size_t i)
{
	free(f->entry[i].path);
	node_done(&f->entry[i].node);
	f->entry_count--;
	memmove(&f->entry[i], &f->entry[i + 1], (f->entry_count - i) * sizeof(*f->entry));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct xattr *)a)->name, ((const struct xattr *)b)->name);
}

static void normalise(struct fake *f, struct node *n)
{
	if (n->type == NODE_LINK) {
		n->mode = 0777;
		n->len = strlen(n->data);
	}
	if (n->type == NODE_FILE && !n->data)
		n->data = xstrdup("");
	if (!n->mtime.tv_sec && !n->mtime.tv_nsec)
		fake_touch(f, n);
	if (n->xattr_count > 1)
		qsort(n->xattr, n->xattr_count, sizeof(*n->xattr), by_name);
}

void fake_set(struct fake *f, const char *real, const struct node *n)
{
	bool there;
	size_t i = place_of(f, real, &there);
	struct node copy;

	if (n->type == NODE_ABSENT) {
		if (there)
			drop_entry(f, i);
		return;
	}
	node_copy(n, &copy);
	normalise(f, &copy);
	if (there) {
		node_done(&f->entry[i].node);
		f->entry[i].node = copy;
		return;
	}
	f->entry = xrealloc(f->entry, f->entry_count + 1, sizeof(*f->entry));
	memmove(&f->entry[i + 1], &f->entry[i], (f->entry_count - i) * sizeof(*f->entry));
	f->entry[i] = (struct fake_entry){ xstrdup(real), copy };
	f->entry_count++;
}

/* Puts the parts of path, in order, before those still to go. */
static void push_front(struct strv *todo, const char *path)
{
	struct strv all = { 0 };

	strv_split(&all, path, "/");
	for (size_t i = 0; i < todo->count; i++)
		strv_add(&all, todo->item[i]);
	strv_done(todo);
	*todo = all;
}

static void pop_front(struct strv *todo)
{
	free(todo->item[0]);
	todo->count--;
	memmove(todo->item, todo->item + 1, (todo->count + 1) * sizeof(*todo->item));
}

static void go_up(struct str *at)
{
	char *slash = at->len ? strrchr(at->text, '/') : NULL;

	if (!slash)
		return;
	*slash = '\0';
	at->len = (size_t)(slash - at->text);
}

/* One part on from the folder *at. 1: not there. */
static int walk_part(struct fake *f, struct str *at, struct strv *todo, int *links)
{
	CLEANUP_FREE char *part = xstrdup(todo->item[0]);
	CLEANUP_FREE char *real = xasprintf("%s/%s", at->len ? at->text : "", part);
	const struct fake_entry *entry;

	pop_front(todo);
	if (str_eq(part, "."))
		return 0;
	if (str_eq(part, "..")) {
		go_up(at);
		return 0;
	}
	entry = fake_find(f, real);
	if (todo->count > 0 && entry && entry->node.type == NODE_LINK) {
		if (++*links > LINKS_MAX)
			return -ELOOP;
		if (entry->node.data[0] == '/')
			str_clear(at);
		push_front(todo, entry->node.data);
		return 0;
	}
	if (todo->count > 0 && (!entry || entry->node.type != NODE_DIR))
		return 1;
	str_clear(at);
	str_add(at, real);
	return 0;
}

int fake_resolve(struct fake *f, const char *path, char **ret)
{
	struct strv todo CLEANUP_STRV = { 0 };
	struct str at CLEANUP_STR = { 0 };
	int links = 0;

	if (path[0] != '/')
		return -EINVAL;
	push_front(&todo, path);
	while (todo.count > 0) {
		int r = walk_part(f, &at, &todo, &links);

		if (r != 0)
			return r;
	}
	*ret = at.len ? str_take(&at) : xstrdup("/");
	return 0;
}

static void make_parents(struct fake *f, const char *path)
{
	const struct node dir = { .type = NODE_DIR, .mode = 0755 };

	for (const char *p = path + 1; (p = strchr(p, '/')); p++) {
		CLEANUP_FREE char *above = xstrndup(path, (size_t)(p - path));
		CLEANUP_FREE char *real = NULL;
		const struct fake_entry *at;

		if (fake_resolve(f, above, &real) != 0)
			fake_impossible("cannot make", above);
		at = fake_find(f, real);
		if (!at)
			fake_set(f, real, &dir);
	}
}

void fake_put(struct fake *f, const char *path, const struct node *n)
{
	CLEANUP_FREE char *real = NULL;

	make_parents(f, path);
	if (fake_resolve(f, path, &real) != 0)
		fake_impossible("no way to", path);
	fake_set(f, real, n);
}

void fake_file(struct fake *f, const char *path, const char *text, mode_t mode)
{
	struct node n CLEANUP_NODE = { 0 };

	node_file(&n, text, mode);
	fake_put(f, path, &n);
}

void fake_dir(struct fake *f, const char *path, mode_t mode)
{
	fake_put(f, path, &(struct node){ .type = NODE_DIR, .mode = mode });
}

void fake_link(struct fake *f, const char *path, const char *target)
{
	fake_put(
		f, path,
		&(struct node){ .type = NODE_LINK, .data = (char *)target, .len = strlen(target) });
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

void fake_remove_below(struct fake *f, const char *real)
{
	for (size_t i = f->entry_count; i-- > 0;)
		if (is_below(f->entry[i].path, real))
			drop_entry(f, i);
}

void fake_remove(struct fake *f, const char *path)
{
	CLEANUP_FREE char *real = NULL;

	if (fake_resolve(f, path, &real) != 0)
		return;
	fake_remove_below(f, real);
	fake_set(f, real, &(struct node){ .type = NODE_ABSENT });
}

const struct node *fake_node(struct fake *f, const char *path)
{
	CLEANUP_FREE char *real = NULL;
	const struct fake_entry *at;

	if (fake_resolve(f, path, &real) != 0)
		return NULL;
	at = fake_find(f, real);
	return at ? &at->node : NULL;
}

const char *fake_text(struct fake *f, const char *path)
{
	const struct node *n = fake_node(f, path);

	return n && n->type == NODE_FILE ? n->data : "(none)";
}

static bool is_excepted(const char *path, const char *const *except)
{
	for (; except && *except; except++)
		if (str_eq(path, *except) || is_below(path, *except))
			return true;
	return false;
}

static void dump_node(struct str *out, const struct fake_entry *at, bool times)
{
	static const char *const types[] = { "absent", "file", "dir", "link", "other" };
	const struct node *n = &at->node;

	str_addf(out, "%s %s %o %u:%u", at->path, types[n->type], n->mode, n->uid, n->gid);
	if (times && n->type == NODE_FILE)
		str_addf(out, " %lld.%09ld", (long long)n->mtime.tv_sec, n->mtime.tv_nsec);
	for (size_t i = 0; i < n->xattr_count; i++) {
		str_addf(out, " %s=", n->xattr[i].name);
		for (size_t k = 0; k < n->xattr[i].len; k++)
			str_addf(out, "%02x", (unsigned char)n->xattr[i].value[k]);
	}
	str_add(out, " [");
	str_add_bytes(out, n->data ? n->data : "", n->len);
	str_add(out, "]\n");
}

char *fake_dump(struct fake *f, bool times, const char *const *except)
{
	struct str out CLEANUP_STR = { 0 };

	for (size_t i = 0; i < f->entry_count; i++)
		if (!is_excepted(f->entry[i].path, except))
			dump_node(&out, &f->entry[i], times);
	return str_take(&out);
}

void fake_files_done(struct fake *f)
{
	while (f->entry_count > 0)
		drop_entry(f, f->entry_count - 1);
	free(f->entry);
}
