#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# standard_includes_test.bash INCLUDE_FOLDER: every public header includes, itself or through our other headers, the standard
# headers of the names of std that it uses. The objects of the headers alone are compiled with the standard library already
# parsed, so they cannot tell.
set -euo pipefail
cd "${1:?the folder of the public headers}"
find disentangle -name '*.hpp' | sort | xargs awk '
  function needs(pattern, headers) { patterns[++count] = "std::(" pattern ")([^A-Za-z0-9_]|$)"; wanted[count] = headers }
  # includes[f]: " <x> <y> " of others; ours[f]: " a.hpp b.hpp " of this library; used[f, k]: the line of a name of pattern k
  BEGIN {
    needs("array|to_array", "array")
    needs("atomic|atomic_ref|memory_order[a-z_]*", "atomic")
    needs("bit_cast|bit_width|bit_ceil|has_single_bit|popcount|rotl|countr_zero|countl_zero|endian", "bit")
    needs("chrono", "chrono")
    needs("same_as|convertible_to|derived_from|integral|floating_point|invocable|default_initializable|copyable|regular", "concepts")
    needs("condition_variable", "condition_variable")
    needs("sqrt|exp|log|log1p|expm1|pow|tanh|floor|ceil|round|lround|isnan|isfinite|isinf|fma|hypot|lgamma|cos|sin", "cmath")
    needs("memcpy|memset|memcmp|memmove|strlen|strcmp", "cstring")
    needs("printf|snprintf|fprintf|fputs|fflush|FILE|fopen", "cstdio")
    needs("u?int(8|16|32|64)_t|uintptr_t", "cstdint")
    needs("exception_ptr|current_exception|rethrow_exception|exception", "exception stdexcept")
    needs("filesystem", "filesystem")
    needs("ifstream|ofstream", "fstream")
    needs("function|hash|plus|multiplies|less|greater|invoke", "functional")
    needs("numeric_limits", "limits")
    needs("map|multimap", "map")
    needs("unique_ptr|shared_ptr|weak_ptr|make_unique|make_shared|addressof", "memory")
    needs("mutex|lock_guard|unique_lock|scoped_lock", "mutex")
    needs("numbers", "numbers")
    needs("accumulate|iota|inner_product|reduce|partial_sum|gcd", "numeric")
    needs("optional|nullopt|make_optional", "optional")
    needs("set", "set")
    needs("span|as_bytes|dynamic_extent", "span")
    needs("ostringstream|istringstream|stringstream", "sstream")
    needs("runtime_error|logic_error|invalid_argument|out_of_range", "stdexcept")
    needs("string|to_string|stoi|stol|stod|getline", "string")
    needs("string_view", "string_view string")
    needs("thread|this_thread|jthread", "thread")
    needs("tuple|make_tuple|tie|apply|tuple_size_v|tuple_element_t|get", "tuple array utility variant")
    needs("is_[a-z_]+_v|conditional_t|remove_[a-z_]+_t|decay_t|enable_if_t|true_type|false_type|integral_constant|invoke_result_t|common_type_t", "type_traits concepts")
    needs("move|forward|exchange|declval|pair|index_sequence|make_index_sequence|index_sequence_for|integer_sequence|in_place", "utility")
    needs("variant|visit|holds_alternative|monostate", "variant")
    needs("vector", "vector")
    needs("min|max|clamp|sort|stable_sort|copy|copy_n|fill|fill_n|transform|find|find_if|any_of|all_of|none_of|count|count_if|max_element|min_element|equal|reverse|rotate|unique|lower_bound|upper_bound|nth_element|partial_sort|swap_ranges", "algorithm")
  }
  FNR == 1 { files[++file_count] = FILENAME }
  /^ *# *include *<disentangle\// { split($0, part, /[<>]/); ours[FILENAME] = ours[FILENAME] " " part[2]; next }
  /^ *# *include *</ { split($0, part, /[<>]/); others[FILENAME] = others[FILENAME] " " part[2]; next }
  /std::/ {
    line = $0
    sub(/\/\/.*/, "", line)
    if (line !~ /std::/) next
    for (k = 1; k <= count; ++k)
      if (!((FILENAME, k) in used) && line ~ patterns[k]) used[FILENAME, k] = FNR ": " $0
  }
  function reach(file, root,   list, n, i) {
    if ((root, file) in seen) return
    seen[root, file] = 1
    n = split(others[file], list, " ")
    for (i = 1; i <= n; ++i) has[list[i]] = root
    n = split(ours[file], list, " ")
    for (i = 1; i <= n; ++i) reach(list[i], root)
  }
  END {
    if (file_count < 100) { print "found " file_count + 0 " headers, expected hundreds"; exit 1 }
    for (f = 1; f <= file_count; ++f) {
      file = files[f]
      reach(file, file)
      for (k = 1; k <= count; ++k) {
        if (!((file, k) in used)) continue
        n = split(wanted[k], list, " ")
        found = 0
        for (i = 1; i <= n; ++i) found = found || has[list[i]] == file
        if (!found) { print file ":" used[file, k] "\n    needs <" wanted[k] ">"; ++wrong }
      }
    }
    exit wrong > 0
  }'
