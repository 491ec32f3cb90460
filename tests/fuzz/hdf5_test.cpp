// SPDX-License-Identifier: Apache-2.0
// HDF5 files cut short, through our reader: success or a named error. Other damage is not tried here, since
// libhdf5 1.10 itself does not survive all of it; tests/fuzz/run drives libFuzzer with it on demand (run hdf5).
#include <disentangle/io/hdf5.hpp>

#include "corrupt.hpp"

#include <unistd.h>

namespace {

namespace io = disentangle::io;

void read_everything(fuzz::Bytes bytes) {
  static std::filesystem::path const path = "fuzz_" + std::to_string(getpid()) + ".h5";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<char const*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  io::Hdf5Reader const file(path);
  for (char const* const name : {"images", "labels"}) {
    auto const shape = file.header(name).first;
    std::size_t count = 0;
    if (!shape.empty() && io::element_count(shape, 8, count) && count < (1 << 16)) (void)file.read(name);
  }
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
TEST_CASE("HDF5, cut short") {
  fuzz::Outcome outcome;
  for (fuzz::Bytes const& file : fuzz::corpus("hdf5")) {
    fuzz::feed(read_everything, file, outcome, "whole");
    for (std::size_t length = 0; length < file.size(); length += 61) {
      fuzz::feed(read_everything,
                 fuzz::Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length)), outcome,
                 "cut to " + std::to_string(length));
    }
  }
  CHECK(outcome.refused > 100);
  CHECK(outcome.accepted > 0);
}
#endif
