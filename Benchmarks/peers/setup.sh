#!/usr/bin/env bash
# Makes build/peers/venv (the engines) and build/peers/litert-converter (ONNX to LiteRT), from the Python index. Safe to run again.
# An engine that cannot be had is left out; the comparison then says so in its column.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=Benchmarks/peers
folder=build/peers

say() { printf 'bench-peers: %s\n' "$*"; }

# The first of the commands given that is a Python of version $1 or newer.
python_command() {
  local least=$1 candidate
  shift
  for candidate in "$@"; do
    "$candidate" -c "import sys; sys.exit(sys.version_info < ($least))" 2>/dev/null && { command -v "$candidate"; return; }
  done
  return 1
}

newer=("${PYTHON:-python3}" python3.12 python3.13 "$HOME"/.pyenv/versions/3.12*/bin/python3.12)

# One environment: its folder, the command that makes it, then the lists of requirements.
environment() {
  local place=$1 python=$2 stamp list
  shift 2
  stamp=$place/ready-$( { "$python" -VV; cat "$@"; } | sha256sum | cut -c1-16)
  [ -e "$stamp" ] && return
  say "making $place with $("$python" -V)"
  rm -rf "$place"
  "$python" -m venv "$place"
  for list in "$@"; do
    local options=(--quiet --disable-pip-version-check)
    [[ $list == *pnnx* ]] && options+=(--no-deps)
    # All at once is quick; where one cannot be had, the others still can.
    if ! "$place/bin/python" -m pip install "${options[@]}" -r "$list"; then
      grep -v -E '^(#|$)' "$list" | while read -r package; do
        "$place/bin/python" -m pip install "${options[@]}" "$package" || say "going on without $package"
      done
    fi
  done
  touch "$stamp"
}

mkdir -p "$folder"
python=$(python_command '3, 12' "${newer[@]}" || python_command '3, 11' python3 python3.11)
environment "$folder/venv" "$python" $here/requirements.txt $here/requirements-pnnx.txt
if converter=$(python_command '3, 12' "${newer[@]}"); then
  environment "$folder/litert-converter" "$converter" $here/requirements-litert.txt
else
  say 'no Python 3.12: going on without the converter for LiteRT'
fi
