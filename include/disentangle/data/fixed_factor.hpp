// SPDX-License-Identifier: Apache-2.0
// A factor grid with one of its factors held at a value: itself a grid of the other factors.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/data/data_set.hpp>
#include <disentangle/data/grid.hpp>

namespace disentangle::data {

/// The images of a grid that have one value of one factor, numbered as a grid of the others in their order.
/// Holds a copy of the grid (free for those of the library, which share their storage). A factor_grid.
template <factor_grid Data>
class FixedFactor {
 public:
  using image_shape_type = typename Data::image_shape_type;

  /// Throws ValueError for a factor or a value that the grid does not have.
  FixedFactor(Data const& data, std::string_view factor, int value)
      : data_(data), grid_(without(data_, factor, value)), value_(static_cast<std::size_t>(value)) {
    auto const& all = data_.factors();
    while (all[at_].name != factor) ++at_;
    for (std::size_t k = at_ + 1; k < all.size(); ++k) inner_ *= static_cast<std::size_t>(all[k].cardinality);
    name_ = data_.name() + "[" + std::string(factor) + "=" + std::to_string(value) + "]";
  }

  image_shape_type image_shape() const { return {}; }
  std::string const& name() const { return name_; }
  std::size_t size() const { return grid_.size(); }
  /// The factors that vary.
  std::vector<Factor> const& factors() const { return grid_.factors(); }
  std::size_t index(std::span<int const> values) const { return grid_.index(values); }
  /// The grid that this is a part of.
  Data const& whole() const { return data_; }

  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    constexpr std::size_t pixels = image_shape_type::size;
    check_request("fixed factor", "images", indices, size(), out.size(), pixels);
    in_pieces(indices, 256, [&](std::size_t first, std::span<std::size_t const> piece) {
      data_.images(piece, out.subspan(first * pixels, piece.size() * pixels));
    });
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    std::size_t const width = factors().size(), whole_width = width + 1;
    check_request("fixed factor", "labels", indices, size(), out.size(), width);
    std::array<int, 2048> all;
    in_pieces(indices, std::min<std::size_t>(256, all.size() / whole_width),
              [&](std::size_t first, std::span<std::size_t const> piece) {
                data_.labels(piece, std::span(all).first(piece.size() * whole_width));
                for (std::size_t i = 0; i < piece.size(); ++i) {
                  for (std::size_t k = 0; k < width; ++k) {
                    out[(first + i) * width + k] = all[i * whole_width + (k < at_ ? k : k + 1)];
                  }
                }
              });
  }

 private:
  [[nodiscard]] static Grid without(Data const& data, std::string_view factor, int value) {
    std::vector<Factor> rest;
    std::string names;
    int cardinality = 0;
    for (Factor const& f : data.factors()) {
      names += (names.empty() ? "" : ", ") + f.name;
      if (f.name == factor) {
        cardinality = f.cardinality;
      } else {
        rest.push_back(f);
      }
    }
    if (cardinality == 0) {
      throw ValueError(data.name() + ": found no factor '" + std::string(factor) + "', expected one of " +
                       names);
    }
    if (value < 0 || value >= cardinality) {
      throw ValueError(data.name() + ": factor '" + std::string(factor) + "' has no value " +
                       std::to_string(value) + ", expected 0 .. " + std::to_string(cardinality - 1));
    }
    return Grid(std::move(rest));
  }
  /// Translates the indices in pieces that fit the stack, so that nothing is allocated.
  template <class Ask>
  void in_pieces(std::span<std::size_t const> indices, std::size_t most, Ask const& ask) const {
    std::array<std::size_t, 256> piece;
    auto const cardinality = static_cast<std::size_t>(data_.factors()[at_].cardinality);
    for (std::size_t done = 0; done < indices.size();) {
      std::size_t const n = std::min(most, indices.size() - done);
      for (std::size_t i = 0; i < n; ++i) {
        std::size_t const own = indices[done + i];
        piece[i] = (own / inner_ * cardinality + value_) * inner_ + own % inner_;
      }
      ask(done, std::span<std::size_t const>(piece.data(), n));
      done += n;
    }
  }

  Data data_;
  Grid grid_;
  std::size_t value_, at_ = 0, inner_ = 1;
  std::string name_;
};

/// The images of a grid that have one value of a factor, by its name.
template <factor_grid Data>
[[nodiscard]] FixedFactor<Data> fixed_factor(Data const& data, std::string_view factor, int value) {
  return {data, factor, value};
}

}  // namespace disentangle::data
