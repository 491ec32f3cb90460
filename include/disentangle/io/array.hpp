// SPDX-License-Identifier: Apache-2.0
// An n-dimensional array as files hold it: element type, shape, bytes in C order (last index varies most
// quickly).
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/io/memory.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

static_assert(std::endian::native == std::endian::little,
              "[disentangle] io/ reads and writes little-endian files without swapping bytes");

namespace disentangle::io {

/// Element types; the letters and byte counts are numpy's.
enum class DType : std::uint8_t { b1, i1, i2, i4, i8, u1, u2, u4, u8, f4, f8 };

/// Bytes of one element.
[[nodiscard]] constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::b1:
    case DType::i1:
    case DType::u1: return 1;
    case DType::i2:
    case DType::u2: return 2;
    case DType::i4:
    case DType::u4:
    case DType::f4: return 4;
    case DType::i8:
    case DType::u8:
    case DType::f8: return 8;
  }
  return 1;
}

/// Short name: "f4" is a 32-bit float, "u1" an unsigned byte, "b1" a boolean byte.
[[nodiscard]] constexpr char const* name_of(DType dtype) {
  constexpr char const* names[] = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"};
  return names[static_cast<std::size_t>(dtype)];
}

/// T has an element type of its size and kind.
template <class T>
concept array_element = std::is_arithmetic_v<T> && std::is_same_v<T, std::remove_cv_t<T>> && (sizeof(T) <= 8);

/// The element type of a C++ type.
template <array_element T>
[[nodiscard]] constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, bool>) {
    return DType::b1;
  } else if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == 4 ? DType::f4 : DType::f8;
  } else if constexpr (std::is_signed_v<T>) {
    return sizeof(T) == 1 ? DType::i1 : sizeof(T) == 2 ? DType::i2 : sizeof(T) == 4 ? DType::i4 : DType::i8;
  } else {
    return sizeof(T) == 1 ? DType::u1 : sizeof(T) == 2 ? DType::u2 : sizeof(T) == 4 ? DType::u4 : DType::u8;
  }
}

/// "(3, 4)", "(5,)", "()".
[[nodiscard]] inline std::string shape_text(std::span<std::size_t const> shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

/// Number of elements of a shape, 1 for (). Returns false where it or its bytes would not fit 63 bits.
constexpr bool element_count(std::span<std::size_t const> shape, std::size_t element_size,
                             std::size_t& count) {
  count = 1;
  bool empty = false;
  std::size_t const limit = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max()) / element_size;
  for (std::size_t const extent : shape) {
    if (extent == 0) {
      empty = true;
      continue;
    }
    if (count > limit / extent) return false;
    count *= extent;
  }
  if (empty) count = 0;
  return true;
}

namespace detail {

/// Calls f with a value of the C++ type that `dtype` stands for.
template <class F>
decltype(auto) visit_dtype(DType dtype, F&& f) {
  switch (dtype) {
    case DType::b1: return f(bool{});
    case DType::i1: return f(std::int8_t{});
    case DType::i2: return f(std::int16_t{});
    case DType::i4: return f(std::int32_t{});
    case DType::i8: return f(std::int64_t{});
    case DType::u1: return f(std::uint8_t{});
    case DType::u2: return f(std::uint16_t{});
    case DType::u4: return f(std::uint32_t{});
    case DType::u8: return f(std::uint64_t{});
    case DType::f4: return f(float{});
    case DType::f8: break;
  }
  return f(double{});
}

/// Whether `value` can be had as `To`: integers exactly, floating-point numbers up to rounding but without
/// overflow.
template <class To, class From>
bool convert_value(From value, To& out) {
  if constexpr (std::is_same_v<To, From>) {
    out = value;
    return true;
  } else if constexpr (std::is_same_v<To, bool>) {
    out = value != From(0);
    return value == From(0) || value == From(1);
  } else if constexpr (std::is_same_v<From, bool>) {
    out = value ? To(1) : To(0);
    return true;
  } else if constexpr (std::is_integral_v<To> && std::is_integral_v<From>) {
    out = static_cast<To>(value);
    return std::in_range<To>(value);
  } else if constexpr (std::is_integral_v<To>) {
    // Both bounds are powers of two, hence exact: lowest <= value < 2^bits.
    constexpr double low = static_cast<double>(std::numeric_limits<To>::min());
    double const high = std::ldexp(1.0, std::numeric_limits<To>::digits);
    double const number = static_cast<double>(value);
    if (!(number >= low && number < high) || std::trunc(number) != number) return false;
    out = static_cast<To>(value);
    return true;
  } else if constexpr (std::is_integral_v<From>) {
    out = static_cast<To>(value);
    constexpr int digits = std::numeric_limits<To>::digits;
    if constexpr (std::numeric_limits<From>::digits > digits) {
      // More than `digits` bits between the highest and the lowest set one cannot be held.
      std::uint64_t magnitude = static_cast<std::uint64_t>(value);
      if constexpr (std::is_signed_v<From>) {
        if (value < 0) magnitude = ~magnitude + 1;
      }
      return magnitude == 0 || std::bit_width(magnitude) - std::countr_zero(magnitude) <= digits;
    } else {
      return true;
    }
  } else {
    if constexpr (sizeof(To) < sizeof(From)) {
      if (std::isfinite(value) && std::fabs(value) > static_cast<From>(std::numeric_limits<To>::max()))
        return false;
    }
    out = static_cast<To>(value);
    return true;
  }
}

}  // namespace detail

