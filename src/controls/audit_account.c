// SPDX-License-Identifier: MIT
/* audit_account.c - who may become somebody here: root, sudo, passwords, and the databases. */
#include <string.h>

#include "base/i18n.h"
#include "controls/audit_files.h"
#include "core/passwd.h"
#include "core/words.h"

static bool only_root(const struct control_in *in, struct finding *ret)
{
	if (in->facts->as_root)
		return true;
	finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("only root may look"));
	return false;
}

static bool is_admin_of_policy(const struct control_in *in, const struct account *a)
{
	return in->policy->admin_user && str_eq(in->policy->admin_user, a->name);
}

/* --- who is root ------------------------------------------------------------------------------- */

static int uid_zero_probe(const struct control_in *in, const struct control *self,
			  struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct passwd_line l;
	char *rest;

	(void)self;
	if (os_read(in->os, "/etc/passwd", &text, e) < 0)
		return -1;
	rest = text ? text : (char[]){ "" };
	while (passwd_next(&rest, &l)) {
		uint64_t uid;

		if (str_to_u64(l.field[2], 0, UINT32_MAX, &uid) == 0 && uid == 0 &&
		    !str_eq(l.field[0], "root"))
			strv_add(&bad, l.field[0]);
	}
	finding_list(ret, &bad, _("only root has user id 0"));
	return 0;
}

static int empty_password_probe(const struct control_in *in, const struct control *self,
				struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct passwd_line l;
	char *rest;

	(void)self;
	if (!only_root(in, ret))
		return 0;
	if (os_read(in->os, "/etc/shadow", &text, e) < 0)
		return -1;
	rest = text ? text : (char[]){ "" };
	while (passwd_next(&rest, &l))
		if (l.field[1][0] == '\0')
			strv_add(&bad, l.field[0]);
	finding_list(ret, &bad, _("none is empty"));
	return 0;
}

/* crypt(5): descrypt has no '$'; $1$ is MD5, $sha1$ and $md5 of other systems. */
static int weak_hash_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct passwd_line l;
	char *rest;

	(void)self;
	if (!only_root(in, ret))
		return 0;
	if (os_read(in->os, "/etc/shadow", &text, e) < 0)
		return -1;
	rest = text ? text : (char[]){ "" };
	while (passwd_next(&rest, &l)) {
		const char *hash = l.field[1] + (l.field[1][0] == '!');

		if (str_starts(hash, "$1$") || str_starts(hash, "$md5") ||
		    str_starts(hash, "$sha1$") || str_starts(hash, "_") ||
		    (hash[0] != '$' && hash[0] != '*' && strlen(hash) == 13))
			strv_add(&bad, l.field[0]);
	}
	finding_list(ret, &bad, _("SHA-256, SHA-512, bcrypt or yescrypt"));
	return 0;
}

static int nopasswd_probe(const struct control_in *in, const struct control *self,
			  struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };
	size_t wanted = 0;

	(void)self;
	(void)e;
	if (!only_root(in, ret))
		return 0;
	for (size_t i = 0; i < in->facts->account_count; i++) {
		const struct account *a = &in->facts->account[i];

		if (!a->sudo_nopasswd || a->uid == 0)
			continue;
		if (is_admin_of_policy(in, a) && in->policy->admin_sudo == SUDO_NOPASSWD)
			wanted++;
		else
			strv_addf(&bad, "%s", a->name);
	}
	finding_list(ret, &bad, _("sudo asks everybody for the password"));
	if (bad.count == 0 && wanted > 0)
		finding_set(ret, VERDICT_WAIVED, _("%s; the policy allows it"),
			    in->policy->admin_user);
	return 0;
}

/* Somebody beside root who gets in by key and can become root: what makes closing root's door safe. */
static int admin_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	CLEANUP_STRV struct strv found = { 0 };
	CLEANUP_FREE char *names = NULL;

	(void)self;
	(void)e;
	if (!only_root(in, ret))
		return 0;
	for (size_t i = 0; i < in->facts->account_count; i++) {
		const struct account *a = &in->facts->account[i];

		if (a->uid != 0 && a->can_login && a->key_count > 0 && !a->account_expired &&
		    !a->must_change &&
		    (a->sudo_nopasswd || (a->sudo_any && a->password == PASSWORD_SET)))
			strv_add(&found, a->name);
	}
	names = strv_join(&found, ", ");
	finding_set(ret, found.count > 0 ? VERDICT_PASS : VERDICT_FAIL, "%s",
		    found.count > 0 ? names : _("nobody beside root"));
	return 0;
}

