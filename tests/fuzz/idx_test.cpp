// SPDX-License-Identifier: Apache-2.0
// Damaged IDX files and NORB matrices, plain and gzipped: success or a named error, whatever the bytes.
#include <disentangle/io/gzip.hpp>
#include <disentangle/io/idx.hpp>
#include <disentangle/io/norb_matrix.hpp>

#include "corrupt.hpp"

namespace {

namespace io = disentangle::io;

/// Both readers on the same bytes; what both refuse is refused.
void read_everything(fuzz::Bytes bytes) {
  if (io::is_gzip(bytes)) bytes = io::inflate_gzip(bytes, "fuzz.gz", 1 << 20);
  try {
    (void)io::parse_norb_matrix(bytes, "fuzz.mat").as<double>("fuzz.mat");
    return;
  } catch (disentangle::Error const&) {
  }
  (void)io::parse_idx(std::move(bytes), "fuzz-ubyte").as<double>("fuzz-ubyte");
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
TEST_CASE("IDX and NORB") {
  auto const outcome = fuzz::damage_corpus("idx", read_everything, 3000);
  CHECK(outcome.refused > 5000);
  CHECK(outcome.accepted > 100);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 21));
}
#endif
