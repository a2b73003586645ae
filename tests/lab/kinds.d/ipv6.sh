# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# No IPv4 at all: the cable has none, and the address and the router come by the router's advertisements.
sed -i '/^127\.0\.1\.1 /d' /etc/hosts
