// SPDX-License-Identifier: Apache-2.0
// Names of types, enumerators and members of aggregates, read from the compiler's own spelling, so that a
// policy needs no registration to be printed, logged and set from the command line.
#pragma once

#include <cxxabi.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <disentangle/core/config.hpp>

namespace disentangle {

namespace detail {

template <class T>
constexpr std::string_view spelling() {
  return __PRETTY_FUNCTION__;
}
template <auto Value>
constexpr std::string_view value_spelling() {
  return __PRETTY_FUNCTION__;
}

/// What stands between the known text before and after the argument, found by probing with a known argument.
constexpr std::string_view trimmed(std::string_view text, std::string_view probe,
                                   std::string_view probe_name) {
  std::size_t const before = probe.find(probe_name);
  std::size_t const after = probe.size() - before - probe_name.size();
  return text.substr(before, text.size() - before - after);
}

/// Converts to anything: counts the members of an aggregate by how many initialisers it takes.
struct Anything {
  template <class T>
  operator T() const;
};

template <class T, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), Anything{})...}; };
}

template <class T, std::size_t N = 0>
constexpr std::size_t member_count() {
  if constexpr (N < 16 && takes<T>(std::make_index_sequence<N + 1>{})) {
    return member_count<T, N + 1>();
  } else {
    return N;
  }
}

template <class T>
constexpr auto members(T& value) {
  constexpr std::size_t n = member_count<std::remove_const_t<T>>();
  static_assert(n <= 12, "[disentangle] a policy has at most 12 members; group some in a nested aggregate");
  // clang-format off
  if constexpr (n == 0) { return std::tuple<>{}; }
  else if constexpr (n == 1) { auto& [a] = value; return std::tuple{&a}; }
  else if constexpr (n == 2) { auto& [a, b] = value; return std::tuple{&a, &b}; }
  else if constexpr (n == 3) { auto& [a, b, c] = value; return std::tuple{&a, &b, &c}; }
  else if constexpr (n == 4) { auto& [a, b, c, d] = value; return std::tuple{&a, &b, &c, &d}; }
  else if constexpr (n == 5) { auto& [a, b, c, d, e] = value; return std::tuple{&a, &b, &c, &d, &e}; }
  else if constexpr (n == 6) { auto& [a, b, c, d, e, f] = value; return std::tuple{&a, &b, &c, &d, &e, &f}; }
  else if constexpr (n == 7) {
    auto& [a, b, c, d, e, f, g] = value;
    return std::tuple{&a, &b, &c, &d, &e, &f, &g};
  }
  else if constexpr (n == 8) {
    auto& [a, b, c, d, e, f, g, h] = value;
    return std::tuple{&a, &b, &c, &d, &e, &f, &g, &h};
  }
  else if constexpr (n == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = value;
    return std::tuple{&a, &b, &c, &d, &e, &f, &g, &h, &i};
  }
  else if constexpr (n == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = value;
    return std::tuple{&a, &b, &c, &d, &e, &f, &g, &h, &i, &j};
  }
  else if constexpr (n == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = value;
    return std::tuple{&a, &b, &c, &d, &e, &f, &g, &h, &i, &j, &k};
  }
  else {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value;
    return std::tuple{&a, &b, &c, &d, &e, &f, &g, &h, &i, &j, &k, &l};
  }
  // clang-format on
}

template <class T>
struct Holder {
  T value;
};
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored \
    "-Wundefined-internal"  // of a policy in an anonymous namespace; it is only named
#endif
template <class T>
extern Holder<T> const never_defined;
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

template <class Pointer>
struct PointerArgument {
  Pointer pointer;
};
template <class Pointer>
PointerArgument(Pointer) -> PointerArgument<Pointer>;

