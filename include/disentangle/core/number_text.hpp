// SPDX-License-Identifier: Apache-2.0
// Numbers as text and back, whatever the locale: the shortest decimal that reads back to the same bits.
#pragma once

#include <charconv>
#include <clocale>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <disentangle/core/config.hpp>

namespace disentangle {

template <class T>
concept number = std::is_arithmetic_v<T> && !std::same_as<T, bool> &&
                 requires(char* text, T x) { std::to_chars(text, text, x); };

/// "6", "0.5", "1e-09", "inf", "nan": what read_number() takes back to the same number.
template <number T>
[[nodiscard]] std::string number_text(T value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

namespace detail {

/// As std::from_chars, which libc++ has for floating point from version 20 on: std::strtod without what it
/// takes beyond that (blanks and a plus in front, hexadecimals) and with the point of the C locale.
template <std::floating_point T>
bool read_floating_point(std::string_view text, T& value) {
  std::string_view const digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || std::string_view(" \t\n\v\f\r+-").find(digits.front()) != digits.npos) return false;
  if (digits.find_first_of("xX,") != digits.npos) return false;
  std::string terminated(text);
  if (std::size_t const point = terminated.find('.'); point != terminated.npos)
    terminated.replace(point, 1, std::localeconv()->decimal_point);
  char* end = nullptr;
  T read{};
  if constexpr (std::same_as<T, float>) read = std::strtof(terminated.c_str(), &end);
  else read = std::strtod(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size()) return false;
  bool const too_large = std::isinf(read) && digits.front() != 'i' && digits.front() != 'I';
  bool const too_small =
      read == T(0) && digits.substr(0, digits.find_first_of("eE")).find_first_of("123456789") != digits.npos;
  if (too_large || too_small) return false;
  value = read;
  return true;
}

}  // namespace detail

/// Reads a text that is a number from its first character to its last: no blanks, no plus. False, and `value`
/// stays as it is, for other text and for what does not fit T.
template <number T>
[[nodiscard]] bool read_number(std::string_view text, T& value) {
#if !defined(__cpp_lib_to_chars)
  if constexpr (std::floating_point<T>) {
    return detail::read_floating_point(text, value);
  } else
#endif
  {
    T read{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    value = read;
    return true;
  }
}

}  // namespace disentangle
