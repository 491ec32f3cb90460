// SPDX-License-Identifier: Apache-2.0
// Tests of io/hdf5_structure.hpp: files of tests/fuzz/corpus/hdf5 are accepted, and one
// number changed in them is named. Offsets are those of the files: `filters` has a superblock of version 1
// with room for two children a node.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/io/hdf5_structure.hpp>

namespace dis = disentangle;
namespace io = disentangle::io;

namespace {

std::vector<std::byte> corpus_file(std::string const& name) {
  std::ifstream in(std::filesystem::path(DISENTANGLE_TEST_DATA_DIR).parent_path() / "fuzz" / "corpus" /
                       "hdf5" / name,
                   std::ios::binary);
  std::vector<std::byte> bytes;
  for (char const c : std::string(std::istreambuf_iterator<char>(in), {})) {
    bytes.push_back(static_cast<std::byte>(c));
  }
  return bytes;
}

/// What is wrong with a data set, read whole; empty if nothing is.
std::string fault_of(std::vector<std::byte> bytes, std::string const& name, std::uint64_t rows) {
  try {
    io::Hdf5Structure file(io::InputFile::from_memory("f.h5", std::move(bytes)));
    auto const& found = file.description(name);
    std::size_t elements = 0;
    std::vector<std::size_t> extents = found.extents;
    extents[0] = static_cast<std::size_t>(rows);
    REQUIRE(io::element_count(extents, found.element_size, elements));
    std::vector<std::byte> out(elements * found.element_size);
    file.read_rows(name, 0, rows, out);
  } catch (dis::FileError const& error) {
    return error.what();
  }
  return "";
}

/// `width` bytes of a file replaced by a number, and what is then said of a data set.
struct Damage {
  char const* file;
  std::size_t offset;
  std::uint64_t number;
  std::size_t width;
  char const* name;
  char const* said;
};

}  // namespace

TEST_CASE("hdf5 structure: plain files are accepted") {
  struct Sound {
    char const *file, *name;
    std::uint64_t rows;
  };
  for (Sound const& sound : {Sound{"grid", "images", 6},
                             {"grid", "labels", 6},
                             {"pieces", "images", 10},
                             {"pieces", "labels", 10},
                             {"filters", "images", 10},
                             {"filters", "labels", 10},
                             {"filters", "values", 20},
                             {"plain_chunks", "images", 5},
                             {"plain_chunks", "labels", 20},
                             {"groups", "labels", 3},
                             {"groups", "group/images", 5},
                             {"groups", "/again/./images/", 5},
                             {"empty", "images", 0},
                             {"empty", "labels", 7},
                             {"empty", "values", 3}}) {
    CAPTURE(sound.file);
    CAPTURE(sound.name);
    CHECK(fault_of(corpus_file(sound.file), sound.name, sound.rows) == "");
  }
}

TEST_CASE("hdf5 structure: names") {
  io::Hdf5Structure file(io::InputFile::from_memory("f.h5", corpus_file("groups")));
  for (char const* const name :
       {"labels", "/labels", "group", "group/images", "again//images", "soft", "/"}) {
    CAPTURE(name);
    CHECK(file.contains(name));
  }
  for (char const* const name : {"", "label", "c", "group/labels", "soft/x", "labels/x"}) {
    CAPTURE(name);
    CHECK(!file.contains(name));
  }
  auto const said = [&](std::string const& name) -> std::string {
    try {
      (void)file.description(name);
    } catch (dis::FileError const& error) {
      return error.what();
    }
    return "";
  };
  for (std::string const name : {"", "/", "group", "c", "labels/x", "group/x"}) {
    CHECK(said(name) == "f.h5: found no data set '" + name + "', expected one");
  }
  CHECK(
      said("soft").starts_with("f.h5:soft: found a soft link, expected a data set or a group itself (write"));
  CHECK(said("labels") == "");
}

TEST_CASE("hdf5 structure: a damaged data set leaves the others readable") {
  auto bytes = corpus_file("filters");
  bytes[0x35C + 8] = std::byte{0};  // the size of a chunk of images, in the last node of their B-tree but one
  io::Hdf5Structure file(io::InputFile::from_memory("f.h5", bytes));
  for (int i = 0; i < 2; ++i) {
    CHECK_THROWS_WITH_AS(file.description("images"),
                         "f.h5:images: found a chunk of no bytes, expected 1 or more", dis::FileError);
    CHECK_NOTHROW(file.description("labels"));
  }
}

