// SPDX-License-Identifier: MIT
/* record_report.c - see record_report.h. */
#include "report/record_report.h"

#include <stdio.h>

#include "base/i18n.h"
#include "core/proof.h"

/* The layers of the dead-man: core/deadman.c. */
static const char *layer_words(const char *layer)
{
	if (str_eq(layer, "sentinel"))
		return _("the process that watches");
	if (str_eq(layer, "deadline"))
		return _("the timer");
	if (str_eq(layer, "boot"))
		return _("undo early in a boot");
	if (str_eq(layer, "settle"))
		return _("undo after a boot");
	return layer;
}

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
	if (r->type == RECORD_ARMED)
		return xstrdup(layer_words(r->text));
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
