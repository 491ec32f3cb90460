// SPDX-License-Identifier: Apache-2.0
// A mistake on the command line: one line on stderr, exit status 2.
#pragma once

#include <disentangle/core/error.hpp>

#include <string>
#include <vector>

struct UsageError : disentangle::ValueError {
  using ValueError::ValueError;
};

/// "a, b, c"
inline std::string joined(std::vector<std::string> const& words) {
  std::string text;
  for (std::string const& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}
