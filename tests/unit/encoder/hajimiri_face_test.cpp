// SPDX-License-Identifier: Apache-2.0
// PartedVAE on images of 218 x 178: the sides that the authors' network has, its parameters, and a step of
// training.
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/method/parted_vae.hpp>
#include <disentangle/train/model.hpp>

using namespace disentangle;

namespace {

using Image = ImageShape<218, 178, 3>;
template <class Shape, class... Layers>
using Output = typename nn::Network<backend::Cpu, Shape, Layers...>::output_shape;

}  // namespace

static_assert(std::is_same_v<Output<Image, nn::Conv<32, 4, 2, 0, nn::Relu, 2>>, ImageShape<108, 90, 32>>);
static_assert(std::is_same_v<Output<ImageShape<108, 90, 32>, nn::Conv<32, 4, 2, 1, nn::Relu, 2>>,
                             ImageShape<54, 46, 32>>);
static_assert(
    std::is_same_v<encoder::HajimiriFaceTrunk<>::On<backend::Cpu, Image>::output_shape, FeatureShape<256>>);
static_assert(
    std::is_same_v<
        decoder::HajimiriFaceConv::network<Image>::On<backend::Cpu, FeatureShape<18>>::output_shape, Image>);

TEST_CASE("as many parameters as the authors' network, and a step that trains all of them") {
  auto method = method::parted_vae_celeba<method::PartedVaeWholeFaces>();
  CHECK(method.get<regularizer::BhattacharyyaHinge>() == regularizer::BhattacharyyaHinge{500, 0.2});
  Model model{method, backend::Cpu{1}, Image{}, seed(1)};
  CHECK(model.parameter_count() == 1'211'491);

  constexpr std::size_t batch = 2, variables = 8;
  std::vector<float> images(batch * Image::size);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = Philox{1, 2, 3}.uniform(i);
  std::vector<int> const labels(batch * variables, 1);
  Minibatch const batches[] = {{images, {}, batch}, {images, labels, batch}};
  auto const copy = [&] {
    std::vector<float> values;
    model.for_each_tensor([&](std::string const& name, auto const& extents, float* p) {
      std::size_t n = 1;
      for (auto e : extents) n *= static_cast<std::size_t>(e);
      if (name.find("decoder") == 0) values.insert(values.end(), p, p + n);
    });
    return values;
  };
  auto const before = copy();
  auto const& report = model.step(batches);
  CHECK(std::isfinite(report.loss));
  auto const& names = model.part_names();
  auto const at = std::find(names.begin(), names.end(), "Laplace");
  REQUIRE(at != names.end());
  double const distance = report.parts[static_cast<std::size_t>(at - names.begin())] / Image::size;
  CHECK(distance > 0.2);  // uniform noise is a quarter from grey on average
  CHECK(distance < 0.3);
  CHECK(before != copy());
  std::vector<float> code(18), image(Image::size);
  model.decode(code, image);
  CHECK(*std::min_element(image.begin(), image.end()) > 0);
  CHECK(*std::max_element(image.begin(), image.end()) < 1);
}