static int usable_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!only_root(in, ret))
		return 0;
	for (size_t i = 0; i < in->facts->account_count; i++) {
		const struct account *a = &in->facts->account[i];

		if (!a->can_login || (a->uid != 0 && !a->in_admin_group))
			continue;
		if (a->account_expired)
			strv_addf(&bad, _("%s: account expired"), a->name);
		else if (a->must_change)
			strv_addf(&bad, _("%s: must change the password"), a->name);
		else if (a->password_expired)
			strv_addf(&bad, _("%s: password expired"), a->name);
	}
	finding_list(ret, &bad, _("no administrator's account or password has expired"));
	return 0;
}

/* A service's account with a shell and a way in. */
static int service_login_probe(const struct control_in *in, const struct control *self,
			       struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!only_root(in, ret))
		return 0;
	for (size_t i = 0; i < in->facts->account_count; i++) {
		const struct account *a = &in->facts->account[i];

		if (a->uid == 0 || a->uid >= 1000 || !a->can_login)
			continue;
		if (a->key_count > 0 || a->password == PASSWORD_SET ||
		    a->password == PASSWORD_EMPTY)
			strv_addf(&bad, "%s (%s)", a->name, a->shell);
	}
	finding_list(ret, &bad, _("none has a shell and a password or key"));
	return 0;
}

/* Members of groups that are root by another name. */
static int root_groups_probe(const struct control_in *in, const struct control *self,
			     struct finding *ret, struct err *e)
{
	static const char *const groups[] = { "docker", "lxd",	   "incus-admin", "disk",
					      "shadow", "libvirt", "kmem" };
	CLEANUP_STRV struct strv bad = { 0 };
	CLEANUP_FREE char *text = NULL;

	(void)self;
	if (os_read(in->os, "/etc/group", &text, e) < 0)
		return -1;
	for (size_t i = 0; text && i < COUNT(groups); i++) {
		CLEANUP_FREE char *members = passwd_field(text, groups[i], 3);

		if (members && members[0])
			strv_addf(&bad, "%s: %s", groups[i], members);
	}
	finding_list(ret, &bad, _("nobody is in them"));
	return 0;
}

/* --- the databases ------------------------------------------------------------------------------ */

static int twins_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };
	CLEANUP_STRV struct strv names = { 0 };
	CLEANUP_STRV struct strv ids = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct passwd_line l;
	char *rest;

	(void)self;
	if (os_read(in->os, "/etc/passwd", &text, e) < 0)
		return -1;
	rest = text ? text : (char[]){ "" };
	while (passwd_next(&rest, &l)) {
		if (strv_has(&names, l.field[0]))
			strv_addf(&bad, _("name %s"), l.field[0]);
		/* Twins of root are a matter of account.uid-zero. */
		if (strv_has(&ids, l.field[2]) && !str_eq(l.field[2], "0"))
			strv_addf(&bad, _("user id %s"), l.field[2]);
		strv_add(&names, l.field[0]);
		strv_add(&ids, l.field[2]);
	}
	finding_list(ret, &bad, _("every name and user id is there once"));
	return 0;
}

/* passwd(5): a line that begins with + takes accounts in from elsewhere. */
static int plus_lines_probe(const struct control_in *in, const struct control *self,
			    struct finding *ret, struct err *e)
{
	static const char *const files[] = { "/etc/passwd", "/etc/shadow", "/etc/group" };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	for (size_t i = 0; i < COUNT(files); i++) {
		CLEANUP_FREE char *text = NULL;
		char *rest, *line;
		unsigned number = 0;

		if (str_eq(files[i], "/etc/shadow") && !in->facts->as_root)
			continue;
		if (os_read(in->os, files[i], &text, e) < 0)
			return -1;
		rest = text;
		while (rest && (line = str_line(&rest))) {
			number++;
			if (line[0] == '+')
				strv_addf(&bad, "%s:%u", files[i], number);
		}
	}
	finding_list(ret, &bad, _("none"));
	return 0;
}

static int database_files_probe(const struct control_in *in, const struct control *self,
				struct finding *ret, struct err *e)
{
	static const struct file_rule rules[] = {
		{ .path = "/etc/passwd", .never = 022 },  { .path = "/etc/group", .never = 022 },
		{ .path = "/etc/shadow", .never = 027 },  { .path = "/etc/gshadow", .never = 027 },
		{ .path = "/etc/passwd-", .never = 022 }, { .path = "/etc/shadow-", .never = 027 },
	};
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	for (size_t i = 0; i < COUNT(rules); i++)
		if (audit_file(in->os, &rules[i], &bad, e) < 0)
			return -1;
	finding_list(ret, &bad, _("as they should be"));
	return 0;
}

static int sudoers_files_probe(const struct control_in *in, const struct control *self,
			       struct finding *ret, struct err *e)
{
	const struct file_rule rule = { .never = 022 };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!only_root(in, ret))
		return 0;
	if (audit_file(in->os, &(struct file_rule){ .path = "/etc/sudoers", .never = 022 }, &bad,
		       e) < 0 ||
	    audit_file(in->os, &(struct file_rule){ .path = "/etc/sudoers.d", .never = 022 }, &bad,
		       e) < 0 ||
	    audit_folder(in->os, "/etc/sudoers.d", &rule, &bad, e) < 0)
		return -1;
	finding_list(ret, &bad, _("only root may write them"));
	return 0;
}

