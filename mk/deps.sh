#!/bin/sh
# deps.sh [--dev] [-n] - installs what building and testing cd4ml need, where it is missing.
#
#   (nothing)  a compiler, make, pkg-config, the six libraries, bats, git and jq
#   --dev      also what `make lint`, `make fuzz` and `make interop` use: ShellCheck, mandoc, clang
#              with its sanitizers, clang-format, Python's venv, Open MPI
#   -n         only say what is missing; exit status 1 if anything is
#
# When all is there it does nothing, at once. With apt, as root or with sudo, it installs; elsewhere
# it prints the line to type and ends with 1.
set -u

dev='' dry=''
for a in "$@"; do
	case $a in
	--dev) dev=1 ;;
	-n) dry=1 ;;
	-h | --help)
		sed -n '2,/^set/ { /^set/d; s/^# \{0,1\}//; p; }' "$0"
		exit 0
		;;
	*)
		echo "deps.sh: unknown option '$a'; see --help" >&2
		exit 2
		;;
	esac
done

has() {
	command -v "$1" >/dev/null 2>&1
}

# has_lib NAME HEADER - is the library's header found, by pkg-config or by the compiler alone?
has_lib() {
	if has pkg-config && pkg-config --exists "$1" 2>/dev/null; then
		return 0
	fi
	has cc && ! has pkg-config && printf '#include <%s>\n' "$2" | cc -E - >/dev/null 2>&1
}

# Things that are missing, by names of our own; each system's names for them are in the table below.
missing=''
need() {
	missing="$missing $1"
}

{ has cc && has gcc; } || need cc
has make || need make
has pkg-config || need pkgconf
has_lib libcurl curl/curl.h || need curl
has_lib libcrypto openssl/evp.h || need ssl
has_lib zlib zlib.h || need zlib
has_lib jansson jansson.h || need jansson
has_lib yaml-0.1 yaml.h || need yaml
has_lib expat expat.h || need expat
has bats || need bats
has git || need git
has jq || need jq
if [ -n "$dev" ]; then
	has shellcheck || need shellcheck
	has mandoc || need mandoc
	has clang || need clang
	if has clang; then
		rt=$(clang --print-file-name=libclang_rt.fuzzer-"$(uname -m)".a 2>/dev/null)
		[ -e "$rt" ] || [ -e "$(clang --print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer.a" ] || need clangrt
	fi
	has clang-format || need format
	python3 -c 'import ensurepip, venv' 2>/dev/null || need venv
	{ has mpicc && has mpirun; } || need mpi
fi
[ -n "$missing" ] || exit 0

# names SYSTEM - the packages of what is missing.
names() {
	for m in $missing; do
		case $1-$m in
		apt-cc) echo gcc libc6-dev ;;
		apt-pkgconf) echo pkg-config ;;
		apt-curl) echo libcurl4-openssl-dev ;;
		apt-ssl) echo libssl-dev ;;
		apt-zlib) echo zlib1g-dev ;;
		apt-jansson) echo libjansson-dev ;;
		apt-yaml) echo libyaml-dev ;;
		apt-expat) echo libexpat1-dev ;;
		apt-format) echo clang-format ;;
		apt-clangrt) clang_rt_package ;;
		apt-clang) echo clang; clang_rt_package ;;
		apt-venv) echo python3-venv ;;
		apt-mpi) echo libopenmpi-dev openmpi-bin ;;
		dnf-mpi) echo openmpi-devel ;;
		apk-mpi) echo openmpi-dev openmpi ;;
		dnf-cc | pacman-cc) echo gcc ;;
		dnf-pkgconf) echo pkgconf-pkg-config ;;
		dnf-curl) echo libcurl-devel ;;
		dnf-ssl) echo openssl-devel ;;
		dnf-zlib) echo zlib-devel ;;
		dnf-jansson) echo jansson-devel ;;
		dnf-yaml) echo libyaml-devel ;;
		dnf-expat) echo expat-devel ;;
		dnf-shellcheck) echo ShellCheck ;;
		dnf-clangrt) echo compiler-rt ;;
		dnf-clang) echo clang compiler-rt ;;
		dnf-format) echo clang-tools-extra ;;
		dnf-venv) echo python3 ;;
		apk-cc) echo gcc musl-dev ;;
		apk-make) echo make coreutils findutils ;;
		apk-curl) echo curl-dev ;;
		apk-ssl) echo openssl-dev ;;
		apk-zlib) echo zlib-dev ;;
		apk-jansson) echo jansson-dev ;;
		apk-yaml) echo yaml-dev ;;
		apk-expat) echo expat-dev ;;
		apk-bats) echo bats bash ;;
		apk-clangrt) echo compiler-rt ;;
		apk-clang) echo clang compiler-rt ;;
		apk-format) echo clang-extra-tools ;;
		apk-venv) echo python3 ;;
		pacman-ssl | brew-ssl) echo openssl ;;
		pacman-yaml | brew-yaml) echo libyaml ;;
		pacman-bats) echo bash-bats ;;
		pacman-clangrt) echo compiler-rt ;;
		pacman-format) echo clang ;;
		pacman-venv) echo python ;;
		brew-cc) echo gcc ;;
		brew-bats) echo bats-core ;;
		brew-clang | brew-clangrt) echo llvm ;;
		brew-format) echo clang-format ;;
		brew-venv) echo python ;;
		pacman-mpi) echo openmpi ;;
		brew-mpi) echo open-mpi ;;
		*) echo "$m" ;;
		esac
	done | tr '\n' ' ' | sed 's/ *$//'
}

# The run-time library comes with a version in its name, that of the default clang.
clang_rt_package() {
	v=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/\1/p' | head -n 1)
	[ -z "$v" ] || for p in "libclang-rt-$v-dev" "libclang-common-$v-dev"; do
		if apt-cache show "$p" >/dev/null 2>&1; then
			echo "$p"
			break
		fi
	done
}

as_root=''
[ "$(id -u)" -eq 0 ] || as_root='sudo '
if has apt-get; then
	if [ -z "$dry" ] && { [ -z "$as_root" ] || has sudo; }; then
		export DEBIAN_FRONTEND=noninteractive
		${as_root:+sudo} apt-get update -qq || echo "deps.sh: apt-get update failed; going on with the old lists" >&2
		# shellcheck disable=SC2046 # names, one word each
		exec ${as_root:+sudo -E} apt-get install -y -qq --no-install-recommends $(names apt)
	fi
	line="${as_root}apt-get install -y $(names apt)"
elif has dnf; then
	line="${as_root}dnf install -y $(names dnf)"
elif has apk; then
	line="${as_root}apk add $(names apk)"
elif has pacman; then
	line="${as_root}pacman -S --needed $(names pacman)"
elif has brew; then
	line="brew install $(names brew)"
else
	line="(your system's package manager) $(names apt)"
fi
echo "missing:$missing"
echo "install with: $line"
exit 1
