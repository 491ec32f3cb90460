// SPDX-License-Identifier: Apache-2.0
// Tensors that other libraries can look at in place: variables of backends whose memory is the host's, and
// the named tensors of a model. What eigen/interoperation.hpp and xtensor/interoperation.hpp share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <disentangle/backend/backend_traits.hpp>
#include <disentangle/core/error.hpp>

namespace disentangle {

/// A backend whose tensors lie in the host's memory.
template <class B>
concept host_backend = !backend::backend_traits<B>::is_device;

/// A Variable of a host backend.
template <class V>
concept host_variable = requires(V const& v) {
  typename V::expression_tag;
  requires host_backend<typename V::backend_type>;
  v.value;
  v.extents;
  v.strides;
  v.size();
};

namespace detail {

/// Memory of a model under a name.
template <class T>
struct NamedTensor {
  T* data = nullptr;
  std::vector<std::ptrdiff_t> extents;
};

/// The tensor of a model with this name, as checkpoints name it. @throws ValueError with all names if there
/// is none.
template <class Model>
NamedTensor<typename Model::scalar> find_tensor(Model& model, std::string_view name) {
  static_assert(host_backend<typename Model::backend_type>,
                "[disentangle] this model's tensors lie on a device: download them with model.backend()");
  NamedTensor<typename Model::scalar> found;
  std::string names;
  model.for_each_tensor([&](std::string const& own, std::vector<std::ptrdiff_t> const& extents, auto* data) {
    if (own == name) found = {data, extents};
    names += (names.empty() ? "" : ", ") + own;
  });
  if (found.data == nullptr)
    throw ValueError("tensor: found no '" + std::string(name) + "' in the model, expected one of " + names);
  return found;
}

inline void check_scalars(char const* what, std::size_t found, std::size_t expected) {
  if (found != expected) {
    throw ShapeError(std::string(what) + ": found " + std::to_string(found) + " scalars, expected " +
                     std::to_string(expected));
  }
}

}  // namespace detail

}  // namespace disentangle
