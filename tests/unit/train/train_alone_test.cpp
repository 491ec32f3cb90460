// SPDX-License-Identifier: Apache-2.0
// train/train.hpp and a method's header are all that a program needs to make a model and train it; a trunk of
// Flatten alone leaves all to the heads of a Parted encoder.
#include <disentangle/method/parted_vae.hpp>
#include <disentangle/train/train.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace dis = disentangle;
namespace nn = disentangle::nn;

namespace {

struct Ramps {  // 16 grey images of growing brightness
  using image_shape_type = dis::ImageShape<4, 4, 1>;
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "ramps"; }
  std::size_t size() const { return 16; }
  std::vector<dis::Factor> const& factors() const { return factors_; }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(indices[i / 16]) / 16;
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) out[i] = static_cast<int>(indices[i]) / 8;
  }
  std::vector<dis::Factor> factors_{{"brightness", 2}};
};
struct Decoder {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;
  template <class Image>
  using network = nn::Sequential<nn::Dense<static_cast<int>(Image::size)>, nn::Reshape<4, 4, 1>>;
};
using Code = dis::prior::PartedCode<2, 1, 2>;
using Method = dis::Method<dis::Encoder<dis::encoder::Parted<nn::Sequential<nn::Flatten>, Code>>,
                           dis::Decoder<Decoder>, dis::Prior<dis::prior::ClassMixture<Code>>,
                           dis::Reconstruction<dis::reconstruction::Bernoulli>,
                           dis::Regularizer<dis::regularizer::OnZ<dis::regularizer::Capacity>>>;

}  // namespace

TEST_CASE("a model is made and trained; its trunk is Flatten alone") {
  Ramps const data;
  dis::Model model{Method{}, dis::backend::Cpu(1), data.image_shape(), dis::seed(0)};
  int steps = 0;
  dis::train(model, data, {.steps = 3, .batch_size = 8}, [&](auto&, auto const& report) {
    CHECK(std::isfinite(report.loss));
    ++steps;
  });
  CHECK(steps == 3);
}
