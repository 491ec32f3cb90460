// SPDX-License-Identifier: Apache-2.0
// A term on classes beside a prior that has none.
// expected-error: \[disentangle\] ConditionalEntropy needs a Prior with classes
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/method/joint_vae.hpp>
#include <disentangle/regularizer/conditional_entropy.hpp>
#include <disentangle/train/model.hpp>

namespace dis = disentangle;

#if defined(MISTAKE)
using Parent = dis::method::Vae;
#else
using Parent = dis::method::JointVaeOf<2, 3>;
#endif
using Certain = dis::Plus<Parent, dis::Regularizer<dis::regularizer::ConditionalEntropy>>;
using Model = dis::Model<Certain, dis::backend::Cpu, dis::ImageShape<64, 64, 1>>;

void step(Model& model, dis::Minibatch const& batch) { model.step(batch); }
