// SPDX-License-Identifier: Apache-2.0
// InputFile and FileStream: bytes by offset and from front to back, from files and from memory, errors with
// names.
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/byte_stream.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

namespace io = disentangle::io;
using disentangle::FileError;
using test_support::ScratchFolder;
using test_support::to_bytes;

TEST_CASE("a file and the same bytes in memory read alike") {
  ScratchFolder folder;
  io::write_file(folder / "f", "0123456789");
  for (io::InputFile const& file :
       {io::InputFile(folder / "f"), io::InputFile::from_memory("memory", to_bytes("0123456789"))}) {
    CAPTURE(file.name());
    CHECK(file.size() == 10);
    CHECK(file.read_all() == to_bytes("0123456789"));
    std::vector<std::byte> three(3);
    file.read(7, three);
    CHECK(three == to_bytes("789"));
    file.read(2, three);
    CHECK(three == to_bytes("234"));
    file.read(10, {});
    CHECK_THROWS_WITH_AS(file.read(8, three),
                         doctest::Contains("expected 3 bytes at offset 8, the file has 10"), FileError);
    CHECK_THROWS_AS(file.read(~std::uint64_t{0}, three), FileError);
    io::FileStream stream(file);
    std::vector<std::byte> seven(7);
    CHECK(stream.read(seven) == 7);
    CHECK_THROWS_WITH_AS(stream.read_exactly(seven), doctest::Contains("expected 7 more bytes, found 3"),
                         FileError);
    CHECK(stream.read(seven) == 0);
  }
}

TEST_CASE("what is no file is named") {
  ScratchFolder folder;
  CHECK_THROWS_WITH_AS(io::InputFile(folder / "none"), doctest::Contains("none: no such file"), FileError);
  CHECK_THROWS_WITH_AS(io::InputFile(folder.path()), doctest::Contains("not a regular file"), FileError);
}

TEST_CASE("a file that shrinks after it was opened is an error, not old bytes") {
  ScratchFolder folder;
  io::write_file(folder / "f", std::string(100'000, 'x'));
  io::InputFile const file(folder / "f");
  std::filesystem::resize_file(folder / "f", 10);
  std::vector<std::byte> bytes(1000);
  CHECK_THROWS_WITH_AS(file.read(50'000, bytes), doctest::Contains("cannot read 1000 bytes at offset 50000"),
                       FileError);
}

TEST_CASE("several threads read one file") {
  ScratchFolder folder;
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += static_cast<char>('a' + i % 23);
  io::write_file(folder / "f", text);
  io::InputFile const file(folder / "f");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<std::byte> bytes(100);
      for (std::size_t i = 0; i < 150; ++i) {
        std::size_t const at = (i * 131 + t * 977) % 19'900;
        file.read(at, bytes);
        if (bytes != to_bytes(std::string_view(text).substr(at, 100))) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}
