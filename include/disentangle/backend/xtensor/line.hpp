// SPDX-License-Identifier: Apache-2.0
// The innermost line of a tensor as a random-access container of SIMD packs: what xtensor adapts as a leaf of
// its expressions. xtensor then sees contiguous containers of one length, whatever the strides of the
// tensors, and takes its linear path.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <iterator>
#include <memory>

#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/lanes.hpp>
#include <disentangle/backend/xtensor/include_xtensor.hpp>

namespace disentangle::backend::xtensor::inline DISENTANGLE_INSTRUCTION_SET {

/// Scalars [begin, begin + length) of every line that a task walks.
struct Window {
  std::ptrdiff_t begin, length;
};

/// A container of size() elements that a source makes: element i is source(i). What xt::adapt asks of a
/// container.
template <class Source>
class Line {
 public:
  using value_type = typename Source::value_type;
  using reference = typename Source::reference;
  using const_reference = value_type;
  using pointer = value_type*;
  using const_pointer = value_type const*;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using allocator_type = std::allocator<value_type>;

  template <class Reference>
  class Iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = typename Source::value_type;
    using reference = Reference;
    using pointer = value_type*;
    using difference_type = std::ptrdiff_t;

    Iterator(Source source, std::ptrdiff_t i) : source_(source), i_(i) {}

    Reference operator*() const { return source_(i_); }
    Reference operator[](std::ptrdiff_t n) const { return source_(i_ + n); }
    Iterator& operator++() { return ++i_, *this; }
    Iterator& operator--() { return --i_, *this; }
    Iterator operator++(int) { return {source_, i_++}; }
    Iterator operator--(int) { return {source_, i_--}; }
    Iterator& operator+=(std::ptrdiff_t n) { return i_ += n, *this; }
    Iterator& operator-=(std::ptrdiff_t n) { return i_ -= n, *this; }
    friend Iterator operator+(Iterator it, std::ptrdiff_t n) { return it += n; }
    friend Iterator operator+(std::ptrdiff_t n, Iterator it) { return it += n; }
    friend Iterator operator-(Iterator it, std::ptrdiff_t n) { return it -= n; }
    friend std::ptrdiff_t operator-(Iterator const& a, Iterator const& b) { return a.i_ - b.i_; }
    friend bool operator==(Iterator const& a, Iterator const& b) { return a.i_ == b.i_; }
    friend auto operator<=>(Iterator const& a, Iterator const& b) { return a.i_ <=> b.i_; }

   private:
    Source source_;
    std::ptrdiff_t i_;
  };
  using iterator = Iterator<reference>;
  using const_iterator = Iterator<const_reference>;
  using reverse_iterator = std::reverse_iterator<iterator>;
  using const_reverse_iterator = std::reverse_iterator<const_iterator>;

  explicit Line(Source source) : source_(source) {}

  size_type size() const { return source_.size(); }
  bool empty() const { return size() == 0; }
  void resize(size_type) {}  // xtensor asks for the size that it has been given

  reference operator[](size_type i) { return source_(static_cast<std::ptrdiff_t>(i)); }
  const_reference operator[](size_type i) const { return source_(static_cast<std::ptrdiff_t>(i)); }

  iterator begin() { return {source_, 0}; }
  iterator end() { return {source_, static_cast<std::ptrdiff_t>(size())}; }
  const_iterator begin() const { return {source_, 0}; }
  const_iterator end() const { return {source_, static_cast<std::ptrdiff_t>(size())}; }
  const_iterator cbegin() const { return begin(); }
  const_iterator cend() const { return end(); }
  reverse_iterator rbegin() { return reverse_iterator(end()); }
  reverse_iterator rend() { return reverse_iterator(begin()); }
  const_reverse_iterator rbegin() const { return const_reverse_iterator(end()); }
  const_reverse_iterator rend() const { return const_reverse_iterator(begin()); }
  const_reverse_iterator crbegin() const { return rbegin(); }
  const_reverse_iterator crend() const { return rend(); }

 private:
  Source source_;
};

/// The packs of a window of the line at which a bound variable stands; the lanes that the last one lacks read
/// as 0. It points to the variable: what moves the variable to another line moves the packs.
template <class P, class Leaf>
class Packs {
 public:
  using value_type = P;

  /// Pack i: read from the variable's data, written to where its gradient points.
  class reference {
   public:
    reference(Packs const& packs, std::ptrdiff_t i)
        : leaf_(packs.leaf_),
          first_(packs.window_.begin + i * lanes),
          left_(packs.window_.length - i * lanes) {}

    operator P() const {
      return left_ >= lanes ? leaf_->template value<P>(first_, AllLanes{})
                            : leaf_->template value<P>(first_, FirstLanes{static_cast<std::size_t>(left_)});
    }
    reference const& operator=(P x) const {
      auto* const to = leaf_->gradient_line + first_ * leaf_->inner;
      std::ptrdiff_t const n = left_ < lanes ? left_ : lanes;
      if (leaf_->inner != 1) {  // a column of a wider tensor
        for (std::ptrdiff_t i = 0; i < n; ++i) to[i * leaf_->inner] = x[static_cast<std::size_t>(i)];
      } else if (n == lanes) {
        x.store(to);
      } else {
        x.store(to, static_cast<std::size_t>(n));
      }
      return *this;
    }

   private:
    Leaf const* leaf_;
    std::ptrdiff_t first_, left_;
  };

  Packs(Leaf const& leaf, Window window) : leaf_(&leaf), window_(window) {}

  std::size_t size() const { return static_cast<std::size_t>((window_.length + lanes - 1) / lanes); }
  reference operator()(std::ptrdiff_t i) const { return {*this, i}; }

 private:
  static constexpr auto lanes = static_cast<std::ptrdiff_t>(P::size);
  Leaf const* leaf_;
  Window window_;
};

/// A source as an xtensor of one axis.
template <class Source>
auto adapt(Source source) {
  std::array<std::size_t, 1> const shape{source.size()};
  return xt::adapt<xt::layout_type::row_major>(Line<Source>(source), shape);
}

}  // namespace disentangle::backend::xtensor::inline DISENTANGLE_INSTRUCTION_SET
