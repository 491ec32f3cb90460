// SPDX-License-Identifier: Apache-2.0
// A pool of threads that shares out the tasks of a loop. Which thread runs a task is left open, so a body
// writes what depends on the task alone; then results do not depend on the number of threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace disentangle {

/// Threads that wait for loops. The calling thread is one of the `size()`; the others spin for a moment after
/// a loop (a step is hundreds of short loops) and then sleep. One loop runs at a time: calls from several
/// threads take turns, and a call from inside a body, of this pool or another, runs serially.
class ThreadPool {
 public:
  /// @param threads  number of threads, the caller included; 0: as many as the hardware has
  explicit ThreadPool(unsigned threads = 0)
      : size_(threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency())) {
    workers_.reserve(size_ - 1);
    try {
      for (std::size_t i = 1; i < size_; ++i) workers_.emplace_back([this, i] { work(i); });
    } catch (...) {
      stop();
      throw;
    }
  }
  ThreadPool(ThreadPool const&) = delete;
  ThreadPool& operator=(ThreadPool const&) = delete;
  ~ThreadPool() { stop(); }

  /// Number of threads that share a loop, the calling one included; at least 1.
  unsigned size() const { return size_; }

  /// Calls body(task), or body(task, worker), once for every task of 0 .. tasks - 1 and returns when all are
  /// done; worker < size() numbers the thread, for memory of its own to work in. Cost: about a
  /// microsecond when the workers are awake; no heap allocation. The first exception that a body throws
  /// reaches the caller, after which tasks that nobody has begun are left out.
  template <class F>
  void for_each(std::size_t tasks, F&& body) {
    for_each(tasks, true, body);
  }
  /// The same; unless `at_once`, by the calling thread alone and in order. One call for both, so that a body
  /// is compiled once.
  template <class F>
  void for_each(std::size_t tasks, bool at_once, F&& body) {
    using Body = std::remove_reference_t<F>;
    share(
        tasks, at_once,
        [](void* b, std::size_t task, [[maybe_unused]] std::size_t worker) {
          if constexpr (std::is_invocable_v<Body&, std::size_t, std::size_t>) {
            (*static_cast<Body*>(b))(task, worker);
          } else {
            (*static_cast<Body*>(b))(task);
          }
        },
        const_cast<void*>(static_cast<void const*>(std::addressof(body))));
  }

 private:
  using Call = void (*)(void*, std::size_t task, std::size_t worker);

  // A loop's number and the count of its tasks that nobody has begun share one word, so a worker that comes
  // late can take a task only of the loop whose body it has read: else its compare-and-swap fails or the
  // count is 0.
  static constexpr unsigned task_bits = 40;
  static constexpr std::uint64_t task_mask = (std::uint64_t{1} << task_bits) - 1;

  static bool& inside_loop() {
    thread_local bool inside = false;
    return inside;
  }
  struct Inside {
    Inside() { inside_loop() = true; }
    ~Inside() { inside_loop() = false; }
  };

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  // Not a template: the body is compiled once, called through a pointer whether the loop is shared or not.
  void share(std::size_t tasks, bool at_once, Call call, void* body) {
    if (!at_once || tasks <= 1 || size_ == 1 || inside_loop()) {
      for (std::size_t task = 0; task < tasks; ++task) call(body, task, 0);
      return;
    }
    std::lock_guard const turn(turn_);
    call_.store(call, std::memory_order_relaxed);
    body_.store(body, std::memory_order_relaxed);
    tasks_.store(tasks, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    failed_.store(false, std::memory_order_relaxed);
    std::uint64_t const loop = (left_.load(std::memory_order_relaxed) >> task_bits) + 1;
    left_.store(loop << task_bits | tasks, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) != 0) {
      {
        std::lock_guard const lock(sleep_);
      }
      wake_.notify_all();
    }
    take_tasks(loop & (~std::uint64_t{0} >> task_bits), 0);
    for (unsigned spins = 0; done_.load(std::memory_order_acquire) != tasks; ++spins) {
      if (spins < 4096) pause();
      else std::this_thread::yield();  // the core of a worker is taken by somebody else: let it have this one
    }
    if (failed_.load(std::memory_order_acquire)) std::rethrow_exception(std::exchange(error_, nullptr));
  }

  // Runs tasks of the given loop until none is left.
  void take_tasks(std::uint64_t loop, std::size_t worker) {
    Inside const inside;
    for (;;) {
      std::uint64_t left = left_.load(std::memory_order_acquire);
      Call call;
      void* body;
      std::size_t tasks;
      do {
        if (left >> task_bits != loop || (left & task_mask) == 0) return;
        call = call_.load(std::memory_order_relaxed);
        body = body_.load(std::memory_order_relaxed);
        tasks = tasks_.load(std::memory_order_relaxed);
      } while (!left_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel));
      if (!failed_.load(std::memory_order_relaxed)) {
        try {
          call(body, tasks - static_cast<std::size_t>(left & task_mask), worker);
        } catch (...) {
          std::lock_guard const lock(sleep_);
          if (!failed_.load(std::memory_order_relaxed)) error_ = std::current_exception();
          failed_.store(true, std::memory_order_release);
        }
      }
      done_.fetch_add(1, std::memory_order_acq_rel);
    }
  }

  void work(std::size_t worker) {
    std::uint64_t seen = 0;
    for (;;) {
      std::uint64_t loop = left_.load(std::memory_order_acquire) >> task_bits;
      if (loop == seen) {
        auto const end = std::chrono::steady_clock::now() + spin_time;
        do {
          for (int i = 0; i < 64 && loop == seen; ++i) {
            pause();
            loop = left_.load(std::memory_order_acquire) >> task_bits;
          }
        } while (loop == seen && !stopping_.load(std::memory_order_relaxed) &&
                 std::chrono::steady_clock::now() < end);
      }
      if (loop == seen) {
        std::unique_lock lock(sleep_);
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        wake_.wait(lock, [&] {
          loop = left_.load(std::memory_order_seq_cst) >> task_bits;
          return loop != seen || stopping_.load(std::memory_order_relaxed);
        });
        sleepers_.fetch_sub(1, std::memory_order_seq_cst);
      }
      if (stopping_.load(std::memory_order_relaxed)) return;
      seen = loop;
      take_tasks(loop, worker);
    }
  }

  void stop() {
    {
      std::lock_guard const lock(sleep_);
      stopping_.store(true, std::memory_order_relaxed);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  static constexpr std::chrono::microseconds spin_time{50};

  unsigned size_;
  alignas(64) std::atomic<std::uint64_t> left_{0};
  alignas(64) std::atomic<std::size_t> done_{0};
  alignas(64) std::atomic<Call> call_{nullptr};
  std::atomic<void*> body_{nullptr};
  std::atomic<std::size_t> tasks_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<unsigned> sleepers_{0};
  std::exception_ptr error_;
  std::mutex turn_;
  std::mutex sleep_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

}  // namespace disentangle
