// SPDX-License-Identifier: Apache-2.0
// Tests of data/cifar.hpp and data/stl10.hpp on small files of each layout.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <disentangle/data/cifar.hpp>
#include <disentangle/data/stl10.hpp>
#include <disentangle/io/atomic_file.hpp>

#include "tests/unit/io/scratch_folder.hpp"

namespace dis = disentangle;
using dis::data::Part;
using dis::data::Stl10Part;
using test_support::ScratchFolder;

namespace {

/// Planes whose value names channel, row and column.
std::string planes(int side, bool column_order) {
  std::string text;
  for (int c = 0; c < 3; ++c) {
    for (int a = 0; a < side; ++a) {
      for (int b = 0; b < side; ++b) {
        int const y = column_order ? b : a, x = column_order ? a : b;
        text += static_cast<char>(c * 80 + (7 * y + 3 * x) % 80);
      }
    }
  }
  return text;
}
template <class Data>
bool shows_planes(Data const& data, std::size_t index) {
  using Shape = typename Data::image_shape_type;
  std::vector<float> image(Shape::size);
  data.images({&index, 1}, image);
  bool right = true;
  for (int y = 0; y < Shape::height; ++y) {
    for (int x = 0; x < Shape::width; ++x) {
      for (int c = 0; c < 3; ++c) {
        float const found = image[static_cast<std::size_t>((y * Shape::width + x) * 3 + c)];
        right = right && found == static_cast<float>(c * 80 + (7 * y + 3 * x) % 80) * (1.0f / 255);
      }
    }
  }
  return right;
}
template <class Data>
std::vector<int> labels_of(Data const& data) {
  std::vector<int> labels(data.size() * data.factors().size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.labels({&i, 1}, std::span(labels).subspan(i * data.factors().size(), data.factors().size()));
  }
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

TEST_CASE("cifar10: five batches in order, planes become pixels") {
  ScratchFolder const folder;
  std::filesystem::create_directory(folder / "cifar-10-batches-bin");
  for (int batch = 1; batch <= 5; ++batch) {
    dis::io::write_file(folder / "cifar-10-batches-bin" / ("data_batch_" + std::to_string(batch) + ".bin"),
                        static_cast<char>(batch) + planes(32, false));
  }
  auto const train = dis::data::cifar10(folder.path());
  CHECK(train.size() == 5);
  CHECK(labels_of(train) == std::vector{1, 2, 3, 4, 5});
  CHECK(train.factors() == std::vector<dis::Factor>{{"class", 10}});
  CHECK(shows_planes(train, 4));
  CHECK(dis::data::cifar10<dis::ImageShape<64, 64, 3>>(folder / "cifar-10-batches-bin").size() == 5);
  CHECK(contains(message_of([&] { static_cast<void>(dis::data::cifar10(folder.path(), Part::test)); }),
                 "test_batch.bin: no such file"));
}

TEST_CASE("cifar100: two labels; wrong files are named") {
  ScratchFolder const folder;
  dis::io::write_file(folder / "test.bin", "\x13"
                                           "\x63" +
                                               planes(32, false) +
                                               "\x01"
                                               "\x02" +
                                               planes(32, false));
  auto const test = dis::data::cifar100(folder.path(), Part::test);
  CHECK(labels_of(test) == std::vector{19, 99, 1, 2});
  CHECK(test.factors() == std::vector<dis::Factor>{{"superclass", 20}, {"class", 100}});
  CHECK(shows_planes(test, 1));
  dis::io::write_file(folder / "train.bin", "\x14"
                                            "\x63" +
                                                planes(32, false));
  auto const read = [&] { static_cast<void>(dis::data::cifar100(folder.path())); };
  CHECK(contains(message_of(read), "train.bin: record 0: superclass is 20, expected 0 .. 19"));
  dis::io::write_file(folder / "train.bin", "\x13" + planes(32, false));
  CHECK(contains(message_of(read), "found 3073 bytes, expected a positive number of records of 3074"));
  dis::io::write_file(folder / "train.bin", "");
  CHECK(contains(message_of(read), "found 0 bytes"));
}

TEST_CASE("stl10: planes in column order, labels from 1, none in the unlabelled part") {
  ScratchFolder const folder;
  dis::io::write_file(folder / "train_X.bin", planes(96, true) + planes(96, true));
  dis::io::write_file(folder / "train_y.bin", "\x01\x0A");
  dis::io::write_file(folder / "unlabeled_X.bin", planes(96, true));
  auto const train = dis::data::stl10(folder.path());
  CHECK(labels_of(train) == std::vector{0, 9});
  CHECK(shows_planes(train, 1));
  auto const bare = dis::data::stl10(folder.path(), Stl10Part::unlabelled);
  CHECK(labels_of(bare) == std::vector{-1});
  CHECK(bare.factors() == train.factors());
  auto const reduced = dis::data::stl10<dis::ImageShape<32, 32, 3>>(folder.path());
  std::vector<float> image(32 * 32 * 3);
  std::size_t const first = 0;
  reduced.images({&first, 1}, image);
  // The mean of 3 x 3 values of 7 y + 3 x, which do not wrap around 80 in this corner: 7 + 3 = 10.
  CHECK(image[0] == 10.0f * (1.0f / 255));
  auto const read = [&] { static_cast<void>(dis::data::stl10(folder.path())); };
  dis::io::write_file(folder / "train_y.bin", std::string("\x01\0", 2));
  CHECK(contains(message_of(read), "train_y.bin: label 1 is 0, expected 1 .. 10"));
  dis::io::write_file(folder / "train_y.bin", "\x01");
  CHECK(contains(message_of(read), "train_y.bin: found 1 labels, expected 2"));
  dis::io::write_file(folder / "train_X.bin", "\x01");
  CHECK(contains(message_of(read),
                 "train_X.bin: found 1 bytes, expected a positive number of images of 27648"));
  CHECK(contains(message_of([&] { static_cast<void>(dis::data::stl10(folder.path(), Stl10Part::test)); }),
                 "test_X.bin: no such file"));
}
