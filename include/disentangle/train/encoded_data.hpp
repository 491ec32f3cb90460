// SPDX-License-Identifier: Apache-2.0
// EncodedData: a data set as a model's codes, each image encoded at most once, and the two kinds of sources
// that metrics draw from. Independent of the model's and the data set's types, so that metrics are compiled
// once.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/metric/function_source.hpp>
#include <disentangle/metric/labelled_source.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle {

/// The mean codes of a data set under a model, computed when they are first asked for and kept: latents * 4
/// bytes for each image of the data set (29 MB for dSprites with 10 latents). The model and the data set must
/// outlive it.
class EncodedData {
 public:
  struct Posteriors {
    metric::Matrix<double> means, deviations;
  };

  template <class Model, data::data_set Data>
  EncodedData(Model& model, Data const& data)
      : name_(data.name()), size_(data.size()), latents_(model.latent_size), factors_(data.factors()) {
    static_assert(std::is_same_v<typename Model::image_shape_type, typename Data::image_shape_type>,
                  "[disentangle] the model's image shape is not that of the data set");
    encode_ = [&model, &data](std::span<std::size_t const> indices, std::span<float> mean,
                              std::span<float> log_variance) {
      constexpr std::size_t image = Data::image_shape_type::size;
      std::size_t const latents = model.latent_size;
      std::vector<float> images(std::min(piece, indices.size()) * image);
      for (std::size_t first = 0; first < indices.size(); first += piece) {
        std::size_t const n = std::min(piece, indices.size() - first);
        data.images(indices.subspan(first, n), std::span(images).first(n * image));
        model.encode(
            std::span<float const>(images).first(n * image), mean.subspan(first * latents, n * latents),
            log_variance.empty() ? log_variance : log_variance.subspan(first * latents, n * latents));
      }
    };
    labels_ = [&data](std::span<std::size_t const> indices, std::span<int> out) {
      data.labels(indices, out);
    };
    if constexpr (data::factor_grid<Data>) {
      index_ = [&data](std::span<int const> values) { return data.index(values); };
    }
    codes_.resize(size_ * latents_);
    known_.resize(size_);
  }

  std::string const& name() const { return name_; }
  std::size_t size() const { return size_; }
  std::size_t latents() const { return latents_; }
  std::vector<Factor> const& factors() const { return factors_; }
  /// Whether every combination of the factors occurs exactly once.
  bool is_grid() const { return static_cast<bool>(index_); }
  /// The image of a combination of factor values. The data set must be a grid.
  std::size_t image_of(std::span<int const> values) const { return index_(values); }
  /// Images encoded so far.
  std::size_t encoded() const { return encoded_; }

  /// From now on images have the codes of other images, drawn by the seed, another way for each number: codes
  /// that know nothing of the factors. unmix() ends it.
  void mix(Seed seed, std::size_t number) {
    mixed_.emplace(Philox{seed.value, stream("evaluate/chance"), number}, size_);
  }
  void unmix() { mixed_.reset(); }

  /// Codes of images, (indices, latents).
  void codes(std::span<std::size_t const> asked, MatrixView<double> out) {
    std::vector<std::size_t> const indices = mixed(asked);
    std::vector<std::size_t> missing;
    for (std::size_t const i : indices) {
      if (!known_[i]) {
        known_[i] = true;
        missing.push_back(i);
      }
    }
    std::vector<float> fresh(missing.size() * latents_);
    encode_(missing, fresh, {});
    encoded_ += missing.size();
    for (std::size_t i = 0; i < missing.size(); ++i) {
      std::copy_n(fresh.data() + i * latents_, latents_, codes_.data() + missing[i] * latents_);
    }
    for (std::size_t i = 0; i < indices.size(); ++i)
      std::copy_n(codes_.data() + indices[i] * latents_, latents_, out.row(i).data());
  }

