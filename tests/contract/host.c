// SPDX-License-Identifier: MIT
/* host.c - see host.h. */
#include "contract/host.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

struct host host;

static void must(int r, const struct err *e)
{
	if (r >= 0)
		return;
	printf("Bail out! %s\n", e->msg);
	exit(1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void host_done(void)
{
	if (host.fake)
		fake_free(host.fake);
	else
		os_linux_free(host.os);
	if (host.root)
		nftw(host.root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(host.root);
	host = (struct host){ 0 };
}

static void host_fake(void)
{
	host.fake = fake_new();
	host.os = &host.fake->os;
}

/* On a file system that has ACLs and user xattrs: not always true of /tmp. */
static void host_linux(void)
{
	char path[] = "/var/tmp/kannuki-contract-XXXXXX";
	struct err e = { 0 };

	if (!mkdtemp(path))
		must(-1, &(struct err){ .msg = "no temporary folder" });
	host.root = xstrdup(path);
	host.os = os_linux_new(path, &e);
	must(host.os ? 0 : -1, &e);
}

static void host_slash(void)
{
	struct err e = { 0 };

	host.os = os_linux_new("/", &e);
	must(host.os ? 0 : -1, &e);
}

static void run_case(const char *on, const struct t_case *c)
{
	int bad = c->fn();

	printf("%sok %d - %s%s\n", bad ? "not " : "", ++t_run, on, c->name);
	fflush(stdout);
	t_bad += bad != 0;
}

int host_main(const struct t_case *c, size_t n)
{
	static const struct {
		const char *name;
		void (*start)(void);
	} hosts[] = { { "fake: ", host_fake }, { "linux: ", host_linux } };

	printf("1..%zu\n", n * COUNT(hosts));
	for (size_t h = 0; h < COUNT(hosts); h++)
		for (size_t i = 0; i < n; i++) {
			hosts[h].start();
			host_dir("/t", 0755);
			run_case(hosts[h].name, &c[i]);
			host_done();
		}
	return t_bad != 0;
}

int host_main_folder(const struct t_case *c, size_t n)
{
	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		host_linux();
		host_dir("/t", 0755);
		run_case("", &c[i]);
		host_done();
	}
	return t_bad != 0;
}

int host_main_real(const struct t_case *c, size_t n)
{
	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		host_slash();
		run_case("", &c[i]);
		host_done();
	}
	return t_bad != 0;
}

char *host_path(const char *path)
{
	return xasprintf("%s%s", host.root ? host.root : "", path);
}

void host_file(const char *path, const char *text, mode_t mode)
{
	struct err e = { 0 };

	must(os_write(host.os, path, text, mode, &e), &e);
}

void host_dir(const char *path, mode_t mode)
{
	struct err e = { 0 };

	must(os_mkdir(host.os, path, mode, &e), &e);
}

void host_link(const char *path, const char *target)
{
	const struct node n = { .type = NODE_LINK, .data = (char *)target, .len = strlen(target) };
	struct err e = { 0 };

	must(os_put(host.os, path, NULL, &n, &e), &e);
}

struct node host_node(const char *path)
{
	struct node n = { 0 };
	struct err e = { 0 };

	must(os_get(host.os, path, &n, &e), &e);
	return n;
}

struct node host_bare(const char *path)
{
	struct node n = host_node(path), bare = n;

	bare.data = NULL;
	bare.xattr = NULL;
	bare.xattr_count = 0;
	node_done(&n);
	return bare;
}

bool host_holds(const char *path, const char *text)
{
	CLEANUP_NODE struct node n = host_node(path);

	return n.type == NODE_FILE && n.len == strlen(text) && strcmp(n.data, text) == 0;
}

char *host_names(const char *path)
{
	struct strv names CLEANUP_STRV = { 0 };
	struct err e = { 0 };
	int r = os_list(host.os, path, &names, &e);

	must(r, &e);
	return r ? xstrdup("(none)") : strv_join(&names, " ");
}
