// SPDX-License-Identifier: Apache-2.0
// The augmentation of colour images for images of one channel.
// expected-error: RandomGrayscale takes images of three channels; leave it out where they are grey
// expected-error 2: ColourJitter takes images of one or three channels
#include <disentangle/augment/simclr_pipeline.hpp>
#include <disentangle/core/shape.hpp>

namespace augment = disentangle::augment;

#ifndef MISTAKE
constexpr int channels = 3;
using Policy = augment::SimClrPipeline;
#elif MISTAKE == 1
constexpr int channels = 1;
using Policy = augment::SimClrPipeline;
#else
constexpr int channels = 4;
using Policy = augment::ColourJitter;
#endif
void check() { Policy{}.check(disentangle::ImageShape<32, 32, channels>{}); }
