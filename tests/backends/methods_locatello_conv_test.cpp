// SPDX-License-Identifier: Apache-2.0
// beta-TCVAE with the network LocatelloConv, on images of one channel. The methods of the shelf are compared
// with another network, methods_burgess_conv; what this one adds is its layers.
#include <disentangle/decoder/locatello_conv.hpp>
#include <disentangle/encoder/locatello_conv.hpp>

#include "tests/backends/support/method_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

using Tested = With<method::BetaTcVae, Encoder<encoder::LocatelloConv<4>>, Decoder<decoder::LocatelloConv>>;

Register<TestedBackend> const registered("methods_locatello_conv", [](auto& rows) {
  method_row<ImageShape<16, 16, 1>>(rows, "BetaTcVae", Tested{}, {.batch = 6, .steps = 5, .images = 67});
});

}  // namespace
