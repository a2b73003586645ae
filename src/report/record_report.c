// SPDX-License-Identifier: MIT
/* record_report.c - see record_report.h. */
#include "report/record_report.h"

#include <stdio.h>

#include "base/i18n.h"
#include "core/proof.h"

char *record_words(const struct record *r)
{
	char user[64], peer[64], method[64];
	unsigned port;
	int end = 0;

	if (r->type == RECORD_CONFIRM &&
	    sscanf(r->text, "%63s from %63s by %63s at port %u%n", user, peer, method, &port,
		   &end) == 4 &&
	    r->text[end] == '\0')
		return xasprintf(_(PROOF_WITNESS), user, peer, method, port);
	if (str_eq(r->text, PROOF_CONSOLE))
		return xstrdup(_(PROOF_CONSOLE));
	return xstrdup(r->text[0] ? _(r->text) : "");
}

const char *record_type_words(enum record_type type)
{
	switch (type) {
	case RECORD_BEGIN:
		return _("begun");
	case RECORD_ARMED:
		return _("armed");
	case RECORD_INTENT:
		return _("doing");
	case RECORD_DONE:
		return _("carried out");
	case RECORD_PENDING:
		return _("pending");
	case RECORD_CONFIRM:
		return _("confirmed");
	case RECORD_UNDO_INTENT:
		return _("undoing");
	case RECORD_UNDONE:
		return _("undone");
	case RECORD_NOTE:
		return _("note");
	case RECORD_END:
		return _("end");
	}
	return "?";
}
