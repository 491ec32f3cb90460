// SPDX-License-Identifier: Apache-2.0
// Uses the part of the library that has no dependency.
#include <disentangle/core/philox.hpp>
#include <disentangle/core/version.hpp>

#include <iostream>

int main() {
  disentangle::Philox const numbers{.seed = 1, .stream = disentangle::stream("packaging"), .step = 0};
  float const u = numbers.uniform(0);
  std::cout << "disentangle " << disentangle::version << ": " << u << '\n';
  return u > 0 && u < 1 ? 0 : 1;
}
