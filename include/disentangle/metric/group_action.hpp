// SPDX-License-Identifier: Apache-2.0
// The group test: whether features are a disentangled representation in the sense of Higgins et al. ("Towards
// a definition of disentangled representations", 2018), which IP-IRM (Wang et al., NeurIPS 2021) sets out to
// learn.
//   equivariant   every generator g acts on features as a linear map: f(g u) = M_g f(u)
//   decomposable  features are a sum of subspaces, of which M_g changes its own alone
// RECONSTRUCTION: the paper has no number for it. Here, with y the whitened features,
//   equivariance residual of g = |f(g u) - M_g f(u)|^2 / |f(g u) - mean|^2 over pairs that M_g was not fitted
//   to
//   off-block energy of g  = |D_g outside of g's block|^2 / |D_g|^2,  D_g = [M_g - I, b_g] in the joint basis
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/covariance.hpp>
#include <disentangle/metric/detail/joint_diagonalisation.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/group_generators.hpp>
#include <disentangle/metric/matrix.hpp>
#include <disentangle/metric/matrix_like.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

namespace detail {

/// The leading principal components of the rows, centred and of unit variance.
struct Whitened {
  Matrix<double> y;              // (rows, components)
  std::vector<double> variance;  // of each component before
  double kept = 0;               // share of the whole variance
};

inline Whitened whitened(Matrix<double> const& x, double share, std::size_t most) {
  std::vector<Matrix<double>> c{covariance(x.view())};
  std::size_t const d = x.columns;
  double all = 0;
  for (std::size_t j = 0; j < d; ++j) all += c[0](j, j);
  if (!(all > 0)) return {};
  Matrix<double> const basis = joint_diagonaliser(c);
  std::vector<std::size_t> order(d);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return c[0](a, a) > c[0](b, b); });
  Whitened w;
  double sum = 0;
  for (std::size_t j = 0; j < std::min(d, most) && sum < share * all; ++j) {
    double const variance = c[0](order[j], order[j]);
    if (variance <= 1e-10 * all) break;  // rounding
    w.variance.push_back(variance);
    sum += variance;
  }
  w.kept = std::min(1.0, sum / all);
  std::vector<double> mean(d), centred(d);
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t j = 0; j < d; ++j) mean[j] += x(i, j) / static_cast<double>(x.rows);
  w.y = Matrix<double>(x.rows, w.variance.size());
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t j = 0; j < d; ++j) centred[j] = x(i, j) - mean[j];
    for (std::size_t j = 0; j < d; ++j)
      for (std::size_t m = 0; m < w.y.columns; ++m) w.y(i, m) += centred[j] * basis(j, order[m]);
    for (std::size_t m = 0; m < w.y.columns; ++m) w.y(i, m) /= std::sqrt(w.variance[m]);
  }
  return w;
}

/// The affine map y' = M y + b as the rows of [M, b], (components, components + 1).
inline Matrix<double> fitted_map(Matrix<double> const& y, Generator const& g,
                                 std::span<std::size_t const> pairs, double ridge) {
  std::size_t const c = y.columns, wide = c + 1;
  double const weight = 1 / static_cast<double>(pairs.size());
  Matrix<double> square(wide, wide), right(wide, c);
  for (std::size_t const pair : pairs) {
    auto const before = y.row(g.from[pair]), after = y.row(g.to[pair]);
    auto const input = [&](std::size_t i) { return i < c ? before[i] : 1.0; };
    for (std::size_t i = 0; i < wide; ++i) {
      for (std::size_t j = 0; j <= i; ++j) square(i, j) += weight * input(i) * input(j);
      for (std::size_t j = 0; j < c; ++j) right(i, j) += weight * input(i) * after[j];
    }
  }
  for (std::size_t i = 0; i < c; ++i) square(i, i) += ridge;
  // Cholesky's factors in the lower triangle, then two triangular solutions.
  for (std::size_t j = 0; j < wide; ++j)
    for (std::size_t i = j; i < wide; ++i) {
      double sum = square(i, j);
      for (std::size_t m = 0; m < j; ++m) sum -= square(i, m) * square(j, m);
      square(i, j) = i == j ? std::sqrt(std::max(sum, 1e-300)) : sum / square(j, j);
    }
  Matrix<double> map(c, wide);
  for (std::size_t out = 0; out < c; ++out) {
    std::vector<double> solution(wide);
    for (std::size_t i = 0; i < wide; ++i) {
      double sum = right(i, out);
      for (std::size_t m = 0; m < i; ++m) sum -= square(i, m) * solution[m];
      solution[i] = sum / square(i, i);
    }
    for (std::size_t i = wide; i-- > 0;) {
      double sum = solution[i];
      for (std::size_t m = i + 1; m < wide; ++m) sum -= square(m, i) * solution[m];
      solution[i] = sum / square(i, i);
    }
    for (std::size_t i = 0; i < wide; ++i) map(out, i) = solution[i];
  }
  return map;
}

}  // namespace detail

