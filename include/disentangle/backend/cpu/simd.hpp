// SPDX-License-Identifier: Apache-2.0
// A pack of scalars that one instruction works on: a value type over the compilers' vector extension, as wide
// as the target's registers (64 bytes with AVX-512, 32 with AVX, else 16: SSE2, and NEON on aarch64), and the
// elementary functions on it.
//
// float: own polynomials (argument reductions and minimax coefficients after S. Moshier's Cephes library):
// exp, log within 2 ulp; log1p, expm1, tanh, sigmoid, softplus within 4 ulp. double: the standard library's
// functions, lane by lane, because double serves gradient checks, where exactness counts. A pack function
// never depends on its lane.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/math.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET::simd {

/// Bytes in a register of the target.
#if defined(__AVX512F__)
inline constexpr std::size_t register_bytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t register_bytes = 32;
#else
inline constexpr std::size_t register_bytes = 16;
#endif

namespace detail {

template <class T, std::size_t N>
struct VectorOf {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
  typedef T unaligned __attribute__((vector_size(N * sizeof(T)), aligned(alignof(T)), may_alias));
};

template <class T>
using Integer = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

template <class T, std::size_t N, class V>
DISENTANGLE_INLINE T fold_sum(V v) {
  if constexpr (N == 1) {
    return std::bit_cast<T>(v);
  } else if constexpr (N == 2) {
    return v[0] + v[1];
  } else {
    using H = typename VectorOf<T, N / 2>::type;
    struct Halves {
      H low, high;
    };
    Halves const h = std::bit_cast<Halves>(v);
    return fold_sum<T, N / 2>(H(h.low + h.high));
  }
}

}  // namespace detail

