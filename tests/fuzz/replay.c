// SPDX-License-Identifier: MIT
/* replay.c - runs a fuzz target over the files of a folder: TAP, one line a file; the first that breaks
 * a promise aborts. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "fuzz/fuzz.h"

static void read_whole(const char *path, struct str *ret)
{
	FILE *f = fopen(path, "re");
	char buf[4096];
	size_t n;

	if (!f) {
		perror(path);
		exit(1);
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_add_bytes(ret, buf, n);
	fclose(f);
}

static void list(const char *folder, struct strv *ret)
{
	DIR *dir = opendir(folder);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			strv_addf(ret, "%s/%s", folder, d->d_name);
	if (dir)
		closedir(dir);
	strv_sort(ret);
}

int main(int argc, char **argv)
{
	CLEANUP_STRV struct strv files = { 0 };

	if (argc == 2)
		list(argv[1], &files);
	if (files.count == 0) {
		fprintf(stderr, "replay: no inputs\n");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", files.count + 1);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("ok 1 - (nothing)\n");
	for (size_t i = 0; i < files.count; i++) {
		CLEANUP_STR struct str s = { 0 };
		CLEANUP_FREE uint8_t *copy = NULL;

		read_whole(files.item[i], &s);
		copy = xmemdup(s.text ? s.text : "", s.len);
		LLVMFuzzerTestOneInput(copy, s.len);
		printf("ok %zu - %s\n", i + 2, strrchr(files.item[i], '/') + 1);
	}
	return 0;
}
