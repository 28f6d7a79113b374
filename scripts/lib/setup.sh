# SPDX-License-Identifier: BSD-3-Clause
# Sourced after common.sh. setup makes sure that what a build and the tests need is there:
# programs and libraries from the distribution's packages, and DPDK's driver-side headers.

. "$braid_root/scripts/lib/driver_headers.sh"

# package: the command that succeeds when what we want from it is there. Asking for the thing and not for the package
# lets a self-built DPDK or compiler stand in for the packaged one.
declare -A braid_needs=(
	[g++]='command -v ${CXX:-c++}'
	[meson]='command -v meson'
	[ninja-build]='command -v ninja'
	[pkg-config]='command -v pkg-config'
	[python3]='command -v python3'
	[libdpdk-dev]='pkg-config --exists libdpdk'
	[dpdk-dev]='command -v dpdk-testpmd && command -v dpdk-telemetry.py'
	[liburcu-dev]='pkg-config --exists liburcu-bp'
	[libgtest-dev]='pkg-config --exists gtest gtest_main'
	[libcli11-dev]='pkg-config --exists CLI11'
	[nlohmann-json3-dev]='pkg-config --exists nlohmann_json'
	[libfmt-dev]='pkg-config --exists fmt'
	[iproute2]='command -v ip && command -v bridge'
	[iputils-ping]='command -v ping'
	[iperf3]='command -v iperf3'
	[ethtool]='command -v ethtool'
	[procps]='command -v ps'
	[valgrind]='command -v valgrind'
)

missing_packages() {
	local package
	for package in "${!braid_needs[@]}"; do
		eval "${braid_needs[$package]}" >/dev/null 2>&1 || printf '%s\n' "$package"
	done | sort
}

# install_packages PACKAGE...
apt_updated=
install_packages() {
	[ "$(id -u)" = 0 ] || fail "these packages are missing and only root can install them: $*"
	command -v apt-get >/dev/null || fail "these packages are missing and there is no apt-get to install them: $*"
	say "installing $*"
	local log=$braid_root/.deps/apt.log apt='apt-get -o DPkg::Lock::Timeout=300'
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # $apt is a command and its option
	[ -n "$apt_updated" ] || quietly "$log" $apt update || fail "apt-get update failed, see above"
	apt_updated=yes
	# shellcheck disable=SC2086
	quietly "$log" $apt install --yes --no-install-recommends "$@" ||
		fail "apt-get could not install $*, see above"
}

# Sets driver_headers to the directory that has them, or to nothing when libdpdk brings them itself.
setup() {
	local missing
	missing=$(missing_packages)
	if [ -n "$missing" ]; then
		# shellcheck disable=SC2086 # one word per package
		install_packages $missing
		missing=$(missing_packages)
		[ -z "$missing" ] || fail "still missing after the installation: ${missing//$'\n'/ }"
	fi
	find_driver_headers
}
