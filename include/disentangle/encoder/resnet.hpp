// SPDX-License-Identifier: Apache-2.0
// ResNet-18 and ResNet-50 without their classifier, for small and for large images.
#pragma once

#include <type_traits>
#include <utility>

#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/pooling.hpp>
#include <disentangle/nn/residual.hpp>
#include <disentangle/nn/starts_as.hpp>

namespace disentangle::encoder {

/// What a residual network does before its first block.
namespace stem {

/// Convolution 3 x 3 with stride 1, BatchNorm, ReLU: for images of about 32 x 32. What SimCLR and IP-IRM put
/// in place of the stem below on CIFAR and STL-10: a new layer in a network that has begun, so it starts as
/// PyTorch's layers do.
struct Cifar {
  template <int Width>
  using network = nn::Sequential<
      nn::StartsAs<nn::Initialisation::he_fan_out, nn::Initialisation::torch_default, nn::FloorConv<Width>>,
      nn::BatchNorm, nn::Activate<nn::Relu>>;
};
/// Convolution 7 x 7 with stride 2, BatchNorm, ReLU, MaxPool 3 x 3 with stride 2: for images of about 224 x
/// 224.
struct ImageNet {
  template <int Width>
  using network =
      nn::Sequential<nn::FloorConv<Width, 7, 2>, nn::BatchNorm, nn::Activate<nn::Relu>, nn::MaxPool<3, 2, 1>>;
};

}  // namespace stem

namespace detail {

/// What a ResNet is built from: its block, and channels out of a block per width.
struct Basic {
  static constexpr int expansion = 1;
  template <int Width, int Stride>
  using block = nn::BasicBlock<Width, Stride>;
};
struct Bottleneck {
  static constexpr int expansion = 4;
  template <int Width, int Stride>
  using block = nn::BottleneckBlock<Width, Stride>;
};

template <class Block, int Width, int Stride, class More>
struct ResNetStage;
template <class Block, int Width, int Stride, int... More>
struct ResNetStage<Block, Width, Stride, std::integer_sequence<int, More...>> {
  // every block but the first has stride 1
  using type = nn::Sequential<typename Block::template block<Width, Stride>,
                              typename Block::template block<Width, 1 + 0 * More>...>;
};
/// `Blocks` blocks, the first of which has the stride.
template <class Block, int Width, int Stride, int Blocks>
using resnet_stage =
    typename ResNetStage<Block, Width, Stride, std::make_integer_sequence<int, Blocks - 1>>::type;

}  // namespace detail

/// Stem, four stages of blocks of Width, 2 Width, 4 Width and 8 Width (of which the last three halve the
/// image), the mean over the pixels, and a dense head where one is needed.
///
/// A method that infers no posterior (SimClr, IpIrm) gets the features themselves: there is no head if
/// LatentSize is the number of features, which is the default, and the method asks for as many outputs. A
/// variational method, or another LatentSize, has a dense layer from the features to what the prior reads.
/// Images of any sides; with stem::ImageNet the last stage sees a 32nd of them, with stem::Cifar an 8th. He,
/// Zhang, Ren, Sun 2016 (BibTeX: he2016deep), as torchvision has it ("v1.5": a bottleneck's stride lies in
/// its 3 x 3 convolution). No convolution has a bias. Initialisation: torchvision's, He's for the outputs of
/// a convolution, PyTorch's for a dense head. The two views of a contrastive method are two applications, so
/// each has batch statistics of its own, as the papers' code has.
template <class Block, class Stem, int Width, int LatentSize, int First, int Second, int Third, int Fourth>
struct ResNet {
  static_assert(Width > 0 && LatentSize > 0, "[disentangle] ResNet: width and latents must be positive");

  nn::Initialisation initialisation = nn::Initialisation::he_fan_out;

  static constexpr int latent_size = LatentSize;
  /// Features after the mean over the pixels: 512 for ResNet-18, 2048 for ResNet-50.
  static constexpr int features = 8 * Block::expansion * Width;

 private:
  template <class... Head>
  using trunk =
      nn::Sequential<typename Stem::template network<Width>, detail::resnet_stage<Block, Width, 1, First>,
                     detail::resnet_stage<Block, 2 * Width, 2, Second>,
                     detail::resnet_stage<Block, 4 * Width, 2, Third>,
                     detail::resnet_stage<Block, 8 * Width, 2, Fourth>, nn::GlobalAveragePool, Head...>;

 public:
  template <int Outputs>
  using network =
      std::conditional_t<LatentSize == features && Outputs == features, trunk<>, trunk<nn::Dense<Outputs>>>;

  friend bool operator==(ResNet const&, ResNet const&) = default;
};

/// ResNet-18: 2, 2, 2, 2 basic blocks, 512 features. 11.2 million weights, about 0.56 G multiplications and
/// additions for an image of 32 x 32 with stem::Cifar.
/// @tparam Stem stem::Cifar or stem::ImageNet
/// @tparam Width of the first stage; 64 is the published network, less is a smaller one
template <class Stem = stem::Cifar, int Width = 64, int LatentSize = 8 * Width>
using ResNet18 = ResNet<detail::Basic, Stem, Width, LatentSize, 2, 2, 2, 2>;

/// ResNet-50: 3, 4, 6, 3 bottleneck blocks, 2048 features. 23.5 million weights, about 1.3 G multiplications
/// and additions for an image of 32 x 32 with stem::Cifar.
template <class Stem = stem::Cifar, int Width = 64, int LatentSize = 32 * Width>
using ResNet50 = ResNet<detail::Bottleneck, Stem, Width, LatentSize, 3, 4, 6, 3>;

}  // namespace disentangle::encoder
