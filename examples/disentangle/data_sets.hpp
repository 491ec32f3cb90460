// SPDX-License-Identifier: Apache-2.0
// Data sets by the words of --data. Their types are hidden behind one class per image shape, so that each
// method is compiled once per shape and not once per kind of data set.
#pragma once

#include <disentangle/core/shape.hpp>
#include <disentangle/data/data_set.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// The image shapes that the program is compiled for.
using Grey = disentangle::ImageShape<64, 64, 1>;
using Colour = disentangle::ImageShape<64, 64, 3>;

/// Any data set of images of a shape.
template <class Shape>
class AnyData {
 public:
  using image_shape_type = Shape;

  template <disentangle::data::data_set Data>
    requires(!std::derived_from<Data, AnyData>)
  explicit AnyData(Data data)
      : name_(data.name()),
        size_(data.size()),
        factors_(data.factors()),
        images_([data](auto indices, auto out) { data.images(indices, out); }),
        labels_([data](auto indices, auto out) { data.labels(indices, out); }) {}

  Shape image_shape() const { return {}; }
  std::string const& name() const { return name_; }
  std::size_t size() const { return size_; }
  std::vector<disentangle::Factor> const& factors() const { return factors_; }
  void images(std::span<std::size_t const> indices, std::span<float> out) const { images_(indices, out); }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const { labels_(indices, out); }

 private:
  std::string name_;
  std::size_t size_;
  std::vector<disentangle::Factor> factors_;
  std::function<void(std::span<std::size_t const>, std::span<float>)> images_;
  std::function<void(std::span<std::size_t const>, std::span<int>)> labels_;
};

/// Any data set that is a grid of factors.
template <class Shape>
class AnyGrid : public AnyData<Shape> {
 public:
  template <disentangle::data::factor_grid Data>
    requires(!std::derived_from<Data, AnyGrid>)
  explicit AnyGrid(Data data)
      : AnyData<Shape>(data), index_([data](auto values) { return data.index(values); }) {}
  std::size_t index(std::span<int const> values) const { return index_(values); }

 private:
  std::function<std::size_t(std::span<int const>)> index_;
};

using OpenedData = std::variant<AnyGrid<Grey>, AnyData<Grey>, AnyGrid<Colour>, AnyData<Colour>>;

/// One form of --data: what it starts with, what follows ("" where nothing does), and what it is.
struct DataForm {
  std::string start, path, summary;
};
std::vector<DataForm> described_data_forms();

/// All forms in one line, for help and messages.
extern char const* const data_forms;

/// Opens what --data names. Throws UsageError for another form, FileError for a file that is missing or
/// broken.
OpenedData open_data(std::string const& words);

/// A data set of which only some images show their labels: "all", "N" (the first N that have one), "random:N"
/// (drawn by the seed). Throws UsageError for other words, ValueError where there are fewer.
template <class Shape>
AnyData<Shape> with_labels(AnyData<Shape> const& data, std::string const& words, std::uint64_t seed);

/// The opposite for the same words and seed: only the images that with_labels() hides show their labels.
/// Where it hides none, all do.
template <class Shape>
AnyData<Shape> with_hidden_labels(AnyData<Shape> const& data, std::string const& words, std::uint64_t seed);

/// The words of --data with their path made absolute, as config.json keeps it.
std::string with_absolute_path(std::string const& words);
