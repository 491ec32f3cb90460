// SPDX-License-Identifier: Apache-2.0
// A bump allocator over memory that a source gives out in blocks. After the first pass over the same sequence
// of requests everything fits one block, so a training step allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>
#include <vector>

namespace disentangle::backend {

/// Source: `T* allocate(std::size_t n)` and `void deallocate(T*, std::size_t n)`, memory aligned to 64 bytes.
template <class T, class Source>
class Arena {
 public:
  explicit Arena(Source source) : source_(std::move(source)) {}
  Arena(Arena const&) = delete;
  Arena& operator=(Arena const&) = delete;
  ~Arena() { release(); }

  /// n scalars, aligned to 64 bytes, valid until rewound past or reset.
  T* take(std::size_t n) {
    n = std::max<std::size_t>((n + granule - 1) / granule, 1) * granule;
    while (current_ < blocks_.size() && blocks_[current_].size - used_ < n) {
      spent_ += blocks_[current_].size;
      ++current_;
      used_ = 0;
    }
    if (current_ == blocks_.size()) {
      std::size_t const size = std::max(n, smallest_block);
      blocks_.push_back({source_.allocate(size), size});
    }
    T* const p = blocks_[current_].data + used_;
    used_ += n;
    peak_ = std::max(peak_, spent_ + used_);
    return p;
  }

  struct Mark {
    std::size_t block, used, spent;
  };
  Mark mark() const { return {current_, used_, spent_}; }
  /// Frees everything taken since the mark.
  void rewind(Mark mark) {
    current_ = mark.block;
    used_ = mark.used;
    spent_ = mark.spent;
  }

  /// Frees everything; if it took several blocks, they become one.
  void reset() {
    if (blocks_.size() > 1) {
      std::size_t const size = peak_;
      release();
      blocks_.push_back({source_.allocate(size), size});
    }
    rewind({0, 0, 0});
  }

 private:
  static constexpr std::size_t granule = 64 / sizeof(T);
  static constexpr std::size_t smallest_block = (std::size_t{1} << 20) / sizeof(T);
  struct Block {
    T* data;
    std::size_t size;
  };
  void release() {
    for (Block const& block : blocks_) source_.deallocate(block.data, block.size);
    blocks_.clear();
  }

  Source source_;
  std::vector<Block> blocks_;
  std::size_t current_ = 0, used_ = 0, spent_ = 0, peak_ = 0;
};

/// Host memory for an arena.
struct HostMemory {
  std::byte* allocate(std::size_t n) {
    return static_cast<std::byte*>(::operator new(n, std::align_val_t{64}));
  }
  void deallocate(std::byte* p, std::size_t) { ::operator delete(p, std::align_val_t{64}); }
};

}  // namespace disentangle::backend
