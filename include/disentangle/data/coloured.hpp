// SPDX-License-Identifier: Apache-2.0
// Grey images in a colour each, the colour a factor beside those that there are. Coloured MNIST is
// coloured(mnist(...)):
//
//     auto digits = dis::data::padded<dis::ImageShape<32, 32, 1>>(dis::data::mnist("mnist"));
//     auto data = dis::data::coloured(digits, dis::seed(0));                       // factors digit, colour
//
// The two data sets of that name in the literature differ. coloured() is that of IP-IRM (Wang et al.,
// "Self-supervised learning disentangled group representation as feature", NeurIPS 2021): red or green by a
// fair coin, independent of the digit. Its authors did not publish the code that made it; the coin and the
// pure colours are our reading of its pictures. irm_coloured() is that of invariant risk minimisation
// (Arjovsky, Bottou, Gulrajani, Lopez-Paz 2019): a label with noise, and a colour that goes with the label.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/labelled.hpp>

namespace disentangle::data {

/// Red, green and blue, 0 .. 1.
using Rgb = std::array<float, 3>;

namespace detail {

/// Makes (n, height, width, 3) of the n grey images that lie in the last third of `out`: pixel times
/// colour_of(i).
template <class ColourOf>
void spread_colours(std::size_t n, std::span<float> out, ColourOf const& colour_of) {
  if (n == 0) return;
  std::size_t const pixels = out.size() / 3, each = pixels / n;
  float const* grey = out.data() + 2 * pixels;
  float* target = out.data();
  for (std::size_t i = 0; i < n; ++i) {
    Rgb const colour = colour_of(i);
    for (std::size_t p = 0; p < each; ++p, ++grey, target += 3) {
      float const value = *grey;  // the target reaches the grey pixel itself at the very end
      target[0] = value * colour[0];
      target[1] = value * colour[1];
      target[2] = value * colour[2];
    }
  }
}

inline void check_palette(std::string const& data, std::vector<Rgb> const& palette) {
  if (palette.empty()) throw ValueError("coloured " + data + ": found no colours, expected at least one");
  for (std::size_t i = 0; i < palette.size(); ++i) {
    for (float const part : palette[i]) {
      if (!(part >= 0 && part <= 1)) {
        throw ValueError("coloured " + data + ": colour " + std::to_string(i) + " has a part of " +
                         number_text(part) + ", expected 0 .. 1");
      }
    }
  }
}

/// Images of three channels of the same size.
template <class Data>
using InColour = ImageShape<Data::image_shape_type::height, Data::image_shape_type::width, 3>;

}  // namespace detail

/// Pure red and pure green.
[[nodiscard]] inline std::vector<Rgb> red_and_green() { return {{1, 0, 0}, {0, 1, 0}}; }

/// A data set of grey images, each in one of several colours (its grey times the colour), which is drawn
/// uniformly and independently of everything by (seed, index of the image). Its factors are those of the grey
/// images and "colour". Make one with coloured().
template <data_set Data>
class Coloured {
  static_assert(Data::image_shape_type::channels == 1,
                "[disentangle] coloured() takes images of one channel");

 public:
  using image_shape_type = detail::InColour<Data>;

  Coloured(Data data, Seed seed, std::vector<Rgb> palette)
      : data_(std::move(data)),
        factors_(data_.factors()),
        palette_(std::move(palette)),
        random_{seed.value, stream("coloured"), 0} {
    detail::check_palette(data_.name(), palette_);
    factors_.push_back({"colour", static_cast<int>(palette_.size())});
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "coloured " + data_.name(); }
  std::size_t size() const { return data_.size(); }
  std::vector<Factor> const& factors() const { return factors_; }
  /// The grey images.
  Data const& grey() const { return data_; }

  /// out: (n, height, width, 3).
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    check_request("coloured", "images", indices, size(), out.size(), image_shape_type::size);
    data_.images(indices, out.last(out.size() / 3));
    detail::spread_colours(indices.size(), out, [&](std::size_t i) { return palette_[colour(indices[i])]; });
  }

  /// out: (n, factors), the colour last.
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    std::size_t const width = factors_.size();
    check_request("coloured", "labels", indices, size(), out.size(), width);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      data_.labels(indices.subspan(i, 1), out.subspan(i * width, width - 1));
      out[i * width + width - 1] = static_cast<int>(colour(indices[i]));
    }
  }

 private:
  std::size_t colour(std::size_t index) const {
    return random_.integer(index, static_cast<std::uint32_t>(palette_.size()));
  }

  Data data_;
  std::vector<Factor> factors_;
  std::vector<Rgb> palette_;
  Philox random_;
};

