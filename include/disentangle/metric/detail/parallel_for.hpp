// SPDX-License-Identifier: Apache-2.0
// Independent work items on plain threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace disentangle::metric::detail {

/// threads, or the machine's number where it is 0; at least 1.
inline unsigned thread_count(unsigned threads) {
  return threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
}

/// Calls body(item, worker) once for every item of 0 .. items - 1, on at most `threads` threads (0: all of
/// the machine); worker < thread_count(threads) numbers the thread, for scratch memory. An item must write
/// only what belongs to it and read nothing that another item writes; then the results do not depend on the
/// number of threads. The first exception that an item throws is thrown again here.
template <class Body>
void parallel_for(std::size_t items, unsigned threads, Body&& body) {
  std::size_t const workers = std::min<std::size_t>(thread_count(threads), items);
  if (workers <= 1) {
    for (std::size_t item = 0; item < items; ++item) body(item, std::size_t{0});
    return;
  }
  std::atomic<std::size_t> next{0};
  std::exception_ptr error;
  std::mutex error_mutex;
  auto const work = [&](std::size_t worker) {
    try {
      for (std::size_t item = next++; item < items; item = next++) body(item, worker);
    } catch (...) {
      std::lock_guard const lock(error_mutex);
      if (!error) error = std::current_exception();
      next = items;
    }
  };
  {
    std::vector<std::jthread> pool;
    for (std::size_t worker = 1; worker < workers; ++worker) pool.emplace_back(work, worker);
    work(0);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace disentangle::metric::detail
