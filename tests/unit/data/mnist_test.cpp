// SPDX-License-Identifier: Apache-2.0
// Tests of data/mnist.hpp: on small files written here, and on the real MNIST and Fashion-MNIST where they
// are present.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <disentangle/data/mnist.hpp>
#include <disentangle/io/atomic_file.hpp>

#include "tests/unit/io/scratch_folder.hpp"

namespace dis = disentangle;
namespace io = disentangle::io;
namespace fs = std::filesystem;
using dis::data::Part;
using test_support::ScratchFolder;
static_assert(dis::data::data_set<decltype(dis::data::mnist(""))>);
static_assert(std::is_same_v<decltype(dis::data::mnist(""))::image_shape_type, dis::ImageShape<28, 28, 1>>);

namespace {

/// n images h x w whose pixel p of image i is i + p, and labels.
void write_images(fs::path const& path, std::size_t n, std::size_t h, std::size_t w, bool gzipped) {
  std::vector<std::uint8_t> pixels;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t p = 0; p < h * w; ++p) pixels.push_back(static_cast<std::uint8_t>(i + p));
  }
  auto const bytes = io::idx_bytes(std::vector<std::size_t>{n, h, w}, pixels);
  io::write_file(path, gzipped ? io::deflate_gzip(bytes) : bytes);
}
void write_labels(fs::path const& path, std::vector<std::uint8_t> const& labels) {
  io::write_file(path, io::idx_bytes(std::vector<std::size_t>{labels.size()}, labels));
}

template <class Data>
std::vector<float> image_of(Data const& data, std::size_t index) {
  std::vector<float> image(Data::image_shape_type::size);
  data.images({&index, 1}, image);
  return image;
}
template <class Data>
std::vector<int> labels_of(Data const& data) {
  std::vector<std::size_t> indices(data.size());
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  std::vector<int> labels(indices.size() * data.factors().size());
  data.labels(indices, labels);
  return labels;
}
template <class Call>
std::string message_of(Call const& call) {
  try {
    call();
  } catch (dis::FileError const& error) {
    return error.what();
  }
  return "no FileError";
}
bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("mnist: both parts, plain and gzipped, by both spellings of the names") {
  ScratchFolder const folder;
  write_images(folder / "train-images-idx3-ubyte.gz", 3, 28, 28, true);
  write_labels(folder / "train-labels-idx1-ubyte", {7, 0, 9});
  write_images(folder / "t10k-images.idx3-ubyte", 2, 28, 28, false);
  write_labels(folder / "t10k-labels.idx1-ubyte", {1, 2});
  auto const train = dis::data::mnist(folder.path());
  CHECK(train.size() == 3);
  CHECK(train.name() == "mnist train");
  CHECK(train.factors() == std::vector<dis::Factor>{{"digit", 10}});
  CHECK(labels_of(train) == std::vector{7, 0, 9});
  CHECK(image_of(train, 2)[30] == 32.0f * (1.0f / 255));
  auto const test = dis::data::kmnist(folder.path(), Part::test);
  CHECK(labels_of(test) == std::vector{1, 2});
  CHECK(test.name() == "kmnist test");
}

TEST_CASE("mnist: 28 to 32 interpolates between pixel centres, the border repeated") {
  ScratchFolder const folder;
  write_images(folder / "train-images-idx3-ubyte", 1, 28, 28, false);
  write_labels(folder / "train-labels-idx1-ubyte", {3});
  auto const data = dis::data::mnist<dis::ImageShape<32, 32, 1>>(folder.path());
  auto const image = image_of(data, 0);
  // By the definition: the value at (y + 0.5) * 28 / 32 - 0.5, clamped to the centres of the border.
  auto const pixel = [](int y, int x) { return static_cast<double>((y * 28 + x) % 256); };
  double worst = 0;
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      double const v = std::clamp((y + 0.5) * 28 / 32 - 0.5, 0.0, 27.0),
                   u = std::clamp((x + 0.5) * 28 / 32 - 0.5, 0.0, 27.0);
      int const y0 = std::min(static_cast<int>(v), 26), x0 = std::min(static_cast<int>(u), 26);
      double const b = v - y0, a = u - x0;
      double const expected = (1 - b) * ((1 - a) * pixel(y0, x0) + a * pixel(y0, x0 + 1)) +
                              b * ((1 - a) * pixel(y0 + 1, x0) + a * pixel(y0 + 1, x0 + 1));
      worst = std::max(
          worst, std::abs(255 * static_cast<double>(image[static_cast<std::size_t>(y * 32 + x)]) - expected));
    }
  }
  CHECK(worst < 0.5001);
  CHECK(worst > 0.1);
}

