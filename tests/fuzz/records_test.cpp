// SPDX-License-Identifier: Apache-2.0
// Damaged files of CIFAR and STL-10: success or a named error, whatever the bytes.
#include <disentangle/data/cifar.hpp>
#include <disentangle/data/stl10.hpp>

#include "corrupt.hpp"

namespace {

namespace data = disentangle::data;
namespace io = disentangle::io;
using Cifar = disentangle::ImageShape<32, 32, 3>;
using Small = disentangle::ImageShape<16, 16, 3>;

/// Every reader on the same bytes; what all refuse is refused.
void read_everything(fuzz::Bytes bytes) {
  auto const file = io::InputFile::from_memory("fuzz.bin", std::move(bytes));
  int accepted = 0;
  auto const attempt = [&](auto const& read) {
    try {
      read();
      ++accepted;
    } catch (disentangle::Error const&) {
    }
  };
  std::vector<std::uint8_t> pixels;
  std::vector<int> labels;
  attempt([&] {
    data::detail::read_cifar_file<Cifar>(file, std::array{disentangle::Factor{"class", 10}}, pixels, labels);
  });
  attempt([&] {
    data::detail::read_cifar_file<Cifar>(
        file, std::array{disentangle::Factor{"superclass", 20}, disentangle::Factor{"class", 100}}, pixels,
        labels);
  });
  attempt([&] { (void)data::detail::read_stl10_images<Small>(file); });
  attempt([&] { (void)data::detail::read_stl10_labels(file, static_cast<std::size_t>(file.size())); });
  if (accepted == 0) throw disentangle::FileError("fuzz.bin", "refused by every reader");
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
TEST_CASE("CIFAR and STL-10") {
  auto const outcome = fuzz::damage_corpus("records", read_everything, 2000);
  CHECK(outcome.refused > 5000);
  CHECK(outcome.accepted > 100);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 20));
}
#endif
