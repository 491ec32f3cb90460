// SPDX-License-Identifier: Apache-2.0
// An ablation of a slot that the method does not have.
// expected-error: \[disentangle\] Without<M, Slot...>: the method has no such slot
#include <disentangle/core/with.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/regularizer/capacity.hpp>

namespace dis = disentangle;

#if defined(MISTAKE)
using Bare = dis::Without<dis::method::Vae, dis::Regularizer<dis::regularizer::Capacity>>;
#else
using Bare = dis::Without<dis::method::Vae, dis::Regularizer<dis::regularizer::Kl>>;
#endif
Bare const bare{};
static_assert(!Bare::has<dis::Role::regularizer>);
