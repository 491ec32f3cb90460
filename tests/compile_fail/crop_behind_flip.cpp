// SPDX-License-Identifier: Apache-2.0
// A crop to a size of its own behind a policy that works in place.
// expected-error: a policy that changes the images' shape .RandomResizedCropTo. stands first
#include <disentangle/augment/horizontal_flip.hpp>
#include <disentangle/augment/pipeline.hpp>
#include <disentangle/augment/random_resized_crop_to.hpp>
#include <disentangle/core/shape.hpp>

namespace augment = disentangle::augment;

#ifndef MISTAKE
augment::Pipeline const pipeline{augment::RandomResizedCropTo<32>{}, augment::HorizontalFlip{}};
#else
augment::Pipeline const pipeline{augment::HorizontalFlip{}, augment::RandomResizedCropTo<32>{}};
#endif
void check() { pipeline.check(disentangle::ImageShape<96, 96, 3>{}); }
