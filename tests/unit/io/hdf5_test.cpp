// SPDX-License-Identifier: Apache-2.0
// Tests of io/hdf5.hpp and data/shapes3d_hdf5.hpp on small files that libhdf5 itself writes here, in chunks
// and compressed as the published ones are.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <disentangle/data/shapes3d_hdf5.hpp>

#include <hdf5.h>

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
  CHECK(contains(message_of(read),
                 "b.h5:labels: row 1, column 0 (hue) is 0, expected 0.1: the images are in another order"));
  files = Files();
  files.labels[1] = files.labels[5] = files.labels[9] = 1.25;
  files.save(folder / "b.h5");
  CHECK(contains(message_of(read), "column 1 (scale): value 1 is 1.25, expected more than 1.25"));
  files.labels.resize(10);
  files.save(folder / "b.h5");
  CHECK(contains(message_of(read), "b.h5:labels: found shape (5, 2), expected (6, 2)"));
  CHECK(
      contains(message_of([&] { dis::data::hdf5_grid<dis::ImageShape<5, 4, 3>>(folder / "a.h5", factors); }),
               "a.h5:images: found (6, 4, 5, 3) of u1, expected (6, 5, 4, 3) of u1"));
  CHECK(contains(message_of([&] { dis::data::shapes3d(folder / "a.h5"); }),
                 "expected (480000, 64, 64, 3) of u1"));
}

