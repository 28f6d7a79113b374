# SPDX-License-Identifier: BSD-3-Clause
# Sourced after common.sh by the commands that run the driver.

# Fails with the first thing that the tests and the demo cannot do without. No huge pages are needed.
require_privileges() {
	[ "$(id -u)" = 0 ] || fail "must be run as root: it makes network namespaces and tap devices"
	[ -r /proc/self/status ] && [ -d /sys/devices/system/cpu ] || fail "needs /proc and /sys to be mounted"
	unshare --net true 2>/dev/null ||
		fail "may not make a network namespace (in a container, CAP_SYS_ADMIN is needed)"
	[ -c /dev/net/tun ] || fail "there is no /dev/net/tun, which tap devices need (try: modprobe tun)"
	(: <>/dev/net/tun) 2>/dev/null || fail "/dev/net/tun cannot be opened, and tap devices need it"
}