/* sudoers(5): names with a dot, or a ~ at their end, are passed over without a word. */
static int sudoers_names_probe(const struct control_in *in, const struct control *self,
			       struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!only_root(in, ret))
		return 0;
	if (os_list(in->os, "/etc/sudoers.d", &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (strchr(names.item[i], '.') || str_ends(names.item[i], "~"))
			strv_addf(&bad, "/etc/sudoers.d/%s", names.item[i]);
	finding_list(ret, &bad, _("sudo reads every file there"));
	return 0;
}

static int sudoers_valid_probe(const struct control_in *in, const struct control *self,
			       struct finding *ret, struct err *e)
{
	const struct run run = { .argv = ARGV("visudo", "-c") };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	(void)self;
	if (!only_root(in, ret))
		return 0;
	if (os_run(in->os, &run, &r, e) < 0)
		return -1;
	rest = r.err[0] ? r.err : r.out;
	line = str_line(&rest);
	if (r.status == 127)
		finding_set(ret, VERDICT_PASS, "%s", _("sudo is not installed"));
	else
		finding_set(ret, r.status == 0 ? VERDICT_PASS : VERDICT_FAIL, "visudo -c: %s",
			    line ? str_trim(line) : "");
	return 0;
}

static int homes_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	for (size_t i = 0; i < in->facts->account_count; i++) {
		const struct account *a = &in->facts->account[i];
		const struct file_rule rule = {
			.path = a->home, .owner = a->uid, .never = 022, .may_be_root = true
		};

		if (a->can_login && audit_file(in->os, &rule, &bad, e) < 0)
			return -1;
	}
	finding_list(ret, &bad, _("only its user may write each"));
	return 0;
}

/* Whatever root runs by itself: at a time, at a login, with every program. */
static int root_jobs_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	static const char *const files[] = { "/etc/crontab",
					     "/etc/ld.so.preload",
					     "/etc/rc.local",
					     "/etc/profile",
					     "/root/.profile",
					     "/root/.bashrc",
					     "/var/spool/cron/crontabs/root" };
	static const char *const folders[] = { "/etc/cron.d",	    "/etc/cron.hourly",
					       "/etc/cron.daily",   "/etc/cron.weekly",
					       "/etc/cron.monthly", "/etc/systemd/system",
					       "/etc/profile.d",    "/usr/local/sbin",
					       "/usr/local/bin" };
	const struct file_rule rule = { .never = 022 };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	for (size_t i = 0; i < COUNT(files); i++)
		if (audit_file(in->os, &(struct file_rule){ .path = files[i], .never = 022 }, &bad,
			       e) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(folders); i++)
		if (audit_file(in->os, &(struct file_rule){ .path = folders[i], .never = 02 }, &bad,
			       e) < 0 ||
		    audit_folder(in->os, folders[i], &rule, &bad, e) < 0)
			return -1;
	finding_list(ret, &bad, _("only root may write them"));
	return 0;
}

static int shared_folders_probe(const struct control_in *in, const struct control *self,
				struct finding *ret, struct err *e)
{
	static const char *const folders[] = { "/tmp", "/var/tmp", "/dev/shm" };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	for (size_t i = 0; i < COUNT(folders); i++) {
		CLEANUP_NODE struct node n = { 0 };

		if (os_get_followed(in->os, folders[i], &n, e) < 0)
			return -1;
		if (n.type == NODE_DIR && (n.mode & 02) != 0 && (n.mode & 01000) == 0)
			strv_addf(&bad, "%s: %04o", folders[i], (unsigned)n.mode);
	}
	finding_list(ret, &bad, _("as they should be"));
	return 0;
}