TEST_CASE("hdf5: the layouts that libhdf5 writes unless told otherwise are read") {
  ScratchFolder const folder;
  constexpr hsize_t rows = 40, columns = 6;
  std::vector<std::int32_t> values(rows * columns);
  std::iota(values.begin(), values.end(), -100);
  enum class Storage { piece, header, chunks };
  struct Layout {
    char const* name;
    Storage storage;
    std::array<hsize_t, 2> chunk;
    bool shuffle, deflate, checksum;
  };
  std::vector<Layout> const layouts{{"piece", Storage::piece, {}, false, false, false},
                                    {"header", Storage::header, {}, false, false, false},
                                    {"plain", Storage::chunks, {7, 4}, false, false, false},
                                    {"deflate", Storage::chunks, {7, 4}, false, true, false},
                                    {"shuffle", Storage::chunks, {40, 6}, true, true, false},
                                    {"checksum", Storage::chunks, {3, 6}, true, true, true},
                                    // 240 chunks, and 64 to a node of their B-tree
                                    {"many", Storage::chunks, {1, 1}, false, true, true}};
  hid_t const file = H5Fcreate((folder / "a.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t const group = H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  std::array<hsize_t, 2> const extents{rows, columns}, growing{H5S_UNLIMITED, columns};
  for (hid_t const place : {file, group}) {
    for (Layout const& layout : layouts) {
      bool const chunked = layout.storage == Storage::chunks;
      hid_t const space = H5Screate_simple(2, extents.data(), chunked ? growing.data() : nullptr);
      hid_t const properties = H5Pcreate(H5P_DATASET_CREATE);
      if (chunked) H5Pset_chunk(properties, 2, layout.chunk.data());
      if (layout.storage == Storage::header) H5Pset_layout(properties, H5D_COMPACT);
      if (layout.shuffle) H5Pset_shuffle(properties);
      if (layout.deflate) H5Pset_deflate(properties, 9);
      if (layout.checksum) H5Pset_fletcher32(properties);
      hid_t const set =
          H5Dcreate2(place, layout.name, H5T_STD_I32BE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
      H5Dwrite(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
      // so many attributes that the header continues elsewhere
      for (int i = 0; i < 20; ++i) {
        hid_t const one = H5Screate(H5S_SCALAR);
        hid_t const attribute =
            H5Acreate2(set, std::to_string(i).c_str(), H5T_NATIVE_INT, one, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(attribute, H5T_NATIVE_INT, &i);
        H5Aclose(attribute);
        H5Sclose(one);
      }
      H5Dclose(set);
      H5Pclose(properties);
      H5Sclose(space);
    }
  }
  write(file, "empty", {0, 3}, H5T_NATIVE_FLOAT, values.data(), false);
  hid_t const text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, 4);
  write(file, "text", {2}, text, "one\0two", false);
  H5Tclose(text);
  // so many names that the group's B-tree has levels and symbol nodes
  for (int i = 0; i < 300; ++i) {
    write(file, ("set" + std::to_string(i)).c_str(), {1}, H5T_NATIVE_INT32,
          &values[static_cast<std::size_t>(i) % 240], false);
  }
  H5Gclose(group);
  H5Fclose(file);

  {
    io::Hdf5Reader const reader(folder / "a.h5");
    for (std::string const place : {"", "group/"}) {
      for (Layout const& layout : layouts) {
        CAPTURE(place + layout.name);
        REQUIRE(reader.contains(place + layout.name));
        CHECK(reader.header(place + layout.name).first == std::vector<std::size_t>{rows, columns});
        auto const read = reader.read(place + layout.name);
        auto const all = read.view<std::int32_t>();
        CHECK(std::vector(all.begin(), all.end()) == values);
        CHECK(reader.rows(place + layout.name, 8, 7).view<std::int32_t>()[41] == -100 + 8 * 6 + 41);
      }
    }
    CHECK(reader.read("empty").shape == std::vector<std::size_t>{0, 3});
    CHECK(reader.read("set250").view<std::int32_t>()[0] == -90);
    CHECK(!reader.contains("set300"));
    CHECK(!reader.contains("nothing/set1"));
    CHECK(contains(message_of([&] { reader.read("text"); }), "a.h5:text: found elements"));
    CHECK(
        contains(message_of([&] { reader.read("group"); }), "a.h5: found no data set 'group', expected one"));
  }
}

TEST_CASE("hdf5: other layouts are refused by name") {
  ScratchFolder const folder;
  Files const files;
  hid_t const access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  hid_t const file = H5Fcreate((folder / "a.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  write(file, "images", {6, 4, 5, 3}, H5T_NATIVE_UINT8, files.pixels.data(), true);
  write(file, "labels", {6, 2}, H5T_NATIVE_DOUBLE, files.labels.data(), false);
  H5Fclose(file);
  H5Pclose(access);
  CHECK(contains(message_of([&] { io::Hdf5Reader(folder / "a.h5"); }),
                 "a.h5: found a superblock of version 3, expected version 0 or 1 (write the data again with "
                 "h5py's defaults, h5py.File(name, 'w'), whose layout is read here, or as NPY)"));
}

TEST_CASE("hdf5: what was never written is the fill value, whole numbers of all kinds and both orders") {
  ScratchFolder const folder;
  hid_t const file = H5Fcreate((folder / "a.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hsize_t const rows = 10, chunk = 4;
  std::int16_t const fill = -300;
  for (bool const chunked : {true, false}) {
    hid_t const space = H5Screate_simple(1, &rows, nullptr), properties = H5Pcreate(H5P_DATASET_CREATE);
    if (chunked) H5Pset_chunk(properties, 1, &chunk);
    H5Pset_fill_value(properties, H5T_NATIVE_INT16, &fill);
    hid_t const set = H5Dcreate2(file, chunked ? "chunks" : "piece", H5T_STD_I16BE, space, H5P_DEFAULT,
                                 properties, H5P_DEFAULT);
    if (chunked) {  // the chunk in the middle alone
      hsize_t const start = 5, count = 2;
      std::int16_t const values[]{7, -8};
      hid_t const memory = H5Screate_simple(1, &count, nullptr);
      H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &count, nullptr);
      H5Dwrite(set, H5T_NATIVE_INT16, memory, space, H5P_DEFAULT, values);
      H5Sclose(memory);
    }
    H5Dclose(set);
    H5Pclose(properties);
    H5Sclose(space);
  }
  std::array<hid_t, 6> const types{H5T_STD_U16BE, H5T_STD_U32LE,  H5T_STD_I64BE,
                                   H5T_STD_I8LE,  H5T_IEEE_F32BE, H5T_IEEE_F64LE};
  std::array<io::DType, 6> const dtypes{io::DType::u2, io::DType::u4, io::DType::i8,
                                        io::DType::i1, io::DType::f4, io::DType::f8};
  std::array<double, 3> const numbers{1, 2, 100};
  for (std::size_t i = 0; i < types.size(); ++i) {
    hsize_t const count = 3;
    hid_t const space = H5Screate_simple(1, &count, nullptr);
    hid_t const set =
        H5Dcreate2(file, std::to_string(i).c_str(), types[i], space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data());
    H5Dclose(set);
    H5Sclose(space);
  }
  H5Fclose(file);
  io::Hdf5Reader const reader(folder / "a.h5");
  std::vector<int> const partly{-300, -300, -300, -300, -300, 7, -8, -300, -300, -300};
  CHECK(reader.read("chunks").as<int>() == partly);
  CHECK(reader.rows("chunks", 4, 3).as<int>() == std::vector<int>{-300, 7, -8});
  CHECK(reader.read("piece").as<int>() == std::vector<int>(10, -300));
  for (std::size_t i = 0; i < types.size(); ++i) {
    CHECK(reader.header(std::to_string(i)).second == dtypes[i]);
    CHECK(reader.read(std::to_string(i)).as<double>() == std::vector<double>{1, 2, 100});
  }
}

TEST_CASE("hdf5: more rows than there is memory for are refused with the bytes and the way out") {
  ScratchFolder const folder;
  std::filesystem::path const path = folder.path() / "a.h5";
  hsize_t const rows = 1'000'000'000'000, chunk = 1'000'000;
  hid_t const file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t const space = H5Screate_simple(1, &rows, nullptr), properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(properties, 1, &chunk);
  H5Dclose(H5Dcreate2(file, "x", H5T_NATIVE_UINT8, space, H5P_DEFAULT, properties, H5P_DEFAULT));
  H5Pclose(properties);
  H5Sclose(space);
  H5Fclose(file);
  io::Hdf5Reader const reader(path);
  CHECK_THROWS_WITH_AS(reader.read("x"), doctest::Contains("a.h5:x: needs 1.0 TB of memory"),
                       dis::MemoryError);
  CHECK_THROWS_WITH_AS(reader.read("x"), doctest::Contains("Hdf5Reader::rows()"), dis::MemoryError);
  CHECK(reader.rows("x", 7, 3).size() == 3);
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
  // A chunk whose compressed data are not those of its bytes.
  std::string bytes = test_support::read_text(folder / "a.h5");
  std::size_t const chunk = bytes.rfind("\x78\x5e");
  REQUIRE(chunk != std::string::npos);
  bytes[chunk + 4] = static_cast<char>(~bytes[chunk + 4]);
  std::ofstream(folder / "b.h5", std::ios::binary) << bytes;
  CHECK(contains(message_of([&] { io::Hdf5Reader(folder / "b.h5").read("images"); }),
                 "b.h5:images: chunk at row 3: "));
}
