// SPDX-License-Identifier: Apache-2.0
// safetensors: round trip, the layout of the format byte for byte, every fault of a header named.
#include <disentangle/io/safetensors.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

namespace io = disentangle::io;
using disentangle::FileError;
using disentangle::ValueError;
using test_support::ScratchFolder;

namespace {

std::string with_length(std::string header, std::string const& data) {
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) text += static_cast<char>((header.size() >> (8 * i)) & 0xFF);
  return text + header + data;
}

io::SafetensorsReader open(std::string const& header, std::string const& data) {
  return io::SafetensorsReader(
      io::InputFile::from_memory("made.safetensors", test_support::to_bytes(with_length(header, data))));
}

}  // namespace

TEST_CASE("tensors and metadata survive a file") {
  ScratchFolder folder;
  std::vector<std::uint8_t> const mask{1, 2, 3};
  std::vector<float> const weight{1, 2, 3, 4, 5, 6};
  std::vector<std::uint64_t> const counters{~std::uint64_t{0}};
  std::vector<double> const none;
  io::NamedTensor const tensors[] = {{"mask", {{3}, std::span<std::uint8_t const>(mask)}},
                                     {"conv.\"1\"/weight", {{2, 3}, std::span<float const>(weight)}},
                                     {"counters", {{}, std::span<std::uint64_t const>(counters)}},
                                     {"none", {{0, 2}, std::span<double const>(none)}}};
  io::write_safetensors(folder / "a.safetensors", tensors, {{"method", "BetaTcVae \"x\"\n"}, {"step", "12"}});
  io::SafetensorsReader const reader(folder / "a.safetensors");
  CHECK(reader.tensors().size() == 4);
  CHECK(reader.metadata().at("method") == "BetaTcVae \"x\"\n");
  CHECK(reader.metadata().at("step") == "12");
  CHECK(reader.contains("mask"));
  CHECK(reader.read("mask").as<std::uint8_t>() == mask);
  CHECK(reader.info("conv.\"1\"/weight").shape == std::vector<std::size_t>{2, 3});
  CHECK(reader.read("conv.\"1\"/weight").as<float>() == weight);
  CHECK(reader.read("counters").as<std::uint64_t>() == counters);
  CHECK(reader.read("none").size() == 0);
  for (auto const& tensor : reader.tensors()) CHECK(tensor.offset % io::size_of(tensor.dtype) == 0);

  std::vector<float> out(6);
  reader.read_into("conv.\"1\"/weight", std::span(out));
  CHECK(out == weight);
  CHECK_THROWS_WITH_AS(reader.read_into("conv.\"1\"/weight", std::span(out).first(5)),
                       doctest::Contains("f4 of shape (2, 3), expected 5 elements of f4"), FileError);
  std::vector<double> wrong(3);
  CHECK_THROWS_AS(reader.read_into("conv.\"1\"/weight", std::span(wrong)), FileError);
  CHECK_THROWS_WITH_AS(reader.read("bias"), doctest::Contains("no tensor named 'bias'; it has"), FileError);
}

TEST_CASE("the bytes are those of the format") {
  ScratchFolder folder;
  float const value = 1;
  io::NamedTensor const tensors[] = {{"x", {{1}, std::span<float const>(&value, 1)}}};
  io::write_safetensors(folder / "a", tensors);
  std::string header = R"({"x":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  CHECK(test_support::read_text(folder / "a") == with_length(header, std::string("\0\0\x80\x3f", 4)));
  io::write_safetensors(folder / "empty", {});
  CHECK(io::SafetensorsReader(folder / "empty").tensors().empty());
}

