// SPDX-License-Identifier: Apache-2.0
// Model<Method, Backend, Image>: a method bound to a backend and an image shape. A thin face of an Assembly:
// what is behind each member stands in train/training_step.hpp, epoch_view.hpp and inference.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/minibatch.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/train/assembly.hpp>
#include <disentangle/train/epoch_view.hpp>
#include <disentangle/train/inference.hpp>
#include <disentangle/train/method_traits.hpp>
#include <disentangle/train/training_step.hpp>

namespace disentangle {

/// A method on a backend: makes training steps, encodes and decodes. It knows roles, and no policy by name.
template <class M, class Backend, class Image>
class Model {
 public:
  using method_type = M;
  using backend_type = Backend;
  using image_shape_type = Image;
  using scalar = typename Backend::scalar;
  using traits = method_traits<M>;
  using assembly_type = Assembly<M, Backend, Image>;
  using setting = typename assembly_type::setting;
  using report_type = typename assembly_type::report_type;
  /// Number of latents of a code.
  static constexpr std::size_t latent_size = assembly_type::latent_size;
  /// Number of terms of the loss.
  static constexpr std::size_t part_count = traits::parts;
  /// Values of the class variables together, for methods with discrete latents; else 0.
  static constexpr auto class_values = static_cast<std::size_t>(traits::class_values);
  /// Whether it infers a posterior, whose KL a step reports.
  static constexpr bool infers_posterior = traits::variational;
  /// Whether the last of the minibatches must have labels.
  static constexpr bool takes_labels = traits::takes_labels;
  /// Views that a step takes of its main minibatch: the same images, each view augmented otherwise.
  static constexpr int views = traits::views;
  /// Minibatches that a step draws from all images, independently of each other; the first is the main one.
  static constexpr int draws = traits::draws;
  /// Minibatches that a step takes: those drawn, further views of the main one, and the labelled one.
  static constexpr int minibatches = traits::minibatches;
  /// Whether a policy looks at the data set between epochs.
  static constexpr bool surveys_epochs = traits::surveys_epochs;

  Model(M method, Backend backend, Image, Seed seed)
      : parts_(std::make_unique<assembly_type>(std::move(method), backend, seed)) {}

  M const& method() const { return parts_->method; }
  [[nodiscard]] static constexpr Image image_shape() { return {}; }
  Seed seed() const { return parts_->seed; }
  /// Number of training steps made.
  long steps() const { return parts_->steps; }
  /// Number of trained scalars.
  std::size_t parameter_count() const {
    std::size_t n = parts_->main.count();
    for (auto const& own : parts_->own) n += own->parameters.count();
    return n;
  }
  Backend& backend() { return parts_->tape.backend(); }
  /// What the model is made of, for those who write functions on it.
  assembly_type& assembly() { return *parts_; }

  /// Names of the loss parts: the policies' names, in the order of the method's slots.
  [[nodiscard]] static std::vector<std::string> const& part_names() {
    static std::vector<std::string> const names = traits::part_names();
    return names;
  }

  /// Names of what the policies measure beside the loss: "critic_gap". Most have none.
  [[nodiscard]] static std::vector<std::string> const& measure_names() {
    static std::vector<std::string> const names = [] {
      std::vector<std::string> list;
      for (auto const& some : traits::measure_names()) list.insert(list.end(), some.begin(), some.end());
      return list;
    }();
    return names;
  }
  /// What they measured in the last step, in the order of the names; reads it back. Zero before the first
  /// step.
  std::vector<double> measures() {
    std::vector<double> values(measure_names().size());
    if (!values.empty()) backend().download(parts_->measured.data(), values.data(), values.size());
    return values;
  }

