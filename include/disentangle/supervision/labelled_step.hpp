// SPDX-License-Identifier: Apache-2.0
// A labelled minibatch before every unlabelled one.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <disentangle/optim/adam.hpp>
#include <disentangle/supervision/supervision.hpp>

namespace disentangle::supervision {

/// Before every step of the method, one step of an optimiser of its own on the cross-entropy of a minibatch
/// of labelled images,
///     (1 / batch) sum_b sum_i -log q(c_i = label_bi | x_b)
/// over the part of the encoder that leads to the classes: its trunk and its class head where it has these
/// parts (encoder::Parted), else the whole. Labels enter nowhere else. Hajimiri, Lotfi, Soleymani Baghshah
/// 2021 (BibTeX: hajimiri2021semi), as the authors' code has it: two Adam states act on the trunk in turn.
/// A missing label (-1) of one class variable adds nothing for that variable. Goes with a prior that has
/// classes (GumbelSoftmax, ClassMixture). train() draws the minibatch from the images of the data set that
/// have a label.
/// @param optimizer default Adam 5e-4 (authors' code)
/// @param first_factor the factor of the data set that class variable 0 is, the next factors being the next
/// variables; default 0 The report's part is the cross-entropy before its own step. Cost: about that of the
/// encoder in a step of the method.
/// @throws ValueError for a minibatch without labels and for a label that the class variable does not have.
struct LabelledStep {
  optim::Adam optimizer{.learning_rate = 5e-4};
  int first_factor = 0;

  static constexpr bool labelled = true;

  template <class Setting>
  struct State {
    using B = typename Setting::backend_type;
    nn::OwnParameters<B>& own;
    Variable<B, 1> cross_entropy;  // of the last labelled minibatch, one number
    State(nn::Builder<B>& build, LabelledStep const& policy)
        : own(build.shared_parameters("labelled", parts(build.parameters()), policy.optimizer)) {
      own.parameters.declare_statistic(cross_entropy, "cross_entropy", Extents<1>{1}, 0);
    }

   private:
    [[nodiscard]] static std::vector<std::string> parts(nn::Parameters<B> const& parameters) {
      for (auto const& block : parameters.blocks()) {
        if (block.name.starts_with("encoder.trunk.")) return {"encoder.trunk.", "encoder.class_head."};
      }
      return {"encoder."};
    }
  };

  auto operator()(auto& step) const { return sum(stop_gradient(step.state().cross_entropy)); }

  void before_step(auto& step) const {
    auto const q = step.class_posterior(step.labelled_images());
    auto const& log_q = q.log_probability;
    std::ptrdiff_t const batch = log_q.extent(0), values = log_q.extent(1);
    auto& tape = step.tape();
    // the places of the labels in the matrix read row by row; behind it a zero for those that are missing
    auto const zero = tape.variable(Extents<2>{1, 1}, false);
    tape.backend().fill(zero.value, 1, typename std::remove_cvref_t<decltype(log_q)>::scalar(0));
    auto const flat = concatenate(axis<0>, reshape(log_q, Extents<2>{batch * values, 1}), zero);
    std::size_t const n = static_cast<std::size_t>(batch) * q.sizes.size();
    int* const places = tape.template host<int>(n);
    find_places(step.labelled_labels(), q.sizes, batch, values, places);
    auto const cross_entropy =
        materialise((-1.0 / static_cast<double>(batch)) * sum(gather(flat, std::span<int const>(places, n))));
    step.state().own.minimise(cross_entropy);
    assign(step.state().cross_entropy, insert_axis(stop_gradient(cross_entropy), axis<0>));
  }

  friend bool operator==(LabelledStep const&, LabelledStep const&) = default;

 private:
  void find_places(std::span<int const> labels, std::span<int const> sizes, std::ptrdiff_t batch,
                   std::ptrdiff_t values, int* places) const {
    auto const rows = static_cast<std::size_t>(batch);
    std::size_t const factors = labels.size() / rows, variables = sizes.size();
    if (first_factor < 0 || factors < static_cast<std::size_t>(first_factor) + variables) {
      throw ValueError("LabelledStep: found a minibatch of " + std::to_string(rows) + " images with " +
                       std::to_string(factors) + " labels each, expected at least " +
                       std::to_string(first_factor) + " + " + std::to_string(variables) +
                       " (first_factor and the class variables)");
    }
    for (std::size_t b = 0; b < rows; ++b) {
      int offset = 0;
      for (std::size_t i = 0; i < variables; offset += sizes[i++]) {
        int const label = labels[b * factors + static_cast<std::size_t>(first_factor) + i];
        if (label >= sizes[i]) {
          throw ValueError("LabelledStep: found label " + std::to_string(label) + " of class variable " +
                           std::to_string(i) + ", expected 0 .. " + std::to_string(sizes[i] - 1) +
                           ", or -1 where it is missing");
        }
        *places++ = label < 0 ? static_cast<int>(batch * values)
                              : static_cast<int>(static_cast<std::ptrdiff_t>(b) * values) + offset + label;
      }
    }
  }
};

}  // namespace disentangle::supervision
