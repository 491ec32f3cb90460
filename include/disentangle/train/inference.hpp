// SPDX-License-Identifier: Apache-2.0
// Model::encode, Model::decode, Model::draw_codes and the list of a model's tensors.
#pragma once

#include <algorithm>

#include <disentangle/train/model.hpp>

namespace disentangle {

namespace detail {

/// Images that inference takes at a time: enough for the kernels, little memory.
inline constexpr std::size_t inference_batch = 64;

inline std::size_t whole(char const* what, std::size_t scalars, std::size_t unit) {
  if (scalars % unit != 0) {
    throw ShapeError(std::string(what) + ": found " + std::to_string(scalars) +
                     " scalars, expected a multiple of " + std::to_string(unit));
  }
  return scalars / unit;
}
inline void expect_scalars(char const* what, std::size_t found, std::size_t expected) {
  if (found != expected) {
    throw ShapeError(std::string(what) + ": found room for " + std::to_string(found) + " scalars, expected " +
                     std::to_string(expected));
  }
}

}  // namespace detail

template <class Backend, class Image, class... Slots>
void Model<Method<Slots...>, Backend, Image>::encode(std::span<float const> images, std::span<float> mean,
                                                     std::span<float> log_variance) {
  static_assert(method_type::template has<Role::encoder>,
                "[disentangle] encode: this method has no Encoder<...>");
  std::size_t const n = detail::whole("encode: images", images.size(), Image::size);
  detail::expect_scalars("encode: mean", mean.size(), n * latent_size);
  if (!log_variance.empty())
    detail::expect_scalars("encode: log_variance", log_variance.size(), n * latent_size);
  Assembly& a = *parts_;
  RecordingOff<Backend> const guard(a.tape);
  for (std::size_t first = 0; first < n; first += detail::inference_batch) {
    std::size_t const count = std::min(detail::inference_batch, n - first);
    a.tape.reset();
    auto const x = a.tape.constant(
        Extents<2>{static_cast<std::ptrdiff_t>(count), static_cast<std::ptrdiff_t>(Image::size)},
        images.data() + first * Image::size);
    auto const save = [&](auto const& v, std::span<float> to) {
      auto const copy = reshape(v, v.extents);
      a.tape.backend().download(copy.value, to.data() + first * latent_size, count * latent_size);
    };
    if constexpr (variational) {
      auto const q = a.infer(x, "encode", 1, nn::Mode{.training = false});
      save(q.mean, mean);
      if (!log_variance.empty()) save(q.log_variance, log_variance);
    } else {
      save(a.encoder(x, nn::Mode{.training = false}), mean);
      std::fill_n(log_variance.begin() +
                      static_cast<std::ptrdiff_t>(log_variance.empty() ? 0 : first * latent_size),
                  log_variance.empty() ? 0 : count * latent_size, 0.0f);
    }
  }
}

template <class Backend, class Image, class... Slots>
void Model<Method<Slots...>, Backend, Image>::classify(std::span<float const> images,
                                                       std::span<float> probabilities) {
  static_assert(class_values != 0, "[disentangle] classify: the prior of this method has no classes");
  std::size_t const n = detail::whole("classify: images", images.size(), Image::size);
  detail::expect_scalars("classify: probabilities", probabilities.size(), n * class_values);
  Assembly& a = *parts_;
  RecordingOff<Backend> const guard(a.tape);
  for (std::size_t first = 0; first < n; first += detail::inference_batch) {
    std::size_t const count = std::min(detail::inference_batch, n - first);
    a.tape.reset();
    auto const x = a.tape.constant(
        Extents<2>{static_cast<std::ptrdiff_t>(count), static_cast<std::ptrdiff_t>(Image::size)},
        images.data() + first * Image::size);
    auto const q = materialise(exp(a.class_posterior(x, nn::Mode{.training = false}).log_probability));
    a.tape.backend().download(q.value, probabilities.data() + first * class_values, count * class_values);
  }
}

template <class Backend, class Image, class... Slots>
void Model<Method<Slots...>, Backend, Image>::decode(std::span<float const> codes, std::span<float> images) {
  static_assert(method_type::template has<Role::decoder>,
                "[disentangle] decode: this method has no Decoder<...>");
  std::size_t const n = detail::whole("decode: codes", codes.size(), latent_size);
  detail::expect_scalars("decode: images", images.size(), n * Image::size);
  Assembly& a = *parts_;
  RecordingOff<Backend> const guard(a.tape);
  for (std::size_t first = 0; first < n; first += detail::inference_batch) {
    std::size_t const count = std::min(detail::inference_batch, n - first);
    a.tape.reset();
    auto const z = a.tape.constant(
        Extents<2>{static_cast<std::ptrdiff_t>(count), static_cast<std::ptrdiff_t>(latent_size)},
        codes.data() + first * latent_size);
    auto const output = a.decoder(z, nn::Mode{.training = false});
    auto const picture = [&] {
      if constexpr (method_type::template has<Role::reconstruction>) {
        return materialise(a.method.template get<Role::reconstruction>().image(output));
      } else {
        return output;
      }
    }();
    a.tape.backend().download(picture.value, images.data() + first * Image::size, count * Image::size);
  }
}

template <class Backend, class Image, class... Slots>
void Model<Method<Slots...>, Backend, Image>::draw_codes(std::span<float> codes, std::uint64_t number) {
  static_assert(method_type::template has<Role::prior>,
                "[disentangle] draw_codes: this method has no Prior<...>");
  std::size_t const n = detail::whole("draw_codes: codes", codes.size(), latent_size);
  Assembly& a = *parts_;
  RecordingOff<Backend> const guard(a.tape);
  a.tape.reset();
  auto const z = a.with_prior([&](auto const& prior, auto&... state) {
    return prior.codes(a.tape, static_cast<std::ptrdiff_t>(n), static_cast<std::ptrdiff_t>(latent_size),
                       Philox{a.seed.value, stream("draw_codes"), number}, state...);
  });
  a.tape.backend().download(z.value, codes.data(), codes.size());
}

template <class Backend, class Image, class... Slots>
void Model<Method<Slots...>, Backend, Image>::set_rate_factor(std::string_view set, double factor) {
  if (set.empty()) {
    parts_->main.rate_factor = factor;
    return;
  }
  std::string known;
  for (auto const& own : parts_->own) {
    if (own->parameters.name() == set) {
      own->parameters.rate_factor = factor;
      return;
    }
    known += (known.empty() ? "" : ", ") + own->parameters.name();
  }
  throw ValueError("set_rate_factor: found set '" + std::string(set) + "', expected '' or one of: " + known);
}

template <class Backend, class Image, class... Slots>
template <class Visitor>
void Model<Method<Slots...>, Backend, Image>::for_each_tensor(Visitor&& visit) {
  auto const visit_set = [&](nn::Parameters<Backend>& set, std::string const& prefix) {
    for (auto const& block : set.blocks()) visit(prefix + block.name, block.extents, *block.value);
    for (std::size_t moment = 0; moment < set.moments(); ++moment) {
      for (auto const& block : set.blocks()) {
        visit("moment" + std::to_string(moment) + "." + prefix + block.name, block.extents,
              set.moment(moment) + block.offset);
      }
    }
    for (auto const& block : set.statistics()) visit(prefix + block.name, block.extents, *block.value);
  };
  visit_set(parts_->main, "");
  for (auto& own : parts_->own) visit_set(own->parameters, own->parameters.name() + ".");
}

}  // namespace disentangle
