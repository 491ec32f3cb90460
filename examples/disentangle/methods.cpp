// SPDX-License-Identifier: Apache-2.0
// The list of methods. To add one: a file method_<name>.cpp of three lines, and its name here.
#include "methods.hpp"

#include "usage_error.hpp"

MethodEntry vae_entry();
MethodEntry beta_vae_entry();
MethodEntry beta_tc_vae_entry();

std::vector<MethodEntry> const& methods() {
  static std::vector<MethodEntry> const all{vae_entry(), beta_vae_entry(), beta_tc_vae_entry()};
  return all;
}

MethodEntry const& find_method(std::string const& name) {
  std::vector<std::string> names;
  for (MethodEntry const& entry : methods()) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
  }
  throw UsageError("no method '" + name + "'; there are: " + joined(names));
}
