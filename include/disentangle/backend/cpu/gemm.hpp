// SPDX-License-Identifier: Apache-2.0
// Matrix products C = f(op(A) op(B) + bias) or C += op(A) op(B) for the shapes of training: few rows (a
// batch) against a large weight matrix, and the products that its adjoints need.
//
// A register block of rows x 2 vectors of columns runs along k. The side that lies along the vectors is
// packed in chunks of k into panels on the stack; the other side is read in place, one scalar at a time, with
// any strides. For A B^T with few rows the sides change places, so that the large matrix is never the one
// that is packed. The output is cut into tiles that depend on m, n and k alone, and each element is summed in
// one order: the results do not depend on the number of threads. Nothing allocates.
#pragma once

#include <algorithm>
#include <cstddef>

#include <disentangle/backend/cpu/activation.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/cpu/transpose.hpp>
#include <disentangle/core/thread_pool.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET {

/// A matrix that is read: element (i, j) is data[i * row_stride + j * column_stride].
template <class T>
struct Operand {
  T const* data;
  std::ptrdiff_t row_stride, column_stride;
  T const& operator()(std::ptrdiff_t i, std::ptrdiff_t j) const {
    return data[i * row_stride + j * column_stride];
  }
  Operand transposed() const { return {data, column_stride, row_stride}; }
};

/// A row-major matrix whose rows lie `stride` scalars apart.
template <class T>
constexpr Operand<T> row_major(T const* data, std::size_t stride) {
  return {data, static_cast<std::ptrdiff_t>(stride), 1};
}

namespace detail {

template <class T>
struct GemmBlock {
  static constexpr int width = static_cast<int>(simd::Pack<T>::size);
  static constexpr int columns = 2 * width;  // of a panel
  static constexpr int rows = simd::register_bytes == 64 ? 8 : (simd::register_bytes == 32 ? 6 : 4);
  static constexpr std::ptrdiff_t chunk =
      512 / static_cast<std::ptrdiff_t>(sizeof(T));       // of k: a panel's is 16 KiB
  static constexpr std::ptrdiff_t panels = 4;             // of a tile, at most
  static constexpr std::ptrdiff_t transposed_panels = 2;  // of a tile whose output is transposed
  static constexpr std::ptrdiff_t tile_rows = 256;        // at most
};

/// What is done to finished sums: bias per column or per row, then the activation. `finish` does it; null:
/// nothing is to be done. A pointer, so that the product is compiled once for all activations.
template <class T>
struct Epilogue {
  T const* column_bias;
  T const* row_bias;
  T slope;
  void (*finish)(std::ptrdiff_t rows, int count, T* c, std::ptrdiff_t c_row, T const* column_bias,
                 T const* row_bias, T slope);
};

/// Rows x columns sums along k, stored at c, or added to what is there unless `begin`. count: the columns
/// that exist. Meanwhile row p of the panel that comes next, which begins at `ahead`, is called into the
/// cache.
template <class T, int Rows>
DISENTANGLE_INLINE void gemm_block(std::ptrdiff_t k, T const* a, std::ptrdiff_t a_row,
                                   std::ptrdiff_t a_column, T const* b, std::ptrdiff_t b_row, T* c,
                                   std::ptrdiff_t c_row, int count, bool begin, T const* ahead,
                                   std::ptrdiff_t ahead_row) {
  constexpr int width = GemmBlock<T>::width;
  using Vec = Vector<T, width>;
  Vec sum[Rows][2];
  T const* source[Rows];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
    source[r] = a + r * a_row;
    sum[r][0] = sum[r][1] = Vec{};
    __builtin_prefetch(c + r * c_row, 1);
    if constexpr (2 * width * sizeof(T) > 64) __builtin_prefetch(c + r * c_row + width, 1);
  }
  for (std::ptrdiff_t p = 0, offset = 0; p < k; ++p, offset += a_column, b += b_row, ahead += ahead_row) {
    Vec const b0 = load<T, width>(b), b1 = load<T, width>(b + width);
    __builtin_prefetch(ahead);
    if constexpr (2 * width * sizeof(T) > 64) __builtin_prefetch(ahead + width);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      T const value = source[r][offset];
      sum[r][0] += value * b0;
      sum[r][1] += value * b1;
    }
  }
  if (count == 2 * width) {
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      T* const target = c + r * c_row;
      if (!begin) {
        sum[r][0] += load<T, width>(target);
        sum[r][1] += load<T, width>(target + width);
      }
      store<T, width>(target, sum[r][0]);
      store<T, width>(target + width, sum[r][1]);
    }
  } else {
    T all[Rows][2 * width];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      store<T, width>(all[r], sum[r][0]);
      store<T, width>(all[r] + width, sum[r][1]);
    }
    for (int r = 0; r < Rows; ++r)
      for (int j = 0; j < count; ++j) c[r * c_row + j] = begin ? all[r][j] : c[r * c_row + j] + all[r][j];
  }
}

