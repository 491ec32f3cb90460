// SPDX-License-Identifier: Apache-2.0
// The search for a partition of a data set into two subsets within which views are hardest to tell apart:
// step 2 of IP-IRM.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/contrast/soft_partition.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle::contrast {

/// How a partition is searched. The defaults are those of the authors' code, but for restarts, which it has
/// not.
struct PartitionSearch {
  double temperature = 0.5;
  double penalty_temperature = 0.5;
  double penalty = 0.5;        ///< lambda_2
  double learning_rate = 0.5;  ///< of Adam; a fifth from epoch 5 on, a twenty-fifth from epoch 35 on
  std::size_t batch = 3096;    ///< samples; time goes with samples * batch, memory with its square (153 MB)
  int epochs = 61;             ///< at most; ends from epoch 51 on once five epochs brought nothing
  double entropy_floor = 0.6365;  ///< of the mean membership, nats: subsets of 1 : 2 at most
  bool relaxed = true;            ///< false: the entropy itself is rewarded
  /// Starts, of which the lowest risk is kept. Local optima are real; a RECONSTRUCTION, the authors' code has
  /// 1.
  int restarts = 1;
  unsigned threads = 0;  ///< 0: all of the machine; the result is the same

  static constexpr std::array<int, 2> milestones{
      5, 35};                               // epochs from which the learning rate is a fifth, of that a fifth
  static constexpr int patient_until = 50;  // after this epoch five that brought nothing end a search
  static constexpr bool drops_last = false;  // whether a minibatch that is not full is left out

  friend bool operator==(PartitionSearch const&, PartitionSearch const&) = default;
};

/// A partition that was found.
struct Partition {
  std::vector<double> logits;  ///< (samples, 2); a sample belongs to the subset of the larger one
  double risk = std::numeric_limits<double>::infinity();  ///< the lowest mean over an epoch, of all starts
  std::vector<double> risks;                              ///< of each epoch of the start that was kept

  /// 0 or 1 for each sample.
  std::vector<int> subsets() const {
    std::vector<int> all;
    for (std::size_t m = 0; 2 * m < logits.size(); ++m) all.push_back(logits[2 * m + 1] > logits[2 * m]);
    return all;
  }
};

namespace detail {

/// The numbers 0 .. n - 1 in a random order.
inline std::vector<std::size_t> shuffled(std::size_t n, Philox const& random) {
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  for (std::size_t i = n; i-- > 1;)
    std::swap(order[i], order[random.integer(i, static_cast<std::uint32_t>(i + 1))]);
  return order;
}

/// Adam on all logits, those of samples that are not in the minibatch included: their gradient is zero, their
/// moments go on.
class PartitionAdam {
 public:
  explicit PartitionAdam(std::size_t n) : first_(n), second_(n) {}
  void step(std::vector<double>& x, std::vector<double> const& gradient, double learning_rate) {
    ++steps_;
    double const c1 = 1 - std::pow(0.9, steps_), c2 = 1 - std::pow(0.999, steps_);
    for (std::size_t i = 0; i < x.size(); ++i) {
      first_[i] = 0.9 * first_[i] + 0.1 * gradient[i];
      second_[i] = 0.999 * second_[i] + 0.001 * gradient[i] * gradient[i];
      x[i] -= learning_rate * (first_[i] / c1) / (std::sqrt(second_[i] / c2) + 1e-8);
    }
  }

