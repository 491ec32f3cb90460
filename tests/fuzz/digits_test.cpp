// SPDX-License-Identifier: Apache-2.0
// Damaged text files of digits, labels and patches: success or a named error, whatever the bytes.
#include <disentangle/data/label_table.hpp>
#include <disentangle/data/teapots.hpp>
#include <disentangle/data/uci_digits.hpp>
#include <disentangle/io/csv.hpp>

#include "corrupt.hpp"

namespace {

std::string_view text_of(fuzz::Bytes const& bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

void read_digits(fuzz::Bytes bytes) {
  (void)disentangle::data::detail::parse_uci_digits(text_of(bytes), "fuzz.csv");
}
void read_patches(fuzz::Bytes bytes) {
  (void)disentangle::data::detail::bezier_mesh(disentangle::io::parse_csv(text_of(bytes), "fuzz.csv"));
}
void read_labels(fuzz::Bytes bytes) {
  (void)disentangle::data::parse_label_table(text_of(bytes), "fuzz.csv");
}
[[maybe_unused]] void read_everything(fuzz::Bytes bytes) {
  for (auto const read : {read_digits, read_labels}) {
    try {
      read(bytes);
    } catch (disentangle::Error const&) {
    }
  }
  read_patches(std::move(bytes));
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
TEST_CASE("digits and patches") {
  CHECK(fuzz::damage_corpus("digits", read_digits, 2000).refused > 1000);
  CHECK(fuzz::damage_corpus("digits", read_labels, 2000).refused > 500);
  auto const outcome = fuzz::damage_corpus("digits", read_patches, 1000);
  CHECK(outcome.refused > 1000);
  CHECK(outcome.accepted > 0);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 21));
}
#endif
