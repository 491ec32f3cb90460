// SPDX-License-Identifier: Apache-2.0
// .npz: archives of numpy are read, ours read back, members by rows, pickled members skipped.
#include <disentangle/io/npz.hpp>

#include "numpy_files.hpp"
#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <random>

namespace io = disentangle::io;
using disentangle::FileError;
using test_support::ScratchFolder;

namespace {

template <std::size_t N>
io::InputFile file_of(unsigned char const (&bytes)[N]) {
  auto const* first = reinterpret_cast<std::byte const*>(bytes);
  return io::InputFile::from_memory("numpy.npz", {first, first + N});
}

}  // namespace

TEST_CASE("an archive of numpy.savez_compressed; its pickled member does not disturb the others") {
  io::NpzReader const npz(file_of(test_support::npz_deflated));
  CHECK(npz.names() == std::vector<std::string>{"codes", "meta", "labels"});
  CHECK(npz.contains("labels"));
  CHECK_FALSE(npz.contains("label"));
  auto const codes = npz.read("codes");
  CHECK(codes.shape == std::vector<std::size_t>{2, 2});
  CHECK(codes.as<float>() == std::vector<float>{1.5f, -2, 3, 4});
  CHECK(npz.read("labels").as<int>() == std::vector<int>{3, 1, 2});
  CHECK(npz.header("labels").dtype == io::DType::i8);
  CHECK_THROWS_WITH_AS(npz.read("meta"), doctest::Contains("numpy.npz:meta.npy: npy header"), FileError);
  CHECK_THROWS_WITH_AS(npz.read("meta"), doctest::Contains("pickled Python objects"), FileError);
  CHECK_THROWS_WITH_AS(npz.read("imgs"),
                       doctest::Contains("no array named 'imgs'; it has codes, meta, labels"), FileError);
}

TEST_CASE("an archive of numpy.savez, stored with zip64 fields") {
  io::NpzReader const npz(file_of(test_support::npz_stored));
  auto rows = npz.rows("imgs");
  CHECK(rows.rows() == 3);
  std::vector<std::uint8_t> image(4);
  rows.skip(2);
  CHECK(rows.read(std::span(image)) == 1);
  CHECK(image == std::vector<std::uint8_t>{8, 9, 10, 11});
  CHECK(rows.read(std::span(image)) == 0);
}

TEST_CASE("our archives survive, and a big member is read by rows and written in pieces") {
  ScratchFolder folder;
  std::mt19937 random(3);
  std::size_t const rows = 5000, columns = 41;
  std::vector<std::uint8_t> images(rows * columns);
  for (auto& value : images) value = static_cast<std::uint8_t>(random() % 3);
  std::vector<double> const values{1.5, -2};
  for (bool const zip64 : {false, true}) {
    {
      io::NpzWriter writer(folder / "w.npz", {.level = 6, .zip64 = zip64});
      writer.begin("imgs", {rows, columns}, io::DType::u1);
      for (std::size_t i = 0; i < rows; i += 1000) {
        writer.append(std::as_bytes(std::span(images)).subspan(i * columns, 1000 * columns));
      }
      writer.end();
      writer.add("values", {{2, 1}, std::span<double const>(values)});
      writer.commit();
    }
    io::NpzReader const npz(folder / "w.npz");
    CHECK(npz.read("imgs").as<std::uint8_t>() == images);
    CHECK(npz.read("values").as<double>() == values);
    std::size_t seen = 0;
    npz.rows("imgs").for_each_chunk(
        777, [&](std::size_t first, std::size_t count, std::span<std::byte const> bytes) {
          auto const* data = reinterpret_cast<std::uint8_t const*>(bytes.data());
          REQUIRE(std::equal(data, data + count * columns,
                             images.begin() + static_cast<std::ptrdiff_t>(first * columns)));
          seen += count;
        });
    CHECK(seen == rows);
  }
}

TEST_CASE("write_npz takes arrays and views by name") {
  ScratchFolder folder;
  auto const labels = io::NpyArray::from({3}, std::span<int const>(std::vector<int>{1, 2, 3}));
  float const code = 4;
  io::write_npz(folder / "a.npz", {{"labels", labels}, {"code", {{}, std::span<float const>(&code, 1)}}});
  io::NpzReader const npz(folder / "a.npz");
  CHECK(npz.names() == std::vector<std::string>{"labels", "code"});
  CHECK(npz.read("labels").as<int>() == std::vector<int>{1, 2, 3});
  CHECK(npz.read("code").shape.empty());
}

TEST_CASE("a corrupt row is noticed at the latest with the last one") {
  ScratchFolder folder;
  std::vector<std::uint8_t> const images(10'000, 7);
  io::write_npz(folder / "a.npz", {{"imgs", {{100, 100}, std::span<std::uint8_t const>(images)}}},
                {.level = 0});
  auto text = test_support::read_text(folder / "a.npz");
  text[5000] ^= 1;
  io::write_file(folder / "a.npz", text);
  auto rows = io::NpzReader(folder / "a.npz").rows("imgs");
  std::vector<std::uint8_t> buffer(99 * 100);
  CHECK(rows.read(std::span(buffer)) == 99);
  CHECK_THROWS_WITH_AS(rows.read(std::span(buffer).first(100)), doctest::Contains("checksum"), FileError);
}
