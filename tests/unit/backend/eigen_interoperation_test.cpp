// SPDX-License-Identifier: Apache-2.0
// Eigen and the library on the same memory: views of codes, variables and parameters, and matrices handed in.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/backend/eigen/eigen_cpu.hpp>
#include <disentangle/backend/eigen/interoperation.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/metric/mig.hpp>

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
  dis::Model model{SmallVae{}, dis::backend::Cpu(1), SmallImage{}, dis::seed(1)};
  std::size_t const n = 6;
  Bars const bars(n);
  dis::EigenRows<float> const images = dis::as_eigen(std::span(bars.images), n, SmallImage::size);
  dis::EigenRows<int> factors(n, 1);
  factors << 0, 1, 2, 0, 1, 2;

  dis::EigenRows<float> codes(n, model.latent_size);  // Eigen::Matrix<float, Dynamic, Dynamic, RowMajor>
  model.encode(dis::as_span(images), dis::as_span(codes), {});
  auto const score = dis::metric::Mig{}(dis::matrix_view(codes), dis::matrix_view(factors));
  auto weight = dis::as_eigen(model, "encoder.2.weight");  // a map of the model's memory, (inputs, features)
  weight *= 0.5f;

  CHECK(score.value >= 0);
  CHECK(weight.rows() == 128);
  CHECK(weight.cols() == 32);
}

TEST_CASE("views of our memory are Eigen maps of the same memory") {
  std::vector<float> codes{1, 2, 3, 4, 5, 6};
  auto const map = dis::as_eigen(std::span(codes), 2, 3);
  CHECK(map(1, 0) == 4);
  CHECK(map.data() == codes.data());
  dis::as_eigen(dis::MatrixView<float>(codes.data(), 3, 2))(2, 1) = 60;
  CHECK(codes[5] == 60);
  auto const constant = dis::as_eigen(dis::MatrixView<float const>(codes.data(), 3, 2));
  CHECK(constant.col(0).sum() == 1 + 3 + 5);
  CHECK(message([&] { dis::as_eigen(std::span(codes), 2, 4); }) == "as_eigen: found 6 scalars, expected 8");
}

TEST_CASE("variables keep their strides") {
  using Cpu = dis::backend::BasicCpu<double>;
  dis::Tape<Cpu> tape(Cpu(1));
  auto const x = tape.variable(dis::Extents<2>{3, 4}, false);
  for (int i = 0; i < 12; ++i) x.value[i] = i;
  auto const turned = dis::as_eigen(transpose(slice(x, dis::axis<1>, 1, 3)));
  CHECK(turned.rows() == 2);
  CHECK(turned.cols() == 3);
  CHECK(turned(1, 2) == 10);
  turned.row(0).eval();
  auto diagonal = dis::as_eigen(dis::diagonal(slice(x, dis::axis<1>, 0, 3)));
  CHECK(diagonal.sum() == 0 + 5 + 10);
  diagonal(1) = 50;
  CHECK(x.value[5] == 50);
}

TEST_CASE("a model on Eigen's memory: images in, codes out, parameters by name") {
  dis::Model model{SmallVae{}, dis::backend::EigenCpu(1), SmallImage{}, dis::seed(1)};
  Bars const bars(6);
  dis::EigenRows<float> const pictures = dis::as_eigen(std::span(bars.images), 6, SmallImage::size);
  dis::EigenRows<float> codes(6, 3);
  model.encode(dis::as_span(pictures), dis::as_span(codes), {});
  std::vector<float> expected(6 * 3);
  model.encode(bars.images, expected, {});
  CHECK(codes == dis::as_eigen(std::span(expected), 6, 3));

  auto const kernel = dis::as_eigen(model, "encoder.0.weight");
  CHECK(kernel.rows() == 4 * 4 * 1);
  CHECK(kernel.cols() == 8);
  auto bias = dis::as_eigen(model, "encoder.2.bias");
  CHECK(bias.rows() == 1);
  CHECK(bias.cols() == 32);
  bias.setConstant(0.5f);  // the model's own memory
  dis::EigenRows<float> changed(6, 3);
  model.encode(dis::as_span(pictures), dis::as_span(changed), {});
  CHECK(changed != codes);
  auto const what = message([&] { dis::as_eigen(model, "encoder.weight"); });
  CHECK(what.find("found no 'encoder.weight' in the model") != what.npos);
  CHECK(what.find("encoder.0.weight") != what.npos);
}

TEST_CASE("scores of Eigen matrices are those of the same numbers elsewhere") {
  std::vector<double> numbers(40 * 2);
  std::vector<int> labels(40);
  dis::EigenRows<double> codes(40, 2);
  Eigen::VectorXi factor(40);
  for (int i = 0; i < 40; ++i) {
    labels[static_cast<std::size_t>(i)] = factor(i) = i % 4;
    for (int j = 0; j < 2; ++j) {
      numbers[static_cast<std::size_t>(2 * i + j)] = codes(i, j) =
          (i % 4) * (1 - j) + 0.01 * ((7 * i + 3 * j) % 11);
    }
  }
  auto const score = dis::metric::Mig{}(dis::matrix_view(codes), dis::matrix_view(factor));
  CHECK(score.value > 0.1);
  CHECK(score.value == dis::metric::Mig{}(dis::MatrixView<double const>(numbers.data(), 40, 2),
                                          dis::MatrixView<int const>(labels.data(), 40, 1))
                           .value);
  Eigen::MatrixXd const by_columns = codes;  // Eigen's default layout: a copy with our layout gives the same
  CHECK(dis::metric::Mig{}(dis::matrix_view(dis::row_major(by_columns)), dis::matrix_view(factor)).value ==
        score.value);
}

TEST_CASE("parts of matrices: whole rows are taken, others are named") {
  dis::EigenRows<float> m = dis::EigenRows<float>::Random(6, 4);
  auto const rows = dis::matrix_view(m.middleRows(2, 3));
  CHECK(rows.rows == 3);
  CHECK(rows.data == m.data() + 8);
  auto const one = dis::as_span(m.row(1).segment(1, 2));
  CHECK(one.size() == 2);
  CHECK(one.data() == m.data() + 5);
  CHECK(message([&] { dis::matrix_view(m.leftCols(2)); }) ==
        "matrix_view: found a part of an Eigen matrix, 6 x 2 with strides 4 and 1, expected whole rows one "
        "behind the other: copy it first");
  CHECK(message([&] { dis::as_span(m.col(0)); }).find("strides 4 and") != std::string::npos);
}

TEST_CASE("a data set from an Eigen matrix of bytes, one image in a row") {
  using Shape = dis::ImageShape<2, 2, 1>;
  dis::EigenRows<std::uint8_t> pixels(3, 4);
  pixels << 0, 51, 102, 255, 1, 2, 3, 4, 5, 6, 7, 8;
  auto const data = dis::data::arrays<Shape>(dis::image_span<Shape>(pixels));
  CHECK(data.size() == 3);
  std::vector<float> image(4);
  std::vector<std::size_t> const first{0};
  data.images(first, image);
  CHECK(image[3] == 1.0f);
  CHECK(image[1] == doctest::Approx(0.2));
  using Colour = dis::ImageShape<2, 2, 3>;
  CHECK(message([&] { dis::image_span<Colour>(pixels); }) ==
        "image_span: found rows of 4 scalars, expected images of 2 x 2 x 3 = 12");
}
