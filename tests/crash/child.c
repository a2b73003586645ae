// SPDX-License-Identifier: MIT
/*
 * child.c - what trace -c puts in the place of a program: installed as child-MODE, started with the arguments of
 * the real one.
 *
 * hangs, fails, rubbish, empty: does nothing; never ends, ends with 1, prints what no program prints and ends
 * with 0, ends with 0. done-killed, done-fails, done-hangs: the real one does all its work first.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

static void do_it(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void hang(void)
{
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	static const char rubbish[] = "\x7f"
				      "ELF\n= \n\t{\"a\": \n\xff\xfe[[\n";
	const char *name = (const char *)getauxval(AT_EXECFN),
		   *mode = name ? strstr(name, "child-") : NULL;

	(void)argc;
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0);
	if (!mode)
		return 125;
	mode += strlen("child-");
	if (strncmp(mode, "done-", 5) == 0) {
		do_it(argv);
		mode += 5;
	}
	if (strcmp(mode, "killed") == 0)
		raise(SIGKILL);
	if (strcmp(mode, "hangs") == 0)
		hang();
	if (strcmp(mode, "rubbish") == 0)
		fwrite(rubbish, 1, sizeof(rubbish) - 1, stdout);
	if (strcmp(mode, "fails") == 0)
		fprintf(stderr, "%s: it does not want to\n", argv[0]);
	return strcmp(mode, "fails") == 0;
}
