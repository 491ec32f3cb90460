// SPDX-License-Identifier: Apache-2.0
// What a step that throws leaves of a model: nothing changed but what a before_step has updated itself.
#include <disentangle/core/with.hpp>
#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/normalisation.hpp>
#include <disentangle/supervision/supervision.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/tiny.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace dis = disentangle;
namespace nn = disentangle::nn;
using namespace test_support;

namespace {

struct NormalisedEncoder {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;
  static constexpr int latent_size = 3;
  template <int Outputs>
  using network = nn::Sequential<nn::Flatten, nn::Dense<16, nn::Relu>, nn::BatchNorm, nn::Dense<Outputs>>;
};

struct Throws {  // something that is no number's fault
  auto operator()(auto const& q) const {
    if (q.step == 3) throw std::runtime_error("out of luck");
    return 0.0 * sum(q.kl);
  }
};

/// Updates a number of its own in before_step or in after_step, by a loss that is what the test says.
inline double own_loss = 1;
template <bool Before>
struct Own {
  template <class Setting>
  struct State {
    using B = typename Setting::backend_type;
    nn::OwnParameters<B>& own;
    dis::Variable<B, 1> scale;
    explicit State(nn::Builder<B>& build) : own(build.own_parameters("own", dis::optim::Adam{})) {
      own.parameters.declare(scale, "scale", dis::Extents<1>{4}, nn::Initialiser{});
    }
    void update() { own.minimise(own_loss * sum(square(scale - 1.0))); }
  };
  void before_step(auto& step) const
    requires(Before)
  {
    static_cast<void>(step.encode(step.minibatch(0)));  // moves the encoder's statistics
    step.state().update();
  }
  void after_step(auto& step) const
    requires(!Before)
  {
    step.state().update();
  }
};

using Normalised = dis::With<TinyVae, dis::Encoder<NormalisedEncoder>>;

struct Batch {
  std::vector<float> images;
  explicit Batch(float first = 0) : images(8 * 64) {
    Blocks const blocks;
    std::array<std::size_t, 8> indices{0, 5, 9, 14, 17, 22, 27, 31};
    blocks.images(indices, images);
    images[0] = first;
  }
  dis::Minibatch get() const {
    return {.images = images, .labels = {}, .size = 8, .data_size = 32, .indices = {}};
  }
};
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

bool all_finite(auto const& state) {
  for (auto const& [name, values] : state)
    for (float const v : values)
      if (!std::isfinite(v)) return false;
  return true;
}

/// The message of a step that throws.
template <class Error = dis::NumericalError>
std::string failure(auto& model, dis::Minibatch const& batch) {
  try {
    model.step(batch);
  } catch (Error const& error) {
    return error.what();
  }
  return "did not throw";
}

}  // namespace

TEST_CASE(
    "a loss that is not finite changes nothing: parameters, moments, running statistics, steps, report") {
  auto model = tiny_model(Normalised{}), other = tiny_model(Normalised{});
  for (int i = 0; i < 2; ++i) {
    model.step(Batch{}.get());
    other.step(Batch{}.get());
  }
  auto const before = state_of(model);
  CHECK(before.count("encoder.2.running_mean") == 1);
  double const loss = model.read_back().loss;
  CHECK(failure(model, Batch{not_a_number}.get()).find("step 3: the part Bernoulli of the loss is ") == 0);
  CHECK(state_of(model) == before);
  CHECK(model.steps() == 2);
  CHECK(model.read_back().step == 2);
  CHECK(model.read_back().loss == loss);
  // and it goes on as a model to which that did not happen
  model.step(Batch{}.get());
  other.step(Batch{}.get());
  CHECK(state_of(model) == state_of(other));
  CHECK(all_finite(state_of(model)));
}

TEST_CASE("so does any other exception") {
  auto model = tiny_model(dis::Plus<Normalised, dis::Regularizer<Throws>>{});
  model.step(Batch{}.get());
  model.step(Batch{}.get());
  auto const before = state_of(model);
  CHECK(failure<std::runtime_error>(model, Batch{}.get()) == "out of luck");
  CHECK(state_of(model) == before);
  CHECK(model.steps() == 2);
  CHECK(failure<std::runtime_error>(model, Batch{}.get()) == "out of luck");  // the same step once more
}

TEST_CASE("what a before_step has updated stays, and the message says so") {
  own_loss = 1;
  auto model = tiny_model(dis::Plus<Normalised, dis::Adversary<Own<true>>>{});
  model.step(Batch{}.get());
  auto before = state_of(model);
  std::string const message = failure(model, Batch{not_a_number}.get());
  CAPTURE(message);
  CHECK(message.ends_with("; Own<true> made updates in this step before: go on from a checkpoint"));
  auto after = state_of(model);
  CHECK(after.at("own.scale") != before.at("own.scale"));
  for (auto* state : {&before, &after}) {
    std::erase_if(*state, [](auto const& entry) {
      return entry.first == "counters" || entry.first.find("own.") != std::string::npos;
    });
    CHECK(state->count("moment0.encoder.1.weight") == 1);
  }
  CHECK(after == before);
  CHECK(model.steps() == 1);
}

TEST_CASE("an own loss that is not finite is found before its update") {
  own_loss = 1;
  auto model = tiny_model(dis::Plus<Normalised, dis::Adversary<Own<true>>>{});
  model.step(Batch{}.get());
  auto const before = state_of(model);
  own_loss = std::nan("");
  CHECK(failure(model, Batch{}.get()).find("update 2 of 'own': its loss is nan; lower the learning rate") ==
        0);
  CHECK(state_of(model) == before);
  CHECK(model.steps() == 1);
  own_loss = 1;
}

TEST_CASE("an after_step that throws comes behind the update: the step counts") {
  own_loss = std::nan("");
  auto model = tiny_model(dis::Plus<Normalised, dis::Adversary<Own<false>>>{});
  CHECK(failure(model, Batch{}.get()).find("update 1 of 'own'") == 0);
  CHECK(model.steps() == 1);
  CHECK(all_finite(state_of(model)));
  own_loss = 1;
  auto whole = tiny_model(dis::Plus<Normalised, dis::Adversary<Own<false>>>{});
  whole.step(Batch{}.get());
  CHECK(state_of(model).at("encoder.1.weight") == state_of(whole).at("encoder.1.weight"));
}
