// SPDX-License-Identifier: Apache-2.0
// A folder of its own for a test that writes files; removed at the end of the scope.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace test_support {

class ScratchFolder {
 public:
  ScratchFolder() {
    static std::atomic<int> count{0};
    std::random_device seed;
    path_ = std::filesystem::temp_directory_path() /
            ("disentangle_test_" + std::to_string(seed()) + "_" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ScratchFolder(ScratchFolder const&) = delete;
  ScratchFolder& operator=(ScratchFolder const&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string read_text(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::byte> to_bytes(std::string_view text) {
  auto const* first = reinterpret_cast<std::byte const*>(text.data());
  return {first, first + text.size()};
}

inline std::vector<std::byte> read_bytes(std::filesystem::path const& path) {
  return to_bytes(read_text(path));
}

}  // namespace test_support
