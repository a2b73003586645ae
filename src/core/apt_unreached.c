// SPDX-License-Identifier: MIT
/*
 * apt_unreached.c - packages that unattended-upgrades passes by, or that no source has; see package_manager.h.
 *
 * A source is judged as unattended-upgrade(8) does: by Origin, Label, Suite and Codename at the head of its Release
 * file, against the patterns of its configuration. What a distribution brings beside its security updates is not told:
 * whether that shall come is what [updates] automatic says.
 */
#include <fnmatch.h>
#include <string.h>

#include "base/i18n.h"
#include "core/apt.h"
#include "core/facts.h"
#include "core/words.h"

/* One source: what its Release file says, and how the names of its lists begin. */
struct release {
	char *prefix;
	char *site;
	char *origin, *label, *suite, *codename;
};

static void release_done(struct release *r)
{
	free(r->prefix);
	free(r->site);
	free(r->origin);
	free(r->label);
	free(r->suite);
	free(r->codename);
}

static char **field_of(struct release *r, const char *name)
{
	struct {
		const char *name;
		char **to;
	} fields[] = {
		{ "Origin: ", &r->origin },
		{ "Label: ", &r->label },
		{ "Suite: ", &r->suite },
		{ "Codename: ", &r->codename },
	};

	for (size_t i = 0; i < COUNT(fields); i++)
		if (str_starts(name, fields[i].name))
			return fields[i].to;
	return NULL;
}

/* 1: the name is none of a Release file. */
static int read_release(struct os *os, const char *name, struct release *ret, struct err *e)
{
	const char *end = str_ends(name, "_InRelease") ? "InRelease" : "Release";
	CLEANUP_FREE char *path = xasprintf(APT_LISTS "/%s", name);
	CLEANUP_FREE char *text = NULL;
	char *rest, *line;

	if (!str_ends(name, "_InRelease") && !str_ends(name, "_Release"))
		return 1;
	if (os_read(os, path, &text, e) < 0)
		return -1;
	ret->prefix = xstrndup(name, strlen(name) - strlen(end));
	ret->site = xstrndup(name, strcspn(name, "_"));
	rest = text;
	/* The checksums of the lists follow, one a line with a blank before it. */
	while (rest && (line = str_line(&rest)) && line[0] != ' ') {
		char **to = field_of(ret, line);

		if (!to || *to)
			continue;
		*to = xstrdup(strchr(line, ' ') + 1);
		str_make_clean(*to);
	}
	return 0;
}

static bool fits(const char *pattern, const char *value)
{
	return fnmatch(pattern, value ? value : "", FNM_CASEFOLD) == 0;
}

/* "origin=Debian,codename=bookworm-security": all of it. */
static bool pattern_takes(const char *pattern, const struct release *r)
{
	const struct {
		const char *name, *letter, *value;
	} keys[] = {
		{ "origin=", "o=", r->origin },	    { "label=", "l=", r->label },
		{ "suite=", "a=", r->suite },	    { "archive=", "a=", r->suite },
		{ "codename=", "n=", r->codename }, { "site=", "site=", r->site },
	};
	CLEANUP_STRV struct strv parts = { 0 };

	strv_split(&parts, pattern, ",");
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = str_trim(parts.item[i]);

		for (size_t k = 0; k < COUNT(keys); k++)
			if ((str_starts(part, keys[k].name) || str_starts(part, keys[k].letter)) &&
			    !fits(strchr(part, '=') + 1, keys[k].value))
				return false;
	}
	return parts.count > 0;
}

/* "Debian:bookworm-security" */
static bool origin_takes(const char *allowed, const struct release *r)
{
	size_t n = strcspn(allowed, ":");
	CLEANUP_FREE char *origin = xstrndup(allowed, n);

	return allowed[n] && fits(origin, r->origin) && fits(allowed + n + 1, r->suite);
}

static char *expand(const char *text, const struct facts *f, const char *codename)
{
	CLEANUP_STR struct str s = { 0 };

	str_add(&s, "");
	while (*text) {
		if (str_starts(text, "${distro_id}")) {
			str_add(&s, f->distro_id ? f->distro_id : "");
			text += strlen("${distro_id}");
		} else if (str_starts(text, "${distro_codename}")) {
			str_add(&s, codename);
			text += strlen("${distro_codename}");
		} else {
			str_add_bytes(&s, text++, 1);
		}
	}
	return str_take(&s);
}

/* The two lists of unattended-upgrades' configuration, with this host's names in them. */
struct allowed {
	struct strv pattern, origin;
};

static void allowed_done(struct allowed *a)
{
	strv_done(&a->pattern);
	strv_done(&a->origin);
}

static void read_list(const struct facts *f, const char *name, const char *codename,
		      struct strv *ret)
{
	CLEANUP_STRV struct strv raw = { 0 };

	updates_config_list(&f->updates, name, &raw);
	for (size_t i = 0; i < raw.count; i++)
		strv_take(ret, expand(raw.item[i], f, codename));
}

static int read_allowed(struct os *os, const struct facts *f, struct allowed *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *codename = NULL;

	if (read_followed(os, "/etc/os-release", &text, e) < 0)
		return -1;
	codename = text ? keyed_value(text, "VERSION_CODENAME") : NULL;
	read_list(f, APT_ORIGINS, codename ? codename : "", &ret->pattern);
	read_list(f, APT_ALLOWED, codename ? codename : "", &ret->origin);
	return 0;
}

