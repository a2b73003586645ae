// SPDX-License-Identifier: MIT
/* policy.c - values of the policy's table: set, written, checked. policy_parse.c reads files. */
#include "core/policy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "core/policy_audit.h"
#include "core/policy_guard.h"

#define KEYS_MAX    64
#define USER_MAX    32
#define WRITTEN_MAX 1000 /* bytes of a list in one line */

static void *member(struct policy *p, const struct policy_key *k)
{
	return (char *)p + k->offset;
}

void policy_init(struct policy *p)
{
	*p = (struct policy){ .ping = true,
			      .harden_safe = true,
			      .updates_automatic = UPDATES_SECURITY,
			      .updates_reboot = -1,
			      .audit_daily = -1,
			      .guard_bantime = 3600,
			      .guard_findtime = 600,
			      .guard_maxretry = 5 };
	p->open = xcalloc(1, sizeof(*p->open));
	p->open[0].tpl = opening_template_find("ssh");
	p->open_count = 1;
}

void policy_done(struct policy *p)
{
	for (size_t i = 0; i < p->admin_key_count; i++)
		pubkey_done(&p->admin_key[i]);
	for (size_t i = 0; i < p->waive_count; i++) {
		free(p->waive[i].id);
		free(p->waive[i].why);
	}
	free(p->waive);
	free(p->admin_user);
	free(p->admin_key);
	free(p->allow_from);
	free(p->open);
	strv_done(&p->guard_jails);
	strv_done(&p->guard_ignore);
	strv_done(&p->services_stop);
	strv_done(&p->harden_also);
	strv_done(&p->harden_except);
	strv_done(&p->audit_tell);
	*p = (struct policy){ 0 };
}

static int wrong(const struct policy_key *k, const char *value, const char *allowed, struct err *e)
{
	CLEANUP_FREE char *brief = str_brief(value);

	return err_set(e, ERR_USAGE, _("[%s] %s = %s is not possible; allowed: %s"), k->section,
		       k->name, brief, allowed);
}

static int set_bool(struct policy *p, const struct policy_key *k, const char *value, struct err *e)
{
	if (!str_eq(value, "yes") && !str_eq(value, "no"))
		return wrong(k, value, _("yes or no"), e);
	*(bool *)member(p, k) = str_eq(value, "yes");
	return 0;
}

static int set_choice(struct policy *p, const struct policy_key *k, const char *value,
		      struct err *e)
{
	CLEANUP_STR struct str all = { 0 };

	for (int i = 0; k->choices[i]; i++) {
		if (str_eq(value, k->choices[i])) {
			*(int *)member(p, k) = i;
			return 0;
		}
		str_addf(&all, "%s%s", i ? ", " : "", k->choices[i]);
	}
	return wrong(k, value, all.text, e);
}

static int set_uint(struct policy *p, const struct policy_key *k, const char *value, struct err *e)
{
	CLEANUP_FREE char *allowed = xasprintf(_("%lu to %lu"), k->min, k->max);
	uint64_t n;

	if (str_to_u64(value, k->min, k->max, &n) < 0)
		return wrong(k, value, allowed, e);
	*(unsigned *)member(p, k) = (unsigned)n;
	return 0;
}

/* What useradd of Debian and RHEL both take without an option that says "bad name". */
static int set_user(struct policy *p, const struct policy_key *k, const char *value, struct err *e)
{
	size_t n = strlen(value);
	bool good = n > 0 && n <= USER_MAX && (islower((unsigned char)value[0]) || value[0] == '_');

	for (size_t i = 1; good && i < n; i++)
		good = islower((unsigned char)value[i]) || isdigit((unsigned char)value[i]) ||
		       value[i] == '_' || value[i] == '-';
	if (str_eq(value, "root"))
		return err_set(
			e, ERR_USAGE,
			_("[admin] user = root: the admin is a user of its own who becomes root by "
			  "sudo; choose another name"));
	if (!good)
		return wrong(k, str_is_clean_utf8(value) ? value : "?",
			     _("lower-case letters, digits, _ and -, beginning with a letter, at "
			       "most 32"),
			     e);
	free(p->admin_user);
	p->admin_user = xstrdup(value);
	return 0;
}

