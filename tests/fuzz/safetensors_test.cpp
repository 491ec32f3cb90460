// SPDX-License-Identifier: Apache-2.0
// Damaged safetensors files: success or a named error, whatever the bytes.
#include <disentangle/io/safetensors.hpp>

#include "corrupt.hpp"

namespace {

namespace io = disentangle::io;

void read_everything(fuzz::Bytes bytes) {
  io::SafetensorsReader const reader(io::InputFile::from_memory("fuzz.safetensors", std::move(bytes)));
  for (auto const& tensor : reader.tensors()) (void)reader.read(tensor.name).size();
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
#include "tests/unit/io/scratch_folder.hpp"

TEST_CASE("a checkpoint of three tensors and metadata") {
  test_support::ScratchFolder folder;
  std::vector<float> const weight{1, 2, 3, 4, 5, 6};
  std::vector<std::uint64_t> const counters{1, 2};
  std::vector<std::uint8_t> const mask{1, 0, 1};
  io::NamedTensor const tensors[] = {{"weight", {{2, 3}, std::span<float const>(weight)}},
                                     {"counters", {{2}, std::span<std::uint64_t const>(counters)}},
                                     {"mask", {{3, 1}, std::span<std::uint8_t const>(mask)}}};
  io::write_safetensors(folder / "a", tensors, {{"step", "7"}, {"method", "BetaVae {beta = 4}"}});
  auto const valid = test_support::read_bytes(folder / "a");
  CHECK_NOTHROW(read_everything(valid));
  auto const outcome = fuzz::damage(valid, read_everything, 12000, 6);
  CHECK(outcome.refused > 6000);
  CHECK(outcome.accepted > 0);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 20));
}

TEST_CASE("deeply nested headers do not exhaust the stack") {
  for (std::string const opening : {"[", "{\"a\":"}) {
    std::string header;
    for (int i = 0; i < 200'000; ++i) header += opening;
    std::string text;
    for (std::size_t i = 0; i < 8; ++i) text += static_cast<char>((header.size() >> (8 * i)) & 0xFF);
    CHECK_THROWS_AS(read_everything(test_support::to_bytes(text + header)), disentangle::FileError);
  }
}
#endif
