// SPDX-License-Identifier: MIT
/* fuzz_iptables.c - rules as iptables -S and iptables-save print them. */
#include <string.h>

#include "base/mem.h"
#include "core/iptables.h"
#include "fuzz/fuzz.h"

static void check_ports(const char *text)
{
	struct foreign_ports p = { 0 };
	int r = iptables_ports(text, TRANSPORT_TCP, "somebody", &p);

	MUST(r == 0 || (r == -1 && p.count == 0));
	MUST(r < 0 || p.count > 0);
	for (size_t i = 0; i < p.count; i++)
		MUST(p.item[i].range.from >= 1 && p.item[i].range.from <= p.item[i].range.to);
	foreign_ports_done(&p);
}

static void check_rule(const char *line)
{
	CLEANUP_IPTABLES_RULE struct iptables_rule r = { 0 };

	if (iptables_rule_parse(line, &r) != 0) {
		MUST(!r.chain);
		return;
	}
	MUST(strstr(line, "-A") && strstr(line, r.chain));
	MUST(!r.bare || r.target);
	if (r.ports)
		check_ports(r.ports);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);
	CLEANUP_FREE char *copy = xstrdup(text);
	CLEANUP_FREE char *more = NULL;
	char *rest = copy, *line;
	bool denies = iptables_input_denies(text);

	while ((line = str_line(&rest)))
		check_rule(line);
	check_ports(text);
	more = xasprintf("%s\n-A INPUT -j DROP\n", text);
	MUST(iptables_input_denies(more) || strstr(text, "-j ACCEPT"));
	more[strlen(text)] = '\0';
	MUST(iptables_input_denies(more) == denies);
	return 0;
}
