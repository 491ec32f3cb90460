// SPDX-License-Identifier: Apache-2.0
// .npy: files of numpy are read, our files read back, conversions are checked, what is refused says why.
#include <disentangle/io/npy.hpp>

#include "numpy_files.hpp"
#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <numeric>

namespace io = disentangle::io;
using disentangle::FileError;
using disentangle::ShapeError;
using disentangle::ValueError;
using test_support::ScratchFolder;

namespace {

template <std::size_t N>
io::FileStream stream_of(unsigned char const (&bytes)[N]) {
  auto const* first = reinterpret_cast<std::byte const*>(bytes);
  return io::FileStream(io::InputFile::from_memory("numpy.npy", {first, first + N}));
}

template <std::size_t N>
io::NpyArray read(unsigned char const (&bytes)[N]) {
  auto stream = stream_of(bytes);
  return io::read_npy(stream);
}

/// A version 1 file with this dictionary and `payload` bytes of zero.
std::filesystem::path with_header(ScratchFolder const& folder, std::string const& dictionary,
                                  std::size_t payload) {
  std::string text = "\x93NUMPY\x01";
  text += '\0';
  text += static_cast<char>(dictionary.size() & 0xFF);
  text += static_cast<char>(dictionary.size() >> 8);
  text += dictionary + std::string(payload, '\0');
  io::write_file(folder / "made.npy", text);
  return folder / "made.npy";
}

template <class T>
void check_round_trip(std::vector<T> const& values) {
  ScratchFolder folder;
  io::write_npy(folder / "a.npy", {{values.size()}, std::span<T const>(values)});
  auto const back = io::read_npy(folder / "a.npy");
  CHECK(back.dtype == io::dtype_of<T>());
  CHECK(back.as<T>() == values);
}

}  // namespace

TEST_CASE("files written by numpy") {
  auto const floats = read(test_support::npy_v1_f4_2x3);
  CHECK(floats.shape == std::vector<std::size_t>{2, 3});
  CHECK(floats.as<float>() == std::vector<float>{0, 0.5f, 1, 1.5f, 2, 2.5f});
  CHECK(floats.view<float>()[3] == 1.5f);
  CHECK(read(test_support::npy_v2_i8_3).as<std::int64_t>() ==
        std::vector<std::int64_t>{-1, 2, std::int64_t{1} << 40});
  CHECK(read(test_support::npy_v3_u2_2).as<int>() == std::vector<int>{1, 65535});
  auto const scalar = read(test_support::npy_scalar_f8);
  CHECK(scalar.shape.empty());
  CHECK(scalar.as<double>() == std::vector<double>{2.5});
}

TEST_CASE("Fortran order comes out in C order, but not by rows") {
  auto const array = read(test_support::npy_fortran_i4_2x3x2);
  CHECK(array.shape == std::vector<std::size_t>{2, 3, 2});
  std::vector<int> expected(12);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(array.as<int>() == expected);
  auto const* first = reinterpret_cast<std::byte const*>(test_support::npy_fortran_i4_2x3x2);
  auto file =
      io::InputFile::from_memory("f.npy", {first, first + sizeof(test_support::npy_fortran_i4_2x3x2)});
  CHECK_THROWS_WITH_AS(io::NpyRows(std::make_unique<io::FileStream>(file)),
                       doctest::Contains("Fortran order"), FileError);
}

TEST_CASE("what is refused says why") {
  CHECK_THROWS_WITH_AS(read(test_support::npy_objects), doctest::Contains("pickled Python objects"),
                       FileError);
  CHECK_THROWS_WITH_AS(read(test_support::npy_record), doctest::Contains("structured arrays"), FileError);
  CHECK_THROWS_WITH_AS(read(test_support::npy_big_endian), doctest::Contains("big-endian"), FileError);
  ScratchFolder folder;
  auto const refused = [&](std::string const& dictionary, std::size_t payload, char const* message) {
    CAPTURE(dictionary);
    auto const path = with_header(folder, dictionary, payload);
    CHECK_THROWS_WITH_AS(io::read_npy(path), doctest::Contains(message), FileError);
  };
  refused("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }\n", 8, "'<c8' is not supported");
  refused("{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }\n", 12, "'<U3' is not supported");
  refused("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }\n", 4, "expected True or False");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }\n", 4, "expected an extent");
  refused("{'descr': '<f4', 'fortran_order': False, }\n", 4, "missing");
  refused("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", 4, "once each");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 4,
          "shape (2,) of f4 needs 8 bytes, found 4");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", 5, "needs 4 bytes, found 5");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }\n", 4,
          "too large");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }\n", 4, "truncated");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4, "nothing after");
  io::write_file(folder / "text.npy", "PK this is no numpy file");
  CHECK_THROWS_WITH_AS(io::read_npy(folder / "text.npy"), doctest::Contains("text.npy: not an npy array"),
                       FileError);
  CHECK_THROWS_WITH_AS(io::read_npy(folder / "absent.npy"), doctest::Contains("absent.npy: no such file"),
                       FileError);
}

TEST_CASE("long integers of Python 2 and odd spacing are read") {
  ScratchFolder folder;
  auto const path = with_header(folder, "{ 'shape' : (2L, 3L) ,'descr':\"|u1\",'fortran_order':False}", 6);
  CHECK(io::read_npy(path).shape == std::vector<std::size_t>{2, 3});
}

