// SPDX-License-Identifier: Apache-2.0
// memory_view(): memory that somebody else owns in the vocabulary of formulas. What layers read and write.
#pragma once

#include <array>
#include <cstddef>

#include <disentangle/autodiff/tape.hpp>
#include <disentangle/autodiff/variable.hpp>
#include <disentangle/backend/extents.hpp>

namespace disentangle {

/// Scalars of the backend's memory as a constant of a tape, contiguous or with strides (in scalars): a
/// formula may read it, and assign() may write to it.
///     assign(memory_view(tape, out, Extents<1>{n}), 2.0 * memory_view(tape, in, Extents<1>{n}));
template <class Backend, std::size_t Rank>
Variable<Backend, static_cast<int>(Rank)> memory_view(Tape<Backend>& tape, typename Backend::scalar* p,
                                                      std::array<std::ptrdiff_t, Rank> const& extents,
                                                      std::array<std::ptrdiff_t, Rank> const& strides) {
  return {&tape, p, nullptr, extents, strides};
}

/// The same of memory that is only read: assign() must not be given it.
template <class Backend, std::size_t Rank>
Variable<Backend, static_cast<int>(Rank)> memory_view(Tape<Backend>& tape, typename Backend::scalar const* p,
                                                      std::array<std::ptrdiff_t, Rank> const& extents,
                                                      std::array<std::ptrdiff_t, Rank> const& strides) {
  // A variable points to memory that may be written, so that one type serves what is read and what is
  // written:
  // formulas over it read.
  return {&tape, const_cast<typename Backend::scalar*>(p), nullptr, extents, strides};
}

template <class Backend, class Scalar, std::size_t Rank>
Variable<Backend, static_cast<int>(Rank)> memory_view(Tape<Backend>& tape, Scalar* p,
                                                      std::array<std::ptrdiff_t, Rank> const& extents) {
  return memory_view(tape, p, extents, contiguous_strides(extents));
}

}  // namespace disentangle
