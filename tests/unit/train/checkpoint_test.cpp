// SPDX-License-Identifier: Apache-2.0
#include <disentangle/train/checkpoint.hpp>

#include <disentangle/data/subset.hpp>
#include <disentangle/train/load_weights.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/tiny.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dis = disentangle;
using namespace test_support;

namespace {

constexpr dis::TrainOptions options(long steps) { return {.steps = steps, .batch_size = 8}; }

/// Writes a checkpoint anew, changed by somebody who knows of the digests.
template <class Change>
void rewrite(std::filesystem::path const& path, Change&& change) {
  std::vector<dis::io::Array> arrays;
  std::vector<dis::io::NamedTensor> tensors;
  dis::io::SafetensorsReader const file(path);
  auto metadata = file.metadata();
  for (auto const& tensor : file.tensors()) arrays.push_back(file.read(tensor.name));
  for (std::size_t i = 0; i < arrays.size(); ++i) tensors.push_back({file.tensors()[i].name, arrays[i]});
  change(tensors, metadata);
  dis::io::write_safetensors(path, tensors, metadata, {.digests = true});
}

using Tensors = std::vector<dis::io::NamedTensor>;
using Metadata = std::map<std::string, std::string>;

dis::io::NamedTensor& named(Tensors& tensors, std::string const& name) {
  for (auto& tensor : tensors) {
    if (tensor.name == name) return tensor;
  }
  FAIL("no tensor " << name);
  return tensors.front();
}

/// Made by version 0.1.0, which wrote format 1 (tests/data/checkpoints/README.md).
std::filesystem::path first_format() {
  return std::filesystem::path(DISENTANGLE_TEST_DATA_DIR) / "checkpoints/checkpoint_1.safetensors";
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
  CHECK(info.counter_names == std::vector<std::string>{"model"});
  CHECK(info.changes.empty());
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
  CHECK(contains(message, "other hyper-parameters: WeightedKl.beta: 4 in the file, 5 now"));
  CHECK(contains(message, ".changed_settings = ChangedSettings::allow"));

  auto adversarial = tiny_model(TinyAdversarial{});
  message = load_error(adversarial, path);
  CHECK(contains(message, "found no further policy, expected 'Adversary: TinyCritic'"));
  CHECK(contains(message, "load_weights()"));

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
  SUBCASE("a flipped bit") {
    for (std::size_t at = 0; at < bytes.size(); at += at < 5000 ? 41 : 397) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
      std::ofstream(path, std::ios::binary) << damaged;
      std::string const message = load_error(model, path);
      CHECK(contains(message, "restore the"));
      CHECK(contains(message, "from a copy"));
    }
  }
  SUBCASE("without digests") {
    auto const file = dis::io::SafetensorsReader(path).metadata();
    dis::io::write_safetensors(path, {}, file);
    CHECK(contains(load_error(model, path), "damaged: its digests are missing"));
  }
  SUBCASE("a renamed tensor") {
    rewrite(path, [](Tensors& t, Metadata&) { named(t, "encoder.1.weight").name = "encoder.9.weight"; });
    CHECK(contains(load_error(model, path), "no tensor named 'encoder.1.weight'"));
  }
  SUBCASE("another shape") {
    rewrite(path, [](Tensors& t, Metadata&) { named(t, "encoder.1.weight").array.shape = {16, 64}; });
    CHECK(contains(load_error(model, path), "found f4 of shape (16, 64), expected f4 of shape (64, 16)"));
  }
  SUBCASE("a counter that is no number") {
    rewrite(path, [](Tensors&, Metadata& m) { m["counters"] = "x"; });
    CHECK(contains(load_error(model, path), "metadata 'counters': found 'x', expected a whole number"));
  }
  SUBCASE("a step that contradicts the counter") {
    rewrite(path, [](Tensors&, Metadata& m) { m["step"] = "3"; });
    CHECK(contains(load_error(model, path), "found step 3 and counters '0'"));
  }
  SUBCASE("counters of others") {
    rewrite(path, [](Tensors&, Metadata& m) { m["counter_names"] = "critic"; });
    CHECK(contains(load_error(model, path), "found counters of 'critic', expected those of 'model'"));
  }
  SUBCASE("hyper-parameters of fewer policies") {
    rewrite(path, [](Tensors&, Metadata& m) { m["hyper_parameters"] = "beta=4\n"; });
    CHECK(contains(load_error(model, path), "found 1 lines, expected one for each of 6 policies"));
  }
  SUBCASE("a safetensors file of somebody else") {
    std::vector<float> const values(4);
    dis::io::NamedTensor const tensor{"w", dis::io::ArrayView({4}, std::span(values))};
    dis::io::write_safetensors(path, {&tensor, 1});
    CHECK(contains(load_error(model, path), "no entry 'format'"));
  }
  SUBCASE("a tensor too many") {
    rewrite(path, [](Tensors& t, Metadata&) { t.push_back({"extra", t[0].array}); });
    CHECK(contains(load_error(model, path), "found tensor extra, which this model does not have"));
  }
}

