// SPDX-License-Identifier: MIT
/* Facts about updates and services (core/facts_updates.h, core/facts_services.h). */
#include "base/mem.h"
#include "core/facts.h"
#include "lib/fake_os.h"
#include "lib/t.h"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

/* --- versions ------------------------------------------------------------------------------------ */

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/* Each is smaller than the next; from the rules of deb-version(7). */
static int versions_are_ordered_as_debian_does(void)
{
	static const char *const order[] = {
		"0~~",
		"0~",
		"0",
		"0+1",
		"0.1",
		"1.0~beta1~svn1",
		"1.0~beta1",
		"1.0",
		"1.0-1~bpo1",
		"1.0-1",
		"1.0-1+b1",
		"1.0-1.1",
		"1.0-2",
		"1.0a-1",
		"1.0+dfsg-1",
		"1.2-1",
		"1.10-1",
		"9",
		"9z",
		"10",
		"1:0.1-1",
		"1:9.2p1-2+deb12u3",
		"1:9.2p1-2+deb12u10",
		"2:0",
	};

	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t j = 0; j < COUNT(order); j++)
			if (sign(deb_version_compare(order[i], order[j])) !=
			    sign((int)i - (int)j)) {
				printf("# %s against %s\n", order[i], order[j]);
				return 1;
			}
	T_OK(deb_version_compare("1.0", "1.0-0") == 0 && deb_version_compare("0:1", "1") == 0);
	T_OK(deb_version_compare("1.001", "1.1") == 0);
	return 0;
}

/* --- updates ------------------------------------------------------------------------------------- */

static const char *apt_says;

static int apt_config(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)r;
	(void)e;
	ret->out = xstrdup(apt_says);
	ret->out_len = strlen(ret->out);
	return 0;
}

/* grep -h -e A -e B -- FILE...: the lines that begin so. */
static int grep(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	CLEANUP_STR struct str s = { 0 };
	size_t i = 0;

	(void)e;
	while (strcmp(r->argv[i], "--") != 0)
		i++;
	for (i++; r->argv[i]; i++) {
		CLEANUP_FREE char *text = xstrdup(fake_text(f, r->argv[i]));
		char *rest = text, *line;

		while ((line = str_line(&rest)))
			if (str_starts(line, "Package: ") || str_starts(line, "Version: "))
				str_addf(&s, "%s\n", line);
	}
	ret->out_len = s.len;
	ret->out = str_take(&s);
	return 0;
}

#define ON                                                        \
	"APT::Periodic=\nAPT::Periodic::Update-Package-Lists=1\n" \
	"APT::Periodic::Unattended-Upgrade=1\n"

static struct fake *host(void)
{
	struct fake *f = fake_new();

	apt_says = ON;
	fake_on_run(f, "apt-config", apt_config);
	fake_on_run(f, "grep", grep);
	fake_file(f, "/usr/bin/apt-get", "", 0755);
	fake_file(f, "/usr/bin/unattended-upgrade", "", 0755);
	fake_file(f, "/proc/sys/kernel/osrelease", "6.1.0-25-amd64\n", 0444);
	fake_file(f, "/var/lib/dpkg/status",
		  "Package: openssl\nStatus: install ok installed\nVersion: 3.0.9-1\n\n"
		  "Package: gone\nStatus: deinstall ok config-files\nVersion: 1.0-1\n\n"
		  "Package: new\nStatus: install ok installed\nVersion: 2:1.0-1\n",
		  0644);
	return f;
}

static int gather(struct fake *f, struct facts *ret)
{
	const struct facts_query q = { .updates = true, .pending = true };
	struct err e = { 0 };

	return facts_gather_updates(&f->os, &q, ret, &e);
}

