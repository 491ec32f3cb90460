// SPDX-License-Identifier: Apache-2.0
// Moving rows and columns: gather, pick, concatenate.
#pragma once

#include <algorithm>
#include <span>

#include <disentangle/autodiff/views.hpp>

namespace disentangle {

namespace detail {

inline void check_indices(char const* what, std::span<int const> indices, std::ptrdiff_t limit) {
  for (int index : indices) {
    if (index < 0 || index >= limit) {
      throw ValueError(std::string(what) + ": found index " + std::to_string(index) + ", expected 0 .. " +
                       std::to_string(limit - 1));
    }
  }
}

}  // namespace detail

/// The rows of a matrix with the given indices, in their order, repeats allowed: (n, d) -> (indices, d).
template <matrix_expression E>
[[nodiscard]] Variable<typename E::backend_type, 2> gather(E const& e, std::span<int const> indices) {
  auto const x = reshape(e, extents_of(e));
  detail::check_indices("gather", indices, x.extents[0]);
  auto& tape = *x.tape;
  auto const n = static_cast<std::ptrdiff_t>(indices.size());
  int* const rows = tape.template host<int>(indices.size());
  std::copy(indices.begin(), indices.end(), rows);
  auto const out = tape.variable(Extents<2>{n, x.extents[1]}, x.gradient != nullptr);
  tape.backend().gather_rows(x.value, rows, n, x.extents[1], out.value);
  if (out.gradient != nullptr) {
    tape.record([&tape, x, out, rows, n] {
      tape.backend().scatter_add_rows(out.gradient, rows, n, x.extents[1], x.gradient);
    });
  }
  return out;
}

/// One element of every row, (n, d) with n column indices -> (n): the log-probability of a label, say.
template <matrix_expression E>
[[nodiscard]] Variable<typename E::backend_type, 1> pick(E const& e, std::span<int const> columns) {
  auto const extents = extents_of(e);
  if (static_cast<std::ptrdiff_t>(columns.size()) != extents[0]) {
    throw ShapeError("pick: found " + std::to_string(columns.size()) + " indices, expected one for each of " +
                     std::to_string(extents[0]) + " rows");
  }
  detail::check_indices("pick", columns, extents[1]);
  auto const flat = reshape(e, Extents<2>{extents[0] * extents[1], 1});
  int* const places = flat.tape->template host<int>(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    places[i] = static_cast<int>(static_cast<std::ptrdiff_t>(i) * extents[1]) + columns[i];
  }
  return reshape(gather(flat, std::span<int const>(places, columns.size())), Extents<1>{extents[0]});
}

/// Tensors one behind the other along an axis; all other extents must agree.
template <int A, expression... E>
[[nodiscard]] auto concatenate(Axis<A> a, E const&... parts) {
  static_assert(sizeof...(E) > 0);
  constexpr int rank = std::max({E::rank...});
  static_assert(((E::rank == rank) && ...), "[disentangle] concatenate: all parts need the same rank");
  static_assert(A < rank, "[disentangle] concatenate: the axis is beyond the rank of the parts");
  Extents<rank> extents{};
  bool first = true, gradient = false;
  auto* tape = (detail::tape_of(parts), ...);
  auto const measure = [&](auto const& part) {
    auto const own = extents_of(part);
    gradient = gradient || detail::needs_gradient(part);
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (!first && i != static_cast<std::size_t>(A) && own[i] != extents[i]) {
        throw ShapeError("concatenate: found " + extents_text(own) + " beside " + extents_text(extents));
      }
    }
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (first || i == static_cast<std::size_t>(A)) extents[i] += own[i];
    }
    first = false;
  };
  (measure(parts), ...);
  auto const out = tape->variable(extents, gradient);
  std::ptrdiff_t begin = 0;
  auto const place = [&](auto const& part) {
    std::ptrdiff_t const end = begin + extents_of(part)[static_cast<std::size_t>(A)];
    auto const own = slice(out, a, begin, end);
    begin = end;
    assign(own, part);
    if (detail::needs_gradient(part) && out.gradient != nullptr) {
      tape->record([part, own] { pull_back(part, detail::gradient_of(own)); });
    }
  };
  (place(parts), ...);
  return out;
}

}  // namespace disentangle
