// SPDX-License-Identifier: Apache-2.0
// The residual encoder and decoder of RF-VAE for Teapots: weights of the authors' size, gradients of narrow
// ones.
#include <cmath>

#include <doctest/doctest.h>

#include <disentangle/decoder/teapots_resnet.hpp>
#include <disentangle/encoder/teapots_resnet.hpp>

#include "tests/support/check_network.hpp"

using namespace disentangle;
using test::check_network;

namespace {

template <class Network, class Input>
std::size_t weights() {
  Tape<backend::Cpu> tape{backend::Cpu(1)};
  nn::Parameters<backend::Cpu> parameters(tape, "model");
  typename Network::template On<backend::Cpu, Input> net;
  net.declare(parameters, "net", nn::Initialisation::he_normal);
  return parameters.count();
}

}  // namespace

static_assert(encoder_policy<encoder::TeapotsResNet<>> && decoder_policy<decoder::TeapotsResNet<>>);

TEST_CASE("as many weights as the layers of the authors' code have") {
  // in -> out: two BatchNorm, 3 x 3 without bias, 3 x 3 and 1 x 1 with
  auto const block = [](std::size_t in, std::size_t middle, std::size_t out) {
    return 2 * in + 2 * middle + 9 * in * middle + 9 * middle * out + out + in * out + out;
  };
  using Image = ImageShape<64, 64, 3>;
  CHECK(weights<encoder::TeapotsResNet<>::network<20>, Image>() ==
        27 * 64 + 64 + block(64, 64, 128) + block(128, 128, 256) + block(256, 256, 512) +
            block(512, 512, 512) + 8192 * 20 + 20);
  CHECK(weights<decoder::TeapotsResNet<>::network<Image>, FeatureShape<10>>() ==
        10 * 8192 + 3 * 8192 + block(512, 512, 512) - 2 * 512 + block(512, 256, 256) + block(256, 128, 128) +
            block(128, 64, 64) + 2 * 64 + 9 * 64 * 3 + 3);
}

TEST_CASE("gradients of the blocks, in training and inference") {
  auto const once = [](auto& net, auto x) { return net(x); };
  auto const inference = [](auto& net, auto x) { return net(x, {.training = false}); };
  auto const check = [](GradientReport const& report) { CHECK_MESSAGE(report.ok, report.text); };
  // as they stand in the networks below
  check(check_network<ImageShape<16, 16, 1>, nn::PreactivationDown<1, 2>>(3, once));
  check(check_network<ImageShape<16, 16, 1>, nn::PreactivationDown<1, 2>>(3, inference));
  check(check_network<ImageShape<1, 1, 8>, nn::PreactivationUp<8>,
                      nn::PreactivationUp<4, nn::BatchNorm, nn::Activate<nn::Relu>>>(3, once));
}

TEST_CASE("the gradient of a narrow encoder and decoder along a direction of all weights") {
  using Image = ImageShape<16, 16, 1>;
  auto const [derived, numerical] = test::along_a_direction<Image, encoder::TeapotsResNet<2, 1>::network<2>,
                                                            decoder::TeapotsResNet<1>::network<Image>>(
      3, [](auto& net, auto x) { return net(x); });
  CHECK(std::abs(derived) > 1);
  CHECK(derived == doctest::Approx(numerical).epsilon(3e-6));
}