/// All rows of one panel.
template <class T>
DISENTANGLE_OUT_OF_LINE void gemm_panel(std::ptrdiff_t rows, std::ptrdiff_t k, Operand<T> a, T const* b,
                                        std::ptrdiff_t b_row, T* c, std::ptrdiff_t c_row, int count,
                                        bool begin, T const* ahead, std::ptrdiff_t ahead_row) {
  auto const next = [&]<int Rows>() __attribute__((always_inline)) {
    gemm_block<T, Rows>(k, a.data, a.row_stride, a.column_stride, b, b_row, c, c_row, count, begin, ahead,
                        ahead_row);
    a.data += Rows * a.row_stride;
    c += Rows * c_row;
    rows -= Rows;
    ahead = b;  // the first block has called it all
    ahead_row = 0;
  };
  while (rows >= GemmBlock<T>::rows) next.template operator()<GemmBlock<T>::rows>();
  if constexpr (GemmBlock<T>::rows > 4)
    if (rows >= 4) next.template operator()<4>();
  if (rows >= 2) next.template operator()<2>();
  if (rows >= 1) next.template operator()<1>();
}

/// The epilogue for rows x count finished sums.
template <Activation activation, class T>
DISENTANGLE_OUT_OF_LINE void gemm_finish(std::ptrdiff_t rows, int count, T* c, std::ptrdiff_t c_row,
                                         T const* column_bias, T const* row_bias, T slope) {
  using Pack = simd::Pack<T>;
  constexpr int width = GemmBlock<T>::width;
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    for (int j = 0; j < count; j += width) {
      auto const n = static_cast<std::size_t>(std::min(width, count - j));
      Pack x = Pack::load(c + r * c_row + j, n);
      if (column_bias != nullptr) x += Pack::load(column_bias + j, n);
      if (row_bias != nullptr) x += Pack(row_bias[r]);
      Pack(activate<activation, T, width>(x.v, slope)).store(c + r * c_row + j, n);
    }
  }
}

/// panel[p * columns + j] = b(p, j) for p < k, j < count; zeros for the columns beyond.
template <class T>
DISENTANGLE_OUT_OF_LINE void pack_panel(Operand<T> b, std::ptrdiff_t k, int count, T* panel) {
  constexpr int width = GemmBlock<T>::width, columns = GemmBlock<T>::columns;
  if (count == columns && b.column_stride == 1) {
    for (std::ptrdiff_t p = 0; p < k; ++p) {
      store<T, width>(panel + p * columns, load<T, width>(b.data + p * b.row_stride));
      store<T, width>(panel + p * columns + width, load<T, width>(b.data + p * b.row_stride + width));
    }
    return;
  }
  std::ptrdiff_t p = 0;
  if (count == columns && b.row_stride == 1)
    for (; p + width <= k; p += width)
      for (int j = 0; j < columns; j += width)
        transpose_square<T>(b.data + j * b.column_stride + p, b.column_stride, panel + p * columns + j,
                            columns);
  for (; p < k; ++p) {
    for (int j = 0; j < count; ++j) panel[p * columns + j] = b(p, j);
    for (int j = count; j < columns; ++j) panel[p * columns + j] = T(0);
  }
}

