# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# archive.sh: a signed package archive in the outside world, served by HTTP, that says it is Debian's
# security archive, or whose it is told to be: for updates that come when a test wants them.  Sourced after lab.sh.
#
#   archive_begin bookworm
#   archive_package lab-tool 1.0          # made from nothing; version in /usr/share/lab-tool/version
#   archive_fetch "$vps" unattended-upgrades   # Debian's own, with what it depends on
#   archive_bump "$vps" +lab1 openssh-server openssh-client openssh-sftp-server
#   archive_publish
#   archive_use "$vps"                    # its only source; fetches nothing yet
#
# shellcheck disable=SC2016,SC2154 # a format of dpkg-query; what lab.sh sets
archive=$TEST_TMP/archive
archive_port=$((8100 + RANDOM % 800)) # several tests at once share the outside world
archive_origin=Debian archive_label=Debian-Security # what its Release file says
archive_url=http://$(vps addr outside 4):$archive_port

archive_begin() { # archive_begin SUITE (bookworm, bullseye, trixie)
	archive_suite=$1-security
	mkdir -p "$archive/pool" "$archive/dists/$archive_suite/main/binary-amd64"
	mkdir -m 700 "$TEST_TMP/gnupg"
	export GNUPGHOME=$TEST_TMP/gnupg
	gpg --batch --quiet --passphrase '' --quick-gen-key 'lab archive <lab@example.org>' ed25519 sign never 2>/dev/null
	gpg --batch --export >"$TEST_TMP/archive.gpg"
	trap archive_cleanup EXIT
	# shellcheck disable=SC2016
	vps outside sh -c 'echo $$ >"$1.pid"; exec python3 -m http.server "$2" --bind "$3" -d "$1"' - \
		"$archive" "$archive_port" "$(vps addr outside 4)" >"$TEST_TMP/archive.log" 2>&1 &
	# It answers, and is not another test's at the same port, at which this one has ended then.
	wait_until 20 vps outside bash -c "exec 3<>/dev/tcp/$(vps addr outside 4)/$archive_port" || bail "no archive"
	sleep 0.3
	kill -0 "$(cat "$archive.pid")" || bail "no archive of its own"
}
archive_cleanup() {
	local status=$?
	[ ! -s "$archive.pid" ] || kill "$(cat "$archive.pid")"
	gpgconf --kill gpg-agent 2>/dev/null
	(exit "$status")
	lab_cleanup
}
archive_build() { # archive_build FOLDER: a package of it, in the pool
	dpkg-deb -Zgzip -z1 --root-owner-group -b "$1" "$archive/pool" >/dev/null
}
archive_package() { # archive_package NAME VERSION [POSTINST]: one that only holds its version; its postinst runs the shell lines
	local folder=$TEST_TMP/package.$1
	rm -rf "$folder"
	mkdir -p "$folder/DEBIAN" "$folder/usr/share/$1"
	echo "$2" >"$folder/usr/share/$1/version"
	printf '%s\n' "Package: $1" "Version: $2" 'Architecture: all' 'Maintainer: Lab <lab@example.org>' 'Description: lab' >"$folder/DEBIAN/control"
	if [ -n "${3:-}" ]; then
		printf '#!/bin/sh\nset -e\n%s\n' "$3" >"$folder/DEBIAN/postinst"
		chmod 755 "$folder/DEBIAN/postinst"
	fi
	archive_build "$folder"
}
archive_fetch() { # archive_fetch VPS PACKAGE...: Debian's packages, with those they need that the VPS lacks
	local name=$1
	shift
	vps apt "$name" update >/dev/null 2>&1
	vps apt "$name" install --download-only --reinstall "$@" >/dev/null 2>&1
	vps run "$name" tar -C /var/cache/apt/archives --exclude=partial --exclude=lock -c . | tar -C "$archive/pool" -x
	vps run "$name" apt-get clean
}
archive_bump() { # archive_bump VPS SUFFIX PACKAGE...: what the VPS has installed, as newer versions, together
	local name=$1 suffix=$2 package version file folder=$TEST_TMP/bump
	shift 2
	vps apt "$name" update >/dev/null 2>&1
	vps apt "$name" install --download-only --reinstall "$@" >/dev/null 2>&1
	for package; do
		version=$(vps run "$name" dpkg-query -W -f '${Version}' "$package")
		file=$(vps run "$name" sh -c "ls /var/cache/apt/archives/${package}_*.deb")
		vps run "$name" cat "$file" >"$TEST_TMP/bump.deb"
		rm -rf "$folder"
		dpkg-deb -R "$TEST_TMP/bump.deb" "$folder"
		sed -i "s/\([ (=]\)${version//./\\.}\([) ]\|\$\)/\1$version$suffix\2/g" "$folder/DEBIAN/control"
		archive_build "$folder"
	done
	vps run "$name" apt-get clean
}
archive_publish() { # the lists of all that is in the pool, signed
	local dist=$archive/dists/$archive_suite file lists=main/binary-amd64/Packages
	(
		cd "$archive" || exit
		for file in pool/*.deb; do
			dpkg-deb -f "$file"
			printf '%s\n' "Filename: $file" "Size: $(stat -c %s "$file")" "SHA256: $(sha256sum "$file" | cut -d ' ' -f 1)" ''
		done
	) >"$dist/$lists"
	printf '%s\n' "Origin: $archive_origin" "Label: $archive_label" 'Suite: stable-security' "Codename: $archive_suite" \
		"Date: $(date -u -R | sed 's/+0000/UTC/')" 'Architectures: amd64 all' 'Components: main' 'SHA256:' \
		" $(sha256sum "$dist/$lists" | cut -d ' ' -f 1) $(stat -c %s "$dist/$lists") $lists" >"$dist/Release"
	gpg --batch --yes --quiet --clearsign -o "$dist/InRelease" "$dist/Release" 2>"$TEST_TMP/gpg" ||
		bail "the lists are not signed: $(cat "$TEST_TMP/gpg")"
	# What is asked of the server is whether they are of a later second.
	archive_time=$(($(date +%s) > ${archive_time:-0} ? $(date +%s) : archive_time + 1))
	touch -d "@$archive_time" "$dist/InRelease"
}
archive_use() { # archive_use VPS: it has no other source now
	vps put "$1" "$TEST_TMP/archive.gpg" /usr/share/keyrings/lab.gpg
	vps run "$1" sh -c "rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*
		echo 'deb [signed-by=/usr/share/keyrings/lab.gpg] $archive_url $archive_suite main' >/etc/apt/sources.list"
}
