// SPDX-License-Identifier: Apache-2.0
// A data set from arrays in memory: the user's own images, with or without labels.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/data_set.hpp>

namespace disentangle::data {

/// Images that lie in memory as float (values 0 .. 1) or as bytes (each standing for byte * scale). Make one
/// with arrays(), npz(), npy() or image_folder(). Copies share their storage.
template <class Shape>
class Arrays {
 public:
  using image_shape_type = Shape;

  /// What names the images and labels in messages, and the data set in reports.
  struct Description {
    std::string name = "arrays";
    /// Empty: as many factors as labels per image, named "factor 0", ... A cardinality of 0 is found: largest
    /// label + 1.
    std::vector<Factor> factors = {};
    /// The value of a byte b is b * byte_scale.
    float byte_scale = 1.0f / 255;
  };

  /// Takes over the images and the labels, (n, height, width, channels) and (n, factors); labels may be
  /// empty.
  Arrays(std::vector<float> images, std::vector<int> labels, Description description)
      : Arrays(own(std::move(images)), std::move(labels), std::move(description)) {}
  Arrays(std::vector<std::uint8_t> images, std::vector<int> labels, Description description)
      : Arrays(own(std::move(images)), std::move(labels), std::move(description)) {}
  /// Views images that must outlive this data set and all its copies, and must not change.
  Arrays(std::span<float const> images, std::vector<int> labels, Description description)
      : Arrays(Pixels{images, {}, nullptr}, std::move(labels), std::move(description)) {}
  Arrays(std::span<std::uint8_t const> images, std::vector<int> labels, Description description)
      : Arrays(Pixels{{}, images, nullptr}, std::move(labels), std::move(description)) {}

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return facts_->description.name; }
  std::size_t size() const { return size_; }
  std::vector<Factor> const& factors() const { return facts_->description.factors; }

  /// out: (n, height, width, channels).
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    check_request(facts_->description.name.c_str(), "images", indices, size_, out.size(), Shape::size);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      auto const target = out.subspan(i * Shape::size, Shape::size);
      if (pixels_.bytes.empty()) {
        std::ranges::copy(pixels_.floats.subspan(indices[i] * Shape::size, Shape::size), target.begin());
      } else {
        float const scale = facts_->description.byte_scale;
        auto const source = pixels_.bytes.subspan(indices[i] * Shape::size, Shape::size);
        for (std::size_t p = 0; p < Shape::size; ++p) target[p] = static_cast<float>(source[p]) * scale;
      }
    }
  }

  /// out: (n, factors).
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    std::size_t const width = factors().size();
    check_request(facts_->description.name.c_str(), "labels", indices, size_, out.size(), width);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      std::copy_n(facts_->labels.begin() + static_cast<std::ptrdiff_t>(indices[i] * width), width,
                  out.begin() + static_cast<std::ptrdiff_t>(i * width));
    }
  }

 private:
  struct Pixels {
    std::span<float const> floats;
    std::span<std::uint8_t const> bytes;
    std::shared_ptr<void const> owner;
  };
  struct Facts {
    Description description;
    std::vector<int> labels;
  };

  [[nodiscard]] static Pixels own(std::vector<float> images) {
    auto const owner = std::make_shared<std::vector<float> const>(std::move(images));
    return {*owner, {}, owner};
  }
  [[nodiscard]] static Pixels own(std::vector<std::uint8_t> images) {
    auto const owner = std::make_shared<std::vector<std::uint8_t> const>(std::move(images));
    return {{}, *owner, owner};
  }

  Arrays(Pixels pixels, std::vector<int> labels, Description description) : pixels_(std::move(pixels)) {
    std::string const& name = description.name;
    std::size_t const values = pixels_.floats.size() + pixels_.bytes.size();
    if (values == 0 || values % Shape::size != 0) {
      throw ShapeError(name + ": " + std::to_string(values) +
                       " image values are not a positive number of images of " +
                       std::to_string(Shape::height) + " x " + std::to_string(Shape::width) + " x " +
                       std::to_string(Shape::channels) + " = " + std::to_string(Shape::size));
    }
    size_ = values / Shape::size;
    for (std::size_t p = 0; p < pixels_.floats.size(); ++p) {
      float const value = pixels_.floats[p];
      if (!(value >= 0 && value <= 1)) {
        throw ValueError(name + ": image " + std::to_string(p / Shape::size) + ", element " +
                         std::to_string(p % Shape::size) + " is " + number_text(value) + ", expected 0 .. 1");
      }
    }
    float const brightest = 255 * description.byte_scale;
    if (!pixels_.bytes.empty() && !(brightest >= 0 && brightest <= 1 + 1e-6f)) {
      auto const largest = std::ranges::max_element(pixels_.bytes);
      if (!(static_cast<float>(*largest) * description.byte_scale <= 1) || !(description.byte_scale >= 0)) {
        auto const at = static_cast<std::size_t>(largest - pixels_.bytes.begin());
        throw ValueError(name + ": image " + std::to_string(at / Shape::size) + ", element " +
                         std::to_string(at % Shape::size) + " is byte " + std::to_string(*largest) +
                         " times " + number_text(description.byte_scale) + ", expected 0 .. 1");
      }
    }
    check_labels(labels, description);
    facts_ = std::make_shared<Facts const>(Facts{std::move(description), std::move(labels)});
  }

  void check_labels(std::span<int const> labels, Description& description) const {
    std::string const& name = description.name;
    std::vector<Factor>& factors = description.factors;
    if (factors.empty() && !labels.empty()) {
      if (labels.size() % size_ != 0) {
        throw ShapeError(name + ": " + std::to_string(labels.size()) + " labels for " +
                         std::to_string(size_) + " images, expected the same number for each image");
      }
      for (std::size_t k = 0; k < labels.size() / size_; ++k)
        factors.push_back({"factor " + std::to_string(k), 0});
    }
    if (labels.size() != size_ * factors.size()) {
      throw ShapeError(name + ": " + std::to_string(labels.size()) + " labels for " + std::to_string(size_) +
                       " images and " + std::to_string(factors.size()) + " factors, expected " +
                       std::to_string(size_ * factors.size()));
    }
    for (std::size_t k = 0; k < factors.size(); ++k) {
      if (factors[k].cardinality > 0) continue;
      int largest = 0;
      for (std::size_t i = k; i < labels.size(); i += factors.size()) largest = std::max(largest, labels[i]);
      if (largest == std::numeric_limits<int>::max()) --largest;  // found out of range below
      factors[k].cardinality = largest + 1;
    }
    for (std::size_t i = 0; i < labels.size(); ++i) {
      Factor const& factor = factors[i % factors.size()];
      if (labels[i] < -1 || labels[i] >= factor.cardinality) {
        throw ValueError(name + ": image " + std::to_string(i / factors.size()) + " has label " +
                         std::to_string(labels[i]) + " of factor '" + factor.name + "', expected 0 .. " +
                         std::to_string(factor.cardinality - 1) + ", or -1 where it is missing");
      }
    }
  }

  Pixels pixels_;
  std::size_t size_ = 0;
  std::shared_ptr<Facts const> facts_;
};

