// SPDX-License-Identifier: Apache-2.0
// A decoder whose output is no image of the data: it doubles sides, and 40 is no multiple of 16.
// expected-error: the Decoder's output shape does not match the image shape of the data
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/encoder/higgins_mlp.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/train/model.hpp>

namespace dis = disentangle;
using Method = dis::With<dis::method::Vae, dis::Encoder<dis::encoder::HigginsMlp<>>>;

#ifndef MISTAKE
constexpr int side = 32;
#else
constexpr int side = 40;
#endif
void build() {
  dis::Model model{Method{}, dis::backend::Cpu(1), dis::ImageShape<side, side, 1>{}, dis::seed(0)};
}
