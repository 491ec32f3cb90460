// SPDX-License-Identifier: Apache-2.0
// Parameters<Backend>: everything that one optimiser updates, in flat buffers: values, gradients and the
// optimiser's moments each in one piece, so that an update is one launch and an all-reduce over machines
// would be one call.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/autodiff/materialise.hpp>
#include <disentangle/autodiff/tape.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/nn/initialisation.hpp>

namespace disentangle::nn {

/// A parameter that layers read and whose gradient they write: the first contribution of a step assigns,
/// later ones add.
template <class Backend, int Rank>
struct Weight {
  Variable<Backend, Rank> variable;
  bool written = false;

  /// Says whether the next contribution to the gradient must add, and that it is made.
  bool accumulate() { return std::exchange(written, true); }
};

/// Whether a tensor of a model is an optimiser's moment: one of the parts of its name is "moment" and a
/// number ("moment0.encoder.0.weight", "labelled.moment1.encoder.trunk.0.bias"). No parameter may have such a
/// name.
[[nodiscard]] inline bool is_moment(std::string_view name) {
  while (!name.empty()) {
    std::string_view const part = name.substr(0, name.find('.'));
    if (part.starts_with("moment") && part.size() > 6 && part.find_first_not_of("0123456789", 6) == part.npos)
      return true;
    name.remove_prefix(std::min(part.size() + 1, name.size()));
  }
  return false;
}

/// Everything that one optimiser updates. Names are unique within a set: declaring one twice is a ValueError.
template <class Backend>
class Parameters {
 public:
  using scalar = typename Backend::scalar;

  /// One named tensor of the set.
  struct Block {
    std::string name;
    std::vector<std::ptrdiff_t> extents;
    std::size_t offset = 0, size = 0;
    Initialiser initialiser;
    scalar** value = nullptr;
    scalar** gradient = nullptr;
    bool* written = nullptr;  // null: a leaf of expressions, whose gradient is zeroed when a step begins
  };

  Parameters(Tape<Backend>& tape, std::string name) : tape_(&tape), name_(std::move(name)) {}
  Parameters(Parameters const&) = delete;
  Parameters& operator=(Parameters const&) = delete;
  DISENTANGLE_COLD ~Parameters() {
    for (auto [p, n] :
         {std::pair{values_, size_}, std::pair{gradients_, size_}, std::pair{moments_, moments_size_},
          std::pair{statistics_, statistics_size_}, std::pair{kept_, statistics_size_}}) {
      if (p != nullptr) tape_->backend().deallocate(p, n);
    }
  }

  /// Registers a leaf of expressions. The variable must stay where it is; it gets its memory in allocate().
  template <int Rank>
  void declare(Variable<Backend, Rank>& variable, std::string name, Extents<Rank> const& extents,
               Initialiser initialiser) {
    declare_block(variable, nullptr, std::move(name), extents, initialiser);
  }
  /// Registers a weight of a layer.
  template <int Rank>
  void declare(Weight<Backend, Rank>& weight, std::string name, Extents<Rank> const& extents,
               Initialiser initialiser) {
    declare_block(weight.variable, &weight.written, std::move(name), extents, initialiser);
  }
  /// Registers values that are saved with the parameters and that no optimiser touches (running statistics).
  template <int Rank>
  DISENTANGLE_COLD void declare_statistic(Variable<Backend, Rank>& variable, std::string name,
                                          Extents<Rank> const& extents, double initial) {
    expect_new(name);
    variable.tape = tape_;
    variable.extents = extents;
    variable.strides = contiguous_strides(extents);
    auto const n = static_cast<std::size_t>(product(extents));
    statistic_blocks_.push_back({std::move(name),
                                 {extents.begin(), extents.end()},
                                 statistics_size_,
                                 n,
                                 Initialiser{Initialiser::Law::constant, initial},
                                 &variable.value,
                                 nullptr,
                                 nullptr});
    statistics_size_ += padded(n);
  }

  /// Takes the memory, with `moments` scalars per parameter for the optimiser, and initialises: a pure
  /// function of the seed and of each parameter's name, so adding a policy changes nobody else's start.
  DISENTANGLE_COLD void allocate(Seed seed, std::size_t moments) {
    auto& backend = tape_->backend();
    moments_size_ = moments * size_;
    values_ = backend.allocate(std::max<std::size_t>(size_, 1));
    gradients_ = backend.allocate(std::max<std::size_t>(size_, 1));
    moments_ = backend.allocate(std::max<std::size_t>(moments_size_, 1));
    statistics_ = backend.allocate(std::max<std::size_t>(statistics_size_, 1));
    backend.fill(values_, size_, scalar(0));
    backend.fill(gradients_, size_, scalar(0));
    backend.fill(moments_, moments_size_, scalar(0));
    backend.fill(statistics_, statistics_size_, scalar(0));
    std::vector<double> host(std::min<std::size_t>(std::max(size_, statistics_size_), 4096));
    auto const start = [&](Block const& block, scalar* base) {
      *block.value = base + block.offset;
      Philox const random{seed.value, stream(block.name), 0};
      for (std::size_t first = 0; first < block.size; first += host.size()) {
        std::size_t const n = std::min(host.size(), block.size - first);
        block.initialiser(random, host.data(), first, n);
        backend.upload(host.data(), *block.value + first, n);
      }
    };
    for (Block& block : blocks_) {
      start(block, values_);
      *block.gradient = gradients_ + block.offset;
    }
    for (Block& block : statistic_blocks_) start(block, statistics_);
  }