TEST_CASE("hyper-parameters change on resuming when the user says so, and the file keeps what changed") {
  ScratchFolder const folder;
  auto first = tiny_model(TinyVae{});
  dis::train(first, Blocks{}, options(4), dis::checkpoint(folder.path()));
  auto method = first.method();
  method.get<dis::regularizer::WeightedKl>().beta = 2;
  method.get<dis::optim::Adam>().learning_rate = 1e-3;
  auto const resumed = [&] {
    return dis::Model{method, dis::backend::Cpu(1), Blocks{}.image_shape(), dis::seed(0)};
  };
  auto refused = resumed();
  CHECK_THROWS_WITH_AS(
      dis::train(refused, Blocks{}, options(6), dis::checkpoint(folder.path(), {.resume = true})),
      doctest::Contains(
          "WeightedKl.beta: 4 in the file, 2 now; Adam.learning_rate: 0.01 in the file, 0.001 now"),
      dis::FileError);
  CHECK(refused.steps() == 0);

  using enum dis::ChangedSettings;
  dis::CheckpointOptions const allowed{.every = 100, .resume = true, .changed_settings = allow};
  auto second = resumed();
  std::vector<dis::SettingChange> const expected{{4, "WeightedKl.beta", "4", "2"},
                                                 {4, "Adam.learning_rate", "0.01", "0.001"}};
  // the file says so from the first step on, not only from the next checkpoint on
  dis::train(second, Blocks{}, options(6), dis::checkpoint(folder.path(), allowed),
             [&](auto& run, auto const&) {
               if (run.step() == 5)
                 CHECK(dis::read_checkpoint_info(folder / "checkpoint.safetensors").changes == expected);
             });
  auto const info = dis::read_checkpoint_info(folder / "checkpoint.safetensors");
  CHECK(info.step == 6);
  CHECK(info.changes == expected);
  CHECK(info.method == describe(method));

  // without a change it goes on, and the history stays; another change is added to it
  auto third = resumed();
  dis::train(third, Blocks{}, options(7), dis::checkpoint(folder.path(), {.resume = true}));
  method.get<dis::regularizer::WeightedKl>().beta = 3;
  auto fourth = resumed();
  dis::train(fourth, Blocks{}, options(8), dis::checkpoint(folder.path(), allowed));
  auto const changes = dis::read_checkpoint_info(folder / "checkpoint.safetensors").changes;
  REQUIRE(changes.size() == 3);
  CHECK(changes[2] == dis::SettingChange{7, "WeightedKl.beta", "2", "3"});

  // the steps are those of a model that had the new values from there on
  auto by_hand = resumed();
  dis::load_checkpoint(by_hand, folder / "checkpoint.safetensors");
  CHECK(state_of(by_hand) == state_of(fourth));
}

namespace {

/// A term of a newer version: one member more than the files have.
struct Penalty {
  double weight = 0.5;
  double added = 3;
  auto operator()(auto const& posterior) const { return weight * added * mean(square(posterior.mean)); }
};
using WithPenalty = dis::Plus<TinyVae, dis::Regularizer<Penalty>>;

/// As a version without the member wrote it.
void forget_member(std::filesystem::path const& path) {
  rewrite(path, [](Tensors&, Metadata& m) {
    std::string& text = m["hyper_parameters"];
    auto const at = text.find("\tadded=3");
    REQUIRE(at != std::string::npos);
    text.erase(at, 8);
  });
}

}  // namespace

