// SPDX-License-Identifier: Apache-2.0
// Images per second on one core: the augmentation of SimCLR at three sizes, each of its policies alone where
// it always acts, and the batches of a step of two views.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <numeric>
#include <vector>

#include <disentangle/augment/normalise.hpp>
#include <disentangle/augment/rotation.hpp>
#include <disentangle/augment/simclr_pipeline.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/batch_source.hpp>

namespace {

namespace dis = disentangle;
namespace augment = dis::augment;

constexpr std::size_t batch = 256;

template <class Shape>
std::vector<float> noise() {
  dis::Philox const random{1, dis::stream("benchmark"), 0};
  std::vector<float> pixels(batch * Shape::size);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = random.uniform(i);
  return pixels;
}

template <class Shape, class Policy>
void images(benchmark::State& state, Shape shape, Policy const& policy) {
  std::vector<float> const fresh = noise<Shape>();
  std::vector<float> pixels = fresh;
  std::vector<std::size_t> samples(batch);
  std::iota(samples.begin(), samples.end(), std::size_t{0});
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    pixels = fresh;
    policy(dis::Philox{1, 2, epoch++}, shape, 0, samples, pixels);
    benchmark::DoNotOptimize(pixels.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

using Small = dis::ImageShape<32, 32, 3>;
BENCHMARK_CAPTURE(images, simclr_28x28x3, dis::ImageShape<28, 28, 3>{}, augment::simclr_pipeline());
BENCHMARK_CAPTURE(images, simclr_32x32x3, Small{}, augment::simclr_pipeline());
BENCHMARK_CAPTURE(images, simclr_64x64x3, dis::ImageShape<64, 64, 3>{}, augment::simclr_pipeline());
BENCHMARK_CAPTURE(images, crop_32x32x3, Small{}, augment::RandomResizedCrop{});
BENCHMARK_CAPTURE(images, flip_32x32x3, Small{}, augment::HorizontalFlip{.p = 1});
BENCHMARK_CAPTURE(images, colour_jitter_32x32x3, Small{}, augment::ColourJitter{.p = 1});
BENCHMARK_CAPTURE(images, grayscale_32x32x3, Small{}, augment::RandomGrayscale{.p = 1});
BENCHMARK_CAPTURE(images, blur_32x32x3, Small{}, augment::GaussianBlur{.p = 1});
BENCHMARK_CAPTURE(images, rotation_32x32x3, Small{}, augment::Rotation{});
BENCHMARK_CAPTURE(images, normalise_32x32x3, Small{}, augment::cifar_normalisation());

/// The batches of a step, 256 images in two views, made inside next().
void two_views_of_256(benchmark::State& state) {
  auto const data = dis::data::arrays<Small>(noise<Small>());
  dis::data::BatchSource source(data, {.batch_size = batch, .prefetch = 0, .views = 2},
                                augment::simclr_pipeline());
  for (auto _ : state) benchmark::DoNotOptimize(source.next().images.data());
}
BENCHMARK(two_views_of_256)->Unit(benchmark::kMillisecond);

}  // namespace
