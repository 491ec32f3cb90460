// SPDX-License-Identifier: Apache-2.0
// A file that appears whole or not at all: written beside its destination, then renamed over it.
#pragma once

#include <disentangle/core/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#if __has_include(<unistd.h>)
#include <fcntl.h>
#include <unistd.h>
#define DISENTANGLE_IO_HAS_POSIX 1
#else
#define DISENTANGLE_IO_HAS_POSIX 0
#endif

namespace disentangle::io {

/// Writes `path` by way of `path` + ".partial" in the same folder. Until commit() the old file, if any, stays
/// as it is; a killed process leaves at most the .partial file, which the next writer replaces. Missing
/// folders are made. Two processes must not write the same path at the same time. Every failure is a
/// FileError that names the path.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path) : path_(std::move(path)), partial_(path_) {
    partial_ += ".partial";
    std::error_code code;
    if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), code);
    if (code) throw FileError(path_.string(), "cannot make the folder: " + code.message());
    if (std::filesystem::is_directory(path_, code)) {
      throw FileError(path_.string(), "cannot write: this is a folder");
    }
    file_ = std::fopen(partial_.c_str(), "w+b");
    if (file_ == nullptr)
      throw FileError(path_.string(), "cannot write: " + std::string(std::strerror(errno)));
  }

  AtomicFile(AtomicFile const&) = delete;
  AtomicFile& operator=(AtomicFile const&) = delete;

  /// Without a commit() the written part is removed and the destination stays as it was.
  ~AtomicFile() {
    if (file_ != nullptr) abandon();
  }

  /// Appends bytes.
  void write(std::span<std::byte const> bytes) {
    require_open();
    if (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail("write");
    position_ += bytes.size();
  }

  /// Appends text.
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

  /// Replaces bytes that were written before; the place where write() appends does not move.
  void rewrite(std::uint64_t offset, std::span<std::byte const> bytes) {
    require_open();
    if (offset > position_ || bytes.size() > position_ - offset) {
      throw FileError(path_.string(), "cannot rewrite " + std::to_string(bytes.size()) + " bytes at " +
                                          std::to_string(offset) + ": only " + std::to_string(position_) +
                                          " bytes are written");
    }
    if (std::fseek(file_, static_cast<long>(offset), SEEK_SET) != 0) fail("seek");
    if (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail("write");
    if (std::fseek(file_, 0, SEEK_END) != 0) fail("seek");
  }

  /// Number of bytes written so far.
  std::uint64_t position() const { return position_; }

  /// Forces the bytes to the disk and renames the file into place. Call once, last.
  void commit() {
    require_open();
    if (std::fflush(file_) != 0) fail("flush");
#if DISENTANGLE_IO_HAS_POSIX
    // A file system that cannot sync (EINVAL) is no reason to lose the file.
    if (::fsync(::fileno(file_)) != 0 && errno != EINVAL && errno != ENOSYS) fail("sync");
#endif
    std::FILE* file = std::exchange(file_, nullptr);
    if (std::fclose(file) != 0) {
      int const code = errno;
      std::error_code ignored;
      std::filesystem::remove(partial_, ignored);
      throw FileError(path_.string(), "cannot close: " + std::string(std::strerror(code)));
    }
    std::error_code code;
    std::filesystem::rename(partial_, path_, code);
    if (code) {
      std::error_code ignored;
      std::filesystem::remove(partial_, ignored);
      throw FileError(path_.string(), "cannot rename into place: " + code.message());
    }
#if DISENTANGLE_IO_HAS_POSIX
    // The rename itself is safe against a power cut once the folder is synced; failing here loses nothing.
    std::filesystem::path const folder =
        path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
    int const descriptor = ::open(folder.c_str(), O_RDONLY);
    if (descriptor >= 0) {
      (void)::fsync(descriptor);
      (void)::close(descriptor);
    }
#endif
  }

 private:
  void require_open() const {
    if (file_ == nullptr) throw FileError(path_.string(), "this file is committed already");
  }

  void abandon() noexcept {
    std::fclose(std::exchange(file_, nullptr));
    std::error_code ignored;
    std::filesystem::remove(partial_, ignored);
  }

  [[noreturn]] void fail(char const* action) {
    std::string const reason = std::strerror(errno);
    abandon();
    throw FileError(path_.string(), "cannot " + std::string(action) + ": " + reason);
  }

  std::filesystem::path path_;
  std::filesystem::path partial_;
  std::FILE* file_ = nullptr;
  std::uint64_t position_ = 0;
};

/// Writes a whole file at once, beside and renamed.
inline void write_file(std::filesystem::path const& path, std::span<std::byte const> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

/// Writes a whole text file at once, beside and renamed.
inline void write_file(std::filesystem::path const& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace disentangle::io
