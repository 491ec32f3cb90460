// SPDX-License-Identifier: Apache-2.0
#include <disentangle/train/checkpoint.hpp>

#include <disentangle/data/subset.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/tiny.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <fstream>

namespace dis = disentangle;
using namespace test_support;

namespace {

constexpr dis::TrainOptions options(long steps) { return {.steps = steps, .batch_size = 8}; }

/// Replaces text in a file by text of the same length.
void replace(std::filesystem::path const& path, std::string const& from, std::string const& to) {
  REQUIRE(from.size() == to.size());
  std::string bytes = read_text(path);
  auto const at = bytes.find(from);
  REQUIRE(at != std::string::npos);
  bytes.replace(at, from.size(), to);
  std::ofstream(path, std::ios::binary) << bytes;
}

template <class Model>
std::string load_error(Model& model, std::filesystem::path const& path) {
  auto const before = state_of(model);
  std::string message;
  try {
    dis::load_checkpoint(model, path);
  } catch (dis::FileError const& error) {
    message = error.what();
  }
  CHECK(state_of(model) == before);
  CHECK(message.starts_with(path.string() + ": "));
  return message;
}

bool contains(std::string const& text, std::string const& part) {
  if (text.find(part) == std::string::npos) MESSAGE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a resumed run equals an uninterrupted one bit for bit: parameters, moments, counters of every "
          "optimiser") {
  ScratchFolder const folder;
  auto whole = tiny_model(TinyAdversarial{});
  dis::train(whole, Blocks{}, options(30));
  auto first = tiny_model(TinyAdversarial{});
  dis::train(first, Blocks{}, options(11), dis::checkpoint(folder.path()));
  auto second = tiny_model(TinyAdversarial{}, 2);
  auto const summary =
      dis::train(second, Blocks{}, options(30), dis::checkpoint(folder.path(), {.resume = true}));
  CHECK(summary.first_step == 11);
  CHECK(state_of(second) == state_of(whole));
  CHECK(state_of(first) != state_of(whole));
  CHECK(state_of(whole).at("counters") == std::vector<float>{30, 30});
  CHECK(state_of(whole).contains("moment1.critic.scale"));
}

TEST_CASE("a checkpoint is saved every so many steps and at the end, and says what it is of") {
  ScratchFolder const folder;
  auto model = tiny_model(TinyVae{}, 1, 7);
  auto const path = folder / "deep/checkpoint.safetensors";
  std::vector<long> saved;
  dis::train(model, Blocks{}, options(25),
             dis::checkpoint(folder / "deep", {.every = 10, .notes = {{"who", "me"}}}),
             [&](auto&, auto const& report) {
               if (report.step % 10 == 0) saved.push_back(dis::read_checkpoint_info(path).step);
             });
  CHECK(saved == std::vector<long>{10, 20});
  auto const info = dis::read_checkpoint_info(path);
  CHECK(info.step == 25);
  CHECK(info.counters == std::vector<long>{25});
  CHECK(info.seed == 7);
  CHECK(info.data_name == "blocks");
  CHECK(info.data_size == 32);
  CHECK(info.batch_size == 8);
  CHECK(info.image_shape == "8 x 8 x 1");
  CHECK(info.method == describe(model.method()));
  CHECK(info.library_version == dis::version);
  CHECK(info.notes == std::map<std::string, std::string>{{"who", "me"}});
  CHECK(!std::filesystem::exists(folder / "deep/checkpoint.safetensors.partial"));
  dis::io::SafetensorsReader const file(path);
  CHECK(file.info("encoder.1.weight").shape == std::vector<std::size_t>{64, 16});
  CHECK(file.contains("moment0.encoder.1.weight"));
}

TEST_CASE("loading says what differs and leaves the model alone") {
  ScratchFolder const folder;
  auto const path = folder / "checkpoint.safetensors";
  auto model = tiny_model(TinyVae{});
  dis::train(model, Blocks{}, options(3), dis::checkpoint(path));

  auto strong = TinyVae{};
  strong.get<dis::regularizer::WeightedKl>().beta = 5;
  auto other = tiny_model(strong);
  auto message = load_error(other, path);
  CHECK(contains(message, "found 'Regularizer: WeightedKl {beta = 4}'"));
  CHECK(contains(message, "expected 'Regularizer: WeightedKl {beta = 5}'"));

  auto adversarial = tiny_model(TinyAdversarial{});
  CHECK(contains(load_error(adversarial, path),
                 "found no further policy, expected 'Adversary: TinyCritic {weight = 0.01}'"));

  auto seeded = tiny_model(TinyVae{}, 1, 4);
  CHECK(contains(load_error(seeded, path), "seed 0, expected 4"));

  dis::Model larger{model.method(), dis::backend::Cpu(1), dis::ImageShape<8, 8, 3>{}, dis::seed(0)};
  CHECK(contains(load_error(larger, path), "images of 8 x 8 x 1, expected 8 x 8 x 3"));

  CHECK(contains(load_error(model, folder / "none.safetensors"), "no such file"));
}

TEST_CASE("resuming on another data set or batch size is an error that says so") {
  ScratchFolder const folder;
  auto model = tiny_model(TinyVae{});
  dis::train(model, Blocks{}, options(3), dis::checkpoint(folder.path()));
  CHECK_THROWS_WITH_AS(dis::train(model, Blocks{}, {.steps = 5, .batch_size = 4},
                                  dis::checkpoint(folder.path(), {.resume = true})),
                       doctest::Contains("another batch size: found 8, expected 4"), dis::FileError);
  auto const part = dis::data::first(Blocks{}, 16);
  CHECK_THROWS_WITH_AS(
      dis::train(model, part, options(5), dis::checkpoint(folder.path(), {.resume = true})),
      doctest::Contains("another data set: found blocks (32 images), expected blocks[16] (16 images)"),
      dis::FileError);
}

TEST_CASE("damaged checkpoints are named errors") {
  ScratchFolder const folder;
  auto const path = folder / "checkpoint.safetensors";
  auto model = tiny_model(TinyVae{});
  auto const fresh = [&] {
    dis::save_checkpoint(model, path, {.data_name = "blocks", .data_size = 32, .batch_size = 8});
  };
  fresh();
  std::string const bytes = read_text(path);

  SUBCASE("truncated anywhere") {
    for (std::size_t const size :
         {std::size_t{0}, std::size_t{5}, std::size_t{100}, bytes.size() / 2, bytes.size() - 1}) {
      std::ofstream(path, std::ios::binary) << bytes.substr(0, size);
      CHECK(!load_error(model, path).empty());
    }
  }
  SUBCASE("a renamed tensor") {
    replace(path, "\"encoder.1.weight\"", "\"encoder.9.weight\"");
    CHECK(contains(load_error(model, path), "no tensor named 'encoder.1.weight'"));
  }
  SUBCASE("another shape") {
    replace(path, "\"shape\":[64,16]", "\"shape\":[16,64]");
    CHECK(contains(load_error(model, path), "found f4 of shape (16, 64), expected f4 of shape (64, 16)"));
  }
  SUBCASE("a counter that is no number") {
    replace(path, "\"counters\":\"0\"", "\"counters\":\"x\"");
    CHECK(contains(load_error(model, path), "metadata 'counters': found 'x', expected a whole number"));
  }
  SUBCASE("a step that contradicts the counter") {
    replace(path, "\"step\":\"0\"", "\"step\":\"3\"");
    CHECK(contains(load_error(model, path), "found step 3 and counters '0'"));
  }
  SUBCASE("a safetensors file of somebody else") {
    std::vector<float> const values(4);
    dis::io::NamedTensor const tensor{"w", dis::io::ArrayView({4}, std::span(values))};
    dis::io::write_safetensors(path, {&tensor, 1});
    CHECK(contains(load_error(model, path), "no entry 'format'"));
  }
  SUBCASE("a tensor too many") {
    std::vector<dis::io::Array> arrays;
    std::vector<dis::io::NamedTensor> tensors;
    dis::io::SafetensorsReader const file(path);
    for (auto const& tensor : file.tensors()) arrays.push_back(file.read(tensor.name));
    for (std::size_t i = 0; i < arrays.size(); ++i) tensors.push_back({file.tensors()[i].name, arrays[i]});
    tensors.push_back({"extra", arrays[0]});
    dis::io::write_safetensors(path, tensors, file.metadata());
    CHECK(contains(load_error(model, path), "found tensor extra, which this model does not have"));
  }
}
