// SPDX-License-Identifier: Apache-2.0
// Every method with the network HigginsMlp, on images of any sides.
#include <disentangle/decoder/higgins_mlp.hpp>
#include <disentangle/encoder/higgins_mlp.hpp>

#include "tests/backends/support/method_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

Register<TestedBackend> const registered("methods_higgins_mlp", [](auto& rows) {
  method_rows<encoder::HigginsMlp<4>, decoder::HigginsMlp, ImageShape<3, 5, 1>>(rows, 4, 3);
});

}  // namespace
