// SPDX-License-Identifier: Apache-2.0
// MixUp on one view: what is mixed, what the targets are, the loss and the penalty in limits where they are
// known, training with partitions.
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/train/epoch_view.hpp>
#include <disentangle/train/partitions.hpp>

#include <tests/support/small_contrastive.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>

namespace dis = disentangle;
using namespace dis;
using namespace dis::test;
using Double = backend::BasicCpu<double>;

TEST_CASE("every image is mixed with one other, and its target says with how much of it") {
  Tape<Double> tape{Double(1)};
  std::vector<double> ones(6 * 6);
  for (std::size_t i = 0; i < 6; ++i) ones[7 * i] = 1;  // image i is unit vector i: a mixture shows its parts
  auto const mixed = contrast::detail::mix_up(tape.constant(Extents<2>{6, 6}, ones.data()), Philox{1, 2, 3});
  double mean_share = 0;
  for (std::size_t i = 0; i < 6; ++i) mean_share += mixed.images.value[7 * i] / 6;
  CHECK(mean_share < 1);
  std::vector<double> columns(6, 0);
  bool moved = false;
  for (std::size_t i = 0; i < 6; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < 6; ++j) {
      double const part = mixed.images.value[6 * i + j], target = mixed.target.value[6 * i + j];
      sum += part;
      columns[j] += target;
      CHECK((part > 0) == (target > 0));
      if (i != j && part > 0) {
        moved = true;
        CHECK(part < 0.5);  // the first always has the larger share
      }
    }
    CHECK(sum == doctest::Approx(1));
  }
  for (double const c : columns) CHECK(c == doctest::Approx(1));  // each is somebody's partner
  CHECK(moved);
}

TEST_CASE("with unmixed targets loss and penalty are those of cross-entropy on the diagonal") {
  Tape<Double> tape{Double(1)};
  std::vector<double> logits(16), target(16);
  for (std::size_t i = 0; i < 16; ++i) logits[i] = std::sin(3.0 * static_cast<double>(i) + 1);
  for (std::size_t i = 0; i < 4; ++i) target[5 * i] = 1;
  auto const z = tape.constant(Extents<2>{4, 4}, logits.data()),
             y = tape.constant(Extents<2>{4, 4}, target.data());
  // one row after the other, as the formulas read
  double loss = 0, scalar = 0;
  std::array<double, 4> g{};
  for (std::size_t i = 0; i < 4; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < 4; ++j) sum += std::exp(logits[4 * i + j]);
    loss += (std::log(sum) - logits[5 * i]) / 4;
    for (std::size_t j = 0; j < 4; ++j)
      g[j] += (std::exp(logits[4 * i + j]) / sum - (i == j)) * logits[4 * i + j] / 4;
  }
  for (double const part : g) scalar += part;
  double vector = 0;
  for (double const part : g) vector += part * part;
  CHECK(*materialise(contrast::detail::mixed_loss(z, y)).value == doctest::Approx(loss).epsilon(1e-12));
  CHECK(*contrast::detail::mixed_penalty(z, y, contrast::Dummy::vector).value ==
        doctest::Approx(vector).epsilon(1e-12));
  CHECK(*contrast::detail::mixed_penalty(z, y, contrast::Dummy::scalar).value ==
        doctest::Approx(scalar * scalar).epsilon(1e-12));
}

TEST_CASE("a model trains with and without partitions, and the penalty weighs") {
  Bars const first(12, 0), second(12, 7);
  std::vector<std::size_t> indices(12);
  for (std::size_t i = 0; i < 12; ++i) indices[i] = i;
  std::array<Minibatch, 2> both{first.batch(), second.batch()};
  for (auto& batch : both) batch.indices = indices;
  auto const loss = [&](double penalty, int partitions) {
    SmallOnlineMixUp method;
    method.get<Role::contrast>().penalty = penalty;
    Model model{method, backend::Cpu{1}, SmallImage{}, seed(0)};
    model.for_each_record([&]<class T>(std::string const& name, std::vector<T>& values) {
      if (name != "partition.subsets") values.assign(static_cast<std::size_t>(partitions), T(0));
      if (name != "partition.subsets") return;
      for (int i = 0; i < 12 * partitions; ++i) values.push_back(T(i % (2 + i / 12) == 0));
    });
    std::array<double, 2> found{model.step(both).loss, 0};
    for (int i = 0; i < 30; ++i) found[1] = model.step(both).loss;
    return found;
  };
  auto const none = loss(0.2, 0), with = loss(0.2, 2), unpunished = loss(0, 2);
  CHECK(none[1] < none[0]);
  CHECK(with[1] < with[0]);
  CHECK(unpunished[0] > none[0]);
  CHECK(with[0] > unpunished[0]);
}

TEST_CASE(
    "a search on mixtures sees every view of every image anew in each epoch, and both images of a mixture") {
  Bars const images(12, 0);
  SmallOnlineMixUp method;
  method.get<Role::contrast>().search.batch = 6;
  method.get<Role::contrast>().search.epochs = 3;
  Model model{method, backend::Cpu{1}, SmallImage{}, seed(0)};
  std::vector<int> seen(6, 0);
  EpochImages const data{12, [&](int v, std::span<std::size_t const> indices, std::span<float> out) {
                           REQUIRE(v < 6);
                           seen[static_cast<std::size_t>(v)] += static_cast<int>(indices.size());
                           for (std::size_t i = 0; i < indices.size(); ++i)
                             std::copy_n(images.images.data() + indices[i] * SmallImage::size,
                                         SmallImage::size, out.data() + i * SmallImage::size);
                         }};
  model.before_epoch(0, data);
  CHECK(seen == std::vector<int>{24, 12, 24, 12, 24, 12});
  auto const found = partitions(model);
  REQUIRE(found.size() == 1);
  CHECK(found[0].subsets.size() == 12);
  CHECK(std::isfinite(found[0].risk));
  Model again{method, backend::Cpu{1}, SmallImage{}, seed(0)};
  again.before_epoch(0, data);
  CHECK(partitions(again)[0].subsets == found[0].subsets);
}
