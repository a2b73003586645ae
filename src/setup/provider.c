// SPDX-License-Identifier: MIT
/* provider.c - see provider.h. Menu words are those of the companies' own pages; they change now and then. */
#include "setup/provider.h"

#include <string.h>

#include "base/i18n.h"
#include "core/words.h"

#define PORT "PORT"

const struct provider providers[] = {
	{ .title = N_("XServer VPS"),
	  .filter = N_("VPS panel > packet filter settings > add > set by hand > TCP, PORT > add"),
	  .console = N_("VPS panel > Console > Serial console"),
	  .source = "https://vps.xserver.ne.jp/vps-media/initial-security",
	  .host_name = { ".static.xvps.ne.jp" } },
	{ .title = N_("Sakura VPS"),
	  .filter = N_("control panel > your server > packet filter > custom > TCP, PORT"),
	  .console = N_("control panel > your server > Console"),
	  .limit = N_("It filters IPv4 alone, and takes ports up to 32767."),
	  .port_max = 32767,
	  .source = "https://manual.sakura.ad.jp/vps/network/packetfilter.html",
	  .host_name = { ".vs.sakura.ne.jp" } },
	{ .title = N_("ConoHa VPS"),
	  .filter = N_("control panel > security group of your server > rule: IN, TCP, PORT"),
	  .console = N_("control panel > your server > Console"),
	  .source = "https://support.conoha.jp/",
	  .host_name = { ".static.cnode.jp", ".static.cnode.io" } },
	{ .title = N_("WebARENA"),
	  .filter =
		  N_("control panel > Network > your NIC > \"firewall\" settings > from all, TCP, "
		     "PORT, allow"),
	  .console = N_("control panel > your server > Console"),
	  .limit = N_("Turned on without a rule, it refuses everything."),
	  .source = "https://help.arena.ne.jp/hc/ja/articles/4408133766935" },
	{ .title = N_("AWS"),
	  .filter = N_("EC2: Edit inbound rules > Custom TCP, PORT. Lightsail: Networking > Add "
		       "rule > TCP, PORT"),
	  .console = N_("EC2 > Connect > EC2 serial console"),
	  .limit = N_("Lightsail has rules of its own for IPv6."),
	  .source = "https://docs.aws.amazon.com/lightsail/latest/userguide/"
		    "understanding-firewall-and-port-mappings-in-amazon-lightsail.html",
	  .vendor = { "Amazon EC2" },
	  .cloud_id = { "aws", "ec2" } },
	{ .title = N_("Hetzner"),
	  .filter = N_("your server > Firewalls > inbound rules > Add rule > TCP, PORT"),
	  .console = N_("your server > Console (>_)"),
	  .limit = N_("A filter without a rule lets nothing in."),
	  .source = "https://docs.hetzner.com/cloud/firewalls/faq/",
	  .vendor = { "Hetzner" },
	  .cloud_id = { "hetzner" } },
	{ .title = N_("DigitalOcean"),
	  .filter = N_("Networking > Firewalls > Inbound Rules > Custom, TCP, PORT"),
	  .console = N_("your Droplet > Access > Recovery Console"),
	  .source = "https://docs.digitalocean.com/products/networking/firewalls/",
	  .vendor = { "DigitalOcean" },
	  .cloud_id = { "digitalocean" } },
	{ .title = N_("Vultr"),
	  .filter = N_("Network > Firewalls > your group > IPv4 and IPv6 rules > TCP, PORT"),
	  .console = N_("your server > View Console"),
	  .source = "https://docs.vultr.com/",
	  .vendor = { "Vultr" },
	  .cloud_id = { "vultr" } },
	{ .title = N_("Linode (Akamai)"),
	  .filter = N_("Firewalls > Rules > Add an Inbound Rule > TCP, PORT"),
	  .console = N_("your Linode > Launch LISH Console"),
	  .source = "https://techdocs.akamai.com/cloud-computing/docs/cloud-firewall",
	  .vendor = { "Linode", "Akamai" },
	  .cloud_id = { "akamai", "linode" } },
	{ .title = N_("Oracle Cloud"),
	  .filter = N_("your network > security list > Add Ingress Rules > TCP, PORT"),
	  .console = N_("your instance > Console connection"),
	  .source = "https://docs.oracle.com/iaas/Content/Network/Concepts/securitylists.htm",
	  .vendor = { "OracleCloud" },
	  .cloud_id = { "oracle" } },
};
const size_t providers_count = COUNT(providers);

