// SPDX-License-Identifier: Apache-2.0
// Tests of data/coloured.hpp and data/padded.hpp.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <disentangle/data/arrays.hpp>
#include <disentangle/data/coloured.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/data/padded.hpp>

#include "tests/support/count_allocations.hpp"

namespace dis = disentangle;
using Small = dis::ImageShape<2, 3, 1>;
using Digits = dis::data::Arrays<Small>;
static_assert(dis::data::data_set<dis::data::Coloured<Digits>>);
static_assert(dis::data::data_set<dis::data::IrmColoured<Digits>>);
static_assert(dis::data::data_set<dis::data::Padded<dis::ImageShape<4, 4, 1>, Digits>>);
static_assert(!dis::data::factor_grid<dis::data::Padded<dis::ImageShape<4, 4, 1>, Digits>>);
static_assert(dis::data::factor_grid<dis::data::Padded<dis::ImageShape<80, 64, 1>, dis::data::Dsprites>>);
static_assert(!dis::data::factor_grid<dis::data::Coloured<dis::data::Dsprites>>,
              "not every shape has every colour");

namespace {

/// n images of digits 0 .. 9 in turn, pixels between 0 and 1.
Digits digits(std::size_t n) {
  std::vector<float> pixels(n * 6);
  std::vector<int> labels(n);
  for (std::size_t p = 0; p < pixels.size(); ++p) pixels[p] = static_cast<float>(p % 97) / 97;
  for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<int>(i % 10);
  return dis::data::arrays<Small>(pixels, labels, {{"digit", 10}}, "digits");
}
std::vector<std::size_t> all(std::size_t n) {
  std::vector<std::size_t> indices(n);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return indices;
}
template <class D>
std::vector<int> labels_of(D const& data) {
  std::vector<int> labels(data.size() * data.factors().size());
  data.labels(all(data.size()), labels);
  return labels;
}

}  // namespace

TEST_CASE("coloured: grey times the colour of the label, fair and independent of the digit") {
  std::size_t const n = 20'000;
  auto const grey = digits(n);
  auto const data = dis::data::coloured(grey, dis::seed(3));
  CHECK(data.factors() == std::vector<dis::Factor>{{"digit", 10}, {"colour", 2}});
  CHECK(data.name() == "coloured digits");
  auto const labels = labels_of(data);
  std::vector<float> found(n * 18), expected(n * 6);
  data.images(all(n), found);
  grey.images(all(n), expected);
  std::array<std::array<int, 2>, 10> count{};
  bool right = true;
  for (std::size_t i = 0; i < n; ++i) {
    auto const colour = static_cast<std::size_t>(labels[2 * i + 1]);
    ++count[static_cast<std::size_t>(labels[2 * i])][colour];
    for (std::size_t p = 0; p < 6; ++p) {
      for (std::size_t c = 0; c < 3; ++c) {
        right = right && found[(i * 6 + p) * 3 + c] == (c == colour ? expected[i * 6 + p] : 0.0f);
      }
    }
  }
  CHECK(right);
  for (auto const& of_digit : count)
    CHECK(std::abs(of_digit[0] - 1000) < 4.5 * std::sqrt(500.0));  // of 2,000 throws
  CHECK(labels_of(dis::data::coloured(grey, dis::seed(3))) == labels);
  CHECK(labels_of(dis::data::coloured(grey, dis::seed(4))) != labels);
}

TEST_CASE("coloured: by index alone, from several threads, without the heap") {
  auto const data = dis::data::coloured(digits(500), dis::seed(3), {{1, 1, 0}, {0, 0.5f, 1}, {1, 1, 1}});
  std::vector<std::size_t> const some{499, 3, 3, 77};
  std::vector<float> whole(500 * 18), part(4 * 18);
  std::vector<int> labels(8);
  data.images(all(500), whole);
  std::size_t const before = dis::test::allocations();
  data.images(some, part);
  data.labels(some, labels);
  CHECK(dis::test::allocations() == before);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(std::equal(part.begin() + static_cast<std::ptrdiff_t>(18 * i),
                     part.begin() + static_cast<std::ptrdiff_t>(18 * i + 18),
                     whole.begin() + static_cast<std::ptrdiff_t>(18 * some[i])));
  }
  std::vector<std::vector<float>> found(3, std::vector<float>(whole.size()));
  std::vector<std::thread> threads;
  for (auto& out : found) threads.emplace_back([&] { data.images(all(500), out); });
  for (auto& thread : threads) thread.join();
  for (auto const& out : found) CHECK(out == whole);
}