/// An array that somebody else owns: what the writers take, so that nothing big is copied.
struct ArrayView {
  std::vector<std::size_t> shape;
  DType dtype = DType::f4;
  std::span<std::byte const> bytes;

  ArrayView() = default;
  /// Throws ShapeError where the bytes are not those of the shape.
  ArrayView(std::vector<std::size_t> shape_, DType dtype_, std::span<std::byte const> bytes_)
      : shape(std::move(shape_)), dtype(dtype_), bytes(bytes_) {
    std::size_t count = 0;
    if (!element_count(shape, size_of(dtype), count) || bytes.size() != count * size_of(dtype)) {
      throw ShapeError("an array of shape " + shape_text(shape) + " and type " + name_of(dtype) +
                       " cannot have " + std::to_string(bytes.size()) + " bytes");
    }
  }
  /// Elements in C order; their number must be the product of the extents.
  template <array_element T>
  ArrayView(std::vector<std::size_t> shape_, std::span<T const> values)
      : ArrayView(std::move(shape_), dtype_of<T>(), std::as_bytes(values)) {}
};

/// An array in memory.
struct Array {
  std::vector<std::size_t> shape;
  DType dtype = DType::f4;
  std::vector<std::byte> bytes;

  /// Copies elements in C order; their number must be the product of the extents, else ShapeError.
  template <array_element T>
  [[nodiscard]] static Array from(std::vector<std::size_t> shape, std::span<T const> values) {
    ArrayView const view(std::move(shape), values);
    return {view.shape, view.dtype, {view.bytes.begin(), view.bytes.end()}};
  }

  /// Number of elements.
  std::size_t size() const { return bytes.size() / size_of(dtype); }

  operator ArrayView() const { return {shape, dtype, bytes}; }

  /// The elements where they lie; throws ValueError unless T is exactly the element type.
  template <array_element T>
  std::span<T const> view() const {
    if (dtype_of<T>() != dtype) {
      throw ValueError(std::string("an array of type ") + name_of(dtype) + " was asked for as " +
                       name_of(dtype_of<T>()));
    }
    return {reinterpret_cast<T const*>(bytes.data()), size()};
  }

  /// A converted copy. Integers must be representable exactly, floating-point numbers are rounded; a value
  /// that does not fit (300 as a byte, 0.5 as an int, NaN as an int, 1e300 as a float) is a ValueError that
  /// names it and its index. `what` names the array in that message.
  template <array_element T>
  std::vector<T> as(std::string const& what = "array") const {
    std::vector<T> out;
    make_room(out, size(), what);
    detail::visit_dtype(dtype, [&]<class From>(From) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        From value;
        if constexpr (std::is_same_v<From, bool>) {
          value = bytes[i] != std::byte{0};
        } else {
          std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
        }
        T converted{};
        if (!detail::convert_value(value, converted)) {
          throw ValueError(what + ": element " + std::to_string(i) + " is " + number_text(+value) +
                           ", which does not fit type " + name_of(dtype_of<T>()));
        }
        out[i] = converted;
      }
    });
    return out;
  }
};

}  // namespace disentangle::io
