# Shell functions shared by check, demo and bench. Sourced with $root set to the root of the tree.

LC_ALL=C.UTF-8
DEBIAN_FRONTEND=noninteractive
export LC_ALL DEBIAN_FRONTEND
# Three hundred programs are linked in half the time.
if command -v ld.gold >/dev/null; then
	export CC_LD=gold
fi

# Real data lies beside the tree when there is any.
if [ -z "${TRUCKROLL_DATA:-}" ] && [ -d "$root/../shared/data" ]; then
	TRUCKROLL_DATA=$(cd "$root/../shared/data" && pwd)
	export TRUCKROLL_DATA
fi

build_packages='gcc libc6-dev meson ninja-build pkgconf python3
	libsqlite3-dev libnng-dev libsodium-dev libzstd-dev libjansson-dev libmicrohttpd-dev libcurl4-openssl-dev zlib1g-dev libturbojpeg0-dev libseccomp-dev libcmocka-dev'
check_packages="$build_packages openssl sqlite3 strace zstd"
analysis_packages="$check_packages clang clang-tidy clang-tools libclang-rt-14-dev cppcheck valgrind"

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Prints those of the packages that are not installed, in one line.
missing_packages()
{
	installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p')
	for package in "$@"; do
		printf '%s\n' "$installed" | grep -qxF "$package" || printf '%s ' "$package"
	done
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo --preserve-env=DEBIAN_FRONTEND "$@"
	else
		sudo --non-interactive --preserve-env=DEBIAN_FRONTEND "$@"
	fi
}

# Runs a step of apt quietly; its words are kept for the case that it fails.
run_apt()
{
	as_root apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >>"$root/.setup/apt.log" 2>&1
}

# require PACKAGE...: installs what is missing and says so; does nothing when all is there.
require()
{
	if ! command -v dpkg-query >/dev/null; then
		for tool in cc meson ninja pkg-config python3; do
			command -v "$tool" >/dev/null || die "no $tool here, and no apt to install it: install what these Debian packages hold: $*"
		done
		return
	fi
	missing=$(missing_packages "$@")
	missing=${missing% }
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		die "these packages are missing, and there is no sudo to install them: run as root: apt-get install $missing"
	fi
	say "Installing from Debian: $missing"
	mkdir -p "$root/.setup"
	: >"$root/.setup/apt.log"
	run_apt update || say 'apt-get update met trouble (see .setup/apt.log); trying to install all the same'
	# The words are a list on purpose.
	# shellcheck disable=SC2086
	if ! run_apt install --no-install-recommends $missing; then
		tail -n 20 "$root/.setup/apt.log" >&2
		die "apt-get could not install: $missing (all of its words are in .setup/apt.log)"
	fi
}

# Prints the path of Debian's Python, also when another one comes first on PATH.
find_python()
{
	if [ -x /usr/bin/python3 ]; then
		printf '/usr/bin/python3'
	else
		command -v python3
	fi
}

# configure FOLDER [MESON OPTION...]: sets up $root/FOLDER, again when the options or the place of the tree changed.
configure()
{
	folder=$root/$1
	shift
	wanted="$root ${CC:-} ${CC_LD:-} $*"
	if [ -f "$folder/build.ninja" ] && [ "$(cat "$folder/configured" 2>/dev/null)" = "$wanted" ]; then
		return 0
	fi
	rm -rf "$folder"
	mkdir -p "$folder"
	if ! meson setup "$@" "$folder" "$root" </dev/null >"$folder/setup.log" 2>&1; then
		cat "$folder/setup.log"
		return 1
	fi
	printf '%s\n' "$wanted" >"$folder/configured"
}

# compile FOLDER [TARGET...]: builds $root/FOLDER; prints progress on a terminal, otherwise only what goes wrong.
compile()
{
	folder=$root/$1
	shift
	if [ -t 1 ]; then
		ninja -C "$folder" "$@" </dev/null
	else
		ninja -C "$folder" --quiet "$@" </dev/null >"$folder/compile.log" 2>&1 || {
			cat "$folder/compile.log"
			return 1
		}
	fi
}
