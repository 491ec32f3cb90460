// SPDX-License-Identifier: Apache-2.0
// Tests of data/uci_digits.hpp: on lines written here, and on the 1,797 real digits where they are present.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <disentangle/data/uci_digits.hpp>
#include <disentangle/io/atomic_file.hpp>

#include "tests/unit/io/scratch_folder.hpp"

namespace dis = disentangle;
namespace fs = std::filesystem;

namespace {

std::string line(int pixel, int digit) {
  std::string text;
  for (int p = 0; p < 64; ++p) text += std::to_string(p == 9 ? pixel : p % 17) + ",";
  return text + std::to_string(digit);
}
std::string message_of(std::string const& text) {
  try {
    dis::data::detail::parse_uci_digits(text, "a");
  } catch (dis::FileError const& error) {
    return error.what();
  }
  return "no FileError";
}

}  // namespace

TEST_CASE("uci_digits: pixels in sixteenths, both line ends, gzipped or not, and resized") {
  test_support::ScratchFolder const folder;
  std::string const text = line(16, 3) + "\r\n" + line(0, 9) + "\n\n" + line(8, 0);
  dis::io::write_file(folder / "a", text);
  dis::io::write_file(folder / "b", dis::io::deflate_gzip(test_support::to_bytes(text)));
  for (char const* name : {"a", "b"}) {
    auto const data = dis::data::uci_digits(folder / name);
    CHECK(data.size() == 3);
    CHECK(data.factors() == std::vector<dis::Factor>{{"digit", 10}});
    std::vector<float> images(3 * 64);
    std::vector<int> labels(3);
    data.images(std::array<std::size_t, 3>{0, 1, 2}, images);
    data.labels(std::array<std::size_t, 3>{0, 1, 2}, labels);
    CHECK(labels == std::vector{3, 9, 0});
    CHECK(images[9] == 1.0f);
    CHECK(images[64 + 9] == 0.0f);
    CHECK(images[128 + 9] == 0.5f);
  }
  auto const large = dis::data::uci_digits<dis::ImageShape<16, 16, 1>>(folder / "a");
  std::vector<float> image(256);
  large.images(std::array<std::size_t, 1>{0}, image);
  CHECK(image[255] == doctest::Approx(63 % 17 / 16.0).epsilon(0.01));  // the corner
}

TEST_CASE("uci_digits: what is wrong is named with its line") {
  CHECK(message_of("") == "a: holds no digits, expected lines of 64 pixels and a digit");
  CHECK(message_of(line(3, 3) + "\n" + line(17, 3)) ==
        "a: line 2: number 10 is '17', expected a whole number 0 .. 16");
  CHECK(message_of(line(3, 10)) == "a: line 1: number 65 is '10', expected a whole number 0 .. 9");
  CHECK(message_of("1,2,3\n") == "a: line 1: found 3 numbers, expected 64 pixels and a digit");
  CHECK(message_of(line(3, 3) + ",1") ==
        "a: line 1: found more than 65 numbers, expected 64 pixels and a digit");
  CHECK(message_of("1,x") == "a: line 1: number 2 is 'x', expected a whole number 0 .. 16");
  CHECK_THROWS_AS(dis::data::uci_digits("none.csv.gz"), dis::FileError);
}

TEST_CASE("uci_digits: the real ones") {
  fs::path const path = fs::path(DISENTANGLE_SHARED_DIR) / "data" / "sklearn_digits" / "digits.csv.gz";
  if (!fs::exists(path)) {
    MESSAGE("the real digits are not present: " << path.string());
    return;
  }
  auto const data = dis::data::uci_digits(path);
  CHECK(data.size() == 1797);
  std::array<int, 10> count{};
  double sum = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    std::array<int, 1> label{};
    std::array<float, 64> image{};
    data.labels({&i, 1}, label);
    data.images({&i, 1}, image);
    ++count[static_cast<std::size_t>(label[0])];
    for (float const pixel : image) sum += static_cast<double>(pixel);
  }
  CHECK(count == std::array{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});  // scikit-learn's load_digits
  CHECK(sum * 16 == 561718);
}
