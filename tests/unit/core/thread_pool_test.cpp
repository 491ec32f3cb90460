// SPDX-License-Identifier: Apache-2.0
// The thread pool: every task once, nested calls, exceptions, many short loops, no heap allocation, several
// callers.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/thread_pool.hpp>

#include "tests/support/count_allocations.hpp"

using disentangle::ThreadPool;

TEST_CASE("every task runs exactly once for any number of threads and tasks") {
  for (unsigned threads : {1u, 2u, 3u, 5u}) {
    ThreadPool pool(threads);
    CHECK(pool.size() == threads);
    for (std::size_t tasks : {0u, 1u, 2u, 3u, 7u, 64u, 1000u}) {
      std::vector<std::atomic<int>> count(tasks);
      pool.for_each(tasks, [&](std::size_t task) { ++count[task]; });
      for (auto& c : count) CHECK(c == 1);
    }
  }
  CHECK(ThreadPool(0).size() >= 1);
}

TEST_CASE("a body is told which worker runs it, and no two run at once with the same number") {
  for (unsigned threads : {1u, 2u, 5u}) {
    ThreadPool pool(threads);
    std::vector<int> busy(pool.size());  // not atomic: a thread sanitizer sees two at once
    std::vector<std::atomic<int>> count(300);
    pool.for_each(300, [&](std::size_t task, std::size_t worker) {
      REQUIRE(worker < busy.size());
      ++busy[worker];
      ++count[task];
    });
    int sum = 0;
    for (int n : busy) sum += n;
    CHECK(sum == 300);
    for (auto& c : count) CHECK(c == 1);
  }
}

TEST_CASE("many short loops, some after the workers fell asleep, allocate nothing") {
  ThreadPool pool(3);
  pool.for_each(8, [](std::size_t) {});
  std::size_t const before = disentangle::test::allocations();
  std::size_t total = 0;
  for (std::size_t loop = 0; loop < 20000; ++loop) {
    std::size_t part[5] = {};
    pool.for_each(5, [&](std::size_t task) { part[task] = task + loop; });
    for (std::size_t p : part) total += p;
    if (loop % 1000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(total == 20000u * 10 + 5 * (20000u * 19999u / 2));
  CHECK(disentangle::test::allocations() == before);
}

TEST_CASE("a nested call runs serially on the thread that made it") {
  ThreadPool pool(3);
  std::vector<int> count(6 * 7);
  pool.for_each(6, [&](std::size_t i) {
    auto const self = std::this_thread::get_id();
    pool.for_each(7, [&](std::size_t j) {
      if (std::this_thread::get_id() == self) ++count[i * 7 + j];
    });
  });
  for (int c : count) CHECK(c == 1);
}

TEST_CASE("an exception reaches the caller, and the pool goes on working") {
  for (unsigned threads : {1u, 3u}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 50; ++round) {
      CHECK_THROWS_WITH_AS(pool.for_each(20,
                                         [](std::size_t task) {
                                           if (task == 11) throw std::runtime_error("task 11");
                                         }),
                           "task 11", std::runtime_error);
      std::atomic<int> count{0};
      pool.for_each(20, [&](std::size_t) { ++count; });
      CHECK(count == 20);
    }
  }
}

TEST_CASE("several threads may use one pool; their loops take turns") {
  ThreadPool pool(2);
  std::atomic<std::size_t> total{0};
  auto const use = [&] {
    for (int loop = 0; loop < 500; ++loop) pool.for_each(4, [&](std::size_t task) { total += task; });
  };
  std::thread other(use);
  use();
  other.join();
  CHECK(total == 2u * 500 * 6);
}
