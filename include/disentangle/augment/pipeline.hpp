// SPDX-License-Identifier: Apache-2.0
// Augmentation policies one after the other.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include <disentangle/augment/policy.hpp>
#include <disentangle/core/augmented_shape.hpp>
#include <disentangle/core/describe.hpp>

namespace disentangle::augment {

namespace detail {
template <class Shape, class... Policies>
struct PipelineShape {
  using type = Shape;
};
template <class Shape, class First, class... Others>
struct PipelineShape<Shape, First, Others...> {
  using type = augmented_shape_t<First, Shape>;
};
}  // namespace detail

/// Applies policies in their order; itself one. Each draws from a stream of its own, by its position.
///
///     dis::augment::Pipeline const crops{dis::augment::RandomResizedCrop{.scale = {0.5, 1}},
///                                        dis::augment::HorizontalFlip{}};
///     auto const data = dis::data::augmented(images, crops);
///
/// The first of them may change the images' shape (RandomResizedCropTo). What an image becomes is a function
/// of the seed, the image's index, the epoch and the view. Nothing is allocated per image: a policy works in
/// memory of its thread of the size of one image.
template <class... Policies>
class Pipeline {
 public:
  /// Of the images that it makes of images of a shape.
  template <class Shape>
  using output_shape = typename detail::PipelineShape<Shape, Policies...>::type;

  Pipeline() = default;
  explicit Pipeline(Policies... policies)
    requires(sizeof...(Policies) > 0)
      : policies_(std::move(policies)...) {}
  friend bool operator==(Pipeline const&, Pipeline const&) = default;

  /// The policy of a type that occurs once: pipeline.get<ColourJitter>().hue = 0.
  template <class Policy>
  Policy& get() {
    return std::get<Policy>(policies_);
  }
  template <class Policy>
  Policy const& get() const {
    return std::get<Policy>(policies_);
  }

  /// Calls visit(policy) for each in order.
  template <class Visit>
  void for_each_policy(Visit&& visit) const {
    std::apply([&](auto const&... policies) { (visit(policies), ...); }, policies_);
  }

  /// Throws ValueError for the first policy whose hyper-parameters are out of range.
  template <class Shape>
  void check(Shape shape) const {
    for_each_with_shape(shape, [](auto const& policy, auto at) {
      if constexpr (requires { policy.check(at); }) policy.check(at);
    });
  }

  /// In place, where no policy changes the shape.
  template <class Shape>
    requires(std::same_as<typename detail::PipelineShape<Shape, Policies...>::type, Shape>)
  void operator()(Philox random, Shape shape, std::size_t view, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    detail::for_each_image<Shape>(samples, images, [&](std::size_t const& sample, float* image) {
      // image by image, so that one stays in the cache through all policies
      std::uint32_t position = 0;
      for_each_policy([&](auto const& policy) {
        policy(stream_of(random, position++), shape, view, std::span<std::size_t const>(&sample, 1),
               std::span<float>(image, Shape::size));
      });
    });
  }

  /// From images of a shape to those of output_shape.
  template <class Shape>
    requires(!std::same_as<typename detail::PipelineShape<Shape, Policies...>::type, Shape>)
  void operator()(Philox random, Shape shape, std::size_t view, std::span<std::size_t const> samples,
                  std::span<float const> from, std::span<float> to) const {
    using Output = output_shape<Shape>;
    detail::require_images<Shape>(samples.size(), from.size());
    detail::for_each_image<Output>(samples, to, [&](std::size_t const& sample, float* image) {
      auto const index = static_cast<std::size_t>(image - to.data()) / Output::size;
      std::span<std::size_t const> const one(&sample, 1);
      std::span<float> const out(image, Output::size);
      std::uint32_t position = 0;
      for_each_with_shape(shape, [&](auto const& policy, auto at) {
        Philox const own = stream_of(random, position);
        if constexpr (std::same_as<decltype(at), Output>) {
          policy(own, at, view, one, out);
        } else {
          policy(own, at, view, one, from.subspan(index * Shape::size, Shape::size), out);
        }
        ++position;
      });
    });
  }

  /// What becomes of images that are scored or shown: the policies that say so (Normalise,
  /// RandomResizedCropTo) are applied, without their draws.
  template <class Shape>
    requires(std::same_as<typename detail::PipelineShape<Shape, Policies...>::type, Shape>)
  void test_transform(Shape shape, std::span<float> images) const {
    for_each_policy([&](auto const& policy) {
      if constexpr (requires { policy.test_transform(shape, images); }) policy.test_transform(shape, images);
    });
  }
  template <class Shape>
    requires(!std::same_as<typename detail::PipelineShape<Shape, Policies...>::type, Shape>)
  void test_transform(Shape shape, std::span<float const> from, std::span<float> to) const {
    for_each_with_shape(shape, [&](auto const& policy, auto at) {
      if constexpr (!std::same_as<decltype(at), output_shape<Shape>>) {
        policy.test_transform(at, from, to);
      } else if constexpr (requires { policy.test_transform(at, to); }) {
        policy.test_transform(at, to);
      }
    });
  }

 private:
  /// Calls visit(policy, shape of the images that it takes) for each in order.
  template <class Shape, class Visit>
  void for_each_with_shape(Shape shape, Visit&& visit) const {
    if constexpr (sizeof...(Policies) > 0) {
      [&]<std::size_t... I>(std::index_sequence<0, I...>) {
        static_assert(
            (!changes_shape<std::tuple_element_t<I, std::tuple<Policies...>>, output_shape<Shape>> && ...),
            "[disentangle] Pipeline: a policy that changes the images' shape (RandomResizedCropTo) stands "
            "first");
        visit(std::get<0>(policies_), shape);
        (visit(std::get<I>(policies_), output_shape<Shape>{}), ...);
      }(std::index_sequence_for<Policies...>{});
    }
  }

  [[nodiscard]] static Philox stream_of(Philox random, std::uint32_t position) {
    random.stream = random.stream * 0x01000193u + 0x9E3779B9u * (position + 1);
    return random;
  }

  std::tuple<Policies...> policies_;
};

/// One line per policy, "name {member = value, ...}".
template <class... Policies>
[[nodiscard]] std::string describe(Pipeline<Policies...> const& pipeline) {
  std::string text;
  pipeline.for_each_policy([&](auto const& policy) { text.append(describe_policy(policy)).append("\n"); });
  return text;
}

}  // namespace disentangle::augment
