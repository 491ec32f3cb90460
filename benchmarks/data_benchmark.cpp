// SPDX-License-Identifier: Apache-2.0
// Time and processor time of data: rendering dSprites, expanding stored bits, and batches beside a training
// step.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <thread>
#include <type_traits>
#include <vector>

#include <disentangle/data/batch_source.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/data/heads.hpp>
#include <disentangle/data/noise_factor.hpp>
#include <disentangle/data/shapes3d.hpp>
#include <disentangle/data/variants.hpp>

namespace {

namespace dis = disentangle;

std::vector<std::size_t> some_indices(std::size_t from, std::size_t to) {
  dis::Philox const random{1, dis::stream("benchmark"), 0};
  std::vector<std::size_t> indices(1024);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    indices[i] = from + random.integer(i, static_cast<std::uint32_t>(to - from));
  }
  return indices;
}

double processor_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Argument: 0 squares, 1 ellipses, 2 hearts, 3 all.
void dsprites_images(benchmark::State& state) {
  auto const data = dis::data::dsprites();
  auto const third = data.size() / 3, shape = static_cast<std::size_t>(state.range(0));
  auto const indices =
      shape == 3 ? some_indices(0, data.size()) : some_indices(shape * third, (shape + 1) * third);
  std::vector<float> images(64 * 4096);
  std::size_t first = 0;
  for (auto _ : state) {
    data.images(std::span(indices).subspan(first, 64), images);
    benchmark::DoNotOptimize(images.data());
    first = (first + 64) % indices.size();
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(dsprites_images)->DenseRange(0, 3);

void expand_stored_bits(benchmark::State& state) {
  std::vector<std::uint64_t> const bits(64 * 64, 0x00FFF0000F00FF00);
  std::vector<float> images(64 * 4096);
  for (auto _ : state) {
    for (std::size_t i = 0; i < 64; ++i) {
      dis::data::detail::expand_bits(bits.data() + i * 64, std::span(images).subspan(i * 4096, 4096));
    }
    benchmark::DoNotOptimize(images.data());
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(expand_stored_bits);

/// Batches of 64 of the data sets that are computed, without a file. shapes3d: after the first image of every
/// geometry.
template <class Make>
void computed_images(benchmark::State& state, Make const& make) {
  auto const data = make();
  auto const indices = some_indices(0, data.size());
  std::vector<float> images(64 * std::decay_t<decltype(data)>::image_shape_type::size);
  for (std::size_t first = 0; first < indices.size(); first += 64)
    data.images(std::span(indices).subspan(first, 64), images);
  std::size_t first = 0;
  for (auto _ : state) {
    data.images(std::span(indices).subspan(first, 64), images);
    benchmark::DoNotOptimize(images.data());
    first = (first + 64) % indices.size();
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK_CAPTURE(computed_images, shapes3d, [] { return dis::data::shapes3d(); });
BENCHMARK_CAPTURE(computed_images, in_random_colour,
                  [] { return dis::data::in_random_colour(dis::data::dsprites(), dis::seed(0)); });
BENCHMARK_CAPTURE(computed_images, on_noise,
                  [] { return dis::data::on_noise(dis::data::dsprites(), dis::seed(0)); });
BENCHMARK_CAPTURE(computed_images, noise_factor,
                  [] { return dis::data::noise_factor(dis::data::dsprites(), 5, 0.3f, dis::seed(0)); });
BENCHMARK_CAPTURE(computed_images, heads, [] { return dis::data::heads(); });

/// Batches of 64 without a reader that computes; argument: batches prepared ahead.
void batches(benchmark::State& state) {
  auto const data = dis::data::dsprites();
  dis::data::BatchSource source(data, {.prefetch = static_cast<std::size_t>(state.range(0))});
  for (auto _ : state) benchmark::DoNotOptimize(source.next().images.data());
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(batches)->Arg(0)->Arg(2)->UseRealTime();

/// Batches of 64 for a training step of 30 ms (here: sleep). next_us: longest call of next(), waits: calls
/// that had to wait, cpu_us: processor time of all threads per step.
void batches_beside_a_step(benchmark::State& state) {
  auto const data = dis::data::dsprites();
  dis::data::BatchSource source(data);
  source.next();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  auto const waits = source.waits();
  double longest = 0, steps = 0;
  double const before = processor_seconds();
  for (auto _ : state) {
    auto const start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(source.next().images.data());
    longest =
        std::max(longest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    ++steps;
  }
  state.counters["next_us"] = 1e6 * longest;
  state.counters["waits"] = static_cast<double>(source.waits() - waits);
  state.counters["cpu_us"] = 1e6 * (processor_seconds() - before) / steps;
}
BENCHMARK(batches_beside_a_step)->UseRealTime()->Iterations(300);

}  // namespace
