// SPDX-License-Identifier: Apache-2.0
// Tests of data/image_folder.hpp.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <disentangle/data/image_folder.hpp>

namespace dis = disentangle;
namespace fs = std::filesystem;
using dis::data::Fit;
using dis::data::image_folder;
using dis::io::Image8;
using Grey = dis::ImageShape<2, 3, 1>;
using Rgb = dis::ImageShape<2, 3, 3>;

namespace {

struct Folder {
  fs::path path = "image_folder_test_files";
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  void write(std::string const& name, std::string const& text) const {
    std::ofstream out(path / name, std::ios::binary);
    out << text;
  }
  void png(std::string const& name, std::uint8_t first, int height = 2, int width = 3,
           int channels = 1) const {
    Image8 image{width, height, channels, {}};
    for (int p = 0; p < height * width * channels; ++p)
      image.pixels.push_back(static_cast<std::uint8_t>(first + p));
    dis::io::write_png(path / name, image);
  }
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

}  // namespace

TEST_CASE("image_folder: images in the order of their names, labels by name") {
  Folder const folder;
  folder.png("b.png", 100);
  folder.png("a.PNG", 10);
  folder.png("c.png", 200);
  folder.write("note.txt", "not an image");
  folder.write("labels.csv", "file,kind,size\nc.png,cat,2\na.PNG,dog,\n");
  fs::create_directories(folder.path / "inner.png");
  auto const data = image_folder<Grey>(folder.path, folder.path / "labels.csv");
  static_assert(dis::data::data_set<std::remove_const_t<decltype(data)>>);
  CHECK(data.name() == "image_folder_test_files");
  CHECK(data.size() == 3);
  CHECK(data.factors() == std::vector<dis::Factor>{{"kind", 2}, {"size", 3}});
  std::vector<std::size_t> const indices{0, 1, 2};
  std::vector<float> images(18);
  std::vector<int> labels(6);
  data.images(indices, images);
  data.labels(indices, labels);
  CHECK(images[0] == doctest::Approx(10 / 255.0));
  CHECK(images[11] == doctest::Approx(105 / 255.0));
  CHECK(images[12] == doctest::Approx(200 / 255.0));
  CHECK(labels == std::vector{1, -1, -1, -1, 0, 2});
  CHECK(image_folder<Grey>(folder.path / "").name() == "image_folder_test_files");
  CHECK(image_folder<Grey>(folder.path).factors().empty());
}

TEST_CASE("image_folder: grey and colour are converted") {
  Folder const folder;
  folder.png("grey.png", 50);
  folder.png("rgb.png", 0, 2, 3, 3);
  auto const rgb = image_folder<Rgb>(folder.path);
  std::vector<float> images(36);
  rgb.images(std::vector<std::size_t>{0, 1}, images);
  CHECK(images[0] == images[2]);
  CHECK(images[2] == doctest::Approx(50 / 255.0));
  CHECK(images[18 + 17] == doctest::Approx(17 / 255.0));
  CHECK(image_folder<Grey>(folder.path).size() == 2);
}

TEST_CASE("image_folder: another size is an error unless images are fitted") {
  Folder const folder;
  folder.png("a.png", 0);
  folder.png("b.png", 0, 4, 8);
  std::string const message = message_of([&] { static_cast<void>(image_folder<Grey>(folder.path)); });
  CHECK(contains(message, "b.png: found an image of 4 x 8 (height x width), expected 2 x 3"));
  auto const data = image_folder<Grey>(folder.path, {}, {.fit = Fit::centre_crop_and_resize});
  std::vector<float> image(6);
  std::size_t const index = 1;
  data.images({&index, 1}, image);
  // Columns 1 .. 6 of 8, means of 2 x 2: (1 + 2 + 9 + 10) / 4 = 5.5, rounded to 6.
  CHECK(image[0] == doctest::Approx(6 / 255.0));
}

TEST_CASE("image_folder: broken folders, images and tables are named") {
  Folder const folder;
  auto const read = [&] { static_cast<void>(image_folder<Grey>(folder.path)); };
  CHECK(contains(message_of([&] { static_cast<void>(image_folder<Grey>(folder.path / "none")); }),
                 "cannot list the folder"));
  CHECK(contains(message_of(read), "found no .png file"));
  folder.png("a.png", 0);
  CHECK(contains(
      message_of([&] { static_cast<void>(image_folder<Grey>(folder.path, folder.path / "none.csv")); }),
      "none.csv: no such file"));
  folder.write("labels.csv", "file,k\nb.png,1\n");
  CHECK(contains(
      message_of([&] { static_cast<void>(image_folder<Grey>(folder.path, folder.path / "labels.csv")); }),
      "labels.csv: names the file 'b.png', which is not a .png in"));
  auto const size = fs::file_size(folder.path / "a.png");
  for (std::uintmax_t length = 0; length < size; ++length) {
    folder.png("a.png", 0);
    fs::resize_file(folder.path / "a.png", length);
    if (message_of(read).find("a.png: ") == std::string::npos) {
      // Only the empty chunk that ends the file may be cut off unseen.
      CHECK(length + 12 >= size);
    }
  }
  folder.write("b.png", "this is not a PNG");
  CHECK(contains(message_of(read), ".png: "));
}
