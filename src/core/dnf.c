// SPDX-License-Identifier: MIT
/* dnf.c - dnf 4 and 5, and dnf-automatic: the row of the RHEL family. */
#include "core/dnf.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "core/facts.h"

#define ON		"commands.apply_updates"
#define WHICH		"commands.upgrade_type"
#define REBOOT		"commands.reboot"
#define REBOOT_COMMAND	"commands.reboot_command"
#define DRY_RUN_SECONDS 180

/* --- at work ------------------------------------------------------------------------------------- */

/* -y also takes the keys that the repositories' own files name (gpgkey=). rpm itself never asks: what a file of
 * the configuration was changed to stays, or lies beside it as .rpmsave where its package wants that. */
#define DNF "/usr/bin/dnf -y "

static void unit(const struct packages_job *job, struct str *ret)
{
	const char *refresh = "--refresh ";

	if (job->update_all) {
		/* The second: lists that are fetched again unchanged keep their times. */
		str_addf(ret, "ExecStart=" DNF "%supgrade\n", refresh);
		str_add(ret, "ExecStart=-/usr/bin/touch -c /var/cache/dnf/last_makecache\n");
		refresh = "";
	}
	for (size_t i = 0; job->install && i < job->install->count; i++, refresh = "")
		str_addf(ret, "ExecStart=" DNF "%sinstall %s\n", refresh, job->install->item[i]);
}

/* dnf 4: "Upgrading : a-1.1-1.noarch 1/2"; dnf 5: "[1/2] Upgrading a-0:1.1-1.noarch 100% | …". */
static bool progress(const char *line)
{
	static const char *const acts[] = { "Upgrading ", "Installing ", "Downgrading ",
					    "Removing ",  "Obsoleting ", "Reinstalling " };
	static const char *const others[] = { "Error:", "Warning:", "warning:", "Problem",
					      "Waiting for process " };
	const char *fifth = line[0] == '[' ? strstr(line, "] ") : NULL;

	for (size_t i = 0; i < COUNT(acts); i++) {
		size_t n = strlen(acts[i]);

		if ((fifth && str_starts(fifth + 2, acts[i])) ||
		    (str_starts(line, acts[i]) && str_starts(line + n, ": ")))
			return true;
	}
	for (size_t i = 0; i < COUNT(others); i++)
		if (str_starts(line, others[i]))
			return true;
	return false;
}

/* "1/2" where it stands alone, or in "(1/2): " or "[1/2] ". */
static bool read_parts(const char *word, unsigned *ret_permille)
{
	unsigned long at, of;
	char *end;

	word += *word == '(' || *word == '[';
	at = strtoul(word, &end, 10);
	if (end == word || *end != '/')
		return false;
	of = strtoul(end + 1, NULL, 10);
	if (of == 0 || of > 1000000 || at > of)
		return false;
	*ret_permille = (unsigned)(at * 1000 / of);
	return true;
}

/* Of dnf 4 "(1/2): a-1.1-1.noarch.rpm 1.2 MB/s | 7 kB 00:00", then "Cleanup : a-1.0-1.noarch 2/4"; of dnf 5
 * "[1/2] a-0:1.1-1.noarch 100% | …", then "[1/4] Upgrading a-0:1.1-1.noarch 100% | …". */
static bool share(const char *line, struct packages_progress *now)
{
	static const char *const works[] = { "Upgrading ", "Installing ", "Downgrading ",
					     "Removing ",  "Obsoleting ", "Reinstalling ",
					     "Cleanup ",   "Erasing ",	  "Running scriptlet",
					     "Prepare tr", "Verify pack" };
	bool four = line[0] == '(', five = line[0] == '[';
	const char *words = five ? strchr(line, ' ') : line, *last = strrchr(line, ' ');
	bool work = false;

	for (size_t i = 0; words && i < COUNT(works); i++)
		work = work || str_starts(words + five, works[i]);
	if (!(four || five ? read_parts(line, &now->permille)
			   : work && last && read_parts(last + 1, &now->permille)))
		return false;
	now->stage = work ? PACKAGES_INSTALL : PACKAGES_DOWNLOAD;
	return true;
}

