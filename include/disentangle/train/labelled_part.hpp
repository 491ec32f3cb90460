// SPDX-License-Identifier: Apache-2.0
// The images of a data set that have a label: what labelled minibatches are drawn from.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/data/data_set.hpp>

namespace disentangle {

/// Those images of a data set of which at least one factor has a label, in their order; itself a data set.
/// Refers to the whole, which must outlive it. @throws ValueError where no image has a label.
template <data::data_set Data>
class LabelledPart {
 public:
  using image_shape_type = typename Data::image_shape_type;

  explicit LabelledPart(Data const& data) : data_(&data) {
    std::size_t const width = data.factors().size(), size = width == 0 ? 0 : data.size();
    std::vector<std::size_t> asked;
    std::vector<int> labels;
    for (std::size_t first = 0; first < size; first += asked.size()) {
      asked.clear();
      for (std::size_t i = first; i < std::min(first + 4096, size); ++i) asked.push_back(i);
      labels.resize(asked.size() * width);
      data.labels(asked, labels);
      for (std::size_t i = 0; i < asked.size(); ++i) {
        auto const row = labels.begin() + static_cast<std::ptrdiff_t>(i * width);
        if (std::any_of(row, row + static_cast<std::ptrdiff_t>(width), [](int label) { return label >= 0; }))
          indices_.push_back(asked[i]);
      }
    }
    if (indices_.empty()) {
      throw ValueError(data.name() +
                       ": found no image with a label, expected some: the method learns from labels");
    }
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "the labelled images of " + data_->name(); }
  std::size_t size() const { return indices_.size(); }
  std::vector<Factor> const& factors() const { return data_->factors(); }
  /// Where each image lies in the whole.
  std::vector<std::size_t> const& indices() const { return indices_; }

  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    in_pieces(indices, out, image_shape_type::size,
              [this](auto const& where, auto const& to) { data_->images(where, to); });
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    in_pieces(indices, out, factors().size(),
              [this](auto const& where, auto const& to) { data_->labels(where, to); });
  }

 private:
  /// Translates the indices in pieces that fit the stack, so that nothing is allocated.
  template <class T, class Ask>
  void in_pieces(std::span<std::size_t const> indices, std::span<T> out, std::size_t width,
                 Ask const& ask) const {
    data::check_request("labelled part", "a minibatch", indices, size(), out.size(), width);
    std::array<std::size_t, 256> piece;
    for (std::size_t done = 0; done < indices.size();) {
      std::size_t const n = std::min(piece.size(), indices.size() - done);
      for (std::size_t i = 0; i < n; ++i) piece[i] = indices_[indices[done + i]];
      ask(std::span<std::size_t const>(piece.data(), n), out.subspan(done * width, n * width));
      done += n;
    }
  }

  Data const* data_;
  std::vector<std::size_t> indices_;
};

}  // namespace disentangle
