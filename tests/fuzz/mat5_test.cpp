// SPDX-License-Identifier: Apache-2.0
// Damaged MAT files, plain and compressed: success or a named error, whatever the bytes.
#include <disentangle/io/mat5.hpp>

#include "corrupt.hpp"

namespace {

void read_everything(fuzz::Bytes bytes) {
  for (auto const& [name, array] : disentangle::io::parse_mat5(bytes, "fuzz.mat", 1 << 20))
    (void)array.as<double>(name);
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
TEST_CASE("MAT files of level 5") {
  auto const outcome = fuzz::damage_corpus("mat5", read_everything, 4000);
  CHECK(outcome.refused > 2000);
  CHECK(outcome.accepted > 100);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 21));
}
#endif
