// SPDX-License-Identifier: Apache-2.0
// A data set together with the augmentation that minibatches of it get.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/augmented_shape.hpp>
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
[[nodiscard]] auto own_augmentation(Data const& data) {
  if constexpr (augmented_data<Data>) {
    return data.augmentation();
  } else {
    return NoAugmentation{};
  }
}

/// A data set with an augmentation beside it. What trains on minibatches draws its images through
/// augmentation(); scores and pictures see each image as the augmentation's test_transform leaves it: as it
/// is, but for Normalise, and whole at the size that RandomResizedCropTo makes. So images() and minibatches
/// have one shape. It goes outermost: a subset() of it is one of its images alone. Make one with augmented().
template <data_set Data, augmentation_of<typename Data::image_shape_type> Augmentation>
class Augmented {
  using Whole = typename Data::image_shape_type;

 public:
  using image_shape_type = augmented_shape_t<Augmentation, Whole>;

  Augmented(Data data, Augmentation augmentation)
      : data_(std::move(data)), augmentation_(std::move(augmentation)) {
    if constexpr (requires { augmentation_.check(Whole{}); }) augmentation_.check(Whole{});
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
    if constexpr (changes_shape<Augmentation, Whole>) {
      constexpr std::size_t most = 64;
      std::vector<float> whole(std::min(most, indices.size()) * Whole::size);
      check_request("augmented", "images", indices, size(), out.size(), image_shape_type::size);
      for (std::size_t done = 0; done < indices.size(); done += most) {
        std::size_t const n = std::min(most, indices.size() - done);
        auto const some = std::span(whole).first(n * Whole::size);
        data_.images(indices.subspan(done, n), some);
        augmentation_.test_transform(Whole{}, std::span<float const>(some),
                                     out.subspan(done * image_shape_type::size, n * image_shape_type::size));
      }
    } else {
      data_.images(indices, out);
      if constexpr (requires { augmentation_.test_transform(Whole{}, out); })
        augmentation_.test_transform(Whole{}, out);
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const { data_.labels(indices, out); }

  Augmentation const& augmentation() const { return augmentation_; }
  /// The data set as it was: what the augmentation is applied to.
  Data const& unaugmented() const { return data_; }

 private:
  Data data_;
  Augmentation augmentation_;
};

/// The same data set with an augmentation for its minibatches: augmented(cifar10("cifar"),
/// augment::simclr_pipeline()). Throws what the augmentation's check() throws.
template <data_set Data, class Augmentation>
  requires augmentation_of<Augmentation, typename Data::image_shape_type>
[[nodiscard]] Augmented<Data, Augmentation> augmented(Data data, Augmentation augmentation) {
  return {std::move(data), std::move(augmentation)};
}

}  // namespace disentangle::data
