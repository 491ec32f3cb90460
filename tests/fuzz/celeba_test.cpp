// SPDX-License-Identifier: Apache-2.0
// Damaged attribute and part files of CelebA: success or a named error, whatever the bytes.
#include <disentangle/data/celeba.hpp>

#include "corrupt.hpp"

namespace {

std::string_view text_of(fuzz::Bytes const& bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

/// Both readers on the same bytes; what both refuse is refused.
void read_everything(fuzz::Bytes bytes) {
  try {
    (void)disentangle::data::detail::parse_celeba_parts(text_of(bytes), "fuzz.txt");
    return;
  } catch (disentangle::Error const&) {
  }
  (void)disentangle::data::detail::parse_celeba_attributes(text_of(bytes), "fuzz.txt");
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
TEST_CASE("CelebA's text files") {
  auto const outcome = fuzz::damage_corpus("celeba", read_everything, 4000);
  CHECK(outcome.refused > 3000);
  CHECK(outcome.accepted > 100);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 20));
}
#endif
