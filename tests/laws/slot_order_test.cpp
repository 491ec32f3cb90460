// SPDX-License-Identifier: Apache-2.0
// The order of a method's slots is that of the parts of its loss, and nothing else: parameters, their names
// and every random number are the same.
#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/reconstruction/gaussian.hpp>
#include <disentangle/regularizer/kl.hpp>

#include "tests/support/tiny.hpp"

#include <array>
#include <string>
#include <type_traits>
#include <vector>

using namespace test_support;

namespace {

using InOrder = TinyAdversarial;
using Reversed =
    dis::Method<dis::Adversary<TinyCritic>, dis::Optimizer<dis::optim::Adam>,
                dis::Regularizer<dis::regularizer::WeightedKl>,
                dis::Reconstruction<dis::reconstruction::Bernoulli>, dis::Prior<dis::prior::StandardNormal>,
                dis::Decoder<TinyDecoder>, dis::Encoder<TinyEncoder>>;

template <class M>
auto state_after_steps() {
  auto model = tiny_model(M{});
  Blocks const blocks;
  std::array<std::vector<float>, 2> images{std::vector<float>(8 * 64), std::vector<float>(8 * 64)};
  for (long s = 0; s < 4; ++s) {
    std::array<dis::Minibatch, 2> batches;
    for (std::size_t b = 0; b < 2; ++b) {
      std::array<std::size_t, 8> indices{};
      for (std::size_t i = 0; i < 8; ++i)
        indices[i] = (static_cast<std::size_t>(s) * 5 + b * 11 + i * 3) % 32;
      blocks.images(indices, images[b]);
      batches[b] = {.images = images[b], .labels = {}, .size = 8, .data_size = 32, .indices = {}};
    }
    model.step(batches);
  }
  return state_of(model);
}

}  // namespace

TEST_CASE("a method trains the same whatever the order of its slots") {
  CHECK(state_after_steps<InOrder>() == state_after_steps<Reversed>());
}

TEST_CASE("With leaves the parts of the loss in their order") {
  using Kl = dis::Regularizer<dis::regularizer::Kl>;
  using Changed = dis::With<TinyAdversarial, Kl, dis::Reconstruction<dis::reconstruction::Gaussian>>;
  using Names = std::vector<std::string>;
  CHECK(decltype(tiny_model(InOrder{}))::part_names() == Names{"Bernoulli", "WeightedKl", "TinyCritic"});
  CHECK(decltype(tiny_model(Changed{}))::part_names() == Names{"Gaussian", "Kl", "TinyCritic"});
}