/// A pack of `size` scalars of type T (float or double), lane i holding the i-th.
/// A scalar converts to a pack with that value in every lane, so `2 * x + 1` reads as it does for scalars.
template <class T>
struct Pack {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "[disentangle] Pack holds float or double");
  using value_type = T;
  static constexpr std::size_t size = register_bytes / sizeof(T);
  using Vector = typename detail::VectorOf<T, size>::type;
  using Integer = detail::Integer<T>;
  using IntegerVector = typename detail::VectorOf<Integer, size>::type;

  /// The result of a comparison: all bits of a lane set where it holds.
  struct Mask {
    IntegerVector v;
    friend DISENTANGLE_INLINE Mask operator&(Mask a, Mask b) { return {a.v & b.v}; }
    friend DISENTANGLE_INLINE Mask operator|(Mask a, Mask b) { return {a.v | b.v}; }
    friend DISENTANGLE_INLINE Mask operator~(Mask a) { return {~a.v}; }
    /// Whether the comparison holds in lane i.
    DISENTANGLE_INLINE bool operator[](std::size_t i) const { return v[i] != 0; }
  };

  Vector v;

  DISENTANGLE_INLINE Pack() : v{} {}
  DISENTANGLE_INLINE Pack(T x) : v(x - Vector{}) {}  // x - 0 keeps -0, which x + 0 would not
  explicit DISENTANGLE_INLINE Pack(Vector x) : v(x) {}

  /// The pack at p (any alignment).
  static DISENTANGLE_INLINE Pack load(T const* p) {
    return Pack(Vector(*reinterpret_cast<typename detail::VectorOf<T, size>::unaligned const*>(p)));
  }
  /// The first n scalars at p; the lanes from n on are 0. Reads nothing beyond p[n - 1].
  static DISENTANGLE_INLINE Pack load(T const* p, std::size_t n) { return masked_load(p, n); }
  static DISENTANGLE_INLINE Pack broadcast(T x) { return Pack(x); }
  /// {first, first + 1, ...}
  static DISENTANGLE_INLINE Pack iota(T first = T(0)) {
    alignas(Vector) T lanes[size];
    for (std::size_t i = 0; i < size; ++i) lanes[i] = first + static_cast<T>(i);
    return load(lanes);
  }
  DISENTANGLE_INLINE void store(T* p) const {
    *reinterpret_cast<typename detail::VectorOf<T, size>::unaligned*>(p) = v;
  }
  /// Stores the first n lanes; writes nothing beyond p[n - 1].
  DISENTANGLE_INLINE void store(T* p, std::size_t n) const { masked_store(p, n); }
  /// This pack with the lanes from n on set to 0, whatever they held (NaN too).
  DISENTANGLE_INLINE Pack first(std::size_t n) const {
    alignas(Vector) static constexpr auto lane = [] {
      struct {
        Integer value[size];
      } r{};
      for (std::size_t i = 0; i < size; ++i) r.value[i] = static_cast<Integer>(i);
      return r;
    }();
    IntegerVector index;
    std::memcpy(&index, lane.value, sizeof index);
    IntegerVector const keep = index < (IntegerVector{} + static_cast<Integer>(n));
    return Pack(Vector((IntegerVector)v & keep));
  }
  DISENTANGLE_INLINE T operator[](std::size_t i) const { return v[i]; }

  friend DISENTANGLE_INLINE Pack operator+(Pack a, Pack b) { return Pack(a.v + b.v); }
  friend DISENTANGLE_INLINE Pack operator-(Pack a, Pack b) { return Pack(a.v - b.v); }
  friend DISENTANGLE_INLINE Pack operator*(Pack a, Pack b) { return Pack(a.v * b.v); }
  friend DISENTANGLE_INLINE Pack operator/(Pack a, Pack b) { return Pack(a.v / b.v); }
  friend DISENTANGLE_INLINE Pack operator-(Pack a) { return Pack(-a.v); }
  friend DISENTANGLE_INLINE Pack operator+(Pack a) { return a; }
  DISENTANGLE_INLINE Pack& operator+=(Pack b) { return v += b.v, *this; }
  DISENTANGLE_INLINE Pack& operator-=(Pack b) { return v -= b.v, *this; }
  DISENTANGLE_INLINE Pack& operator*=(Pack b) { return v *= b.v, *this; }
  DISENTANGLE_INLINE Pack& operator/=(Pack b) { return v /= b.v, *this; }

  friend DISENTANGLE_INLINE Mask operator<(Pack a, Pack b) { return {IntegerVector(a.v < b.v)}; }
  friend DISENTANGLE_INLINE Mask operator<=(Pack a, Pack b) { return {IntegerVector(a.v <= b.v)}; }
  friend DISENTANGLE_INLINE Mask operator>(Pack a, Pack b) { return {IntegerVector(a.v > b.v)}; }
  friend DISENTANGLE_INLINE Mask operator>=(Pack a, Pack b) { return {IntegerVector(a.v >= b.v)}; }
  friend DISENTANGLE_INLINE Mask operator==(Pack a, Pack b) { return {IntegerVector(a.v == b.v)}; }
  friend DISENTANGLE_INLINE Mask operator!=(Pack a, Pack b) { return {IntegerVector(a.v != b.v)}; }

  /// a where the mask holds, else b; a bitwise choice: a NaN that is not chosen leaves no trace.
  friend DISENTANGLE_INLINE Pack select(Mask m, Pack a, Pack b) { return Pack(Vector(m.v ? a.v : b.v)); }

  /// a * b + c, in one rounding where the target has the instruction.
  friend DISENTANGLE_INLINE Pack fma(Pack a, Pack b, Pack c) { return Pack(a.v * b.v + c.v); }
  /// The smaller one; b where either is NaN.
  friend DISENTANGLE_INLINE Pack min(Pack a, Pack b) { return Pack(Vector(a.v < b.v ? a.v : b.v)); }
  /// The larger one; b where either is NaN.
  friend DISENTANGLE_INLINE Pack max(Pack a, Pack b) { return Pack(Vector(a.v > b.v ? a.v : b.v)); }
  friend DISENTANGLE_INLINE Pack abs(Pack a) {
    return Pack(Vector((IntegerVector)a.v & std::numeric_limits<Integer>::max()));
  }
  /// The sum of the lanes, in the order of a binary tree: halves are added, then their halves.
  friend DISENTANGLE_INLINE T sum(Pack a) { return detail::fold_sum<T, size>(a.v); }
  /// The largest lane; NaN lanes count as they compare, that is, not at all unless in lane 0.
  friend DISENTANGLE_INLINE T max_element(Pack a) {
    T largest = a.v[0];
    for (std::size_t i = 1; i < size; ++i) largest = a.v[i] > largest ? a.v[i] : largest;
    return largest;
  }

  friend DISENTANGLE_INLINE Pack sqrt(Pack a) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<T, float>) asm("vsqrtps %1, %0" : "=v"(a.v) : "v"(a.v));
    else asm("vsqrtpd %1, %0" : "=v"(a.v) : "v"(a.v));
    return a;
#elif defined(__AVX__)
    if constexpr (std::is_same_v<T, float>) asm("vsqrtps %1, %0" : "=x"(a.v) : "x"(a.v));
    else asm("vsqrtpd %1, %0" : "=x"(a.v) : "x"(a.v));
    return a;
#elif defined(__SSE2__)
    if constexpr (std::is_same_v<T, float>) asm("sqrtps %1, %0" : "=x"(a.v) : "x"(a.v));
    else asm("sqrtpd %1, %0" : "=x"(a.v) : "x"(a.v));
    return a;
#elif defined(__aarch64__)
    if constexpr (std::is_same_v<T, float>) asm("fsqrt %0.4s, %1.4s" : "=w"(a.v) : "w"(a.v));
    else asm("fsqrt %0.2d, %1.2d" : "=w"(a.v) : "w"(a.v));
    return a;
