// SPDX-License-Identifier: MIT
/* err.c - see err.h. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"

void err_fill(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	e->kind = kind;
	e->sys = 0;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	str_make_clean(e->msg);
}

/* strerror() knows one language only; these are what people meet. */
static const char *errno_words(int errnum)
{
	switch (errnum) {
	case EACCES:
		return _("Permission denied");
	case EPERM:
		return _("Operation not permitted");
	case ENOENT:
		return _("No such file or directory");
	case ENOTDIR:
		return _("Not a directory");
	case EISDIR:
		return _("Is a directory");
	case EEXIST:
		return _("File exists");
	case ENOSPC:
		return _("No space left on device");
	case EDQUOT:
		return _("Disk quota exceeded");
	case EROFS:
		return _("Read-only file system");
	case EIO:
		return _("Input/output error");
	case ENOMEM:
		return _("Cannot allocate memory");
	case ELOOP:
		return _("Too many levels of symbolic links");
	default:
		return strerror(errnum);
	}
}

void err_fill_sys(struct err *e, int errnum, const char *fmt, ...)
{
	char what[sizeof(e->msg) / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_fill(e, ERR_FAILED, "%s: %s", what, errno_words(errnum));
	e->sys = errnum;
}

/* When room runs out it is the context that is cut, never the cause. */
void err_fill_ctx(struct err *e, const char *fmt, ...)
{
	char outer[sizeof(e->msg)];
	size_t cause = strlen(e->msg), room = sizeof(e->msg) - cause - 1;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(outer, sizeof(outer), fmt, ap);
	va_end(ap);
	str_make_clean(outer);
	if (room < 3)
		return;
	outer[room - 2] = '\0';
	size_t n = strlen(outer);
	memmove(e->msg + n + 2, e->msg, cause + 1);
	memcpy(e->msg, outer, n);
	memcpy(e->msg + n, ": ", 2);
}

int err_exit_code(const struct err *e)
{
	switch (e->kind) {
	case ERR_NONE:
		return 0;
	case ERR_USAGE:
		return 2;
	case ERR_CONFLICT:
		return 5;
	case ERR_FAILED:
		break;
	}
	return 1;
}

void err_keep_worst(int *worst, struct err *e, int r, const struct err *one)
{
	if (r < 0 ? *worst < 0 : r == 0 || *worst != 0)
		return;
	*worst = r;
	*e = *one;
}
