// SPDX-License-Identifier: Apache-2.0
#include "augmentations.hpp"

#include "usage_error.hpp"

#include <algorithm>
#include <sstream>

ChosenAugmentation::ChosenAugmentation(std::string const& words) {
  if (words == "none") return;
  std::istringstream list(words);
  for (std::string word; std::getline(list, word, ',');) {
    auto const name = std::find(names.begin(), names.end(), word);
    if (name == names.end()) {
      std::string known;
      for (char const* n : names) known += (known.empty() ? "" : ", ") + std::string(n);
      throw UsageError("--augment: found '" + word + "', expected none, or one or more of " + known +
                       " with commas between");
    }
    chosen_[static_cast<std::size_t>(name - names.begin())] = true;
  }
}
