// SPDX-License-Identifier: Apache-2.0
// Rows of a network: every method of the shelf with it, training steps, codes and images afterwards.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/train/model.hpp>

#include "tests/backends/support/rows.hpp"

namespace disentangle::test {

/// The tensors of a model by their names, of large ones every so many-th number.
struct SampledTensor {
  std::string name;
  std::vector<double> numbers;
};
template <class Model>
std::vector<SampledTensor> sampled_tensors(Model& model) {
  constexpr std::size_t most = 4096;
  std::vector<SampledTensor> tensors;
  model.for_each_tensor(
      [&](std::string const& name, std::vector<std::ptrdiff_t> const& extents, auto* pointer) {
        std::size_t size = 1;
        for (auto const extent : extents) size *= static_cast<std::size_t>(extent);
        std::vector<double> whole(size);
        model.backend().download(pointer, whole.data(), size);
        SampledTensor tensor{name, {}};
        std::size_t const stride = (size + most - 1) / most;
        for (std::size_t i = 0; i < size; i += stride) tensor.numbers.push_back(whole[i]);
        tensors.push_back(std::move(tensor));
      });
  return tensors;
}

/// Weights with which signals keep their size from layer to layer, so that every latent has a KL of its own.
template <class Model>
void set_weights(Model& model) {
  std::uint64_t number = 200;
  model.for_each_tensor(
      [&](std::string const& name, std::vector<std::ptrdiff_t> const& extents, auto* pointer) {
        if (name.find("moment") != std::string::npos || name.find(".running_") != std::string::npos) return;
        std::ptrdiff_t size = 1;
        for (auto const extent : extents) size *= extent;
        double const fan_in = static_cast<double>(size / extents.back());
        double const half_width = extents.size() == 1 ? 0.1 : std::sqrt(6 / fan_in);
        auto const values = numbers<1>({size}, ++number, -half_width, half_width).values;
        model.backend().upload(values.data(), pointer, values.size());
      });
}

/// How much a row does.
struct Amounts {
  std::size_t batch;  ///< images of a step; the second step has one less
  std::uint64_t steps;
  std::size_t images;  ///< that are encoded afterwards; inference takes 64 at a time
  /// parts of names of parameters whose gradient is zero but for rounding, as the last bias of a critic:
  /// their changes are not compared
  std::vector<std::string> still{};
};

/// Leaves a model as it starts.
struct AsItStarts {
  void operator()(auto&) const {}
};

/// Kept: the parameters' start, loss parts and KL of each step, how far every parameter and moment went,
/// codes and images afterwards.
template <class Image, class Method, class Backend, class Prepare = AsItStarts>
void method_row(Rows<Backend>& rows, std::string const& name, Method method, Amounts amounts,
                Prepare prepare = {}) {
  rows.row(name, [&](RunningRow<Backend>& r) {
    auto& adam = method.template get<Role::optimizer>();
    adam.learning_rate = 1e-3;
    adam.epsilon = 1e-3;  // an update is then a smooth function of its gradient, so rounding stays rounding
    Model<Method, Backend, Image> model{method, r.backend(), Image{}, seed(3)};
    for (auto const& tensor : sampled_tensors(model))
      r.keep("start of " + tensor.name, tensor.numbers, Kind::values);
    set_weights(model);
    prepare(model);
    auto const start = sampled_tensors(model);

    constexpr auto batches = static_cast<std::size_t>(Model<Method, Backend, Image>::minibatches);
    std::array<std::vector<float>, batches> images;
    std::array<Minibatch, batches> minibatches;
    std::vector<int> labels;
    std::vector<std::size_t> indices(amounts.batch);
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    auto const floats = [](std::size_t n, std::uint64_t number, double low) {
      auto const host = numbers<1>({static_cast<std::ptrdiff_t>(n)}, number, low, 1).values;
      return std::vector<float>(host.begin(), host.end());
    };
    auto const draw = [&](std::uint64_t number) {
      std::size_t const n = number == 2 ? amounts.batch - 1 : amounts.batch;
      for (std::size_t i = 0; i < batches; ++i) {
        images[i] = floats(n * Image::size, 10 * i + number, 0);
        minibatches[i] = {images[i], {}, n, 1000, std::span(indices).first(n)};
      }
      if constexpr (Model<Method, Backend, Image>::takes_labels) {  // two factors; some labels are missing
        labels.assign(2 * n, 0);
        for (std::size_t i = 0; i < 2 * n; ++i) labels[i] = static_cast<int>((i + number) % 3) - 1;
        minibatches.back().labels = labels;
      }
    };
    auto const step = [&](std::uint64_t number) {
      draw(number);
      auto const& report = model.step(minibatches);
      std::vector<double> loss(report.parts.begin(), report.parts.end());
      loss.push_back(report.loss);
      r.keep("loss " + std::to_string(number), loss, number == 1 ? Kind::values : Kind::steps,
             Scale::element);
      r.keep("KL " + std::to_string(number), std::vector<double>(report.kl.begin(), report.kl.end()),
             Kind::steps);
    };
    for (std::uint64_t number = 1; number <= amounts.steps; ++number) step(number);

    // inference between steps, the widest last: what it does to the tape's memory, the next step must bear
    auto const keep = [&](std::string const& what, std::vector<float> const& v) {
      r.keep(what, std::vector<double>(v.begin(), v.end()), Kind::steps);
    };
    std::size_t const n = amounts.images, latents = model.latent_size;
    auto const codes = floats(2 * latents, 100, -1), pictures = floats(n * Image::size, 101, 0);
    std::vector<float> decoded(2 * Image::size), mean(n * latents), log_variance(n * latents);
    if constexpr (Method::template has<Role::decoder>) {
      model.decode(codes, decoded);
      keep("decoded images", decoded);
    }
    model.encode(pictures, mean, log_variance);
    keep("codes", mean);
    keep("log-variances", log_variance);
    step(amounts.steps + 1);  // training goes on after inference
    auto const end = sampled_tensors(model);
    for (std::size_t t = 0; t < end.size(); ++t) {
      auto const& tensor = end[t].name;
      if (std::any_of(amounts.still.begin(), amounts.still.end(),
                      [&](std::string const& part) { return tensor.find(part) != tensor.npos; })) {
        continue;
      }
      auto change = end[t].numbers;
      for (std::size_t i = 0; i < change.size(); ++i) change[i] -= start[t].numbers[i];
      r.keep("change of " + tensor, change, Kind::steps);
    }

    draw(1);
    images[0][3] = std::numeric_limits<float>::quiet_NaN();
    double reported = 0;
    try {
      model.step(minibatches);
    } catch (NumericalError const&) {
      reported = 1;
    }
    r.keep("a loss that is NaN is reported", {reported}, Kind::exact);
  });
}

/// All methods of the shelf with a network.
template <class EncoderPolicy, class DecoderPolicy, class Image, class Backend>
void method_rows(Rows<Backend>& rows, Amounts amounts) {
  auto const row = [&]<class M>(std::string const& name, M) {
    method_row<Image>(rows, name, With<M, Encoder<EncoderPolicy>, Decoder<DecoderPolicy>>{}, amounts);
  };
  row("Vae", method::Vae{});
  row("BetaVae", method::BetaVae{});
  row("BetaTcVae", method::BetaTcVae{});
}

}  // namespace disentangle::test