#else
    return each(a, [](T x) { return std::sqrt(x); });
#endif
  }

  friend DISENTANGLE_INLINE Pack floor(Pack a) {
    if constexpr (std::is_same_v<T, float>) {
      Vector const whole = __builtin_convertvector(__builtin_convertvector(a.v, IntegerVector), Vector);
      Vector const down = whole > a.v ? whole - T(1) : whole;
      return select(abs(a) < Pack(T(0x1p23f)), Pack(down), a);
    } else {
      return each(a, [](T x) { return std::floor(x); });
    }
  }

  friend DISENTANGLE_INLINE Pack exp(Pack x) {
    if constexpr (std::is_same_v<T, float>) {
      Reduced const r = reduce(x);
      Integer const bias = 127;
      IntegerVector const half = r.exponent >> 1;
      Pack const a = Pack(Vector((half + bias) << 23));
      Pack const b = Pack(Vector((r.exponent - half + bias) << 23));
      return (r.expm1 + T(1)) * a * b;
    } else {
      return each(x, [](T y) { return std::exp(y); });
    }
  }

  /// exp(x) - 1, accurate near 0.
  friend DISENTANGLE_INLINE Pack expm1(Pack x) {
    if constexpr (std::is_same_v<T, float>) {
      // x = n log 2 + r: expm1(x) = 2^n (expm1(r) + (1 - 2^-n)); below -20 the result rounds to -1
      Reduced const r = reduce(select(x < Pack(T(-20)), Pack(T(-20)), x));
      Integer const bias = 127;
      IntegerVector const capped = r.exponent < 64 ? r.exponent : IntegerVector{} + 64;
      IntegerVector const half = r.exponent >> 1;
      Pack const inverse = Pack(Vector((bias - capped) << 23));
      Pack const a = Pack(Vector((half + bias) << 23));
      Pack const b = Pack(Vector((r.exponent - half + bias) << 23));
      return (r.expm1 + (T(1) - inverse)) * a * b;
    } else {
      return each(x, [](T y) { return std::expm1(y); });
    }
  }

  friend DISENTANGLE_INLINE Pack log(Pack x) {
    if constexpr (std::is_same_v<T, float>) {
      Mask const subnormal = x < Pack(std::numeric_limits<T>::min());
      // without the sign, so that the integers below stay in range; x < 0 is dealt with at the end
      Pack const y = abs(select(subnormal, x * T(0x1p23f), x));
      // y = 2^e m with m in [sqrt(1/2), sqrt(2))
      IntegerVector const bits = (IntegerVector)y.v;
      IntegerVector const shifted = bits - 0x3F3504F3;
      IntegerVector const e = shifted >> 23;
      Pack const z = Pack(Vector(bits - (e << 23))) - T(1);
      Pack const exponent = Pack(Vector(__builtin_convertvector(e, Vector))) - select(subnormal, T(23), T(0));
      Pack p = T(7.0376836292e-2f);
      p = fma(p, z, T(-1.1514610310e-1f));
      p = fma(p, z, T(1.1676998740e-1f));
      p = fma(p, z, T(-1.2420140846e-1f));
      p = fma(p, z, T(1.4249322787e-1f));
      p = fma(p, z, T(-1.6668057665e-1f));
      p = fma(p, z, T(2.0000714765e-1f));
      p = fma(p, z, T(-2.4999993993e-1f));
      p = fma(p, z, T(3.3333331174e-1f));
      Pack const z2 = z * z;
      Pack r = fma(exponent, T(-2.12194440e-4f), p * z * z2);
      r = fma(z2, T(-0.5f), r);
      r = fma(exponent, T(0.693359375f), z + r);
      T const infinity = std::numeric_limits<T>::infinity();
      r = select(x < Pack(infinity), r, x);  // infinity and NaN
      r = select(x == Pack(T(0)), Pack(-infinity), r);
      return select(x < Pack(T(0)), Pack(std::numeric_limits<T>::quiet_NaN()), r);
    } else {
      return each(x, [](T y) { return std::log(y); });
    }
  }

  /// log(1 + x), accurate near 0.
  friend DISENTANGLE_INLINE Pack log1p(Pack x) {
    if constexpr (std::is_same_v<T, float>) {
      Pack const u = x + T(1);
      Pack const d = u - T(1);
      // the part of x that the sum lost; nothing where it is exact (x = -1, x infinite)
      Pack const lost = select(d == x, Pack(T(0)), (x - d) / u);
      return log(u) + lost;
    } else {
      return each(x, [](T y) { return std::log1p(y); });
    }
  }

  friend DISENTANGLE_INLINE Pack tanh(Pack x) {
    if constexpr (std::is_same_v<T, float>) {
      Pack const a = abs(x);
      Pack const t = expm1(T(2) * select(a > Pack(T(10)), Pack(T(10)), a));
      Pack const r = t / (t + T(2));
      IntegerVector const sign = std::numeric_limits<Integer>::min() & (IntegerVector)x.v;
      return Pack(Vector((IntegerVector)r.v | sign));
    } else {
      return each(x, [](T y) { return std::tanh(y); });
    }
  }

  /// 1 / (1 + exp(-x))
  friend DISENTANGLE_INLINE Pack sigmoid(Pack x) {
    if constexpr (std::is_same_v<T, float>) {
      Pack const e = exp(-abs(x));
      return select(x < Pack(T(0)), e, T(1)) / (T(1) + e);
    } else {
      return each(x, [](T y) { return math::sigmoid(y); });
    }
  }

  /// log(1 + exp(x))
  friend DISENTANGLE_INLINE Pack softplus(Pack x) {
    if constexpr (std::is_same_v<T, float>) {
      return select(x > Pack(T(0)), x, Pack(T(0))) + log1p(exp(-abs(x)));
    } else {
      return each(x, [](T y) { return math::softplus(y); });
    }
  }

  friend DISENTANGLE_INLINE Pack sin(Pack x) {
    return each(x, [](T y) { return std::sin(y); });
  }
  friend DISENTANGLE_INLINE Pack cos(Pack x) {
    return each(x, [](T y) { return std::cos(y); });
  }

 private:
