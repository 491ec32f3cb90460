// SPDX-License-Identifier: Apache-2.0
// Times DCI on arrays of files, which benchmarks/peers/scikit_learn_dci.py scores with scikit-learn:
//     dci_on_arrays CODES.npy FACTORS.npy TRAIN_ROWS TEST_ROWS THREADS IMPORTANCE.npy
// The importances go into the last.
#include "scored_arrays.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>

#include <disentangle/metric/dci.hpp>

namespace dis = disentangle;

int main(int count, char** words) try {
  if (count != 7) {
    std::fprintf(stderr, "usage: %s CODES.npy FACTORS.npy TRAIN_ROWS TEST_ROWS THREADS IMPORTANCE.npy\n",
                 words[0]);
    return 2;
  }
  std::size_t const train_rows = std::strtoul(words[3], nullptr, 10),
                    test_rows = std::strtoul(words[4], nullptr, 10);
  unsigned const threads = static_cast<unsigned>(std::strtoul(words[5], nullptr, 10));
  benchmarks::ScoredArrays const arrays(words[1], words[2], train_rows + test_rows);

  dis::metric::Score score;
  auto const seconds = benchmarks::seconds_of(
      [&] { score = dis::metric::Dci{.threads = threads}(arrays.codes(), arrays.factors(), train_rows); });
  auto const& importance = score.table("importance");
  dis::io::write_npy(words[6], dis::io::ArrayView({importance.rows, importance.columns},
                                                  std::span<double const>(importance.values)));
  std::printf("program=disentangle threads=%u wall_s=%.3f user_s=%.3f disentanglement=%.6f completeness=%.6f "
              "informativeness_test=%.6f informativeness_train=%.6f\n",
              threads, seconds.wall, seconds.user, score.value, score.part("completeness"),
              score.part("informativeness_test"), score.part("informativeness_train"));
} catch (std::exception const& error) {
  std::fprintf(stderr, "%s: %s\n", words[0], error.what());
  return 1;
}
