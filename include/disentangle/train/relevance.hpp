// SPDX-License-Identifier: Apache-2.0
// relevance(model): which latents of an RF-VAE are relevant.
#pragma once

#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/roles.hpp>
#include <disentangle/prior/relevance.hpp>

namespace disentangle {

/// The relevance of a model's latents.
struct Relevance {
  std::vector<double> values;  ///< r_j in [0, 1], one for each latent
  std::vector<std::size_t>
      relevant;  ///< the latents with r_j > threshold, ascending; its size is their number
};

namespace detail {

template <class Model>
auto prior_of() {
  using Method = typename Model::method_type;
  if constexpr (Method::template has<Role::prior>) {
    return std::type_identity<
        std::remove_cvref_t<decltype(std::declval<Method const&>().template get<Role::prior>())>>{};
  } else {
    return std::type_identity<void>{};
  }
}

}  // namespace detail

/// A model whose prior says that it knows the relevance of latents: prior::LearntRelevance,
/// prior::KnownRelevance, prior::RelevantPrecision.
template <class Model>
concept knows_relevance = requires { requires decltype(detail::prior_of<Model>())::type::knows_relevance; };

/// The relevance of a model as it stands. @param threshold default 1/2, a RECONSTRUCTION: the entropy term
/// drives every r_j to 0 or 1, so it hardly matters.
template <knows_relevance Model>
Relevance relevance(Model& model, double threshold = 0.5) {
  Relevance result;
  auto const& prior = model.method().template get<Role::prior>();
  if constexpr (requires { prior.relevant; }) {
    for (std::size_t j = 0; j < model.latent_size; ++j) {
      result.values.push_back(static_cast<int>(j) < prior.relevant ? 1 : 0);
    }
  } else {
    result.values.resize(model.latent_size);
    model.for_each_tensor([&](std::string const& name, auto const&, auto* logits) {
      if (name == "relevance") model.backend().download(logits, result.values.data(), result.values.size());
    });
    for (double& value : result.values) value = 1 / (1 + std::exp(-value));
  }
  for (std::size_t j = 0; j < result.values.size(); ++j) {
    if (result.values[j] > threshold) result.relevant.push_back(j);
  }
  return result;
}

}  // namespace disentangle