static int automatic_is_what_apt_says(void)
{
	static const struct {
		const char *says;
		bool automatic;
	} c[] = {
		{ ON, true },
		{ "APT::Periodic::Update-Package-Lists=1\n", false },
		{ ON "APT::Periodic::Enable=0\n", false },
		{ ON "APT::Periodic::Enable=0\nAPT::Periodic::Enable=1\n", true },
		{ ON "APT::Periodic::Unattended-Upgrade=0\n", false },
		{ ON "apt::periodic::unattended-upgrade=0d\n", false },
		{ ON "APT::Periodic::Unattended-Upgrade=10\n", true },
		{ ON "APT::Periodic::Update-Package-Lists=always\n", true },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = host();
		CLEANUP_FACTS struct facts facts = { 0 };

		apt_says = c[i].says;
		T_OK(gather(f, &facts) == 0 && facts.updates.measured);
		T_OK(updates_are_automatic(&facts.updates) == c[i].automatic);
		fake_remove(f, "/usr/bin/unattended-upgrade");
		facts_done(&facts);
		T_OK(gather(f, &facts) == 0 && !updates_are_automatic(&facts.updates));
	}
	return 0;
}

static int lists_of_apt_are_read(void)
{
	CLEANUP_FAKE struct fake *f = host();
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_STRV struct strv v = { 0 };

	apt_says = "Unattended-Upgrade::Origins-Pattern=\n"
		   "Unattended-Upgrade::Origins-Pattern::=origin=Debian,label=Debian-Security\n"
		   "Unattended-Upgrade::Origins-Pattern::=origin=*\n";
	T_OK(gather(f, &facts) == 0);
	updates_config_list(&facts.updates, "Unattended-Upgrade::Origins-Pattern", &v);
	T_OK(v.count == 2 && str_eq(v.item[1], "origin=*"));
	T_OK(str_eq(updates_config(&facts.updates, "APT::Periodic::Enable"), ""));
	return 0;
}

static int waiting_security_updates_are_counted(void)
{
	CLEANUP_FAKE struct fake *f = host();
	CLEANUP_FACTS struct facts facts = { 0 };

	/* Not fetched yet: not measured, and not "none". */
	T_OK(gather(f, &facts) == 0 && !facts.updates.pending_measured);
	T_OK(facts.not_measured.count == 1);
	facts_done(&facts);
	fake_file(f, "/var/lib/apt/lists/x_debian-security_dists_bookworm-security_main_Packages",
		  "Package: openssl\nVersion: 3.0.10-1\n\nPackage: openssl\nVersion: 3.0.15-1\n\n"
		  "Package: gone\nVersion: 9\n\nPackage: absent\nVersion: 9\n\n"
		  "Package: new\nVersion: 9.0-1\n",
		  0644);
	fake_file(f, "/var/lib/apt/lists/x_debian_dists_bookworm_main_Packages",
		  "Package: new\nVersion: 3:9.0-1\n", 0644);
	T_OK(gather(f, &facts) == 0 && facts.updates.pending_measured);
	T_OK(facts.updates.pending.count == 1);
	T_OK(str_eq(facts.updates.pending.item[0], "openssl 3.0.9-1 -> 3.0.15-1"));
	return 0;
}

static const char *apt_get_says;

static int apt_get(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)r;
	(void)e;
	ret->out = xstrdup(apt_get_says);
	ret->out_len = strlen(ret->out);
	return 0;
}

/* By apt of Debian 12, and of 13, which has other words for it. */
static int what_apt_keeps_back_is_named(void)
{
	static const char *const says[] = {
		"Reading package lists...\nThe following packages have been kept back:\n  linux b\n"
		"  c\nThe following packages will be upgraded:\n  openssl\n"
		"1 upgraded, 0 newly installed, 0 to remove and 3 not upgraded.\n"
		"Inst openssl [1] (2 Debian)\nConf openssl (2 Debian)\n",
		"Reading package lists...\nNot upgrading:\n  linux\n  b  c\n\nUpgrading:\n  "
		"openssl\n\n"
		"Summary:\n  Upgrading: 1, Not Upgrading: 3\nInst openssl [1] (2 Debian)\n",
	};
	const struct facts_query q = { .updates = true, .upgradable = true };

	for (size_t i = 0; i < COUNT(says); i++) {
		CLEANUP_FAKE struct fake *f = host();
		CLEANUP_FACTS struct facts facts = { 0 };
		CLEANUP_FREE char *kept = NULL;
		struct err e = { 0 };

		apt_get_says = says[i];
		fake_on_run(f, "apt-get", apt_get);
		T_OK(facts_gather_updates(&f->os, &q, &facts, &e) == 0);
		T_OK(facts.updates.upgradable_measured && facts.updates.upgradable == 1);
		kept = strv_join(&facts.updates.kept, " ");
		T_STR(kept, "linux b c");
	}
	return 0;
}