TEST_CASE("hdf5 structure: damage is named, wherever it is") {
  for (Damage const& damage : {
           // the superblock
           Damage{"filters", 0, 0, 1, "images", "f.h5: not a readable HDF5 file"},
           {"filters", 8, 2, 1, "images",
            "f.h5: found a superblock of version 2, expected version 0 or 1 (write the"},
           {"filters", 13, 4, 1, "images",
            "found a superblock with addresses of 4 and lengths of 8 bytes, expected 8"},
           {"filters", 16, 0, 2, "images", "with room for no names or chunks in a node, expected 1 or more"},
           {"filters", 16, 900, 2, "images",
            "a symbol node of 72008 bytes at address 596, expected one inside"},
           {"filters", 20, 1, 4, "images", "a superblock with a consistency flag of 1, expected 0"},
           {"filters", 28, 512, 8, "images", "a superblock with a base address of 512, expected 0"},
           {"filters", 36, 96, 8, "images", "a superblock with an extension, expected none"},
           {"filters", 44, 4641, 8, "images", "an end at 4641, expected 100 .. 4640, the size of the file"},
           {"filters", 52, 96, 8, "images", "a superblock with a driver block, expected none"},
           {"filters", 68, 4640, 8, "images",
            "an object header of 16 bytes at address 4640, expected one inside"},
           {"filters", 68, 96, 8, "images",
            "an object header of 16 bytes at address 96, expected one that overlaps no"},
           // the header of the root group, its B-tree, heap and symbol nodes
           {"filters", 100, 2, 1, "images", "an object header with a version of 2, expected 1"},
           {"filters", 100, 0x5244484F, 4, "images",
            "an object header with version 2, expected version 1 (write the"},
           {"filters", 102, 2, 2, "images", "an object header with a count of 2 messages, expected 1"},
           {"filters", 116, 2, 2, "images", "a message of type 2, expected one of 0, 1, 3, 4, 5"},
           {"filters", 118, 24, 2, "images", "an object header of 24 bytes, expected at least 32"},
           {"filters", 120, 2, 1, "images", "a message with flags 2 (shared), expected 0, 1, 4 or 5"},
           {"filters", 124, 204, 8, "images",
            "a node of a group's B-tree of 64 bytes at address 204, expected one that"},
           {"filters", 140, 0, 1, "images",
            "a node of a group's B-tree that starts with '?REE', expected 'TREE'"},
           {"filters", 145, 1, 1, "images",
            "a node of a group's B-tree that starts with 'SNOD', expected 'TREE'"},
           {"filters", 146, 3, 2, "images", "a node of a group's B-tree with 3 children, expected 1 .. 2"},
           {"filters", 164, 88, 8, "images",
            "a name at offset 88, expected one that ends inside its heap of 88"},
           {"filters", 172, 140, 8, "images",
            "a symbol node of 88 bytes at address 140, expected one that overlaps"},
           {"filters", 212, 1 << 20, 8, "images",
            "a heap of names of 1048576 bytes at address 236, expected one inside"},
           {"filters", 244, 'z', 1, "images", "found the name 'values' out of its place, expected the names"},
           {"filters", 602, 3, 2, "images", "a symbol node with 3 names, expected 1 .. 2"},
           {"filters", 612, 1 << 20, 8, "images",
            "an object header of 16 bytes at address 1048576, expected one inside"},
           {"filters", 620, 3, 4, "images",
            "a symbol node with a name with cached data of type 3, expected 0, 1 or 2"},
           // the header of a data set
           {"filters", 0x154, 0, 2, "images",
            "f.h5:images: found no message that is a data space, expected one"},
           {"filters", 0x15C, 3, 1, "images",
            "f.h5:images: found a data space with version 3, expected 1 or 2"},
           {"filters", 0x15D, 33, 1, "images",
            "f.h5:images: found a data space with a rank of 33, expected at most 32"},
           {"filters", 0x15D, 4, 1, "images", "a data space with an extent of 10, expected at most 5"},
           {"filters", 0x164, 11, 8, "images", "a data space with an extent of 11, expected at most 10"},
           {"filters", 0x164, ~std::uint64_t{0}, 8, "images",
            "an extent of 18446744073709551615, expected less than 2^62"},
           {"filters", 0x19C, 0x13, 1, "images", "elements of class 3 that are no numbers, expected class 0"},
           {"filters", 0x19C, 0x40, 1, "images", "a data type with version 4, expected 1, 2 or 3"},
           {"filters", 0x19D, 2, 1, "images",
            "a data type with the flags 2, expected 0, those of plain numbers"},
           {"filters", 0x1A0, 3, 1, "images", "whole numbers of 3 bytes, expected 1, 2, 4 or 8"},
           {"filters", 0x1A4, 1, 2, "images",
            "a data type with numbers of other bits, expected numbers that fill"},
           {"filters", 0x1A6, 9, 2, "images",
            "a data type with numbers of other bits, expected numbers that fill"},
           {"filters", 0x10DC, 22, 1, "values",
            "a data type with numbers of other bits, expected numbers that fill"},
           {"filters", 0x1B4, 3, 1, "images", "a fill value with version 3, expected 1 or 2"},
           {"filters", 0x1B5, 4, 1, "images",
            "a fill value with the times 4, 2, 1, expected at most 3, 2 and 1"},
           {"filters", 0x1B8, 2, 4, "images", "a fill value with 2 bytes, expected 0 or 1"},
           {"filters", 0x1CC, 4, 2, "images",
            "a list of filters with filter 4, expected 1 (deflate), 2 (shuffle)"},
           {"filters", 0x1CC, 1, 2, "images", "a list of filters with filter 1 twice, expected once"},
           {"filters", 0x1DC, 2, 4, "images", "a list of filters with a parameter of 2, expected 1"},
           {"filters", 0x1F4, 10, 4, "images", "a list of filters with a parameter of 10, expected 0 .. 9"},
           {"filters", 0x1FE, 80, 2, "images", "a list of filters of 80 bytes, expected at least 144"},
           {"filters", 0x21C, 4, 1, "images", "a layout with version 4, expected 3"},
           {"filters", 0x21E, 3, 1, "images",
            "a layout with chunks of rank 3, expected 4, one more than the array"},
           {"filters", 0x227, 0, 4, "images", "a layout with a chunk's extent of 0, expected 1 or more"},
           {"filters", 0x227, 1u << 31, 4, "images",
            "a layout with a chunk's extent of 3, expected 1 or more, and less than 4 GB"},
           {"filters", 0x233, 2, 4, "images", "a layout with a size of elements of 2, expected 1"},
           {"pieces", 0x3A2, 4200, 8, "images",
            "an array of 150 bytes at address 4200, expected one inside the file"},
           {"pieces", 0x3AA, 151, 8, "images",
            "a layout with 151 stored bytes, expected 150 of an array of (10, 5, 3)"},
           {"pieces", 0x5F2, 159, 2, "labels",
            "a layout with 159 stored bytes, expected 160 of an array of (10, 2)"},
           {"pieces", 0x5C0, 0x578, 8, "labels",
            "f.h5:labels: found a block of an object header of 160 bytes at"},
           {"pieces", 0x5C8, 16, 8, "labels",
            "f.h5:labels: found an object header of 16 bytes, expected at least 32"},
           // the B-tree of its chunks
           {"filters", 0x2B0, 0, 1, "images",
            "a node of a data set's B-tree of chunks with a type of 0, expected 1"},
           {"filters", 0x5D1, 0, 1, "images",
            "a node of a data set's B-tree of chunks with a level of 0, expected 1"},
           {"filters", 0x2EC, 0x2AC, 8, "images",
            "at address 684, expected one that overlaps no other block"},
           {"filters", 0x36C + 8, 1, 8, "images", "a chunk at 1 of axis 1, expected a multiple of 3"},
           {"filters", 0x4A8, 10, 8, "images",
            "f.h5:images: found a chunk out of its place, expected chunks in order"},
           {"filters", 0x35C + 8, 0, 4, "images",
            "f.h5:images: found a chunk of no bytes, expected 1 or more"},
           {"filters", 0x35C + 12, 8, 4, "images",
            "a chunk without filters 8 (bits), expected only those of its 3"},
           {"filters", 0x38C, 1 << 20, 8, "images",
            "a chunk of 54 bytes at address 1048576, expected one inside"},
           // what chunks hold
           {"filters", 0x35C + 12, 2, 4, "images",
            "f.h5:images: chunk at row 0: found 50 bytes, expected 45"},
           {"filters", 0x83A + 20, 0xFF, 1, "images", "f.h5:images: chunk at row 0: found the checksum "},
       }) {
    auto bytes = corpus_file(damage.file);
    CAPTURE(damage.file);
    CAPTURE(damage.offset);
    REQUIRE(damage.offset + damage.width <= bytes.size());
    for (std::size_t i = 0; i < damage.width; ++i) {
      bytes[damage.offset + i] = static_cast<std::byte>(damage.number >> (8 * i) & 0xFF);
    }
    std::string const said =
        fault_of(std::move(bytes), damage.name, std::string(damage.name) == "values" ? 20 : 10);
    CAPTURE(said);
    CHECK(said.find(damage.said) != std::string::npos);
    CHECK(said.starts_with("f.h5"));
  }
}