/* --- whose server is it? -------------------------------------------------------------------------- */

struct signs {
	char *vendor[3], *cloud_id, *hosts;
	const char *host_name;
};

static void signs_done(struct signs *s)
{
	for (size_t i = 0; i < COUNT(s->vendor); i++)
		free(s->vendor[i]);
	free(s->cloud_id);
	free(s->hosts);
}

static char *text_of(struct os *os, const char *path)
{
	struct err ignored = { 0 };
	char *text = NULL;

	if (read_followed(os, path, &text, &ignored) < 0 || !text)
		return xstrdup("");
	return text;
}

/* In a container these are of the machine below, whoever has it. */
static void read_vendor(struct os *os, struct signs *s)
{
	static const char *const files[] = { "/sys/class/dmi/id/sys_vendor",
					     "/sys/class/dmi/id/bios_vendor",
					     "/sys/class/dmi/id/chassis_asset_tag" };
	CLEANUP_NODE struct node container = { 0 };
	struct err ignored = { 0 };

	if (os_get(os, "/run/systemd/container", &container, &ignored) < 0 ||
	    container.type != NODE_ABSENT)
		return;
	for (size_t i = 0; i < COUNT(files); i++)
		s->vendor[i] = text_of(os, files[i]);
}

static bool has_vendor(const struct provider *p, const struct signs *s)
{
	for (size_t i = 0; i < COUNT(p->vendor) && p->vendor[i]; i++)
		for (size_t k = 0; k < COUNT(s->vendor); k++)
			if (s->vendor[k] && strstr(s->vendor[k], p->vendor[i]))
				return true;
	return false;
}

static bool has_cloud_id(const struct provider *p, const struct signs *s)
{
	for (size_t i = 0; i < COUNT(p->cloud_id) && p->cloud_id[i]; i++)
		if (str_eq(p->cloud_id[i], s->cloud_id))
			return true;
	return false;
}

/* As a whole word of /etc/hosts too: the name may have been shortened since. */
static bool has_host_name(const struct provider *p, const struct signs *s)
{
	for (size_t i = 0; i < COUNT(p->host_name) && p->host_name[i]; i++) {
		const char *end = p->host_name[i], *at = s->hosts;

		if (s->host_name && str_ends(s->host_name, end))
			return true;
		while ((at = strstr(at, end))) {
			at += strlen(end);
			if (strchr(" \t\n", *at))
				return true;
		}
	}
	return false;
}

const struct provider *provider_detect(struct os *os, const struct facts *f)
{
	CLEANUP(signs_done) struct signs s = { .host_name = f->hostname };
	CLEANUP_FREE char *id = text_of(os, "/run/cloud-init/cloud-id");

	s.cloud_id = xstrdup(str_trim(id));
	s.hosts = text_of(os, "/etc/hosts");
	read_vendor(os, &s);
	for (size_t i = 0; i < providers_count; i++)
		if (has_vendor(&providers[i], &s) || has_cloud_id(&providers[i], &s) ||
		    has_host_name(&providers[i], &s))
			return &providers[i];
	return NULL;
}

char *provider_filter(const struct provider *p, unsigned port)
{
	CLEANUP_STR struct str s = { 0 };
	const char *text = _(p->filter), *at;

	while ((at = strstr(text, PORT))) {
		str_add_bytes(&s, text, (size_t)(at - text));
		str_addf(&s, "%u", port);
		text = at + strlen(PORT);
	}
	str_add(&s, text);
	if (p->limit)
		str_addf(&s, _(". %s"), _(p->limit));
	return str_take(&s);
}
