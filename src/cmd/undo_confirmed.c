#include "cmd/undo_confirmed.h"
int undo_confirmed(struct call *c, const char *id, struct err *e)
{
	(void)c;
	(void)id;
	return err_set(e, ERR_FAILED, "not yet");
}
