#!/usr/bin/env bash
# Makes a fresh machine ready: system packages that are missing (Debian and its kin), a Python environment in .venv.
# Given Swift 6.3 and Python 3.11 or newer, nothing else. Safe to run again; takes a moment when there is nothing to do.
#
#   scripts/bootstrap.sh            everything
#   scripts/bootstrap.sh system     the system packages only (enough for: make build, make install)
#   scripts/bootstrap.sh python     the Python environment only
#   scripts/bootstrap.sh arm64      what make test-arm64 needs beyond: a C library for 64-bit ARM, and qemu
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}

say() { printf 'bootstrap: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

python_command() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.11 python3.12 python3.13; do
    [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$candidate"; return; }
  done
  return 1
}

# One line for each thing needed: the Debian packages that bring it, if the check beside it fails.
missing_packages() {
  local python=$1
  command -v g++ >/dev/null || echo g++
  command -v cmake >/dev/null || echo cmake
  command -v pkg-config >/dev/null || echo pkg-config
  command -v git >/dev/null || echo git
  command -v readelf >/dev/null || echo binutils
  [ -e /usr/include/eigen3/Eigen/Core ] || [ -e /usr/local/include/eigen3/Eigen/Core ] || echo libeigen3-dev
  if [ -z "$python" ]; then
    echo python3 python3-venv python3-dev libpython3-dev
  else
    "$python" -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
    "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' || echo python3-dev libpython3-dev
  fi
  # The toolchain's own shared libraries, as swift.org lists them for Debian 12.
  if ! swift package --version >/dev/null 2>&1; then
    echo libcurl4-openssl-dev libedit2 libncurses6 libpython3-dev libsqlite3-0 libxml2 libz3-4 tzdata zlib1g-dev
  fi
}

missing_arm64_packages() {
  [ -e /usr/aarch64-linux-gnu/lib/libc.a ] || echo libc6-dev-arm64-cross
  compgen -G '/usr/lib/gcc-cross/aarch64-linux-gnu/*/crtbeginT.o' >/dev/null || echo gcc-aarch64-linux-gnu
  command -v qemu-aarch64 >/dev/null || echo qemu-user
}

# Installs these packages; none is fine.
install_packages() {
  command -v swift >/dev/null || fail 'there is no swift on the PATH; install the Swift 6.3 toolchain from swift.org, then run this again'
  local wanted
  wanted=$(tr ' ' '\n' <<<"$1" | sort -u | tr '\n' ' ')
  [ -z "${wanted// /}" ] && return
  command -v apt-get >/dev/null || fail "install what Debian calls: $wanted"
  local sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "run this as root once, to install: $wanted"
    sudo=sudo
  fi
  say "installing $wanted"
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq
  # shellcheck disable=SC2086
  $sudo apt-get install -y -qq --no-install-recommends $wanted >/dev/null
}

install_system_packages() { install_packages "$(missing_packages "$(python_command || true)")"; }

make_environment() {
  local python stamp
  python=$(python_command) || fail 'there is no Python 3.11 or newer on the PATH'
  stamp=.venv/ready-$( { "$python" -VV; cat scripts/requirements.txt; } | sha256sum | cut -c1-16)
  [ -e "$stamp" ] && return
  say "making .venv with $("$python" -V)"
  rm -rf .venv
  "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
  # A second witness for the tests and the benchmarks; they say "skipped" where it cannot be had.
  .venv/bin/python -m pip install --quiet --disable-pip-version-check 'onnxruntime>=1.20' || say 'going on without onnxruntime'
  touch "$stamp"
}

case $what in
  all) install_system_packages && make_environment ;;
  system) install_system_packages ;;
  python) make_environment ;;
  arm64) install_system_packages && install_packages "$(missing_arm64_packages)" ;;
  *) fail "unknown part '$what': say system, python, arm64, or nothing for the first two" ;;
esac
