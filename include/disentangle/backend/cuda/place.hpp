// SPDX-License-Identifier: Apache-2.0
// Where an element of a loop is: its index along every axis, from its number.
#pragma once

#include <cstddef>
#include <cstdint>

#include <disentangle/backend/extents.hpp>
#include <disentangle/core/config.hpp>

namespace disentangle::backend::cuda {

/// The indices of one element of a loop; the last axis is `inner`.
struct Place {
  std::ptrdiff_t outer[max_rank - 1];
  std::ptrdiff_t inner;
};

/// The extents of a loop as a device divides by them: 32-bit where they fit, which is several times cheaper.
class Decoder {
 public:
  template <class Loop>
  explicit Decoder(Loop const& loop) {
    for (int axis = 0; axis < max_rank; ++axis) {
      extents_[axis] = loop.extents[axis];
      size_ *= loop.extents[axis];
    }
    lines_ = extents_[max_rank - 1] == 0 ? 0 : size_ / extents_[max_rank - 1];
  }
  DISENTANGLE_HD std::ptrdiff_t size() const { return size_; }

  /// The place of element number i in row-major order.
  DISENTANGLE_HD Place operator()(std::size_t i) const {
    Place place{};
    if (lines_ == 1) {  // one contiguous line: what most formulas merge to
      place.inner = static_cast<std::ptrdiff_t>(i);
    } else if (size_ <= 0x7FFFFFFF) {
      divide(static_cast<std::uint32_t>(i), place);
    } else {
      divide(static_cast<std::uint64_t>(i), place);
    }
    return place;
  }

 private:
  template <class U>
  DISENTANGLE_HD void divide(U i, Place& place) const {
    U const length = static_cast<U>(extents_[max_rank - 1]);
    place.inner = static_cast<std::ptrdiff_t>(i % length);
    i /= length;
    for (int axis = max_rank - 2; axis >= 0; --axis) {
      U const extent = static_cast<U>(extents_[axis]);
      place.outer[axis] = static_cast<std::ptrdiff_t>(i % extent);
      i /= extent;
    }
  }

  std::ptrdiff_t extents_[max_rank];
  std::ptrdiff_t size_ = 1, lines_ = 1;
};

/// The axes of a loop in two groups: those that a result keeps and those that it sums over.
class SplitDecoder {
 public:
  /// kept[axis]: whether the result has an index along the axis.
  template <class Loop>
  SplitDecoder(Loop const& loop, bool const* kept) {
    for (int axis = 0; axis < max_rank; ++axis) {
      extents_[axis] = loop.extents[axis];
      kept_[axis] = kept[axis];
      (kept[axis] ? results_ : terms_) *= loop.extents[axis];
    }
  }
  DISENTANGLE_HD std::ptrdiff_t results() const { return results_; }
  DISENTANGLE_HD std::ptrdiff_t terms() const { return terms_; }

  /// The place of term number `term` of result number `result`.
  DISENTANGLE_HD Place operator()(std::size_t result, std::size_t term) const {
    std::ptrdiff_t index[max_rank];
    for (int axis = max_rank - 1; axis >= 0; --axis) {
      std::size_t const extent = static_cast<std::size_t>(extents_[axis]);
      std::size_t const number = kept_[axis] ? result : term;
      std::size_t above = number;
      index[axis] = 0;
      if (extent > 1 && (number >> 32) == 0) {
        auto const low = static_cast<std::uint32_t>(number), by = static_cast<std::uint32_t>(extent);
        index[axis] = static_cast<std::ptrdiff_t>(low % by);
        above = low / by;
      } else if (extent > 1) {
        index[axis] = static_cast<std::ptrdiff_t>(number % extent);
        above = number / extent;
      }
      result = kept_[axis] ? above : result;
      term = kept_[axis] ? term : above;
    }
    Place place{};
    for (int axis = 0; axis < max_rank - 1; ++axis) place.outer[axis] = index[axis];
    place.inner = index[max_rank - 1];
    return place;
  }

 private:
  std::ptrdiff_t extents_[max_rank];
  bool kept_[max_rank];
  std::ptrdiff_t results_ = 1, terms_ = 1;
};

}  // namespace disentangle::backend::cuda
