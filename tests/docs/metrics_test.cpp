// SPDX-License-Identifier: Apache-2.0
// The snippets and figures of docs/metrics.md.
#include <disentangle/core/philox.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/beta_vae.hpp>
#include <disentangle/metric/dci.hpp>
#include <disentangle/metric/factor_vae.hpp>
#include <disentangle/metric/function_source.hpp>
#include <disentangle/metric/mig.hpp>
#include <disentangle/metric/sap.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

namespace dis = disentangle;

TEST_CASE("scoring one's own codes") {
  std::size_t const rows = 3000;
  // (rows, 4) codes: two factors, one of them twice, and noise
  std::vector<float> z(rows * 4);
  std::vector<int> y(rows * 2);  // (rows, 2) labels
  dis::Philox const random{.seed = 0, .stream = dis::stream("docs"), .step = 0};
  for (std::size_t i = 0; i < rows; ++i) {
    y[2 * i] = static_cast<int>(i % 3);
    y[2 * i + 1] = static_cast<int>(i / 3 % 10);
    z[4 * i] = static_cast<float>(y[2 * i]);
    z[4 * i + 1] = static_cast<float>(y[2 * i + 1]) + 0.1f * random.normal(2 * i);
    z[4 * i + 2] = static_cast<float>(y[2 * i + 1]) + 2.0f * random.normal(2 * i + 1);
    z[4 * i + 3] = random.normal(2 * rows + i);
  }

  dis::MatrixView<float const> const codes{z.data(), rows, 4};
  dis::MatrixView<int const> const factors{y.data(), rows, 2};
  dis::metric::Score const mig = dis::metric::Mig{}(codes, factors);
  // the first 2000 rows train
  dis::metric::Score const dci = dis::metric::Dci{.rounds = 10}(codes, factors, 2000);
  // for metrics that sample pairs
  dis::metric::ArraySource const source(codes, factors, {"shape", "size"});
  dis::metric::Score const vote = dis::metric::FactorVae{.num_train = 1000}(source, dis::seed(0));

  CHECK(mig.value > 0.5);
  CHECK(mig.value < 0.9);  // the second factor is in two latents
  CHECK(dci.part("completeness") > 0.5);
  CHECK(dci.part("informativeness_test") > 0.9);
  CHECK(vote.value > 0.95);
  CHECK(vote.factor_names[1] == "size");
  CHECK(mig.table("mutual_information")(0, 0) > 1.0);
}

TEST_CASE("a perfect code on the factors of dSprites") {
  auto const factors = dis::data::dsprites_factors();
  dis::metric::FunctionSource const perfect(
      factors, factors.size(), [](dis::MatrixView<int const> values, dis::MatrixView<double> codes) {
        for (std::size_t i = 0; i < values.rows; ++i)
          for (std::size_t k = 0; k < values.columns; ++k) codes(i, k) = values(i, k);
      });
  auto const seed = dis::seed(0);
  double const mig = dis::metric::Mig{}(perfect, seed).value,
               mig_40 = dis::metric::Mig{.bins = 40}(perfect, seed).value;
  double const mig_few = dis::metric::Mig{.num_train = 2000}(perfect, seed).value;
  double const mig_many = dis::metric::Mig{.num_train = 1'000'000}(perfect, seed).value;
  double const sap = dis::metric::Sap{}(perfect, seed).value;
  dis::metric::FunctionSource const standardised(
      factors, factors.size(), [&](dis::MatrixView<int const> values, dis::MatrixView<double> codes) {
        for (std::size_t i = 0; i < values.rows; ++i)
          for (std::size_t k = 0; k < values.columns; ++k) {
            // n values of mean (n - 1) / 2 and variance (n^2 - 1) / 12
            double const n = factors[k].cardinality;
            codes(i, k) = (values(i, k) - (n - 1) / 2) / std::sqrt((n * n - 1) / 12);
          }
      });
  double const sap_standardised = dis::metric::Sap{}(standardised, seed).value;
  double const continuous = dis::metric::Sap{.continuous = true}(perfect, seed).value;
  double const vote = dis::metric::FactorVae{.num_train = 2000, .num_eval = 1000}(perfect, seed).value;
  double const pairs = dis::metric::BetaVae{.num_train = 1000, .num_eval = 500}(perfect, seed).value;
  MESSAGE("perfect code: mig " << mig << " of 10000 rows, " << mig_few << " of 2000, " << mig_many
                               << " of a million, with 40 bins " << mig_40 << "; sap " << sap
                               << ", of the code with variances 1 " << sap_standardised << ", continuous "
                               << continuous << "; factor_vae " << vote << "; beta_vae " << pairs);
  CHECK(mig == doctest::Approx(0.896).epsilon(0.002));
  CHECK(mig_few == doctest::Approx(0.8655).epsilon(0.01));
  CHECK(mig_many == doctest::Approx(0.9024).epsilon(0.002));
  CHECK(mig_40 == doctest::Approx(0.988).epsilon(0.002));
  CHECK(sap == doctest::Approx(0.230).epsilon(0.02));
  CHECK(sap_standardised == doctest::Approx(0.246).epsilon(0.02));
  CHECK(continuous > 0.999);
  CHECK(vote == 1);
  CHECK(pairs == 1);
}
