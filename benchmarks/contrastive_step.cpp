// SPDX-License-Identifier: Apache-2.0
// Times the contrastive part of a step of SimCLR (contrast0) and of IP-IRM with eight partitions (contrast8):
// from the head's outputs for two views of 256 images, 128 numbers each, to the loss and its gradient,
// penalties included. benchmarks/peers times the same in libtorch, for benchmarks/compare_with_libtorch.
#include "step_times.hpp"

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/contrast/invariant_partition.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace {

namespace dis = disentangle;
using Backend = dis::backend::Cpu;
using Matrix = dis::Variable<Backend, 2>;
constexpr std::ptrdiff_t images = 256, outputs = 128;

/// What the term needs of a step and of its state: the head's outputs are there already.
struct Step {
  dis::Tape<Backend>& tape_;
  Matrix views[2];
  std::vector<std::size_t> images_;
  std::vector<std::vector<int>> partitions;

  Matrix view(int v) const { return views[v]; }
  std::span<std::size_t const> indices(int) const { return images_; }
  dis::Tape<Backend>& tape() const { return tape_; }
  void measure(std::size_t, auto const&) const {}
  Step& state() { return *this; }
  std::size_t count() const { return partitions.size(); }
  std::span<int const> partition(std::size_t p) const { return partitions[p]; }
  Matrix operator()(Step&, Matrix const& x) const { return dis::contrast::detail::unit_rows(x); }
};

}  // namespace

int main(int count, char** words) {
  auto const arguments = benchmarks::read_arguments(count, words, {"contrast0", "contrast8"});
  dis::Tape<Backend> tape{Backend(static_cast<unsigned>(arguments.threads))};
  std::size_t const size = static_cast<std::size_t>(images * outputs);
  std::vector<float> host[2];
  for (std::uint32_t v = 0; v < 2; ++v) {
    dis::Philox const random{0, v, 0};
    for (std::size_t i = 0; i < size; ++i) host[v].push_back(random.normal(i));
  }
  Step step{tape, {}, {}, {}};
  for (std::size_t i = 0; i < static_cast<std::size_t>(images); ++i) step.images_.push_back(i);
  for (std::uint32_t p = 0; p < (arguments.model == "contrast8" ? 8u : 0u); ++p) {
    dis::Philox const random{1, p, 0};
    step.partitions.emplace_back();
    for (std::size_t i = 0; i < static_cast<std::size_t>(images); ++i)
      step.partitions.back().push_back(static_cast<int>(random.integer(i, 2)));
  }
  dis::contrast::InvariantPartition<> const term;
  benchmarks::report_steps("disentangle", arguments, [&] {
    tape.reset();
    for (int v = 0; v < 2; ++v) {
      step.views[v] = tape.variable(dis::Extents<2>{images, outputs}, true);
      tape.backend().upload(host[v].data(), step.views[v].value, size);
    }
    auto const loss = term(step);
    tape.backend().fill(loss.gradient, 1, 1.0f);
    tape.backward();
  });
}
