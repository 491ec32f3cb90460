// SPDX-License-Identifier: Apache-2.0
// One program of two files that were compiled for different processors: each computes right, and they have no
// function of the library's kernels in common. Linked in both orders, since the linker keeps the first of two
// functions of one name.
#include "products.hpp"

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <sstream>

namespace {

int failures = 0;

void expect(bool holds, char const* what, double found) {
  if (holds) return;
  std::printf("wrong: %s, found %g\n", what, found);
  ++failures;
}

void expect_right(char const* which, double product_error, Training const& training) {
  std::printf("%s: %s, errors %.2g (products), %.2g (formula)\n", which, training.instruction_set.c_str(),
              product_error, training.formula_error);
  expect(product_error < 1e-4, "matrix products, expected errors of rounding", product_error);
  expect(training.formula_error < 1e-4, "a formula, expected errors of rounding", training.formula_error);
}

/// Whether no name of a list stands at the same place of the other.
bool no_name_in_common(std::string const& a, std::string const& b) {
  std::istringstream first(a), second(b);
  std::string x, y;
  bool apart = true;
  while (first >> x && second >> y) apart = apart && x != y;
  return apart;
}

}  // namespace

int main() {
  Training const plain = training_plain(), tuned = training_tuned();
  expect_right("without flags", product_error_plain(), plain);
  expect_right("with flags", product_error_tuned(), tuned);
  expect(tuned.unused.empty(), "words about unused instructions after -march=native, expected none", 1);
  bool const has_more = tuned.instruction_set == "AVX-512" || tuned.instruction_set == "AVX2 and FMA";
  expect(plain.unused == (has_more ? tuned.instruction_set : ""), "no words about AVX2 that is not used", 0);
  expect(plain.losses.size() == 5, "steps, expected 5", static_cast<double>(plain.losses.size()));
  for (std::size_t i = 0; i < plain.losses.size(); ++i) {
    double const relative = std::abs(plain.losses[i] / tuned.losses[i] - 1);
    expect(relative < 1e-4, "a training step's loss, expected the same but for rounding", relative);
  }
  double apart = 0;
  for (std::size_t i = 0; i < plain.codes.size(); ++i)
    apart = std::fmax(apart, std::abs(static_cast<double>(plain.codes[i] - tuned.codes[i])));
  expect(apart < 1e-3, "codes after training, expected the same but for rounding", apart);
  if (plain.instruction_set == tuned.instruction_set)
    std::printf("this machine has no more than the least of its family: nothing was mixed\n");
  else if (!no_name_in_common(plain.names, tuned.names))
    expect(false, "types that both files name alike, expected none", 1);
  return failures == 0 ? 0 : 1;
}
