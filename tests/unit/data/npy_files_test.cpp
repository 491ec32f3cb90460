// SPDX-License-Identifier: Apache-2.0
// Tests of data/npy_files.hpp.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include <disentangle/data/npy_files.hpp>

namespace dis = disentangle;
namespace fs = std::filesystem;
using dis::data::Layout;
using dis::io::ArrayView;
using Shape = dis::ImageShape<2, 3, 3>;

namespace {

struct Folder {
  fs::path path = "npy_files_test_files";
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

std::string message_of(std::function<void()> const& call) {
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

template <class Data>
std::vector<float> all_images(Data const& data) {
  std::vector<std::size_t> indices(data.size());
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  std::vector<float> images(indices.size() * Data::image_shape_type::size);
  data.images(indices, images);
  return images;
}

/// Two images 2 x 3 x 3; value of element (i, y, x, c).
constexpr int value(std::size_t i, std::size_t y, std::size_t x, std::size_t c) {
  return static_cast<int>(i * 100 + y * 30 + x * 10 + c);
}

template <class T>
std::vector<T> channels_last() {
  std::vector<T> v;
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t y = 0; y < 2; ++y)
      for (std::size_t x = 0; x < 3; ++x)
        for (std::size_t c = 0; c < 3; ++c) v.push_back(static_cast<T>(value(i, y, x, c)));
  return v;
}

template <class T>
std::vector<T> channels_first() {
  std::vector<T> v;
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t y = 0; y < 2; ++y)
        for (std::size_t x = 0; x < 3; ++x) v.push_back(static_cast<T>(value(i, y, x, c)));
  return v;
}

template <class T>
ArrayView view(std::vector<std::size_t> shape, std::vector<T> const& values) {
  return ArrayView(std::move(shape), std::span<T const>(values));
}

}  // namespace

TEST_CASE_TEMPLATE("npy_files: all element types and both layouts give the same images", T, std::uint8_t,
                   float, double) {
  Folder const folder;
  dis::data::NpyOptions options;
  options.scale = 1.0 / 255;
  std::vector<float> expected;
  for (int v : channels_last<int>()) expected.push_back(static_cast<float>(v) / 255);
  auto const check = [&](std::vector<std::size_t> const& shape, std::vector<T> const& values) {
    dis::io::write_npy(folder.path / "x.npy", view(shape, values));
    auto const images = all_images(dis::data::npy<Shape>(folder.path / "x.npy", {}, options));
    REQUIRE(images.size() == expected.size());
    for (std::size_t p = 0; p < images.size(); ++p)
      CHECK(images[p] == doctest::Approx(expected[p]).epsilon(1e-6));
  };
  check({2, 2, 3, 3}, channels_last<T>());
  check({2, 3, 2, 3}, channels_first<T>());
  check({2, 18}, channels_last<T>());
  options.layout = Layout::channels_first;
  check({2, 3, 2, 3}, channels_first<T>());
  CHECK_THROWS_AS(check({2, 2, 3, 3}, channels_last<T>()), dis::FileError);
}

TEST_CASE("npy_files: images whose extents are all equal are channels-last unless told") {
  Folder const folder;
  using Cube = dis::ImageShape<3, 3, 3>;
  std::vector<std::uint8_t> values(27);
  for (std::size_t i = 0; i < 27; ++i) values[i] = static_cast<std::uint8_t>(i);
  dis::io::write_npy(folder.path / "x.npy", view({1, 3, 3, 3}, values));
  CHECK(all_images(dis::data::npy<Cube>(folder.path / "x.npy"))[1] == doctest::Approx(1 / 255.0));
  CHECK(all_images(dis::data::npy<Cube>(folder.path / "x.npy", {}, {.layout = Layout::channels_first}))[1] ==
        doctest::Approx(9 / 255.0));
}