TEST_CASE("emnist: images are turned upright, letters are numbered from 0") {
  ScratchFolder const folder;
  write_images(folder / "emnist-letters-train-images-idx3-ubyte", 2, 28, 28, false);
  write_labels(folder / "emnist-letters-train-labels-idx1-ubyte", {1, 26});
  auto const data = dis::data::emnist(folder.path(), dis::data::EmnistSplit::letters);
  CHECK(labels_of(data) == std::vector{0, 25});
  CHECK(data.factors() == std::vector<dis::Factor>{{"character", 26}});
  CHECK(image_of(data, 0)[1] == 28.0f * (1.0f / 255));  // row 0, column 1 is the file's row 1, column 0
  write_labels(folder / "emnist-letters-train-labels-idx1-ubyte", {0, 26});
  CHECK(contains(message_of([&] {
                   static_cast<void>(dis::data::emnist(folder.path(), dis::data::EmnistSplit::letters));
                 }),
                 "label 0 is 0, expected 1 .. 26"));
}

TEST_CASE("mnist: missing and wrong files are named") {
  ScratchFolder const folder;
  auto const read = [&] { static_cast<void>(dis::data::mnist(folder.path())); };
  CHECK(contains(message_of(read), "train-images-idx3-ubyte: no such file, with or without .gz"));
  write_images(folder / "train-images-idx3-ubyte", 3, 28, 28, false);
  CHECK(contains(message_of(read), "train-labels-idx1-ubyte: no such file, with or without .gz"));
  write_labels(folder / "train-labels-idx1-ubyte", {1, 2});
  CHECK(contains(message_of(read),
                 "found labels of shape (2,) of u1, expected (3,) of u1, one for each image"));
  write_labels(folder / "train-labels-idx1-ubyte", {1, 2, 10});
  CHECK(contains(message_of(read), "label 2 is 10, expected 0 .. 9"));
  write_labels(folder / "train-images-idx3-ubyte", {1, 2, 3});
  CHECK(contains(message_of(read), "found images of shape (3,) of u1, expected (n, height, width) of u1"));
  CHECK(contains(message_of([&] { static_cast<void>(dis::data::fashion_mnist(folder.path() / "none")); }),
                 "no such file"));
}

TEST_CASE("idx: without labels, and with as many values as there are") {
  ScratchFolder const folder;
  write_images(folder / "x", 2, 4, 6, false);
  write_labels(folder / "y", {4, 2});
  auto const bare = dis::data::idx<dis::ImageShape<4, 6, 1>>(folder / "x");
  CHECK(bare.factors().empty());
  CHECK(bare.name() == "x");
  auto const turned =
      dis::data::idx<dis::ImageShape<6, 4, 1>>(folder / "x", folder / "y", {.transposed = true});
  CHECK(turned.factors() == std::vector<dis::Factor>{{"label", 5}});
  CHECK(image_of(turned, 0)[1] == 6.0f * (1.0f / 255));
}

TEST_CASE("mnist: the real files") {
  fs::path const folder = fs::path(DISENTANGLE_SHARED_DIR) / "data" / "mnist";
  if (!fs::exists(folder)) {
    MESSAGE("the real MNIST is not present: " << folder.string());
    return;
  }
  auto const train = dis::data::mnist(folder);
  auto const test = dis::data::mnist(folder, Part::test);
  CHECK(train.size() == 60'000);
  CHECK(test.size() == 10'000);
  auto const labels = labels_of(train);
  CHECK(std::vector(labels.begin(), labels.begin() + 10) == std::vector{5, 0, 4, 1, 9, 2, 1, 3, 1, 4});
  double sum = 0;
  for (std::size_t i = 0; i < train.size(); ++i) {
    for (float const pixel : image_of(train, i)) sum += static_cast<double>(pixel);
  }
  CHECK(sum / (60'000.0 * 784) == doctest::Approx(0.1306605).epsilon(1e-5));  // the published mean
}

TEST_CASE("fashion_mnist: the files of Debian's package") {
  fs::path const folder = dis::data::debian_fashion_mnist_folder;
  if (!fs::exists(folder)) {
    MESSAGE("the package dataset-fashion-mnist is not installed");
    CHECK(contains(message_of([] { static_cast<void>(dis::data::fashion_mnist()); }),
                   "apt-get install dataset-fashion-mnist"));
    return;
  }
  auto const test = dis::data::fashion_mnist(Part::test);
  CHECK(test.size() == 10'000);
  std::array<int, 10> count{};
  for (int const label : labels_of(test)) ++count[static_cast<std::size_t>(label)];
  CHECK(count == std::array{1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000});
  auto const train = dis::data::fashion_mnist();
  auto const labels = labels_of(train);
  CHECK(std::vector(labels.begin(), labels.begin() + 5) == std::vector{9, 0, 0, 3, 0});
}
