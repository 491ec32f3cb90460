// SPDX-License-Identifier: Apache-2.0
// Eigen and this library on the same memory, in both directions. Nothing here copies, but row_major().
//
//     Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> codes(n, model.latent_size);
//     model.encode(images, dis::as_span(codes), {});
//     dis::metric::Mig{}(dis::matrix_view(codes), dis::matrix_view(factors));
//     dis::as_eigen(model, "encoder.0.weight").norm();
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <Eigen/Core>

#include <disentangle/backend/host_tensor.hpp>
#include <disentangle/core/matrix_view.hpp>

namespace disentangle {

/// A row-major matrix of Eigen's, the layout of codes, factors and images everywhere in this library.
template <class T>
using EigenRows = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// An Eigen::Map of a row-major matrix in somebody's memory; of a constant one if T is const.
template <class T>
using EigenView =
    Eigen::Map<std::conditional_t<std::is_const_v<T>, EigenRows<std::remove_const_t<T>> const, EigenRows<T>>>;

// ---- from here to Eigen ---------------------------------------------------------------------------------

/// A matrix view, such as codes (samples, latents) or factors (samples, factors), as an Eigen::Map.
template <class T>
EigenView<T> as_eigen(MatrixView<T> matrix) {
  return {matrix.data, static_cast<Eigen::Index>(matrix.rows), static_cast<Eigen::Index>(matrix.columns)};
}

/// Contiguous memory as a row-major Eigen::Map: n images as (n, image size), n codes as (n, latents).
/// @throws ShapeError if the span does not hold rows * columns scalars.
template <class T>
EigenView<T> as_eigen(std::span<T> scalars, std::size_t rows, std::size_t columns) {
  detail::check_scalars("as_eigen", scalars.size(), rows * columns);
  return as_eigen(MatrixView<T>(scalars.data(), rows, columns));
}

/// The values of a variable of rank 2 on a host backend, with its strides: a transposed view is one in Eigen
/// too. Valid as long as the variable's tape keeps it.
template <host_variable V>
  requires(V::rank == 2)
auto as_eigen(V const& v) {
  using T = typename V::scalar;
  using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  return Eigen::Map<EigenRows<T>, 0, Stride>(v.value, v.extents[0], v.extents[1],
                                             Stride(v.strides[0], v.strides[1]));
}

/// The values of a variable of rank 1 on a host backend, as a column vector.
template <host_variable V>
  requires(V::rank == 1)
auto as_eigen(V const& v) {
  using T = typename V::scalar;
  return Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>, 0, Eigen::InnerStride<>>(
      v.value, v.extents[0], Eigen::InnerStride<>(v.strides[0]));
}

/// A tensor of a model by its name in checkpoints (model.for_each_tensor lists them), as a matrix of all axes
/// but the last by the last: weights of dense layers are (inputs, features), of convolutions (ky * kx * cin,
/// cout), biases one row. Writing to it changes the model; valid as long as the model lives. @throws
/// ValueError if the model has no such tensor.
template <class Model>
  requires requires { typename Model::method_type; }
auto as_eigen(Model& model, std::string_view name) {
  auto const tensor = detail::find_tensor(model, name);
  std::size_t rows = 1;
  for (std::size_t i = 0; i + 1 < tensor.extents.size(); ++i)
    rows *= static_cast<std::size_t>(tensor.extents[i]);
  std::size_t const columns = tensor.extents.empty() ? 1 : static_cast<std::size_t>(tensor.extents.back());
  return as_eigen(MatrixView<typename Model::scalar>(tensor.data, rows, columns));
}

// ---- from Eigen to here ---------------------------------------------------------------------------------

namespace detail {

template <class E>
void accept_dense(Eigen::DenseBase<E> const&);

/// A matrix, array, vector, Map, Ref or block of Eigen's.
template <class E>
concept eigen_dense = requires(E const& e) { accept_dense(e); };

/// The memory of an Eigen object, checked to be row-major and contiguous.
template <class E>
auto* eigen_rows(char const* what, E& e) {
  using D = std::remove_const_t<E>;
  static_assert(
      (D::Flags & Eigen::DirectAccessBit) != 0,
      "[disentangle] an Eigen expression has no memory: evaluate it first, into a row-major matrix");
  static_assert(D::IsRowMajor || D::IsVectorAtCompileTime,
                "[disentangle] this Eigen matrix is stored by columns: make it an "
                "Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>, or pass row_major(it), "
                "which copies");
  bool const contiguous =
      (e.cols() <= 1 || e.colStride() == 1) && (e.rows() <= 1 || e.rowStride() == e.cols());
  if (!contiguous && e.size() > 0) {
    throw ShapeError(std::string(what) + ": found a part of an Eigen matrix, " + std::to_string(e.rows()) +
                     " x " + std::to_string(e.cols()) + " with strides " + std::to_string(e.rowStride()) +
                     " and " + std::to_string(e.colStride()) +
                     ", expected whole rows one behind the other: copy it first");
  }
  return e.data();
}

}  // namespace detail

/// A copy of an Eigen matrix or expression in the layout that this library reads.
template <detail::eigen_dense E>
EigenRows<typename E::Scalar> row_major(E const& e) {
  return e;
}

/// A row-major Eigen matrix, or a column vector as one column, as the matrix view that metrics take. Not a
/// copy: the matrix must outlive it. Matrices stored by columns (Eigen's default) are rejected by the
/// compiler: see row_major().
/// @throws ShapeError for a block that is not contiguous.
template <detail::eigen_dense E>
auto matrix_view(E&& e) {
  auto* const data = detail::eigen_rows("matrix_view", e);
  return MatrixView<std::remove_pointer_t<decltype(data)>>(data, static_cast<std::size_t>(e.rows()),
                                                           static_cast<std::size_t>(e.cols()));
}

/// The scalars of a row-major Eigen matrix or of a vector: what encode, decode and minibatches take. Not a
/// copy: the matrix must outlive it. Rejects what matrix_view rejects.
template <detail::eigen_dense E>
auto as_span(E&& e) {
  auto* const data = detail::eigen_rows("as_span", e);
  return std::span<std::remove_pointer_t<decltype(data)>>(data, static_cast<std::size_t>(e.size()));
}

/// A row-major Eigen matrix with one image in each row, height x width x channels, for data::arrays and
/// encode.
/// @tparam Shape the ImageShape. @throws ShapeError if rows have another length.
template <class Shape, detail::eigen_dense E>
auto image_span(E&& e) {
  if (static_cast<std::size_t>(e.cols()) != Shape::size) {
    throw ShapeError("image_span: found rows of " + std::to_string(e.cols()) +
                     " scalars, expected images of " + std::to_string(Shape::height) + " x " +
                     std::to_string(Shape::width) + " x " + std::to_string(Shape::channels) + " = " +
                     std::to_string(Shape::size));
  }
  return as_span(e);
}

}  // namespace disentangle
