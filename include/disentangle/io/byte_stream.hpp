// SPDX-License-Identifier: Apache-2.0
// Bytes to read from: a file (or a block of memory that stands for one) by offset, and a stream from front to
// back.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/memory.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace disentangle::io {

/// A file open for reading at any offset, or bytes in memory under a name. Copies share the one open file;
/// read() may be called from several threads. Errors are FileErrors that name the file.
class InputFile {
 public:
  /// Opens a regular file.
  explicit InputFile(std::filesystem::path const& path) : name_(path.string()) {
    std::error_code code;
    auto const status = std::filesystem::status(path, code);
    if (!std::filesystem::exists(status)) throw FileError(name_, "no such file");
    if (!std::filesystem::is_regular_file(status)) throw FileError(name_, "not a regular file");
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) throw FileError(name_, "cannot open: " + std::string(std::strerror(errno)));
    shared_ = std::make_shared<Shared>();
    shared_->file = file;
    size_ = std::filesystem::file_size(path, code);
    if (code) throw FileError(name_, "cannot find its size: " + code.message());
  }

  /// A file that is in memory already; `name` stands in the messages of errors.
  [[nodiscard]] static InputFile from_memory(std::string name, std::vector<std::byte> bytes) {
    return InputFile(std::move(name), std::move(bytes));
  }

  std::string const& name() const { return name_; }
  std::uint64_t size() const { return size_; }

  /// Fills `out` with the bytes from `offset` on; all of them must exist.
  void read(std::uint64_t offset, std::span<std::byte> out) const {
    if (offset > size_ || out.size() > size_ - offset) {
      throw FileError(name_, "truncated: expected " + std::to_string(out.size()) + " bytes at offset " +
                                 std::to_string(offset) + ", the file has " + std::to_string(size_));
    }
    if (out.empty()) return;
    if (shared_->file == nullptr) {
      std::memcpy(out.data(), shared_->bytes.data() + offset, out.size());
      return;
    }
    std::lock_guard lock(shared_->mutex);
    if (shared_->position != offset && std::fseek(shared_->file, static_cast<long>(offset), SEEK_SET) != 0) {
      throw FileError(name_, "cannot seek to " + std::to_string(offset) + ": " + std::strerror(errno));
    }
    std::size_t const count = std::fread(out.data(), 1, out.size(), shared_->file);
    shared_->position = offset + count;
    if (count != out.size()) {
      shared_->position = unknown_position;
      throw FileError(name_, "cannot read " + std::to_string(out.size()) + " bytes at offset " +
                                 std::to_string(offset) + ", got " + std::to_string(count));
    }
  }

  /// The whole file.
  std::vector<std::byte> read_all() const {
    std::vector<std::byte> bytes;
    make_room(bytes, static_cast<std::size_t>(size_), name_);
    read(0, bytes);
    return bytes;
  }

 private:
  static constexpr std::uint64_t unknown_position = ~std::uint64_t{0};

  struct Shared {
    Shared() = default;
    Shared(Shared const&) = delete;
    Shared& operator=(Shared const&) = delete;
    ~Shared() {
      if (file != nullptr) std::fclose(file);
    }
    std::FILE* file = nullptr;
    std::vector<std::byte> bytes;
    std::uint64_t position = 0;
    std::mutex mutex;
  };

  InputFile(std::string name, std::vector<std::byte> bytes)
      : name_(std::move(name)), size_(bytes.size()), shared_(std::make_shared<Shared>()) {
    shared_->bytes = std::move(bytes);
  }

  std::string name_;
  std::uint64_t size_ = 0;
  std::shared_ptr<Shared> shared_;
};

/// Bytes from front to back.
class ByteStream {
 public:
  ByteStream() = default;
  ByteStream(ByteStream const&) = delete;
  ByteStream& operator=(ByteStream const&) = delete;
  virtual ~ByteStream() = default;

  /// Reads up to out.size() bytes and returns how many; fewer than asked for only at the end of the stream.
  virtual std::size_t read(std::span<std::byte> out) = 0;

  /// Number of bytes from the front to the end.
  virtual std::uint64_t size() const = 0;

  /// Where the bytes come from, for the messages of errors: "file" or "file:member".
  virtual std::string const& name() const = 0;

  /// Fills `out`; a stream that ends before is a FileError.
  void read_exactly(std::span<std::byte> out) {
    std::size_t const count = read(out);
    if (count != out.size()) {
      throw FileError(name(), "truncated: expected " + std::to_string(out.size()) + " more bytes, found " +
                                  std::to_string(count));
    }
  }
};

/// A file as a stream.
class FileStream final : public ByteStream {
 public:
  explicit FileStream(InputFile file) : file_(std::move(file)) {}

  std::size_t read(std::span<std::byte> out) override {
    std::size_t const count =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), file_.size() - position_));
    file_.read(position_, out.first(count));
    position_ += count;
    return count;
  }
  std::uint64_t size() const override { return file_.size(); }
  std::string const& name() const override { return file_.name(); }

 private:
  InputFile file_;
  std::uint64_t position_ = 0;
};

}  // namespace disentangle::io
