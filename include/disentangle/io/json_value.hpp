// SPDX-License-Identifier: Apache-2.0
// Json: a value of a JSON file, a plain class. RapidJSON reads and writes it (json_parser.hpp,
// json_text.hpp); who only fills values in includes neither.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace disentangle::io {

/// A JSON value. Members of an object keep the order in which they were added. Whole numbers are kept exactly
/// from -2^63 to 2^64 - 1.
///     Json score;
///     score["metric"] = "mig";
///     score["values"] = {0.5, 0.25};                // an array
///     if (auto const value = score["values"][1].as<double>()) use(*value);
class Json {
 public:
  enum class Kind : unsigned char { null, boolean, negative, natural, real, text, array, object };

  Json() = default;
  Json(std::nullptr_t) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  Json(T value) {
    if constexpr (std::same_as<T, bool>) {
      kind_ = Kind::boolean;
      number_.natural = value ? 1 : 0;
    } else if constexpr (std::floating_point<T>) {
      kind_ = Kind::real;
      number_.real = static_cast<double>(value);
    } else {
      kind_ = Kind::natural;
      number_.natural = static_cast<std::uint64_t>(value);
      if constexpr (std::signed_integral<T>) {
        if (value < 0) {
          kind_ = Kind::negative;
          number_.negative = static_cast<std::int64_t>(value);
        }
      }
    }
  }
  Json(std::string text) : kind_(Kind::text), parts_(std::make_unique<Parts>()) {
    parts_->text = std::move(text);
  }
  Json(std::string_view text) : Json(std::string(text)) {}
  Json(char const* text) : Json(std::string(text)) {}
  Json(std::initializer_list<Json> elements) : Json(array()) {
    parts_->values.assign(elements.begin(), elements.end());
  }
  template <class T>
    requires std::constructible_from<Json, T const&>
  Json(std::vector<T> const& elements) : Json(array()) {
    for (T const& element : elements) parts_->values.push_back(Json(element));
  }
  Json(Json const& other)
      : kind_(other.kind_),
        number_(other.number_),
        parts_(other.parts_ ? std::make_unique<Parts>(*other.parts_) : nullptr) {}
  Json(Json&&) noexcept = default;
  Json& operator=(Json other) noexcept {
    kind_ = other.kind_;
    number_ = other.number_;
    parts_ = std::move(other.parts_);
    return *this;
  }
  ~Json() = default;

  /// Without elements, without members.
  [[nodiscard]] static Json array() { return Json(Kind::array); }
  [[nodiscard]] static Json object() { return Json(Kind::object); }

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_text() const { return kind_ == Kind::text; }
  bool is_array() const { return kind_ == Kind::array; }
  bool is_object() const { return kind_ == Kind::object; }
  bool is_number() const { return kind_ >= Kind::negative && kind_ <= Kind::real; }

  /// Elements or members.
  std::size_t size() const { return parts_ ? parts_->values.size() : 0; }

  /// Elements of an array, or values of the members of an object; none of anything else.
  std::vector<Json> const& values() const { return parts_ ? parts_->values : nothing().parts_->values; }
  /// Names of the members of an object, in the order of values().
  std::vector<std::string> const& names() const { return parts_ ? parts_->names : nothing().parts_->names; }
  /// The text of a string; empty for anything else.
  std::string const& text() const { return parts_ ? parts_->text : nothing().parts_->text; }

  /// The member of this name, null where there is none.
  Json const* find(std::string_view name) const {
    for (std::size_t i = 0; i < names().size(); ++i)
      if (parts_->names[i] == name) return &parts_->values[i];
    return nullptr;
  }
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// The same, a null value where there is none.
  Json const& operator[](std::string_view name) const {
    Json const* const found = find(name);
    return found == nullptr ? none() : *found;
  }
  Json const& operator[](char const* name) const { return (*this)[std::string_view(name)]; }
  /// The element of this number, a null value where there is none.
  Json const& operator[](std::size_t i) const { return i < size() ? parts_->values[i] : none(); }
  Json const& operator[](int i) const { return (*this)[static_cast<std::size_t>(i)]; }

  /// The member of this name, which is added where there is none. Anything but an object becomes one first.
  Json& operator[](std::string_view name) {
    if (kind_ != Kind::object) *this = object();
    if (Json const* const found = find(name))
      return parts_->values[static_cast<std::size_t>(found - parts_->values.data())];
    return add(std::string(name), {});
  }
  Json& operator[](char const* name) { return (*this)[std::string_view(name)]; }
  /// Adds a member without looking whether there is one of this name.
  Json& add(std::string name, Json value) {
    parts_->names.push_back(std::move(name));
    parts_->values.push_back(std::move(value));
    return parts_->values.back();
  }
  /// Adds an element. Anything but an array becomes one first.
  void push_back(Json element) {
    if (kind_ != Kind::array) *this = array();
    parts_->values.push_back(std::move(element));
  }

  /// The value as a bool, a whole number (in the range of T), a floating point number (of any number), a
  /// string, or a vector of these; nothing where it is something else.
  template <class T>
  std::optional<T> as() const {
    if constexpr (std::same_as<T, bool>) {
      if (kind_ == Kind::boolean) return number_.natural != 0;
    } else if constexpr (std::integral<T>) {
      if (kind_ == Kind::natural && std::in_range<T>(number_.natural)) return static_cast<T>(number_.natural);
      if (kind_ == Kind::negative && std::in_range<T>(number_.negative))
        return static_cast<T>(number_.negative);
    } else if constexpr (std::floating_point<T>) {
      if (is_number()) return static_cast<T>(number());
    } else if constexpr (std::same_as<T, std::string>) {
      if (kind_ == Kind::text) return parts_->text;
    } else {
      if (kind_ != Kind::array) return std::nullopt;
      T result;
      for (Json const& element : parts_->values) {
        auto value = element.as<typename T::value_type>();
        if (!value) return std::nullopt;
        result.push_back(std::move(*value));
      }
      return result;
    }
    return std::nullopt;
  }

  /// Numbers are compared by value, objects with the order of their members.
  friend bool operator==(Json const& a, Json const& b) {
    if (a.is_number() && b.is_number()) {
      if (a.kind_ == Kind::natural && b.kind_ == Kind::natural) return a.number_.natural == b.number_.natural;
      if (a.kind_ == Kind::negative && b.kind_ == Kind::negative)
        return a.number_.negative == b.number_.negative;
      return a.number() == b.number();
    }
    if (a.kind_ != b.kind_) return false;
    if (a.kind_ == Kind::boolean) return a.number_.natural == b.number_.natural;
    return a.text() == b.text() && a.names() == b.names() && a.values() == b.values();
  }

 private:
  struct Parts {
    std::string text;
    std::vector<Json> values;
    std::vector<std::string> names;
  };
  union Number {
    std::uint64_t natural = 0;
    std::int64_t negative;
    double real;
  };

  explicit Json(Kind kind) : kind_(kind), parts_(std::make_unique<Parts>()) {}
  double number() const {
    return kind_ == Kind::real       ? number_.real
           : kind_ == Kind::negative ? static_cast<double>(number_.negative)
                                     : static_cast<double>(number_.natural);
  }
  [[nodiscard]] static Json const& none() {
    static Json const null(nullptr);
    return null;
  }
  [[nodiscard]] static Json const& nothing() {
    static Json const empty(Kind::array);
    return empty;
  }

  Kind kind_ = Kind::null;
  Number number_;
  std::unique_ptr<Parts> parts_;  // of strings, arrays and objects
};

}  // namespace disentangle::io
