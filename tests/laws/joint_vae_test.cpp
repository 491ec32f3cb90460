// SPDX-License-Identifier: Apache-2.0
// JointVAE: the class goes to its capacity, steps allocate nothing, and what makes it separate kinds of
// images.
#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/method/joint_vae.hpp>
#include <disentangle/regularizer/aggregate_class_kl.hpp>
#include <disentangle/train/model.hpp>

#include "tests/support/count_allocations.hpp"
#include "tests/support/tiny.hpp"

using namespace disentangle;

namespace {

/// Two continuous latents and a class of two values.
struct FourLatents : test_support::TinyEncoder {
  static constexpr int latent_size = 4;
};
using SmallJointVae =
    With<method::JointVaeOf<2, 2>, Encoder<FourLatents>, Decoder<test_support::TinyDecoder>>;

/// 8 x 8 images: the left or the right half bright, in one of eight brightnesses.
std::vector<float> halves(std::size_t n, std::size_t first) {
  std::vector<float> images(n * 64, 0.0f);
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t const number = first + i;
    for (std::size_t p = 0; p < 64; ++p) {
      if ((p % 8 < 4) == (number % 2 == 0))
        images[i * 64 + p] = 0.3f + 0.1f * static_cast<float>(number / 2 % 8);
    }
  }
  return images;
}

}  // namespace

TEST_CASE("the class goes to its ceiling, log 2, and a step allocates nothing") {
  SmallJointVae method;
  method.get<regularizer::OnZ<regularizer::Capacity>>().term = {30, 0, 1, 100};
  method.get<regularizer::ClassCapacity>().ramp = {30, 0, 5, 100};
  method.get<optim::Adam>().learning_rate = 5e-3;
  Model model{method, backend::Cpu{1}, ImageShape<8, 8, 1>{}, seed(1)};
  auto const images = halves(16, 0);
  Minibatch const batch{images, {}, 16, 16};
  for (int i = 0; i < 300; ++i) model.step(batch);
  std::size_t const before = test::allocations();
  auto const report = model.step(batch);
  CHECK(test::allocations() == before);
  CHECK(report.kl[2] + report.kl[3] == doctest::Approx(std::log(2.0)).epsilon(0.02));
  CHECK(report.parts[2] < 0.5);  // gamma |KL - C| of the class

  std::vector<float> q(32), codes(64);
  model.classify(images, q);
  model.encode(images, codes, {});
  for (std::size_t i = 0; i < 16; ++i) {  // the code holds q(c|x) behind z
    CHECK(codes[4 * i + 2] == doctest::Approx(q[2 * i]));
    CHECK(codes[4 * i + 3] == doctest::Approx(q[2 * i + 1]));
  }
}

TEST_CASE("with the KL of the mean class beside it, two kinds of images get two classes without a label") {
  // Without that term all images in one class satisfy the capacity as well; this seed ended there.
  Plus<SmallJointVae, Regularizer<regularizer::AggregateClassKl>> method;
  method.get<regularizer::AggregateClassKl>().weight = 100;
  method.get<regularizer::OnZ<regularizer::Capacity>>().term = {30, 0, 1, 100};
  method.get<regularizer::ClassCapacity>().ramp = {30, 0, 5, 100};
  method.get<optim::Adam>().learning_rate = 5e-3;
  Model model{method, backend::Cpu{1}, ImageShape<8, 8, 1>{}, seed(1)};
  auto const images = halves(16, 0);
  for (int i = 0; i < 400; ++i) model.step(Minibatch{images, {}, 16, 16});
  auto const usage = model.measures();
  REQUIRE(usage.size() == 2);
  CHECK(usage[0] + usage[1] == doctest::Approx(1).epsilon(1e-5));
  CHECK(std::min(usage[0], usage[1]) > 0.4);
  std::vector<float> q(32);
  model.classify(images, q);
  auto const class_of = [&](std::size_t i) { return q[2 * i] > q[2 * i + 1] ? 0 : 1; };
  int right = 0;
  for (std::size_t i = 0; i < 16; ++i) right += class_of(i) == class_of(i % 2) ? 1 : 0;
  CHECK(class_of(0) != class_of(1));
  CHECK(right >= 14);
}

TEST_CASE("the bare types are the author's settings") {
  using regularizer::Capacity;
  method::JointVae const digits;
  CHECK(digits.get<regularizer::OnZ<Capacity>>().term == Capacity{30, 0, 5, 25'000});
  CHECK(digits.get<regularizer::ClassCapacity>().ramp == Capacity{30, 0, 5, 25'000});
  CHECK(digits.get<optim::Adam>().learning_rate == 5e-4);
  CHECK(digits == method::joint_vae_mnist());
  method::JointVaeOf<6, 3> const shapes;
  CHECK(shapes.get<regularizer::OnZ<Capacity>>().term == Capacity{150, 0, 40, 300'000});
  CHECK(shapes.get<regularizer::ClassCapacity>().ramp == Capacity{150, 0, 1.1, 300'000});
  method::JointVaeOf<32, 10> const faces;
  CHECK(faces.get<regularizer::OnZ<Capacity>>().term == Capacity{100, 0, 50, 100'000});
  CHECK(method::JointVaeOf<3, 7>{}.get<regularizer::OnZ<Capacity>>() ==
        digits.get<regularizer::OnZ<Capacity>>());
}