/// Two numbers, both in about [0, 1] and lower is better: `off_block_energy` (the value) and
/// `equivariance_residual`, means over generators. Off-block energy says something only where the residual is
/// small: a map that does not describe the features cannot be split.
///
/// How they are had:
/// 1. Features are centred and whitened by their leading principal components, as many as hold `variance` of
///    the variance, at most `components`. So neither number changes under an invertible linear map of the
///    features, as long as no component is dropped.
/// 2. M_g and an offset b_g by least squares with the penalty `ridge` |M_g|^2 (whitened features have
///    variance 1) from a part of the pairs; the residual from the others, every component weighted by its
///    variance. The offset lets a factor that is coded along a line, and not on a circle, be moved by its
///    step.
/// 3. With D_g = M_g - I, the matrices C_g = D_g D_g^T + b_g b_g^T + D_g^T D_g, each divided by its trace,
///    are diagonalised together by Jacobi's rotations; every axis of that basis belongs to the generator with
///    the greatest entry there, of equals (to 1e-6) to the first. The axes of g are its block. In a
///    decomposable representation the C_g live in orthogonal subspaces and this finds them.
/// A generator that moves features by less than 1e-6 of their variance has off-block energy 0, counts as
/// equivariant and takes no part in the value; part `moving_generators` says how many move. Where none does,
/// both numbers are 0: look at `displacement`, the residual of the identity map. Maps that know nothing share
/// the axes evenly, which is an off-block energy of about 1 - 1 / generators.
/// Cost O(rows d^2 + d^3) for whitening and O(pairs c^2 + generators c^3) for the rest, c components.
struct GroupAction {
  static constexpr std::string_view name = "group_action";
  static constexpr Definition definitions[] = {definition::reconstruction};

  double variance = 0.99;       ///< share of the variance that components must hold, above 0, at most 1
  std::size_t components = 64;  ///< at most
  double ridge = 1e-6;
  double held_out = 0.5;   ///< share of the pairs that the residual is measured on, in (0, 1)
  std::uint64_t seed = 0;  ///< of the choice of these
  Definition definition = definitions[0];

  /// @param features  (rows, d), of any samples; generators say which are whose image
  /// @throws ShapeError for features without rows or columns, a generator whose lists differ in length or
  /// have fewer than 2 (components + 1) pairs, no generator; ValueError for a feature that is not finite, a
  /// row that there is not, features that do not vary, and settings out of range.
  template <matrix_like Features>
  [[nodiscard]] Score operator()(Features const& features, std::span<Generator const> generators) const {
    return score(detail::copy_of<double>(features), generators);
  }

 private:
  [[noreturn]] static void fail_setting(char const* setting, double found, char const* expected) {
    throw ValueError(std::string(name) + ": " + setting + " is " + number_text(found) + ", expected " +
                     expected);
  }

  void check(Matrix<double> const& x, std::span<Generator const> generators) const {
    detail::check_definition(name, definitions, definition);
    if (!(variance > 0 && variance <= 1)) fail_setting("variance", variance, "above 0 and at most 1");
    if (components == 0) fail_setting("components", 0, "at least 1");
    if (!(ridge >= 0)) fail_setting("ridge", ridge, "0 or more");
    if (!(held_out > 0 && held_out < 1)) fail_setting("held_out", held_out, "a number between 0 and 1");
    detail::check_codes<double>(name, x.view());
    detail::check_square<double>(name, x.view());
    if (generators.empty())
      throw ShapeError(std::string(name) + ": found no generator, expected at least one");
    for (Generator const& g : generators) {
      if (g.from.size() != g.to.size())
        throw ShapeError(std::string(name) + ": generator " + g.name + " has " +
                         std::to_string(g.from.size()) + " rows and " + std::to_string(g.to.size()) +
                         " images, expected as many");
      for (auto const* list : {&g.from, &g.to})
        for (std::size_t const row : *list)
          if (row >= x.rows)
            throw ValueError(std::string(name) + ": generator " + g.name + " names row " +
                             std::to_string(row) + ", expected one of the " + std::to_string(x.rows) +
                             " rows of features");
    }
  }

