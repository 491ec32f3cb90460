// SPDX-License-Identifier: Apache-2.0
// Augmentation policies one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include <disentangle/augment/policy.hpp>
#include <disentangle/core/describe.hpp>

namespace disentangle::augment {

/// Applies policies in their order; itself one. Each draws from a stream of its own, by its position.
///
///     dis::augment::Pipeline const crops{dis::augment::RandomResizedCrop{.scale = {0.5, 1}},
///                                        dis::augment::HorizontalFlip{}};
///     auto const data = dis::data::augmented(images, crops);
///
/// What an image becomes is a function of the seed, the image's index, the epoch and the view. Nothing is
/// allocated per image: a policy works in memory of its thread of the size of one image.
template <class... Policies>
class Pipeline {
 public:
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
    for_each_policy([&](auto const& policy) {
      if constexpr (requires { policy.check(shape); }) policy.check(shape);
    });
  }

  template <class Shape>
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

 private:
  static Philox stream_of(Philox random, std::uint32_t position) {
    random.stream = random.stream * 0x01000193u + 0x9E3779B9u * (position + 1);
    return random;
  }

  std::tuple<Policies...> policies_;
};

/// One line per policy, "name {member = value, ...}".
template <class... Policies>
std::string describe(Pipeline<Policies...> const& pipeline) {
  std::string text;
  pipeline.for_each_policy([&](auto const& policy) { text.append(describe_policy(policy)).append("\n"); });
  return text;
}

}  // namespace disentangle::augment
