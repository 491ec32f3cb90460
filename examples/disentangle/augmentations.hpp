// SPDX-License-Identifier: Apache-2.0
// Augmentations by the words of --augment, chosen at run time.
#pragma once

#include <disentangle/augment/colour_jitter.hpp>
#include <disentangle/augment/gaussian_blur.hpp>
#include <disentangle/augment/horizontal_flip.hpp>
#include <disentangle/augment/random_grayscale.hpp>
#include <disentangle/augment/random_resized_crop.hpp>
#include <disentangle/augment/rotation.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>

/// "crop,flip,colours,grey,blur,turn" or a part of it, or "none": each policy with its defaults, in this
/// order.
class ChosenAugmentation {
 public:
  static constexpr std::array<char const*, 6> names{"crop", "turn", "flip", "colours", "grey", "blur"};

  /// Throws UsageError for a word that is none of the names.
  explicit ChosenAugmentation(std::string const& words = "none");

  template <class Shape>
  void operator()(disentangle::Philox random, Shape shape, std::size_t view,
                  std::span<std::size_t const> samples, std::span<float> images) const {
    namespace a = disentangle::augment;
    std::uint32_t position = 0;
    auto const apply = [&](auto const& policy) {
      disentangle::Philox own = random;
      own.stream += 0x9E3779B9u * (position + 1);
      if (chosen_[position++]) policy(own, shape, view, samples, images);
    };
    apply(a::RandomResizedCrop{});
    apply(a::Rotation{});
    apply(a::HorizontalFlip{});
    apply(a::ColourJitter{});
    if constexpr (Shape::channels == 3) {
      apply(a::RandomGrayscale{});
    } else {
      ++position;
    }
    apply(a::GaussianBlur{});
  }

 private:
  std::array<bool, names.size()> chosen_{};
};

/// What a method that compares views gets where nothing was chosen: SimCLR's.
inline constexpr char const* views_augmentation = "crop,flip,colours,grey,blur";
