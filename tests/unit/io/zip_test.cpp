// SPDX-License-Identifier: Apache-2.0
// Zip archives: members of any size and method, zip64 records, checksums, faults with names.
#include <disentangle/io/zip.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <random>

namespace io = disentangle::io;
using disentangle::FileError;
using disentangle::ValueError;
using test_support::read_text;
using test_support::ScratchFolder;

namespace {

std::string read_member(io::ZipReader const& zip, std::string_view name) {
  auto const* member = zip.find(name);
  REQUIRE(member != nullptr);
  auto const stream = zip.open(*member);
  std::string out(stream->size(), '\0');
  stream->read_exactly(std::as_writable_bytes(std::span(out)));
  return out;
}

std::string noise(std::size_t count) {
  std::mt19937 random(5);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>(random() & 0xFF);
  return text;
}

}  // namespace

TEST_CASE("members survive, deflated, stored, and with zip64 records") {
  std::string const incompressible = noise(200'000), zeros(300'000, '\0');
  for (io::ZipOptions const options :
       {io::ZipOptions{}, io::ZipOptions{.level = 0}, io::ZipOptions{.level = 1},
        io::ZipOptions{.level = 6, .zip64 = true}}) {
    CAPTURE(options.level);
    CAPTURE(options.zip64);
    ScratchFolder folder;
    io::ZipWriter writer(folder / "a.zip", options);
    for (auto const& [name, text] : {std::pair<std::string, std::string>{"noise", incompressible},
                                     {"zeros", zeros},
                                     {"empty", ""},
                                     {"na\xC3\xAFve", "x"}}) {
      writer.begin(name, text.size());
      writer.write(std::string_view(text).substr(0, text.size() / 3));
      writer.write(std::string_view(text).substr(text.size() / 3));
      writer.end();
    }
    writer.commit();
    io::ZipReader const zip(folder / "a.zip");
    CHECK(zip.members().size() == 4);
    CHECK(zip.find("absent") == nullptr);
    CHECK(read_member(zip, "noise") == incompressible);
    CHECK(read_member(zip, "zeros") == zeros);
    CHECK(read_member(zip, "empty") == "");
    CHECK(read_member(zip, "na\xC3\xAFve") == "x");
    if (options.level > 0) CHECK(zip.find("zeros")->compressed_size < 2000);
  }
}

TEST_CASE("equal contents give equal files") {
  ScratchFolder folder;
  for (char const* name : {"a.zip", "b.zip"}) {
    io::ZipWriter writer(folder / name);
    writer.begin("m", 3);
    writer.write("abc");
    writer.end();
    writer.commit();
  }
  CHECK(read_text(folder / "a.zip") == read_text(folder / "b.zip"));
}

TEST_CASE("an archive with a comment is opened") {
  ScratchFolder folder;
  io::ZipWriter writer(folder / "a.zip");
  writer.begin("m", 3);
  writer.write("abc");
  writer.end();
  writer.commit();
  std::string text = read_text(folder / "a.zip");
  text[text.size() - 2] = 5;
  io::write_file(folder / "a.zip", text + "hello");
  CHECK(read_member(io::ZipReader(folder / "a.zip"), "m") == "abc");
}

TEST_CASE("damage is named") {
  ScratchFolder folder;
  io::ZipWriter writer(folder / "a.zip", {.level = 0});
  writer.begin("member", 6);
  writer.write("abcdef");
  writer.end();
  writer.commit();
  std::string const whole = read_text(folder / "a.zip");

  std::string text = whole;
  text[whole.find("abcdef")] = 'X';
  io::write_file(folder / "b.zip", text);
  CHECK_THROWS_WITH_AS(read_member(io::ZipReader(folder / "b.zip"), "member"),
                       doctest::Contains("b.zip:member: checksum"), FileError);

  io::write_file(folder / "c.zip", whole.substr(0, whole.size() - 5));
  CHECK_THROWS_WITH_AS(io::ZipReader(folder / "c.zip"),
                       doctest::Contains("c.zip: not a zip archive, or truncated"), FileError);

  text = whole;
  text[whole.rfind("PK\x01\x02") + 8] = 1;  // the encryption flag
  io::write_file(folder / "d.zip", text);
  CHECK_THROWS_WITH_AS(read_member(io::ZipReader(folder / "d.zip"), "member"), doctest::Contains("encrypted"),
                       FileError);

  text = whole;
  text[whole.rfind("PK\x01\x02") + 10] = 12;  // bzip2
  io::write_file(folder / "e.zip", text);
  CHECK_THROWS_WITH_AS(read_member(io::ZipReader(folder / "e.zip"), "member"),
                       doctest::Contains("zip method 12"), FileError);

  text = whole;
  text[whole.rfind("PK\x01\x02") + 10] = 8;
  text[whole.rfind("PK\x01\x02") + 27] = 0x70;  // claims 1.8 GiB out of 6 bytes
  io::write_file(folder / "f.zip", text);
  CHECK_THROWS_WITH_AS(read_member(io::ZipReader(folder / "f.zip"), "member"),
                       doctest::Contains("cannot hold"), FileError);
}

TEST_CASE("the writer refuses what would make a broken archive") {
  ScratchFolder folder;
  io::ZipWriter writer(folder / "a.zip");
  CHECK_THROWS_AS(writer.write("x"), FileError);
  CHECK_THROWS_AS(writer.end(), FileError);
  writer.begin("m", 3);
  CHECK_THROWS_AS(writer.begin("n", 3), FileError);
  CHECK_THROWS_AS(writer.commit(), FileError);
  CHECK_THROWS_WITH_AS(writer.end(), doctest::Contains("begun with 3 bytes and got 0"), FileError);
  CHECK_THROWS_AS(writer.write("abcd"), FileError);
  writer.write("abc");
  writer.end();
  CHECK_THROWS_AS(writer.begin("m", 3), ValueError);
  CHECK_THROWS_AS(writer.begin("", 3), ValueError);
  CHECK_THROWS_AS(io::ZipWriter(folder / "b.zip", {.level = 10}), ValueError);
}
