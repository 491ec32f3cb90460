// SPDX-License-Identifier: Apache-2.0
// Adam, AdamW and Sgd over three steps, with and without clipping and schedules, over a whole set and over
// parts of one; padding between blocks stays zero.
#include <disentangle/nn/update.hpp>
#include <disentangle/optim/adam.hpp>
#include <disentangle/optim/sgd.hpp>

#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

template <class Backend, class Optimiser>
void optimiser_row(Rows<Backend>& rows, std::string const& name, Optimiser const& optimiser) {
  rows.row(name, [&](RunningRow<Backend>& r) {
    nn::Parameters<Backend> parameters(r.tape(), "set");
    Variable<Backend, 2> a, d;
    Variable<Backend, 1> b, c;
    nn::Initialiser const normal{nn::Initialiser::Law::normal, 0.1};
    parameters.declare(a, "a", Extents<2>{3, 7}, normal);
    parameters.declare(b, "b", Extents<1>{16}, normal);
    parameters.declare(c, "c", Extents<1>{1}, normal);
    parameters.declare(d, "d", Extents<2>{50, 401}, normal);
    parameters.allocate(seed(2), Optimiser::moments);
    std::size_t const n = parameters.size();
    auto const host = [&](auto const* p) {
      std::vector<double> values(n);
      r.backend().download(p, values.data(), n);
      return values;
    };
    auto const before = host(parameters.values());
    for (long step = 1; step <= 3; ++step) {
      parameters.begin_step();
      for (auto const& block : parameters.blocks()) {
        auto const size = static_cast<std::ptrdiff_t>(block.size);
        auto const gradient =
            numbers<1>({size}, stream(block.name) + static_cast<std::uint64_t>(step)).values;
        r.backend().upload(gradient.data(), *block.gradient, block.size);
      }
      r.keep("norm " + std::to_string(step), {nn::gradient_norm(parameters)}, Kind::values);
      nn::update(parameters, optimiser, step);
    }
    auto change = host(parameters.values());
    for (std::size_t i = 0; i < n; ++i) change[i] -= before[i];
    r.keep("change of the values", change, Kind::steps);
    for (std::size_t i = 0; i < parameters.moments(); ++i)
      r.keep("moment " + std::to_string(i), parameters.moment(i), n, Kind::steps);
  });
}

/// A second optimiser over "a" and "d" of the three parameters that the loss depends on.
template <class Backend, class Optimiser>
void shared_row(Rows<Backend>& rows, std::string const& name, Optimiser const& optimiser) {
  rows.row(name, [&](RunningRow<Backend>& r) {
    nn::Parameters<Backend> main(r.tape(), "model");
    Variable<Backend, 1> a, b;
    Variable<Backend, 2> d;
    nn::Initialiser const normal{nn::Initialiser::Law::normal, 1};
    main.declare(a, "a", Extents<1>{21}, normal);
    main.declare(b, "b", Extents<1>{16}, normal);
    main.declare(d, "d", Extents<2>{5, 41}, normal);
    nn::detail::SharedParameters<Backend, Optimiser> shared(main, "second", {"a", "d"}, optimiser);
    main.allocate(seed(2), 0);
    shared.parameters.allocate(seed(2), 0);
    std::size_t const n = main.size();
    auto const host = [&] {
      std::vector<double> values(n);
      r.backend().download(main.values(), values.data(), n);
      return values;
    };
    auto const before = host();
    for (int step = 0; step < 3; ++step) {
      r.tape().reset();
      shared.minimise(sum(square(a)) + 2.0 * sum(square(b)) + 3.0 * sum(square(d)));
    }
    auto change = host();
    for (std::size_t i = 0; i < n; ++i) change[i] -= before[i];
    r.keep("change of the values", change, Kind::steps);
  });
}

Register<TestedBackend> const registered("optimisers", [](auto& rows) {
  optim::Schedule const cosine{optim::ScheduleKind::cosine, 2, 5, 0.1};
  optimiser_row(rows, "Adam", optim::Adam{.learning_rate = 0.01});
  optimiser_row(rows, "Adam, clipped, cosine after warm-up",
                optim::Adam{.learning_rate = 0.01, .clip_norm = 0.5, .schedule = cosine});
  optimiser_row(rows, "AdamW", optim::AdamW{.learning_rate = 0.01, .weight_decay = 0.1});
  optimiser_row(rows, "AdamW, clipped",
                optim::AdamW{.learning_rate = 0.01, .weight_decay = 0.1, .clip_norm = 3});
  optimiser_row(rows, "Sgd", optim::Sgd{.learning_rate = 0.01});
  optimiser_row(rows, "Sgd, clipped, cosine after warm-up",
                optim::Sgd{.learning_rate = 1, .clip_norm = 0.5, .schedule = cosine});
  shared_row(rows, "Sgd over parts of a set, clipped", optim::Sgd{.learning_rate = 0.1, .clip_norm = 0.5});
  shared_row(rows, "Adam over parts of a set, clipped", optim::Adam{.learning_rate = 0.01, .clip_norm = 0.5});
  shared_row(rows, "Adam over parts of a set", optim::Adam{.learning_rate = 0.01});
});

}  // namespace