  /// Starts a step: no gradient has been contributed yet.
  void begin_step() {
    for (Block& block : blocks_) {
      if (block.written != nullptr) {
        *block.written = false;
      } else {
        tape_->backend().fill(gradients_ + block.offset, block.size, scalar(0));
      }
    }
  }
  /// Before the gradients are used: those that nothing contributed to are zero.
  void complete_gradients() {
    for (Block& block : blocks_) {
      if (block.written != nullptr && !*block.written) {
        tape_->backend().fill(gradients_ + block.offset, block.size, scalar(0));
      }
    }
  }

  /// Scalars that a block of n takes: blocks start at 64 bytes, and the padding stays zero.
  [[nodiscard]] static constexpr std::size_t padded(std::size_t n) { return (n + 15) / 16 * 16; }

  std::string const& name() const { return name_; }
  /// What the learning rate of the optimiser of this set is multiplied by, beside its schedule; 1 at first.
  /// Not saved: whoever sets it restores it (reduce_on_plateau).
  double rate_factor = 1;
  std::vector<Block> const& blocks() const { return blocks_; }
  std::vector<Block> const& statistics() const { return statistic_blocks_; }
  /// Number of scalars of the flat buffers, padding between blocks (always zero) included.
  std::size_t size() const { return size_; }
  /// Number of trained scalars.
  std::size_t count() const {
    std::size_t n = 0;
    for (Block const& block : blocks_) n += block.size;
    return n;
  }
  scalar* values() { return values_; }
  scalar* gradients() { return gradients_; }
  /// Moment number i of every parameter, in the order of the values.
  scalar* moment(std::size_t i) { return moments_ + i * size_; }
  std::size_t moments() const { return size_ == 0 ? 0 : moments_size_ / size_; }
  scalar* statistic_values() { return statistics_; }

  /// Remembers the statistics until the next call. The first takes memory.
  void keep_statistics() {
    if (statistics_size_ == 0) return;
    if (kept_ == nullptr) kept_ = tape_->backend().allocate(statistics_size_);
    assign(all_statistics(kept_), all_statistics(statistics_));
  }
  /// Makes them again what they were then.
  void restore_statistics() {
    if (kept_ != nullptr) assign(all_statistics(statistics_), all_statistics(kept_));
  }
  Tape<Backend>& tape() { return *tape_; }

 private:
  Variable<Backend, 1> all_statistics(scalar* values) const {
    return {tape_, values, nullptr, {static_cast<std::ptrdiff_t>(statistics_size_)}, {1}};
  }

  /// The initial value and the place in a checkpoint hang on the name.
  void expect_new(std::string const& name) const {
    for (auto const* blocks : {&blocks_, &statistic_blocks_}) {
      for (Block const& block : *blocks) {
        if (block.name != name) continue;
        throw ValueError("parameters '" + name_ + "': found '" + name +
                         "' twice, expected each name once: a policy that has parameters stands in a method "
                         "once; take the second out, or let it declare names of its own");
      }
    }
  }

  template <int Rank>
  DISENTANGLE_COLD void declare_block(Variable<Backend, Rank>& variable, bool* written, std::string name,
                                      Extents<Rank> const& extents, Initialiser initialiser) {
    expect_new(name);
    if (is_moment(name)) {
      throw ValueError("parameters '" + name_ + "': found the name '" + name +
                       "', expected one that is not an optimiser's (moment0, moment1, ...)");
    }
    variable.tape = tape_;
    variable.extents = extents;
    variable.strides = contiguous_strides(extents);
    auto const n = static_cast<std::size_t>(product(extents));
    blocks_.push_back({std::move(name),
                       {extents.begin(), extents.end()},
                       size_,
                       n,
                       initialiser,
                       &variable.value,
                       &variable.gradient,
                       written});
    size_ += padded(n);
  }

  Tape<Backend>* tape_;
  std::string name_;
  std::vector<Block> blocks_, statistic_blocks_;
  std::size_t size_ = 0, moments_size_ = 0, statistics_size_ = 0;
  scalar *values_ = nullptr, *gradients_ = nullptr, *moments_ = nullptr, *statistics_ = nullptr;
  scalar* kept_ = nullptr;  // a copy of the statistics
};

}  // namespace disentangle::nn