TEST_CASE("npy_files: booleans, images without a channel axis, labels of one npz") {
  Folder const folder;
  std::vector<std::uint8_t> const pixels{0, 1, 1, 0, 1, 0};
  std::vector<std::int64_t> const labels{4, -1, 0};
  std::vector<std::byte> raw;
  for (auto p : pixels) raw.push_back(static_cast<std::byte>(p));
  dis::io::write_npz(folder.path / "a.npz",
                     {{"x", ArrayView({3, 1, 2}, dis::io::DType::b1, raw)}, {"y", view({3}, labels)}});
  auto const data = dis::data::npz<dis::ImageShape<1, 2, 1>>(
      folder.path / "a.npz", {.images = "x", .labels = "y", .factors = {{"digit", 10}}});
  CHECK(data.name() == "a.npz");
  CHECK(data.factors() == std::vector<dis::Factor>{{"digit", 10}});
  CHECK(all_images(data) == std::vector<float>{0, 1, 1, 0, 1, 0});
  std::vector<int> found(3);
  data.labels(std::vector<std::size_t>{0, 1, 2}, found);
  CHECK(found == std::vector{4, -1, 0});
  auto const named = dis::data::npz<dis::ImageShape<1, 2, 1>>(
      folder.path / "a.npz", {.images = "x", .labels = "y", .factors = {{"d", 0}}});
  CHECK(named.factors() == std::vector<dis::Factor>{{"d", 5}});
  CHECK(dis::data::npz<dis::ImageShape<1, 2, 1>>(folder.path / "a.npz", {.images = "x"}).factors().empty());
}

TEST_CASE("npy_files: two npy files with several labels per image") {
  Folder const folder;
  dis::io::write_npy(folder.path / "x.npy", view({2, 2, 3, 3}, channels_last<std::uint8_t>()));
  dis::io::write_npy(folder.path / "y.npy", view({2, 3}, std::vector<std::int32_t>{0, 5, 1, 1, 2, 0}));
  auto const data = dis::data::npy<Shape>(folder.path / "x.npy", folder.path / "y.npy");
  CHECK(data.factors() == std::vector<dis::Factor>{{"factor 0", 2}, {"factor 1", 6}, {"factor 2", 2}});
}

TEST_CASE("npy_files: what does not fit is named with its file") {
  Folder const folder;
  auto const x = folder.path / "x.npy", y = folder.path / "y.npy";
  auto const read = [&] { static_cast<void>(dis::data::npy<Shape>(x)); };
  auto const read_both = [&] { static_cast<void>(dis::data::npy<Shape>(x, y)); };
  CHECK(contains(message_of(read), "no such file"));
  dis::io::write_npy(x, view({2, 3, 3, 2}, channels_last<std::uint8_t>()));
  CHECK(contains(
      message_of(read),
      "x.npy: found images of shape (2, 3, 3, 2), expected (n, 2, 3, 3) or (n, 18) or (n, 3, 2, 3)"));
  dis::io::write_npy(x, view({2, 2, 3, 3}, channels_last<std::int32_t>()));
  CHECK(contains(message_of(read), "found images of i4, expected u1, b1, f4 or f8"));
  dis::io::write_npy(x, view({2, 2, 3, 3}, channels_last<float>()));
  CHECK(contains(message_of(read), "image 0, element 2 is 2, expected 0 .. 1 (see the option scale"));
  dis::io::write_npy(x, view({0, 2, 3, 3}, std::vector<float>{}));
  CHECK(contains(message_of(read), "holds no images"));
  dis::io::write_npy(x, view({}, std::vector<float>{1}));
  CHECK(contains(message_of(read), "found images of shape ()"));
  dis::io::write_npy(x, view({2, 2, 3, 3}, channels_last<std::uint8_t>()));
  dis::io::write_npy(y, view({3}, std::vector<int>{0, 1, 2}));
  CHECK(contains(message_of(read_both), "y.npy: found labels of shape (3,), expected (2, factors) or (2,)"));
  dis::io::write_npy(y, view({2}, std::vector<double>{0, 0.5}));
  CHECK(contains(message_of(read_both), "y.npy: labels: element 1 is 0.5"));
  dis::io::write_npy(y, view({2}, std::vector<int>{0, -7}));
  CHECK(contains(message_of(read_both), "has label -7"));
  dis::io::write_npz(folder.path / "a.npz", {{"x", view({2}, std::vector<int>{0, 1})}});
  CHECK(contains(message_of([&] { static_cast<void>(dis::data::npz<Shape>(folder.path / "a.npz")); }),
                 "no array named 'images'; it has x"));
}

TEST_CASE("npy_files: a file cut off anywhere is an error") {
  Folder const folder;
  auto const x = folder.path / "x.npy", cut = folder.path / "cut.npy";
  dis::io::write_npy(x, view({2, 2, 3, 3}, channels_last<std::uint8_t>()));
  std::ifstream in(x, std::ios::binary);
  std::string const bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    {
      std::ofstream out(cut, std::ios::binary | std::ios::trunc);
      out << bytes.substr(0, length);
    }
    CHECK_THROWS_AS(dis::data::npy<Shape>(cut), dis::FileError);
  }
}
