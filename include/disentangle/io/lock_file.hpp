// SPDX-License-Identifier: Apache-2.0
// A file that one process holds at a time: who comes second is told who was first.
#pragma once

#include <disentangle/core/error.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#if __has_include(<sys/file.h>) && __has_include(<unistd.h>)
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#define DISENTANGLE_IO_HAS_FLOCK 1
#else
#define DISENTANGLE_IO_HAS_FLOCK 0
#endif

namespace disentangle::io {

/// Holds a lock (flock) on a file from construction to destruction, and writes into it who holds it: "process
/// 4711 on HOST since 2026-12-01 00:50:12 UTC". The kernel releases the lock of a process that ends in
/// whatever way; a file that it left behind is taken over. Missing folders are made; at the end the file is
/// removed. A second lock of the same process on the file is refused as well. Where the file system has no
/// locks (some network mounts), guards() is false and nothing is kept out; between machines a lock works as
/// far as the file system carries it over (NFS does).
class LockFile {
 public:
  /// `purpose` is what goes on: "a training run". @throws FileError if somebody holds it, naming who, or if
  /// it cannot be made
  explicit LockFile(std::filesystem::path path, std::string const& purpose) : path_(std::move(path)) {
#if DISENTANGLE_IO_HAS_FLOCK
    std::error_code code;
    if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), code);
    if (code) throw FileError(path_.string(), "cannot make the folder: " + code.message());
    while (!take(purpose)) {
    }
#endif
  }
  LockFile(LockFile const&) = delete;
  LockFile& operator=(LockFile const&) = delete;
  ~LockFile() {
#if DISENTANGLE_IO_HAS_FLOCK
    if (descriptor_ < 0) return;
    ::unlink(path_.c_str());  // while it is held: take() notices
    ::close(descriptor_);
#endif
  }

  std::filesystem::path const& path() const { return path_; }
  /// Whether others are kept out; false where the file system has no locks.
  bool guards() const { return guards_; }

 private:
#if DISENTANGLE_IO_HAS_FLOCK
  [[noreturn]] static void refuse(std::filesystem::path const& path, std::string const& purpose,
                                  std::string const& holder) {
    throw FileError(path.string(), purpose + " is under way here, " +
                                       (holder.empty() ? "by a process without a name yet" : "by " + holder) +
                                       "; wait for its end, end it, or take another folder");
  }

  /// False where the file was removed in between, by who held it.
  bool take(std::string const& purpose) {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
      throw FileError(path_.string(),
                      "cannot make the lock of the folder: " + std::string(std::strerror(errno)));
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      int const reason = errno;
      std::string const holder = reason == EWOULDBLOCK ? text_of(descriptor_) : "";
      if (reason == EINTR || reason == EWOULDBLOCK) ::close(std::exchange(descriptor_, -1));
      if (reason == EINTR) return false;
      if (reason == EWOULDBLOCK) refuse(path_, purpose, holder);
      return true;  // a file system without locks
    }
    struct stat held {
    }, named{};
    if (::fstat(descriptor_, &held) != 0 || ::stat(path_.c_str(), &named) != 0 ||
        held.st_ino != named.st_ino || held.st_dev != named.st_dev) {
      ::close(std::exchange(descriptor_, -1));
      return false;
    }
    guards_ = true;
    // A name that a full disk does not take is no reason to give the lock up.
    std::string const name = own_name();
    if (::ftruncate(descriptor_, 0) == 0) {
      auto const written = ::pwrite(descriptor_, name.data(), name.size(), 0);
      static_cast<void>(written);
    }
    return true;
  }

  [[nodiscard]] static std::string own_name() {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host = {'?'};
    std::array<char, 32> time{};
    std::time_t const now = std::time(nullptr);
    std::tm utc{};
    if (::gmtime_r(&now, &utc) != nullptr)
      std::strftime(time.data(), time.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
    return "process " + std::to_string(::getpid()) + " on " + host.data() + " since " + time.data() + "\n";
  }

  [[nodiscard]] static std::string text_of(int descriptor) {
    std::array<char, 400> buffer{};
    auto const count = ::pread(descriptor, buffer.data(), buffer.size(), 0);
    std::string_view const text(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    return std::string(text.substr(0, text.find('\n')));
  }
#endif

  std::filesystem::path path_;
  int descriptor_ = -1;
  bool guards_ = false;
};

}  // namespace disentangle::io
