// SPDX-License-Identifier: Apache-2.0
// What every metric that trains on some rows and tests on others must say of wrong arrays and splits, and how
// its overloads must split them.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>

#include "tests/support/metric_laws.hpp"

namespace disentangle::test {

/// Wrong arrays are named, with the row and the column where there is one.
template <class Metric>
void check_errors_of_arrays(Metric const& metric) {
  std::string const name(Metric::name);
  auto const message = [&]<class E>(Labelled const& s, E*) {
    return message_of<E>([&] { (void)metric(s.codes.view(), s.factors.view()); });
  };
  ValueError* const value = nullptr;
  ShapeError* const shape = nullptr;
  Labelled const good = axis_aligned(60, 0.1, 5);
  Labelled s = good;
  s.codes(7, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK(contains(message(s, value), name + ": code"));
  CHECK(contains(message(s, value), "row 7, latent 2"));
  CHECK(contains(message(s, value), "expected a finite number"));
  s = good;
  s.codes(3, 0) = -std::numeric_limits<double>::infinity();
  CHECK(contains(message(s, value), "row 3, latent 0"));
  s = good;
  s.factors(11, 1) = -2;
  CHECK(contains(message(s, value), "label -2 in row 11, factor 1"));
  CHECK(contains(message(s, value), "-1 where it is missing"));
  s = good;
  for (std::size_t i = 0; i < 60; ++i) s.factors(i, 2) = 4;
  CHECK(contains(message(s, value), "factor 2 takes only the value 4"));
  s = good;
  s.factors = metric::Matrix<int>(59, 3);
  CHECK(contains(message(s, shape), "factors have 59 rows, expected the 60 rows of the codes"));
  s = {metric::Matrix<double>(0, 3), metric::Matrix<int>(0, 3)};
  CHECK(contains(message(s, shape), "codes are 0 x 3"));
  s = good;
  s.codes = metric::Matrix<double>(60, 0);
  CHECK(contains(message(s, shape), "codes are 60 x 0"));
  s = good;
  s.factors = metric::Matrix<int>(60, 0);
  CHECK(contains(message(s, shape), "at least one column"));
  s = {metric::Matrix<double>(1, 3), metric::Matrix<int>(1, 3)};
  CHECK(contains(message(s, shape), "found 1 rows, expected at least"));
}

/// Wrong splits are named, and the overloads split as they say.
template <class Metric>
void check_splits(Metric const& metric) {
  Labelled const s = axis_aligned(90, 0.3, 8);
  MatrixView<double const> const codes = s.codes.view();
  MatrixView<int const> const factors = s.factors.view();
  using Codes = MatrixView<double const>;
  using Factors = MatrixView<int const>;
  double const explicit_rows = metric(Codes(codes.data, 60, 4), Factors(factors.data, 60, 3),
                                      Codes(codes.data + 240, 30, 4), Factors(factors.data + 180, 30, 3))
                                   .value;
  CHECK(metric(codes, factors, 60).value == explicit_rows);
  CHECK(metric(codes, factors).value == explicit_rows);
  CHECK(metric(codes, factors, 45).value != explicit_rows);
  CHECK(
      contains(message_of<ShapeError>([&] { (void)metric(codes, factors, 90); }), "90 training rows of 90"));
  CHECK(contains(message_of<ShapeError>([&] { (void)metric(codes, factors, 0); }), "0 training rows of 90"));
  auto const t = axis_aligned(30, 0.1, 6);
  auto const fewer = columns(t.codes, {0, 1});
  CHECK(
      contains(message_of<ShapeError>([&] { (void)metric(codes, factors, fewer.view(), t.factors.view()); }),
               "test rows have 2 latents and 3 factors, expected 4 and 3"));
}

}  // namespace disentangle::test
