// SPDX-License-Identifier: Apache-2.0
// StepView: what a policy sees of a training step. Forward: the variables of the step that terms share.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <disentangle/backend/backend_traits.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/minibatch.hpp>
#include <disentangle/prior/redraw.hpp>
#include <disentangle/train/assembly.hpp>

namespace disentangle {

/// The variables of a step that its terms share. A = Assembly<...>.
template <class A>
struct Forward {
  using Backend = typename A::backend_type;
  using Matrix = Variable<Backend, 2>;

  A& parts;
  std::span<Minibatch const> batches;
  Matrix images{};
  typename decltype([] {
    if constexpr (A::traits::variational) {
      return std::type_identity<decltype(std::declval<A&>().infer(std::declval<Matrix const&>(), "", 1.0))>{};
    } else {
      return std::type_identity<detail::Absent>{};
    }
  }())::type posterior{};
  Matrix output{};
  Matrix own_codes{}, generated{};  // made when a term first asks

  /// The images of minibatch i, (batch, pixels).
  Matrix minibatch(int i) const {
    Minibatch const& batch = batches[static_cast<std::size_t>(i)];
    Extents<2> const extents{static_cast<std::ptrdiff_t>(batch.size),
                             static_cast<std::ptrdiff_t>(A::image_shape_type::size)};
    if constexpr (backend::backend_traits<Backend>::queues_steps) {
      return {&parts.tape, parts.staged[static_cast<std::size_t>(i)], nullptr, extents,
              contiguous_strides(extents)};
    } else {
      return parts.tape.constant(extents, batch.images.data());
    }
  }
};

/// What policy number I sees of a step; its members are documented at ArchetypeStep (objective/step.hpp), on
/// which policies are checked. It may read the step and ask for more of it (further passes, codes, random
/// numbers); it may change its own state and its own measures, and nothing else.
template <class A, std::size_t I>
class StepView {
 public:
  using backend_type = typename A::backend_type;
  using traits = typename A::traits;
  using Matrix = Variable<backend_type, 2>;
  static constexpr int latent_size = traits::latent_size;

  explicit StepView(Forward<A>& forward) : forward_(forward) {}

  // ---- what the step has ----------------------------------------------------------------------------------
  auto const& posterior() const { return forward_.posterior; }
  Matrix images() const { return forward_.images; }
  Matrix minibatch(int i) const {
    return i == 0 && forward_.images.tape != nullptr ? forward_.images : forward_.minibatch(i);
  }
  Matrix view(int v) const { return v == 0 ? minibatch(0) : minibatch(traits::draws + v - 1); }
  std::span<int const> labels(int i) const { return batch(i).labels; }
  std::span<std::size_t const> indices(int i) const { return batch(i).indices; }
  Matrix labelled_images() const { return minibatch(traits::minibatches - 1); }
  std::span<int const> labelled_labels() const { return labels(traits::minibatches - 1); }
  long number() const { return parts().steps; }
  double data_size() const { return static_cast<double>(batch(0).data_size); }

  // ---- the method's networks ------------------------------------------------------------------------------
  Matrix encode(Matrix x, nn::Mode mode = {}) const { return parts().encoder(x, mode); }
  auto class_posterior(Matrix x, nn::Mode mode = {}) const { return parts().class_posterior(x, mode); }
  auto infer(Matrix x, std::string_view stream) const { return parts().infer(x, stream, data_size()); }
  Matrix decode(Matrix z, nn::Mode mode = {}) const { return parts().decoder(z, mode); }
  Matrix generate(Matrix z, nn::Mode mode = {}) const { return parts().generate(z, mode); }

  // ---- codes of the prior ---------------------------------------------------------------------------------
  Matrix codes(std::ptrdiff_t n, std::string_view stream) const { return parts().codes(n, random(stream)); }
  Matrix own_codes() const {
    auto& z = forward_.own_codes;
    if (z.tape == nullptr) z = codes(static_cast<std::ptrdiff_t>(batch(0).size), "own codes");
    return z;
  }
  Matrix generated() const {
    if (forward_.generated.tape == nullptr) forward_.generated = generate(own_codes());
    return forward_.generated;
  }
  Matrix generated_with(Matrix z) const {
    auto const all = generate(concatenate(axis<0>, own_codes(), z));
    if (forward_.generated.tape == nullptr) {
      forward_.generated = slice(all, axis<0>, 0, own_codes().extent(0));
    }
    return all;
  }
  Matrix redraw(Matrix z, double minimum, std::string_view stream) const {
    return parts().with_prior([&](auto const& policy, auto&...) {
      if constexpr (requires { policy.redraw(z, minimum, random(stream)); }) {
        return policy.redraw(z, minimum, random(stream));
      } else {
        constexpr std::ptrdiff_t tries = prior::redraw_tries;
        return prior::redraw_among(z, codes(tries * z.extent(0), stream), minimum);
      }
    });
  }
  double support() const {
    return parts().with_prior([&](auto const& policy, auto&...) -> double {
      if constexpr (requires { policy.support(); }) {
        return policy.support();
      } else {
        return std::numeric_limits<double>::infinity();
      }
    });
  }

  // ---- the policy's own -----------------------------------------------------------------------------------
  auto& state() const { return *std::get<I>(parts().states); }
  Philox random(std::string_view stream) const { return parts().random(stream); }
  Tape<backend_type>& tape() const { return parts().tape; }
  template <expression E>
  void measure(std::size_t first, E const& e) const {
    RecordingOff<backend_type> const guard(tape());
    auto const extents = extents_of(e);
    auto* const place = measure_place(first, static_cast<std::size_t>(product(extents)));
    assign(memory_view(tape(), place, extents), e);
  }
  void measure(std::size_t first, double value) const {
    tape().backend().fill(measure_place(first, 1), 1, static_cast<typename backend_type::scalar>(value));
  }

 private:
  A& parts() const { return forward_.parts; }
  Minibatch const& batch(int i) const { return forward_.batches[static_cast<std::size_t>(i)]; }

  auto* measure_place(std::size_t first, std::size_t n) const {
    std::size_t const begin = parts().measure_at[I], names = parts().measure_at[I + 1] - begin;
    if (first + n > names) {
      throw ShapeError("measure: found " + std::to_string(n) + " numbers from place " +
                       std::to_string(first) + ", expected them within the " + std::to_string(names) +
                       " names of measures()");
    }
    return parts().measured.data() + begin + first;
  }

  Forward<A>& forward_;
};

}  // namespace disentangle
