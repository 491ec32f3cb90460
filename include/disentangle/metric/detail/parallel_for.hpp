// SPDX-License-Identifier: Apache-2.0
// Independent work items on plain threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace disentangle::metric::detail {

/// threads, or the machine's number where it is 0; at least 1.
inline unsigned thread_count(unsigned threads) {
  return threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
}

/// parallel_for without its body's type, so that the threads are compiled once.
inline void share_items(std::size_t items, unsigned threads, void (*call)(void*, std::size_t, std::size_t),
                        void* body) {
  std::size_t const workers = std::min<std::size_t>(thread_count(threads), items);
  if (workers <= 1) {
    for (std::size_t item = 0; item < items; ++item) call(body, item, 0);
    return;
  }
  std::atomic<std::size_t> next{0};
  std::exception_ptr error;
  std::mutex error_mutex;
  auto const work = [&](std::size_t worker) {
    try {
      for (std::size_t item = next++; item < items; item = next++) call(body, item, worker);
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

/// Calls body(item, worker) once for every item of 0 .. items - 1, on at most `threads` threads (0: all of
/// the machine); worker < thread_count(threads) numbers the thread, for scratch memory. An item must write
/// only what belongs to it and read nothing that another item writes; then the results do not depend on the
/// number of threads. The first exception that an item throws is thrown again here.
template <class Body>
void parallel_for(std::size_t items, unsigned threads, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  share_items(
      items, threads,
      [](void* b, std::size_t item, std::size_t worker) { (*static_cast<Plain*>(b))(item, worker); },
      const_cast<void*>(static_cast<void const*>(std::addressof(body))));
}

}  // namespace disentangle::metric::detail
