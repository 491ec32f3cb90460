// SPDX-License-Identifier: Apache-2.0
// Damaged JPEG images: success or a named error, whatever the bytes.
#include <disentangle/io/jpeg.hpp>

#include "corrupt.hpp"

namespace {

void read_everything(fuzz::Bytes bytes) {
  (void)disentangle::io::decode_jpeg(bytes, "fuzz.jpg", 0);
  (void)disentangle::io::decode_jpeg(bytes, "fuzz.jpg", 1);
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
TEST_CASE("JPEG, grey and colour") {
  auto const outcome = fuzz::damage_corpus("jpeg", read_everything, 1500);
  CHECK(outcome.refused > 1500);
  CHECK(outcome.accepted > 100);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 24));
}
#endif