static int set_key(struct policy *p, const char *value, struct err *e)
{
	struct pubkey key;

	if (p->admin_key_count >= KEYS_MAX)
		return err_set(e, ERR_USAGE, _("at most %d keys"), KEYS_MAX);
	if (pubkey_parse(value, &key, e) < 0)
		return -1;
	for (size_t i = 0; i < p->admin_key_count; i++) {
		if (!pubkey_same(&key, &p->admin_key[i]))
			continue;
		pubkey_done(&key);
		return err_set(e, ERR_USAGE, _("[admin] key: this key stands here twice"));
	}
	p->admin_key = xrealloc(p->admin_key, p->admin_key_count + 1, sizeof(key));
	p->admin_key[p->admin_key_count++] = key;
	return 0;
}

static int set_cidrs(struct policy *p, const char *value, struct err *e)
{
	CLEANUP_STRV struct strv words = { 0 };

	strv_split(&words, value, ", \t");
	for (size_t i = 0; i < words.count; i++) {
		struct prefix one;

		if (str_eq(words.item[i], "any") && words.count == 1)
			return 0;
		if (prefix_parse(words.item[i], &one, e) < 0)
			return err_ctx(e, "[ssh] allow-from");
		p->allow_from = xrealloc(p->allow_from, p->allow_from_count + 1, sizeof(one));
		p->allow_from[p->allow_from_count++] = one;
	}
	return 0;
}

static int set_time(struct policy *p, const struct policy_key *k, const char *value, struct err *e)
{
	uint64_t hour, minute;
	char text[6];

	if (str_eq(value, "no")) {
		*(int *)member(p, k) = -1;
		return 0;
	}
	if (strlen(value) != 5 || value[2] != ':')
		return wrong(k, value, _("no, or a time of day such as 03:30"), e);
	snprintf(text, sizeof(text), "%s", value);
	text[2] = '\0';
	if (str_to_u64(text, 0, 23, &hour) < 0 || str_to_u64(text + 3, 0, 59, &minute) < 0)
		return wrong(k, value, _("no, or a time of day such as 03:30"), e);
	*(int *)member(p, k) = (int)(hour * 60 + minute);
	return 0;
}

/* A name that systemd would take, without its ".service"; other kinds of units but sockets are not
 * services. */