/* --- by itself ----------------------------------------------------------------------------------- */

static bool is_automatic(const struct updates_fact *u)
{
	return package_word_is_true(updates_config(u, ON));
}

static const char *off(const struct updates_fact *u)
{
	(void)u;
	return ON;
}

/* Of a distribution that marks nothing "security" would take nothing, ever. */
static const char *type_wanted(const struct facts *f, enum automatic_updates want)
{
	bool marks = !f->distribution || !f->distribution->no_advisories;

	return want == UPDATES_SECURITY && marks ? "security" : "default";
}

static int differs(struct os *os, const struct facts *f, enum automatic_updates want,
		   const char **ret, struct err *e)
{
	const char *type = updates_config(&f->updates, WHICH);

	(void)os;
	(void)e;
	if (str_eq(type[0] ? type : "default", type_wanted(f, want)))
		return 0;
	*ret = str_eq(type, "security") ? _("not the updates that are wanted (%s)")
					: _("all updates come by themselves (%s)");
	return 1;
}

static char *reboots_at(const struct updates_fact *u)
{
	const char *when = updates_config(u, REBOOT);
	const char *at = strstr(updates_config(u, REBOOT_COMMAND), "shutdown -r ");

	if (!when[0] || str_eq(when, "never"))
		return NULL;
	at = at ? at + strlen("shutdown -r ") : "";
	return at[0] ? xstrndup(at, strcspn(at, " ")) : xstrdup("+5");
}

/* --- its file, line by line ---------------------------------------------------------------------- */

static const char *section_of(const char *line, char **ret)
{
	size_t n = strcspn(line, "]");

	if (line[0] != '[' || line[n] != ']')
		return NULL;
	free(*ret);
	*ret = xstrndup(line + 1, n - 1);
	return *ret;
}

int dnf_walk(const char *text, dnf_line_fn *fn, void *arg)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	CLEANUP_FREE char *section = xstrdup("");
	char *rest = copy, *line;
	unsigned number = 0;
	int r = 0;

	while (r == 0 && (line = str_line(&rest))) {
		bool goes_on = line[0] == ' ' || line[0] == '\t';
		char *equals = strchr(line, '=');

		number++;
		if (goes_on || line[0] == '#' || line[0] == ';' || section_of(line, &section) ||
		    !equals)
			continue;
		*equals = '\0';
		r = fn(arg, section, number, str_trim(line), str_trim(equals + 1));
	}
	return r;
}

/* Is this line the value, or one that an earlier value goes on in? */
static bool sets(const char *line, const char *key)
{
	size_t n = strlen(key);

	if (strncmp(line, key, n) != 0)
		return false;
	line += n;
	line += strspn(line, " \t");
	return *line == '=';
}

/* The text with `key = value` in [commands]: where it stands, else below the section's first line. */
static char *with_value(const char *text, const char *key, const char *value)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	CLEANUP_FREE char *section = xstrdup("");
	CLEANUP_FREE char *wanted = xasprintf("%s = %s\n", key, value);
	CLEANUP_STR struct str before = { 0 };
	CLEANUP_STR struct str after = { 0 };
	bool inside = false, found = false, put_out = false;
	struct str *to = &before;
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		const char *now = section_of(line, &section);

		/* What the former value goes on in goes with it. */
		put_out = put_out && (line[0] == ' ' || line[0] == '\t');
		if (put_out)
			continue;
		inside = now ? str_eq(now, "commands") : inside;
		if (inside && !now && sets(line, key)) {
			put_out = true;
			continue;
		}
		str_addf(to, "%s\n", line);
		if (now && inside && !found) {
			found = true;
			to = &after;
		}
	}
	if (!found)
		str_add(&before, "[commands]\n");
	return xasprintf("%s%s%s", before.text ? before.text : "", wanted,
			 after.text ? after.text : "");
}

static void set(struct automatic_text *t, const char *name, const char *value)
{
	char *text = with_value(t->text, strchr(name, '.') + 1, value);

	free(t->text);
	t->text = text;
	json_object_set_new(t->expect, name, json_string(value));
}

