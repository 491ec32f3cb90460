// SPDX-License-Identifier: Apache-2.0
// xtensor and the library on the same memory: views of codes, variables and parameters, and tensors handed
// in.
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/backend/xtensor/interoperation.hpp>
#include <disentangle/backend/xtensor/xtensor.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/metric/mig.hpp>

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xview.hpp>
#endif

#include "tests/support/small_model.hpp"

namespace dis = disentangle;
using dis::test::Bars;
using dis::test::SmallImage;
using dis::test::SmallVae;

namespace {

std::string message(auto&& call) {
  try {
    call();
  } catch (dis::Error const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the snippet of docs/backends.md") {
  using Image = SmallImage;
  dis::Model model{SmallVae{}, dis::backend::Xtensor(1), Image{}, dis::seed(1)};
  std::size_t const n = 6;
  Bars const bars(n);
  xt::xarray<float> const images =
      dis::as_xtensor(std::span(bars.images), std::array<std::size_t, 4>{n, 8, 8, 1});
  xt::xtensor<int, 1> const factors{0, 1, 2, 0, 1, 2};

  auto const data = dis::data::arrays<Image>(dis::image_span<Image>(images));  // (n, height, width, channels)
  auto codes = xt::xtensor<float, 2>::from_shape({n, model.latent_size});
  model.encode(dis::as_span(images), dis::as_span(codes), {});
  auto const score = dis::metric::Mig{}(dis::matrix_view(codes), dis::matrix_view(factors));
  auto kernel = dis::as_xtensor(model, "encoder.0.weight");  // (ky, kx, cin, cout), the model's own memory
  kernel *= 0.5f;

  CHECK(data.size() == n);
  CHECK(score.value >= 0);
  CHECK(kernel.shape()[3] == 8);
}

TEST_CASE("views of our memory are xtensors of the same memory") {
  std::vector<float> images{1, 2, 3, 4, 5, 6, 7, 8};
  auto view = dis::as_xtensor(std::span(images), std::array<std::size_t, 3>{2, 2, 2});
  CHECK(view(1, 0, 1) == 6);
  view(0, 0, 0) = 10;
  CHECK(images[0] == 10);
  auto const codes = dis::as_xtensor(dis::MatrixView<float const>(images.data(), 4, 2));
  CHECK(codes.shape()[0] == 4);
  CHECK(xt::sum(codes)() == 10 + 2 + 3 + 4 + 5 + 6 + 7 + 8);
  CHECK(message([&] {
          dis::as_xtensor(std::span(images), std::array<std::size_t, 2>{3, 3});
        }) == "as_xtensor: found 8 scalars, expected 9");
}

TEST_CASE("variables keep their strides") {
  using Cpu = dis::backend::BasicCpu<double>;
  dis::Tape<Cpu> tape(Cpu(1));
  auto const x = tape.variable(dis::Extents<2>{3, 4}, false);
  for (int i = 0; i < 12; ++i) x.value[i] = i;
  auto turned = dis::as_xtensor(transpose(slice(x, dis::axis<1>, 1, 3)));
  CHECK(turned.shape()[0] == 2);
  CHECK(turned.shape()[1] == 3);
  CHECK(turned(1, 2) == 10);
  CHECK(xt::sum(turned)() == 1 + 2 + 5 + 6 + 9 + 10);
  turned(0, 1) = 50;
  CHECK(x.value[5] == 50);
  auto const column = dis::as_xtensor(insert_axis(x, dis::axis<1>));
  CHECK(column(2, 0, 3) == 11);
}

TEST_CASE("a model on xtensor's memory: images in, codes out, parameters by name") {
  dis::Model model{SmallVae{}, dis::backend::Xtensor(1), SmallImage{}, dis::seed(1)};
  Bars const bars(6);
  xt::xarray<float> const pictures =
      dis::as_xtensor(std::span(bars.images), std::array<std::size_t, 4>{6, 8, 8, 1});
  auto codes = xt::xtensor<float, 2>::from_shape({6, 3});
  model.encode(dis::image_span<SmallImage>(pictures), dis::as_span(codes), {});
  std::vector<float> expected(6 * 3);
  model.encode(bars.images, expected, {});
  CHECK(std::equal(expected.begin(), expected.end(), codes.begin()));

  auto const kernel = dis::as_xtensor(model, "encoder.0.weight");
  CHECK(std::vector<std::size_t>(kernel.shape().begin(), kernel.shape().end()) ==
        std::vector<std::size_t>{4, 4, 1, 8});
  auto bias = dis::as_xtensor(model, "encoder.2.bias");
  CHECK(bias.size() == 32);
  bias.fill(0.5f);  // the model's own memory
  auto changed = xt::xtensor<float, 2>::from_shape({6, 3});
  model.encode(dis::as_span(pictures), dis::as_span(changed), {});
  CHECK(changed != codes);
  auto const what = message([&] { dis::as_xtensor(model, "encoder.weight"); });
  CHECK(what.find("found no 'encoder.weight' in the model") != what.npos);
  CHECK(what.find("encoder.0.weight") != what.npos);
}

TEST_CASE("scores of xtensors are those of the same numbers elsewhere") {
  std::vector<double> numbers(40 * 2);
  std::vector<int> labels(40);
  xt::xarray<double> codes = xt::zeros<double>({40, 2});
  auto factor = xt::xtensor<int, 1>::from_shape({40});
  for (std::size_t i = 0; i < 40; ++i) {
    labels[i] = factor(i) = static_cast<int>(i % 4);
    for (std::size_t j = 0; j < 2; ++j) {
      numbers[2 * i + j] = codes(i, j) =
          static_cast<double>((i % 4) * (1 - j)) + 0.01 * static_cast<double>((7 * i + 3 * j) % 11);
    }
  }
  auto const score = dis::metric::Mig{}(dis::matrix_view(codes), dis::matrix_view(factor));
  CHECK(score.value > 0.1);
  CHECK(score.value == dis::metric::Mig{}(dis::MatrixView<double const>(numbers.data(), 40, 2),
                                          dis::MatrixView<int const>(labels.data(), 40, 1))
                           .value);
}

TEST_CASE("other layouts and shapes are named") {
  xt::xtensor<float, 2, xt::layout_type::column_major> const by_columns({3, 2}, 1.0f);
  CHECK(
      message([&] { dis::matrix_view(by_columns); }) ==
      "matrix_view: found an xtensor of shape (3, 2) with strides (1, 3), expected row-major and contiguous: "
      "copy it into an xt::xarray<T, xt::layout_type::row_major> first");
  xt::xarray<float, xt::layout_type::row_major> const copy = by_columns;
  CHECK(dis::matrix_view(copy).columns == 2);

  xt::xarray<float> matrix = xt::ones<float>({3, 4});
  CHECK(message([&] {
          dis::as_span(xt::view(matrix, xt::all(), xt::range(0, 2)));
        }).find("shape (3, 2) with strides (4, 1)") != std::string::npos);
  auto const rows = dis::matrix_view(xt::view(matrix, xt::range(1, 3), xt::all()));
  CHECK(rows.data == matrix.data() + 4);

  xt::xarray<float> const cube = xt::zeros<float>({2, 3, 4});
  CHECK(message([&] { dis::matrix_view(cube); }) ==
        "matrix_view: found an xtensor of shape (2, 3, 4), expected one or two axes");
}

TEST_CASE("data sets from xtensors of floats and of bytes; channels first is an error") {
  using Shape = dis::ImageShape<2, 2, 3>;
  xt::xarray<float> const floats = xt::ones<float>({5, 2, 2, 3}) * 0.5f;
  auto const data = dis::data::arrays<Shape>(dis::image_span<Shape>(floats), {0, 1, 0, 1, 0});
  CHECK(data.size() == 5);
  xt::xtensor<std::uint8_t, 4> const bytes({2, 2, 2, 3}, 255);
  auto const from_bytes = dis::data::arrays<Shape>(dis::image_span<Shape>(bytes));
  std::vector<float> image(Shape::size);
  std::vector<std::size_t> const second{1};
  from_bytes.images(second, image);
  CHECK(image[11] == 1.0f);

  using Grey = dis::ImageShape<4, 4, 1>;
  xt::xarray<float> const grey = xt::zeros<float>({7, 4, 4});
  CHECK(dis::image_span<Grey>(grey).size() == 7 * 16);
  xt::xarray<float> const channels_first = xt::zeros<float>({5, 3, 2, 2});
  CHECK(message([&] { dis::image_span<Shape>(channels_first); }) ==
        "image_span: found an xtensor of shape (5, 3, 2, 2), expected (n, 2, 2, 3)");
}
