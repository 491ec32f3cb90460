// SPDX-License-Identifier: Apache-2.0
// The augmentation of SimCLR for small images.
#pragma once

#include <disentangle/augment/colour_jitter.hpp>
#include <disentangle/augment/gaussian_blur.hpp>
#include <disentangle/augment/horizontal_flip.hpp>
#include <disentangle/augment/pipeline.hpp>
#include <disentangle/augment/random_grayscale.hpp>
#include <disentangle/augment/random_resized_crop.hpp>

namespace disentangle::augment {

using SimClrPipeline =
    Pipeline<RandomResizedCrop, HorizontalFlip, ColourJitter, RandomGrayscale, GaussianBlur>;

/// Crop, flip, colour jitter, grey, blur, each with the setting of IP-IRM's training on STL10 and CIFAR (Wang
/// et al., NeurIPS 2021, BibTeX: wang2021self, authors' code, after Chuang et al. 2020, BibTeX:
/// chuang2020debiased, and Chen et al. 2020, BibTeX: chen2020simple). Their normalisation by constants, which
/// training and test images get alike, is left out: see Normalise. Where colour is a factor to be kept,
/// compose a Pipeline without colours, and where left and right matter (digits), one without HorizontalFlip.
/// Images of three channels.
inline SimClrPipeline simclr_pipeline() { return {}; }

}  // namespace disentangle::augment