static int wanted(struct os *os, const struct policy *p, const struct facts *f,
		  struct automatic_text *ret, struct err *e)
{
	if (os_get(os, DNF_AUTOMATIC_CONF, &ret->now, e) < 0)
		return -1;
	if (ret->now.type != NODE_FILE && ret->now.type != NODE_ABSENT)
		return err_set(e, ERR_CONFLICT, _("%s is not a regular file"), DNF_AUTOMATIC_CONF);
	ret->replaces = true;
	ret->expect = json_object();
	ret->text = xstrdup(ret->now.data ? ret->now.data : "");
	if (p->updates_automatic != UPDATES_NO) {
		set(ret, WHICH, type_wanted(f, p->updates_automatic));
		set(ret, "commands.download_updates", "yes");
	}
	set(ret, ON, p->updates_automatic == UPDATES_NO ? "no" : "yes");
	if (p->updates_automatic != UPDATES_NO &&
	    (f->updates.reboot_known || !f->updates.unattended))
		set(ret, REBOOT, "never"); /* our own timer does it (core/restart.h) */
	return 0;
}

/* What it says of it goes to us alone, not to a mail or to /etc/motd. */
static char *text_of_proof(const char *text)
{
	CLEANUP_STR struct str s = { 0 };
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *line;

	while ((line = str_line(&rest)))
		if (!sets(line, "emit_via"))
			str_addf(&s, "%s\n", line);
	str_add(&s, "[emitters]\nemit_via = stdio\n");
	return str_take(&s);
}

static int prove(struct os *os, struct err *e)
{
	static const char *const fourth[] = { "dnf-automatic", "--no-installupdates",
					      "--no-downloadupdates", NULL };
	static const char *const fifth[] = { "dnf", "automatic", "--no-installupdates",
					     "--no-downloadupdates", NULL };
	struct run run = { .timeout_ms = DRY_RUN_SECONDS * 1000,
			   .stage_dir = "/etc/dnf",
			   .stage_count = 1 };
	struct run_stage stage = { .path = DNF_AUTOMATIC_CONF, .mode = 0644 };
	struct run_result r CLEANUP_RUN = { 0 };
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *quiet = NULL;
	char *says, *last;
	int five = dnf_is_5(os, e);

	if (five < 0 || os_read(os, DNF_AUTOMATIC_CONF, &text, e) < 0)
		return -1;
	quiet = text_of_proof(text ? text : "");
	stage.data = quiet;
	run.stage = &stage;
	run.argv = five ? fifth : fourth;
	if (os_run(os, &run, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 0;
	says = str_trim(r.err[0] ? r.err : r.out);
	last = strrchr(says, '\n');
	return err_set(e, ERR_FAILED, "dnf-automatic: %s",
		       r.timed_out ? _("did not end in time")
		       : last	   ? last + 1
				   : says);
}

static const char *const locks[] = { "/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock",
				     "/run/dnf/rpmtransaction.lock", NULL };
static const char *const pids[] = { "/var/lib/dnf/rpmdb_lock.pid",
				    "/var/cache/dnf/metadata_lock.pid",
				    "/var/cache/dnf/download_lock.pid", NULL };

const struct package_manager package_dnf = {
	.name = "dnf",
	.program = "/usr/bin/dnf",
	.installs = "dnf install",
	.simulates = "dnf check-update",
	.automatic = "dnf-automatic",
	.config = DNF_AUTOMATIC_CONF,
	.key = ON,
	.key_which = WHICH,
	.key_reboot = REBOOT,
	.locks = locks,
	.pids = pids,
	.error = "Error:",
	.waits = "Waiting for process ",
	.unit = unit,
	.progress = progress,
	.share = share,
	.gather = dnf_gather,
	.read_config = dnf_read_config,
	.is_automatic = is_automatic,
	.off = off,
	.differs = differs,
	.reboots_at = reboots_at,
	.wanted = wanted,
	.prove = prove,
	.sources = dnf_sources,
	.unreached = dnf_unreached,
	.owners = dnf_owners,
};
