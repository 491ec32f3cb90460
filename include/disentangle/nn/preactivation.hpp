// SPDX-License-Identifier: Apache-2.0
// Residual blocks that normalise and activate before they convolve, and that halve or double the image.
#pragma once

#include <disentangle/nn/pooling.hpp>
#include <disentangle/nn/residual.hpp>

namespace disentangle::nn {

/// A convolution of stride 1 that keeps the image's sides, with a bias.
template <int Channels, int Kernel>
using SameSizeConv = FloorConv<Channels, Kernel, 1, Kernel / 2, Identity, Bias::learnt>;

/// (H, W, Channels) -> (H / 2, W / 2, OutChannels): BatchNorm, ReLU, 3 x 3, BatchNorm, ReLU, 3 x 3, mean of 2
/// x 2 pixels; added to it the mean of 2 x 2 pixels through 1 x 1.
template <int Channels, int OutChannels>
using PreactivationDown = Residual<Sequential<BatchNorm, Activate<Relu>, FloorConv<Channels>, BatchNorm,
                                              Activate<Relu>, SameSizeConv<OutChannels, 3>, AveragePool<2>>,
                                   Sequential<AveragePool<2>, SameSizeConv<OutChannels, 1>>, Identity>;

/// (H, W, C) -> (2 H, 2 W, OutChannels): the layers `Before` (BatchNorm, Activate<Relu> or none), pixels
/// repeated, 3 x 3, BatchNorm, ReLU, 3 x 3; added to it the repeated pixels through 1 x 1.
template <int OutChannels, class... Before>
using PreactivationUp = Residual<Sequential<Before..., UpsampleNearest<2>, FloorConv<OutChannels>, BatchNorm,
                                            Activate<Relu>, SameSizeConv<OutChannels, 3>>,
                                 Sequential<UpsampleNearest<2>, SameSizeConv<OutChannels, 1>>, Identity>;

}  // namespace disentangle::nn
