// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include "memory.hpp"
#include "report.hpp"
#include "streams.hpp"

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace disentangle::emulation {
namespace {

struct Failure {
  std::string function;
  int code;
  std::size_t after;
};

std::vector<Failure>& failures() {
  static auto& list = *new std::vector<Failure>;
  return list;
}

Schedule schedule_of_environment() {
  char const* const text = std::getenv("DISENTANGLE_CUDA_SCHEDULE");
  if (text == nullptr || std::strcmp(text, "late") == 0) return Schedule::late;
  if (std::strcmp(text, "early") == 0) return Schedule::early;
  if (std::strcmp(text, "uneven") == 0) return Schedule::uneven;
  detail::fail("DISENTANGLE_CUDA_SCHEDULE is '%s', expected 'late', 'early' or 'uneven'", text);
}

}  // namespace

namespace detail {

Settings& settings() {
  static auto& value = *new Settings{.schedule = schedule_of_environment(), .counters = {}};
  return value;
}

int& current_device() {
  thread_local int device = 0;
  return device;
}

cudaError_t& last_error() {
  thread_local cudaError_t error = cudaSuccess;
  return error;
}

std::recursive_mutex& entrance() {
  static auto& mutex = *new std::recursive_mutex;
  return mutex;
}

std::optional<int> take_failure(char const* function) {
  for (auto failure = failures().begin(); failure != failures().end(); ++failure) {
    if (failure->function != function) continue;
    if (failure->after-- > 0) return std::nullopt;
    int const code = failure->code;
    failures().erase(failure);
    return code;
  }
  return std::nullopt;
}

void enter() {
  watch_the_end();
  watch_for_faults();
}

}  // namespace detail

void set_schedule(Schedule schedule) { detail::settings().schedule = schedule; }

Schedule schedule() { return detail::settings().schedule; }

void set_device_count(int count) { detail::settings().device_count = count; }

void set_memory_limit(std::size_t bytes) { detail::settings().memory_limit = bytes; }

void inject_failure(std::string_view function, int code, std::size_t after) {
  failures().push_back({std::string(function), code, after});
}

std::size_t injected_failures() { return failures().size(); }

Counters const& counters() { return detail::settings().counters; }

void reset() {
  detail::settings() = {.schedule = schedule_of_environment(), .counters = {}};
  failures().clear();
  detail::forget_deferred_streams();
  detail::current_device() = 0;
  detail::last_error() = cudaSuccess;
}

}  // namespace disentangle::emulation
