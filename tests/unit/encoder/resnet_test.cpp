// SPDX-License-Identifier: Apache-2.0
// ResNet-18, ResNet-50 and SmallConv: weights and shapes of the published sizes, where a head stands,
// gradients of narrow ones in training and inference, two views, no heap allocation.
#include <cmath>
#include <cstdlib>
#include <type_traits>

#include <doctest/doctest.h>

#include <disentangle/encoder/resnet.hpp>
#include <disentangle/encoder/small_conv.hpp>

#include "tests/support/check_network.hpp"
#include "tests/support/count_allocations.hpp"

using namespace disentangle;
using encoder::ResNet18, encoder::ResNet50, encoder::SmallConv;
using test::LoneNetwork;
namespace stem = encoder::stem;
using Double = backend::BasicCpu<double>;

namespace {

template <class Policy, int Outputs, class Image>
using On = typename Policy::template network<Outputs>::template On<backend::Cpu, Image>;

template <class Policy, int Outputs, class Image>
std::size_t weights() {
  Tape<backend::Cpu> tape{backend::Cpu(1)};
  nn::Parameters<backend::Cpu> parameters(tape, "model");
  On<Policy, Outputs, Image> net;
  net.declare(parameters, "encoder", Policy{}.initialisation);
  return parameters.count();
}

}  // namespace

static_assert(encoder_policy<ResNet18<>> && encoder_policy<ResNet50<stem::ImageNet>> &&
              encoder_policy<SmallConv<>>);
static_assert(ResNet18<>::latent_size == 512 && ResNet50<>::latent_size == 2048);
static_assert(ResNet18<stem::Cifar, 64, 10>::latent_size == 10 &&
              ResNet18<stem::Cifar, 64, 10>::features == 512);

TEST_CASE("as many weights as torchvision's networks without their classifier") {
  using Cifar = ImageShape<32, 32, 3>;
  using Large = ImageShape<224, 224, 3>;
  CHECK(weights<ResNet18<>, 512, Cifar>() == 11168832);
  CHECK(weights<ResNet50<>, 2048, Cifar>() == 23500352);
  CHECK(weights<ResNet18<stem::ImageNet>, 512, Large>() == 11176512);
  CHECK(weights<ResNet50<stem::ImageNet>, 2048, Large>() == 23508032);
}

TEST_CASE("a head stands where the outputs are not the features") {
  using Image = ImageShape<8, 8, 1>;
  using Narrow = ResNet18<stem::Cifar, 1>;
  std::size_t const trunk = weights<Narrow, 8, Image>();
  CHECK(weights<Narrow, 16, Image>() == trunk + 8 * 16 + 16);  // a posterior of 8 latents
  // 4 latents read 8 numbers from a posterior, as many as there are features: a head all the same
  CHECK(weights<ResNet18<stem::Cifar, 1, 4>, 8, Image>() == trunk + 8 * 8 + 8);
  static_assert(std::is_same_v<On<Narrow, 8, Image>::output_shape, FeatureShape<8>>);
  static_assert(std::is_same_v<On<ResNet50<>, 20, Image>::output_shape, FeatureShape<20>>);
  static_assert(std::is_same_v<On<SmallConv<64>, 64, ImageShape<28, 28, 1>>::output_shape, FeatureShape<64>>);
  CHECK(weights<SmallConv<64, 10>, 20, Image>() == weights<SmallConv<64>, 64, Image>() + 64 * 20 + 20);
}

TEST_CASE("the gradient of a narrow ResNet-18 along a direction of all weights") {
  using Net = ResNet18<stem::Cifar, 1>::network<8>;
  auto const check = [](test::DirectionalDerivative const& d) {
    CHECK(std::abs(d.derived) > 0.1);
    CHECK(d.derived == doctest::Approx(d.numerical).epsilon(3e-6));
  };
  using Image = ImageShape<8, 8, 1>;
  // two views in a step, each with batch statistics of its own
  check(test::along_a_direction<Image, Net>(
      3, [](auto& net, auto x) { return net(x) * exp(0.2 * net(0.7 * x)); }));
  check(
      test::along_a_direction<Image, Net>(3, [](auto& net, auto x) { return net(x, {.training = false}); }));
}

TEST_CASE("a step allocates nothing after the first") {
  LoneNetwork<Double, ImageShape<8, 8, 1>, ResNet18<stem::Cifar, 1>::network<8>> n;
  double before = 0;
  for (int step = 0; step < 4; ++step) {
    std::size_t const so_far = disentangle::test::allocations();
    n.tape.reset();
    n.parameters.begin_step();
    auto const x = n.tape.variable(Extents<2>{3, 64}, true);
    for (int i = 0; i < 3 * 64; ++i) x.value[i] = 0.01 * (i * 37 % 65) - 0.3;
    auto const loss = sum(square(n.net(x)));
    n.tape.backend().fill(loss.gradient, 1, 1.0);
    n.tape.backward();
    if (step >= 2) CHECK(disentangle::test::allocations() == so_far);
    if (step > 0) CHECK(loss.value[0] == before);  // the same images, weights and batch statistics
    before = loss.value[0];
  }
}
