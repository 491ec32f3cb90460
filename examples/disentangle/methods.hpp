// SPDX-License-Identifier: Apache-2.0
// Methods by name. Each is compiled in a file of its own (method_*.cpp) behind the class AnyModel.
#pragma once

#include "augmentations.hpp"
#include "data_sets.hpp"

#include <disentangle/io/lock_file.hpp>
#include <disentangle/train/class_scores.hpp>
#include <disentangle/train/partitions.hpp>
#include <disentangle/train/run.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// What makes a model, apart from its method and the image shape.
struct ModelSettings {
  /// "TotalCorrelation.beta=6"
  std::vector<std::string> set;
  std::uint64_t seed = 0;
  /// 0: one per hardware thread.
  unsigned threads = 0;
};

/// Where and how often a training run writes.
struct RunFiles {
  std::filesystem::path folder;
  long checkpoint_every = 1000;
  bool resume = false;
  /// Whether --set may change hyper-parameters of the run that goes on.
  bool settings_change = false;
  /// Keeps other processes out of the folder.
  std::shared_ptr<disentangle::io::LockFile> lock{};
  /// Called once the model's state stands, before the first step.
  std::function<void()> when_it_begins{};

  std::filesystem::path checkpoint() const { return folder / "checkpoint.safetensors"; }
  std::filesystem::path log() const { return folder / "log.csv"; }
  std::filesystem::path config() const { return folder / "config.json"; }
  std::filesystem::path lock_path() const { return folder / "checkpoint.lock"; }
};

/// A model of some method; what evaluate() and the reports ask of one.
template <class Shape>
class AnyModel {
 public:
  using image_shape_type = Shape;
  explicit AnyModel(std::size_t latents) : latent_size(latents) {}
  virtual ~AnyModel() = default;
  virtual void encode(std::span<float const> images, std::span<float> mean,
                      std::span<float> log_variance) = 0;
  virtual void decode(std::span<float const> codes, std::span<float> images) = 0;
  virtual disentangle::TrainSummary train(AnyData<Shape> const& data, ChosenAugmentation const& augmentation,
                                          disentangle::TrainOptions const& options,
                                          RunFiles const& files) = 0;
  /// Restores a checkpoint and returns its step; says on stderr where its hyper-parameters were others.
  virtual long load(std::filesystem::path const& checkpoint) = 0;
  virtual std::size_t parameter_count() const = 0;
  /// Whether it has a decoder, so that decode() works.
  virtual bool decodes() const = 0;
  /// The partitions of the images that it was trained with, for methods that have some.
  virtual std::vector<disentangle::FoundPartition> partitions() = 0;
  /// Whether its decoder is a generator of codes that are drawn, not inferred.
  virtual bool generative() const = 0;
  /// Codes from the prior, (n, latent_size).
  virtual void draw_codes(std::span<float> codes, std::uint64_t number) = 0;
  /// Codes and scores of the model's classes; nothing where it has none.
  virtual std::optional<disentangle::ClassCodes> classes() = 0;
  virtual std::optional<disentangle::ClassScores>
  class_scores(AnyData<Shape> const& data, disentangle::ClassScoreOptions const& options) = 0;

  std::size_t const latent_size;
};

/// One method of the program.
struct MethodEntry {
  std::string name;
  /// What it is and where it was published, in a line.
  std::string summary;
  /// Whether it compares views of an image, and so needs an augmentation.
  bool compares_views = false;
  /// describe() with settings applied. Throws UsageError for a setting that does not exist.
  std::string (*described)(std::vector<std::string> const& set);
  std::unique_ptr<AnyModel<Grey>> (*grey)(ModelSettings const&);
  std::unique_ptr<AnyModel<Colour>> (*colour)(ModelSettings const&);

  template <class Shape>
  std::unique_ptr<AnyModel<Shape>> model(ModelSettings const& settings) const {
    if constexpr (Shape::channels == 1) {
      return grey(settings);
    } else {
      return colour(settings);
    }
  }
};

/// One backend of the program.
struct BackendEntry {
  std::string name;
  std::vector<MethodEntry> methods;
  /// What it lacks on this machine, in a line; empty: nothing. Null: it lacks nothing anywhere.
  std::string (*missing)();
};

/// The backends that the program was built for, the default first.
std::vector<BackendEntry> const& backends();

/// All methods, in the order of their publication.
std::vector<MethodEntry> const& methods();

/// The method of a name on a backend. Throws UsageError that lists what exists.
MethodEntry const& find_method(std::string const& name, std::string const& backend = "cpu");

/// Throws UsageError that says what is missing where a backend does not exist, was not built or has no
/// device.
void expect_backend(std::string const& name);
