// SPDX-License-Identifier: Apache-2.0
// The soft contrastive loss and penalty of two subsets of a minibatch, and their gradients with respect to
// how much every sample belongs to each: what the partition search of IP-IRM climbs.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>

namespace disentangle::contrast {

/// What two soft subsets of a minibatch cost.
struct SoftRisk {
  std::array<double, 2> losses{};  ///< L_k, nats
  std::array<double, 2>
      penalties{};  ///< |d L_k(s z) / d s|^2 at s = 1, s one scale for each column of logits
  /// d (mean_k L_k + weight mean_k penalty_k) / d w, (samples, 2)
  std::vector<double> gradient;
};

inline namespace DISENTANGLE_INSTRUCTION_SET {  // its code depends on the processor flags

/// Soft InfoNCE of two views of B samples. Row i of the 2B x 2B similarities, without itself, has its partner
/// in column 0 and the others by index; with anchor weights a_i = w and negatives weighed by w to the same
/// total in every row,
///     L = sum_i a_i (log sum_j u_ij exp z_ij - z_i0) / sum_i a_i,  u_i0 = 1,  u_ij = (K - 1) w_j / sum_{l>=1} w_l,  K = 2B - 1
/// Wang, Yue, Huang, Sun, Zhang, NeurIPS 2021 (BibTeX: wang2021self), as the authors' code runs it; the
/// gradients are closed forms, checked by central differences. Cost: O(B^2 d) time, 16 B^2 bytes in float:
/// never more than the minibatch's similarities. The same bits for any number of threads.
template <class T>
class SoftPartition {
 public:
  explicit SoftPartition(unsigned threads = 0) : backend_(threads) {}

  /// @param first, second features of the two views, (B, d), rows of length 1
  /// @param weights how much a sample belongs to each subset, (B, 2), above 0
  /// @param temperature, penalty_temperature of the loss, of the penalty  @param penalty weight of the
  /// penalty in `gradient`
  SoftRisk operator()(MatrixView<T const> first, MatrixView<T const> second, MatrixView<T const> weights,
                      double temperature, double penalty_temperature, double penalty) {
    if (first.rows < 2 || second.rows != first.rows || second.columns != first.columns ||
        weights.rows != first.rows || weights.columns != 2) {
      throw ShapeError(
          "SoftPartition: found views of " + std::to_string(first.rows) + " x " +
          std::to_string(first.columns) + " and " + std::to_string(second.rows) + " x " +
          std::to_string(second.columns) + " with weights of " + std::to_string(weights.rows) + " x " +
          std::to_string(weights.columns) +
          ", expected two views of the same shape with at least 2 rows, and 2 weights for each row");
    }
    prepare(first, second, weights);
    scale_ = static_cast<T>(1 / temperature);
    penalty_scale_ = static_cast<T>(1 / penalty_temperature);
    SoftRisk risk;
    for_blocks([&](std::size_t block) { forward(block); });
    for (int k = 0; k < 2; ++k) gather_forward(k, risk);
    for_blocks([&](std::size_t block) { adjoint(block, penalty); });
    gather_adjoint(risk, penalty);
    return risk;
  }

 private:
  using Backend = backend::BasicCpu<T>;
  using Pack = typename Backend::Pack;
  static constexpr std::size_t block_rows = 64;

  /// What a row has for one subset.
  struct Row {
    double loss = 0;          // ell_i
    double q0 = 0, pq0 = 0;   // weight of the positive in the softmax, at either temperature
    T scale = 0, pscale = 0;  // (K - 1) / S_i / D_i
    double others = 0;        // S_i
    double r = 0;             // sum_j g_j (q_ij - y_ij) z_ij
    double spread = 0;        // what the row gives to every sample but its own
  };

  void prepare(MatrixView<T const> first, MatrixView<T const> second, MatrixView<T const> weights) {
    samples_ = first.rows;
    n_ = 2 * samples_;
    blocks_ = (n_ + block_rows - 1) / block_rows;
    features_.assign(first.data, first.data + first.size());
    features_.insert(features_.end(), second.data, second.data + second.size());
    similarity_.resize(n_ * n_);
    auto const rows = static_cast<std::ptrdiff_t>(n_), d = static_cast<std::ptrdiff_t>(first.columns);
    backend_.multiply(rows, rows, d, features_.data(), {d, 1}, features_.data(), {1, d}, similarity_.data(),
                      {rows, 1}, false);
    for (std::size_t k = 0; k < 2; ++k) {
      weights_[k].resize(n_);
      total_[k] = 0;
      for (std::size_t m = 0; m < samples_; ++m) {
        weights_[k][m] = weights_[k][m + samples_] = weights(m, k);
        total_[k] += static_cast<double>(weights(m, k));
      }
      rows_[k].assign(n_, Row{});
      columns_[k].assign(blocks_ * n_, T(0));
      direction_[k].assign(n_, T(0));
    }
  }
  template <class F>
  void for_blocks(F&& body) {
    backend_.pool().for_each(blocks_, body);
  }

  /// Calls visit(column, lanes, shift) for the columns of row i but i and its partner; column + shift is the
  /// logit's rank.
  template <class Visit>
  void for_columns(std::size_t i, Visit&& visit) const {
    std::size_t const partner = (i + samples_) % n_, low = std::min(i, partner), high = std::max(i, partner);
    std::size_t const begins[] = {0, low + 1, high + 1}, ends[] = {low, high, n_};
    for (int part = 0; part < 3; ++part) {
      for (std::size_t c = begins[part]; c < ends[part]; c += Pack::size) {
        visit(c, std::min(Pack::size, ends[part] - c), std::ptrdiff_t{1} - part);
      }
    }
  }

  void forward(std::size_t block) {
    for (std::size_t i = block * block_rows; i < std::min(n_, (block + 1) * block_rows); ++i) {
      T const* const s = similarity_.data() + i * n_;
      T const positive = s[(i + samples_) % n_];
      std::array<Pack, 2> sums{Pack(T(0)), Pack(T(0))}, psums = sums;
      for_columns(i, [&](std::size_t c, std::size_t lanes, std::ptrdiff_t) {
        Pack const x = Pack::load(s + c, lanes), e = exp(x * Pack(scale_)),
                   pe = exp(x * Pack(penalty_scale_));
        for (std::size_t k = 0; k < 2; ++k) {
          Pack const w = Pack::load(weights_[k].data() + c, lanes);
          sums[k] += w * e;
          psums[k] += w * pe;
        }
      });
      for (std::size_t k = 0; k < 2; ++k) {
        Row& row = rows_[k][i];
        double const own = static_cast<double>(weights_[k][i]),
                     e0 = std::exp(static_cast<double>(scale_ * positive)),
                     pe0 = std::exp(static_cast<double>(penalty_scale_ * positive));
        row.others = 2 * (total_[k] - own);
        double const up = static_cast<double>(n_ - 2) / row.others;
        double const all = e0 + up * static_cast<double>(sum(sums[k])),
                     pall = pe0 + up * static_cast<double>(sum(psums[k]));
        row.loss = std::log(all) - static_cast<double>(scale_ * positive);
        row.q0 = e0 / all;
        row.pq0 = pe0 / pall;
        row.scale = static_cast<T>(up / all);
        row.pscale = static_cast<T>(up / pall);
        T* const to = columns_[k].data() + block * n_;
        to[0] += static_cast<T>(own * (row.pq0 - 1)) * penalty_scale_ * positive;
        Pack const factor(static_cast<T>(own) * row.pscale * penalty_scale_);
        for_columns(i, [&](std::size_t c, std::size_t lanes, std::ptrdiff_t shift) {
          Pack const x = Pack::load(s + c, lanes), w = Pack::load(weights_[k].data() + c, lanes);
          T* const at = to + (static_cast<std::ptrdiff_t>(c) + shift);
          (Pack::load(at, lanes) + factor * w * exp(x * Pack(penalty_scale_)) * x).store(at, lanes);
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

  void gather_forward(int subset, SoftRisk& risk) {
    auto const k = static_cast<std::size_t>(subset);
    double const anchors = 2 * total_[k];
    for (std::size_t i = 0; i < n_; ++i)
      risk.losses[k] += static_cast<double>(weights_[k][i]) * rows_[k][i].loss / anchors;
    for (std::size_t j = 0; j + 1 < n_; ++j) {
      double const g = over_blocks(k, j) / anchors;
      direction_[k][j] = static_cast<T>(g);
      risk.penalties[k] += g * g;
    }
    loss_[k] = risk.losses[k];
    penalty_[k] = risk.penalties[k];
    columns_[k].assign(blocks_ * n_, T(0));
  }

  void adjoint(std::size_t block, double penalty) {
    for (std::size_t i = block * block_rows; i < std::min(n_, (block + 1) * block_rows); ++i) {
      T const* const s = similarity_.data() + i * n_;
      double const positive =
          static_cast<double>(s[(i + samples_) % n_]) * static_cast<double>(penalty_scale_);
      for (std::size_t k = 0; k < 2; ++k) {
        Row& row = rows_[k][i];
        T const* const g = direction_[k].data();
        Pack along(T(0));
        for_columns(i, [&](std::size_t c, std::size_t lanes, std::ptrdiff_t shift) {
          Pack const z = Pack::load(s + c, lanes) * Pack(penalty_scale_),
                     w = Pack::load(weights_[k].data() + c, lanes);
          along += Pack::load(g + (static_cast<std::ptrdiff_t>(c) + shift), lanes) * z * w * exp(z);
        });
        double const first = static_cast<double>(g[0]) * positive;
        double const h = first * row.pq0 + static_cast<double>(row.pscale) * static_cast<double>(sum(along));
        row.r = h - first;
        double const anchor = static_cast<double>(weights_[k][i]) / (2 * total_[k]);
        row.spread = anchor * (-2 * (1 - row.q0) + penalty * 4 * row.pq0 * (first - h)) / row.others;
        T* const to = columns_[k].data() + block * n_;
        Pack const loss_factor(static_cast<T>(anchor) * row.scale),
            penalty_factor(static_cast<T>(2 * penalty * anchor) * row.pscale), h_all(static_cast<T>(h));
        for_columns(i, [&](std::size_t c, std::size_t lanes, std::ptrdiff_t shift) {
          Pack const x = Pack::load(s + c, lanes), z = x * Pack(penalty_scale_);
          Pack const gz = Pack::load(g + (static_cast<std::ptrdiff_t>(c) + shift), lanes) * z;
          (Pack::load(to + c, lanes) + loss_factor * exp(x * Pack(scale_)) +
           penalty_factor * exp(z) * (gz - h_all))
              .store(to + c, lanes);
        });
      }
    }
  }

  void gather_adjoint(SoftRisk& risk, double penalty) {
    risk.gradient.assign(2 * samples_, 0);
    for (std::size_t k = 0; k < 2; ++k) {
      double const anchors = 2 * total_[k];
      double spread = 0;
      for (Row const& row : rows_[k]) spread += row.spread;
      for (std::size_t m = 0; m < samples_; ++m) {
        double sum = spread;
        for (std::size_t i : {m, m + samples_}) {
          Row const& row = rows_[k][i];
          sum += over_blocks(k, i) - row.spread;
          sum += ((row.loss - loss_[k]) + penalty * 2 * (row.r - penalty_[k])) / anchors;
        }
        risk.gradient[2 * m + k] = sum / 2;
      }
    }
  }

  Backend backend_;
  std::size_t samples_ = 0, n_ = 0, blocks_ = 0;
  T scale_ = 1, penalty_scale_ = 1;
  std::vector<T> features_, similarity_;
  std::array<std::vector<T>, 2> weights_, columns_, direction_;
  std::array<std::vector<Row>, 2> rows_;
  std::array<double, 2> total_{}, loss_{}, penalty_{};
};

}  // namespace DISENTANGLE_INSTRUCTION_SET

}  // namespace disentangle::contrast