static bool is_taken(const struct allowed *a, const struct release *r)
{
	for (size_t i = 0; i < a->pattern.count; i++)
		if (pattern_takes(a->pattern.item[i], r))
			return true;
	for (size_t i = 0; i < a->origin.count; i++)
		if (origin_takes(a->origin.item[i], r))
			return true;
	return false;
}

/* Those of its packages that are installed in the very version it has. */
static int packages_from(struct os *os, const struct release *r, const struct apt_packages *have,
			 struct strv *ret, struct err *e)
{
	CLEANUP_STRV struct strv lists = { 0 };
	CLEANUP_STRV struct strv argv = { 0 };
	CLEANUP_RUN struct run_result found = { 0 };
	const struct apt_package *now = NULL;
	char *rest, *line;

	if (os_list(os, APT_LISTS, &lists, e) < 0)
		return -1;
	strv_split(&argv, "grep,-h,-e,^Package: ,-e,^Version: ,--", ",");
	for (size_t i = 0; i < lists.count; i++)
		if (str_starts(lists.item[i], r->prefix) && str_ends(lists.item[i], "_Packages"))
			strv_addf(&argv, APT_LISTS "/%s", lists.item[i]);
	if (str_eq(argv.item[argv.count - 1], "--"))
		return 0;
	if (os_run(os, &(struct run){ .argv = (const char *const *)argv.item }, &found, e) < 0)
		return -1;
	rest = found.out;
	while ((line = str_line(&rest))) {
		if (str_starts(line, "Package: "))
			now = apt_package_find(have, line + strlen("Package: "));
		else if (now && str_eq(line + strlen("Version: "), now->version) &&
			 !strv_has(ret, now->name))
			strv_add(ret, now->name);
	}
	if (ret->count > 0)
		strv_sort(ret);
	return 0;
}

static int passed_by(struct os *os, const struct facts *f, struct strv *ret, struct err *e)
{
	CLEANUP(apt_packages_done) struct apt_packages have = { 0 };
	CLEANUP(allowed_done) struct allowed allowed = { 0 };
	CLEANUP_STRV struct strv names = { 0 };

	if (read_allowed(os, f, &allowed, e) < 0 || apt_installed(os, &have, e) < 0 ||
	    os_list(os, APT_LISTS, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(release_done) struct release r = { 0 };
		CLEANUP_STRV struct strv from = { 0 };
		CLEANUP_FREE char *all = NULL;
		int other = read_release(os, names.item[i], &r, e);

		if (other < 0)
			return -1;
		if (other > 0 || str_case_eq(r.origin, f->distro_id) || is_taken(&allowed, &r))
			continue;
		if (packages_from(os, &r, &have, &from, e) < 0)
			return -1;
		all = package_names(&from);
		if (from.count > 0)
			strv_addf(ret, _("%s, from %s: automatic updates pass them by (%s)"), all,
				  r.site, APT_ORIGINS);
	}
	return 0;
}

/* "lab-tool/now 1.0 all [installed,local]" */
static int of_no_source(struct os *os, struct strv *ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv found = { 0 };
	CLEANUP_FREE char *all = NULL;
	char *rest, *line;

	if (os_run(os, &(struct run){ .argv = ARGV("apt", "-qq", "list", "?obsolete") }, &r, e) < 0)
		return -1;
	rest = r.status == 0 && !r.timed_out ? r.out : NULL;
	while (rest && (line = str_line(&rest))) {
		CLEANUP_FREE char *name = xstrndup(line, strcspn(line, "/"));

		if (strchr(line, '/') && !strv_has(&found, name))
			strv_add(&found, name);
	}
	all = package_names(&found);
	if (found.count > 0)
		strv_addf(ret, _("%s: no source of packages has them (any more)"), all);
	return 0;
}

int apt_unreached(struct os *os, const struct facts *f, struct strv *ret, struct err *e)
{
	if (updates_are_automatic(&f->updates) && passed_by(os, f, ret, e) < 0)
		return -1;
	return of_no_source(os, ret, e);
}

/* "coreutils: /usr/bin/ls", "libc6:amd64: /…", "a, b: /…" of a folder of several. Of a system whose /bin leads to
 * /usr/bin either name may be the package's. */
int apt_owners(struct os *os, const struct strv *paths, struct strv *ret, struct err *e)
{
	CLEANUP_STRV struct strv argv = { 0 };
	CLEANUP_STRV struct strv owned = { 0 };
	CLEANUP_STRV struct strv owner = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	strv_split(&argv, "dpkg -S --", " ");
	for (size_t i = 0; i < paths->count; i++) {
		bool usr = str_starts(paths->item[i], "/usr/");

		strv_add(&argv, paths->item[i]);
		if (usr)
			strv_add(&argv, paths->item[i] + strlen("/usr"));
		else
			strv_addf(&argv, "/usr%s", paths->item[i]);
	}
	if (os_run(os, &(struct run){ .argv = (const char *const *)argv.item }, &r, e) < 0)
		return -1;
	rest = r.out;
	while ((line = str_line(&rest))) {
		char *path = strstr(line, ": /");

		if (!path)
			continue;
		strv_add(&owned, path + strlen(": "));
		line[strcspn(line, ":,")] = '\0';
		strv_add(&owner, line);
	}
	/* The two names of a path stand side by side in argv, behind "dpkg -S --". */
	for (size_t i = 0; i < paths->count; i++) {
		const char *package = "";

		for (size_t k = 0; !package[0] && k < owned.count; k++)
			if (str_eq(owned.item[k], argv.item[3 + 2 * i]) ||
			    str_eq(owned.item[k], argv.item[4 + 2 * i]))
				package = owner.item[k];
		strv_add(ret, package);
	}
	return 0;
}
