// SPDX-License-Identifier: Apache-2.0
// backend_traits<B>: what the rest of the library asks about a backend before it uses it. A backend of your
// own answers by having a member or not; specialise the template only for a class that you cannot change.
#pragma once

#include <cstddef>

namespace disentangle::backend {

/// @tparam B a backend: docs/backends.md lists its primitives.
template <class B>
struct backend_traits {
  /// Of every tensor: float or double.
  using scalar = typename B::scalar;

  /// Whether tensors lie in memory that the host must not touch: `static constexpr bool is_device = true;` in
  /// the backend. Results then come through download(), and views for other libraries are refused at compile
  /// time.
  static constexpr bool is_device = [] {
    if constexpr (requires { B::is_device; }) {
      return B::is_device;
    } else {
      return false;
    }
  }();

  /// Whether a training step is queued and its loss read back on demand: the backend has stage(), submit(),
  /// reads_back() and copy(), as backend::Cuda documents them.
  static constexpr bool queues_steps =
      requires(B backend, scalar* p, scalar const* q, float const* host, void (*work)()) {
        backend.submit(std::size_t{}, work);
        backend.stage(std::size_t{}, host, std::size_t{});
        backend.reads_back(1L);
        backend.copy(q, p, std::size_t{});
      };

  /// Whether gradients are scaled to a norm that stays on the device: the backend has clipped_update().
  template <class Kernel, class Moments>
  static constexpr bool clips_in_place =
      requires(B backend, Kernel const& kernel, scalar* p, scalar const* q, Moments const& moments) {
        backend.clipped_update(kernel, std::size_t{}, p, q, moments, q, 1.0);
      };
};

}  // namespace disentangle::backend