TEST_CASE("every element type survives a file") {
  check_round_trip<std::int8_t>({-128, 0, 127});
  check_round_trip<std::int16_t>({-32768, 32767});
  check_round_trip<std::int32_t>({std::numeric_limits<int>::min(), 7});
  check_round_trip<std::int64_t>({std::numeric_limits<std::int64_t>::min(), 9});
  check_round_trip<std::uint8_t>({0, 255});
  check_round_trip<std::uint16_t>({0, 65535});
  check_round_trip<std::uint32_t>({0, 4294967295u});
  check_round_trip<std::uint64_t>({0, std::numeric_limits<std::uint64_t>::max()});
  check_round_trip<float>({-1.5f, 1e-40f, std::numeric_limits<float>::infinity()});
  check_round_trip<double>({-1.5, 1e300});
  check_round_trip<double>({});
  ScratchFolder folder;
  bool const flags[] = {true, false, true};
  io::write_npy(folder / "b.npy", {{3}, std::span<bool const>(flags)});
  CHECK(io::read_npy(folder / "b.npy").as<int>() == std::vector<int>{1, 0, 1});
}

TEST_CASE("conversions are exact or errors that name the element") {
  auto const from = []<class T>(std::vector<T> values) {
    return io::NpyArray::from({values.size()}, std::span<T const>(values));
  };
  CHECK(from(std::vector<std::int64_t>{3, -4}).as<int>() == std::vector<int>{3, -4});
  CHECK(from(std::vector<double>{3, -4}).as<std::int8_t>() == std::vector<std::int8_t>{3, -4});
  CHECK(from(std::vector<double>{0.1}).as<float>() == std::vector<float>{0.1f});
  CHECK(from(std::vector<std::uint8_t>{0, 1}).as<bool>() == std::vector<bool>{false, true});
  CHECK(from(std::vector<std::int64_t>{std::int64_t{1} << 60}).as<float>()[0] == 1152921504606846976.0f);
  CHECK_THROWS_WITH_AS(from(std::vector<int>{5, 300}).as<std::uint8_t>("labels"),
                       doctest::Contains("labels: element 1 is 300, which does not fit type u1"), ValueError);
  CHECK_THROWS_AS(from(std::vector<int>{-1}).as<std::uint64_t>(), ValueError);
  CHECK_THROWS_AS(from(std::vector<double>{0.5}).as<int>(), ValueError);
  CHECK_THROWS_AS(from(std::vector<double>{2147483648.0}).as<int>(), ValueError);
  CHECK_THROWS_AS(from(std::vector<float>{std::numeric_limits<float>::quiet_NaN()}).as<int>(), ValueError);
  CHECK_THROWS_AS(from(std::vector<float>{18446744073709551616.0f}).as<std::uint64_t>(), ValueError);
  CHECK_THROWS_AS(from(std::vector<double>{1e300}).as<float>(), ValueError);
  CHECK_THROWS_AS(from(std::vector<std::int64_t>{(std::int64_t{1} << 60) + 1}).as<double>(), ValueError);
  CHECK_THROWS_AS(from(std::vector<int>{2}).as<bool>(), ValueError);
  CHECK_THROWS_AS(from(std::vector<int>{2}).view<float>(), ValueError);
  CHECK_THROWS_AS(io::NpyArray::from({3}, std::span<int const>()), ShapeError);
}

TEST_CASE("rows are read in order, in chunks of any size") {
  ScratchFolder folder;
  std::vector<std::int16_t> values(7 * 3 * 2);
  std::iota(values.begin(), values.end(), std::int16_t{100});
  io::write_npy(folder / "r.npy", {{7, 3, 2}, std::span<std::int16_t const>(values)});
  auto rows = io::npy_rows(folder / "r.npy");
  CHECK(rows.rows() == 7);
  CHECK(rows.row_elements() == 6);
  CHECK(rows.row_bytes() == 12);
  std::vector<std::int16_t> out(4 * 6);
  CHECK(rows.read(std::span(out)) == 4);
  CHECK(std::equal(out.begin(), out.end(), values.begin()));
  rows.skip(1);
  CHECK(rows.next_row() == 5);
  CHECK(rows.read(std::span(out)) == 2);
  CHECK(std::equal(out.begin(), out.begin() + 12, values.begin() + 30));
  CHECK(rows.read(std::span(out)) == 0);
  CHECK_THROWS_AS(rows.read(std::span(out).first(5)), ShapeError);
  std::vector<float> wrong(6);
  CHECK_THROWS_AS(rows.read(std::span(wrong)), ValueError);

  std::vector<std::int16_t> gathered;
  auto again = io::npy_rows(folder / "r.npy");
  again.for_each_chunk(2, [&](std::size_t first, std::size_t count, std::span<std::byte const> bytes) {
    CHECK(first * 6 == gathered.size());
    auto const* data = reinterpret_cast<std::int16_t const*>(bytes.data());
    gathered.insert(gathered.end(), data, data + count * 6);
  });
  CHECK(gathered == values);
}

TEST_CASE("header of a file, also of an empty array") {
  ScratchFolder folder;
  io::write_npy(folder / "e.npy", {{0, 4}, std::span<float const>()});
  auto const header = io::read_npy_header(folder / "e.npy");
  CHECK(header.shape == std::vector<std::size_t>{0, 4});
  CHECK(header.header_bytes % 64 == 0);
  auto rows = io::npy_rows(folder / "e.npy");
  CHECK(rows.read(std::span<float>()) == 0);
}
