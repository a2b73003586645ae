# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# repository.sh: a signed RPM repository in the outside world, served by HTTP: updates that come when a test wants
# them.  Packages are built by rpmbuild and signed by rpmsign of this machine, listed by the VPS's createrepo_c.
# Sourced after lab.sh.
#
#   repository_begin "$vps"               # a VPS of the kind rhel-like; its only repository, baseos
#   repository_package lab-tool 1.0 [POST] # made from nothing; version in /usr/share/lab-tool/version; POST runs at install
#   repository_automatic                  # the package dnf-automatic: a program around dnf's own module, and its units
#   repository_publish [NAME-VERSION...]  # all of them; these are said to be for security
#
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; what lab.sh sets
repository=$TEST_TMP/repository
repository_port=$((8900 + RANDOM % 800)) # several tests at once share the outside world
repository_url=http://$(vps addr outside 4):$repository_port

repository_begin() {
	repository_vps=$1
	mkdir -p "$repository"
	trap repository_cleanup EXIT
	vps outside sh -c 'echo $$ >"$1.pid"; exec python3 -m http.server "$2" --bind "$3" -d "$1"' - \
		"$repository" "$repository_port" "$(vps addr outside 4)" >"$TEST_TMP/repository.log" 2>&1 &
	# It answers, and is not another test's at the same port, at which this one has ended then.
	wait_until 20 vps outside bash -c "exec 3<>/dev/tcp/$(vps addr outside 4)/$repository_port" || bail "no repository"
	sleep 0.3
	kill -0 "$(cat "$repository.pid")" || bail "no repository of its own"
	mkdir -m 700 "$TEST_TMP/gnupg"
	export GNUPGHOME=$TEST_TMP/gnupg
	gpg --batch --quiet --passphrase '' --quick-gen-key 'lab packages <lab@example.org>' rsa2048 sign never 2>/dev/null
	gpg --batch --export --armor >"$TEST_TMP/packages.asc"
	vps put "$1" "$TEST_TMP/packages.asc" /etc/pki-lab.asc
	vps run "$1" rpm --import /etc/pki-lab.asc # dnf itself would need gpg for that, which is not there
	printf '%s\n' '[baseos]' 'name=lab baseos' "baseurl=$repository_url" 'gpgkey=file:///etc/pki-lab.asc' >"$TEST_TMP/lab.repo"
	vps put "$1" "$TEST_TMP/lab.repo" /etc/yum.repos.d/lab.repo
	# what rpm's database has to know of Debian's programs
	repository_build lab-base <<-'SPEC'
		Name: lab-base
		Version: 1
		Release: 1
		Summary: lab
		License: MIT
		BuildArch: noarch
		Provides: /bin/sh
		%description
		lab
		%files
	SPEC
}
repository_cleanup() {
	local status=$?
	[ ! -s "$repository.pid" ] || kill "$(cat "$repository.pid")"
	gpgconf --kill gpg-agent 2>/dev/null
	(exit "$status")
	lab_cleanup
}
repository_build() { # repository_build NAME: of a spec file on standard input
	cat >"$TEST_TMP/$1.spec"
	{ rpmbuild -bb --quiet --define "_topdir $TEST_TMP/rpmbuild" --define "_rpmdir $repository" "$TEST_TMP/$1.spec" &&
		rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name lab packages <lab@example.org>' \
			--define "_gpg_path $GNUPGHOME" --addsign "$repository"/noarch/"$1"-*.rpm; } >"$TEST_TMP/rpmbuild.log" 2>&1 </dev/null ||
		{ cat "$TEST_TMP/rpmbuild.log"; bail "no package $1"; }
}
repository_package() { # repository_package NAME VERSION [POST]
	repository_build "$1" <<-SPEC
		Name: $1
		Version: $2
		Release: 1
		Summary: lab
		License: MIT
		BuildArch: noarch
		AutoReqProv: no
		%description
		lab
		%install
		mkdir -p %{buildroot}/usr/share/$1 %{buildroot}/etc
		echo $2 >%{buildroot}/usr/share/$1/version
		echo "as of $2" >%{buildroot}/etc/$1.conf
		%files
		/usr/share/$1/version
		%config(noreplace) /etc/$1.conf
		${3:+%post -p /bin/sh}
		${3:-}
	SPEC
}
# Debian has dnf's module for it and its file, but not the program of a few lines, nor its units.
repository_automatic() {
	repository_build dnf-automatic <<-'SPEC'
		Name: dnf-automatic
		Version: 4.14.0
		Release: 1
		Summary: lab
		License: MIT
		BuildArch: noarch
		AutoReqProv: no
		%description
		lab
		%install
		mkdir -p %{buildroot}/usr/bin %{buildroot}/etc/dnf %{buildroot}/usr/lib/systemd/system
		printf '%s\n' '#!/usr/bin/python3' 'import sys' 'import dnf.automatic.main' \
			'sys.exit(dnf.automatic.main.main(sys.argv[1:]))' >%{buildroot}/usr/bin/dnf-automatic
		chmod 755 %{buildroot}/usr/bin/dnf-automatic
		printf '%s\n' '[commands]' 'upgrade_type = default' 'random_sleep = 0' 'network_online_timeout = 5' \
			'download_updates = yes' 'apply_updates = no' '' '[emitters]' 'emit_via = motd' >%{buildroot}/etc/dnf/automatic.conf
		printf '%s\n' '[Unit]' 'Description=dnf automatic' '[Service]' Type=oneshot \
			'ExecStart=/usr/bin/dnf-automatic /etc/dnf/automatic.conf --timer' >%{buildroot}/usr/lib/systemd/system/dnf-automatic.service
		printf '%s\n' '[Unit]' 'Description=dnf automatic' '[Timer]' 'OnCalendar=*-*-* 6:00' Persistent=true \
			'[Install]' WantedBy=timers.target >%{buildroot}/usr/lib/systemd/system/dnf-automatic.timer
		%files
		/usr/bin/dnf-automatic
		%config(noreplace) /etc/dnf/automatic.conf
		/usr/lib/systemd/system/dnf-automatic.service
		/usr/lib/systemd/system/dnf-automatic.timer
	SPEC
}
repository_advisory() { # repository_advisory NAME-VERSION...: updateinfo.xml
	local id name version
	echo '<?xml version="1.0" encoding="UTF-8"?><updates>'
	for id; do
		name=${id%-*} version=${id##*-}
		cat <<-XML
			<update from="lab@example.org" status="final" type="security" version="1"><id>LAB-2026:$id</id>
			<title>$id</title><severity>Important</severity><issued date="2026-11-01 00:00:00"/>
			<pkglist><collection short="baseos"><name>baseos</name>
			<package name="$name" version="$version" release="1" epoch="0" arch="noarch" src="$id-1.src.rpm">
			<filename>$id-1.noarch.rpm</filename></package></collection></pkglist></update>
		XML
	done
	echo '</updates>'
}
repository_publish() {
	repository_advisory "$@" >"$TEST_TMP/updateinfo.xml"
	vps put "$repository_vps" "$TEST_TMP/updateinfo.xml" /root/updateinfo.xml
	vps run "$repository_vps" sh -ec 'rm -rf /root/rpms; mkdir /root/rpms'
	tar -C "$repository/noarch" -c . | vps run "$repository_vps" tar -C /root/rpms -x
	vps run "$repository_vps" sh -ec 'cd /root/rpms && createrepo_c -q . && modifyrepo_c ../updateinfo.xml repodata' >/dev/null 2>&1 ||
		bail "no lists"
	# all at once: dnf may look in between
	rm -rf "${repository:?}/repodata" "$repository"/*.rpm
	vps run "$repository_vps" tar -C /root/rpms -c . | tar -C "$repository" -x
}
