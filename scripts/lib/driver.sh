# SPDX-License-Identifier: BSD-3-Clause
# Sourced after common.sh by the commands that load the driver into a DPDK program with -d.

# world_writable PATH: may others write to it or to a directory above it? EAL asks the same of a plugin's directory and
# makes no exception for the sticky bit, so that a checkout below /tmp is enough to have the driver refused.
world_writable() {
	local path
	path=$(readlink -f "$1")
	while :; do
		[ -n "$(find "$path" -maxdepth 0 -perm -o=w)" ] && return 0
		[ "$path" = / ] && return 1
		path=$(dirname "$path")
	done
}

# Sets BRAID_DRIVER to the built driver (stage_driver BUILDDIR), or to a copy of it in a directory that EAL accepts.
# unstage_driver removes that copy; call it from the EXIT trap.
stage_driver() {
	BRAID_DRIVER=$1/drivers/net/braid/librte_net_braid.so
	braid_staged=
	[ -f "$BRAID_DRIVER" ] || fail "the driver has not been built: $BRAID_DRIVER"
	world_writable "$1/drivers/net/braid" || return 0
	braid_staged=$(mktemp -d /var/lib/braid.XXXXXX) || fail "cannot make a directory below /var/lib for the driver"
	chmod 755 "$braid_staged"
	cp "$BRAID_DRIVER" "$braid_staged/" || fail "cannot copy the driver to $braid_staged"
	BRAID_DRIVER=$braid_staged/librte_net_braid.so
}

unstage_driver() { [ -z "${braid_staged:-}" ] || rm -rf "$braid_staged"; }
