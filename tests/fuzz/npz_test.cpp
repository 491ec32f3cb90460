// SPDX-License-Identifier: Apache-2.0
// Damaged .npz archives, deflated, stored and zip64: success or a named error, whatever the bytes.
#include <disentangle/io/npz.hpp>

#include "corrupt.hpp"

#include "tests/unit/io/numpy_files.hpp"

namespace {

namespace io = disentangle::io;

/// Reads every array whole and by rows; a fault of one does not keep the others from being tried.
void read_everything(fuzz::Bytes bytes) {
  io::NpzReader const npz(io::InputFile::from_memory("fuzz.npz", std::move(bytes)));
  std::string fault;
  for (auto const& name : npz.names()) {
    try {
      (void)npz.read(name).as<double>();
      npz.rows(name).for_each_chunk(3, [](std::size_t, std::size_t, std::span<std::byte const>) {});
    } catch (disentangle::Error const& error) {
      fault = error.what();
    }
  }
  if (!fault.empty()) throw disentangle::Error(fault);
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
#include "tests/unit/io/scratch_folder.hpp"

namespace {

void check(fuzz::Bytes const& valid, std::uint32_t seed) {
  auto const outcome = fuzz::damage(valid, read_everything, 6000, seed);
  CHECK(outcome.refused > 3000);
  // A promise of more than deflate can hold is refused before memory is taken for it.
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 21));
}

template <std::size_t N>
fuzz::Bytes bytes_of(unsigned char const (&file)[N]) {
  auto const* first = reinterpret_cast<std::byte const*>(file);
  return {first, first + N};
}

}  // namespace

TEST_CASE("deflated by numpy, with a pickled member") { check(bytes_of(test_support::npz_deflated), 3); }
TEST_CASE("stored by numpy") { check(bytes_of(test_support::npz_stored), 4); }
TEST_CASE("ours, with all zip64 records") {
  test_support::ScratchFolder folder;
  std::vector<float> const codes(40, 1.5f);
  io::write_npz(folder / "a.npz", {{"codes", {{10, 4}, std::span<float const>(codes)}}},
                {.level = 6, .zip64 = true});
  auto const valid = test_support::read_bytes(folder / "a.npz");
  CHECK_NOTHROW(read_everything(valid));
  check(valid, 5);
}
#endif
