// SPDX-License-Identifier: Apache-2.0
// Part of a data set, itself a data set: the first n images, given ones, or a random n.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>

namespace disentangle::data {

/// Images of another data set, in the order of a list of indices. Holds a copy of that data set (free for
/// those of the library, which share their storage) and shares the list when copied. Factors are those of the
/// whole.
template <data_set Data>
class Subset {
 public:
  using image_shape_type = typename Data::image_shape_type;

  /// Throws ValueError for an index outside the data set. An index may occur several times.
  Subset(Data data, std::vector<std::size_t> indices)
      : data_(std::move(data)),
        indices_(std::make_shared<std::vector<std::size_t> const>(std::move(indices))) {
    for (std::size_t i = 0; i < indices_->size(); ++i) {
      if ((*indices_)[i] >= data_.size()) {
        throw ValueError("subset of " + data_.name() + ": entry " + std::to_string(i) + " is index " +
                         std::to_string((*indices_)[i]) + ", expected 0 .. " + std::to_string(data_.size()) +
                         " - 1");
      }
    }
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return data_.name() + "[" + std::to_string(size()) + "]"; }
  std::size_t size() const { return indices_->size(); }
  std::vector<Factor> const& factors() const { return data_.factors(); }
  /// The data set that this is a part of, and where each image lies in it.
  Data const& whole() const { return data_; }
  std::vector<std::size_t> const& indices() const { return *indices_; }

  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    request("images", indices, out, image_shape_type::size,
            [this](auto const& part, auto const& values) { data_.images(part, values); });
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    request("labels", indices, out, factors().size(),
            [this](auto const& part, auto const& values) { data_.labels(part, values); });
  }

 private:
  /// Translates the indices in pieces that fit the stack, so that nothing is allocated.
  template <class T, class Ask>
  void request(char const* what, std::span<std::size_t const> indices, std::span<T> out, std::size_t width,
               Ask const& ask) const {
    check_request("subset", what, indices, size(), out.size(), width);
    std::array<std::size_t, 256> piece;
    for (std::size_t done = 0; done < indices.size();) {
      std::size_t const n = std::min(piece.size(), indices.size() - done);
      for (std::size_t i = 0; i < n; ++i) piece[i] = (*indices_)[indices[done + i]];
      ask(std::span<std::size_t const>(piece.data(), n), out.subspan(done * width, n * width));
      done += n;
    }
  }

  Data data_;
  std::shared_ptr<std::vector<std::size_t> const> indices_;
};

/// The images with the given indices, in that order.
template <data_set Data>
[[nodiscard]] Subset<Data> subset(Data data, std::vector<std::size_t> indices) {
  return {std::move(data), std::move(indices)};
}

/// The first n images. Throws ValueError when there are fewer.
template <data_set Data>
[[nodiscard]] Subset<Data> first(Data data, std::size_t n) {
  if (n > data.size()) {
    throw ValueError("first: " + std::to_string(n) + " images of " + data.name() + ", which has " +
                     std::to_string(data.size()));
  }
  std::vector<std::size_t> indices(n);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return {std::move(data), std::move(indices)};
}

/// n different images drawn at random, the same for the same seed. Throws ValueError when there are fewer.
template <data_set Data>
[[nodiscard]] Subset<Data> random_subset(Data data, std::size_t n, Seed seed) {
  if (n > data.size()) {
    throw ValueError("random_subset: " + std::to_string(n) + " images of " + data.name() + ", which has " +
                     std::to_string(data.size()));
  }
  Permutation const order(Philox{seed.value, stream("random_subset"), 0}, data.size());
  std::vector<std::size_t> indices(n);
  for (std::size_t i = 0; i < n; ++i) indices[i] = static_cast<std::size_t>(order(i));
  return {std::move(data), std::move(indices)};
}

}  // namespace disentangle::data
