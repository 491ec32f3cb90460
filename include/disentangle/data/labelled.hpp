// SPDX-License-Identifier: Apache-2.0
// Labels that are there for some images only, as semi-supervised methods have them: choosing images by their
// labels, and hiding the labels of the others. A label that is missing is -1.
//
//     auto digits = dis::data::mnist("mnist");
//     auto labelled = dis::data::first_labelled(digits, 256);                           // a part: 256 images
//     auto balanced = dis::data::stratified(digits, 250, "digit", dis::seed(0));         // 25 of each digit
//     auto partly = dis::data::keep_labels(digits, "digit", balanced.indices());    // all images, 250 labels
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/subset.hpp>

namespace disentangle::data {

namespace detail {

/// The column of a factor; ValueError naming those that there are.
inline std::size_t factor_at(std::string const& data, std::vector<Factor> const& factors,
                             std::string_view name) {
  std::string names;
  for (std::size_t k = 0; k < factors.size(); ++k) {
    if (factors[k].name == name) return k;
    names += (names.empty() ? "" : ", ") + factors[k].name;
  }
  throw ValueError(data + ": found no factor '" + std::string(name) + "', expected one of " +
                   (names.empty() ? "none: it has no labels" : names));
}

/// Calls f(image, label) for the label of one factor of every image in turn, until f returns false.
template <class Data, class F>
void for_each_label(Data const& data, std::size_t column, F const& f) {
  std::size_t const width = data.factors().size(), size = data.size();
  std::vector<std::size_t> indices;
  std::vector<int> labels;
  for (std::size_t first = 0; first < size; first += indices.size()) {
    indices.clear();
    for (std::size_t i = first; i < std::min(first + 4096, size); ++i) indices.push_back(i);
    labels.resize(indices.size() * width);
    data.labels(indices, labels);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (!f(indices[i], labels[i * width + column])) return;
    }
  }
}

/// The column of the factor of that name; of the only factor when the name is empty.
template <class Data>
std::size_t chosen_factor(Data const& data, std::string_view factor) {
  std::vector<Factor> const& factors = data.factors();
  if (!factor.empty()) return factor_at(data.name(), factors, factor);
  if (factors.size() != 1) {
    throw ValueError(data.name() + ": has " + std::to_string(factors.size()) +
                     " factors, expected the name of the one that is meant");
  }
  return 0;
}

template <class Data>
[[noreturn]] void too_few_labels(char const* call, Data const& data, std::size_t column, std::size_t wanted,
                                 std::size_t found) {
  throw ValueError(std::string(call) + ": " + std::to_string(wanted) + " images with a label of '" +
                   data.factors()[column].name + "' of " + data.name() + ", which has " +
                   std::to_string(found));
}

/// The images that have a label of a factor, in order.
template <class Data>
std::vector<std::size_t> labelled_images(Data const& data, std::size_t column) {
  std::vector<std::size_t> found;
  for_each_label(data, column, [&](std::size_t image, int label) {
    if (label >= 0) found.push_back(image);
    return true;
  });
  return found;
}

}  // namespace detail

/// The images that have a label of a factor (of the only one when `factor` is empty). Throws ValueError when
/// there is none.
template <data_set Data>
[[nodiscard]] Subset<Data> labelled(Data data, std::string_view factor = {}) {
  std::size_t const column = detail::chosen_factor(data, factor);
  auto found = detail::labelled_images(data, column);
  if (found.empty()) detail::too_few_labels("labelled", data, column, 1, 0);
  return {std::move(data), std::move(found)};
}

/// The first n images that have a label of a factor (of the only one when `factor` is empty), as they come:
/// PartedVAE's choice on MNIST (n = 256) and CelebA (n = 800). Throws ValueError when there are fewer.
template <data_set Data>
[[nodiscard]] Subset<Data> first_labelled(Data data, std::size_t n, std::string_view factor = {}) {
  std::size_t const column = detail::chosen_factor(data, factor);
  std::vector<std::size_t> found;
  if (n > 0) {
    detail::for_each_label(data, column, [&](std::size_t image, int label) {
      if (label >= 0) found.push_back(image);
      return found.size() < n;
    });
  }
  if (found.size() < n) detail::too_few_labels("first_labelled", data, column, n, found.size());
  return {std::move(data), std::move(found)};
}

/// n different images that have a label of a factor, drawn at random, the same for the same seed. Throws
/// ValueError when there are fewer.
template <data_set Data>
[[nodiscard]] Subset<Data> random_labelled(Data data, std::size_t n, std::string_view factor, Seed seed) {
  std::size_t const column = detail::chosen_factor(data, factor);
  auto const found = detail::labelled_images(data, column);
  if (found.size() < n) detail::too_few_labels("random_labelled", data, column, n, found.size());
  Permutation const order(Philox{seed.value, stream("random_labelled"), 0}, found.size());
  std::vector<std::size_t> chosen(n);
  for (std::size_t i = 0; i < n; ++i) chosen[i] = found[static_cast<std::size_t>(order(i))];
  return {std::move(data), std::move(chosen)};
}

