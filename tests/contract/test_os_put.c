// SPDX-License-Identifier: MIT
/* What every host promises about os_put: exactly `want`, or the host as found. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/mem.h"
#include "contract/host.h"

static struct node file(const char *text, mode_t mode)
{
	return (struct node){
		.type = NODE_FILE, .mode = mode, .data = (char *)text, .len = strlen(text)
	};
}

static const struct node absent = { .type = NODE_ABSENT };

static bool is_now(const char *path, const struct node *want)
{
	CLEANUP_NODE struct node now = host_node(path);

	return node_is(&now, want);
}

static int put_makes_replaces_removes(void)
{
	struct node one = file("one", 0644), two = file("two, longer", 0600);
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/a", &absent, &one, &e) == 0 && is_now("/t/a", &one));
	T_OK(os_put(host.os, "/t/a", &one, &two, &e) == 0 && is_now("/t/a", &two));
	T_OK(os_put(host.os, "/t/a", &two, &absent, &e) == 0 && is_now("/t/a", &absent));
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "");
	return 0;
}

static int put_without_expectation_takes_anything(void)
{
	struct node one = file("one", 0644), two = file("two", 0644);
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/a", NULL, &one, &e) == 0);
	T_OK(os_put(host.os, "/t/a", NULL, &two, &e) == 0 && is_now("/t/a", &two));
	host_link("/t/l", "a");
	T_OK(os_put(host.os, "/t/l", NULL, &one, &e) == 0 && is_now("/t/l", &one));
	T_OK(is_now("/t/a", &two));
	T_OK(os_put(host.os, "/t/l", NULL, &absent, &e) == 0 && is_now("/t/l", &absent));
	return 0;
}

/* A user may turn a folder of theirs into a link at any moment. */
static int no_link_of_a_user_is_followed(void)
{
	struct node one = file("one", 0644);
	struct node link = { .type = NODE_LINK, .data = (char *)"d", .len = 1, .mode = 0777 };
	struct node dir = { .type = NODE_DIR, .mode = 0755 };
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/d", NULL, &dir, &e) == 0);
	T_OK(os_put(host.os, "/t/l", NULL, &link, &e) == 0);
	T_OK(os_put(host.os, "/t/l/f", NULL, &one, &e) == 0 && is_now("/t/d/f", &one));
	if (os_uid(host.os) != 0)
		return 0; /* cannot make another's */
	link.uid = 1000;
	T_OK(os_put(host.os, "/t/l", NULL, &link, &e) == 0);
	T_OK(os_put(host.os, "/t/l/g", NULL, &one, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(os_put(host.os, "/t/l/f", NULL, &absent, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(is_now("/t/d/f", &one) && is_now("/t/d/g", &absent));
	/* The last part of a path is never followed, and may be anybody's. */
	T_OK(os_put(host.os, "/t/l", NULL, &absent, &e) == 0);
	return 0;
}

static int every_part_of_expect_counts(void)
{
	struct node seen = file("seen", 0644), want = file("want", 0644), there;
	struct xattr x = { (char *)"user.test", (char *)"v", 1 };
	const struct node others[] = {
		file("sEen", 0644),
		file("seen", 0600),
		{ .type = NODE_FILE, .mode = 0644, .uid = 1, .data = (char *)"seen", .len = 4 },
		{ .type = NODE_FILE, .mode = 0644, .gid = 1, .data = (char *)"seen", .len = 4 },
		{ .type = NODE_FILE,
		  .mode = 0644,
		  .data = (char *)"seen",
		  .len = 4,
		  .xattr = &x,
		  .xattr_count = 1 },
		{ .type = NODE_LINK, .mode = 0777, .data = (char *)"seen", .len = 4 },
	};

	for (size_t i = 0; i < COUNT(others); i++) {
		struct err e = { 0 };

		there = others[i];
		T_OK(os_put(host.os, "/t/a", NULL, &there, &e) == 0);
		T_OK(os_put(host.os, "/t/a", &seen, &want, &e) < 0);
		T_OK(e.kind == ERR_CONFLICT && is_now("/t/a", &there));
		T_OK(os_put(host.os, "/t/a", &seen, &absent, &e) < 0);
		T_OK(e.kind == ERR_CONFLICT && is_now("/t/a", &there));
		T_OK(os_put(host.os, "/t/a", &absent, &want, &e) < 0);
		T_OK(e.kind == ERR_CONFLICT && is_now("/t/a", &there));
		T_OK(os_put(host.os, "/t/a", &there, &want, &e) == 0);
		T_OK(is_now("/t/a", &want));
	}
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "a");
	return 0;
}

static int an_expected_file_that_is_gone_is_a_conflict(void)
{
	struct node seen = file("seen", 0644), want = file("want", 0644);
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/a", &seen, &want, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(is_now("/t/a", &absent));
	return 0;
}

static int put_is_idempotent_whatever_is_expected(void)
{
	struct node want = file("want", 0640), other = file("other", 0644);
	struct err e = { 0 };
	struct timespec first;

	T_OK(os_put(host.os, "/t/a", NULL, &want, &e) == 0);
	CLEANUP_NODE struct node before = host_node("/t/a");

	first = before.mtime;
	os_sleep(host.os, 20);
	T_OK(os_put(host.os, "/t/a", &other, &want, &e) == 0);
	T_OK(os_put(host.os, "/t/a", &absent, &want, &e) == 0);
	CLEANUP_NODE struct node after = host_node("/t/a");

	T_OK(after.mtime.tv_sec == first.tv_sec && after.mtime.tv_nsec == first.tv_nsec);
	T_OK(os_put(host.os, "/t/none", &other, &absent, &e) == 0);
	T_OK(os_put(host.os, "/t/none/below", &other, &absent, &e) == 0);
	return 0;
}

static int modes_are_exact_whatever_the_umask(void)
{
	static const mode_t modes[] = { 0777, 0666, 0000, 0600, 04755, 02711, 01777 };
	mode_t old = umask(0077);
	struct err e = { 0 };
	int bad = 0;

	for (size_t i = 0; i < COUNT(modes); i++) {
		struct node f = file("x", modes[i]), d = { .type = NODE_DIR, .mode = modes[i] };

		umask(i % 2 ? 0000 : 0077);
		bad += os_put(host.os, "/t/f", NULL, &f, &e) != 0 || !is_now("/t/f", &f);
		bad += os_put(host.os, "/t/d", NULL, &d, &e) != 0 || !is_now("/t/d", &d);
		bad += os_put(host.os, "/t/d", NULL, &absent, &e) != 0;
	}
	umask(old);
	T_OK(bad == 0);
	return 0;
}

static int owners_are_exact(void)
{
	struct node f = file("x", 04750), d = { .type = NODE_DIR, .mode = 02770 };
	struct node l = { .type = NODE_LINK, .data = (char *)"x", .len = 1 };
	struct err e = { 0 };

	f.uid = d.uid = l.uid = 1234;
	f.gid = d.gid = l.gid = 4321;
	T_OK(os_put(host.os, "/t/f", NULL, &f, &e) == 0 && is_now("/t/f", &f));
	T_OK(os_put(host.os, "/t/d", NULL, &d, &e) == 0 && is_now("/t/d", &d));
	T_OK(os_put(host.os, "/t/l", NULL, &l, &e) == 0 && is_now("/t/l", &l));
	T_OK(host_bare("/t/d").uid == 1234 && host_bare("/t/d").gid == 4321);
	return 0;
}

static int the_time_is_set_only_where_wanted(void)
{
	struct node f = file("x", 0644);
	struct err e = { 0 };

	f.mtime = (struct timespec){ 1600000000, 123456789 };
	T_OK(os_put(host.os, "/t/f", NULL, &f, &e) == 0);
	T_OK(host_bare("/t/f").mtime.tv_sec == 1600000000);
	T_OK(host_bare("/t/f").mtime.tv_nsec == 123456789);
	/* Same bytes, another time: done, and no conflict with what is expected. */
	f.mtime = (struct timespec){ 1600000000, 5 };
	T_OK(os_put(host.os, "/t/f", &absent, &f, &e) == 0);
	T_OK(host_bare("/t/f").mtime.tv_nsec == 5);
	f.mtime = (struct timespec){ 0 };
	f.data = (char *)"y";
	T_OK(os_put(host.os, "/t/f", NULL, &f, &e) == 0);
	T_OK(host_bare("/t/f").mtime.tv_sec > 1600000000);
	return 0;
}

static int folders(void)
{
	struct node d = { .type = NODE_DIR, .mode = 0750 }, d2 = { .type = NODE_DIR, .mode = 0700 };
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/d", &absent, &d, &e) == 0 && is_now("/t/d", &d));
	T_OK(os_put(host.os, "/t/d", &d2, &(struct node){ .type = NODE_DIR, .mode = 0711 }, &e) <
	     0);
	T_OK(e.kind == ERR_CONFLICT && is_now("/t/d", &d));
	T_OK(os_put(host.os, "/t/d", &d, &d2, &e) == 0 && is_now("/t/d", &d2));
	host_file("/t/d/f", "x", 0644);
	T_OK(os_put(host.os, "/t/d", NULL, &absent, &e) < 0 && e.sys == ENOTEMPTY);
	T_OK(e.kind == ERR_FAILED && host_holds("/t/d/f", "x"));
	T_OK(os_remove(host.os, "/t/d/f", &e) == 0);
	T_OK(os_put(host.os, "/t/d", &d2, &absent, &e) == 0 && is_now("/t/d", &absent));
	return 0;
}

static int a_folder_is_never_replaced_by_a_file_nor_the_other_way(void)
{
	struct node d = { .type = NODE_DIR, .mode = 0755 }, f = file("x", 0644);
	struct err e = { 0 };

	host_dir("/t/d", 0755);
	host_file("/t/f", "x", 0644);
	T_OK(os_put(host.os, "/t/d", NULL, &f, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(os_put(host.os, "/t/d", &d, &f, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(os_put(host.os, "/t/f", NULL, &d, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(is_now("/t/d", &d) && is_now("/t/f", &f));
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "d f");
	return 0;
}

static int folders_above_are_not_made(void)
{
	struct node f = file("x", 0644);
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/none/f", NULL, &f, &e) < 0 && e.sys == ENOENT);
	T_OK(is_now("/t/none", &absent));
	return 0;
}

static int what_makes_no_sense_is_refused(void)
{
	struct node f = file("x", 0644), other = { .type = NODE_OTHER };
	struct node link = { .type = NODE_LINK };
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/o", NULL, &other, &e) < 0 && e.sys == EINVAL);
	T_OK(os_put(host.os, "/t/l", NULL, &link, &e) < 0 && e.sys == EINVAL);
	T_OK(os_put(host.os, "/", NULL, &f, &e) < 0);
	T_OK(os_put(host.os, "t/relative", NULL, &f, &e) < 0);
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "");
	return 0;
}

static int links(void)
{
	struct node l = { .type = NODE_LINK, .data = (char *)"/etc/x", .len = 6 };
	struct node m = { .type = NODE_LINK, .data = (char *)"elsewhere", .len = 9 };
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/l", &absent, &l, &e) == 0 && is_now("/t/l", &l));
	T_OK(os_put(host.os, "/t/l", &m, &absent, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(os_put(host.os, "/t/l", &l, &m, &e) == 0 && is_now("/t/l", &m));
	T_OK(os_put(host.os, "/t/l", &m, &absent, &e) == 0 && is_now("/t/l", &absent));
	return 0;
}

/* user::rw-, user:1000:rw-, group::r--, mask::rw-, other::--- (linux/posix_acl_xattr.h). */
static const char acl[] = "\2\0\0\0"
			  "\1\0\6\0\xff\xff\xff\xff"
			  "\2\0\6\0\xe8\3\0\0"
			  "\4\0\4\0\xff\xff\xff\xff"
			  "\x10\0\6\0\xff\xff\xff\xff"
			  "\x20\0\0\0\xff\xff\xff\xff";

static int xattrs_and_acl_are_kept_and_compared(void)
{
	struct xattr x[] = { { (char *)"system.posix_acl_access", (char *)acl, sizeof(acl) - 1 },
			     { (char *)"user.a", (char *)"one\0two", 7 },
			     { (char *)"user.b", (char *)"", 0 } };
	struct node with = file("x", 0660), without = file("x", 0660), want;
	struct err e = { 0 };

	with.xattr = x;
	with.xattr_count = COUNT(x);
	T_OK(os_put(host.os, "/t/f", NULL, &with, &e) == 0 && is_now("/t/f", &with));
	T_OK(!is_now("/t/f", &without));
	T_OK(os_put(host.os, "/t/f", &without, &absent, &e) < 0 && e.kind == ERR_CONFLICT);
	/* A new inode keeps nothing that is not wanted. */
	want = file("y", 0660);
	T_OK(os_put(host.os, "/t/f", &with, &want, &e) == 0 && is_now("/t/f", &want));
	/* Bytes alike: still another node. */
	want = with;
	want.data = (char *)"y";
	T_OK(os_put(host.os, "/t/f", NULL, &want, &e) == 0 && is_now("/t/f", &want));
	want.xattr_count = 1;
	T_OK(os_put(host.os, "/t/f", NULL, &want, &e) == 0 && is_now("/t/f", &want));
	return 0;
}

static int xattrs_of_folders(void)
{
	struct xattr x = { (char *)"user.a", (char *)"v", 1 };
	struct node d = { .type = NODE_DIR, .mode = 0755, .xattr = &x, .xattr_count = 1 };
	struct node bare = { .type = NODE_DIR, .mode = 0755 };
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/d", NULL, &d, &e) == 0 && is_now("/t/d", &d));
	T_OK(os_put(host.os, "/t/d", &d, &bare, &e) == 0 && is_now("/t/d", &bare));
	return 0;
}

static int a_leftover_of_a_killed_run_goes_first(void)
{
	struct node f = file("x", 0644);
	struct err e = { 0 };

	host_file("/t/.f.kannuki~", "half", 0600);
	T_OK(os_put(host.os, "/t/f", &absent, &f, &e) == 0 && is_now("/t/f", &f));
	T_OK(is_now("/t/.f.kannuki~", &absent));
	/* Also where nothing else is to be done. */
	host_file("/t/.f.kannuki~", "half", 0600);
	T_OK(os_put(host.os, "/t/f", &absent, &f, &e) == 0);
	T_OK(is_now("/t/.f.kannuki~", &absent));
	host_dir("/t/.d.kannuki~", 0700);
	T_OK(os_put(host.os, "/t/d", NULL, &(struct node){ .type = NODE_DIR, .mode = 0700 }, &e) ==
	     0);
	T_OK(is_now("/t/.d.kannuki~", &absent));
	return 0;
}

static const struct t_case cases[] = {
	T(put_makes_replaces_removes),
	T(put_without_expectation_takes_anything),
	T(every_part_of_expect_counts),
	T(an_expected_file_that_is_gone_is_a_conflict),
	T(put_is_idempotent_whatever_is_expected),
	T(modes_are_exact_whatever_the_umask),
	T(owners_are_exact),
	T(the_time_is_set_only_where_wanted),
	T(folders),
	T(a_folder_is_never_replaced_by_a_file_nor_the_other_way),
	T(folders_above_are_not_made),
	T(what_makes_no_sense_is_refused),
	T(links),
	T(no_link_of_a_user_is_followed),
	T(xattrs_and_acl_are_kept_and_compared),
	T(xattrs_of_folders),
	T(a_leftover_of_a_killed_run_goes_first),
};

int main(void)
{
	return host_main(cases, COUNT(cases));
}