TEST_CASE("irm_coloured: a noisy label, and a colour that goes with it") {
  std::size_t const n = 20'000;
  for (double const flip : {0.1, 0.9}) {
    auto const data = dis::data::irm_coloured(digits(n), {.colour_flip = flip}, dis::seed(1));
    CHECK(data.factors() == std::vector<dis::Factor>{{"label", 2}, {"colour", 2}, {"digit", 10}});
    auto const labels = labels_of(data);
    std::vector<float> image(18);
    double wrong = 0, flipped = 0;
    for (std::size_t i = 0; i < n; ++i) {
      wrong += labels[3 * i] != (labels[3 * i + 2] < 5 ? 1 : 0);
      flipped += labels[3 * i] != labels[3 * i + 1];
    }
    CHECK(wrong / n == doctest::Approx(0.25).epsilon(0.05));
    CHECK(flipped / n == doctest::Approx(flip).epsilon(0.08));
    std::size_t const last = n - 1;
    data.images({&last, 1}, image);
    auto const colour = static_cast<std::size_t>(labels[3 * last + 1]);
    CHECK(image[15 + colour] > 0);
    CHECK(image[16 - colour] == 0);
  }
}

TEST_CASE("coloured: mistakes are named") {
  auto const grey = digits(10);
  CHECK_THROWS_WITH_AS(dis::data::coloured(grey, dis::seed(0), {}),
                       "coloured digits: found no colours, expected at least one", dis::ValueError);
  CHECK_THROWS_AS(dis::data::coloured(grey, dis::seed(0), {{1, 2, 0}}), dis::ValueError);
  CHECK_THROWS_AS(dis::data::irm_coloured(grey, {.colour_flip = 1.5}, dis::seed(0)), dis::ValueError);
  CHECK_THROWS_WITH_AS(dis::data::irm_coloured(grey, {}, dis::seed(0), "letter"),
                       "digits: found no factor 'letter', expected one of digit", dis::ValueError);
  auto const unlabelled = dis::data::keep_labels(grey, "digit", std::array<std::size_t, 1>{0});
  auto const data = dis::data::irm_coloured(unlabelled, {}, dis::seed(0));
  std::vector<float> image(18);
  CHECK_NOTHROW(data.images(std::array<std::size_t, 1>{0}, image));
  CHECK_THROWS_WITH_AS(data.images(std::array<std::size_t, 1>{1}, image),
                       "irm_coloured digits: image 1 has no label of 'digit', which its colour depends on",
                       dis::ValueError);
  CHECK_THROWS_AS(data.images(std::array<std::size_t, 1>{10}, image), dis::ValueError);
}

TEST_CASE("padded: in the middle of black") {
  auto const grey = digits(50);
  auto const data = dis::data::padded<dis::ImageShape<5, 6, 1>>(grey);
  std::vector<float> found(50 * 30, -1.0f), expected(50 * 6);
  std::size_t const before = dis::test::allocations();
  data.images(std::vector<std::size_t>{}, std::span(found).first(0));
  CHECK(dis::test::allocations() == before);
  data.images(all(50), found);
  grey.images(all(50), expected);
  bool right = true;
  for (std::size_t i = 0; i < 50; ++i) {
    for (std::size_t y = 0; y < 5; ++y) {
      for (std::size_t x = 0; x < 6; ++x) {
        bool const inside = y >= 1 && y < 3 && x >= 1 && x < 4;
        float const wanted = inside ? expected[i * 6 + (y - 1) * 3 + x - 1] : 0.0f;
        right = right && found[i * 30 + y * 6 + x] == wanted;
      }
    }
  }
  CHECK(right);
  CHECK(labels_of(data) == labels_of(grey));
  auto const same = dis::data::padded<Small>(grey);
  std::vector<float> unchanged(50 * 6);
  same.images(all(50), unchanged);
  CHECK(unchanged == expected);
}
