// SPDX-License-Identifier: Apache-2.0
// What the libtorch programs share: with TUNED = 1, images channels last and transposed convolutions as the
// adjoint of a convolution, where that made libtorch 1.13 quicker.
#pragma once

#include <torch/torch.h>

#include <array>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using torch::Tensor;

constexpr bool tuned = TUNED;

Tensor in_layout(Tensor images) {
  return tuned && images.dim() == 4 ? images.contiguous(at::MemoryFormat::ChannelsLast) : images;
}

// y = transposed convolution of x, by way of the convolution whose adjoint it is (kernel 4, stride 2, padding
// 1).
struct TransposedConvolutionAsAdjoint : torch::autograd::Function<TransposedConvolutionAsAdjoint> {
  static std::tuple<Tensor, Tensor, Tensor> adjoint(Tensor const& gradient, Tensor const& input,
                                                    Tensor const& weight, std::array<bool, 3> wanted) {
    return at::convolution_backward(gradient, input, weight, c10::nullopt, {2, 2}, {1, 1}, {1, 1}, false,
                                    {0, 0}, 1, wanted);
  }
  static Tensor forward(torch::autograd::AutogradContext* context, Tensor x, Tensor weight, Tensor bias) {
    context->save_for_backward({x, weight});
    Tensor const shape = in_layout(x.new_empty({x.size(0), weight.size(1), 2 * x.size(2), 2 * x.size(3)}));
    return std::get<0>(adjoint(x, shape, weight, {true, false, false})).add_(bias.view({1, -1, 1, 1}));
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    auto const saved = context->get_saved_variables();
    Tensor const gradient = in_layout(gradients[0]);
    return {torch::conv2d(gradient, saved[1], {}, 2, 1),
            std::get<1>(adjoint(saved[0], gradient, saved[1], {false, true, false})),
            gradient.sum({0, 2, 3})};
  }
};

void drop_gradients(std::vector<Tensor> const& parameters) {
  for (Tensor parameter : parameters) parameter.mutable_grad().reset();  // cheaper than filling with zeros
}

}  // namespace
