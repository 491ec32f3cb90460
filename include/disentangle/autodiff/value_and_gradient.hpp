// SPDX-License-Identifier: Apache-2.0
// value_and_gradient(f, arrays...): the value of a formula on plain arrays, and its gradient with respect to
// each of them. train/value_and_gradient.hpp has the same for the terms of methods.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/autodiff/host_array.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle {

/// A gradient under the name of what it is the gradient of.
struct NamedGradient {
  std::string name;
  std::vector<std::ptrdiff_t> extents;
  std::vector<double> values;  ///< row-major
};

/// What value_and_gradient found.
struct ValueAndGradient {
  double value = 0;
  /// One for each input, in the order in which they were given, then those of parameters.
  std::vector<NamedGradient> gradients;

  /// The gradient with respect to the input or parameter of this name. @throws ValueError with all names if
  /// there is none.
  [[nodiscard]] std::vector<double> const& gradient(std::string_view name) const {
    std::string names;
    for (auto const& g : gradients) {
      if (g.name == name) return g.values;
      names += (names.empty() ? "" : ", ") + g.name;
    }
    throw ValueError("gradient: found no '" + std::string(name) + "', expected one of " + names);
  }
  /// The gradient with respect to input i, from 0.
  [[nodiscard]] std::vector<double> const& gradient(std::size_t i = 0) const {
    if (i >= gradients.size()) {
      throw ValueError("gradient: found number " + std::to_string(i) + ", expected one of the " +
                       std::to_string(gradients.size()) + " from 0");
    }
    return gradients[i].values;
  }
};

namespace detail {

/// A backend to compute a small thing on: with one thread where it has threads (results are the same bits).
template <class Backend>
Backend small_backend() {
  if constexpr (std::is_constructible_v<Backend, unsigned>) {
    return Backend(1u);
  } else {
    return Backend{};
  }
}

/// Memory of a backend that a formula reads and that receives its gradient.
template <class Backend>
struct LeafOn {
  std::string name;
  typename Backend::scalar* value;
  typename Backend::scalar* gradient;
  std::size_t size;
  bool assigned = false;  ///< the first contribution assigns (weights of layers); otherwise every one adds
  std::vector<std::ptrdiff_t> extents{};  ///< none: (size)
};

/// Inputs of a formula on a backend. Their memory is their own, so they outlive a reset of the tape.
template <class Backend>
class Inputs {
 public:
  using scalar = typename Backend::scalar;

  explicit Inputs(Tape<Backend>& tape) : tape_(tape) {}
  Inputs(Inputs const&) = delete;
  Inputs& operator=(Inputs const&) = delete;
  ~Inputs() {
    for (auto const& [p, n] : owned_) tape_.backend().deallocate(p, n);
  }

  /// An input under a name. @throws ShapeError if the array's values are not as many as its extents say.
  template <int Rank>
  Variable<Backend, Rank> add(std::string name, HostArray<Rank> const& array) {
    auto const n = static_cast<std::size_t>(product(array.extents));
    if (n == 0 || array.values.size() != n) {
      throw ShapeError(name + ": found " + std::to_string(array.values.size()) +
                       " numbers for an array of extents " + extents_text(array.extents) + ", expected " +
                       (n == 0 ? "at least one" : std::to_string(n)));
    }
    scalar* const value = take(n);
    scalar* const gradient = take(n);
    tape_.backend().upload(array.values.data(), value, n);
    tape_.backend().fill(gradient, n, scalar(0));
    leaves_.push_back(
        {std::move(name), value, gradient, n, false, {array.extents.begin(), array.extents.end()}});
    return {&tape_, value, gradient, array.extents, contiguous_strides(array.extents)};
  }
  /// The next one, named "input " and its number.
  template <int Rank>
  Variable<Backend, Rank> add(HostArray<Rank> const& array) {
    return add("input " + std::to_string(leaves_.size()), array);
  }
  std::vector<LeafOn<Backend>> const& leaves() const { return leaves_; }

