// SPDX-License-Identifier: Apache-2.0
// describe(method): the method as text, "role: name {member = value, ...}" a line, the same in logs,
// checkpoints and on the command line; set(method, "TotalCorrelation.beta", "6"): the way back for one
// member.
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/method.hpp>
#include <disentangle/core/reflection.hpp>

namespace disentangle {

/// A hyper-parameter's value as describe() prints it and set() reads it: numbers as the shortest text that reads
/// back exactly (1e-09, not 0.000000), true or false, an enumerator's name; "..." for what has no text.
template <class T>
std::string value_text(T const& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    return std::string(enumerator_name(value));
  } else if constexpr (std::is_arithmetic_v<T>) {
    char buffer[32];
    auto const end =
        std::to_chars(buffer, buffer + sizeof buffer, value).ptr;  // shortest text that reads back exactly
    return {buffer, end};
  } else if constexpr (std::is_convertible_v<T const&, std::string>) {
    return value;
  } else {
    return "...";
  }
}

namespace detail {

/// Appends "name = value" to a list of members.
inline void append_member(std::string& text, std::string const& name, std::string const& value) {
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
    for (int i = 0; i < 16; ++i) {
      if (is_enumerator(static_cast<T>(i)) && enumerator_name(static_cast<T>(i)) == text) {
        value = static_cast<T>(i);
        return true;
      }
    }
    return false;
  } else if constexpr (std::is_arithmetic_v<T>) {
    T read{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    value = read;
    return true;
  } else if constexpr (std::is_assignable_v<T&, std::string>) {
    value = std::string(text);
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
    for (int i = 0; i < 16; ++i) {
      if (is_enumerator(static_cast<T>(i)))
        names += (names.empty() ? "" : " or ") + value_text(static_cast<T>(i));
    }
    return names;
  } else if constexpr (std::is_integral_v<T>) {
    return "an integer";
  } else if constexpr (std::is_arithmetic_v<T>) {
    return "a number";
  } else {
    return "text";
  }
}

}  // namespace detail

/// "TotalCorrelation {alpha = 1, beta = 6, gamma = 1}"; a policy without visible members has none to show.
template <class Policy>
std::string describe_policy(Policy const& policy) {
  std::string text;
  for_each_member(policy, [&](std::string const& name, auto const& value) {
    detail::append_member(text, name, value_text(value));
  });
  return type_name<Policy>().append(" {").append(text).append("}");
}

/// One line per slot, "role: name {member = value, ...}".
template <class... Slots>
std::string describe(Method<Slots...> const& method) {
  std::string text;
  method.for_each_policy([&](Role role, auto const& policy) {
    text.append(name_of(role)).append(": ").append(describe_policy(policy)).append("\n");
  });
  return text;
}

/// Sets one member by name: "TotalCorrelation.beta", with its value as text. The policy may be written
/// without its template arguments ("LocatelloConv"). @throws ValueError that lists what exists, or what the
/// member accepts.
template <class... Slots>
void set(Method<Slots...>& method, std::string_view name, std::string_view text) {
  bool found = false;
  std::string known;
  method.for_each_policy([&](Role, auto& policy) {
    using Policy = std::remove_cvref_t<decltype(policy)>;
    std::string const full = type_name<Policy>();
    std::string const bare = full.substr(0, full.find('<'));
    for_each_member(policy, [&](std::string const& member, auto& value) {
      using Value = std::remove_cvref_t<decltype(value)>;
      known += (known.empty() ? "" : ", ") + bare + "." + member;
      if (name != full + "." + member && name != bare + "." + member) return;
      if (!detail::read_value(text, value)) {
        throw ValueError(std::string(name) + ": found '" + std::string(text) + "', expected " +
                         detail::expected_value<Value>());
      }
      found = true;
    });
  });
  if (!found) throw ValueError("no hyper-parameter '" + std::string(name) + "'; this method has: " + known);
}

}  // namespace disentangle