 private:
  std::vector<double> first_, second_;
  int steps_ = 0;
};

/// One start of a search over n samples. `cost(epoch, members, weights)` is the SoftRisk of a minibatch:
/// `members` are its samples, `weights`, (members, 2), how much each belongs to either subset. How is
/// PartitionSearch or has its members.
template <class T, class How, class Cost>
Partition search_from(std::size_t n, How const& how, Philox random, Cost&& cost_of) {
  std::size_t const batch = std::min(how.batch, n), fewest = How::drops_last ? batch : 2;
  Partition found;
  std::vector<double> logits(2 * n), gradient(2 * n);
  for (std::size_t b = 0; 4 * b < logits.size(); ++b) {
    auto const z = random.normals(b);
    for (std::size_t i = 0; i < 4 && 4 * b + i < logits.size(); ++i)
      logits[4 * b + i] = static_cast<double>(z[i]);
  }
  PartitionAdam adam(2 * n);
  std::vector<T> weights(2 * batch);
  int stale = 0;
  for (int epoch = 0; epoch < how.epochs; ++epoch) {
    double const rate = how.learning_rate * (epoch >= How::milestones[1]   ? 0.04
                                             : epoch >= How::milestones[0] ? 0.2
                                                                           : 1);
    ++random.step;
    auto const order = shuffled(n, random);
    double sum = 0;
    int batches = 0;
    for (std::size_t begin = 0; begin < n; begin += batch) {
      std::size_t const rows = std::min(batch, n - begin);
      if (rows < fewest) break;  // a sample alone has nothing to be told from
      auto const members = std::span(order).subspan(begin, rows);
      std::array<double, 2> mean{};
      for (std::size_t i = 0; i < rows; ++i) {
        std::size_t const m = members[i];
        double const w = std::clamp(1 / (1 + std::exp(logits[2 * m + 1] - logits[2 * m])), 1e-12, 1 - 1e-12);
        weights[2 * i] = static_cast<T>(w);
        weights[2 * i + 1] = static_cast<T>(1 - w);
        mean[0] += w / static_cast<double>(rows);
        mean[1] += (1 - w) / static_cast<double>(rows);
      }
      SoftRisk const cost = cost_of(epoch, members, MatrixView<T const>(weights.data(), rows, 2));
      double const entropy = -(mean[0] * std::log(mean[0]) + mean[1] * std::log(mean[1]));
      bool const constrained = !how.relaxed || entropy < how.entropy_floor;
      double const constraint = how.relaxed ? std::max(0.0, how.entropy_floor - entropy) : -entropy;
      sum += constraint -
             0.5 * (cost.losses[0] + cost.losses[1] + how.penalty * (cost.penalties[0] + cost.penalties[1]));
      ++batches;
      std::fill(gradient.begin(), gradient.end(), 0);
      for (std::size_t i = 0; i < rows; ++i) {
        double const w = static_cast<double>(weights[2 * i]);
        double slope = cost.gradient[2 * i + 1] - cost.gradient[2 * i];  // the risk is minus the cost
        if (constrained) slope += (std::log(mean[0]) - std::log(mean[1])) / static_cast<double>(rows);
        double const along = w * (1 - w) * slope;
        gradient[2 * members[i]] = along;
        gradient[2 * members[i] + 1] = -along;
      }
      adam.step(logits, gradient, rate);
    }
    found.risks.push_back(sum / batches);
    if (found.risks.back() < found.risk) {
      found.risk = found.risks.back();
      found.logits = logits;
      stale = 0;
    } else {
      ++stale;
    }
    if (epoch > How::patient_until && stale >= 5) break;
  }
  return found;
}

/// The best of several starts: `start(number, random)` is one of them.
template <class How, class Start>
Partition best_of_starts(char const* what, std::size_t samples, How const& how, Seed seed, Start&& start) {
  if (samples < 4) {
    throw ValueError(std::string(what) + ": found " + std::to_string(samples) +
                     " samples, expected at least 4");
  }
  if (how.restarts < 1 || how.epochs < 1 || how.batch < 4) {
    throw ValueError(std::string(what) + ": found restarts " + std::to_string(how.restarts) + ", epochs " +
                     std::to_string(how.epochs) + ", batch " + std::to_string(how.batch) +
                     ", expected at least 1, 1 and 4");
  }
  Partition best;
  for (int number = 0; number < how.restarts; ++number) {
    auto const stream_of_start =
        static_cast<std::uint32_t>(stream("partition") + static_cast<std::uint32_t>(number));
    Partition found = start(number, Philox{seed.value, stream_of_start, 0});
    if (found.risk < best.risk) best = std::move(found);
  }
  return best;
}

}  // namespace detail

/// Two subsets of samples whose views, projected to rows of length 1, have the largest contrastive loss and
/// penalty within: what tells most samples apart now is shared within each. Wang et al., NeurIPS 2021
/// (BibTeX: wang2021self), equation 3, as the authors' code searches it offline. Deterministic by (seed); the
/// same bits for any number of threads.
/// @param first, second features of two views of every sample, (samples, d)
/// @throws ShapeError for views of different shapes, ValueError for fewer than 4 samples or options out of
/// range.
template <class T>
[[nodiscard]] Partition find_partition(MatrixView<T const> first, MatrixView<T const> second,
                                       PartitionSearch const& how, Seed seed) {
  if (first.rows != second.rows || first.columns != second.columns) {
    throw ShapeError("find_partition: found views of " + std::to_string(first.rows) + " x " +
                     std::to_string(first.columns) + " and " + std::to_string(second.rows) + " x " +
                     std::to_string(second.columns) + ", expected one shape");
  }
  SoftPartition<T> soft(how.threads);
  std::size_t const d = first.columns;
  std::vector<T> views[2];
  auto const cost = [&](int, std::span<std::size_t const> members, MatrixView<T const> weights) {
    for (auto& view : views) view.resize(members.size() * d);
    for (std::size_t i = 0; i < members.size(); ++i) {
      std::copy_n(first.data + members[i] * d, d, views[0].data() + i * d);
      std::copy_n(second.data + members[i] * d, d, views[1].data() + i * d);
    }
    return soft(MatrixView<T const>(views[0].data(), members.size(), d),
                MatrixView<T const>(views[1].data(), members.size(), d), weights,
                {how.temperature, how.penalty_temperature, how.penalty});
  };
  return detail::best_of_starts("find_partition", first.rows, how, seed, [&](int, Philox const& random) {
    return detail::search_from<T>(first.rows, how, random, cost);
  });
}

}  // namespace disentangle::contrast