  /// What each generator does to the features.
  struct Maps {
    std::vector<Matrix<double>> change;  ///< [M - I, b]
    std::vector<double> residual, fit, displacement;
    std::vector<std::size_t> moving;             ///< the generators that move anything
    std::vector<Matrix<double>> second_moments;  ///< of these
  };

  /// The pairs of a generator in a random order, those that the map is fitted to first; and how many these
  /// are.
  std::pair<std::vector<std::size_t>, std::size_t> shuffled_pairs(Generator const& generator, std::size_t g,
                                                                  std::size_t c) const {
    std::size_t const pairs = generator.from.size();
    if (pairs < 2 * (c + 1))
      throw ShapeError(std::string(name) + ": generator " + generator.name + " has " + std::to_string(pairs) +
                       " pairs of rows, expected at least " + std::to_string(2 * (c + 1)) + " for maps of " +
                       std::to_string(c) + " components (fewer with a smaller `components`)");
    std::vector<std::size_t> order(pairs);
    Permutation const shuffled(Philox{seed, stream("group_action/held_out"), g}, pairs);
    for (std::size_t i = 0; i < pairs; ++i) order[i] = static_cast<std::size_t>(shuffled(i));
    auto const used = std::clamp<std::size_t>(
        static_cast<std::size_t>(std::lround((1 - held_out) * static_cast<double>(pairs))), 1, pairs - 1);
    return {std::move(order), used};
  }

  Maps fitted_maps(detail::Whitened const& w, std::span<Generator const> generators) const {
    std::size_t const c = w.variance.size(), count = generators.size();
    Maps maps{std::vector<Matrix<double>>(count),
              std::vector<double>(count),
              std::vector<double>(count),
              std::vector<double>(count),
              {},
              {}};
    for (std::size_t g = 0; g < count; ++g) {
      Generator const& generator = generators[g];
      auto const [order, used] = shuffled_pairs(generator, g, c);
      std::span const fitted = std::span<std::size_t const>(order).first(used),
                      held = std::span<std::size_t const>(order).subspan(used);
      Matrix<double>& map = maps.change[g] = detail::fitted_map(w.y, generator, fitted, ridge);
      maps.fit[g] = relative_residual(w, generator, fitted, map);
      maps.residual[g] = relative_residual(w, generator, held, map);
      maps.displacement[g] = relative_residual(w, generator, order, identity(c));
      for (std::size_t i = 0; i < c; ++i) map(i, i) -= 1;
      if (maps.displacement[g] < 1e-6) {
        maps.residual[g] = maps.fit[g] = 0;
      } else {
        maps.moving.push_back(g);
        maps.second_moments.push_back(second_moment(map));
      }
    }
    return maps;
  }

  Score score(Matrix<double> const& x, std::span<Generator const> generators) const {
    check(x, generators);
    detail::Whitened const w = detail::whitened(x, variance, components);
    std::size_t const c = w.variance.size(), count = generators.size();
    if (c == 0)
      throw ValueError(std::string(name) + ": features do not vary, expected at least 2 different rows");
    double smallest = static_cast<double>(x.rows);
    for (Generator const& generator : generators)
      smallest = std::min(smallest, static_cast<double>(generator.from.size()));
    Maps maps = fitted_maps(w, generators);
    // The joint basis, in which the second moments are from here on, its axes' owners, and what of each
    // change lies between other axes.
    Matrix<double> const basis = detail::joint_diagonaliser(maps.second_moments);
    std::vector<double> off_block(count), block(count);
    Matrix<double> energy(c, count);
    std::vector<std::size_t> owner(c, count);
    for (std::size_t axis = 0; axis < c && !maps.moving.empty(); ++axis) {
      std::size_t best = 0;
      for (std::size_t m = 0; m < maps.moving.size(); ++m) {
        double const here = maps.second_moments[m](axis, axis);
        energy(axis, maps.moving[m]) = here;
        if (here > (1 + 1e-6) * maps.second_moments[best](axis, axis)) best = m;
      }
      owner[axis] = maps.moving[best];
      block[owner[axis]] += 1;
    }
    std::vector<double> moved_residual, moved_off_block;
    for (std::size_t const g : maps.moving) {
      off_block[g] = outside(maps.change[g], basis, owner, g);
      moved_residual.push_back(maps.residual[g]);
      moved_off_block.push_back(off_block[g]);
    }
    Score s;
    s.metric = name;
    s.definition = definition.name;
    s.value = mean(moved_off_block);
    s.lower_is_better = true;
    s.parts = {{"off_block_energy", s.value},
               {"equivariance_residual", mean(moved_residual)},
               {"displacement", mean(maps.displacement)},
               {"moving_generators", static_cast<double>(maps.moving.size())},
               {"kept_variance", w.kept}};
    s.settings = {{"rows", static_cast<double>(x.rows)},
                  {"fewest_pairs", smallest},
                  {"components", static_cast<double>(c)},
                  {"ridge", ridge},
                  {"held_out", held_out}};
    std::string names;
    for (Generator const& g : generators) names += (names.empty() ? "" : ", ") + g.name;
    s.choices = {{"generators", names}, {"status", "reconstruction: the paper defines no number"}};
    s.tables = {Table::vector("off_block_energy_per_generator", "generator", std::move(off_block)),
                Table::vector("equivariance_residual_per_generator", "generator", maps.residual),
                Table::vector("fitted_residual_per_generator", "generator", maps.fit),
                Table::vector("displacement_per_generator", "generator", maps.displacement),
                Table::vector("block_size", "generator", std::move(block)),
                {"energy", "axis", "generator", std::move(energy)}};
    return s;
  }

