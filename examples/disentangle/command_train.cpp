// SPDX-License-Identifier: Apache-2.0
// disentangle train
#include "commands.hpp"
#include "run_config.hpp"
#include "usage_error.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

namespace {

/// Settings with others put over them: the later value of a name stands in the place of the earlier.
std::vector<std::string> with_settings(std::vector<std::string> settings,
                                       std::vector<std::string> const& later) {
  for (std::string const& setting : later) {
    std::string const name = setting.substr(0, setting.find('=')) + "=";
    auto const same = std::find_if(settings.begin(), settings.end(),
                                   [&](std::string const& earlier) { return earlier.starts_with(name); });
    if (same == settings.end()) {
      settings.push_back(setting);
    } else {
      *same = setting;
    }
  }
  return settings;
}

/// What a resumed run is told may repeat its config.json, not contradict it; steps, intervals and
/// hyper-parameters may change.
template <class T>
void expect_same(char const* option, T const& found, T const& kept, std::string const& text,
                 std::string const& kept_text) {
  if (found != kept) {
    throw UsageError(std::string(option) + ": found '" + text + "', expected '" + kept_text +
                     "', with which the run to resume was started");
  }
}

RunConfig resumed_config(TrainArguments const& given, RunFiles const& files) {
  if (!std::filesystem::exists(files.config())) {
    throw UsageError("--resume: " + files.folder.string() +
                     " has no config.json, so there is no run to go on with");
  }
  RunConfig config = read_config(files.config());
  if (given.method) expect_same("--method", *given.method, config.method, *given.method, config.method);
  if (given.data) {
    std::string const data = with_absolute_path(*given.data);
    expect_same("--data", data, config.data, data, config.data);
  }
  if (given.batch_size) {
    expect_same("--batch-size", *given.batch_size, config.batch_size, std::to_string(*given.batch_size),
                std::to_string(config.batch_size));
  }
  if (given.augment) expect_same("--augment", *given.augment, config.augment, *given.augment, config.augment);
  if (given.labels) expect_same("--labels", *given.labels, config.labels, *given.labels, config.labels);
  if (given.seed)
    expect_same("--seed", *given.seed, config.seed, std::to_string(*given.seed), std::to_string(config.seed));
  config.set = with_settings(config.set, given.set);
  if (given.steps) config.steps = *given.steps;
  if (given.checkpoint_every) config.checkpoint_every = *given.checkpoint_every;
  if (given.log_every) config.log_every = *given.log_every;
  return config;
}

RunConfig fresh_config(TrainArguments const& given, RunFiles const& files) {
  if (std::filesystem::exists(files.checkpoint()) && !given.overwrite) {
    throw UsageError("--out: " + files.checkpoint().string() +
                     " exists; give --resume to go on with it, --overwrite to replace it, "
                     "or another folder");
  }
  if (!given.method) throw UsageError("--method is needed; disentangle list shows what there is");
  return {.method = *given.method,
          .set = given.set,
          .data = with_absolute_path(given.data.value_or("dsprites")),
          .labels = given.labels.value_or("all"),
          .augment = given.augment.value_or(
              find_method(*given.method, given.backend).compares_views ? views_augmentation : "none"),
          .steps = given.steps.value_or(20'000),
          .batch_size = given.batch_size.value_or(64),
          .seed = given.seed.value_or(0),
          .checkpoint_every = given.checkpoint_every.value_or(1000),
          .log_every = given.log_every.value_or(100)};
}

}  // namespace

void train_command(TrainArguments const& given) {
  if (given.resume && given.overwrite) throw UsageError("--resume and --overwrite exclude each other");
  expect_backend(given.backend);
  RunFiles files{.folder = given.out, .resume = given.resume, .settings_change = !given.set.empty()};
  auto const lock = [&] {
    if (!files.lock)
      files.lock = std::make_shared<disentangle::io::LockFile>(files.lock_path(), "a training run");
  };
  if (std::filesystem::exists(files.folder)) lock();  // who trains there is the first that is to be said
  RunConfig const config = given.resume ? resumed_config(given, files) : fresh_config(given, files);
  files.checkpoint_every = config.checkpoint_every;
  MethodEntry const& method = find_method(config.method, given.backend);
  // settings are checked before anything is written
  std::string const described = method.described(config.set);
  ChosenAugmentation const augmentation(config.augment);
  OpenedData const data = open_data(config.data);
  std::visit(
      [&]<class Data>(Data const& images) {
        using Shape = typename Data::image_shape_type;
        auto const model =
            method.model<Shape>({.set = config.set, .seed = config.seed, .threads = given.threads});
        lock();
        if (given.overwrite) {
          for (auto const& old : {files.checkpoint(), files.log()}) std::filesystem::remove(old);
        }
        auto const shown = with_labels<Shape>(images, config.labels, config.seed);
        files.when_it_begins = [&] { write_config(files.config(), config, data); };
        std::fprintf(stderr, "%s%zu parameters; %s, %zu images of %d x %d x %d; seed %llu\n",
                     described.c_str(), model->parameter_count(), images.name().c_str(), images.size(),
                     Shape::height, Shape::width, Shape::channels,
                     static_cast<unsigned long long>(config.seed));
        auto const summary = model->train(
            shown, augmentation,
            {.steps = config.steps, .batch_size = config.batch_size, .log_every = config.log_every}, files);
        for (std::string const& warning : summary.warnings)  // said once more, where the run's end is read
          std::fprintf(stderr, "disentangle: warning: %s\n", warning.c_str());
        if (!summary.stopped.empty()) {
          std::fprintf(stderr, "go on with: disentangle train --resume --out %s\n", given.out.c_str());
          return;
        }
        std::printf("%ld steps in %.1f s (%.0f images/s), from step %ld to %ld; loss %.4f; %s\n",
                    summary.steps - summary.first_step, summary.seconds, summary.images_per_second,
                    summary.first_step, summary.steps, summary.loss, files.checkpoint().string().c_str());
      },
      data);
}
