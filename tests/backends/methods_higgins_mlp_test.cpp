// SPDX-License-Identifier: Apache-2.0
// beta-VAE with the network HigginsMlp of its paper, on images of any sides. Its four million weights make
// one method enough.
#include <disentangle/decoder/higgins_mlp.hpp>
#include <disentangle/encoder/higgins_mlp.hpp>

#include "tests/backends/support/method_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

using Paper = With<method::BetaVae, Encoder<encoder::HigginsMlp<4>>, Decoder<decoder::HigginsMlp>>;

Register<TestedBackend> const registered("methods_higgins_mlp", [](auto& rows) {
  method_row<ImageShape<3, 5, 1>>(rows, "BetaVae", Paper{}, {.batch = 3, .steps = 3, .images = 4});
});

}  // namespace
