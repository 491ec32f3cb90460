// SPDX-License-Identifier: Apache-2.0
// The main function of the rows of tests/backends on a device: skips where there is none.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "device.hpp"

int main(int argc, char** argv) {
  if (disentangle::testing::skips_without_device()) return disentangle::testing::skipped;
  return doctest::Context(argc, argv).run();
}
