#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# layout_test.bash FOLDER: sources of this repository keep to the layout of .clang-format, comments included: no line is longer
# than 110 columns, and where clang-format-16 is found no file is laid out otherwise than by it. Lines that cannot be broken may
# be long: raw strings and what tests read from comments (expected-error, prints, test).
set -euo pipefail
cd "${1:?the folder of the repository}"
limit=$(sed -n 's/^ColumnLimit: *//p' .clang-format)
mapfile -t files < <(find benchmarks examples include tests -name .git -prune -o -type f \
  \( -name '*.hpp' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) -print | sort)
[ "${#files[@]}" -gt 400 ] || { echo "found ${#files[@]} sources, expected hundreds"; exit 1; }

wrong=0
long=$(LC_ALL=C.UTF-8 grep -HnE "^.{$((limit + 1)),}" "${files[@]}" | grep -vE '^[^:]*:[0-9]*: *// (expected-error|prints:|test:)|R"' || true)
if [ -n "$long" ]; then
  echo "longer than $limit columns:"
  echo "$long"
  wrong=1
fi

if command -v clang-format-16 >/dev/null; then
  # What it writes is compared, all files at once and one by one if they differ: --dry-run also reports replacements by the
  # same text.
  if ! cmp -s <(clang-format-16 --style=file "${files[@]}") <(cat "${files[@]}"); then
    for file in "${files[@]}"; do
      cmp -s <(clang-format-16 --style=file "$file") "$file" || echo "$file: clang-format-16 -i lays it out otherwise"
    done
    wrong=1
  fi
else
  echo "clang-format-16 was not found: only the lengths of lines were looked at"
fi
[ $wrong = 0 ] || exit 1
echo "${#files[@]} sources are laid out as .clang-format says"
