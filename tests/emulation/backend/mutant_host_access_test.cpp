// SPDX-License-Identifier: Apache-2.0
// A term that reads a value of a tensor on the host, which works on every backend but a device: it ends with
// a message.
#include <cstdio>

#include <doctest/doctest.h>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/backend/cuda/cuda.hpp>

#include "tests/emulation/cuda/support/run_apart.hpp"

namespace dis = disentangle;

TEST_CASE("reading a tensor of the device on the host ends the program with what was touched") {
  auto const ending = emulation_test::run_apart([] {
    dis::Tape<dis::backend::Cuda> tape{dis::backend::Cuda{}};
    float const number = 2;
    auto const x = tape.constant(dis::Extents<1>{1}, &number);
    std::printf("%g", *x.value);  // the mistake
  });
  CHECK(!ending.well());
  CHECK(ending.says("[cuda emulation] the host read or wrote device memory at "));
}
