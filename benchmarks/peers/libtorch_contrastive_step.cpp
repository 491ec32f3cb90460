// SPDX-License-Identifier: Apache-2.0
// The contrastive part of a step of SimCLR and of IP-IRM in libtorch, as benchmarks/contrastive_step.cpp.
// With TUNED = 0 the penalty is the gradient with respect to a vector of ones, differentiated again by
// libtorch's graph of second order, as one writes it; with TUNED = 1 it is its closed form, which needs none,
// and rows of logits are taken by one index computed beforehand.
#include <torch/torch.h>

#include <vector>

#include "../step_times.hpp"

namespace {

using torch::Tensor;
constexpr long images = 256, outputs = 128;
constexpr double temperature = 0.5, penalty_temperature = 0.5, penalty_weight = 0.2;

/// Where rows of 2n x 2n similarities have their partner, then the others by index: (2n, 2n - 1), as columns
/// or as flat places.
Tensor places(long n) {
  Tensor index = torch::empty({2 * n, 2 * n - 1}, torch::kLong);
  auto at = index.accessor<long, 2>();
  for (long i = 0; i < 2 * n; ++i) {
    long const partner = (i + n) % (2 * n);
    long next = 0;
    at[i][next++] = partner;
    for (long j = 0; j < 2 * n; ++j)
      if (j != i && j != partner) at[i][next++] = j;
  }
  return index;
}

Tensor logits(Tensor const& first, Tensor const& second, Tensor const& index) {
  Tensor const x = torch::cat({first, second}, 0);
  return torch::mm(x, x.t()).gather(1, index);
}

Tensor cross_entropy(Tensor const& z) { return (torch::logsumexp(z, 1) - z.select(1, 0)).mean(); }

Tensor penalty(Tensor const& rows) {
  Tensor const z = rows / penalty_temperature;
#if TUNED
  Tensor g = (torch::softmax(z, 1) * z).mean(0);
  Tensor const first = g.slice(0, 0, 1) - z.select(1, 0).mean();
  return first.square().sum() + g.slice(0, 1).square().sum();
#else
  Tensor const scale = torch::ones({z.size(1)}, torch::requires_grad());
  Tensor const loss = cross_entropy(scale * z);
  Tensor const g = torch::autograd::grad({loss}, {scale}, {}, true, true)[0];
  return g.square().sum();
#endif
}

}  // namespace

int main(int count, char** words) {
  auto const arguments = benchmarks::read_arguments(count, words, {"contrast0", "contrast8"});
  torch::set_num_threads(arguments.threads);
  torch::manual_seed(0);
  Tensor const a = torch::randn({images, outputs}), b = torch::randn({images, outputs});
  std::vector<Tensor> subsets, indices;
  for (int p = 0; p < (arguments.model == "contrast8" ? 8 : 0); ++p) {
    Tensor const member = torch::randint(2, {images});
    for (int k = 0; k < 2; ++k) {
      subsets.push_back(torch::nonzero(member == k).flatten());
      indices.push_back(places(subsets.back().size(0)));
    }
  }
  Tensor const whole = places(images);
  benchmarks::report_steps(TUNED ? "libtorch_tuned" : "libtorch", arguments, [&] {
    Tensor const first = a.detach().requires_grad_(), second = b.detach().requires_grad_();
    Tensor const x = first / first.norm(2, 1, true), y = second / second.norm(2, 1, true);
    Tensor loss = cross_entropy(logits(x, y, whole) / temperature);
    Tensor parts = torch::zeros({});
    for (std::size_t s = 0; s < subsets.size(); ++s) {
#if TUNED
      Tensor const& index = indices[s];
#else
      // which images a minibatch holds changes from step to step
      Tensor const index = places(subsets[s].size(0));
#endif
      Tensor const rows = logits(x.index_select(0, subsets[s]), y.index_select(0, subsets[s]), index);
      parts = parts + cross_entropy(rows / temperature) + penalty_weight * penalty(rows);
    }
    if (!subsets.empty()) loss = loss + parts / static_cast<double>(subsets.size());
    loss.backward();
  });
}