/// n different images, equally many of each value of a factor, drawn at random, the same for the same seed: n
/// / cardinality of each, and one more of values drawn at random where that leaves a rest. They come in
/// turns, one of each value, so that the beginning of the part is balanced too. Throws ValueError when a
/// value has too few images.
template <data_set Data>
[[nodiscard]] Subset<Data> stratified(Data data, std::size_t n, std::string_view factor, Seed seed) {
  std::size_t const column = detail::chosen_factor(data, factor);
  auto const values = static_cast<std::size_t>(data.factors()[column].cardinality);
  std::vector<std::vector<std::size_t>> of_value(values);
  detail::for_each_label(data, column, [&](std::size_t image, int label) {
    if (label >= 0) of_value[static_cast<std::size_t>(label)].push_back(image);
    return true;
  });
  std::vector<std::size_t> wanted(values, n / values);
  Permutation const extra(Philox{seed.value, stream("stratified"), 0}, values);
  for (std::size_t i = 0; i < n % values; ++i) ++wanted[static_cast<std::size_t>(extra(i))];
  std::vector<std::vector<std::size_t>> drawn(values);
  for (std::size_t v = 0; v < values; ++v) {
    if (of_value[v].size() < wanted[v]) {
      throw ValueError("stratified: " + std::to_string(wanted[v]) + " images of value " + std::to_string(v) +
                       " of '" + data.factors()[column].name + "' of " + data.name() + ", which has " +
                       std::to_string(of_value[v].size()));
    }
    if (wanted[v] == 0) continue;
    Permutation const order(Philox{seed.value, stream("stratified"), v + 1}, of_value[v].size());
    for (std::size_t i = 0; i < wanted[v]; ++i)
      drawn[v].push_back(of_value[v][static_cast<std::size_t>(order(i))]);
  }
  std::vector<std::size_t> chosen;
  chosen.reserve(n);
  for (std::size_t turn = 0; chosen.size() < n; ++turn) {
    for (std::size_t v = 0; v < values; ++v) {
      if (turn < drawn[v].size()) chosen.push_back(drawn[v][turn]);
    }
  }
  return {std::move(data), std::move(chosen)};
}

/// A data set whose labels are shown for some images only; the others have -1. Images, size and factors are
/// those of the whole. Make one with keep_labels(), once for every factor that is partly labelled. Copies
/// share their lists.
template <data_set Data>
class PartlyLabelled {
 public:
  using image_shape_type = typename Data::image_shape_type;

  /// Column `column` (every column when it is factors().size()) keeps the labels of `images`.
  PartlyLabelled(Data data, std::size_t column, std::span<std::size_t const> images)
      : data_(std::move(data)) {
    std::size_t const size = data_.size(), width = data_.factors().size();
    std::vector<bool> kept(size);
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (images[i] >= size) {
        throw ValueError("keep_labels of " + data_.name() + ": entry " + std::to_string(i) + " is image " +
                         std::to_string(images[i]) + ", expected 0 .. " + std::to_string(size) + " - 1");
      }
      kept[images[i]] = true;
    }
    column_ = column;
    kept_ = std::make_shared<std::vector<bool> const>(std::move(kept));
    if (width == 0) throw ValueError("keep_labels of " + data_.name() + ": it has no labels");
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return data_.name(); }
  std::size_t size() const { return data_.size(); }
  std::vector<Factor> const& factors() const { return data_.factors(); }
  /// The data set with all its labels.
  Data const& whole() const { return data_; }

  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    data_.images(indices, out);
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    std::size_t const width = factors().size();
    check_request("keep_labels", "labels", indices, size(), out.size(), width);
    data_.labels(indices, out);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if ((*kept_)[indices[i]]) continue;
      for (std::size_t k = 0; k < width; ++k) {
        if (column_ == width || column_ == k) out[i * width + k] = -1;
      }
    }
  }

 private:
  Data data_;
  std::size_t column_ = 0;
  std::shared_ptr<std::vector<bool> const> kept_;
};

/// The same images with the labels of one factor hidden for all but the given images. Throws ValueError for a
/// factor that there is not and for an image outside the data set.
template <data_set Data>
[[nodiscard]] PartlyLabelled<Data> keep_labels(Data data, std::string_view factor,
                                               std::span<std::size_t const> images) {
  std::size_t const column = detail::factor_at(data.name(), data.factors(), factor);
  return {std::move(data), column, images};
}

/// The same images with all labels hidden for all but the given images.
template <data_set Data>
[[nodiscard]] PartlyLabelled<Data> keep_labels(Data data, std::span<std::size_t const> images) {
  std::size_t const all = data.factors().size();
  return {std::move(data), all, images};
}

/// A data set of some of the factors, in the order asked for; the others still vary and are not told. A
/// factor_grid no longer. Make one with with_factors().
template <data_set Data>
class WithFactors {
 public:
  using image_shape_type = typename Data::image_shape_type;

  WithFactors(Data data, std::span<std::string const> names) : data_(std::move(data)) {
    for (std::string const& name : names) {
      std::size_t const column = detail::factor_at(data_.name(), data_.factors(), name);
      columns_.push_back(column);
      factors_.push_back(data_.factors()[column]);
    }
    if (data_.factors().size() > most) {
      throw ValueError("with_factors of " + data_.name() + ": it has " +
                       std::to_string(data_.factors().size()) + " factors, expected at most " +
                       std::to_string(most));
    }
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return data_.name(); }
  std::size_t size() const { return data_.size(); }
  std::vector<Factor> const& factors() const { return factors_; }
  /// The data set with all its factors.
  Data const& whole() const { return data_; }

  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    data_.images(indices, out);
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    std::size_t const width = columns_.size(), all = data_.factors().size();
    check_request("with_factors", "labels", indices, size(), out.size(), width);
    std::array<int, most> row;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      data_.labels(indices.subspan(i, 1), std::span(row).first(all));
      for (std::size_t k = 0; k < width; ++k) out[i * width + k] = row[columns_[k]];
    }
  }

 private:
  static constexpr std::size_t most = 256;
  Data data_;
  std::vector<std::size_t> columns_;
  std::vector<Factor> factors_;
};

/// The same images with some of their factors: with_factors(dsprites(), {"shape"}). Throws ValueError for one
/// that there is not.
template <data_set Data>
[[nodiscard]] WithFactors<Data> with_factors(Data data, std::vector<std::string> const& names) {
  return {std::move(data), names};
}

}  // namespace disentangle::data
