// SPDX-License-Identifier: Apache-2.0
// Independent work items, shared out among threads for one loop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>
#include <utility>

#include <disentangle/core/thread_pool.hpp>

namespace disentangle::metric::detail {

/// threads, or the machine's number where it is 0; at least 1.
inline unsigned thread_count(unsigned threads) {
  return threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
}

/// Calls body(item, worker) once for every item of 0 .. items - 1, on at most `threads` threads (0: all of
/// the machine); worker < min(thread_count(threads), items) numbers the thread, for scratch memory. An item
/// must write only what belongs to it and read nothing that another item writes; then the results do not
/// depend on the number of threads. The first exception that an item throws is thrown again here.
template <class Body>
void parallel_for(std::size_t items, unsigned threads, Body&& body) {
  auto const workers = static_cast<unsigned>(std::min<std::size_t>(thread_count(threads), items));
  ThreadPool(std::max(1u, workers)).for_each(items, std::forward<Body>(body));
}

}  // namespace disentangle::metric::detail
