// SPDX-License-Identifier: Apache-2.0
// Too little memory for what a file holds: every reader names the file, the bytes wanted and the way out.
#include <disentangle/io/memory.hpp>

#include <disentangle/data/npy_files.hpp>
#include <disentangle/io/gzip.hpp>
#include <disentangle/io/npz.hpp>
#include <disentangle/io/png.hpp>
#include <disentangle/io/safetensors.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace io = disentangle::io;
using disentangle::MemoryError;
using test_support::ScratchFolder;

namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#elif defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

template <class F>
std::string refusal(F&& read) {
  try {
    read();
  } catch (MemoryError const& error) {
    return error.what();
  }
  return "";
}

/// What read() says in a process that may take 40 MB more than it has.
template <class F>
std::string refusal_of_a_small_process(F&& read) {
  if (sanitized) return "skipped";  // its allocator ends the program
  int ends[2];
  if (pipe(ends) != 0) return "";
  pid_t const child = fork();
  if (child == 0) {
    std::size_t pages = 0;
    if (std::FILE* const file = std::fopen("/proc/self/statm", "rb")) {
      if (std::fscanf(file, "%zu", &pages) != 1) pages = 0;
      std::fclose(file);
    }
    rlim_t const most = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{40} << 20);
    rlimit const limit{most, most};
    std::string text = "no limit";
    if (setrlimit(RLIMIT_AS, &limit) == 0) {
      try {
        text = refusal(read);
      } catch (std::exception const& error) {
        text = std::string("another error: ") + error.what();
      }
    }
    auto const written = write(ends[1], text.data(), text.size());
    _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string text(2000, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0; size += static_cast<std::size_t>(got))
    got = ::read(ends[0], text.data() + size, text.size() - size);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  text.resize(size);
  return text;
}

bool says(std::string const& text, std::string const& file, std::string const& bytes,
          std::string const& way_out) {
  if (text == "skipped") return true;
  INFO(text);
  CHECK(text.starts_with(file + ": needs " + bytes + " of memory, more than there is to be had"));
  CHECK(text.ends_with("a machine with more memory"));
  CHECK(text.find(way_out) != std::string::npos);
  return true;
}

constexpr std::uint64_t terabyte = 1'000'000'000'000;

}  // namespace

TEST_CASE("sizes as text, and what /proc/meminfo says") {
  CHECK(io::detail::byte_text(0) == "0 bytes");
  CHECK(io::detail::byte_text(999) == "999 bytes");
  CHECK(io::detail::byte_text(1'500'000) == "1.5 MB");
  CHECK(io::detail::byte_text(8'589'934'592) == "8.6 GB");
  CHECK(io::detail::byte_text(5'000 * terabyte) == "5000.0 TB");
  CHECK(io::detail::free_memory("MemTotal:  100 kB\nMemAvailable:   2 kB\nSwapFree: 3 kB\n") == 5 * 1024);
  CHECK(io::detail::free_memory("MemAvailable:   2 kB\n") == 2 * 1024);
  CHECK(io::detail::free_memory("SwapFree: 3 kB\n") == std::numeric_limits<std::uint64_t>::max());
  CHECK(io::detail::free_memory("MemAvailable:") == std::numeric_limits<std::uint64_t>::max());
  CHECK(io::detail::free_memory() > 0);
}

TEST_CASE("room that cannot be had is an error, that which can is there") {
  std::vector<float> values;
  io::make_room(values, 3, "file");
  CHECK(values == std::vector<float>(3));
  io::reserve_room(values, 10, "file");
  CHECK(values.capacity() >= 10);
  auto const most = std::numeric_limits<std::size_t>::max();
  CHECK(says(refusal([&] { io::make_room(values, most, "file"); }), "file", "18446744.1 TB",
             "end other programs"));
  CHECK(says(refusal([&] {
               io::reserve_room(values, std::size_t{1} << 50, "file", "buy a machine with more memory");
             }),
             "file", "4503.6 TB", "buy"));
  CHECK(values.size() == 3);
  CHECK(refusal([] {
          static_cast<void>(io::in_memory("table.csv", 12, []() -> int { throw std::bad_alloc(); }));
        }).starts_with("table.csv: memory ran out while it was read: needs more than 12 bytes; "));
}

TEST_CASE("files of a terabyte: NPY, safetensors, whole files") {
  ScratchFolder const folder;
  std::string const npy = (folder / "a.npy").string(), tensors = (folder / "a.safetensors").string();
  std::error_code code;
  {
    std::string const header = io::detail::npy_header_text(std::vector<std::size_t>{terabyte}, io::DType::u1);
    std::ofstream(npy, std::ios::binary) << header;
    std::filesystem::resize_file(npy, terabyte + header.size(), code);
  }
  if (code) {
    MESSAGE("skipped: this file system has no sparse files of a terabyte");
    return;
  }
  CHECK(says(refusal([&] { static_cast<void>(io::read_npy(npy)); }), npy, "1.0 TB",
             "read it by rows (npy_rows(), NpzReader::rows())"));
  CHECK(
      says(refusal([&] { static_cast<void>(disentangle::data::npy<disentangle::ImageShape<1, 1, 1>>(npy)); }),
           npy, "1.0 TB", "read it by rows"));
  CHECK(says(refusal([&] { io::InputFile(npy).read_all(); }), npy, "1.0 TB", "take a part of the file"));
  std::string header = R"({"w":{"dtype":"U8","shape":[1000000000000],"data_offsets":[0,1000000000000]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  std::string const length{static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0};
  std::ofstream(tensors, std::ios::binary) << length << header;
  std::filesystem::resize_file(tensors, terabyte + 8 + header.size(), code);
  REQUIRE(!code);
  CHECK(says(refusal([&] { io::SafetensorsReader(tensors).read("w"); }), tensors + ": tensor w", "1.0 TB",
             "take a part of the file"));
}

TEST_CASE("an allocation that fails: NPZ, conversions, gzip, PNG") {
  ScratchFolder const folder;
  std::string const npz = (folder / "a.npz").string(), png = (folder / "a.png").string(),
                    gz = (folder / "a.gz").string();
  {
    std::vector<std::uint8_t> const zeros(60'000'000);
    io::write_npz(npz, {{"images", io::ArrayView({zeros.size()}, std::span(zeros))}}, {.level = 1});
    io::write_png(png, {4000, 4000, 1, std::vector<std::uint8_t>(16'000'000)});
    io::write_file(gz, io::deflate_gzip(std::as_bytes(std::span(zeros)), 1));
  }
  CHECK(says(refusal_of_a_small_process([&] { io::NpzReader(npz).read("images"); }), npz + ":images.npy",
             "60.0 MB", "NpzReader::rows()"));
  CHECK(says(refusal_of_a_small_process([&] { static_cast<void>(io::read_png(png)); }), png, "64.0 MB",
             "take a part of the file"));
  std::string const inflated =
      refusal_of_a_small_process([&] { static_cast<void>(io::read_possibly_gzipped(io::InputFile(gz))); });
  if (inflated != "skipped") {
    INFO(inflated);
    CHECK(inflated.starts_with(gz + ": needs "));
  }
  io::Array const bytes{{10'000'000}, io::DType::u1, std::vector<std::byte>(10'000'000)};
  CHECK(says(refusal_of_a_small_process([&] { bytes.as<double>("labels"); }), "labels", "80.0 MB",
             "end other programs"));
}
