// SPDX-License-Identifier: Apache-2.0
// What one training step computed.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string>

namespace disentangle {

/// The loss of a step in its parts. `Parts` counts the terms, `Latents` the latents.
template <std::size_t Parts, std::size_t Latents>
struct StepReport {
  long step = 0;                    ///< number of the step, from 1
  double loss = 0;                  ///< what was minimised: the sum of the parts
  std::array<double, Parts> parts;  ///< in the order of the method's slots; names: Model::part_names()
  std::array<float, Latents>
      kl;                  ///< mean KL of each latent over the minibatch, in nats; zero without a posterior
  std::size_t images = 0;  ///< images in the minibatch
};

}  // namespace disentangle
