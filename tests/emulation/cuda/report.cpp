// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include "emulation.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
#include <utility>

namespace disentangle::emulation {
namespace {

std::vector<std::string>& reports() {
  static auto& list = *new std::vector<std::string>;  // outlives everything that may still report
  return list;
}

std::string text_of(char const* format, std::va_list arguments) {
  char line[1024];
  std::vsnprintf(line, sizeof line, format, arguments);
  return line;
}

void tell(std::string const& text) {
  std::fflush(stdout);
  std::fprintf(stderr, "[cuda emulation] %s\n", text.c_str());
  std::fflush(stderr);
}

void tell_left(std::size_t count, char const* what, bool& left) {
  if (count == 0) return;
  left = true;
  tell("left alive at the end of the program: " + std::to_string(count) + " " + what);
}

void look_at_the_end() {
  bool failed = !reports().empty();
  Live const rest = live();
  tell_left(rest.allocations, "allocations of device memory", failed);
  tell_left(rest.pinned_allocations, "allocations of pinned memory", failed);
  tell_left(rest.streams, "streams", failed);
  tell_left(rest.events, "events", failed);
  tell_left(rest.graphs, "graphs", failed);
  tell_left(rest.executable_graphs, "executable graphs", failed);
  tell_left(rest.blas_handles, "cuBLAS handles", failed);
  tell_left(rest.dnn_handles, "cuDNN handles", failed);
  tell_left(rest.dnn_descriptors, "cuDNN descriptors", failed);
  if (!failed) return;
  std::fflush(nullptr);
  _exit(EXIT_FAILURE);
}

}  // namespace

namespace detail {

void fail(char const* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  tell(text_of(format, arguments));
  va_end(arguments);
  std::abort();
}

void report(char const* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  reports().push_back(text_of(format, arguments));
  va_end(arguments);
  tell(reports().back());
}

void watch_the_end() {
  static bool const watching = std::atexit(look_at_the_end) == 0;
  static_cast<void>(watching);
}

}  // namespace detail

std::vector<std::string> take_reports() { return std::exchange(reports(), {}); }

}  // namespace disentangle::emulation