TEST_CASE("with digests a flipped bit anywhere is noticed, and the file remains one of the format") {
  ScratchFolder folder;
  std::vector<float> const weight{1, 2, 3, 4};
  std::vector<std::uint8_t> const mask{1, 0, 1};
  std::vector<double> const none;
  io::NamedTensor const tensors[] = {{"mask", {{3}, std::span<std::uint8_t const>(mask)}},
                                     {"none", {{0}, std::span<double const>(none)}},
                                     {"weight", {{2, 2}, std::span<float const>(weight)}}};
  std::map<std::string, std::string> const metadata{{"note", "\"crc32.header\":\"12345678\""}};
  io::write_safetensors(folder / "a", tensors, metadata, {.digests = true});
  auto const read = [](std::vector<std::byte> bytes) {
    io::SafetensorsReader const reader(io::InputFile::from_memory("a.safetensors", std::move(bytes)));
    if (!reader.has_digests()) throw FileError("a.safetensors", "no digests");
    for (auto const& tensor : reader.tensors()) reader.read(tensor.name);
    std::vector<float> out(4);
    reader.read_into("weight", std::span(out));
    return std::pair{reader.metadata(), out};
  };
  auto const bytes = test_support::read_bytes(folder / "a");
  CHECK(read(bytes) == std::pair{metadata, weight});
  int noticed = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    try {
      read(damaged);
      MESSAGE("bit " << bit);
    } catch (FileError const&) {
      ++noticed;
    }
  }
  CHECK(noticed == 8 * static_cast<int>(bytes.size()));

  auto damaged = bytes;
  damaged.back() ^= std::byte{4};
  CHECK_THROWS_WITH_AS(read(damaged),
                       doctest::Contains("a.safetensors: tensor 'mask' is damaged: found CRC-32"), FileError);
  CHECK_THROWS_WITH_AS(read(damaged), doctest::Contains("restore the file from a copy"), FileError);
  std::string text = test_support::read_text(folder / "a");
  text[text.find("weight")] = 'W';
  CHECK_THROWS_WITH_AS(read(test_support::to_bytes(text)), doctest::Contains("the header is damaged"),
                       FileError);
}

TEST_CASE("names that cannot be are refused") {
  ScratchFolder folder;
  float const value = 1;
  io::ArrayView const array({1}, std::span<float const>(&value, 1));
  io::NamedTensor const twice[] = {{"x", array}, {"x", array}};
  CHECK_THROWS_WITH_AS(io::write_safetensors(folder / "a", twice), doctest::Contains("'x' twice"),
                       ValueError);
  io::NamedTensor const reserved[] = {{"__metadata__", array}};
  CHECK_THROWS_AS(io::write_safetensors(folder / "a", reserved), ValueError);
  CHECK_FALSE(std::filesystem::exists(folder / "a"));
}

TEST_CASE("a header written elsewhere, with spaces and another order, is read") {
  auto const reader =
      open(R"( {"b": {"dtype":"I16","shape":[2],"data_offsets":[4,8]}, "__metadata__": {"format":"pt"},
     "a": {"shape":[],"dtype":"F32","data_offsets":[0,4]}}   )",
           std::string("\0\0\x80\x3f\1\0\2\0", 8));
  CHECK(reader.tensors()[0].name == "a");
  CHECK(reader.read("a").as<float>() == std::vector<float>{1});
  CHECK(reader.read("b").as<int>() == std::vector<int>{1, 2});
  CHECK(reader.metadata().at("format") == "pt");
}

TEST_CASE("every fault of a header is named") {
  std::string const four(4, '\0'), eight(8, '\0');
  auto const refused = [](std::string const& header, std::string const& data, char const* message) {
    CAPTURE(header);
    CHECK_THROWS_WITH_AS(open(header, data), doctest::Contains(message), FileError);
  };
  refused("[]", "", "no JSON object");
  refused("{\"a\":", "", "parse error at line 1, column");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
          R"("a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
          eight, "two members are named 'a'");
  refused(R"({"a":{"dtype":"F32","shape":[1]}})", four, "expected exactly dtype, shape and data_offsets");
  refused(R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})", four,
          "dtype \"BF16\" is not supported");
  refused(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", four, "no natural number");
  refused(R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", four, "no natural number");
  refused(R"({"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}})", four, "shape is no array");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", four, "bytes 4 to 0 of 4");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", four, "no pair");
  refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", four, "bytes 0 to 8 of 4");
  refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", four, "does not have 4 bytes");
  refused(R"({"a":{"dtype":"F32","shape":[9223372036854775807,8],"data_offsets":[0,4]}})", four,
          "does not have 4 bytes");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", eight, "a hole");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
          R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
          four, "overlap");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", eight, "need 4 bytes, found 8");
  refused(R"({"__metadata__":{"a":1}})", "", "'a' is no string");
  refused(std::string("{\"a\xff\":1}"), "", "safetensors header");
  CHECK_THROWS_WITH_AS(
      io::SafetensorsReader(io::InputFile::from_memory("m", test_support::to_bytes("1234567"))),
      doctest::Contains("only 7 bytes"), FileError);
  CHECK_THROWS_WITH_AS(
      io::SafetensorsReader(io::InputFile::from_memory("m", test_support::to_bytes("12345678"))),
      doctest::Contains("in a file of 8"), FileError);
}
