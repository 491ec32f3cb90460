// SPDX-License-Identifier: Apache-2.0
// Damaged .npy files: success or a named error, whatever the bytes.
#include <disentangle/io/npy.hpp>

#include "corrupt.hpp"

#include "tests/unit/io/numpy_files.hpp"

namespace {

namespace io = disentangle::io;

/// Reads the array whole and by rows, and converts it.
void read_everything(fuzz::Bytes bytes) {
  auto const file = io::InputFile::from_memory("fuzz.npy", std::move(bytes));
  io::FileStream stream(file);
  auto const array = io::read_npy(stream);
  (void)array.as<float>();
  io::NpyRows rows(std::make_unique<io::FileStream>(file));
  rows.for_each_chunk(2, [](std::size_t, std::size_t, std::span<std::byte const>) {});
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
namespace {

template <std::size_t N>
void check(unsigned char const (&file)[N]) {
  auto const* first = reinterpret_cast<std::byte const*>(file);
  auto const outcome = fuzz::damage({first, first + N}, read_everything, 4000, 1);
  CHECK(outcome.refused > 1000);
  CHECK(outcome.accepted > 0);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 20));
}

}  // namespace

TEST_CASE("version 1") { check(test_support::npy_v1_f4_2x3); }
TEST_CASE("version 2") { check(test_support::npy_v2_i8_3); }
TEST_CASE("version 3") { check(test_support::npy_v3_u2_2); }
TEST_CASE("Fortran order") {
  auto const* first = reinterpret_cast<std::byte const*>(test_support::npy_fortran_i4_2x3x2);
  auto const outcome =
      fuzz::damage({first, first + sizeof(test_support::npy_fortran_i4_2x3x2)}, read_everything, 4000, 2);
  CHECK(outcome.refused > 1000);
}
#endif