/// The last identifier of "...{(& object.Holder<T>::value.T::beta)}" (g++) or "...{&object.value.beta}"
/// (clang).
constexpr std::string_view last_identifier(std::string_view text) {
  auto const is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  // g++ continues after the argument with "; std::string_view = ...": look only inside the first braces
  if (auto const brace = text.find("{&"); brace != text.npos) text = text.substr(0, text.find('}', brace));
  if (auto const brace = text.find("{(& "); brace != text.npos) text = text.substr(0, text.find(")}", brace));
  std::size_t end = text.size();
  while (end > 0 && !is_word(text[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

template <class T, std::size_t I>
constexpr std::string_view member_name() {
#if defined(__clang__) && !defined(__CUDACC__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif
  return last_identifier(value_spelling<PointerArgument{std::get<I>(members(never_defined<T>.value))}>());
#if defined(__clang__) && !defined(__CUDACC__)
#pragma clang diagnostic pop
#endif
}

/// The name of enumerator number I: of "Estimator::stratified", or empty of "(Estimator)9" where there is
/// none.
template <class E, int I>
constexpr std::string_view enumerator_name_of() {
  if constexpr (static_cast<int>(static_cast<std::underlying_type_t<E>>(I)) != I) {
    return {};
  } else {
    std::string_view text = value_spelling<static_cast<E>(I)>();
    text = text.substr(text.find("= ") + 2);
    text = last_identifier(text.substr(0, text.find_first_of("];")));
    return text.empty() || (text[0] >= '0' && text[0] <= '9') ? std::string_view{} : text;
  }
}

}  // namespace detail

namespace detail {

#if defined(__GXX_RTTI)
/// The name of the type that a pointer points to; empty where the linker's name cannot be read.
inline std::string pointee_name(std::type_info const& pointer) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> const name(
      abi::__cxa_demangle(pointer.name(), nullptr, nullptr, &status), std::free);
  if (status != 0) return {};
  std::string const text = name.get();
  return text.substr(0, text.rfind('*'));
}
#endif

/// "StandardNormal" of "disentangle::prior::StandardNormal"
DISENTANGLE_COLD inline std::string without_namespaces(std::string_view text) {
  std::string name;
  std::vector<std::size_t> starts{
      0};         // of the name being copied at each depth of <>, so that a following "::" can drop it
  int group = 0;  // depth of "{anonymous}", "(anonymous namespace)", "main()": parts of a name
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (group == 0 && text.substr(i, 2) == "::") {
      name.resize(starts.back());
      ++i;
      continue;
    }
    if (c == '(' || c == '{') ++group;
    name += c;
    if (c == ')' || c == '}') --group;
    if (group > 0 || c == ')' || c == '}') continue;
    if (c == '<') starts.push_back(name.size());
    if (c == '>' && starts.size() > 1) starts.pop_back();
    if (c == ',' || c == ' ') starts.back() = name.size();
  }
  return name;
}

}  // namespace detail

/// The full name of a type, the same with every compiler: "disentangle::encoder::LocatelloConv<10>". It is
/// the name that the linker sees, since compilers disagree in their messages on whether to show defaulted
/// template arguments.
template <class T>
[[nodiscard]] std::string qualified_name() {
#if defined(__GXX_RTTI)
  std::string name = detail::pointee_name(typeid(T*));  // of a pointer to T, which needs no complete type
  if (!name.empty()) return name;
#endif
  return std::string(detail::trimmed(detail::spelling<T>(), detail::spelling<double>(), "double"));
}

/// The name of a type without namespaces: "StandardNormal", "LocatelloConv<10>".
template <class T>
[[nodiscard]] std::string type_name() {
  return detail::without_namespaces(qualified_name<T>());
}

/// Enumerators have names where their value is below this, and not negative.
inline constexpr int enumerator_limit = 64;

/// The name of an enumerator with a value in 0 .. enumerator_limit - 1: "minibatch_weighted". Empty where
/// there is no such enumerator, and for every other value.
template <class E>
  requires(std::is_enum_v<E>)
[[nodiscard]] std::string_view enumerator_name(E value) {
  static_assert(
      requires { E{0}; },
      "[disentangle] an enumeration among hyper-parameters is an enum class, or states its underlying type");
  static constexpr auto names = []<int... I>(std::integer_sequence<int, I...>) {
    return std::array{detail::enumerator_name_of<E, I>()...};
  }(std::make_integer_sequence<int, enumerator_limit>{});
  auto const i = static_cast<long long>(static_cast<std::underlying_type_t<E>>(value));
  return i >= 0 && i < enumerator_limit ? names[static_cast<std::size_t>(i)] : std::string_view{};
}

/// True if the enumeration has a named enumerator of this value.
template <class E>
[[nodiscard]] bool is_enumerator(E value) {
  return !enumerator_name(value).empty();
}

namespace detail {

DISENTANGLE_COLD inline std::string joined(std::string_view a, std::string_view b) {
  return std::string(a).append(b);
}

}  // namespace detail

/// Calls visit(name, member) for every member of an aggregate; members that are aggregates themselves are
/// visited inside with names such as "schedule.warm_up". Types that are no aggregates have no visible
/// members.
template <class T, class Visitor>
void for_each_member(T& value, Visitor&& visit, std::string const& prefix = {}) {
  using Value = std::remove_const_t<T>;
  if constexpr (std::is_aggregate_v<Value> && !std::is_array_v<Value>) {
    auto const pointers = detail::members(value);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (
          [&] {
            auto& member = *std::get<I>(pointers);
            using Member = std::remove_cvref_t<decltype(member)>;
            static constexpr std::string_view own = detail::member_name<Value, I>();
            std::string const name = detail::joined(prefix, own);
            if constexpr (std::is_aggregate_v<Member> && std::is_class_v<Member>) {
              for_each_member(member, visit, detail::joined(name, "."));
            } else {
              visit(name, member);
            }
          }(),
          ...);
    }(std::make_index_sequence<detail::member_count<Value>()>{});
  }
}

}  // namespace disentangle