 private:
  scalar* take(std::size_t n) {
    owned_.emplace_back(nullptr, n);
    return owned_.back().first = tape_.backend().allocate(n);
  }

  Tape<Backend>& tape_;
  std::vector<std::pair<scalar*, std::size_t>> owned_;
  std::vector<LeafOn<Backend>> leaves_;
};

/// Runs `loss()`, a Variable of rank 0, on the tape, which is reset before, and back. `begin()` runs before,
/// `end()` after it. With `suspicious`, gradients that must be added to start as noise and those that must be
/// assigned as infinity, so that "forgot to write" and "assigned instead of added" show.
template <class Backend>
ValueAndGradient differentiate(Tape<Backend>& tape, std::vector<LeafOn<Backend>> const& leaves,
                               std::function<Variable<Backend, 0>()> const& loss,
                               std::function<void()> const& begin, std::function<void()> const& end,
                               bool suspicious = false) {
  auto& backend = tape.backend();
  begin();
  std::vector<std::vector<double>> before;
  for (auto const& leaf : leaves) {
    Philox const random{1, stream(leaf.name), 0};
    before.emplace_back(leaf.size, 0.0);
    if (suspicious) {
      for (std::size_t i = 0; i < leaf.size; ++i) {
        before.back()[i] = leaf.assigned ? std::numeric_limits<double>::infinity()
                                         : 1 + static_cast<double>(random.uniform(i));
      }
    }
    backend.upload(before.back().data(), leaf.gradient, leaf.size);
  }
  tape.reset();
  ValueAndGradient result;
  auto const value = loss();
  backend.download(value.value, &result.value, 1);
  tape.backward(value);
  end();
  for (std::size_t l = 0; l < leaves.size(); ++l) {
    auto const& leaf = leaves[l];
    NamedGradient g{leaf.name, leaf.extents, std::vector<double>(leaf.size)};
    if (g.extents.empty()) g.extents = {static_cast<std::ptrdiff_t>(leaf.size)};
    backend.download(leaf.gradient, g.values.data(), leaf.size);
    if (suspicious && !leaf.assigned) {
      for (std::size_t i = 0; i < leaf.size; ++i) g.values[i] -= before[l][i];
    }
    result.gradients.push_back(std::move(g));
  }
  return result;
}

}  // namespace detail

/// The value of a formula of variables on plain arrays, and its gradients, named "input 0", "input 1", ...:
///
///     auto const r = dis::value_and_gradient([](auto x, auto y) { return dis::sum(dis::exp(x) * y); },
///                                            dis::host_matrix({{1, 2}, {3, 4}}), dis::host_vector({5, 6}));
///     r.value; r.gradient(0); r.gradient("input 1");
///
/// f gets one Variable<Backend, rank> per array and returns an expression of rank 0. The backend is
/// BasicCpu<double> unless another is named, value_and_gradient<dis::backend::Cpu>(f, x): any backend of the
/// library, in its own precision. Cost: one pass forward and one back, and the making of the backend.
/// @throws ShapeError for an array whose values are not as many as its extents say
template <class Backend = backend::BasicCpu<double>, class F, int... Ranks>
  requires(sizeof...(Ranks) > 0 && std::invocable<F const&, Variable<Backend, Ranks> const&...>)
[[nodiscard]] ValueAndGradient value_and_gradient(F const& f, HostArray<Ranks> const&... arrays) {
  using Result = std::invoke_result_t<F const&, Variable<Backend, Ranks> const&...>;
  static_assert(scalar_expression<Result>,
                "[disentangle] value_and_gradient: the formula must return one number (an expression of rank "
                "0); put sum(...) or mean(...) around it");
  Tape<Backend> tape(detail::small_backend<Backend>());
  detail::Inputs<Backend> inputs(tape);
  std::tuple<Variable<Backend, Ranks>...> const variables{inputs.add(arrays)...};
  return detail::differentiate<Backend>(
      tape, inputs.leaves(), [&] { return materialise(std::apply(f, variables)); }, [] {}, [] {});
}

}  // namespace disentangle
