// SPDX-License-Identifier: Apache-2.0
// class_codes(model): the codes that a model's classes stand for; generate(): images of classes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/class_codes.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/roles.hpp>
#include <disentangle/prior/classes.hpp>

namespace disentangle {

/// The codes of the classes of a model as it stands: of PartedVAE the components of its prior, of JointVAE
/// one-hot codes.
template <class Model>
  requires(Model::class_values != 0)
ClassCodes class_codes(Model& model) {
  auto const& prior = model.method().template get<Role::prior>();
  using Prior = std::remove_cvref_t<decltype(prior)>;
  using Classes = typename Prior::classes;
  ClassCodes codes;
  auto const frequencies = prior::class_probabilities<Classes>(prior.frequencies);
  codes.frequencies.assign(frequencies.begin(), frequencies.end());
  for (int const size : Classes::sizes) codes.sizes.push_back(static_cast<std::size_t>(size));
  if constexpr (requires { typename Prior::code; }) {
    using Code = typename Prior::code;
    codes.independent = Code::independent;
    codes.widths.assign(codes.sizes.size(), Code::related);
    std::size_t const n = static_cast<std::size_t>(Classes::total) * Code::related;
    codes.means.assign(n, 0.0f);
    codes.deviations.assign(n, 1.0f);
    model.for_each_tensor([&](std::string const& name, auto const&, auto* values) {
      if (name == "prior.mean") model.backend().download(values, codes.means.data(), n);
      if (name == "prior.rho") {
        model.backend().download(values, codes.deviations.data(), n);
        for (float& s : codes.deviations) s = std::exp(0.5f * (2 * std::tanh(s) - 1));
      }
    });
  } else {
    codes.independent = Model::latent_size - static_cast<std::size_t>(Classes::total);
    codes.widths = codes.sizes;
    for (std::size_t const size : codes.sizes) {
      for (std::size_t k = 0; k < size * size; ++k) codes.means.push_back(k % (size + 1) == 0 ? 1.0f : 0.0f);
    }
    codes.deviations.assign(codes.means.size(), 0.0f);
  }
  return codes;
}

/// n images of a class of variable 0, (n, image size), drawn from the prior; the other variables by p(c). The
/// same for the same seed. @throws ValueError for a class that there is not.
///     std::vector<float> sevens = dis::generate(model, 7, 100);
template <class Model>
  requires(Model::class_values != 0)
std::vector<float> generate(Model& model, std::size_t value, std::size_t n, Seed seed = {}) {
  auto const codes = class_codes(model);
  codes.expect(0, value);
  std::vector<float> drawn, images(n * Model::image_shape_type::size);
  for (std::size_t i = 0; i < n; ++i) {
    auto values = codes.draw_classes(seed.value, i);
    values[0] = value;
    auto const code = codes.draw(values, seed.value, i);
    drawn.insert(drawn.end(), code.begin(), code.end());
  }
  model.decode(drawn, images);
  return images;
}

}  // namespace disentangle
