// SPDX-License-Identifier: Apache-2.0
// The labelled images of dSprites that PartedVAE's authors chose (BibTeX: hajimiri2021semi; their code's data
// loaders).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/dsprites.hpp>

namespace disentangle::data {

/// The indices of n images of dSprites in PartedVAE's order: in turns over 144 strata, the halves of posY, of
/// posX and of orientation, then each scale, then each shape (which changes quickest), one image drawn at
/// random from each. Passes are repeated until n; an image may come twice in different passes, as in the
/// authors' code. The same for the same seed. They used n = 100, 737, 1000, 3686 and 10000, and the shape
/// alone as a label:
///
///     auto labelled = dis::data::subset(dis::data::with_factors(data, {"shape"}),
///                                       dis::data::parted_vae_choice(1000, dis::seed(0)));
[[nodiscard]] inline std::vector<std::size_t> parted_vae_choice(std::size_t n, Seed seed) {
  Grid const grid(dsprites_factors());
  Philox const random{seed.value, stream("parted_vae_choice"), 0};
  std::vector<std::size_t> chosen(n);
  for (std::size_t i = 0; i < n; ++i) {
    auto const turn = static_cast<int>(i % 144);
    int const shape = turn % 3, scale = turn / 3 % 6, orientation = turn / 18 % 2, x = turn / 36 % 2,
              y = turn / 72;
    auto const draw = [&](std::uint64_t k, std::uint32_t of) {
      return static_cast<int>(random.integer(4 * i + k, of));
    };
    chosen[i] = grid.index(
        std::array{shape, scale, orientation * 20 + draw(0, 20), x * 16 + draw(1, 16), y * 16 + draw(2, 16)});
  }
  return chosen;
}

}  // namespace disentangle::data