  /// One update from a minibatch (and from as many more as the method's policies want). Allocates nothing
  /// after the first steps of a batch size. @throws NumericalError naming the step and the part if a part of
  /// the loss is not finite.
  ///
  /// A step that throws, whatever it is, before its update is made leaves parameters, moments, statistics,
  /// the number of steps and the report as they were; only what policies update by themselves before the
  /// forward pass (a critic; the encoder, under LabelledStep) may have been updated: the message names them,
  /// and a checkpoint is the way back. Where an after_step throws (a discriminator's loss that is not finite)
  /// the method's update is made and the step counts.
  ///
  /// A backend that queues its work (backend::Cuda) reads the loss back when `reads_back` says so and every
  /// CudaOptions::read_back_every steps. Between, the report stays that of report.step, and a part that is
  /// not finite is found at the next reading, when the parameters have it too: go back to the last
  /// checkpoint.
  report_type const& step(Minibatch const& minibatch, bool reads_back = false) {
    return step(std::span<Minibatch const>(&minibatch, 1), reads_back);
  }
  report_type const& step(std::span<Minibatch const> batches, bool reads_back = false) {
    return make_step(*parts_, batches, reads_back);
  }
  /// The report of the last step, waiting for it where the backend queues its work. @throws NumericalError as
  /// step() does.
  report_type const& read_back() { return disentangle::read_back(*parts_); }

  /// Posterior means and log-variances of any number of images, (n, latent_size) each. log_variance may be
  /// empty; it is zero for encoders without one. @throws ShapeError if the spans' sizes do not fit.
  void encode(std::span<float const> images, std::span<float> mean, std::span<float> log_variance) {
    disentangle::encode(*parts_, images, mean, log_variance);
  }

  /// q(c|x) of any number of images, (n, class_values): the values of each class variable behind those of the
  /// one before. For methods whose prior has classes. @throws ShapeError if the spans' sizes do not fit.
  void classify(std::span<float const> images, std::span<float> probabilities) {
    disentangle::classify(*parts_, images, probabilities);
  }

  /// Expected images of any number of codes, in [0, 1], (n, image size). @throws ShapeError if the sizes do
  /// not fit.
  void decode(std::span<float const> codes, std::span<float> images) {
    disentangle::decode(*parts_, codes, images);
  }

  /// Codes from the prior, (n, latent_size): the same for the same number. @throws ShapeError if the size
  /// does not fit.
  void draw_codes(std::span<float> codes, std::uint64_t number = 0) {
    disentangle::draw_codes(*parts_, codes, number);
  }

  /// Lets policies look at the whole data set before an epoch: train() calls it before the first step of
  /// each.
  void before_epoch(long epoch, EpochImages const& images) { survey_epoch(*parts_, epoch, images); }
  /// Multiplies the learning rate of one set of parameters, beside its schedule: "" the method's own, or the
  /// name of one with an optimiser of its own ("labelled", "critic"). Not saved. @throws ValueError that
  /// lists the names there are
  void set_rate_factor(std::string_view set, double factor) {
    parameter_set(*parts_, set).rate_factor = factor;
  }
  /// A list of numbers that is saved with the model under a name: what a callback must know to go on. Empty
  /// at first.
  std::vector<double>& note(std::string const& name) { return parts_->notes[name]; }

  /// Calls visit(name, v) for every list of numbers, std::vector<int>& or std::vector<double>&, that policies
  /// keep on the host and a checkpoint holds: the partitions of IP-IRM.
  template <class Visitor>
  void for_each_record(Visitor&& visit) {
    disentangle::for_each_record(*parts_, visit);
  }

  /// Calls visit(name, extents, pointer) for every tensor that a checkpoint holds: parameters, moments,
  /// statistics.
  template <class Visitor>
  void for_each_tensor(Visitor&& visit) {
    disentangle::for_each_tensor(*parts_, visit);
  }
  /// Numbers of updates that each parameter set has had, the method's own first: saved beside the tensors.
  std::vector<long> counters() const {
    std::vector<long> counts{parts_->steps};
    for (auto const& own : parts_->own) counts.push_back(own->updates);
    return counts;
  }
  /// Whose numbers they are: "model", then the sets with an optimiser of their own ("critic").
  std::vector<std::string> counter_names() const {
    std::vector<std::string> names{parts_->main.name()};
    for (auto const& own : parts_->own) names.push_back(own->parameters.name());
    return names;
  }
  void set_counters(std::vector<long> const& counts) {
    if (counts.size() != parts_->own.size() + 1) {
      throw ValueError("counters: found " + std::to_string(counts.size()) + ", expected " +
                       std::to_string(parts_->own.size() + 1));
    }
    parts_->steps = counts[0];
    for (std::size_t i = 0; i < parts_->own.size(); ++i) parts_->own[i]->updates = counts[i + 1];
  }

 private:
  std::unique_ptr<assembly_type> parts_;
};

}  // namespace disentangle