/// The tile of rows [row, row_end) and panels [panel, panel_end) of C, which is stored row-major, or as its
/// transpose (element (i, j) at c[j * c_stride + i]) when `Transposed`.
template <bool Transposed, class T>
DISENTANGLE_OUT_OF_LINE void gemm_tile(std::ptrdiff_t row, std::ptrdiff_t row_end, std::ptrdiff_t panel,
                                       std::ptrdiff_t panel_end, std::ptrdiff_t n, std::ptrdiff_t k,
                                       Operand<T> a, Operand<T> b, T* c, std::ptrdiff_t c_stride,
                                       bool accumulate, Epilogue<T> const& epilogue) {
  using Block = GemmBlock<T>;
  constexpr std::ptrdiff_t columns = Block::columns, rows_most = Block::tile_rows;
  alignas(64) T packed[Block::chunk * columns];
  alignas(64) T finished[Transposed ? rows_most * columns * Block::transposed_panels : 1];
  std::ptrdiff_t const rows = row_end - row, first = panel * columns, last = std::min(n, panel_end * columns);
  T* const target = Transposed ? finished : c + row * c_stride + first;
  std::ptrdiff_t const target_row = Transposed ? columns * Block::transposed_panels : c_stride;
  if constexpr (Transposed)
    if (accumulate)
      for (std::ptrdiff_t j = first; j < last; ++j)
        for (std::ptrdiff_t i = row; i < row_end; ++i)
          finished[(i - row) * target_row + j - first] = c[j * c_stride + i];
  std::ptrdiff_t const chunks = std::max<std::ptrdiff_t>(1, (k + Block::chunk - 1) / Block::chunk);
  // Copies pay when several blocks of rows read a panel; a panel that is not whole or contiguous must be
  // packed.
  bool const several = rows > Block::rows;
  for (std::ptrdiff_t chunk = 0; chunk < chunks; ++chunk) {
    std::ptrdiff_t const p = k * chunk / chunks, p_end = k * (chunk + 1) / chunks;
    Operand<T> const left{a.data + row * a.row_stride + p * a.column_stride, a.row_stride, a.column_stride};
    for (std::ptrdiff_t j = first; j < last; j += columns) {
      int const count = static_cast<int>(std::min(columns, last - j));
      bool const pack = several || b.column_stride != 1 || count != columns;
      Operand<T> const part{b.data + p * b.row_stride + j * b.column_stride, b.row_stride, b.column_stride};
      if (pack) pack_panel(part, p_end - p, count, packed);
      // what is packed next: the next panel's rows, or the first panel's of the next chunk
      T const* ahead =
          j + columns < last ? part.data + columns : part.data + (p_end - p) * b.row_stride - (j - first);
      bool const more = pack && b.column_stride == 1 && (j + columns < last || chunk + 1 < chunks);
      gemm_panel<T>(rows, p_end - p, left, pack ? packed : part.data, pack ? columns : b.row_stride,
                    target + j - first, target_row, Transposed ? static_cast<int>(columns) : count,
                    chunk == 0 && !accumulate, more ? ahead : packed, more ? b.row_stride : 0);
    }
  }
  if (epilogue.finish != nullptr)
    epilogue.finish(rows, static_cast<int>(last - first), target, target_row,
                    epilogue.column_bias != nullptr ? epilogue.column_bias + first : nullptr,
                    epilogue.row_bias != nullptr ? epilogue.row_bias + row : nullptr, epilogue.slope);
  if constexpr (Transposed)
    transpose_block<T>(rows, last - first, finished, target_row, c + first * c_stride + row, c_stride);
}