const struct control audit_account_controls[] = {
	{
		.id = "account.uid-zero",
		.title = N_("Only root has user id 0"),
		.why = N_("a second root hides behind another name and password"),
		.severity = SEVERITY_CRITICAL,
		.fix = N_("give the user an id of its own: usermod -u"),
		.source = "passwd(5)",
		.probe = uid_zero_probe,
	},
	{
		.id = "account.empty-passwords",
		.title = N_("No password is empty"),
		.why = N_("whoever knows the name is that user, on the console and by su"),
		.severity = SEVERITY_CRITICAL,
		.fix = N_("set one, or lock it: passwd -l"),
		.source = "shadow(5)",
		.probe = empty_password_probe,
	},
	{
		.id = "account.password-hashes",
		.title = N_("No password is stored by a broken method"),
		.why = N_("who gets a copy of the file would have the password in minutes"),
		.severity = SEVERITY_HIGH,
		.fix = N_("set the password anew: passwd"),
		.source = "crypt(5)",
		.probe = weak_hash_probe,
	},
	{
		.id = "account.nopasswd",
		.title = N_("sudo asks for the password"),
		.why = N_("whoever gets a key or session of these users is root at once"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("remove NOPASSWD from the file in /etc/sudoers.d; sudo -l -U USER shows "
			  "what holds"),
		.source = "sudoers(5), NOPASSWD",
		.probe = nopasswd_probe,
	},
	{
		.id = "account.administrator",
		.title = N_("An administrator gets in by key and can become root"),
		.why = N_("without one root's door has to stay open"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("apply makes one: [admin] user and key"),
		.by_apply = true,
		.source = "sudo(8)",
		.probe = admin_probe,
	},
	{
		.id = "account.usable",
		.title = N_("No administrator's account has expired"),
		.why = N_("a key login then ends in a dialog, and sudo refuses"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("change the password, or: chage -E -1 USER"),
		.source = "chage(1)",
		.probe = usable_probe,
	},
	{
		.id = "account.service-logins",
		.title = N_("No account of a service can log in"),
		.why = N_("nobody looks after its password"),
		.severity = SEVERITY_HIGH,
		.fix = N_("usermod -s /usr/sbin/nologin USER"),
		.source = "nologin(8)",
		.probe = service_login_probe,
	},
	{
		.id = "account.root-groups",
		.title = N_("Nobody is in a group that is as good as root"),
		.why = N_("its members become root without sudo and without a trace"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("take the user out: gpasswd -d USER GROUP"),
		.source = "Docker, Debian wiki SystemGroups",
		.probe = root_groups_probe,
	},
	{
		.id = "account.twins",
		.title = N_("No two users share a name or an id"),
		.why = N_("what one may, the other may too, and logs name only one"),
		.severity = SEVERITY_LOW,
		.fix = N_("give one of them an id of its own: usermod -u"),
		.source = "passwd(5), pwck(8)",
		.probe = twins_probe,
	},
	{
		.id = "account.plus-lines",
		.title = N_("No account comes in by a line that begins with +"),
		.why = N_("a directory service elsewhere (NIS) could add a root of its own"),
		.severity = SEVERITY_HIGH,
		.fix = N_("remove the line: vipw"),
		.source = "nsswitch.conf(5), compat",
		.probe = plus_lines_probe,
	},
	{
		.id = "account.database-files",
		.title = N_("Only root may write the users, and read their passwords"),
		.why = N_("who may write them may become anybody"),
		.severity = SEVERITY_HIGH,
		.fix = N_("chown root; chmod 644 passwd and group, 640 shadow and gshadow"),
		.source = "shadow(5)",
		.probe = database_files_probe,
	},
	{
		.id = "account.sudoers-files",
		.title = N_("Only root may write sudo's rules"),
		.why = N_("who may write them may become root"),
		.severity = SEVERITY_HIGH,
		.fix = N_("chown root:root and chmod 440"),
		.source = "sudoers(5)",
		.probe = sudoers_files_probe,
	},
	{
		.id = "account.sudoers-names",
		.title = N_("sudo reads every file of rules"),
		.why = N_("a file that is passed over looks as if it were in force"),
		.severity = SEVERITY_LOW,
		.fix = N_("rename it: no dot, and no ~ at the end"),
		.source = "sudoers(5), @includedir",
		.probe = sudoers_names_probe,
	},
	{
		.id = "account.sudoers-valid",
		.title = N_("sudo understands its rules"),
		.why = N_("with a fault in them nobody becomes root by sudo"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("correct the named line by visudo"),
		.source = "visudo(8), -c",
		.probe = sudoers_valid_probe,
	},
	{
		.id = "account.homes",
		.title = N_("Only its user may write a home folder"),
		.why = N_("others could put a key or a start-up file there"),
		.severity = SEVERITY_HIGH,
		.fix = N_("chmod go-w, and chown to its user"),
		.source = "sshd(8), StrictModes",
		.probe = homes_probe,
	},
	{
		.id = "account.root-jobs",
		.title = N_("Only root may write what root runs"),
		.why = N_("who may write it is root the next time it runs"),
		.severity = SEVERITY_HIGH,
		.fix = N_("chown root:root and chmod go-w"),
		.source = "crontab(5), systemd.unit(5), ld.so(8)",
		.probe = root_jobs_probe,
	},
	{
		.id = "account.shared-folders",
		.title = N_("In shared folders nobody removes what is another's"),
		.why = N_("one user could put his own file in the place of another's"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("chmod 1777 /tmp /var/tmp"),
		.source = "inode(7), S_ISVTX",
		.probe = shared_folders_probe,
	},
	{ 0 },
};
