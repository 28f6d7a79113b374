# SPDX-License-Identifier: BSD-3-Clause
# Sourced by setup.sh. A driver is compiled against five headers that Debian's libdpdk-dev leaves out, although its
# libraries export what they declare. They come from the source package of exactly the installed version: structures
# in them are part of the ABI, and a neighbouring version may lay them out differently.

driver_header_names='ethdev_driver.h ethdev_vdev.h bus_vdev_driver.h dev_driver.h bus_driver.h'

# has_driver_headers DIRECTORY: are all five in it?
has_driver_headers() {
	local name
	for name in $driver_header_names; do
		[ -f "$1/$name" ] || return 1
	done
}

# Sets driver_headers: DPDK_DRIVER_HEADERS if the caller has set it, nothing if pkg-config's own directories have
# them (a DPDK built with enable_driver_sdk=true), else the copy below .deps, fetched when it is absent or stale.
find_driver_headers() {
	driver_headers=${DPDK_DRIVER_HEADERS:-}
	if [ -n "$driver_headers" ]; then
		has_driver_headers "$driver_headers" ||
			fail "DPDK_DRIVER_HEADERS=$driver_headers lacks one of: $driver_header_names"
		driver_headers=$(cd "$driver_headers" && pwd -P)
		return
	fi

	local flag
	for flag in $(pkg-config --cflags-only-I libdpdk); do
		has_driver_headers "${flag#-I}" && return
	done

	local package source version
	package=$(dpkg-query -S "$(pkg-config --variable=pcfiledir libdpdk)/libdpdk.pc" 2>/dev/null | cut -d: -f1)
	[ -n "$package" ] ||
		fail "libdpdk $(pkg-config --modversion libdpdk) was not installed from a package and has no driver-side" \
			"headers: build it with enable_driver_sdk=true or set DPDK_DRIVER_HEADERS"
	read -r source version < <(dpkg-query -W -f '${source:Package} ${source:Version}\n' "$package")

	driver_headers=$braid_root/.deps/dpdk-driver-headers
	has_driver_headers "$driver_headers" && [ "$(cat "$driver_headers/.version" 2>/dev/null)" = "$version" ] && return
	command -v dpkg-source >/dev/null || install_packages dpkg-dev
	say "taking the driver-side headers from the source of $source $version"
	(fetch_driver_headers "$source" "$version" "$driver_headers") || exit 1
}

# fetch_driver_headers SOURCE VERSION DESTINATION, in a subshell of its own because of the trap.
fetch_driver_headers() {
	local source=$1 version=$2 destination=$3 work name found
	work=$(mktemp -d) || exit 1
	trap 'rm -rf "$work"' EXIT
	chmod 755 "$work" # apt reads and writes here as its own user

	private_apt_configuration "$work"
	export APT_CONFIG=$work/apt.conf
	# An entry that cannot be reached matters only if the version is not found elsewhere.
	apt-get update >"$work/log" 2>&1 </dev/null
	if ! (cd "$work" && apt-get source --only-source --download-only "$source=$version") >>"$work/log" 2>&1 </dev/null; then
		grep -E '^(E|Err|W)[: ]' "$work/log" >&2
		fail "the machine's package sources do not offer the source of $source $version, the version installed:" \
			"upgrade $source to the version they offer, or set DPDK_DRIVER_HEADERS to a directory with" \
			"$driver_header_names"
	fi
	# apt has checked the signature and the sums already.
	(cd "$work" && dpkg-source --no-check -x ./*.dsc tree) >>"$work/log" 2>&1 </dev/null ||
		fail "dpkg-source could not unpack $source $version: $(tail -n 1 "$work/log")"
	found=$(dpkg-parsechangelog -l "$work/tree/debian/changelog" -S Version)
	[ "$found" = "$version" ] || fail "asked for $source $version, was given $found"

	mkdir "$work/headers"
	for name in $driver_header_names; do
		found=$(find "$work/tree" -name "$name" -type f)
		[ "$(grep -c . <<<"$found")" = 1 ] ||
			fail "$source $version has no $name, or several"
		# Without the old time stamp, so that what was compiled against another version is compiled again.
		cp "$found" "$work/headers/"
	done
	printf '%s\n' "$version" >"$work/headers/.version"
	mkdir -p "${destination%/*}"
	rm -rf "$destination"
	mv "$work/headers" "$destination"
}

# private_apt_configuration DIRECTORY: writes DIRECTORY/apt.conf, which keeps the machine's settings (proxies, keys,
# credentials) but has package sources, lists and cache of its own, and none of the commands that apt runs after an update.
private_apt_configuration() {
	local work=$1 parts main list lists uris
	eval "$(apt-config shell parts Dir::Etc::parts/d main Dir::Etc::main/f \
		list Dir::Etc::sourcelist/f lists Dir::Etc::sourceparts/d)"
	mkdir -p "$work/conf.d" "$work/sources.list.d" "$work/lists/partial" "$work/cache/archives/partial"
	cp "${parts%/}"/* "$work/conf.d/" 2>/dev/null
	[ -f "$main" ] && cp "$main" "$work/conf.d/zy-main"
	# Read before the parts, and so able to say where they are.
	cat >"$work/apt.conf" <<-END
		Dir::Etc::parts "$work/conf.d";
		Dir::Etc::main "/dev/null";
	END
	cat >"$work/conf.d/zz-private" <<-END
		#clear APT::Update;
		Dir::Etc::sourcelist "$work/sources.list";
		Dir::Etc::sourceparts "$work/sources.list.d";
		Dir::State::lists "$work/lists";
		Dir::Cache "$work/cache";
	END

	# Where libdpdk-dev can come from, when apt knows; other entries may not have source packages at all.
	uris=$(apt-cache madison libdpdk-dev 2>/dev/null | awk -F ' *[|] *' '{ split($3, at, " "); print at[1] }' | sort -u)
	machine_entries_as_source "$list" "$lists" "$uris" "$work/sources.list" "$work/sources.list.d/machine.sources"
	# A machine whose apt knows addresses that no entry spells out (a mirror list, say): take every entry then.
	[ -s "$work/sources.list" ] || [ -s "$work/sources.list.d/machine.sources" ] ||
		machine_entries_as_source "$list" "$lists" '' "$work/sources.list" "$work/sources.list.d/machine.sources"
}

# machine_entries_as_source LIST PARTS URIS ONE_LINE_OUT DEB822_OUT: the machine's entries with deb turned into deb-src and
# everything else in them as it was. Only entries with one of URIS (one per line); all but CD-ROMs if there are none.
machine_entries_as_source() {
	local list=$1 parts=${2%/} file
	# In paragraph mode (deb822) a record is a stanza, else a line; no line looks like a stanza's Types nor the reverse.
	local program='
		function wanted(entry, i) {
			for (i = 1; i <= count; i++)
				if (index(entry, uri[i])) return 1
			return !count && entry !~ /cdrom:/
		}
		BEGIN { count = split(ENVIRON["braid_uris"], uri, "\n") }
		!wanted($0) { next }
		sub(/^[ \t]*deb[ \t]/, "deb-src ") ||
			sub(/(^|\n)[Tt]ypes:[^\n]*(\n[ \t][^\n]*)*/, "\nTypes: deb-src") { print $0 ORS }'
	for file in "$list" "$parts"/*.list; do
		[ -f "$file" ] && cat "$file" && echo
	done | braid_uris=$3 awk "$program" >"$4"
	for file in "$parts"/*.sources; do
		[ -f "$file" ] && sed 's/^[[:space:]]*$//' "$file" && echo
	done | braid_uris=$3 awk -v RS= "$program" >"$5"
}
