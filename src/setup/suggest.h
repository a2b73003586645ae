// SPDX-License-Identifier: MIT
/* suggest.h - a port for SSH that nothing else wants (trap 16). */
#pragma once

#include "core/facts.h"

/* Between 10000 and 32767, outside the range of outgoing connections, free, and no known service's. The same
 * on the same host every time, another on another. 0: leave the port as it is, because it was moved already,
 * or cannot be (a socket unit or a ListenAddress owns it). */
unsigned suggest_port(struct os *os, const struct facts *f);
