// SPDX-License-Identifier: Apache-2.0
// Runs something in a process of its own, for tests of what ends a program.
#pragma once

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace emulation_test {

struct Ending {
  bool normal = false;  ///< not by a signal
  int status = 0;       ///< of a normal end
  std::string errors;   ///< standard error output
  bool well() const { return normal && status == 0; }
  bool says(char const* text) const { return errors.find(text) != std::string::npos; }
};

enum class End {
  at_once,  ///< nothing looks at what is left
  as_usual  ///< std::exit, with what runs at the end of a program
};

inline Ending run_apart(std::function<void()> const& body, End end = End::at_once) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe");
  std::fflush(nullptr);
  pid_t const child = fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    for (int const signal : {SIGABRT, SIGSEGV, SIGBUS}) std::signal(signal, SIG_DFL);  // doctest's handlers
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    body();
    if (end == End::as_usual) std::exit(0);
    std::fflush(nullptr);
    _exit(0);
  }
  close(ends[1]);
  Ending ending;
  char part[4096];
  for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;)
    ending.errors.append(part, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ending.normal = WIFEXITED(status);
  ending.status = ending.normal ? WEXITSTATUS(status) : 0;
  return ending;
}

/// In the child: its end if the data are not what they should be.
inline void require_apart(bool right) {
  if (right) return;
  std::fputs("wrong data\n", stderr);
  std::fflush(nullptr);
  _exit(3);
}

}  // namespace emulation_test
