// SPDX-License-Identifier: MIT
/* record_report.c - see record_report.h. */
#include "report/record_report.h"

#include <stdlib.h>

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

/* PROOF_WITNESS taken apart; false: it is something else. */
static bool split_witness(const char *text, struct strv *ret, unsigned *ret_port)
{
	CLEANUP_FREE char *again = NULL;

	strv_split(ret, text, " ");
	if (ret->count != 8)
		return false;
	*ret_port = (unsigned)strtoul(ret->item[7], NULL, 10);
	again = xasprintf(PROOF_WITNESS, ret->item[0], ret->item[2], ret->item[4], *ret_port);
	return str_eq(again, text);
}

/* With its arguments; NULL: it is something else. */
static char *witness_words(const char *text)
{
	CLEANUP_STRV struct strv w = { 0 };
	unsigned port;

	return split_witness(text, &w, &port)
		       ? xasprintf(_(PROOF_WITNESS), w.item[0], w.item[2], w.item[4], port)
		       : NULL;
}

char *record_witness_address(const struct record *r)
{
	CLEANUP_STRV struct strv w = { 0 };
	unsigned port;

	return split_witness(r->text, &w, &port) ? xstrdup(w.item[2]) : NULL;
}

char *record_words(const struct record *r)
{
	char *witness = r->type == RECORD_CONFIRM ? witness_words(r->text) : NULL;

	if (witness)
		return witness;
	if (str_eq(r->text, PROOF_CONSOLE))
		return xstrdup(_(PROOF_CONSOLE));
	if (r->type == RECORD_ARMED)
		return xstrdup(layer_words(r->text));
	return xstrdup(r->text[0] ? _(r->text) : "");
}

void report_remarks(const struct txn *t, const char *first, struct str *ret)
{
	const struct record *r;
	size_t at = 0;

	while ((r = txn_remark(t, &at)))
		str_addf(ret, "%s%s%s", r->number || ret->len == 0 ? "" : "\n",
			 r->number ? "" : first, r->text);
	if (ret->len)
		str_add(ret, "\n");
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
		return _("applied");
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
