#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# floors_test.bash INCLUDE_FOLDER: no include of a public header goes up a floor, no two folders include each other, and
# headers of others (all but the standard library's and the system's) are included in backend/ and io/ alone. What is used in
# another folder has a public name: no header writes other::detail. The table below is that of docs/architecture.md; a new
# folder gets its line here.
set -euo pipefail
cd "${1:?the folder of the public headers}"
export LC_ALL=C
find disentangle \( -name '*.hpp' -o -name '*.cuh' \) | sort | xargs awk '
  # may("folders", "what their headers may include beside their own folder"): folders, or single headers; backend is its
  # vocabulary and the generic parts, a backend of its own is named. "roles" are the folders of policies, side by side.
  function may(folders, below,   name, i, n, list) {
    n = split(folders, name, " ")
    gsub(/roles/, roles, below)
    for (i = 1; i <= n; ++i) allowed[name[i]] = " " below " "
  }
  BEGIN {
    roles = "prior objective encoder decoder reconstruction regularizer contrast adversary supervision"
    may("core", "")
    may("backend", "core")
    may("autodiff", "core backend")
    may("optim", "core backend autodiff")
    may("nn", "core backend autodiff optim")
    may(roles, "core backend autodiff optim nn roles")
    may("method", "core backend autodiff optim nn roles")
    may("io", "core")
    may("augment", "core")
    may("metric", "core backend/cpu/gemm.hpp backend/cpu/instruction_set.hpp")
    may("data", "core io")
    may("report", "core io data metric")
    may("train", "core backend autodiff optim nn roles method io augment data metric")
    may("disentangle.hpp", "core backend backend/cpu autodiff optim nn roles method io augment data metric report train")
    # Headers that know one backend, each for the reason given.
    single["autodiff/gradient_check.hpp", "backend/cpu"] = "checks on the CPU in double"
    single["autodiff/value_and_gradient.hpp", "backend/cpu"] = "arrays of the host are differentiated on the CPU"
    single["train/train.hpp", "backend/cpu"] = "with a method it is all that a program needs to train on the CPU"
    single["autodiff/value_and_gradient.hpp", "backend/cpu"] = "the backend where none is named"
    single["contrast/soft_partition.hpp", "backend/cpu"] = "fits on the host, whatever the backend of the model"
    # The system and the language: not third parties.
    n = split("cxxabi.h fcntl.h sys/file.h sys/mman.h sys/stat.h unistd.h", system_headers, " ")
    for (i = 1; i <= n; ++i) of_system[system_headers[i]] = 1
  }
  function folder_of(header,   part) { split(header, part, "/"); return part[1] }
  function fail(words) { print FILENAME ":" FNR ": " words; ++wrong }
  FNR == 1 {
    ++file_count
    from = substr(FILENAME, length("disentangle/") + 1)
    mine = folder_of(from)
    if (!(mine in allowed)) fail("the folder " mine " has no floor in floors_test.bash")
  }
  /^ *# *include *"/ { fail("found an include in quotes, expected <disentangle/...>") }
  /^ *# *include *</ {
    split($0, part, /[<>]/)
    to = part[2]
    if (to !~ /^disentangle\//) {
      if (to ~ /[.\/]/ && !(to in of_system) && mine != "backend" && mine != "io")
        fail("<" to "> is a header of others, which belong in backend/ and io/")
      next
    }
    to = substr(to, length("disentangle/") + 1)
    theirs = folder_of(to)
    if (theirs == mine) next
    if (!((mine, theirs) in example)) example[mine, theirs] = FILENAME ":" FNR
    wanted = theirs
    if (theirs == "backend" && split(to, part, "/") > 2 && part[2] != "generic" && part[2] != "expression")
      wanted = "backend/" part[2]
    if (index(allowed[mine], " " wanted " ") == 0 && index(allowed[mine], " " to " ") == 0 && !((from, wanted) in single))
      fail("<disentangle/" to "> is not below " mine "/, which may include" \
           (allowed[mine] == "  " ? " nothing of ours" : allowed[mine]))
  }
  /::detail::/ {
    line = $0
    sub(/\/\/.*/, "", line)
    while (match(line, /[a-z_]+::detail::[A-Za-z_]+/)) {
      name = substr(line, RSTART, RLENGTH)
      theirs = substr(name, 1, index(name, "::") - 1)
      if (theirs == "disentangle" || ((theirs in allowed) && theirs != mine))
        fail(name " is used outside of its folder: it needs a name in a public namespace")
      line = substr(line, RSTART + RLENGTH)
    }
  }
  END {
    if (file_count < 100) { print "found " file_count + 0 " headers, expected hundreds"; exit 1 }
    for (pair in example) {
      split(pair, part, SUBSEP)
      if (part[1] < part[2] && (part[2], part[1]) in example) {
        print part[1] "/ and " part[2] "/ include each other: " example[pair] " and " example[part[2], part[1]]
        ++wrong
      }
    }
    exit wrong > 0
  }'
