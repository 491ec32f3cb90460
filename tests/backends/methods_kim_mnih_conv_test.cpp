// SPDX-License-Identifier: Apache-2.0
// Every method with the network KimMnihConv, on images of three channels.
#include <disentangle/decoder/kim_mnih_conv.hpp>
#include <disentangle/encoder/kim_mnih_conv.hpp>

#include "tests/backends/support/method_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

Register<TestedBackend> const registered("methods_kim_mnih_conv", [](auto& rows) {
  method_rows<encoder::KimMnihConv<4>, decoder::KimMnihConv, ImageShape<16, 16, 3>>(
      rows, {.batch = 6, .steps = 5, .images = 67});
});

}  // namespace