static int window_of_our_own_is_read(void)
{
	CLEANUP_FAKE struct fake *f = host();
	CLEANUP_FACTS struct facts facts = { 0 };
	static const char unit[] = "/etc/systemd/system/kannuki-restart.service";

	T_OK(gather(f, &facts) == 0 && !facts.updates.restart_at);
	facts_done(&facts);
	fake_file(f, unit, "ExecStart=/usr/sbin/kannuki restart-run 04:00\nTimeoutStartSec=1\n",
		  0644);
	T_OK(gather(f, &facts) == 0);
	T_STR(facts.updates.restart_at, "04:00");
	facts_done(&facts);
	fake_file(f, unit, "ExecStart=/usr/sbin/kannuki restart-run soon\n", 0644);
	T_OK(gather(f, &facts) == 0 && !facts.updates.restart_at);
	return 0;
}

static int restart_is_said_with_its_reason(void)
{
	CLEANUP_FAKE struct fake *f = host();
	CLEANUP_FACTS struct facts facts = { 0 };

	/* The provider's kernel, which is in no package. */
	fake_file(f, "/boot/vmlinuz-6.1.0-30-amd64", "", 0644);
	T_OK(gather(f, &facts) == 0);
	T_OK(!facts.updates.reboot_required && !facts.updates.kernel_waits);
	facts_done(&facts);
	fake_file(f, "/boot/vmlinuz-6.1.0-25-amd64", "", 0644);
	fake_file(f, "/boot/vmlinuz-6.1.0-9-amd64", "", 0644);
	fake_file(f, "/run/reboot-required", "*** System restart required ***\n", 0644);
	fake_file(f, "/run/reboot-required.pkgs", "libc6\nlinux-image\nlibc6\n", 0644);
	T_OK(gather(f, &facts) == 0);
	T_OK(facts.updates.kernel_waits && str_eq(facts.updates.kernel_newest, "6.1.0-30-amd64"));
	T_OK(facts.updates.reboot_required && facts.updates.reboot_packages.count == 2);
	return 0;
}

static int stamps_and_the_zone_are_read(void)
{
	CLEANUP_FAKE struct fake *f = host();
	CLEANUP_FACTS struct facts facts = { 0 };

	T_OK(gather(f, &facts) == 0);
	T_OK(facts.updates.lists_time == 0 && facts.updates.unattended_time == 0);
	T_OK(str_eq(facts.updates.zone, "UTC"));
	facts_done(&facts);
	fake_link(f, "/etc/localtime", "/usr/share/zoneinfo/Asia/Tokyo");
	fake_file(f, "/var/lib/apt/lists/x_InRelease", "", 0644);
	fake_file(f, "/var/lib/apt/periodic/update-stamp", "", 0644);
	fake_file(f, "/var/lib/apt/periodic/unattended-upgrades-stamp", "", 0644);
	T_OK(gather(f, &facts) == 0 && str_eq(facts.updates.zone, "Asia/Tokyo"));
	T_OK(facts.updates.lists_time == f->clock[OS_REALTIME] / 1000000000);
	T_OK(facts.updates.unattended_time > 0 && facts.updates.upgrade_time == 0);
	return 0;
}

static int without_apt_nothing_is_guessed(void)
{
	CLEANUP_FAKE struct fake *f = host();
	CLEANUP_FACTS struct facts facts = { 0 };

	fake_remove(f, "/usr/bin/apt-get");
	T_OK(gather(f, &facts) == 0 && !facts.updates.measured && !facts.updates.pending_measured);
	T_OK(facts.not_measured.count == 1 && !updates_are_automatic(&facts.updates));
	return 0;
}

/* --- services ------------------------------------------------------------------------------------ */

