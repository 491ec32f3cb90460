// SPDX-License-Identifier: Apache-2.0
// Running an assembly's networks on arrays of any length, and the list of what it keeps: encode, classify,
// decode, draw_codes, for_each_tensor, for_each_record. Model's members of these names say what they do.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/train/assembly.hpp>

namespace disentangle {

namespace detail {

/// Images that inference takes at a time: enough for the kernels, little memory.
inline constexpr std::size_t inference_batch = 64;

DISENTANGLE_COLD inline std::size_t whole(char const* what, std::size_t scalars, std::size_t unit) {
  if (scalars % unit != 0) {
    throw ShapeError(std::string(what) + ": found " + std::to_string(scalars) +
                     " scalars, expected a multiple of " + std::to_string(unit));
  }
  return scalars / unit;
}
DISENTANGLE_COLD inline void expect_scalars(char const* what, std::size_t found, std::size_t expected) {
  if (found != expected) {
    throw ShapeError(std::string(what) + ": found room for " + std::to_string(found) + " scalars, expected " +
                     std::to_string(expected));
  }
}

/// Calls f(first, count, images) for pieces of n images, each (count, pixels) on the tape, nothing recorded.
template <class A, class F>
DISENTANGLE_COLD void over_pieces(A& a, std::span<float const> rows, std::size_t width, F&& f) {
  RecordingOff<typename A::backend_type> const guard(a.tape);
  std::size_t const n = rows.size() / width;
  for (std::size_t first = 0; first < n; first += inference_batch) {
    std::size_t const count = std::min(inference_batch, n - first);
    a.tape.reset();
    f(first, count,
      a.tape.constant(Extents<2>{static_cast<std::ptrdiff_t>(count), static_cast<std::ptrdiff_t>(width)},
                      rows.data() + first * width));
  }
}

}  // namespace detail

template <class A>
DISENTANGLE_COLD void encode(A& a, std::span<float const> images, std::span<float> mean,
                             std::span<float> log_variance) {
  static_assert(A::method_type::template has<Role::encoder>,
                "[disentangle] encode: this method has no Encoder<...>");
  constexpr std::size_t pixels = A::image_shape_type::size, latents = A::latent_size;
  std::size_t const n = detail::whole("encode: images", images.size(), pixels);
  detail::expect_scalars("encode: mean", mean.size(), n * latents);
  if (!log_variance.empty()) detail::expect_scalars("encode: log_variance", log_variance.size(), n * latents);
  detail::over_pieces(a, images, pixels, [&](std::size_t first, std::size_t count, auto const& x) {
    auto const save = [&](auto const& v, std::span<float> to) {
      auto const copy = reshape(v, v.extents);
      a.tape.backend().download(copy.value, to.data() + first * latents, count * latents);
    };
    if constexpr (A::traits::variational) {
      auto const q = a.infer(x, "encode", 1, nn::Mode{.training = false});
      save(q.mean, mean);
      if (!log_variance.empty()) save(q.log_variance, log_variance);
    } else {
      save(a.encoder(x, nn::Mode{.training = false}), mean);
      if (!log_variance.empty())
        std::ranges::fill(log_variance.subspan(first * latents, count * latents), 0.0f);
    }
  });
}

template <class A>
DISENTANGLE_COLD void classify(A& a, std::span<float const> images, std::span<float> probabilities) {
  static_assert(A::traits::class_values != 0,
                "[disentangle] classify: the prior of this method has no classes");
  constexpr std::size_t pixels = A::image_shape_type::size;
  constexpr auto values = static_cast<std::size_t>(A::traits::class_values);
  std::size_t const n = detail::whole("classify: images", images.size(), pixels);
  detail::expect_scalars("classify: probabilities", probabilities.size(), n * values);
  detail::over_pieces(a, images, pixels, [&](std::size_t first, std::size_t count, auto const& x) {
    auto const q = materialise(exp(a.class_posterior(x, nn::Mode{.training = false}).log_probability));
    a.tape.backend().download(q.value, probabilities.data() + first * values, count * values);
  });
}

template <class A>
DISENTANGLE_COLD void decode(A& a, std::span<float const> codes, std::span<float> images) {
  static_assert(A::method_type::template has<Role::decoder>,
                "[disentangle] decode: this method has no Decoder<...>");
  constexpr std::size_t pixels = A::image_shape_type::size;
  std::size_t const n = detail::whole("decode: codes", codes.size(), A::latent_size);
  detail::expect_scalars("decode: images", images.size(), n * pixels);
  detail::over_pieces(a, codes, A::latent_size, [&](std::size_t first, std::size_t count, auto const& z) {
    auto const picture = a.generate(z, nn::Mode{.training = false});
    a.tape.backend().download(picture.value, images.data() + first * pixels, count * pixels);
  });
}

template <class A>
DISENTANGLE_COLD void draw_codes(A& a, std::span<float> codes, std::uint64_t number) {
  static_assert(A::method_type::template has<Role::prior>,
                "[disentangle] draw_codes: this method has no Prior<...>");
  std::size_t const n = detail::whole("draw_codes: codes", codes.size(), A::latent_size);
  RecordingOff<typename A::backend_type> const guard(a.tape);
  a.tape.reset();
  auto const z = a.codes(static_cast<std::ptrdiff_t>(n), Philox{a.seed.value, stream("draw_codes"), number});
  a.tape.backend().download(z.value, codes.data(), codes.size());
}

/// The set of parameters of a name, "" being the method's own. @throws ValueError that lists the names there
/// are
template <class A>
nn::Parameters<typename A::backend_type>& parameter_set(A& a, std::string_view name) {
  if (name.empty()) return a.main;
  std::string known;
  for (auto const& own : a.own) {
    if (own->parameters.name() == name) return own->parameters;
    known += (known.empty() ? "" : ", ") + own->parameters.name();
  }
  throw ValueError("set_rate_factor: found set '" + std::string(name) + "', expected '' or one of: " + known);
}

template <class A, class Visitor>
void for_each_tensor(A& a, Visitor&& visit) {
  auto const visit_set = [&](auto& set, std::string const& prefix) {
    for (auto const& block : set.blocks()) visit(prefix + block.name, block.extents, *block.value);
    for (std::size_t moment = 0; moment < set.moments(); ++moment) {
      for (auto const& block : set.blocks()) {
        visit("moment" + std::to_string(moment) + "." + prefix + block.name, block.extents,
              set.moment(moment) + block.offset);
      }
    }
    for (auto const& block : set.statistics()) visit(prefix + block.name, block.extents, *block.value);
  };
  visit_set(a.main, "");
  for (auto& own : a.own) visit_set(own->parameters, own->parameters.name() + ".");
}

template <class A, class Visitor>
void for_each_record(A& a, Visitor&& visit) {
  A::traits::each_slot([&](auto index) {
    auto& state = std::get<index>(a.states);
    if constexpr (requires { state->for_each_record(visit); }) state->for_each_record(visit);
  });
  for (auto& [name, values] : a.notes) visit("note." + name, values);
}

}  // namespace disentangle
