// SPDX-License-Identifier: Apache-2.0
// Times the training steps that benchmarks/peers times in libtorch: beta-VAE, batch 64, 64x64 images, latent 10,
// (mlp) the network of Higgins et al. 2017, (conv1, conv3) that of Locatello et al. 2019 with 1 and 3 channels.
// Everything runs as users run it: policies, tape, optimiser, and batches from a prefetching source.
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/batch_source.hpp>
#include <disentangle/decoder/higgins_mlp.hpp>
#include <disentangle/encoder/higgins_mlp.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/train/model.hpp>

#include "step_times.hpp"

namespace dis = disentangle;

namespace {

template <class Method, class Image>
void run(benchmarks::StepArguments const& arguments) {
  constexpr std::size_t count = 512;  // as many binary images of noise as the peers have
  std::vector<float> images(count * Image::size);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<float>(dis::Philox{1, 0, 0}.bits(i) & 1u);
  auto const data = dis::data::arrays<Image>(std::move(images));
  dis::data::BatchSource source(data, {.batch_size = benchmarks::batch_size});
  dis::Model model{Method{}, dis::backend::Cpu(static_cast<unsigned>(arguments.threads)), Image{}, dis::seed(0)};
  benchmarks::report_steps("disentangle", arguments, [&] {
    auto const& batch = source.next();
    model.step({.images = batch.images, .labels = {}, .size = benchmarks::batch_size, .data_size = count});
  });
}

}  // namespace

int main(int count, char** words) {
  auto const arguments = benchmarks::read_arguments(count, words);
  using Conv = dis::method::BetaVae;
  using Mlp = dis::With<Conv, dis::Encoder<dis::encoder::HigginsMlp<>>, dis::Decoder<dis::decoder::HigginsMlp>>;
  if (arguments.model == "mlp") run<Mlp, dis::ImageShape<64, 64, 1>>(arguments);
  if (arguments.model == "conv1") run<Conv, dis::ImageShape<64, 64, 1>>(arguments);
  if (arguments.model == "conv3") run<Conv, dis::ImageShape<64, 64, 3>>(arguments);
}