/// Grey images in colours drawn at random. Throws ValueError for a palette that is empty or has a part
/// outside 0 .. 1.
template <data_set Data>
[[nodiscard]] Coloured<Data> coloured(Data data, Seed seed, std::vector<Rgb> palette = red_and_green()) {
  return {std::move(data), seed, std::move(palette)};
}

/// How irm_coloured() labels and colours one environment.
struct IrmColouring {
  /// Probability that the colour is not that of the label, 0 .. 1. The paper: 0.2 and 0.1 in the two training
  /// environments, 0.9 in the test environment.
  double colour_flip = 0.1;
  /// Probability that the label is not that of the digit, 0 .. 1.
  double label_noise = 0.25;
};

/// One environment of the coloured MNIST of invariant risk minimisation: label = (digit < 5) exclusive-or
/// noise, colour = label exclusive-or flip, 0 red and 1 green, all drawn by (seed, index). Factors: "label"
/// (2), "colour" (2), then those of the grey images. Make one with irm_coloured().
template <data_set Data>
class IrmColoured {
  static_assert(Data::image_shape_type::channels == 1,
                "[disentangle] irm_coloured() takes images of one channel");

 public:
  using image_shape_type = detail::InColour<Data>;

  IrmColoured(Data data, std::string_view factor, IrmColouring options, Seed seed)
      : data_(std::move(data)),
        factors_{{"label", 2}, {"colour", 2}},
        column_(detail::factor_at(data_.name(), data_.factors(), factor)),
        half_((data_.factors()[column_].cardinality + 1) / 2),
        options_(options),
        random_{seed.value, stream("irm_coloured"), 0} {
    for (double const p : {options.colour_flip, options.label_noise}) {
      if (!(p >= 0 && p <= 1)) {
        throw ValueError("irm_coloured " + data_.name() + ": found a probability of " + number_text(p) +
                         ", expected 0 .. 1");
      }
    }
    factors_.insert(factors_.end(), data_.factors().begin(), data_.factors().end());
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "irm_coloured " + data_.name(); }
  std::size_t size() const { return data_.size(); }
  std::vector<Factor> const& factors() const { return factors_; }
  /// The grey images.
  Data const& grey() const { return data_; }

  /// out: (n, height, width, 3). Throws ValueError for an image without a label of the digit.
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    check_request("irm_coloured", "images", indices, size(), out.size(), image_shape_type::size);
    data_.images(indices, out.last(out.size() / 3));
    detail::spread_colours(indices.size(), out, [&](std::size_t i) {
      std::array<int, most> row;
      auto const labels = std::span(row).first(factors_.size());
      fill(indices[i], labels);
      return labels[1] == 0 ? Rgb{1, 0, 0} : Rgb{0, 1, 0};
    });
  }

  /// out: (n, factors). Throws ValueError for an image without a label of the digit.
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    std::size_t const width = factors_.size();
    check_request("irm_coloured", "labels", indices, size(), out.size(), width);
    for (std::size_t i = 0; i < indices.size(); ++i) fill(indices[i], out.subspan(i * width, width));
  }

 private:
  static constexpr std::size_t most = 64;

  void fill(std::size_t index, std::span<int> row) const {
    data_.labels({&index, 1}, row.subspan(2));
    int const digit = row[2 + column_];
    if (digit < 0) {
      throw ValueError("irm_coloured " + data_.name() + ": image " + std::to_string(index) +
                       " has no label of '" + factors_[2 + column_].name + "', which its colour depends on");
    }
    bool const noise = static_cast<double>(random_.uniform(2 * index)) < options_.label_noise;
    bool const flip = static_cast<double>(random_.uniform(2 * index + 1)) < options_.colour_flip;
    row[0] = (digit < half_) != noise ? 1 : 0;
    row[1] = (row[0] == 1) != flip ? 1 : 0;
  }

  Data data_;
  std::vector<Factor> factors_;
  std::size_t column_;
  int half_;
  IrmColouring options_;
  Philox random_;
};

/// One environment of coloured digits. `factor` names the digit; "digit < 5" is the lower half of its values.
/// Throws ValueError for a factor that there is not, for probabilities outside 0 .. 1, for more than 62
/// factors.
template <data_set Data>
[[nodiscard]] IrmColoured<Data> irm_coloured(Data data, IrmColouring options, Seed seed,
                                             std::string_view factor = "digit") {
  if (data.factors().size() > 62) {
    throw ValueError("irm_coloured " + data.name() + ": it has " + std::to_string(data.factors().size()) +
                     " factors, expected at most 62");
  }
  return {std::move(data), factor, options, seed};
}

}  // namespace disentangle::data
