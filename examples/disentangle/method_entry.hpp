// SPDX-License-Identifier: Apache-2.0
// make_entry<Start>("beta_tc_vae"): a method of the shelf as a method of the program, Start::method() its
// start, on the backend that the build compiles this file for (backend_cpu.hpp unless it says otherwise).
#pragma once

#include "methods.hpp"
#include "program_network.hpp"
#include "usage_error.hpp"

#if !defined(PROGRAM_BACKEND)
#define PROGRAM_BACKEND cpu
#include "backend_cpu.hpp"
#else
#include PROGRAM_BACKEND_HEADER
#endif

#include <disentangle/core/with.hpp>
#include <disentangle/data/augmented.hpp>
#include <disentangle/method/shelf.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/csv_log.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/progress_bar.hpp>
#include <disentangle/train/stop_signal.hpp>
#include <disentangle/train/train.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

/// A callback of train() that acts before the first step, and says what --set changed on the way.
struct BeforeTheFirstStep {
  RunFiles const& files;
  void on_begin(auto& run) const {
    if (files.resume && files.settings_change) {
      for (auto const& change : disentangle::read_checkpoint_info(files.checkpoint()).changes) {
        if (change.step == run.step()) {
          std::fprintf(stderr, "%s: %s up to step %ld, %s from there on\n", change.name.c_str(),
                       change.before.c_str(), change.step, change.after.c_str());
        }
      }
    }
    if (files.when_it_begins) files.when_it_begins();
  }
};

/// A method with its settings. Throws UsageError that lists what exists, or what a member accepts.
template <class Start>
auto method_with(std::vector<std::string> const& settings) {
  auto method = Start::method();
  for (std::string const& setting : settings) {
    std::size_t const equals = setting.find('=');
    if (equals == std::string::npos)
      throw UsageError("--set: found '" + setting + "', expected POLICY.MEMBER=VALUE");
    try {
      disentangle::set(method, setting.substr(0, equals), setting.substr(equals + 1));
    } catch (disentangle::ValueError const& error) {
      throw UsageError(std::string("--set: ") + error.what());
    }
  }
  return method;
}

namespace PROGRAM_BACKEND {  // its Backend and make_backend

template <class Start, class Shape>
class ModelOf final : public AnyModel<Shape> {
 public:
  using M = decltype(Start::method());
  using Model = disentangle::Model<M, Backend, Shape>;

  explicit ModelOf(ModelSettings const& settings)
      : AnyModel<Shape>(Model::latent_size),
        model_(method_with<Start>(settings.set), make_backend(settings), Shape{},
               disentangle::seed(settings.seed)) {}

  void encode(std::span<float const> images, std::span<float> mean, std::span<float> log_variance) override {
    model_.encode(images, mean, log_variance);
  }
  void decode(std::span<float const> codes, std::span<float> images) override {
    if constexpr (M::template has<disentangle::Role::decoder>) {
      model_.decode(codes, images);
    } else {
      throw UsageError("this method has no decoder, so there are no images of codes");
    }
  }
  disentangle::TrainSummary train(AnyData<Shape> const& data, ChosenAugmentation const& augmentation,
                                  disentangle::TrainOptions const& options, RunFiles const& files) override {
    return disentangle::train(
        model_, disentangle::data::augmented(data, augmentation), options, disentangle::progress_bar(),
        disentangle::csv_log(files.log()),
        disentangle::checkpoint(files.checkpoint(),
                                {.every = files.checkpoint_every,
                                 .resume = files.resume,
                                 .changed_settings = files.settings_change
                                                         ? disentangle::ChangedSettings::allow
                                                         : disentangle::ChangedSettings::refuse,
                                 .lock = files.lock}),
        disentangle::stop_signal(), BeforeTheFirstStep{files});
  }
  long load(std::filesystem::path const& checkpoint) override {
    std::size_t const known = disentangle::read_checkpoint_info(checkpoint).changes.size();
    auto const info = disentangle::load_checkpoint(model_, checkpoint,
                                                   {.changed_settings = disentangle::ChangedSettings::allow});
    for (std::size_t i = known; i < info.changes.size(); ++i) {
      auto const& change = info.changes[i];
      std::fprintf(stderr, "%s was %s in training, is %s now\n", change.name.c_str(), change.before.c_str(),
                   change.after.c_str());
    }
    return info.step;
  }
  std::size_t parameter_count() const override { return model_.parameter_count(); }
  bool decodes() const override { return M::template has<disentangle::Role::decoder>; }
  std::vector<disentangle::FoundPartition> partitions() override { return disentangle::partitions(model_); }
  bool generative() const override {
    return decodes() && !M::template has<disentangle::Role::reconstruction>;
  }
  void draw_codes(std::span<float> codes, std::uint64_t number) override {
    if constexpr (M::template has<disentangle::Role::prior>) {
      model_.draw_codes(codes, number);
    } else {
      throw UsageError("this method has no prior, so there are no codes to draw");
    }
  }
  std::optional<disentangle::ClassCodes> classes() override {
    if constexpr (Model::class_values != 0) return disentangle::class_codes(model_);
    return {};
  }
  std::optional<disentangle::ClassScores>
  class_scores(AnyData<Shape> const& data, disentangle::ClassScoreOptions const& options) override {
    if constexpr (Model::class_values != 0) return disentangle::class_scores(model_, data, options);
    return {};
  }

 private:
  Model model_;
};

/// The method at the network that the build asked for (DISENTANGLE_COMMAND_NETWORK), with as many latents as
/// it has. A method whose encoder is more than one network keeps its own.
template <class M>
struct AtNetwork : std::type_identity<M> {};
#if defined(PROGRAM_NETWORK)
template <class M>
  requires requires {
    typename std::remove_cvref_t<decltype(M{}.template get<disentangle::Role::encoder>())>::template network<
        1>;
  } && (M::template has<disentangle::Role::reconstruction>)  // the output of these decoders is logits
struct AtNetwork<M> {
  static constexpr int latents =
      std::remove_cvref_t<decltype(M{}.template get<disentangle::Role::encoder>())>::latent_size;
  using type = disentangle::With<M, disentangle::Encoder<disentangle::encoder::PROGRAM_NETWORK<latents>>,
                                 disentangle::Decoder<disentangle::decoder::PROGRAM_NETWORK>>;
};
#endif

/// A start at that network; the values of a method that changes are its types' defaults.
template <class Own>
struct StartAtNetwork {
  using own_type = decltype(Own::method());
  using type = typename AtNetwork<own_type>::type;
  static type method() {
    if constexpr (std::is_same_v<type, own_type>) {
      return Own::method();
    } else {
      return {};
    }
  }
};

template <class Own>
MethodEntry make_entry(char const* name) {
  using Start = StartAtNetwork<Own>;
  return {name,
          std::string(disentangle::method::find(name)->summary),
          disentangle::Model<typename Start::type, Backend, Grey>::views > 1,
          [](std::vector<std::string> const& set) { return disentangle::describe(method_with<Start>(set)); },
          [](ModelSettings const& s) -> std::unique_ptr<AnyModel<Grey>> {
            return std::make_unique<ModelOf<Start, Grey>>(s);
          },
          [](ModelSettings const& s) -> std::unique_ptr<AnyModel<Colour>> {
            return std::make_unique<ModelOf<Start, Colour>>(s);
          }};
}

}  // namespace PROGRAM_BACKEND
