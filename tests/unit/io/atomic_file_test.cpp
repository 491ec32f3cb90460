// SPDX-License-Identifier: Apache-2.0
// AtomicFile: the destination changes only at commit().
#include <disentangle/io/atomic_file.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

namespace io = disentangle::io;
using disentangle::FileError;
using test_support::read_text;
using test_support::ScratchFolder;

TEST_CASE("a file appears at commit, folders are made, nothing else is left") {
  ScratchFolder folder;
  auto const path = folder / "a/b/file.txt";
  {
    io::AtomicFile file(path);
    file.write("hello ");
    file.write("world");
    CHECK(file.position() == 11);
    CHECK_FALSE(std::filesystem::exists(path));
    file.commit();
  }
  CHECK(read_text(path) == "hello world");
  CHECK_FALSE(std::filesystem::exists(path.string() + ".partial"));
}

TEST_CASE("without commit the old file stays") {
  ScratchFolder folder;
  auto const path = folder / "file.txt";
  io::write_file(path, "old");
  {
    io::AtomicFile file(path);
    file.write("half of the");
  }
  CHECK(read_text(path) == "old");
  CHECK_FALSE(std::filesystem::exists(path.string() + ".partial"));
  io::write_file(path, "replaced");
  CHECK(read_text(path) == "replaced");
}

TEST_CASE("rewrite replaces bytes and keeps the place of appending") {
  ScratchFolder folder;
  auto const path = folder / "file.txt";
  io::AtomicFile file(path);
  file.write("0123456789");
  std::string const patch = "ab";
  file.rewrite(3, std::as_bytes(std::span(patch)));
  file.write("!");
  CHECK_THROWS_WITH_AS(file.rewrite(10, std::as_bytes(std::span(patch))),
                       doctest::Contains("only 11 bytes are written"), FileError);
  file.commit();
  CHECK(read_text(path) == "012ab56789!");
  CHECK_THROWS_AS(file.write("more"), FileError);
}

TEST_CASE("errors name the path") {
  ScratchFolder folder;
  CHECK_THROWS_WITH_AS(io::AtomicFile(folder.path()), doctest::Contains(folder.path().c_str()), FileError);
  io::write_file(folder / "file", "");
  CHECK_THROWS_AS(io::write_file(folder / "file/below", "x"), FileError);
}

TEST_CASE("a full disk is an error and leaves the old file") {
  if (!std::filesystem::exists("/dev/full")) {
    MESSAGE("no /dev/full here: skipped");
    return;
  }
  ScratchFolder folder;
  io::write_file(folder / "file", "old");
  std::filesystem::create_symlink("/dev/full", folder / "file.partial");
  CHECK_THROWS_WITH_AS(io::write_file(folder / "file", std::string(1 << 20, 'x')),
                       doctest::Contains("cannot"), FileError);
  CHECK(read_text(folder / "file") == "old");
}