static bool is_service_name(const char *name)
{
	const char *dot = strrchr(name, '.');
	static const char *const kinds[] = { ".target", ".timer", ".mount", ".slice",
					     ".scope",	".path",  ".device" };

	for (size_t i = 0; dot && i < COUNT(kinds); i++)
		if (str_eq(dot, kinds[i]))
			return false;
	return (isalnum((unsigned char)name[0]) || name[0] == '_') && strlen(name) < 200 &&
	       strspn(name,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.@\\-") ==
		       strlen(name);
}

static int set_services(struct policy *p, const struct policy_key *k, const char *value,
			struct err *e)
{
	CLEANUP_STRV struct strv words = { 0 };

	strv_split(&words, value, ", \t");
	for (size_t i = 0; i < words.count; i++) {
		char *name = words.item[i];

		if (str_ends(name, ".service"))
			name[strlen(name) - strlen(".service")] = '\0';
		if (!is_service_name(name))
			return wrong(k, str_is_clean_utf8(name) ? name : "?",
				     _("names of services, such as cups, or auto"), e);
		if (!strv_has(&p->services_stop, name))
			strv_add(&p->services_stop, name);
	}
	return 0;
}

/* Whether there is such a control is not known here. */
static int set_controls(struct policy *p, const struct policy_key *k, const char *value,
			struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	struct strv *list = member(p, k);
	CLEANUP_STRV struct strv ids = { 0 };

	strv_split(&ids, value, ", \t");
	for (size_t i = 0; i < ids.count; i++) {
		if (!strchr(ids.item[i], '.') || ids.item[i][strspn(ids.item[i], letters)])
			return wrong(k, value, _("ids of controls, such as door.x11"), e);
		if (!strv_has(list, ids.item[i]))
			strv_add(list, ids.item[i]);
	}
	return 0;
}

static int set_openings(struct policy *p, const char *value, struct err *e)
{
	CLEANUP_STRV struct strv parts = { 0 };

	strv_split(&parts, value, ",");
	for (size_t i = 0; i < parts.count; i++) {
		struct opening one;
		bool there = false;

		if (opening_parse(str_trim(parts.item[i]), &one, e) < 0)
			return err_ctx(e, "[firewall] open");
		if (one.tpl && str_eq(one.tpl->name, "ssh") && one.has_source)
			return err_set(e, ERR_USAGE,
				       _("[firewall] open = ssh from ...: say that with [ssh] "
					 "allow-from"));
		for (size_t j = 0; j < p->open_count; j++)
			there = there || opening_eq(&one, &p->open[j]);
		if (there)
			continue;
		p->open = xrealloc(p->open, p->open_count + 1, sizeof(one));
		p->open[p->open_count++] = one;
	}
	return 0;
}

static int set_value(struct policy *p, const struct policy_key *k, const char *value, struct err *e)
{
	switch (k->type) {
	case POLICY_BOOL:
		return set_bool(p, k, value, e);
	case POLICY_CHOICE:
		return set_choice(p, k, value, e);
	case POLICY_UINT:
		return set_uint(p, k, value, e);
	case POLICY_USER:
		return set_user(p, k, value, e);
	case POLICY_KEY:
		return set_key(p, value, e);
	case POLICY_CIDRS:
		return set_cidrs(p, value, e);
	case POLICY_OPENINGS:
		return set_openings(p, value, e);
	case POLICY_WAIVES:
		return policy_set_waive(p, value, e);
	case POLICY_TELL:
		return policy_set_tell(p, value, e);
	case POLICY_SPAN:
		return policy_set_span(p, k, value, e);
	case POLICY_JAILS:
		return policy_set_jails(p, value, e);
	case POLICY_IGNORES:
		return policy_set_ignores(p, value, e);
	case POLICY_TIME:
		return set_time(p, k, value, e);
	case POLICY_SERVICES:
		return set_services(p, k, value, e);
	case POLICY_CONTROLS:
		return set_controls(p, k, value, e);
	}
	return err_set(e, ERR_FAILED, _("policy key without a type"));
}

static const char *name_in_section(const void *arg, size_t i)
{
	return str_eq(policy_keys[i].section, arg) ? policy_keys[i].name : "";
}

static const char *any_section(const void *arg, size_t i)
{
	(void)arg;
	return policy_keys[i].section;
}

static int unknown(const char *section, const char *name, struct err *e)
{
	CLEANUP_FREE char *brief = str_brief(name);
	CLEANUP_STR struct str all = { 0 };
	const char *near;

	for (size_t i = 0; i < policy_keys_count; i++)
		if (str_eq(policy_keys[i].section, section))
			str_addf(&all, "%s%s", all.len ? ", " : "", policy_keys[i].name);
	if (!all.len) {
		near = str_nearest(section, policy_keys_count, any_section, NULL);
		if (near)
			return err_set(
				e, ERR_USAGE,
				_("there is no section [%s]; did you mean [%s]? allowed: "
				  "admin, ssh, firewall, guard, updates, services, hardening, "
				  "audit, ui"),
				section, near);
		return err_set(e, ERR_USAGE,
			       _("there is no section [%s]; allowed: admin, ssh, firewall, guard, "
				 "updates, services, hardening, audit, ui"),
			       section);
	}
	near = str_nearest(name, policy_keys_count, name_in_section, section);
	if (near && near[0])
		return err_set(e, ERR_USAGE,
			       _("[%s] has no key \"%s\"; did you mean \"%s\"? allowed: %s"),
			       section, brief, near, all.text);
	return err_set(e, ERR_USAGE, _("[%s] has no key \"%s\"; allowed: %s"), section, brief,
		       all.text);
}

bool policy_gives(const struct policy *p, const char *section, const char *name)
{
	for (size_t i = 0; i < policy_keys_count; i++)
		if (str_eq(policy_keys[i].section, section) && str_eq(policy_keys[i].name, name))
			return p->line[i] > 0;
	return false;
}

void policy_give(struct policy *p, const char *section, const char *name, bool given)
{
	for (size_t i = 0; i < policy_keys_count; i++)
		if (str_eq(policy_keys[i].section, section) && str_eq(policy_keys[i].name, name))
			p->line[i] = !given ? 0 : p->line[i] ? p->line[i] : 1;
}

int policy_set(struct policy *p, const char *section, const char *name, const char *value,
	       struct err *e)
{
	for (size_t i = 0; i < policy_keys_count; i++)
		if (str_eq(policy_keys[i].section, section) && str_eq(policy_keys[i].name, name))
			return set_value(p, &policy_keys[i], value, e);
	return unknown(section, name, e);
}

static char *keys_text(const struct policy *p)
{
	CLEANUP_STR struct str s = { 0 };

	for (size_t i = 0; i < p->admin_key_count; i++) {
		CLEANUP_FREE char *line = pubkey_line(&p->admin_key[i]);

		str_addf(&s, "%s%s", i ? "\n" : "", line);
	}
	return str_take(&s);
}

static char *cidrs_text(const struct policy *p)
{
	CLEANUP_STR struct str s = { 0 };
	char addr[ADDR_TEXT];

	for (size_t i = 0; i < p->allow_from_count; i++)
		str_addf(&s, "%s%s/%u", i ? ", " : "", addr_text(&p->allow_from[i].addr, addr),
			 p->allow_from[i].bits);
	return str_take(&s);
}

static char *openings_text(const struct policy *p)
{
	CLEANUP_STR struct str s = { 0 };

	for (size_t i = 0; i < p->open_count; i++) {
		CLEANUP_FREE char *one = opening_text(&p->open[i]);

		str_addf(&s, "%s%s", i ? ", " : "", one);
	}
	return str_take(&s);
}

char *policy_get(const struct policy *p, const struct policy_key *k)
{
	const void *m = (const char *)p + k->offset;

	switch (k->type) {
	case POLICY_BOOL:
		return xstrdup(*(const bool *)m ? "yes" : "no");
	case POLICY_CHOICE:
		return xstrdup(k->choices[*(const int *)m]);
	case POLICY_UINT:
		return *(const unsigned *)m ? xasprintf("%u", *(const unsigned *)m) : xstrdup("");
	case POLICY_USER:
		return xstrdup(p->admin_user ? p->admin_user : "");
	case POLICY_KEY:
		return keys_text(p);
	case POLICY_CIDRS:
		return cidrs_text(p);
	case POLICY_OPENINGS:
		return openings_text(p);
	case POLICY_WAIVES:
		return policy_waives_text(p);
	case POLICY_TIME:
		return *(const int *)m < 0
			       ? xstrdup("no")
			       : xasprintf("%02d:%02d", *(const int *)m / 60, *(const int *)m % 60);
	case POLICY_SERVICES:
	case POLICY_CONTROLS:
	case POLICY_IGNORES:
		return strv_join(m, ", ");
	case POLICY_SPAN:
		return policy_span_text(*(const unsigned *)m);
	case POLICY_JAILS:
		return p->guard_jails.count ? strv_join(&p->guard_jails, ", ") : xstrdup(k->def);
	case POLICY_TELL:
		return p->audit_tell.count ? strv_join(&p->audit_tell, ", ") : xstrdup(k->def);
	}
	return xstrdup("");
}

/* Lists grow by one opening at a time: a line must stay one that may be read. */
static void write_lines(struct str *s, const char *name, char *value)
{
	while (strlen(value) > WRITTEN_MAX) {
		char *cut = memrchr(value, ',', WRITTEN_MAX);

		if (!cut)
			break;
		*cut = '\0';
		str_addf(s, "%s = %s\n", name, value);
		value = cut + 1 + strspn(cut + 1, " ");
	}
	str_addf(s, "%s = %s\n", name, value);
}

static bool is_list(const struct policy_key *k)
{
	return k->type == POLICY_CIDRS || k->type == POLICY_OPENINGS ||
	       k->type == POLICY_SERVICES || k->type == POLICY_CONTROLS || k->type == POLICY_TELL ||
	       k->type == POLICY_JAILS || k->type == POLICY_IGNORES;
}

static void write_key(struct str *s, const struct policy *p, const struct policy_key *k)
{
	CLEANUP_FREE char *value = policy_get(p, k);
	char *rest = value, *line;

	str_addf(s, "# %s\n", _(k->meaning));
	/* What somebody wrote by hand stays written, though it is the default. */
	if (value[0] == '\0' || (str_eq(value, k->def) && p->line[k - policy_keys] == 0)) {
		str_addf(s, "#%s = %s\n", k->name, k->def);
		return;
	}
	if (is_list(k)) {
		write_lines(s, k->name, value);
		return;
	}
	while ((line = str_line(&rest)))
		str_addf(s, "%s = %s\n", k->name, line);
}

char *policy_write(const struct policy *p)
{
	CLEANUP_STR struct str s = { 0 };
	const char *section = "";

	str_add(&s, _("# Kannuki policy: what is wanted of this host. See kannuki-policy(5).\n"));
	for (size_t i = 0; i < policy_keys_count; i++) {
		if (!str_eq(section, policy_keys[i].section))
			str_addf(&s, "\n[%s]\n", policy_keys[i].section);
		section = policy_keys[i].section;
		write_key(&s, p, &policy_keys[i]);
	}
	return str_take(&s);
}

/* Trap 16: possible, but worth a second look. */
static void look_at_port(unsigned port, struct strv *w)
{
	static const struct {
		unsigned port;
		const char *name;
	} known[] = { { 1080, "SOCKS" },      { 3000, "Grafana" },    { 3306, "MySQL" },
		      { 3389, "RDP" },	      { 5432, "PostgreSQL" }, { 5900, "VNC" },
		      { 6379, "Redis" },      { 8000, "HTTP" },	      { 8080, "HTTP" },
		      { 8443, "HTTPS" },      { 9000, "PHP-FPM" },    { 9090, "Prometheus" },
		      { 25565, "Minecraft" }, { 27017, "MongoDB" } };

	if (port == 22)
		strv_add(w,
			 _("port 22 is what every scanner tries first; another port is quieter"));
	else if (port < 1024)
		strv_addf(w, _("port %u belongs to a system service by custom; 22022 is better"),
			  port);
	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].port == port)
			strv_addf(w, _("port %u is what %s uses by custom; 22022 is better"), port,
				  known[i].name);
	if (port >= 32768 && port <= 60999)
		strv_addf(w,
			  _("port %u may go to an outgoing connection; it gets reserved, but 22022 "
			    "is better"),
			  port);
	else if (port > 32767)
		strv_addf(w,
			  _("port %u is above 32767, which some providers cannot open; 22022 is "
			    "better"),
			  port);
}

