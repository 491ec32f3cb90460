// SPDX-License-Identifier: Apache-2.0
// xtensor and this library on the same memory, in both directions, for any backend whose memory is the
// host's. Nothing here copies.
//
//     auto codes = xt::xtensor<float, 2>::from_shape({n, model.latent_size});
//     model.encode(dis::as_span(images), dis::as_span(codes), {});
//     dis::metric::Mig{}(dis::matrix_view(codes), dis::matrix_view(factors));
//     xt::sum(xt::abs(dis::as_xtensor(model, "encoder.0.weight")));
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <disentangle/backend/host_tensor.hpp>
#include <disentangle/backend/xtensor/include_xtensor.hpp>
#include <disentangle/core/matrix_view.hpp>

namespace disentangle {

// ---- from here to xtensor -------------------------------------------------------------------------------

/// Contiguous memory as an xtensor of the given shape, the last axis innermost: images as {n, height, width,
/// channels}, codes as {n, latents}. @throws ShapeError if the span does not hold as many scalars.
template <class T, std::size_t Rank>
auto as_xtensor(std::span<T> scalars, std::array<std::size_t, Rank> const& shape) {
  std::size_t n = 1;
  for (std::size_t const extent : shape) n *= extent;
  detail::check_scalars("as_xtensor", scalars.size(), n);
  return xt::adapt<xt::layout_type::row_major>(+scalars.data(), n, xt::no_ownership(), shape);
}

/// A matrix view, such as codes (samples, latents) or factors (samples, factors), as an xtensor.
template <class T>
auto as_xtensor(MatrixView<T> matrix) {
  return as_xtensor(std::span<T>(matrix.data, matrix.size()),
                    std::array<std::size_t, 2>{matrix.rows, matrix.columns});
}

/// The values of a variable on a host backend, with its strides: slices and transposes are views in xtensor
/// too. Valid as long as the variable's tape keeps it.
template <host_variable V>
auto as_xtensor(V const& v) {
  constexpr auto rank = static_cast<std::size_t>(V::rank);
  std::array<std::size_t, rank> shape;
  std::array<std::ptrdiff_t, rank> strides;
  for (std::size_t i = 0; i < rank; ++i) {
    shape[i] = static_cast<std::size_t>(v.extents[i]);
    strides[i] = v.extents[i] == 1 ? 0 : v.strides[i];  // as xtensor has it
  }
  return xt::adapt(+v.value, static_cast<std::size_t>(v.size()), xt::no_ownership(), shape, strides);
}

/// A tensor of a model by its name in checkpoints (model.for_each_tensor lists them), in its own shape.
/// Writing to it changes the model; valid as long as the model lives. @throws ValueError if the model has no
/// such tensor.
template <class Model>
  requires requires { typename Model::method_type; }
auto as_xtensor(Model& model, std::string_view name) {
  auto const tensor = detail::find_tensor(model, name);
  std::vector<std::size_t> const shape(tensor.extents.begin(), tensor.extents.end());
  std::size_t n = 1;
  for (std::size_t const extent : shape) n *= extent;
  return xt::adapt<xt::layout_type::row_major>(+tensor.data, n, xt::no_ownership(), shape);
}

// ---- from xtensor to here -------------------------------------------------------------------------------

namespace detail {

template <class E>
concept xtensor_expression = xt::is_xexpression<std::remove_cvref_t<E>>::value;

template <class Sequence>
std::string sequence_text(Sequence const& numbers) {
  std::string text = "(";
  for (auto const number : numbers) text += (text.size() > 1 ? ", " : "") + std::to_string(number);
  return text + ")";
}

/// The memory of an xtensor, checked to be row-major and contiguous.
template <class E>
auto* xtensor_scalars(char const* what, E& e) {
  static_assert(
      requires {
        e.data();
        e.data_offset();
        e.strides();
      }, "[disentangle] an xtensor expression has no memory: evaluate it first with xt::eval");
  std::ptrdiff_t expected = 1;
  for (std::size_t axis = e.dimension(); axis-- > 0;) {
    auto const extent = static_cast<std::ptrdiff_t>(e.shape()[axis]);
    if (extent != 1 && static_cast<std::ptrdiff_t>(e.strides()[axis]) != expected && e.size() != 0) {
      throw ShapeError(std::string(what) + ": found an xtensor of shape " + sequence_text(e.shape()) +
                       " with strides " + sequence_text(e.strides()) +
                       ", expected row-major and contiguous: copy it into an " +
                       "xt::xarray<T, xt::layout_type::row_major> first");
    }
    expected *= extent;
  }
  return e.data() + e.data_offset();
}

}  // namespace detail

/// The scalars of an xt::xarray, xt::xtensor, adaptor or view: what encode, decode and minibatches take. Not
/// a copy: the tensor must outlive it. @throws ShapeError if it is not row-major and contiguous. Expressions
/// are rejected by the compiler: evaluate them first.
template <detail::xtensor_expression E>
auto as_span(E&& e) {
  auto* const data = detail::xtensor_scalars("as_span", e);
  return std::span<std::remove_pointer_t<decltype(data)>>(data, e.size());
}

/// An xtensor of two axes, or of one as a single column, as the matrix view that metrics take. Not a copy.
/// @throws ShapeError for another number of axes, and for what as_span rejects.
template <detail::xtensor_expression E>
auto matrix_view(E&& e) {
  if (e.dimension() != 1 && e.dimension() != 2) {
    throw ShapeError("matrix_view: found an xtensor of shape " + detail::sequence_text(e.shape()) +
                     ", expected one or two axes");
  }
  auto* const data = detail::xtensor_scalars("matrix_view", e);
  return MatrixView<std::remove_pointer_t<decltype(data)>>(
      data, e.shape()[0], e.dimension() == 2 ? e.shape()[1] : std::size_t{1});
}

/// An xtensor of images, (n, height, width, channels), or (n, height, width) where there is one channel, for
/// data::arrays and encode; float with values in [0, 1], or bytes. Not a copy.
/// @tparam Shape the ImageShape. @throws ShapeError for images of another shape, such as channels first.
template <class Shape, detail::xtensor_expression E>
auto image_span(E&& e) {
  constexpr std::array<std::size_t, 3> expected{Shape::height, Shape::width, Shape::channels};
  std::size_t const axes = e.dimension();
  bool fits = axes == 4 || (axes == 3 && Shape::channels == 1);
  for (std::size_t i = 1; fits && i < axes; ++i) fits = e.shape()[i] == expected[i - 1];
  if (!fits) {
    throw ShapeError("image_span: found an xtensor of shape " + detail::sequence_text(e.shape()) +
                     ", expected (n, " + std::to_string(Shape::height) + ", " + std::to_string(Shape::width) +
                     ", " + std::to_string(Shape::channels) + ")");
  }
  return as_span(e);
}

}  // namespace disentangle