  /// Means and standard deviations of q(z|x) of images, (indices, latents) each; computed anew in every call.
  /// @throws ValueError for a model whose codes are points: its log variances are all 0.
  Posteriors posteriors(std::span<std::size_t const> asked) {
    std::vector<std::size_t> const indices = mixed(asked);
    std::vector<float> mean(indices.size() * latents_), log_variance(mean.size());
    encode_(indices, mean, log_variance);
    if (std::all_of(log_variance.begin(), log_variance.end(), [](float v) { return v == 0; }))
      throw ValueError(name_ +
                       ": the model's codes are points (all log variances are 0), expected a posterior");
    Posteriors q{metric::Matrix<double>(indices.size(), latents_),
                 metric::Matrix<double>(indices.size(), latents_)};
    for (std::size_t i = 0; i < mean.size(); ++i) {
      q.means.values[i] = static_cast<double>(mean[i]);
      q.deviations.values[i] = std::exp(0.5 * static_cast<double>(log_variance[i]));
    }
    return q;
  }

  /// Labels of images, (indices, factors).
  metric::Matrix<int> labels(std::span<std::size_t const> indices) const {
    metric::Matrix<int> result(indices.size(), factors_.size());
    labels_(indices, result.values);
    return result;
  }

  /// Up to n different images that have all labels, in a random order that depends on the seed and `use`
  /// alone; 0: all.
  std::vector<std::size_t> labelled_images(std::size_t n, Seed seed, std::string_view use) const {
    Permutation const order(Philox{seed.value, stream(use), 0}, size_);
    std::vector<std::size_t> found, piece_of_order;
    std::size_t const wanted = n == 0 ? size_ : n;
    for (std::size_t i = 0; i < size_ && found.size() < wanted; i += piece_of_order.size()) {
      piece_of_order.resize(std::min(piece, size_ - i));
      for (std::size_t j = 0; j < piece_of_order.size(); ++j)
        piece_of_order[j] = static_cast<std::size_t>(order(i + j));
      metric::Matrix<int> const values = labels(piece_of_order);
      for (std::size_t j = 0; j < piece_of_order.size() && found.size() < wanted; ++j) {
        auto const row = values.view().row(j);
        if (std::all_of(row.begin(), row.end(), [](int label) { return label >= 0; }))
          found.push_back(piece_of_order[j]);
      }
    }
    if (found.empty()) throw ValueError(name_ + ": no image has all labels, so there is nothing to score");
    return found;
  }

  /// Draws from all combinations of the factors, as disentanglement_lib does. The data set must be a grid.
  auto grid_source() {
    auto const encode = [this](MatrixView<int const> values, MatrixView<double> out) {
      std::vector<std::size_t> indices(values.rows);
      for (std::size_t i = 0; i < values.rows; ++i) indices[i] = index_(values.row(i));
      codes(indices, out);
    };
    return metric::FunctionSource(factors_, latents_, encode);
  }

  /// Draws among given images.
  auto row_source(std::vector<std::size_t> images) {
    metric::Matrix<int> const values = labels(images);
    std::vector<std::string> names;
    for (Factor const& factor : factors_) names.push_back(factor.name);
    auto encode = [this, images = std::move(images)](std::span<std::size_t const> rows,
                                                     MatrixView<double> out) {
      std::vector<std::size_t> indices(rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i) indices[i] = images[rows[i]];
      codes(indices, out);
    };
    return metric::LabelledSource(values.view(), std::move(names), latents_, std::move(encode));
  }

 private:
  std::vector<std::size_t> mixed(std::span<std::size_t const> indices) const {
    std::vector<std::size_t> result(indices.begin(), indices.end());
    if (mixed_) {
      for (std::size_t& i : result) i = static_cast<std::size_t>((*mixed_)(i));
    }
    return result;
  }

  static constexpr std::size_t piece = 256;

  std::string name_;
  std::size_t size_;
  std::size_t latents_;
  std::vector<Factor> factors_;
  std::function<void(std::span<std::size_t const>, std::span<float>, std::span<float>)> encode_;
  std::function<void(std::span<std::size_t const>, std::span<int>)> labels_;
  std::function<std::size_t(std::span<int const>)> index_;
  std::vector<float> codes_;
  std::vector<bool> known_;
  std::size_t encoded_ = 0;
  std::optional<Permutation> mixed_{};
};

}  // namespace disentangle
