// SPDX-License-Identifier: Apache-2.0
// What the programs of benchmarks/compare_with_scikit_learn share: codes and factors read from NPY files, and
// the seconds that a call takes.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/io/npy.hpp>

namespace benchmarks {

/// The first rows of two NPY files: codes (rows, latents) and factors (rows, factors).
class ScoredArrays {
 public:
  /// @throws FileError where a file has another shape or fewer rows.
  ScoredArrays(std::string const& codes, std::string const& factors, std::size_t rows)
      : codes_(disentangle::io::read_npy(codes)), factors_(disentangle::io::read_npy(factors)), rows_(rows) {
    expect_rows(codes, codes_);
    expect_rows(factors, factors_);
    code_values_ = codes_.as<float>(codes);
    factor_values_ = factors_.as<int>(factors);
  }

  disentangle::MatrixView<float const> codes() const { return {code_values_.data(), rows_, codes_.shape[1]}; }
  disentangle::MatrixView<int const> factors() const {
    return {factor_values_.data(), rows_, factors_.shape[1]};
  }

 private:
  void expect_rows(std::string const& name, disentangle::io::NpyArray const& array) const {
    if (array.shape.size() != 2 || array.shape[0] < rows_)
      throw disentangle::FileError(name, "found shape " + disentangle::io::shape_text(array.shape) +
                                             ", expected (at least " + std::to_string(rows_) + ", columns)");
  }

  disentangle::io::NpyArray codes_, factors_;
  std::size_t rows_;
  std::vector<float> code_values_;
  std::vector<int> factor_values_;
};

/// Seconds by the clock, and seconds of processor that this process spent outside the kernel, all threads
/// together.
struct Seconds {
  double wall = 0;
  double user = 0;
};

template <class Call>
Seconds seconds_of(Call&& call) {
  auto const user = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
  };
  double const user_before = user();
  auto const start = std::chrono::steady_clock::now();
  call();
  double const wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {wall, user() - user_before};
}

}  // namespace benchmarks
