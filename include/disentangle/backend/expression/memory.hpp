// SPDX-License-Identifier: Apache-2.0
// How the number type of a loop meets memory: a scalar on a device, a SIMD pack on the host.
#pragma once

#include <cstddef>
#include <type_traits>

#include <disentangle/backend/lanes.hpp>
#include <disentangle/core/config.hpp>

namespace disentangle::backend::expression {

/// How P meets memory; specialised here for scalars, and by packs through their members.
template <class P>
struct Memory {
  using scalar = typename P::value_type;
  static P load(scalar const* p, AllLanes) { return P::load(p); }
  static P load(scalar const* p, FirstLanes lanes) { return P::load(p, lanes.n); }
  static void store(scalar* p, P x, AllLanes) { x.store(p); }
  static void store(scalar* p, P x, FirstLanes lanes) { x.store(p, lanes.n); }
  static P gather(scalar const* p, std::ptrdiff_t stride, AllLanes) {
    return gather(p, stride, FirstLanes{P::size});
  }
  DISENTANGLE_OUT_OF_LINE static P gather(scalar const* p, std::ptrdiff_t stride, FirstLanes lanes) {
    scalar lane[P::size] = {};
    for (std::size_t i = 0; i < lanes.n; ++i) lane[i] = p[static_cast<std::ptrdiff_t>(i) * stride];
    return P::load(lane);
  }
  static void scatter_add(scalar* p, std::ptrdiff_t stride, P x, AllLanes) {
    scatter_add(p, stride, x, FirstLanes{P::size});
  }
  DISENTANGLE_OUT_OF_LINE static void scatter_add(scalar* p, std::ptrdiff_t stride, P x, FirstLanes lanes) {
    scalar lane[P::size];
    x.store(lane);
    for (std::size_t i = 0; i < lanes.n; ++i) p[static_cast<std::ptrdiff_t>(i) * stride] += lane[i];
  }
  static scalar total(P x, AllLanes) { return sum(x); }
  static scalar total(P x, FirstLanes lanes) { return sum(x.first(lanes.n)); }
};

template <class P>
  requires(std::is_arithmetic_v<P>)
struct Memory<P> {
  using scalar = P;
  template <class Lanes>
  DISENTANGLE_HD static P load(P const* p, Lanes) {
    return *p;
  }
  template <class Lanes>
  DISENTANGLE_HD static void store(P* p, P x, Lanes) {
    *p = x;
  }
  template <class Lanes>
  DISENTANGLE_HD static P gather(P const* p, std::ptrdiff_t, Lanes) {
    return *p;
  }
  template <class Lanes>
  DISENTANGLE_HD static void scatter_add(P* p, std::ptrdiff_t, P x, Lanes) {
    *p += x;
  }
  template <class Lanes>
  DISENTANGLE_HD static P total(P x, Lanes) {
    return x;
  }
};

}  // namespace disentangle::backend::expression
