// SPDX-License-Identifier: Apache-2.0
// Tests of data/labelled.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <set>
#include <vector>

#include <disentangle/data/arrays.hpp>
#include <disentangle/data/labelled.hpp>

namespace dis = disentangle;
using Shape = dis::ImageShape<1, 1, 1>;
using Data = dis::data::Arrays<Shape>;
static_assert(dis::data::data_set<dis::data::PartlyLabelled<Data>>);
static_assert(dis::data::data_set<dis::data::WithFactors<Data>>);
static_assert(dis::data::data_set<dis::data::PartlyLabelled<dis::data::PartlyLabelled<Data>>>);

namespace {

/// 60 images with a digit (missing for every tenth) and a colour (missing for the first five).
Data made() {
  std::vector<int> labels;
  for (int i = 0; i < 60; ++i) {
    labels.push_back(i % 10 == 0 ? -1 : i % 3);
    labels.push_back(i < 5 ? -1 : i % 2);
  }
  return dis::data::arrays<Shape>(std::vector<float>(60), labels, {{"digit", 3}, {"colour", 2}}, "made");
}
Data digits() {
  std::vector<int> labels;
  for (int i = 0; i < 60; ++i) labels.push_back(i % 3);
  return dis::data::arrays<Shape>(std::vector<float>(60), labels, {{"digit", 3}}, "digits");
}
template <class D>
std::vector<int> labels_of(D const& data) {
  std::vector<std::size_t> indices(data.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  std::vector<int> labels(indices.size() * data.factors().size());
  data.labels(indices, labels);
  return labels;
}

}  // namespace

TEST_CASE("labelled: those that have a label, the first of them, some of them") {
  auto const data = made();
  CHECK(dis::data::labelled(data, "digit").size() == 54);
  CHECK(dis::data::labelled(data, "colour").size() == 55);
  CHECK(dis::data::first_labelled(data, 11, "digit").indices() ==
        std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12});
  CHECK(dis::data::first_labelled(digits(), 3).indices() == std::vector<std::size_t>{0, 1, 2});
  CHECK(dis::data::first_labelled(data, 0, "digit").size() == 0);
  auto const some = dis::data::random_labelled(data, 20, "digit", dis::seed(1)).indices();
  CHECK(std::set<std::size_t>(some.begin(), some.end()).size() == 20);
  CHECK(std::ranges::none_of(some, [](std::size_t i) { return i % 10 == 0; }));
  CHECK(dis::data::random_labelled(data, 20, "digit", dis::seed(1)).indices() == some);
  CHECK(dis::data::random_labelled(data, 20, "digit", dis::seed(2)).indices() != some);
}

TEST_CASE("stratified: equally many of each value, also in the beginning") {
  auto const data = made();
  auto const part = dis::data::stratified(data, 31, "digit", dis::seed(4));
  auto const labels = labels_of(part);
  std::array<int, 3> count{}, early{};
  for (std::size_t i = 0; i < 31; ++i) {
    ++count[static_cast<std::size_t>(labels[2 * i])];
    if (i < 15) ++early[static_cast<std::size_t>(labels[2 * i])];
  }
  std::ranges::sort(count);
  CHECK(count == std::array{10, 10, 11});
  CHECK(early == std::array{5, 5, 5});
  auto const& indices = part.indices();
  CHECK(std::set<std::size_t>(indices.begin(), indices.end()).size() == 31);
  CHECK(dis::data::stratified(data, 31, "digit", dis::seed(4)).indices() == indices);
  CHECK(dis::data::stratified(data, 31, "digit", dis::seed(5)).indices() != indices);
}

TEST_CASE("labelled: too few labels are refused with how many there are") {
  auto const data = made();
  CHECK_THROWS_WITH_AS(dis::data::first_labelled(data, 55, "digit"),
                       "first_labelled: 55 images with a label of 'digit' of made, which has 54",
                       dis::ValueError);
  CHECK_THROWS_AS(dis::data::random_labelled(data, 56, "colour", dis::seed(0)), dis::ValueError);
  CHECK_THROWS_WITH_AS(dis::data::stratified(digits(), 63, "digit", dis::seed(0)),
                       "stratified: 21 images of value 0 of 'digit' of digits, which has 20",
                       dis::ValueError);
  CHECK_THROWS_WITH_AS(dis::data::first_labelled(data, 3, "size"),
                       "made: found no factor 'size', expected one of digit, colour", dis::ValueError);
  CHECK_THROWS_WITH_AS(dis::data::first_labelled(data, 3),
                       "made: has 2 factors, expected the name of the one that is meant", dis::ValueError);
  auto const bare = dis::data::arrays<Shape>(std::vector<float>(3));
  CHECK_THROWS_AS(dis::data::labelled(bare, "digit"), dis::ValueError);
  CHECK_THROWS_AS(dis::data::labelled(bare), dis::ValueError);
  CHECK_THROWS_WITH_AS(dis::data::keep_labels(data, "digit", std::array<std::size_t, 1>{60}),
                       "keep_labels of made: entry 0 is image 60, expected 0 .. 60 - 1", dis::ValueError);
  CHECK_THROWS_AS(dis::data::keep_labels(bare, std::array<std::size_t, 1>{0}), dis::ValueError);
}

TEST_CASE("keep_labels: of one factor, of all, of each its own") {
  auto const data = made();
  std::array<std::size_t, 2> const kept{7, 11};
  auto const one = dis::data::keep_labels(data, "digit", kept);
  auto const whole = labels_of(data), found = labels_of(one);
  for (std::size_t i = 0; i < 60; ++i) {
    CHECK(found[2 * i] == (i == 7 || i == 11 ? whole[2 * i] : -1));
    CHECK(found[2 * i + 1] == whole[2 * i + 1]);
  }
  CHECK(dis::data::labelled(one, "digit").indices() == std::vector<std::size_t>{7, 11});
  auto const all = dis::data::keep_labels(data, kept);
  CHECK(std::ranges::count_if(labels_of(all), [](int label) { return label >= 0; }) == 4);
  auto const both = dis::data::keep_labels(one, "colour", std::array<std::size_t, 1>{8});
  CHECK(std::ranges::count_if(labels_of(both), [](int label) { return label >= 0; }) == 3);
  CHECK(one.size() == 60);
  CHECK(one.factors() == data.factors());
  std::vector<float> image(1);
  std::vector<int> row(2);
  std::size_t const beyond = 60;
  CHECK_THROWS_AS(one.labels({&beyond, 1}, row), dis::ValueError);
  CHECK_THROWS_AS(one.images({&beyond, 1}, image), dis::ValueError);
}

TEST_CASE("with_factors: some of the columns, in the order asked for") {
  auto const data = made();
  auto const swapped = dis::data::with_factors(data, {"colour", "digit"});
  CHECK(swapped.factors() == std::vector<dis::Factor>{{"colour", 2}, {"digit", 3}});
  auto const whole = labels_of(data), found = labels_of(swapped);
  for (std::size_t i = 0; i < 60; ++i) {
    CHECK(found[2 * i] == whole[2 * i + 1]);
    CHECK(found[2 * i + 1] == whole[2 * i]);
  }
  CHECK(labels_of(dis::data::with_factors(data, {"colour"})).size() == 60);
  CHECK(dis::data::with_factors(data, {}).factors().empty());
  CHECK_THROWS_AS(dis::data::with_factors(data, {"size"}), dis::ValueError);
}