/// A data set of the user's own images.
///
/// `images`: (n, height, width, channels) in C order, as float with values 0 .. 1 or as std::uint8_t scaled
/// by 1/255. A std::vector is taken over (moved or copied); a std::span is viewed and must outlive the data
/// set and its copies.
///
/// `labels`: (n, factors) in C order, or empty: value 0 .. cardinality - 1 of each factor, -1 where missing.
///
/// `factors`: their names and cardinalities; when empty, or where a cardinality is 0, found from the labels.
///
///     auto data = dis::data::arrays<dis::ImageShape<28, 28, 1>>(pixels, digits, {{"digit", 10}});
///
/// Throws ShapeError when the numbers of values do not fit each other, and ValueError naming the image, the
/// value and the range for a pixel that is NaN or outside 0 .. 1 and for a label out of range. Cost: one pass
/// over the values.
template <class Shape>
[[nodiscard]] Arrays<Shape> arrays(std::vector<float> images, std::vector<int> labels = {},
                                   std::vector<Factor> factors = {}, std::string name = "arrays") {
  return {std::move(images), std::move(labels), {.name = std::move(name), .factors = std::move(factors)}};
}
template <class Shape>
[[nodiscard]] Arrays<Shape> arrays(std::vector<std::uint8_t> images, std::vector<int> labels = {},
                                   std::vector<Factor> factors = {}, std::string name = "arrays") {
  return {std::move(images), std::move(labels), {.name = std::move(name), .factors = std::move(factors)}};
}
template <class Shape>
[[nodiscard]] Arrays<Shape> arrays(std::span<float const> images, std::vector<int> labels = {},
                                   std::vector<Factor> factors = {}, std::string name = "arrays") {
  return {images, std::move(labels), {.name = std::move(name), .factors = std::move(factors)}};
}
template <class Shape>
[[nodiscard]] Arrays<Shape> arrays(std::span<std::uint8_t const> images, std::vector<int> labels = {},
                                   std::vector<Factor> factors = {}, std::string name = "arrays") {
  return {images, std::move(labels), {.name = std::move(name), .factors = std::move(factors)}};
}

}  // namespace disentangle::data
