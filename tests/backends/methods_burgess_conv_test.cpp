// SPDX-License-Identifier: Apache-2.0
// Every method with the network BurgessConv, on images of three channels, wider than high.
#include <disentangle/decoder/burgess_conv.hpp>
#include <disentangle/encoder/burgess_conv.hpp>

#include "tests/backends/support/method_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

// 64 images at once take more memory than the steps before: the step after them finds a tape that grew.
Register<TestedBackend> const registered("methods_burgess_conv", [](auto& rows) {
  method_rows<encoder::BurgessConv<4>, decoder::BurgessConv, ImageShape<16, 32, 3>>(
      rows, {.batch = 5, .steps = 5, .images = 64});
});

}  // namespace
