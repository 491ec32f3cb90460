// SPDX-License-Identifier: Apache-2.0
// describe(method): the method as text, "role: name {member = value, ...}" a line, the same in logs,
// checkpoints and on the command line; set(method, "TotalCorrelation.beta", "6"): the way back for one
// member.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/address.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/method.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/reflection.hpp>

namespace disentangle {

namespace detail {

/// A member that holds any number of numbers: std::vector<int>.
template <class T>
concept number_list = !std::is_convertible_v<T const&, std::string> && requires(T& list) {
  requires number<typename T::value_type>;
  list.push_back(typename T::value_type{});
  list.begin() == list.end();
};

}  // namespace detail

/// A hyper-parameter's value as describe() prints it and set() reads it: numbers as the shortest text that
/// reads back exactly (1e-09, not 0.000000), true or false, an enumerator's name, "[1 2 3]" for a list of
/// numbers; "..." for what has no text.
template <class T>
[[nodiscard]] std::string value_text(T const& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    if (is_enumerator(value)) return std::string(enumerator_name(value));
    return std::to_string(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::is_arithmetic_v<T>) {
    return number_text(value);
  } else if constexpr (std::is_convertible_v<T const&, std::string>) {
    return value;
  } else if constexpr (detail::number_list<T>) {
    std::string text;
    for (auto const& each : value) text += (text.empty() ? "" : " ") + number_text(each);
    return "[" + text + "]";
  } else {
    return "...";
  }
}

namespace detail {

/// Appends "name = value" to a list of members.
DISENTANGLE_COLD inline void append_member(std::string& text, std::string const& name,
                                           std::string const& value) {
  if (!text.empty()) text += ", ";
  ((text += name) += " = ") += value;
}

template <class T>
bool read_value(std::string_view text, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    if (text != "true" && text != "false") return false;
    value = text == "true";
    return true;
  } else if constexpr (std::is_enum_v<T>) {
    for (int i = 0; i < enumerator_limit; ++i) {
      if (is_enumerator(static_cast<T>(i)) && enumerator_name(static_cast<T>(i)) == text) {
        value = static_cast<T>(i);
        return true;
      }
    }
    return false;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return read_number(text, value);
  } else if constexpr (std::is_assignable_v<T&, std::string>) {
    value = std::string(text);
    return true;
  } else if constexpr (number_list<T>) {
    if (!text.starts_with('[') || !text.ends_with(']') || text.size() < 2) return false;
    T read{};
    for (text = text.substr(1, text.size() - 2); !text.empty();) {
      std::size_t const end = std::min(text.find(' '), text.size());
      typename T::value_type number{};
      if (!read_number(text.substr(0, end), number)) return false;
      read.push_back(number);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    value = std::move(read);
    return true;
  } else {
    return false;
  }
}

/// What a member accepts, for messages.
template <class T>
std::string expected_value() {
  if constexpr (std::is_same_v<T, bool>) {
    return "true or false";
  } else if constexpr (std::is_enum_v<T>) {
    std::string names;
    for (int i = 0; i < enumerator_limit; ++i) {
      if (is_enumerator(static_cast<T>(i)))
        names += (names.empty() ? "" : " or ") + value_text(static_cast<T>(i));
    }
    return names;
  } else if constexpr (std::is_integral_v<T>) {
    return "an integer";
  } else if constexpr (std::is_arithmetic_v<T>) {
    return "a number";
  } else if constexpr (number_list<T>) {
    return "a list of numbers such as [1 2 3]";
  } else {
    return "text";
  }
}

/// A member of any type as text is read into it.
struct TextValue {
  void* value;
  bool (*read)(std::string_view text, void* value);
  std::string (*expected)();
};

template <class T>
TextValue text_value(T& value) {
  return {&value, [](std::string_view text, void* to) { return read_value(text, *static_cast<T*>(to)); },
          &expected_value<T>};
}

/// "role: policy" a line; a role that has a policy of one name several times numbers its policies.
DISENTANGLE_COLD inline std::string numbered_lines(std::vector<std::string> const& roles,
                                                   std::vector<std::string> const& policies) {
  auto const bare = [&](std::size_t i) {
    return std::string_view(policies[i]).substr(0, policies[i].find_first_of("< "));
  };
  std::string text;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    std::size_t place = 0;
    bool twice = false;
    for (std::size_t j = 0; j < roles.size(); ++j) {
      if (j == i || roles[j] != roles[i]) continue;
      if (j < i) ++place;
      twice = twice || bare(j) == bare(i);
    }
    text += roles[i];
    if (twice) text += "[" + std::to_string(place) + "]";
    text += ": " + policies[i] + "\n";
  }
  return text;
}

/// Calls visit(address, member) for every member of every policy, in order.
template <class M, class Visitor>
void visit_addresses(M& method, Visitor&& visit) {
  std::array<std::size_t, role_count> seen{};
  method.for_each_policy([&](Role role, auto& policy) {
    std::size_t const place = seen[static_cast<std::size_t>(role)]++;
    std::string const name = type_name<std::remove_cvref_t<decltype(policy)>>();
    for_each_member(policy, [&](std::string const& member, auto& value) {
      visit(Address{role, place, name, member}, value);
    });
  });
}

}  // namespace detail

/// "TotalCorrelation {alpha = 1, beta = 6, gamma = 1}"; a policy without visible members has none to show.
template <class Policy>
[[nodiscard]] std::string describe_policy(Policy const& policy) {
  std::string text;
  for_each_member(policy, [&](std::string const& name, auto const& value) {
    detail::append_member(text, name, value_text(value));
  });
  return type_name<Policy>().append(" {").append(text).append("}");
}

/// One line per slot, "Role: Policy {member = value, ...}"; "Role[n]: ..." where the role has a policy of
/// this name twice. What set() takes can be read off: "Role.Policy.member".
template <class... Slots>
[[nodiscard]] std::string describe(Method<Slots...> const& method) {
  std::vector<std::string> roles, policies;
  method.for_each_policy([&](Role role, auto const& policy) {
    roles.emplace_back(name_of(role));
    policies.push_back(describe_policy(policy));
  });
  return detail::numbered_lines(roles, policies);
}

/// Sets one member by name: "TotalCorrelation.beta", with its value as text. Where several members answer to
/// the name, it is written in full: "Encoder.LocatelloConv.initialisation", "Regularizer[1].WeightedKl.beta"
/// (Address says which names there are). @throws ValueError that lists what exists, the full names where the
/// name is that of several members, or what the member accepts; nothing is then changed.
template <class... Slots>
void set(Method<Slots...>& method, std::string_view name, std::string_view text) {
  std::vector<Address> addresses;
  std::vector<detail::TextValue> values;
  detail::visit_addresses(method, [&](Address address, auto& value) {
    addresses.push_back(std::move(address));
    values.push_back(detail::text_value(value));
  });
  detail::TextValue const& found = values[detail::find_address(name, addresses)];
  if (!found.read(text, found.value)) {
    throw ValueError(std::string(name) + ": found '" + std::string(text) + "', expected " + found.expected());
  }
}

}  // namespace disentangle
