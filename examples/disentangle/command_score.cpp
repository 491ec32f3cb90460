// SPDX-License-Identifier: Apache-2.0
// disentangle score --codes z.npy --factors y.npy: the scores of anybody's codes.
#include "commands.hpp"
#include "usage_error.hpp"

#include <disentangle/io/npy.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/chance.hpp>
#include <disentangle/report/score_table.hpp>
#include <disentangle/train/evaluate_by_name.hpp>

#include <cstdio>

namespace dis = disentangle;

namespace {

/// Single-image metrics use the rows as they are (DCI and SAP train on the first two thirds); FactorVAE and
/// beta-VAE draw their batches among them.
template <class T>
dis::metric::Score score_arrays(std::string const& name, dis::MatrixView<T const> codes,
                                dis::MatrixView<int const> factors, ScoreArguments const& given) {
  return dis::with_metric(name, [&](auto const& metric) {
    using Metric = std::remove_cvref_t<decltype(metric)>;
    dis::metric::Score score = [&] {
      if constexpr (dis::scores_rows<Metric>) {
        return metric(codes, factors);
      } else {
        return metric(dis::metric::ArraySource(codes, factors), dis::seed(given.seed));
      }
    }();
    if constexpr (dis::sees_labels<Metric>) {
      if (given.chance != 0 && !score.chance) {
        score.chance = dis::metric::chance_level(metric, codes, factors, dis::seed(given.seed), given.chance);
        score.settings.emplace_back("chance_permutations", static_cast<double>(given.chance));
      }
    }
    return score;
  });
}

void expect_matrix(std::string const& path, dis::io::NpyArray const& array) {
  if (array.shape.size() != 2) {
    throw dis::FileError(path, "found an array of shape " + dis::io::shape_text(array.shape) +
                                   ", expected (rows, columns)");
  }
}

}  // namespace

void score_command(ScoreArguments const& given) {
  try {
    dis::expect_metric_names(given.metrics);
  } catch (dis::ValueError const& error) {
    throw UsageError(std::string("--metrics: ") + error.what());
  }
  dis::io::NpyArray const codes = dis::io::read_npy(given.codes), labels = dis::io::read_npy(given.factors);
  expect_matrix(given.codes, codes);
  expect_matrix(given.factors, labels);
  if (codes.shape[0] != labels.shape[0]) {
    throw dis::FileError(given.factors, "found " + std::to_string(labels.shape[0]) + " rows, expected " +
                                            std::to_string(codes.shape[0]) + " as in " + given.codes);
  }
  std::vector<int> const factors = labels.as<int>(given.factors);
  dis::MatrixView<int const> const y{factors.data(), labels.shape[0], labels.shape[1]};
  std::vector<dis::metric::Score> scores;
  auto const score_all = [&]<class T>(std::vector<T> const& values) {
    dis::MatrixView<T const> const z{values.data(), codes.shape[0], codes.shape[1]};
    for (std::string const& name : given.metrics) scores.push_back(score_arrays(name, z, y, given));
  };
  if (codes.dtype == dis::io::DType::f4) {
    score_all(codes.as<float>(given.codes));
  } else {
    score_all(codes.as<double>(given.codes));
  }
  std::printf("%s", given.json ? dis::io::to_text(dis::report::to_json(scores)).c_str()
                               : dis::report::score_table(scores).c_str());
}