static int systemctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	CLEANUP_STR struct str s = { 0 };

	(void)f;
	(void)e;
	for (size_t i = 4; r->argv[i]; i++) {
		const char *u = r->argv[i];

		if (str_eq(u, "*.socket"))
			str_add(&s, "Id=rpcbind.socket\nListen=/run/rpcbind.sock (Stream)\n"
				    "Listen=0.0.0.0:111 (Stream)\nListen=[::]:111 (Stream)\n"
				    "Triggers=rpcbind.service\n\n");
		else if (str_eq(u, "rpcbind.service"))
			str_add(&s, "Id=rpcbind.service\nLoadState=loaded\nActiveState=active\n"
				    "UnitFileState=enabled\nDescription=RPC bind\n"
				    "RequiredBy=nfs.service old.service\nBoundBy=some.target\n"
				    "TriggeredBy=rpcbind.socket\n\n");
		else if (str_eq(u, "nfs.service"))
			str_add(&s, "Id=nfs.service\nActiveState=active\n\n");
		else if (str_eq(u, "old.service"))
			str_add(&s, "Id=old.service\nActiveState=inactive\n\n");
		else
			str_addf(&s, "Id=%s\nLoadState=%s\nActiveState=inactive\n\n", u,
				 str_eq(u, "nothing.service") ? "not-found" : "loaded");
	}
	ret->out_len = s.len;
	ret->out = str_take(&s);
	return 0;
}

static struct fake *service_host(struct facts *facts)
{
	struct fake *f = fake_new();
	struct fake_process *p;

	fake_on_run(f, "systemctl", systemctl);
	fake_process_add(f, 1, 0, "/lib/systemd/systemd");
	p = fake_process_add(f, 50, 1, "/usr/sbin/cupsd");
	free(p->process.cgroup);
	p->process.cgroup = xstrdup("/system.slice/cups.service");
	fake_listen(f, "0.0.0.0", 111, 1);
	fake_listen(f, "::", 111, 1);
	fake_listen(f, "0.0.0.0", 631, 50);
	fake_listen(f, "127.0.0.1", 25, 50);
	facts->systemd = facts->as_root = true;
	return f;
}

static int gather_services(struct fake *f, const struct strv *names, struct facts *facts)
{
	const struct facts_query q = { .services = true, .service = names };
	struct err e = { 0 };

	if (os_sockets(&f->os, &facts->socket, &facts->socket_count, &e) < 0)
		return -1;
	return facts_gather_services(&f->os, &q, facts, &e);
}

static int listeners_are_told_by_unit_and_user(void)
{
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_FAKE struct fake *f = service_host(&facts);
	const struct service_fact *s;

	T_OK(gather_services(f, NULL, &facts) == 0 && facts.service_count == 2);
	s = facts_service(&facts, "rpcbind");
	T_OK(s && s == facts_service(&facts, "rpcbind.socket"));
	T_OK(s->listen.count == 2 && str_eq(s->listen.item[0], "111/tcp 0.0.0.0"));
	T_OK(s->with.count == 1 && str_eq(s->with.item[0], "rpcbind.socket"));
	T_OK(str_eq(s->active, "active") && str_eq(s->enabled, "enabled") && !s->kept_for);
	/* The one that runs; a target and a unit that does not run use nothing. */
	T_OK(s->needed_by.count == 1 && str_eq(s->needed_by.item[0], "nfs.service"));
	T_OK(s->used_by.count == 0);
	s = facts_service(&facts, "cups.service");
	T_OK(s && s->listen.count == 1 && s->used_by.count == 0);
	return 0;
}

/* In whatever order the kernel lists the sockets. */
static int order_is_the_same_each_time(void)
{
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_FAKE struct fake *f = service_host(&facts);
	struct socket_info udp = { .kind = SOCKET_UDP_BOUND, .local_port = 631, .pid = 50 };
	const struct service_fact *s;

	T_OK(addr_parse("0.0.0.0", &udp.local) == 0);
	fake_sockets_clear(f);
	fake_socket_add(f, &udp);
	fake_listen(f, "::", 111, 1);
	fake_listen(f, "0.0.0.0", 631, 50);
	T_OK(gather_services(f, NULL, &facts) == 0 && facts.service_count == 2);
	T_OK(str_eq(facts.service[0].unit, "cups.service"));
	s = facts_service(&facts, "cups");
	T_OK(s->listen.count == 2 && str_eq(s->listen.item[0], "631/tcp 0.0.0.0"));
	return 0;
}

