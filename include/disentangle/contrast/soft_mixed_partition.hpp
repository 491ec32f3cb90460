// SPDX-License-Identifier: Apache-2.0
// The soft contrastive loss and penalty of two subsets of a minibatch whose first view is mixed in pairs, and
// their gradients with respect to how much every sample belongs to each: what the search of IP-IRM with MixUp
// climbs.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/contrast/soft_partition.hpp>

namespace disentangle::contrast {

inline namespace DISENTANGLE_INSTRUCTION_SET {  // its code depends on the processor flags

/// One-sided logits z_ij = x_i . y_j / temperature of B mixtures x and B second views y. Mixture i is of
/// samples i and p(i), and is to name both; negatives are weighed by w to the same total in every row:
///     ell(i, t) = log sum_j u_ij exp z_ij - z_it,   u_it = 1,  u_ij = (B - 1) w_j / sum_{l != t} w_l
///     L = sum_i a_i [ share * ell(i, i) + (1 - share) * ell(i, p(i)) ] / sum_i a_i
/// and the penalty |dL(s z)/ds|^2 at s = 1, s a scale for each column. Either all a_i are 1: in the authors'
/// online search with MixUp the mean over anchors is taken before they are weighed, so that their weights
/// cancel (docs/methods/ip_irm.md); or a = w. That a column stands for the same second view in every row is a
/// RECONSTRUCTION, as for MixUpPartition. Gradients are closed forms, checked by central differences. Cost:
/// O(B^2 d) time, 4 B^2 bytes in float. The same bits for any number of threads.
template <class T>
class SoftMixedPartition {
 public:
  /// @param weigh_anchors whether a = w
  explicit SoftMixedPartition(bool weigh_anchors, unsigned threads = 0)
      : backend_(threads), weigh_anchors_(weigh_anchors) {}

  /// @param first, second features of mixtures and of second views, (B, d), rows of length 1
  /// @param partner p, a permutation of 0 .. B - 1  @param share of sample i in mixture i, the mean over i
  /// @param weights how much a sample belongs to each subset, (B, 2), above 0
  /// @param temperature, penalty_temperature of the loss, of the penalty  @param penalty weight of the
  /// penalty in `gradient`
  SoftRisk operator()(MatrixView<T const> first, MatrixView<T const> second, std::span<int const> partner,
                      double share, MatrixView<T const> weights, double temperature,
                      double penalty_temperature, double penalty) {
    if (first.rows < 2 || second.rows != first.rows || second.columns != first.columns ||
        weights.rows != first.rows || weights.columns != 2 || partner.size() != first.rows) {
      throw ShapeError("SoftMixedPartition: found views of " + std::to_string(first.rows) + " x " +
                       std::to_string(first.columns) + " and " + std::to_string(second.rows) + " x " +
                       std::to_string(second.columns) + " with " + std::to_string(partner.size()) +
                       " partners and weights of " + std::to_string(weights.rows) + " x " +
                       std::to_string(weights.columns) +
                       ", expected two views of the same shape with at least 2 rows, a partner and 2 weights "
                       "for each row");
    }
    partner_ = partner;
    prepare(first, second, weights, share);
    scale_ = static_cast<T>(1 / temperature);
    penalty_scale_ = static_cast<T>(1 / penalty_temperature);
    SoftRisk risk;
    for_blocks([&](std::size_t block) { forward(block); });
    for (std::size_t k = 0; k < 2; ++k) gather_forward(k, risk);
    for_blocks([&](std::size_t block) { adjoint(block, penalty); });
    gather_adjoint(risk, penalty);
    return risk;
  }

 private:
  using Backend = backend::BasicCpu<T>;
  using Pack = typename Backend::Pack;
  static constexpr std::size_t block_rows = 64;

  /// What a row has for one subset and one of the two samples that it is to name.
  struct Target {
    double loss = 0;               // ell
    double q = 0, pq = 0;          // weight of the sample in the softmax, at either temperature
    double scale = 0, pscale = 0;  // (B - 1) / S / D
    double others = 0;             // S
    double spread = 0;             // what the row gives to every sample but this
  };
  struct Row {
    std::array<Target, 2> targets{};
    double anchor = 0;       // a_i / sum of all
    double loss = 0, r = 0;  // over both targets: ell, sum_j g_j (q_ij - y_ij) z_ij
  };

  void prepare(MatrixView<T const> first, MatrixView<T const> second, MatrixView<T const> weights,
               double share) {
    n_ = first.rows;
    blocks_ = (n_ + block_rows - 1) / block_rows;
    shares_ = {share, 1 - share};
    similarity_.resize(n_ * n_);
    auto const rows = static_cast<std::ptrdiff_t>(n_), d = static_cast<std::ptrdiff_t>(first.columns);
    backend_.multiply(rows, rows, d, first.data, {d, 1}, second.data, {1, d}, similarity_.data(), {rows, 1},
                      false);
    for (std::size_t k = 0; k < 2; ++k) {
      weights_[k].resize(n_);
      total_[k] = 0;
      for (std::size_t m = 0; m < n_; ++m) {
        weights_[k][m] = weights(m, k);
        total_[k] += static_cast<double>(weights(m, k));
      }
      rows_[k].assign(n_, Row{});
      for (std::size_t i = 0; i < n_; ++i)
        rows_[k][i].anchor = weigh_anchors_ ? weight(k, i) / total_[k] : 1 / static_cast<double>(n_);
      columns_[k].assign(blocks_ * n_, T(0));
      direction_[k].assign(n_, T(0));
    }
  }
  template <class F>
  void for_blocks(F&& body) {
    backend_.pool().for_each(blocks_, body);
  }

  std::size_t partner(std::size_t i) const { return static_cast<std::size_t>(partner_[i]); }

  /// Calls visit(column, lanes) for the columns of row i but i and its partner.
  template <class Visit>
  void for_columns(std::size_t i, Visit&& visit) const {
    std::size_t const low = std::min(i, partner(i)), high = std::max(i, partner(i));
    std::size_t const begins[] = {0, low + 1, high + 1}, ends[] = {low, high, n_};
    for (int part = 0; part < 3; ++part) {
      for (std::size_t c = begins[part]; c < ends[part]; c += Pack::size)
        visit(c, std::min(Pack::size, ends[part] - c));
    }
  }

  /// Calls visit(target, its sample, the row's other sample, whether that is another one) for both samples of
  /// row i.
  template <class Visit>
  void for_targets(std::size_t k, std::size_t i, Visit&& visit) {
    std::array<std::size_t, 2> const samples{i, partner(i)};
    for (std::size_t t = 0; t < 2; ++t)
      visit(t, rows_[k][i].targets[t], samples[t], samples[1 - t], samples[0] != samples[1]);
  }

  double exponential(T scale, T similarity) const {
    return std::exp(static_cast<double>(scale * similarity));
  }
  double weight(std::size_t k, std::size_t m) const { return static_cast<double>(weights_[k][m]); }

  void forward(std::size_t block) {
    for (std::size_t i = block * block_rows; i < std::min(n_, (block + 1) * block_rows); ++i) {
      T const* const s = similarity_.data() + i * n_;
      std::array<Pack, 2> sums{Pack(T(0)), Pack(T(0))}, psums = sums;
      for_columns(i, [&](std::size_t c, std::size_t lanes) {
        Pack const x = Pack::load(s + c, lanes), e = exp(x * Pack(scale_)),
                   pe = exp(x * Pack(penalty_scale_));
        for (std::size_t k = 0; k < 2; ++k) {
          Pack const w = Pack::load(weights_[k].data() + c, lanes);
          sums[k] += w * e;
          psums[k] += w * pe;
        }
      });
      for (std::size_t k = 0; k < 2; ++k) {
        T* const to = columns_[k].data() + block * n_;
        T pscale = 0;
        for_targets(k, i, [&](std::size_t t, Target& target, std::size_t m, std::size_t o, bool two) {
          target.others = total_[k] - weight(k, m);
          double const up = static_cast<double>(n_ - 1) / target.others, w = two ? weight(k, o) : 0,
                       e = exponential(scale_, s[m]), pe = exponential(penalty_scale_, s[m]);
          double const all = e + up * (static_cast<double>(sum(sums[k])) + w * exponential(scale_, s[o])),
                       pall = pe + up * (static_cast<double>(sum(psums[k])) +
                                         w * exponential(penalty_scale_, s[o]));
          target.loss = std::log(all) - static_cast<double>(scale_ * s[m]);
          target.q = e / all;
          target.pq = pe / pall;
          target.scale = up / all;
          target.pscale = up / pall;
          rows_[k][i].loss += shares_[t] * target.loss;
          double const share = rows_[k][i].anchor * shares_[t],
                       other = w * target.pscale * exponential(penalty_scale_, s[o]);
          pscale += static_cast<T>(share * target.pscale);
          to[m] += static_cast<T>(share * (target.pq - 1)) * penalty_scale_ * s[m];
          to[o] += static_cast<T>(share * other) * penalty_scale_ * s[o];
        });
        Pack const factor(pscale * penalty_scale_);
        for_columns(i, [&](std::size_t c, std::size_t lanes) {
          Pack const x = Pack::load(s + c, lanes), w = Pack::load(weights_[k].data() + c, lanes);
          (Pack::load(to + c, lanes) + factor * w * exp(x * Pack(penalty_scale_)) * x).store(to + c, lanes);
        });
      }
    }
  }

  /// The sum over blocks of what they have at a column, in the order of the blocks.
  double over_blocks(std::size_t k, std::size_t column) const {
    double sum = 0;
    for (std::size_t block = 0; block < blocks_; ++block)
      sum += static_cast<double>(columns_[k][block * n_ + column]);
    return sum;
  }

  void gather_forward(std::size_t k, SoftRisk& risk) {
    for (Row const& row : rows_[k]) risk.losses[k] += row.anchor * row.loss;
    for (std::size_t j = 0; j < n_; ++j) {
      double const g = over_blocks(k, j);
      direction_[k][j] = static_cast<T>(g);
      risk.penalties[k] += g * g;
    }
    columns_[k].assign(blocks_ * n_, T(0));
  }

  void adjoint(std::size_t block, double penalty) {
    for (std::size_t i = block * block_rows; i < std::min(n_, (block + 1) * block_rows); ++i) {
      T const* const s = similarity_.data() + i * n_;
      for (std::size_t k = 0; k < 2; ++k) {
        T const* const g = direction_[k].data();
        Pack along(T(0));
        for_columns(i, [&](std::size_t c, std::size_t lanes) {
          Pack const z = Pack::load(s + c, lanes) * Pack(penalty_scale_),
                     w = Pack::load(weights_[k].data() + c, lanes);
          along += Pack::load(g + c, lanes) * z * w * exp(z);
        });
        T* const to = columns_[k].data() + block * n_;
        T scale = 0, pscale = 0, h_scale = 0;
        for_targets(k, i, [&](std::size_t t, Target& target, std::size_t m, std::size_t o, bool two) {
          auto const slope = [&](std::size_t j) {
            return static_cast<double>(g[j]) * static_cast<double>(penalty_scale_ * s[j]);
          };
          double const pe = exponential(penalty_scale_, s[o]), share = rows_[k][i].anchor * shares_[t],
                       rest = static_cast<double>(sum(along)) + (two ? weight(k, o) * pe * slope(o) : 0),
                       h = slope(m) * target.pq + target.pscale * rest;
          rows_[k][i].r += shares_[t] * (h - slope(m));
          target.spread =
              share * (-(1 - target.q) + 2 * penalty * target.pq * (slope(m) - h)) / target.others;
          scale += static_cast<T>(share * target.scale);
          pscale += static_cast<T>(share * target.pscale);
          h_scale += static_cast<T>(share * target.pscale * h);
          if (!two) return;
          to[o] += static_cast<T>(share * (target.scale * exponential(scale_, s[o]) +
                                           2 * penalty * target.pscale * pe * (slope(o) - h)));
        });
        Pack const loss_factor(scale), penalty_factor(static_cast<T>(2 * penalty)), slope_factor(pscale),
            h_all(h_scale);
        for_columns(i, [&](std::size_t c, std::size_t lanes) {
          Pack const x = Pack::load(s + c, lanes), z = x * Pack(penalty_scale_);
          (Pack::load(to + c, lanes) + loss_factor * exp(x * Pack(scale_)) +
           penalty_factor * exp(z) * (slope_factor * Pack::load(g + c, lanes) * z - h_all))
              .store(to + c, lanes);
        });
      }
    }
  }

  void gather_adjoint(SoftRisk& risk, double penalty) {
    risk.gradient.assign(2 * n_, 0);
    for (std::size_t k = 0; k < 2; ++k) {
      double spread = 0;
      std::vector<double> own(n_, 0);
      for (std::size_t i = 0; i < n_; ++i) {
        for_targets(k, i, [&](std::size_t, Target const& target, std::size_t m, std::size_t, bool) {
          spread += target.spread;
          own[m] += target.spread;
        });
      }
      for (std::size_t m = 0; m < n_; ++m) {
        Row const& row = rows_[k][m];
        double const anchor =
            weigh_anchors_
                ? ((row.loss - risk.losses[k]) + penalty * 2 * (row.r - risk.penalties[k])) / total_[k]
                : 0;
        risk.gradient[2 * m + k] = (spread - own[m] + over_blocks(k, m) + anchor) / 2;
      }
    }
  }

  Backend backend_;
  std::span<int const> partner_;
  bool weigh_anchors_;
  std::array<double, 2> shares_{};  // of either sample of a mixture
  std::size_t n_ = 0, blocks_ = 0;
  T scale_ = 1, penalty_scale_ = 1;
  std::vector<T> similarity_;
  std::array<std::vector<T>, 2> weights_, columns_, direction_;
  std::array<std::vector<Row>, 2> rows_;
  std::array<double, 2> total_{};
};

}  // namespace DISENTANGLE_INSTRUCTION_SET

}  // namespace disentangle::contrast