TEST_CASE("a member that the file lacks had its default") {
  ScratchFolder const folder;
  auto const path = folder / "checkpoint.safetensors";
  auto model = tiny_model(WithPenalty{});
  dis::train(model, Blocks{}, options(3), dis::checkpoint(path));
  forget_member(path);
  auto same = tiny_model(WithPenalty{});
  dis::load_checkpoint(same, path);
  CHECK(state_of(same) == state_of(model));
  auto method = WithPenalty{};
  method.get<Penalty>().added = 4;
  auto other = tiny_model(method);
  CHECK(contains(load_error(other, path), "Penalty.added: 3 in the file, 4 now"));
  rewrite(path, [](Tensors&, Metadata& m) {
    m["hyper_parameters"].insert(m["hyper_parameters"].size() - 1, "\tgone=1");
  });
  CHECK(contains(load_error(same, path), "Penalty.gone: 1 in the file, no such member now"));
}

TEST_CASE("hyper-parameters survive the metadata, whatever their text is") {
  namespace detail = dis::detail;
  std::string const text = "Encoder: Net<3, 4> {a = 1, text = b, c, d = tab\there, e.f = -0.5}\nPrior: "
                           "Normal {}\nPrior: Odd {x = }\n";
  auto const settings = detail::method_settings(text);
  REQUIRE(settings.size() == 3);
  CHECK(settings[0].slot == "Encoder: Net<3, 4>");
  CHECK(settings[0].policy() == "Net");
  CHECK(*settings[0].value("text") == "b, c");
  CHECK(*settings[0].value("e.f") == "-0.5");
  CHECK(settings[1].members.empty());
  CHECK(detail::described(settings) == text);
  auto const again = detail::method_settings(detail::structure_text(settings),
                                             detail::hyper_parameters_text(settings), "file");
  CHECK(detail::described(again) == text);
  CHECK(detail::unescaped(detail::escaped("a\\t\tb\n\\")) == "a\\t\tb\n\\");
}

TEST_CASE("changes are named as set() takes them, also where policies share a name") {
  namespace detail = dis::detail;
  auto const settings = [](std::string const& a, std::string const& b, std::string const& c,
                           std::string const& d) {
    return detail::method_settings("Encoder: Net<3> {n = " + a + "}\nDecoder: Net {n = " + b +
                                   "}\nRegularizer: Kl {beta = 1}\nRegularizer: Tc {w = " + c +
                                   "}\nRegularizer: Tc {w = " + d + "}\n");
  };
  auto const changes =
      detail::setting_changes(settings("1", "2", "3", "4"), settings("1", "5", "3", "6"), {}, 9);
  REQUIRE(changes.size() == 2);
  CHECK(changes[0] == dis::SettingChange{9, "Decoder.Net.n", "2", "5"});
  CHECK(changes[1] == dis::SettingChange{9, "Regularizer[2].Tc.w", "4", "6"});
}

TEST_CASE("slots in another order are the same method; counters go by their names") {
  ScratchFolder const folder;
  auto const path = folder / "checkpoint.safetensors";
  auto model = tiny_model(TinyAdversarial{});
  dis::train(model, Blocks{}, options(3), dis::checkpoint(path));
  using Turned =
      dis::Method<dis::Adversary<TinyCritic>, dis::Decoder<TinyDecoder>, dis::Encoder<TinyEncoder>,
                  dis::Regularizer<dis::regularizer::WeightedKl>, dis::Prior<dis::prior::StandardNormal>,
                  dis::Optimizer<dis::optim::Adam>, dis::Reconstruction<dis::reconstruction::Bernoulli>>;
  auto turned_method = Turned{};
  turned_method.get<dis::regularizer::WeightedKl>().beta = 4;
  auto turned = tiny_model(turned_method);
  CHECK(turned.counter_names() == std::vector<std::string>{"model", "critic"});
  dis::load_checkpoint(turned, path);
  CHECK(state_of(turned) == state_of(model));

  dis::CheckpointInfo info;
  info.counters = {5, 10, 2};
  info.counter_names = {"model", "a", "b"};
  CHECK(dis::detail::counters_for(info, {"model", "b", "a"}, false, "file") == std::vector<long>{5, 2, 10});
  info.counter_names.clear();
  CHECK(dis::detail::counters_for(info, {"model", "b", "a"}, true, "file") == std::vector<long>{5, 10, 2});
  CHECK_THROWS_WITH_AS(dis::detail::counters_for(info, {"model", "b", "a"}, false, "file"),
                       doctest::Contains("which of its counters is whose"), dis::FileError);
}

