// SPDX-License-Identifier: MIT
/*
 * iptables.h - rules as iptables writes them (-S, iptables-save), in either of its forms (nft, legacy).
 */
#pragma once

#include "core/facts.h"

/* A drop-in of this name in UNIT.d: the unit loads its rules, and then its denial is taken out. */
#define FOREIGN_DROPIN "kannuki.conf"

/* One "-A CHAIN …" line, as far as it is of use here. Pointers go into word. */
struct iptables_rule {
	struct strv word;
	const char *chain, *target; /* target NULL: none */
	const char *proto, *ports;  /* of -p and --dport(s); NULL: not asked for */
	const char *from, *to;	    /* of -s, -d */
	bool bare;		    /* nothing but a target: every packet meets it */
};

/* 1: no "-A" line. iptables_rule_done() in any case. */
int iptables_rule_parse(const char *line, struct iptables_rule *ret);
void iptables_rule_done(struct iptables_rule *r);
#define CLEANUP_IPTABLES_RULE CLEANUP(iptables_rule_done)

/* What `program ARGUMENT…` prints. 1: there is no such program, or it may not look. malloc'd. */
int iptables_list(struct os *os, const char *const *argv, char **ret, struct err *e);
/* Does INPUT of this listing (-S or -save) deny what no rule lets in? */
bool iptables_input_denies(const char *listing);
/* "80", "8000:8010", "80,443,8000:8010": as ranges. -1: cannot be read, and nothing was added. */
int iptables_ports(const char *ports, enum transport t, const char *by, struct foreign_ports *ret);

void foreign_ports_add(struct foreign_ports *p, const struct port_range *r, const char *by);
void foreign_ports_done(struct foreign_ports *p);