static int names_of_the_policy_are_asked_about(void)
{
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_FAKE struct fake *f = service_host(&facts);
	CLEANUP_STRV struct strv names = { 0 };

	strv_split(&names, "nothing quiet.socket", " ");
	T_OK(gather_services(f, &names, &facts) == 0);
	T_OK(str_eq(facts_service(&facts, "quiet")->active, "inactive"));
	T_OK(str_eq(facts_service(&facts, "nothing")->active, ""));
	return 0;
}

static int connections_and_mounts_use_a_service(void)
{
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_FAKE struct fake *f = service_host(&facts);
	struct socket_info s = { .kind = SOCKET_TCP_ESTABLISHED, .local_port = 631, .pid = 50 };

	T_OK(addr_parse("192.0.2.10", &s.peer) == 0 && addr_parse("198.51.100.10", &s.local) == 0);
	fake_socket_add(f, &s);
	fake_file(f, "/proc/mounts", "/dev/vda1 / ext4 rw 0 0\nnas:/x /srv nfs rw 0 0\n", 0444);
	T_OK(gather_services(f, NULL, &facts) == 0);
	T_OK(facts_service(&facts, "cups")->used_by.count == 1);
	T_OK(strstr(facts_service(&facts, "cups")->used_by.item[0], "192.0.2.10"));
	T_OK(facts_service(&facts, "rpcbind")->used_by.count == 1);
	return 0;
}

/* The keys of facts_json.c are a promise, and so are their types. */
static int services_are_told_to_programs(void)
{
	CLEANUP_FACTS struct facts facts = { .hostname = xstrdup("vps") };
	CLEANUP_FAKE struct fake *f = service_host(&facts);
	json_t *all, *one;

	T_OK(gather_services(f, NULL, &facts) == 0 && facts.service_count == 2);
	strv_add(&facts.service[0].used_by, "somebody");
	all = facts_json(&facts);
	one = json_array_get(json_object_get(all, "services"), 0);
	T_OK(json_object_size(one) == 10);
	T_STR(json_string_value(json_object_get(one, "unit")), "cups.service");
	T_OK(json_array_size(json_object_get(one, "listen")) == 1);
	T_OK(json_is_array(json_object_get(one, "with")));
	T_OK(json_is_array(json_object_get(one, "needed_by")));
	T_STR(json_string_value(json_array_get(json_object_get(one, "used_by"), 0)), "somebody");
	T_OK(json_is_false(json_object_get(one, "kept")));
	json_decref(all);
	return 0;
}

/* Trap 39. */
static int what_must_run_is_kept(void)
{
	static const char *const never[] = {
		"ssh",
		"sshd.service",
		"ssh.socket",
		"networking",
		"systemd-networkd.service",
		"NetworkManager.service",
		"chrony.service",
		"systemd-timesyncd",
		"ntpsec.service",
		"qemu-guest-agent",
		"cloud-init.service",
		"google-guest-agent.service",
		"getty@tty1.service",
		"serial-getty@ttyS0.service",
		"dbus.service",
		"systemd-journald.service",
		"systemd-journald.socket",
		"dbus-broker.service",
	};
	static const char *const may[] = { "rpcbind", "cups.service", "avahi-daemon.socket",
					   "exim4",   "sshuttle",     "networkd-dispatcher" };

	for (size_t i = 0; i < COUNT(never); i++)
		T_OK(service_kept_for(never[i]));
	for (size_t i = 0; i < COUNT(may); i++)
		T_OK(!service_kept_for(may[i]));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(versions_are_ordered_as_debian_does),
		T(automatic_is_what_apt_says),
		T(lists_of_apt_are_read),
		T(waiting_security_updates_are_counted),
		T(what_apt_keeps_back_is_named),
		T(window_of_our_own_is_read),
		T(restart_is_said_with_its_reason),
		T(stamps_and_the_zone_are_read),
		T(without_apt_nothing_is_guessed),
		T(listeners_are_told_by_unit_and_user),
		T(order_is_the_same_each_time),
		T(names_of_the_policy_are_asked_about),
		T(connections_and_mounts_use_a_service),
		T(services_are_told_to_programs),
		T(what_must_run_is_kept),
	};

	return t_main(cases, COUNT(cases));
}
