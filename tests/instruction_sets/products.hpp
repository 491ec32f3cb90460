// SPDX-License-Identifier: Apache-2.0
// What the library computes in files that are compiled for one processor: products.cpp and training.cpp are
// compiled once for each.
#pragma once

#include <string>
#include <vector>

/// The largest error of some matrix products.
double product_error_plain();
double product_error_tuned();

struct Training {
  std::string instruction_set;  ///< the library's words for it
  std::string unused;           ///< what the machine has beyond that and AVX2
  std::string names;            ///< the linker's, of a model and of classes that use its kernels
  double formula_error = 0;     ///< the largest one of a formula and its gradient
  std::vector<double> losses;   ///< of some training steps
  std::vector<float> codes;     ///< of images after them
};
Training training_plain();
Training training_tuned();
