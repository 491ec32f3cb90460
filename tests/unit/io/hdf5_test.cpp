// SPDX-License-Identifier: Apache-2.0
// Tests of io/hdf5.hpp and data/shapes3d_hdf5.hpp on small files that libhdf5 itself writes here, in chunks and compressed as
// the published ones are.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <disentangle/data/shapes3d_hdf5.hpp>

#include "scratch_folder.hpp"

namespace dis = disentangle;
namespace io = disentangle::io;
using test_support::ScratchFolder;

namespace {

void write(hid_t file, char const* name, std::vector<hsize_t> const& shape, hid_t type, void const* values,
           bool chunked) {
  hid_t const space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  hid_t const properties = H5Pcreate(H5P_DATASET_CREATE);
  if (chunked) {
    std::vector<hsize_t> chunk(shape);
    for (hsize_t& extent : chunk) extent = extent > 3 ? 3 : extent;
    H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
    H5Pset_deflate(properties, 4);
  }
  hid_t const set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(set);
  H5Pclose(properties);
  H5Sclose(space);
}

std::vector<dis::Factor> const factors{{"hue", 3}, {"scale", 2}};
using Shape = dis::ImageShape<4, 5, 3>;

/// Six images whose byte is image + position, and labels in the order of the grid.
struct Files {
  std::vector<std::uint8_t> pixels;
  std::vector<double> labels{0, 0.75, 0, 1.25, 0.1, 0.75, 0.1, 1.25, 0.2, 0.75, 0.2, 1.25};
  Files() {
    for (std::size_t i = 0; i < 6; ++i) {
      for (std::size_t p = 0; p < Shape::size; ++p) pixels.push_back(static_cast<std::uint8_t>(i + p));
    }
  }
  void save(std::filesystem::path const& path, bool chunked = true) const {
    hid_t const file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    write(file, "images", {6, 4, 5, 3}, H5T_NATIVE_UINT8, pixels.data(), chunked);
    write(file, "labels", {labels.size() / 2, 2}, H5T_NATIVE_DOUBLE, labels.data(), false);
    H5Fclose(file);
  }
};

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

TEST_CASE("hdf5: whole and by rows, in chunks or not, from several threads") {
  ScratchFolder const folder;
  Files const files;
  for (bool const chunked : {true, false}) {
    files.save(folder / "a.h5", chunked);
    io::Hdf5Reader const file(folder / "a.h5");
    CHECK(file.contains("images"));
    CHECK(!file.contains("metadata"));
    auto const [shape, dtype] = file.header("images");
    CHECK(shape == std::vector<std::size_t>{6, 4, 5, 3});
    CHECK(dtype == io::DType::u1);
    auto const whole = file.read("images");
    auto const bytes = whole.view<std::uint8_t>();
    CHECK(std::vector(bytes.begin(), bytes.end()) == files.pixels);
    auto const some = file.rows("images", 2, 3);
    CHECK(some.shape[0] == 3);
    CHECK(some.view<std::uint8_t>()[0] == 2);
    CHECK(file.read("labels").as<double>("labels") == files.labels);
    CHECK(file.rows("images", 6, 0).bytes.empty());
    std::vector<std::thread> threads;
    std::array<int, 4> right{};
    for (int& mine : right) {
      threads.emplace_back([&] {
        for (std::size_t i = 0; i < 6; ++i)
          mine += file.rows("images", i, 1).view<std::uint8_t>()[1] == i + 1;
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(right == std::array{6, 6, 6, 6});
  }
}

TEST_CASE("hdf5: a grid of images, its order checked") {
  ScratchFolder const folder;
  Files files;
  files.save(folder / "a.h5");
  auto const data = dis::data::hdf5_grid<Shape>(folder / "a.h5", factors);
  static_assert(dis::data::factor_grid<std::remove_const_t<decltype(data)>>);
  CHECK(data.name() == "a.h5");
  std::vector<float> image(Shape::size);
  std::size_t const index = data.index(std::array{2, 1});
  data.images({&index, 1}, image);
  CHECK(image[7] == 12 * (1.0f / 255));
  std::swap(files.labels[0], files.labels[4]);
  files.save(folder / "b.h5");
  auto const read = [&] { dis::data::hdf5_grid<Shape>(folder / "b.h5", factors); };
  CHECK(contains(
      message_of(read),
      "b.h5:labels: row 1, column 0 (hue) is 0.000000, expected 0.100000: the images are in another order"));
  files = Files();
  files.labels[1] = files.labels[5] = files.labels[9] = 1.25;
  files.save(folder / "b.h5");
  CHECK(contains(message_of(read), "column 1 (scale): value 1 is 1.250000, expected more than 1.250000"));
  files.labels.resize(10);
  files.save(folder / "b.h5");
  CHECK(contains(message_of(read), "b.h5:labels: found shape (5, 2), expected (6, 2)"));
  CHECK(
      contains(message_of([&] { dis::data::hdf5_grid<dis::ImageShape<5, 4, 3>>(folder / "a.h5", factors); }),
               "a.h5:images: found (6, 4, 5, 3) of u1, expected (6, 5, 4, 3) of u1"));
  CHECK(contains(message_of([&] { dis::data::shapes3d(folder / "a.h5"); }),
                 "expected (480000, 64, 64, 3) of u1"));
}

TEST_CASE("hdf5: missing and damaged files are named") {
  ScratchFolder const folder;
  CHECK(contains(message_of([&] { io::Hdf5Reader(folder / "none.h5"); }), "none.h5: no such file"));
  Files const files;
  files.save(folder / "a.h5");
  io::Hdf5Reader const file(folder / "a.h5");
  CHECK(
      contains(message_of([&] { file.read("latents"); }), "a.h5: found no data set 'latents', expected one"));
  CHECK(contains(message_of([&] { file.rows("images", 5, 2); }),
                 "found an array of (6, 4, 5, 3), expected rows 5 .. 7 - 1"));
  auto const size = std::filesystem::file_size(folder / "a.h5");
  for (auto const part : {std::uintmax_t{0}, std::uintmax_t{7}, size / 4, size / 2, size - 1}) {
    std::filesystem::copy_file(folder / "a.h5", folder / "b.h5",
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(folder / "b.h5", part);
    CHECK(contains(message_of([&] { io::Hdf5Reader(folder / "b.h5").read("images"); }), "b.h5: "));
  }
}
