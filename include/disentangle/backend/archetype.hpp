// SPDX-License-Identifier: Apache-2.0
// The backend on which role wrappers check their policies: every primitive exists and does nothing, so a
// policy that passes uses only the documented vocabulary.
#pragma once

#include <cstddef>

namespace disentangle::backend {

struct Archetype {
  using scalar = float;

  float* allocate(std::size_t) { return nullptr; }
  void deallocate(float*, std::size_t) {}
  template <class... Arguments>
  void fill(Arguments&&...) {}
  template <class... Arguments>
  void upload(Arguments&&...) {}
  template <class... Arguments>
  void download(Arguments&&...) {}
  template <class... Arguments>
  void map(Arguments&&...) {}
  template <class... Arguments>
  void adjoint(Arguments&&...) {}
  template <class... Arguments>
  void sum(Arguments&&...) {}
  template <class... Arguments>
  void reduce(Arguments&&...) {}
  template <class... Arguments>
  void multiply(Arguments&&...) {}
  template <class... Arguments>
  void gather_rows(Arguments&&...) {}
  template <class... Arguments>
  void scatter_add_rows(Arguments&&...) {}
  template <class... Arguments>
  void normal(Arguments&&...) {}
  template <class... Arguments>
  void uniform(Arguments&&...) {}
};

}  // namespace disentangle::backend
