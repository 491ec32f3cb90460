// SPDX-License-Identifier: Apache-2.0
// LockFile: one holder at a time, across processes and within one; what a killed process leaves; folders that
// cannot be written; file systems without locks.
#include <disentangle/io/lock_file.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

namespace io = disentangle::io;
using disentangle::FileError;
using test_support::read_text;
using test_support::ScratchFolder;

namespace {

int refusal = 0;  // what flock says instead of locking; 0: it locks

/// Runs in a child process and returns its exit status.
template <class F>
int in_child(F&& body) {
  pid_t const child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string refused(std::filesystem::path const& path) {
  try {
    io::LockFile const lock(path, "a training run");
  } catch (FileError const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

// Stands before the C library's, for a file system without locks.
extern "C" int flock(int descriptor, int operation) noexcept {
  if (refusal == 0) return static_cast<int>(syscall(SYS_flock, descriptor, operation));
  errno = refusal;
  return -1;
}

TEST_CASE("a file is held by one at a time, and whoever comes second is told by whom") {
  ScratchFolder const folder;
  auto const path = folder / "deep/run.lock";
  {
    io::LockFile const lock(path, "a training run");
    CHECK(lock.guards());
    CHECK(lock.path() == path);
    std::string const holder = "process " + std::to_string(getpid()) + " on ";
    CHECK(read_text(path).starts_with(holder));
    CHECK(read_text(path).ends_with(" UTC\n"));
    std::string const message = refused(path);
    CHECK(message.starts_with(path.string() + ": a training run is under way here, by " + holder));
    CHECK(message.ends_with("; wait for its end, end it, or take another folder"));
    CHECK(in_child([&] { return refused(path) == message ? 7 : 1; }) == 7);
    CHECK(read_text(path).starts_with(holder));
  }
  CHECK(!std::filesystem::exists(path));
  CHECK(refused(path).empty());
}

TEST_CASE("the lock of a process that was killed is taken over") {
  ScratchFolder const folder;
  auto const path = folder / "run.lock";
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  pid_t const child = fork();
  if (child == 0) {
    io::LockFile const lock(path, "a training run");
    char const byte = 1;
    if (write(ready[1], &byte, 1) == 1) pause();
    _exit(1);
  }
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  std::string const name = "process " + std::to_string(child) + " on ";
  CHECK(refused(path).find(name) != std::string::npos);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(read_text(path).starts_with(name));  // left behind
  io::LockFile const lock(path, "a training run");
  CHECK(read_text(path).starts_with("process " + std::to_string(getpid()) + " on "));
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("a folder that cannot be written is said") {
  ScratchFolder const folder;
  std::filesystem::create_directories(folder / "closed");
  std::filesystem::permissions(folder / "closed",
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec |
                                   std::filesystem::perms::others_read | std::filesystem::perms::others_exec);
  auto const path = folder / "closed/run.lock";
  int const status = in_child([&] {
    if (geteuid() == 0 && setuid(65534) != 0) return 1;  // root may write anywhere
    return refused(path) == path.string() + ": cannot make the lock of the folder: Permission denied" ? 7 : 2;
  });
  CHECK(status == 7);
  std::ofstream(folder / "file") << "x";
  CHECK(refused(folder / "file/run.lock").find("file/run.lock: cannot make the folder: ") !=
        std::string::npos);
}

TEST_CASE("where the file system has no locks, nothing is kept out and guards() says so") {
  ScratchFolder const folder;
  for (int const code : {ENOLCK, ENOTSUP, ENOSYS}) {
    refusal = code;
    io::LockFile const lock(folder / "run.lock", "a training run"), second(folder / "run.lock", "another");
    CHECK(!lock.guards());
    CHECK(!second.guards());
  }
  refusal = 0;
}
