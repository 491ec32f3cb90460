// SPDX-License-Identifier: Apache-2.0
// The soft contrastive loss and penalty of two subsets of a minibatch, plain or with one view mixed in pairs,
// and their gradients with respect to how much every sample belongs to each: what the partition searches of
// IP-IRM climb.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/contrast/image_mixture.hpp>
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

/// How sharp a loss and its penalty are, and how much the penalty weighs in SoftRisk::gradient.
struct SoftRiskOptions {
  double temperature = 0.5, penalty_temperature = 0.5, penalty = 0.5;
};

/// What the loss of a mixture of two samples asks for.
enum class MixtureLabels {
  both,  ///< both samples, each with its share: the authors' online search
  /// the row's own sample alone, times its share: the authors' offline loss for MixUp, which no script runs
  own
};

namespace detail {

/// The logits of two views of B samples: row i of the 2B x 2B similarities, without itself, has its partner
/// in column 0 and the others by index.
struct TwoViewRows {
  std::size_t samples;

  static constexpr bool mixes = false;
  static constexpr std::size_t copies = 2;  // columns in which a row meets a sample that is not its own
  std::size_t rows() const { return 2 * samples; }
  std::size_t ranks() const { return 2 * samples - 1; }
  std::size_t own(std::size_t i) const { return (i + samples) % rows(); }
  static std::size_t own_rank(std::size_t) { return 0; }
  bool weighs_anchors() const { return true; }

  /// Calls visit(begin, end, shift) for the runs of columns whose samples are not row i's; column + shift is
  /// the logit's rank.
  template <class Visit>
  void for_runs(std::size_t i, Visit&& visit) const {
    std::size_t const low = std::min(i, own(i)), high = std::max(i, own(i));
    visit(std::size_t{0}, low, std::ptrdiff_t{1});
    visit(low + 1, high, std::ptrdiff_t{0});
    visit(high + 1, rows(), std::ptrdiff_t{-1});
  }
};

/// The logits of B mixtures and B second views: row i has all second views, its own sample's is column i.
struct MixtureRows {
  std::size_t samples;
  ImageMixture const* mixture;
  MixtureLabels labels;

  static constexpr bool mixes = true;
  static constexpr std::size_t copies = 1;
  std::size_t rows() const { return samples; }
  std::size_t ranks() const { return samples; }
  static std::size_t own(std::size_t i) { return i; }
  static std::size_t own_rank(std::size_t i) { return i; }
  bool weighs_anchors() const { return labels == MixtureLabels::own; }
  std::size_t partner(std::size_t i) const { return static_cast<std::size_t>(mixture->partner[i]); }
  /// What the row's loss is multiplied by.
  double factor(std::size_t i) const {
    return labels == MixtureLabels::own ? static_cast<double>(mixture->share[i]) : 1;
  }
  /// How much of the target lies on the partner; 0 where the sample is its own.
  double other_share(std::size_t i) const {
    return labels == MixtureLabels::own || partner(i) == i ? 0 : 1 - static_cast<double>(mixture->share[i]);
  }

  template <class Visit>
  void for_runs(std::size_t i, Visit&& visit) const {
    visit(std::size_t{0}, i, std::ptrdiff_t{0});
    visit(i + 1, rows(), std::ptrdiff_t{0});
  }
};

}  // namespace detail