template <bool Transposed, class T>
void gemm_tiles(ThreadPool& pool, std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, Operand<T> a,
                Operand<T> b, T* c, std::ptrdiff_t c_stride, bool accumulate, Epilogue<T> const& epilogue) {
  using Block = GemmBlock<T>;
  std::ptrdiff_t const panels = (n + Block::columns - 1) / Block::columns;
  std::ptrdiff_t row_tiles = (m + Block::tile_rows - 1) / Block::tile_rows;
  constexpr std::ptrdiff_t tile_panels = Transposed ? Block::transposed_panels : Block::panels;
  std::ptrdiff_t panel_tiles = (panels + tile_panels - 1) / tile_panels;
  // Small products are done by the caller; others are cut into about 16 at least, so that the threads finish
  // together.
  bool serial = false;
  if (static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) < 1e5) {
    serial = true;
  } else {
    while (row_tiles * panel_tiles < 16 && panel_tiles < panels)
      panel_tiles = std::min(panels, 2 * panel_tiles);
    while (row_tiles * panel_tiles < 16 && m / (2 * row_tiles) >= 4 * Block::rows) row_tiles *= 2;
  }
  std::ptrdiff_t const row_units = (m + Block::rows - 1) / Block::rows;
  auto const tile = [&](std::size_t task) {
    auto const t = static_cast<std::ptrdiff_t>(task);
    std::ptrdiff_t const i = t / panel_tiles, j = t % panel_tiles;
    std::ptrdiff_t row = std::min(m, row_units * i / row_tiles * Block::rows);
    std::ptrdiff_t const row_end = std::min(m, row_units * (i + 1) / row_tiles * Block::rows);
    for (; row < row_end; row += Block::tile_rows)
      gemm_tile<Transposed>(row, std::min(row_end, row + Block::tile_rows), panels * j / panel_tiles,
                            panels * (j + 1) / panel_tiles, n, k, a, b, c, c_stride, accumulate, epilogue);
  };
  auto const tasks = static_cast<std::size_t>(row_tiles * panel_tiles);
  if (serial) {
    for (std::size_t task = 0; task < tasks; ++task) tile(task);
  } else {
    pool.for_each(tasks, tile);
  }
}

/// C = finish(A B + bias) for either layout of B.
template <class T>
DISENTANGLE_OUT_OF_LINE void gemm(ThreadPool& pool, std::size_t m, std::size_t n, std::size_t k, Operand<T> a,
                                  Operand<T> b, T* c, std::size_t c_stride, bool accumulate, T const* bias,
                                  T slope, decltype(Epilogue<T>::finish) finish) {
  auto const rows = static_cast<std::ptrdiff_t>(m), columns = static_cast<std::ptrdiff_t>(n),
             length = static_cast<std::ptrdiff_t>(k), stride = static_cast<std::ptrdiff_t>(c_stride);
  if (m == 0 || n == 0) return;
  if (b.column_stride != 1 && m <= n) {
    Epilogue<T> const epilogue{nullptr, bias, slope, finish};
    gemm_tiles<true>(pool, columns, rows, length, b.transposed(), a.transposed(), c, stride, accumulate,
                     epilogue);
  } else {
    Epilogue<T> const epilogue{bias, nullptr, slope, finish};
    gemm_tiles<false>(pool, rows, columns, length, a, b, c, stride, accumulate, epilogue);
  }
}

}  // namespace detail

/// C = f(A B + bias), or C = f(C + A B + bias) when `accumulate`; A is m x k, B k x n, C m x n row-major with
/// rows `c_stride` apart. A and B have any strides (`row_major(p, stride).transposed()` is a transpose) and
/// must not overlap C. bias (n scalars, one per column) may be null; slope is leaky_relu's. k = 0 counts as a
/// product of zeros.
template <Activation activation = Activation::identity, class T>
void gemm(ThreadPool& pool, std::size_t m, std::size_t n, std::size_t k, Operand<T> a, Operand<T> b, T* c,
          std::size_t c_stride, bool accumulate = false, T const* bias = nullptr, T slope = T(0)) {
  bool const unchanged = activation == Activation::identity && bias == nullptr;
  detail::gemm<T>(pool, m, n, k, a, b, c, c_stride, accumulate, bias, slope,
                  unchanged ? nullptr : &detail::gemm_finish<activation, T>);
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET
