// SPDX-License-Identifier: Apache-2.0
// Terms on plain arrays: a formula, a posterior, a likelihood, and policies alone on a step.
#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/autodiff/value_and_gradient.hpp>
#include <disentangle/contrast/prior_mmd.hpp>
#include <disentangle/reconstruction/bernoulli.hpp>
#include <disentangle/regularizer/total_correlation.hpp>
#include <disentangle/train/value_and_gradient.hpp>

#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

HostArray<2> matrix(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint64_t number, double low = -1) {
  auto drawn = numbers<2>({rows, columns}, number, low, 1);
  return {drawn.extents, std::move(drawn.values)};
}

Register<TestedBackend> const registered("value_and_gradient", [](auto& rows) {
  auto const row = [&]<class Backend>(Rows<Backend>& of, std::string const& name, auto const& evaluate) {
    of.row(name, [&](RunningRow<Backend>& r) {
      ValueAndGradient const found = evaluate(r.backend());
      r.keep("value", {found.value}, Kind::values);
      for (auto const& gradient : found.gradients) r.keep(gradient.name, gradient.values, Kind::values);
    });
  };
  row(rows, "a formula", []<class Backend>(Backend&) {
    return value_and_gradient<Backend>([](auto x, auto y) { return sum(exp(x) * matmul(x, y)); },
                                       matrix(5, 5, 1), matrix(5, 5, 2));
  });
  row(rows, "a regularizer", []<class Backend>(Backend&) {
    return value_and_gradient<Backend>(regularizer::TotalCorrelation{}, {.mean = matrix(7, 4, 1),
                                                                         .log_variance = matrix(7, 4, 2),
                                                                         .noise = matrix(7, 4, 3),
                                                                         .data_size = 100});
  });
  row(rows, "a reconstruction", []<class Backend>(Backend&) {
    return value_and_gradient<Backend>(reconstruction::Bernoulli{},
                                       {.output = matrix(3, 8, 1), .images = matrix(3, 8, 2, 0)});
  });
  row(rows, "a policy on a step", []<class Backend>(Backend&) {
    return value_and_gradient<Backend>(contrast::PriorMmd{.weight = 10}, {.images = matrix(6, 16, 1, 0)});
  });
  row(rows, "what a discriminator minimises", []<class Backend>(Backend&) {
    return value_and_gradient<Backend>(
        adversary::TotalCorrelation<1, 5>{.initialisation = nn::Initialisation::he_normal},
        {.images = matrix(6, 16, 1, 0), .minibatches = {matrix(6, 16, 2, 0)}, .part = StepPart::after_step});
  });
});

}  // namespace