TEST_CASE("a checkpoint of format 1 is read, and goes on as format 2") {
  ScratchFolder const folder;
  auto const path = folder / "checkpoint.safetensors";
  std::filesystem::copy_file(first_format(), path);
  auto const before = dis::read_checkpoint_info(path);
  CHECK(before.step == 11);
  CHECK(before.counters == std::vector<long>{11, 11});
  CHECK(before.library_version == "0.1.0");
  CHECK(before.notes.at("who") == "made by version 0.1");
  auto model = tiny_model(TinyAdversarial{});
  dis::load_checkpoint(model, path);
  CHECK(model.counters() == std::vector<long>{11, 11});
  CHECK(model.note("best") == std::vector<double>{1.5, -2});
  dis::io::SafetensorsReader const file(path);
  CHECK(!file.has_digests());
  for (auto const& [name, values] : state_of(model)) {
    if (name != "counters") CHECK(file.read(name).as<float>() == values);
  }
  CHECK(file.tensors().size() == state_of(model).size());  // the note for the counters

  dis::train(model, Blocks{}, options(12), dis::checkpoint(path));
  CHECK(dis::io::SafetensorsReader(path).metadata().at("format") == "disentangle checkpoint 2");
  auto again = tiny_model(TinyAdversarial{});
  dis::load_checkpoint(again, path);
  CHECK(state_of(again) == state_of(model));

  std::filesystem::copy_file(first_format(), path, std::filesystem::copy_options::overwrite_existing);
  auto method = TinyAdversarial{};
  method.get<TinyCritic>().weight = 1;
  auto other = tiny_model(method);
  CHECK(contains(load_error(other, path), "TinyCritic.weight: 0.01 in the file, 1 now"));
}

TEST_CASE("weights alone go into models of other methods, seeds and hyper-parameters") {
  ScratchFolder const folder;
  auto const path = folder / "checkpoint.safetensors";
  auto adversarial = tiny_model(TinyAdversarial{});
  dis::train(adversarial, Blocks{}, options(5), dis::checkpoint(path));
  auto const source = state_of(adversarial);

  auto plain = tiny_model(TinyVae{}, 1, 9);
  auto const start = state_of(plain);
  CHECK(dis::load_weights(plain, path).size() == 8);
  for (auto const& tensor : state_of(plain)) {
    std::string const& name = tensor.first;
    CAPTURE(name);
    CHECK(tensor.second == (name.starts_with("moment") || name == "counters" ? start : source).at(name));
  }
  CHECK(plain.steps() == 0);
  dis::train(plain, Blocks{}, options(2));

  // a part of them
  auto encoder = tiny_model(TinyVae{}, 1, 9);
  CHECK(dis::load_weights(encoder, path, {.prefixes = {"encoder."}}) ==
        std::vector<std::string>{"encoder.1.weight", "encoder.1.bias", "encoder.2.weight", "encoder.2.bias"});
  CHECK(state_of(encoder).at("encoder.1.weight") == source.at("encoder.1.weight"));
  CHECK(state_of(encoder).at("decoder.1.weight") == start.at("decoder.1.weight"));

  // the other way round the critic's parameters are not there
  dis::save_checkpoint(plain, path);
  auto target = tiny_model(TinyAdversarial{}, 1, 3);
  auto const before = state_of(target);
  CHECK_THROWS_WITH_AS(
      dis::load_weights(target, path),
      doctest::Contains("no tensor critic.scale, expected one of shape (3,); it has parameters "
                        "that begin with 'decoder.', 'encoder.', of which .prefixes"),
      dis::FileError);
  CHECK(state_of(target) == before);
  dis::load_weights(target, path, {.prefixes = {"encoder.", "decoder."}});
  CHECK(state_of(target).at("decoder.0.bias") == state_of(plain).at("decoder.0.bias"));
  CHECK_THROWS_WITH_AS(
      dis::load_weights(target, path, {.prefixes = {"encoder.", "trunk."}}),
      doctest::Contains("begins with 'trunk.'; they begin with 'critic.', 'decoder.', 'encoder.'"),
      dis::ValueError);

  // other shapes are named; the model is then as it was
  dis::Model colour{TinyVae{}, dis::backend::Cpu(1), dis::ImageShape<8, 8, 3>{}, dis::seed(0)};
  auto const colourless = state_of(colour);
  CHECK_THROWS_WITH_AS(
      dis::load_weights(colour, path),
      doctest::Contains(
          "tensor encoder.1.weight: found f4 of shape (64, 16), expected f4 or f8 of shape (192, 16)"),
      dis::FileError);
  CHECK(state_of(colour) == colourless);

  // format 1 as well, and a scalar of another size
  dis::load_weights(plain, first_format());
  dis::Model fine{TinyVae{}, dis::backend::BasicCpu<double>(1), Blocks{}.image_shape(), dis::seed(0)};
  dis::load_weights(fine, first_format());
}