inline namespace DISENTANGLE_INSTRUCTION_SET {  // its code depends on the processor flags

/// Soft InfoNCE of the samples of a minibatch, for either of two subsets to which they belong with the
/// weights w. Row i of the logits z has its own sample in column o, with weight 1; negatives are weighed by w
/// to the same total in every row:
///     ell_i = log sum_j u_ij exp z_ij - sum_j y_ij (z_ij + log u_ij),
///     u_io = 1,  u_ij = n w_j / sum_{l != o} w_l
///     L = sum_i a_i ell_i / sum_i a_i,   penalty = |d L(s z) / d s|^2 at s = 1, s a scale for each column
/// with n the number of negatives of a row.
/// Two views: z = x x^T / temperature of the 2B rows without their diagonal, the partner first; y = 1 in
/// column 0, a = w.
/// Mixtures: z_ij = x_i . y_j / temperature of B mixtures x and B second views y. MixtureLabels::both: y_ii =
/// share_i, and y_ip(i) = 1 - share_i, where p(i) keeps the soft weight that it has in row i; all a_i are 1,
/// since the authors' code takes the mean over anchors before it weighs them, so that their weights cancel.
/// MixtureLabels::own: y_ii = 1, a = w, and ell_i counts share_i times.
/// Wang, Yue, Huang, Sun, Zhang, NeurIPS 2021 (BibTeX: wang2021self), as the authors' code runs them
/// (soft_contrastive_loss in utils.py, soft_contrastive_loss_mixup_online and _offline in utils_mixup.py).
/// The gradients are closed forms, checked by central differences: derived from expressions they would take
/// ten products with five matrices of the similarities' size (counted, not built). Cost: O(B^2 d) time; 16
/// B^2 bytes in float for two views, 4 B^2 for mixtures: never more than the similarities. The same bits for
/// any number of threads.
template <class T>
class SoftPartition {
 public:
  explicit SoftPartition(unsigned threads = 0) : backend_(threads) {}

  /// Of two views.
  /// @param first, second features, (B, d), rows of length 1
  /// @param weights how much a sample belongs to each subset, (B, 2), above 0
  /// @throws ShapeError for views of different shapes, of fewer than 2 rows, or other than 2 weights for a
  /// row
  SoftRisk operator()(MatrixView<T const> first, MatrixView<T const> second, MatrixView<T const> weights,
                      SoftRiskOptions const& how) {
    check(first, second, weights, first.rows);
    std::size_t const n = 2 * first.rows;
    features_.assign(first.data, first.data + first.size());
    features_.insert(features_.end(), second.data, second.data + second.size());
    compare(n, first.columns, features_.data(), features_.data());
    return risk_of(detail::TwoViewRows{first.rows}, weights, how);
  }

  /// Of mixtures and second views, in each of which row i is of the same sample.
  /// @param mixture what the rows of `first` were mixed with, and how much of themselves they kept
  /// @throws ShapeError as above, and for other than one partner and share for a row
  SoftRisk operator()(MatrixView<T const> first, MatrixView<T const> second, ImageMixture const& mixture,
                      MixtureLabels labels, MatrixView<T const> weights, SoftRiskOptions const& how) {
    check(first, second, weights, std::min(mixture.partner.size(), mixture.share.size()));
    compare(first.rows, first.columns, first.data, second.data);
    return risk_of(detail::MixtureRows{first.rows, &mixture, labels}, weights, how);
  }

 private:
  using Backend = backend::BasicCpu<T>;
  using Pack = typename Backend::Pack;
  static constexpr std::size_t block_rows = 64;

  /// What a row has for one subset.
  struct Row {
    double loss = 0;          // ell_i
    double q0 = 0, pq0 = 0;   // weight of the own sample in the softmax, at either temperature
    T scale = 0, pscale = 0;  // n / S_i / D_i
    double others = 0;        // S_i
    double r = 0;             // sum_j g_j (q_ij - y_ij) z_ij
    double spread = 0;        // what the row gives to every sample but its own
  };

  static void check(MatrixView<T const> first, MatrixView<T const> second, MatrixView<T const> weights,
                    std::size_t partners) {
    if (first.rows >= 2 && second.rows == first.rows && second.columns == first.columns &&
        weights.rows == first.rows && weights.columns == 2 && partners == first.rows)
      return;
    throw ShapeError(
        "SoftPartition: found views of " + std::to_string(first.rows) + " x " +
        std::to_string(first.columns) + " and " + std::to_string(second.rows) + " x " +
        std::to_string(second.columns) + " with weights of " + std::to_string(weights.rows) + " x " +
        std::to_string(weights.columns) + " and partners for " + std::to_string(partners) +
        ", expected two views of the same shape with at least 2 rows, and 2 weights and a partner "
        "for each row");
  }

  /// The similarities of n rows of d numbers.
  void compare(std::size_t n, std::size_t d, T const* first, T const* second) {
    similarity_.resize(n * n);
    auto const rows = static_cast<std::ptrdiff_t>(n), columns = static_cast<std::ptrdiff_t>(d);
    backend_.multiply(rows, rows, columns, first, {columns, 1}, second, {1, columns}, similarity_.data(),
                      {rows, 1}, false);
  }

  template <class Rows>
  SoftRisk risk_of(Rows const& layout, MatrixView<T const> weights, SoftRiskOptions const& how) {
    prepare(layout, weights);
    scale_ = static_cast<T>(1 / how.temperature);
    penalty_scale_ = static_cast<T>(1 / how.penalty_temperature);
    SoftRisk risk;
    for_blocks([&](std::size_t block) { forward(layout, block); });
    for (std::size_t k = 0; k < 2; ++k) gather_forward(layout, k, risk);
    for_blocks([&](std::size_t block) { adjoint(layout, block, how.penalty); });
    gather_adjoint(layout, risk, how.penalty);
    return risk;
  }

  template <class Rows>
  void prepare(Rows const& layout, MatrixView<T const> weights) {
    n_ = layout.rows();
    blocks_ = (n_ + block_rows - 1) / block_rows;
    for (std::size_t k = 0; k < 2; ++k) {
      weights_[k].resize(n_);
      total_[k] = 0;
      for (std::size_t m = 0; m < layout.samples; ++m) total_[k] += static_cast<double>(weights(m, k));
      for (std::size_t i = 0; i < n_; ++i) weights_[k][i] = weights(i % layout.samples, k);
      anchors_[k] =
          layout.weighs_anchors() ? static_cast<double>(Rows::copies) * total_[k] : static_cast<double>(n_);
      rows_[k].assign(n_, Row{});
      columns_[k].assign(blocks_ * n_, T(0));
      direction_[k].assign(n_, T(0));
    }
  }
  template <class F>
  void for_blocks(F&& body) {
    backend_.pool().for_each(blocks_, body);
  }
  template <class F>
  void for_rows(std::size_t block, F&& body) const {
    for (std::size_t i = block * block_rows; i < std::min(n_, (block + 1) * block_rows); ++i) body(i);
  }

  /// Calls visit(column, lanes, shift) for packs of the columns whose samples are not row i's.
  template <class Rows, class Visit>
  static void for_columns(Rows const& layout, std::size_t i, Visit&& visit) {
    layout.for_runs(i, [&](std::size_t begin, std::size_t end, std::ptrdiff_t shift) {
      for (std::size_t c = begin; c < end; c += Pack::size) visit(c, std::min(Pack::size, end - c), shift);
    });
  }

  double weight(std::size_t k, std::size_t i) const { return static_cast<double>(weights_[k][i]); }
  template <class Rows>
  double anchor(Rows const& layout, std::size_t k, std::size_t i) const {
    return layout.weighs_anchors() ? weight(k, i) : 1;
  }

  template <class Rows>
  void forward(Rows const& layout, std::size_t block) {
    for_rows(block, [&](std::size_t i) {
      T const* const s = similarity_.data() + i * n_;
      T const positive = s[layout.own(i)];
      std::array<Pack, 2> sums{Pack(T(0)), Pack(T(0))}, psums = sums;
      for_columns(layout, i, [&](std::size_t c, std::size_t lanes, std::ptrdiff_t) {
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
        double const own = weight(k, i), e0 = std::exp(static_cast<double>(scale_ * positive)),
                     pe0 = std::exp(static_cast<double>(penalty_scale_ * positive));
        row.others = static_cast<double>(Rows::copies) * (total_[k] - own);
        double const up = static_cast<double>(layout.ranks() - 1) / row.others;
        double const all = e0 + up * static_cast<double>(sum(sums[k])),
                     pall = pe0 + up * static_cast<double>(sum(psums[k]));
        row.loss = std::log(all) - static_cast<double>(scale_ * positive);
        row.q0 = e0 / all;
        row.pq0 = pe0 / pall;
        row.scale = static_cast<T>(up / all);
        row.pscale = static_cast<T>(up / pall);
        double part = anchor(layout, k, i);
        if constexpr (Rows::mixes) part *= layout.factor(i);
        T* const to = columns_[k].data() + block * n_;
        to[Rows::own_rank(i)] += static_cast<T>(part * (row.pq0 - 1)) * penalty_scale_ * positive;
        if constexpr (Rows::mixes) {  // 1 - share of the target lies on the partner instead
          double const other = layout.other_share(i);
          if (other != 0) {
            std::size_t const p = layout.partner(i);
            row.loss +=
                other * (static_cast<double>(scale_ * (positive - s[p])) - std::log(up * weight(k, p)));
            to[i] += static_cast<T>(part * other) * penalty_scale_ * positive;
            to[p] -= static_cast<T>(part * other) * penalty_scale_ * s[p];
          }
          row.loss *= layout.factor(i);
        }
        Pack const factor(static_cast<T>(part) * row.pscale * penalty_scale_);
        for_columns(layout, i, [&](std::size_t c, std::size_t lanes, std::ptrdiff_t shift) {
          Pack const x = Pack::load(s + c, lanes), w = Pack::load(weights_[k].data() + c, lanes);
          T* const at = to + (static_cast<std::ptrdiff_t>(c) + shift);
          (Pack::load(at, lanes) + factor * w * exp(x * Pack(penalty_scale_)) * x).store(at, lanes);
        });
      }
    });
  }

  /// The sum over blocks of what they have at a column, in the order of the blocks.
  double over_blocks(std::size_t k, std::size_t column) const {
    double sum = 0;
    for (std::size_t block = 0; block < blocks_; ++block)
      sum += static_cast<double>(columns_[k][block * n_ + column]);
    return sum;
  }

  template <class Rows>
  void gather_forward(Rows const& layout, std::size_t k, SoftRisk& risk) {
    for (std::size_t i = 0; i < n_; ++i)
      risk.losses[k] += anchor(layout, k, i) * rows_[k][i].loss / anchors_[k];
    for (std::size_t j = 0; j < layout.ranks(); ++j) {
      double const g = over_blocks(k, j) / anchors_[k];
      direction_[k][j] = static_cast<T>(g);
      risk.penalties[k] += g * g;
    }
    columns_[k].assign(blocks_ * n_, T(0));
  }

  template <class Rows>
  void adjoint(Rows const& layout, std::size_t block, double penalty) {
    for_rows(block, [&](std::size_t i) {
      T const* const s = similarity_.data() + i * n_;
      double const positive = static_cast<double>(s[layout.own(i)]) * static_cast<double>(penalty_scale_);
      for (std::size_t k = 0; k < 2; ++k) {
        Row& row = rows_[k][i];
        T const* const g = direction_[k].data();
        Pack along(T(0));
        for_columns(layout, i, [&](std::size_t c, std::size_t lanes, std::ptrdiff_t shift) {
          Pack const z = Pack::load(s + c, lanes) * Pack(penalty_scale_),
                     w = Pack::load(weights_[k].data() + c, lanes);
          along += Pack::load(g + (static_cast<std::ptrdiff_t>(c) + shift), lanes) * z * w * exp(z);
        });
        double const first = static_cast<double>(g[Rows::own_rank(i)]) * positive;
        double const h = first * row.pq0 + static_cast<double>(row.pscale) * static_cast<double>(sum(along));
        double part = anchor(layout, k, i) / anchors_[k];
        if constexpr (Rows::mixes) part *= layout.factor(i);
        constexpr double copies = static_cast<double>(Rows::copies);
        row.r = h - first;
        row.spread =
            part * (-copies * (1 - row.q0) + penalty * (2 * copies) * row.pq0 * (first - h)) / row.others;
        if constexpr (Rows::mixes) {
          double const other = layout.other_share(i);
          std::size_t const p = layout.partner(i);
          row.r += other * (first - static_cast<double>(g[p]) * static_cast<double>(penalty_scale_ * s[p]));
          row.r *= layout.factor(i);
          row.spread += part * other / row.others;
        }
        T* const to = columns_[k].data() + block * n_;
        Pack const loss_factor(static_cast<T>(part) * row.scale),
            penalty_factor(static_cast<T>(2 * penalty * part) * row.pscale), h_all(static_cast<T>(h));
        for_columns(layout, i, [&](std::size_t c, std::size_t lanes, std::ptrdiff_t shift) {
          Pack const x = Pack::load(s + c, lanes), z = x * Pack(penalty_scale_);
          Pack const gz = Pack::load(g + (static_cast<std::ptrdiff_t>(c) + shift), lanes) * z;
          (Pack::load(to + c, lanes) + loss_factor * exp(x * Pack(scale_)) +
           penalty_factor * exp(z) * (gz - h_all))
              .store(to + c, lanes);
        });
      }
    });
  }

  template <class Rows>
  void gather_adjoint(Rows const& layout, SoftRisk& risk, double penalty) {
    risk.gradient.assign(2 * layout.samples, 0);
    for (std::size_t k = 0; k < 2; ++k) {
      double spread = 0;
      for (Row const& row : rows_[k]) spread += row.spread;
      for (std::size_t m = 0; m < layout.samples; ++m) {
        double sum = spread;
        for (std::size_t i = m; i < n_; i += layout.samples) {
          Row const& row = rows_[k][i];
          sum += over_blocks(k, i) - row.spread;
          if (layout.weighs_anchors())
            sum += ((row.loss - risk.losses[k]) + penalty * 2 * (row.r - risk.penalties[k])) / anchors_[k];
        }
        risk.gradient[2 * m + k] += sum / 2;
        if constexpr (Rows::mixes) {  // of -(1 - share) log w_p
          std::size_t const p = layout.partner(m);
          risk.gradient[2 * p + k] -=
              anchor(layout, k, m) / anchors_[k] * layout.other_share(m) / weight(k, p) / 2;
        }
      }
    }
  }

  Backend backend_;
  std::size_t n_ = 0, blocks_ = 0;
  T scale_ = 1, penalty_scale_ = 1;
  std::vector<T> features_, similarity_;
  std::array<std::vector<T>, 2> weights_, columns_, direction_;
  std::array<std::vector<Row>, 2> rows_;
  std::array<double, 2> total_{}, anchors_{};  // sums of w over samples, of a over rows
};

}  // namespace DISENTANGLE_INSTRUCTION_SET

}  // namespace disentangle::contrast
