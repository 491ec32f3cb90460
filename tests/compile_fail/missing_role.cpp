// SPDX-License-Identifier: Apache-2.0
// A method that lacks a role that its others need.
// expected-error: missing role: a Method with a Decoder<...> needs a Prior<...>; see docs/policies.md
// expected-error 2: missing role: a Reconstruction<...> needs an Encoder<...> and a Decoder<...>
// expected-error 3: missing role: a Method needs something to learn from
// expected-error 4: missing role: a Regularizer<...> needs an Encoder<...>
#include <disentangle/method/beta_vae.hpp>

namespace dis = disentangle;
using Enc = dis::Encoder<dis::encoder::LocatelloConv<>>;
using Dec = dis::Decoder<dis::decoder::LocatelloConv>;
using Pri = dis::Prior<dis::prior::StandardNormal>;
using Rec = dis::Reconstruction<dis::reconstruction::Bernoulli>;
using Reg = dis::Regularizer<dis::regularizer::WeightedKl>;

#ifndef MISTAKE
dis::Method<Enc, Dec, Pri, Rec, Reg> method;
#elif MISTAKE == 1
dis::Method<Enc, Dec, Rec, Reg> method;
#elif MISTAKE == 2
dis::Method<Enc, Pri, Rec, Reg> method;
#elif MISTAKE == 3
dis::Method<Enc, Dec, Pri, Reg> method;
#else
dis::Method<Dec, Pri, Reg> method;
#endif
