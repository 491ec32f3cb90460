// SPDX-License-Identifier: Apache-2.0
// Damaged HDF5 files: success or a named error, whatever the bytes.
#include <disentangle/io/hdf5.hpp>

#include "corrupt.hpp"

#include <unistd.h>

#include <array>
#include <cstring>

namespace {

namespace io = disentangle::io;

/// The rows that are few enough.
void read_rows(io::Hdf5Reader const& file, std::string const& name) {
  auto const shape = file.header(name).first;
  std::size_t row = 0;
  constexpr std::size_t most = 1 << 16;
  if (shape.empty() || !io::element_count(std::span(shape).subspan(1), 8, row) || row > most) return;
  std::size_t const rows = std::min(shape[0], row == 0 ? 1 : most / row);
  (void)file.rows(name, 0, rows);
  if (rows < shape[0]) (void)file.rows(name, shape[0] - 1, 1);
}

void read_everything(fuzz::Bytes bytes) {
  static std::filesystem::path const path = "fuzz_" + std::to_string(getpid()) + ".h5";
  std::filesystem::remove(path);  // a file system may wait for its disk when a file is written over
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<char const*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  io::Hdf5Reader const file(path);
  std::exception_ptr first;  // one bad data set says nothing about the next
  for (char const* const name :
       {"a", "b", "group/images", "again/images", "values", "images", "soft", "labels"}) {
    try {
      if (file.contains(name)) read_rows(file, name);
    } catch (disentangle::Error const&) {
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

/// Most of a small HDF5 file is room that nobody uses. So three times of four a number near to what is used
/// is replaced, where it lies, by one that damage would be likely to write or that stands elsewhere in the
/// file.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  std::minstd_rand random(seed + 1);
  auto const below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  if (size < 64 || below(4) == 0) return LLVMFuzzerMutate(data, size, most);
  for (std::size_t times = 1 + below(3); times > 0; --times) {
    std::size_t at = below(size - 8);
    for (std::size_t tries = 0; data[at] == 0 && tries < 16; ++tries) at = below(size - 8);
    constexpr std::array<std::size_t, 4> widths{1, 2, 4, 8};
    std::size_t const width = widths[below(4)];
    std::uint64_t number = 0;
    std::memcpy(&number, data + at, width);
    switch (below(6)) {
      case 0: number += below(17) - 8; break;
      case 1: number ^= std::uint64_t{1} << below(8 * width); break;
      case 2: number = below(300); break;
      case 3: number = ~std::uint64_t{below(3)}; break;
      case 4: number = below(size + 9) & ~std::uint64_t{7}; break;
      default: std::memcpy(&number, data + (below(size - 8) & ~std::size_t{7}), 8);
    }
    std::memcpy(data + at, &number, width);
  }
  return size;
}
#else
TEST_CASE("HDF5") {
  auto const outcome = fuzz::damage_corpus("hdf5", read_everything, 500);
  CHECK(outcome.refused > 20000);
  CHECK(outcome.accepted > 200);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 21));
}
#endif
