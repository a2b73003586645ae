// SPDX-License-Identifier: MIT
/* Whose server it is, and what its panel needs (setup/provider.h): known by what it says of itself, else asked. */
#include "base/i18n.h"
#include "base/layout.h"
#include "lib/fake_os.h"
#include "lib/t.h"
#include "setup/provider.h"

static const char *detected(const char *path, const char *text, const char *host)
{
	struct fake *f = fake_new();
	struct facts facts = { .hostname = (char *)host };
	const struct provider *p;

	if (path)
		fake_file(f, path, text, 0644);
	p = provider_detect(&f->os, &facts);
	fake_free(f);
	return p ? p->title : NULL;
}

static int by_what_the_server_says_of_itself(void)
{
	static const struct {
		const char *path, *text, *host, *title;
	} t[] = {
		{ NULL, NULL, "x162-43-22-125.static.xvps.ne.jp", "XServer VPS" },
		{ "/etc/hosts",
		  "127.0.0.1 localhost\n160.16.0.1 tk2-217-18298.vs.sakura.ne.jp tk2\n", "tk2",
		  "Sakura VPS" },
		{ NULL, NULL, "v160-251-207-67.cqpf.static.cnode.jp", "ConoHa VPS" },
		{ "/sys/class/dmi/id/sys_vendor", "Amazon EC2\n", "ip-10-0-0-1", "AWS" },
		{ "/sys/class/dmi/id/sys_vendor", "Hetzner\n", "web", "Hetzner" },
		{ "/run/cloud-init/cloud-id", "digitalocean\n", "web", "DigitalOcean" },
		{ "/sys/class/dmi/id/chassis_asset_tag", "OracleCloud.com\n", "web",
		  "Oracle Cloud" },
	};

	for (size_t i = 0; i < COUNT(t); i++)
		T_STR(detected(t[i].path, t[i].text, t[i].host), t[i].title);
	return 0;
}

static int never_guessed(void)
{
	T_OK(!detected(NULL, NULL, "vps"));
	T_OK(!detected("/sys/class/dmi/id/sys_vendor", "QEMU\n", "vps"));
	T_OK(!detected("/run/cloud-init/cloud-id", "nocloud\n", "vps"));
	T_OK(!detected("/run/cloud-init/cloud-id", "openstack\n", "vps"));
	/* Somebody else's name that only looks like it. */
	T_OK(!detected(NULL, NULL, "www.static.xvps.ne.jp.example.org"));
	T_OK(!detected("/etc/hosts", "192.0.2.1 a.vs.sakura.ne.jp.example.org\n", "vps"));
	return 0;
}

/* In a container the vendor is that of the machine below. */
static int a_container_has_no_vendor(void)
{
	struct fake *f = fake_new();
	struct facts facts = { .hostname = (char *)"vps" };

	fake_file(f, "/sys/class/dmi/id/sys_vendor", "Amazon EC2\n", 0644);
	T_OK(provider_detect(&f->os, &facts));
	fake_file(f, "/run/systemd/container", "systemd-nspawn", 0644);
	T_OK(!provider_detect(&f->os, &facts));
	fake_free(f);
	return 0;
}

static int every_row_is_whole(void)
{
	static const char *const wanted[] = { "XServer VPS", "Sakura VPS", "ConoHa VPS",
					      "WebARENA",    "AWS",	   "Hetzner" };
	size_t found = 0;

	for (int lang = LANG_EN; lang <= LANG_JA; lang++) {
		i18n_set((enum lang)lang);
		for (size_t i = 0; i < providers_count; i++) {
			const struct provider *p = &providers[i];
			CLEANUP_FREE char *filter = provider_filter(p, 22022);

			T_OK(str_starts(p->source, "https://") && p->console[0]);
			T_OK(strstr(filter, "22022") && !strstr(filter, "PORT"));
			T_OK(text_width(filter) < 3 * LAYOUT_COLUMNS);
			for (size_t k = 0; lang == LANG_EN && k < COUNT(wanted); k++)
				found += str_eq(p->title, wanted[k]);
		}
	}
	i18n_set(LANG_EN);
	T_OK(found == COUNT(wanted));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(by_what_the_server_says_of_itself),
		T(never_guessed),
		T(a_container_has_no_vendor),
		T(every_row_is_whole),
	};

	return t_main(cases, COUNT(cases));
}