TEST_CASE("two runs into one folder: the second is refused with the name of the first") {
  ScratchFolder const folder;
  auto const path = folder / "checkpoint.safetensors";
  auto first = tiny_model(TinyVae{});
  std::string message;
  int child_status = -1;
  dis::train(first, Blocks{}, options(3), dis::checkpoint(folder.path()), [&](auto& run, auto const&) {
    if (run.step() != 2) return;
    CHECK(std::filesystem::exists(folder / "checkpoint.lock"));
    auto second = tiny_model(TinyVae{});
    auto const try_it = [&] {
      try {
        dis::train(second, Blocks{}, options(1), dis::checkpoint(path));
      } catch (dis::FileError const& error) {
        return std::string(error.what());
      }
      return std::string();
    };
    message = try_it();
    pid_t const child = fork();  // and from another process
    if (child == 0) _exit(try_it() == message ? 7 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    child_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  });
  CHECK(contains(message, (folder / "checkpoint.lock").string() +
                              ": a training run is under way here, by process " + std::to_string(getpid())));
  CHECK(child_status == 7);
  CHECK(dis::read_checkpoint_info(path).step == 3);
  CHECK(!std::filesystem::exists(folder / "checkpoint.lock"));

  // a run that failed holds nothing, and a lock of the caller's is enough
  CHECK_THROWS_AS(dis::train(first, Blocks{}, options(4), dis::checkpoint(folder.path()),
                             [](auto&, auto const&) { throw dis::ValueError("no"); }),
                  dis::ValueError);
  CHECK(!std::filesystem::exists(folder / "checkpoint.lock"));
  auto const own = std::make_shared<dis::io::LockFile>(dis::lock_of(path), "a study");
  dis::train(first, Blocks{}, options(5), dis::checkpoint(folder.path(), {.lock = own}));
  CHECK(std::filesystem::exists(folder / "checkpoint.lock"));
}

TEST_CASE("a folder that cannot be written ends a run before its first step") {
  ScratchFolder const folder;
  std::filesystem::create_directories(folder / "closed");
  std::filesystem::permissions(folder / "closed", std::filesystem::perms(0555));
  pid_t const child = fork();
  if (child == 0) {
    int status = 1;
    if (geteuid() != 0 || setuid(65534) == 0) {  // root may write anywhere
      auto model = tiny_model(TinyVae{});
      try {
        dis::train(model, Blocks{}, options(1), dis::checkpoint(folder / "closed"));
      } catch (dis::FileError const& error) {
        bool const said =
            std::string(error.what())
                .ends_with("closed/checkpoint.lock: cannot make the lock of the folder: Permission denied");
        status = said && model.steps() == 0 ? 7 : 2;
      }
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
}
