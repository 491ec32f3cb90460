// SPDX-License-Identifier: Apache-2.0
// The snippets of docs/checkpoints.md.
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/load_weights.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/tiny.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>

namespace dis = disentangle;

TEST_CASE("a run that goes on with another learning rate; weights alone") {
  test_support::ScratchFolder const scratch;
  std::filesystem::path const folder = scratch.path();
  test_support::Blocks const data;
  using BetaVae = test_support::TinyVae;
  using Adversarial = test_support::TinyAdversarial;

  dis::Model model{BetaVae{}, dis::backend::Cpu(), data.image_shape(), dis::seed(0)};
  dis::train(model, data, {.steps = 10, .batch_size = 8}, dis::checkpoint(folder, {.every = 5}));

  auto method = BetaVae{};
  method.get<dis::optim::Adam>().learning_rate = 1e-3;
  dis::Model slower{method, dis::backend::Cpu(), data.image_shape(), dis::seed(0)};
  dis::train(slower, data, {.steps = 20, .batch_size = 8},
             dis::checkpoint(folder, {.resume = true, .changed_settings = dis::ChangedSettings::allow}));
  for (auto const& change : dis::read_checkpoint_info(folder / "checkpoint.safetensors").changes) {
    std::printf("from step %ld on %s is %s, before %s\n", change.step, change.name.c_str(),
                change.after.c_str(), change.before.c_str());
  }

  dis::Model other{Adversarial{}, dis::backend::Cpu(), data.image_shape(), dis::seed(7)};
  dis::load_weights(other, folder / "checkpoint.safetensors", {.prefixes = {"encoder.", "decoder."}});

  auto const info = dis::read_checkpoint_info(folder / "checkpoint.safetensors");
  REQUIRE(info.changes.size() == 1);
  CHECK(info.changes[0].name == "Adam.learning_rate");
  CHECK(info.changes[0].step == 10);
  CHECK(test_support::state_of(other).at("decoder.1.weight") ==
        test_support::state_of(slower).at("decoder.1.weight"));
}
