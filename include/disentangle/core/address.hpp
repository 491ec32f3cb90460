// SPDX-License-Identifier: Apache-2.0
// Address: where a hyper-parameter stands in a method, and the names that it answers to.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/roles.hpp>

namespace disentangle {

/// One member of one policy of a method. It answers to "Policy.member", "Role.Policy.member" and
/// "Role[n].Policy.member", n counting the policies of the role from 0 as method.get<Role, n>() does; the
/// policy is written with its template arguments or without.
struct Address {
  Role role{};
  std::size_t place = 0;  ///< number of the policy among those of its role
  std::string policy;     ///< type_name of the policy: "LocatelloConv<10>"
  std::string member;     ///< "schedule.warm_up"

  /// "LocatelloConv.initialisation"
  DISENTANGLE_COLD std::string bare_name() const { return policy.substr(0, policy.find('<')) + "." + member; }
  bool answers_to(std::string_view name) const {
    if (std::string_view const own = name_of(role); name.starts_with(own)) {
      std::string const number = "[" + std::to_string(place) + "]";
      std::string_view rest = name.substr(own.size());
      if (rest.starts_with(number)) rest.remove_prefix(number.size());
      if (rest.starts_with('.') && is_own(rest.substr(1))) return true;
    }
    return is_own(name);
  }

 private:
  bool is_own(std::string_view name) const { return name == bare_name() || name == policy + "." + member; }
};

namespace detail {

/// "Encoder.LocatelloConv.initialisation", with a number where the role has the policy twice:
/// "Regularizer[1].WeightedKl.beta".
DISENTANGLE_COLD inline std::string full_name(Address const& address, std::span<Address const> all) {
  std::string name(name_of(address.role));
  bool const twice = std::any_of(all.begin(), all.end(), [&](Address const& other) {
    return other.role == address.role && other.place != address.place &&
           other.bare_name() == address.bare_name();
  });
  if (twice) name += "[" + std::to_string(address.place) + "]";
  return name + "." + address.bare_name();
}

/// The shortest name that no other member answers to.
DISENTANGLE_COLD inline std::string short_name(Address const& address, std::span<Address const> all) {
  std::string const bare = address.bare_name();
  auto const twins =
      std::count_if(all.begin(), all.end(), [&](Address const& other) { return other.answers_to(bare); });
  return twins == 1 ? bare : full_name(address, all);
}

/// The place of the one address that answers to a name. @throws ValueError that lists what exists where none
/// does, and the full names where several do.
inline std::size_t find_address(std::string_view name, std::span<Address const> all) {
  std::size_t found = all.size();
  std::string several;
  std::size_t matches = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].answers_to(name)) continue;
    found = i;
    several += (matches++ == 0 ? "" : ", ") + full_name(all[i], all);
  }
  if (matches == 1) return found;
  if (matches > 1) {
    throw ValueError("'" + std::string(name) + "' names " + std::to_string(matches) +
                     " hyper-parameters of this method; write one of: " + several);
  }
  std::string known;
  for (Address const& each : all) known += (known.empty() ? "" : ", ") + short_name(each, all);
  throw ValueError("no hyper-parameter '" + std::string(name) + "'; this method has: " + known);
}

}  // namespace detail

}  // namespace disentangle