int policy_check(const struct policy *p, struct strv *ret_warnings, struct err *e)
{
	bool ssh = false;

	for (size_t i = 0; i < p->open_count; i++)
		ssh = ssh || (p->open[i].tpl && str_eq(p->open[i].tpl->name, "ssh"));
	if (!ssh)
		return err_set(e, ERR_USAGE,
			       _("[firewall] open must hold ssh: else nobody gets in"));
	if (p->admin_key_count > 0 && !p->admin_user)
		return err_set(e, ERR_USAGE, _("[admin] key needs [admin] user"));
	if (p->updates_reboot >= 0 && p->updates_automatic == UPDATES_NO)
		return err_set(e, ERR_USAGE,
			       _("[updates] reboot: only automatic updates restart the host; set "
				 "[updates] automatic, or reboot = no"));
	if (p->audit_tell.count > 0 && p->audit_daily < 0)
		return err_set(e, ERR_USAGE,
			       _("[audit] tell: only a daily audit tells; set [audit] daily"));
	policy_warn_of_guard(p, ret_warnings);
	if (p->ssh_port)
		look_at_port(p->ssh_port, ret_warnings);
	if (p->admin_user && p->admin_sudo == SUDO_NOPASSWD)
		strv_addf(ret_warnings,
			  _("sudo = nopasswd: whoever gets %s's key or session is root at once"),
			  p->admin_user);
	if (p->password_login)
		strv_add(ret_warnings, _("password-login = yes: passwords are guessed all day on "
					 "every rented server"));
	if (p->root_login == ROOT_LOGIN_YES)
		strv_add(ret_warnings,
			 _("root-login = yes: root is the first name a guesser tries"));
	return 0;
}

void policy_locate(const struct policy *p, const char *file, struct err *e)
{
	for (size_t i = 0; i < policy_keys_count; i++) {
		const struct policy_key *k = &policy_keys[i];
		CLEANUP_FREE char *about = xasprintf("[%s] %s", k->section, k->name);
		char after;

		if (!str_starts(e->msg, about))
			continue;
		after = e->msg[strlen(about)];
		if (after != ' ' && after != ':')
			continue;
		if (p->line[i])
			err_ctx(e, "%s:%u", file, p->line[i]);
		else
			err_ctx(e, "%s", file);
		return;
	}
}
