#!/usr/bin/env bash
# Checks the style of the code in every language, and that no kernel object leaks vector code. Says what is wrong; changes nothing.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0

check() {
  local name=$1
  shift
  if output=$("$@" 2>&1); then
    printf 'lint: %-44s ok\n' "$name"
  else
    printf 'lint: %-44s FAILED\n%s\n' "$name" "$output"
    failed=$((failed + 1))
  fi
}

shell_files() { git ls-files '*.sh' .ci/run; }
syntax_of_shell_files() { shell_files | while read -r file; do bash -n "$file" || exit 1; done; }

check 'swift format' swift format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks
check 'shell syntax' syntax_of_shell_files
check 'Python style (ruff check)' .venv/bin/ruff check --quiet
check 'Python layout (ruff format)' .venv/bin/ruff format --check --quiet
check 'Python types (mypy)' .venv/bin/mypy --config-file bindings/python/pyproject.toml
if [ -e scripts/check-isa-symbols.sh ]; then check 'no weak symbol in a kernel object' scripts/check-isa-symbols.sh; fi

if [ "$failed" -gt 0 ]; then
  echo "lint: $failed checks failed; 'make format' mends layout"
  exit 1
fi