#if defined(__AVX512F__)
  // One instruction whatever n is, so that the ends of lines need no code of their own.
  static DISENTANGLE_INLINE unsigned lanes_below(std::size_t n) { return (1u << (n < size ? n : size)) - 1; }
  static DISENTANGLE_INLINE Pack masked_load(T const* p, std::size_t n) {
    if constexpr (std::is_same_v<T, float>)
      return Pack(
          Vector(__builtin_ia32_loadups512_mask(p, Vector{}, static_cast<unsigned short>(lanes_below(n)))));
    else
      return Pack(
          Vector(__builtin_ia32_loadupd512_mask(p, Vector{}, static_cast<unsigned char>(lanes_below(n)))));
  }
  DISENTANGLE_INLINE void masked_store(T* p, std::size_t n) const {
    if constexpr (std::is_same_v<T, float>)
      __builtin_ia32_storeups512_mask(p, v, static_cast<unsigned short>(lanes_below(n)));
    else __builtin_ia32_storeupd512_mask(p, v, static_cast<unsigned char>(lanes_below(n)));
  }
#else
  // The ends of lines are rare: one function for all of them, so that the loops stay small.
  static DISENTANGLE_INLINE Pack masked_load(T const* p, std::size_t n) {
    return n >= size ? load(p) : load_part(p, n);
  }
  DISENTANGLE_INLINE void masked_store(T* p, std::size_t n) const {
    if (n >= size) store(p);
    else store_part(p, n);
  }
  static __attribute__((noinline)) Pack load_part(T const* p, std::size_t n) {
    alignas(Vector) T lanes[size] = {};
    for (std::size_t i = 0; i < n; ++i) lanes[i] = p[i];
    return load(lanes);
  }
  __attribute__((noinline)) void store_part(T* p, std::size_t n) const {
    alignas(Vector) T lanes[size];
    store(lanes);
    for (std::size_t i = 0; i < n; ++i) p[i] = lanes[i];
  }
#endif

  /// x = exponent * log 2 + r with |r| <= log(2) / 2, and expm1(r).
  struct Reduced {
    Pack expm1;
    IntegerVector exponent;
  };
  static DISENTANGLE_INLINE Reduced reduce(Pack x) {
    x = select(x > Pack(T(89)), Pack(T(89)), x);
    x = select(x < Pack(T(-105)), Pack(T(-105)), x);
    T const magic = T(0x1.8p23f);  // adding it rounds to an integer, which then sits in the low bits
    Pack const shifted = fma(x, T(1.44269504088896341f), magic);
    Pack const n = shifted - magic;
    Pack r = fma(n, T(-0.693359375f), x);
    r = fma(n, T(2.12194440e-4f), r);
    Pack p = T(1.9875691500e-4f);
    p = fma(p, r, T(1.3981999507e-3f));
    p = fma(p, r, T(8.3334519073e-3f));
    p = fma(p, r, T(4.1665795894e-2f));
    p = fma(p, r, T(1.6666665459e-1f));
    p = fma(p, r, T(5.0000001201e-1f));
    Integer const magic_bits = std::bit_cast<Integer>(magic);
    return {fma(p, r * r, r), (IntegerVector)shifted.v - magic_bits};
  }
  template <class F>
  static inline Pack each(Pack a, F f) {
    for (std::size_t i = 0; i < size; ++i) a.v[i] = f(a.v[i]);
    return a;
  }
};

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET::simd
