// SPDX-License-Identifier: Apache-2.0
// A data set together with the augmentation that minibatches of it get.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/factor.hpp>
#include <disentangle/data/batch_source.hpp>
#include <disentangle/data/data_set.hpp>

namespace disentangle::data {

/// A data set that says how its minibatches are to be augmented: `d.augmentation()`.
template <class D>
concept augmented_data = data_set<D> && requires(D const& d) { d.augmentation(); };

/// The augmentation of a data set, or NoAugmentation where it has none: what a source of its minibatches
/// takes.
///
///     BatchSource source(data, {.views = 2}, own_augmentation(data));
template <data_set Data>
auto own_augmentation(Data const& data) {
  if constexpr (augmented_data<Data>) {
    return data.augmentation();
  } else {
    return NoAugmentation{};
  }
}

/// A data set with an augmentation beside it. Its images are those of the data set as they are, so scores and
/// pictures see them unchanged; what trains on minibatches draws them through augmentation(). It goes
/// outermost: a subset() of it is one of its images alone. Make one with augmented().
template <data_set Data, augmentation_of<typename Data::image_shape_type> Augmentation>
class Augmented {
 public:
  using image_shape_type = typename Data::image_shape_type;

  Augmented(Data data, Augmentation augmentation)
      : data_(std::move(data)), augmentation_(std::move(augmentation)) {
    if constexpr (requires { augmentation_.check(image_shape_type{}); }) {
      augmentation_.check(image_shape_type{});
    }
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return data_.name(); }
  std::size_t size() const { return data_.size(); }
  std::vector<Factor> const& factors() const { return data_.factors(); }
  std::size_t index(std::span<int const> values) const
    requires factor_grid<Data>
  {
    return data_.index(values);
  }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    data_.images(indices, out);
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const { data_.labels(indices, out); }

  Augmentation const& augmentation() const { return augmentation_; }

 private:
  Data data_;
  Augmentation augmentation_;
};

/// The same data set with an augmentation for its minibatches: augmented(cifar10("cifar"),
/// augment::simclr_pipeline()). Throws what the augmentation's check() throws.
template <data_set Data, class Augmentation>
  requires augmentation_of<Augmentation, typename Data::image_shape_type>
Augmented<Data, Augmentation> augmented(Data data, Augmentation augmentation) {
  return {std::move(data), std::move(augmentation)};
}

}  // namespace disentangle::data
