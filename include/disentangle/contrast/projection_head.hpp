// SPDX-License-Identifier: Apache-2.0
// The projection head of contrastive methods: the loss sees its output, users take the encoder's.
#pragma once

#include <disentangle/contrast/difference_encoder.hpp>
#include <disentangle/contrast/info_nce.hpp>
#include <disentangle/nn/activate.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/network.hpp>
#include <disentangle/nn/normalisation.hpp>

namespace disentangle::contrast {

/// Dense Hidden, BatchNorm, ReLU, dense Outputs, as IP-IRM's authors and those of DCL and HCL have it. (Their
/// first layer has no bias; before BatchNorm one changes nothing.) Initialisation: PyTorch's.
template <int Hidden = 512, int Outputs = 128>
struct ProjectionHead {
  nn::Initialisation initialisation = nn::Initialisation::torch_default;

  using network =
      nn::Sequential<nn::Dense<Hidden>, nn::BatchNorm, nn::Activate<nn::Relu>, nn::Dense<Outputs>>;

  friend bool operator==(ProjectionHead const&, ProjectionHead const&) = default;
};

namespace detail {

/// The head of a method and what the loss sees.
template <class Head, class Setting>
struct Projection {
  using B = typename Setting::backend_type;
  typename Head::network::template On<B, FeatureShape<Setting::latent_size>> head;

  Projection(nn::Builder<B>& build, Head const& policy) {
    head.declare(build.parameters(), "projection", policy.initialisation);
  }

  /// Rows of length 1 for images of one view, (n, pixels) -> (n, outputs). Views go through one by one, so
  /// that batch normalisation sees each alone.
  Variable<B, 2> operator()(auto& step, Variable<B, 2> const& images, nn::Mode mode = {}) {
    return unit_rows(head(step.encode(images, mode), mode));
  }
};

/// Mean cosine similarity of partners and of others, as measures first and first + 1.
template <class B>
void measure_similarities(auto& step, std::size_t first, Variable<B, 2> const& rows) {
  auto const seen = stop_gradient(rows);
  step.measure(first, mean(slice(seen, axis<1>, 0, 1)));
  step.measure(first + 1, mean(slice(seen, axis<1>, 1, rows.extent(1))));
}

}  // namespace detail

}  // namespace disentangle::contrast
