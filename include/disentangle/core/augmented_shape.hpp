// SPDX-License-Identifier: Apache-2.0
// The shape of the images that an augmentation makes: what data sources and augmentations agree on.
#pragma once

#include <concepts>

namespace disentangle {

namespace detail {
template <class Augmentation, class Shape>
struct AugmentedShape {
  using type = Shape;
};
template <class Augmentation, class Shape>
  requires requires { typename Augmentation::template output_shape<Shape>; }
struct AugmentedShape<Augmentation, Shape> {
  using type = typename Augmentation::template output_shape<Shape>;
};
}  // namespace detail

/// Augmentation::output_shape<Shape> where it says that (a crop of a size of its own does), else Shape.
template <class Augmentation, class Shape>
using augmented_shape_t = typename detail::AugmentedShape<Augmentation, Shape>::type;

/// An augmentation whose images have another shape than those that it takes: not made in place.
template <class Augmentation, class Shape>
concept changes_shape = !std::same_as<augmented_shape_t<Augmentation, Shape>, Shape>;

}  // namespace disentangle
