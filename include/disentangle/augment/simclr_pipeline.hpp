// SPDX-License-Identifier: Apache-2.0
// The augmentation of SimCLR for small images.
#pragma once

#include <disentangle/augment/colour_jitter.hpp>
#include <disentangle/augment/gaussian_blur.hpp>
#include <disentangle/augment/horizontal_flip.hpp>
#include <disentangle/augment/normalise.hpp>
#include <disentangle/augment/pipeline.hpp>
#include <disentangle/augment/random_grayscale.hpp>
#include <disentangle/augment/random_resized_crop.hpp>
#include <disentangle/augment/random_resized_crop_to.hpp>

namespace disentangle::augment {

using SimClrPipeline =
    Pipeline<RandomResizedCrop, HorizontalFlip, ColourJitter, RandomGrayscale, GaussianBlur>;

/// Crop, flip, colour jitter, grey, blur, each with the setting of IP-IRM's training on STL10 and CIFAR (Wang
/// et al., NeurIPS 2021, BibTeX: wang2021self, authors' code, after Chuang et al. 2020, BibTeX:
/// chuang2020debiased, and Chen et al. 2020, BibTeX: chen2020simple), but that crops have the images' own
/// size and that their normalisation by constants is left out: ip_irm_pipeline() is theirs to the letter.
/// Where colour is a factor to be kept, compose a Pipeline without colours, and where left and right matter
/// (digits), one without HorizontalFlip. Images of three channels.
[[nodiscard]] inline SimClrPipeline simclr_pipeline() { return {}; }

template <int Size = 32>
using IpIrmPipeline = Pipeline<RandomResizedCropTo<Size>, HorizontalFlip, ColourJitter, RandomGrayscale,
                               GaussianBlur, Normalise<3>>;

/// The augmentation of IP-IRM's authors' code for STL-10 and CIFAR (train_transform in utils.py; Wang et al.,
/// NeurIPS 2021, BibTeX: wang2021self): crops of 32 x 32 from images of any size (96 x 96 for STL-10), then
/// as simclr_pipeline(), then normalised by CIFAR-10's constants. Images of augmented(...) that are scored
/// are brought to 32 x 32 whole, and normalised. The authors test STL-10 at 96 x 96 instead (test_transform
/// in utils.py): score augmented(test, Pipeline{cifar_normalisation()}) by a model of that shape with the
/// same weights.
template <int Size = 32>
[[nodiscard]] IpIrmPipeline<Size> ip_irm_pipeline() {
  return IpIrmPipeline<Size>{{}, {}, {}, {}, {}, cifar_normalisation()};
}

}  // namespace disentangle::augment