  [[nodiscard]] static Matrix<double> identity(std::size_t c) {
    Matrix<double> map(c, c + 1);
    for (std::size_t i = 0; i < c; ++i) map(i, i) = 1;
    return map;
  }

  /// |f(g u) - M f(u)|^2 / |f(g u) - mean|^2 in the kept components of the features.
  [[nodiscard]] static double relative_residual(detail::Whitened const& w, Generator const& g,
                                                std::span<std::size_t const> pairs,
                                                Matrix<double> const& map) {
    std::size_t const c = w.variance.size();
    double error = 0, all = 0;
    for (std::size_t const pair : pairs) {
      auto const before = w.y.row(g.from[pair]), after = w.y.row(g.to[pair]);
      for (std::size_t i = 0; i < c; ++i) {
        double off = after[i] - map(i, c);
        for (std::size_t j = 0; j < c; ++j) off -= map(i, j) * before[j];
        error += w.variance[i] * off * off;
        all += w.variance[i] * after[i] * after[i];
      }
    }
    return all > 0 ? error / all : 0;
  }

  /// D D^T + b b^T + D^T D of [D, b], divided by its trace.
  [[nodiscard]] static Matrix<double> second_moment(Matrix<double> const& change) {
    std::size_t const c = change.rows;
    Matrix<double> s(c, c);
    double trace = 0;
    for (std::size_t i = 0; i < c; ++i) {
      for (std::size_t j = 0; j < c; ++j) {
        s(i, j) = change(i, c) * change(j, c);
        for (std::size_t m = 0; m < c; ++m)
          s(i, j) += change(i, m) * change(j, m) + change(m, i) * change(m, j);
      }
      trace += s(i, i);
    }
    for (double& v : s.values) v /= trace;
    return s;
  }

  /// The share of [D, b]'s energy, in the basis, in entries whose axes are not all g's.
  [[nodiscard]] static double outside(Matrix<double> const& change, Matrix<double> const& basis,
                                      std::vector<std::size_t> const& owner, std::size_t g) {
    std::size_t const c = change.rows;
    Matrix<double> half(c, c), turned(c, c + 1);
    for (std::size_t i = 0; i < c; ++i)
      for (std::size_t m = 0; m < c; ++m) {
        for (std::size_t j = 0; j < c; ++j) half(i, j) += change(i, m) * basis(m, j);
        turned(i, c) += basis(m, i) * change(m, c);
      }
    for (std::size_t i = 0; i < c; ++i)
      for (std::size_t m = 0; m < c; ++m)
        for (std::size_t j = 0; j < c; ++j) turned(i, j) += basis(m, i) * half(m, j);
    double all = 0, out = 0;
    for (std::size_t i = 0; i < c; ++i)
      for (std::size_t j = 0; j <= c; ++j) {
        double const v = turned(i, j) * turned(i, j);
        all += v;
        if (owner[i] != g || (j < c && owner[j] != g)) out += v;
      }
    return all > 0 ? out / all : 0;
  }
};

}  // namespace disentangle::metric
