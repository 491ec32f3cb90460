// SPDX-License-Identifier: Apache-2.0
// Tests of io/jpeg.hpp and data/celeba.hpp on small files written here.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <disentangle/data/celeba.hpp>
#include <disentangle/io/atomic_file.hpp>

#include "tests/unit/io/scratch_folder.hpp"

namespace dis = disentangle;
namespace io = disentangle::io;
using dis::data::CelebaPart;
using test_support::ScratchFolder;
using Shape = dis::ImageShape<16, 16, 3>;

namespace {

/// Smooth, so that it survives the compression.
io::Image8 ramp(int width, int height, int channels, int red) {
  io::Image8 image{width, height, channels, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c)
        image.pixels.push_back(static_cast<std::uint8_t>(c == 0 ? red : c == 1 ? 2 * y : 100 + x));
    }
  }
  return image;
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

void write_folder(ScratchFolder const& folder) {
  std::filesystem::create_directories(folder / "img_align_celeba");
  for (int i = 1; i <= 3; ++i) {
    io::write_file(folder / "img_align_celeba" / ("00000" + std::to_string(i) + ".jpg"),
                   io::encode_jpeg(ramp(40, 50, 3, 40 * i), 95));
  }
  io::write_file(folder / "list_attr_celeba.txt",
                 "3\nSmiling Wearing_Hat \n000001.jpg  1 -1\n000002.jpg -1 -1\n000003.jpg  1  1\n");
  io::write_file(folder / "list_eval_partition.txt", "000001.jpg 0\n000002.jpg 2\n000003.jpg 0\n");
}

}  // namespace

TEST_CASE("jpeg: what was written is read, up to the compression") {
  for (int const channels : {1, 3}) {
    auto const image = ramp(37, 21, channels, 60);
    auto const bytes = io::encode_jpeg(image, 95);
    auto const found = io::decode_jpeg(bytes, "a.jpg");
    CHECK(found.width == 37);
    CHECK(found.height == 21);
    CHECK(found.channels == channels);
    int worst = 0;
    for (std::size_t p = 0; p < image.pixels.size(); ++p)
      worst = std::max(worst, std::abs(int{found.pixels[p]} - int{image.pixels[p]}));
    CHECK(worst <= 6);
    CHECK(io::decode_jpeg(bytes, "a.jpg", 1).pixels.size() == 37 * 21);
    CHECK(io::decode_jpeg(bytes, "a.jpg", 3).pixels.size() == 37 * 21 * 3);
  }
}

TEST_CASE("jpeg: damage is named") {
  auto const bytes = io::encode_jpeg(ramp(37, 21, 3, 60), 95);
  for (std::size_t n = 0; n + 2 < bytes.size(); ++n) {
    CHECK(
        contains(message_of([&] { static_cast<void>(io::decode_jpeg(std::span(bytes).first(n), "a.jpg")); }),
                 "a.jpg: broken JPEG: "));
  }
  CHECK(message_of([&] {
          static_cast<void>(io::decode_jpeg(test_support::to_bytes("not a JPEG"), "a.jpg"));
        }) == "a.jpg: broken JPEG: Not a JPEG file: starts with 0x6e 0x6f");
  CHECK_THROWS_AS(io::decode_jpeg(bytes, "a.jpg", 2), dis::ValueError);
  CHECK_THROWS_AS(io::encode_jpeg({3, 3, 1, {}}), dis::ShapeError);
  CHECK_THROWS_AS(io::encode_jpeg({1, 1, 1, {7}}, 0), dis::ShapeError);
}

TEST_CASE("celeba: parts, attributes and the crop") {
  ScratchFolder const folder;
  write_folder(folder);
  auto const train = dis::data::celeba<Shape>(folder.path());
  CHECK(train.size() == 2);
  CHECK(train.factors() == std::vector<dis::Factor>{{"Smiling", 2}, {"Wearing_Hat", 2}});
  std::vector<int> labels(4);
  train.labels(std::array<std::size_t, 2>{0, 1}, labels);
  CHECK(labels == std::vector{1, 0, 1, 1});
  std::vector<float> image(Shape::size);
  train.images(std::array<std::size_t, 1>{1}, image);
  CHECK(255 * image[0] == doctest::Approx(120).epsilon(0.04));
  // Rows 5 .. 44 of 50 remain; the first is the mean of rows 5 .. 7.5, 2 y each.
  CHECK(255 * image[1] == doctest::Approx(11.5).epsilon(0.3));
  CHECK(dis::data::celeba<Shape>(folder.path(), {.part = CelebaPart::test}).size() == 1);
  CHECK(dis::data::celeba<Shape>(folder.path(), {.part = CelebaPart::all}).size() == 3);
  CHECK(dis::data::celeba<Shape>(folder.path(), {.most = 1}).size() == 1);
  CHECK(dis::data::celeba<dis::ImageShape<16, 16, 1>>(folder.path()).size() == 2);
}

TEST_CASE("celeba: what is missing or wrong is named") {
  ScratchFolder const folder;
  write_folder(folder);
  auto const read = [&](CelebaPart part = CelebaPart::train) {
    return message_of([&] { static_cast<void>(dis::data::celeba<Shape>(folder.path(), {.part = part})); });
  };
  CHECK(contains(read(CelebaPart::validation), "found no image of the part that was asked for"));
  io::write_file(folder / "list_eval_partition.txt", "000001.jpg 0\n000002.jpg 3\n");
  CHECK(contains(
      read(),
      "list_eval_partition.txt: line 2: expected a file and 0, 1 or 2, found 2 words, the second '3'"));
  io::write_file(folder / "list_eval_partition.txt", "000001.jpg 0\n");
  CHECK(contains(read(), "list_eval_partition.txt: has no line for '000002.jpg'"));
  io::write_file(folder / "list_attr_celeba.txt", "2\nSmiling\n000001.jpg 1\n000002.jpg 0\n");
  CHECK(contains(read(CelebaPart::all), "list_attr_celeba.txt: line 4: Smiling is '0', expected 1 or -1"));
  io::write_file(folder / "list_attr_celeba.txt", "2\nSmiling\n000001.jpg 1\n");
  CHECK(contains(read(CelebaPart::all), "found 1 images, expected 2 as the first line says"));
  io::write_file(folder / "list_attr_celeba.txt", "1\nSmiling\n../000001.jpg 1\n");
  CHECK(contains(read(CelebaPart::all), "line 3: found the file '../000001.jpg', expected a name without /"));
  io::write_file(folder / "list_attr_celeba.txt", "1\nSmiling\n000001.jpg 1 1\n");
  CHECK(contains(read(CelebaPart::all), "line 3: found 3 words, expected a file and 1 attributes"));
  io::write_file(folder / "list_attr_celeba.txt", "1\nSmiling\n000009.jpg 1\n");
  CHECK(contains(read(CelebaPart::all), "000009.jpg: no such file"));
  std::filesystem::resize_file(folder / "img_align_celeba" / "000001.jpg", 300);
  io::write_file(folder / "list_attr_celeba.txt", "1\nSmiling\n000001.jpg 1\n");
  CHECK(contains(read(CelebaPart::all), "000001.jpg: broken JPEG: "));
  std::filesystem::remove(folder / "list_attr_celeba.txt");
  CHECK(contains(read(), "list_attr_celeba.txt: no such file"));
}
