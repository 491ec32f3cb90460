// SPDX-License-Identifier: Apache-2.0
// Every method with the network LocatelloConv, on images of one channel.
#include <disentangle/decoder/locatello_conv.hpp>
#include <disentangle/encoder/locatello_conv.hpp>

#include "tests/backends/support/method_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

Register<TestedBackend> const registered("methods_locatello_conv", [](auto& rows) {
  method_rows<encoder::LocatelloConv<4>, decoder::LocatelloConv, ImageShape<16, 16, 1>>(
      rows, {.batch = 6, .steps = 5, .images = 67});
});

}  // namespace
