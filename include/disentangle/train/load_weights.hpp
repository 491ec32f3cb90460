// SPDX-License-Identifier: Apache-2.0
// load_weights(model, file): the parameters of a checkpoint in a model that need not be of its method.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/io/safetensors.hpp>
#include <disentangle/nn/parameters.hpp>
#include <disentangle/train/checkpoint_file.hpp>

namespace disentangle {

/// What load_weights() takes.
struct WeightOptions {
  /// How the names of the wanted parameters begin: {"encoder."}; empty: all of the model. A file must have
  /// all that are wanted; what it has beside them is passed over.
  std::vector<std::string> prefixes{};
};

namespace detail {

/// The first part of each name, each once: "decoder, encoder".
inline std::string first_parts(std::vector<std::string> const& names) {
  std::vector<std::string> parts;
  for (std::string const& name : names) parts.push_back(name.substr(0, name.find('.') + 1));
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  std::string text;
  for (std::string const& part : parts) text += (text.empty() ? "'" : ", '") + part + "'";
  return text.empty() ? "none" : text;
}

/// The names that a model shares with a file, and whether the prefixes choose each.
inline void expect_weight(io::SafetensorsReader const& file, std::string const& path, std::string const& name,
                          std::vector<std::size_t> const& shape) {
  if (!file.contains(name)) {
    std::vector<std::string> there;
    for (io::TensorInfo const& tensor : file.tensors()) {
      if (!nn::is_moment(tensor.name) && !tensor.name.starts_with(record_prefix))
        there.push_back(tensor.name);
    }
    throw FileError(path, "no tensor " + name + ", expected one of shape " + io::shape_text(shape) +
                              "; it has parameters that begin with " + first_parts(there) +
                              ", of which .prefixes = {...} takes some");
  }
  io::TensorInfo const& found = file.info(name);
  bool const real = found.dtype == io::DType::f4 || found.dtype == io::DType::f8;
  if (!real || found.shape != shape) {
    throw FileError(path, "tensor " + name + ": found " + io::name_of(found.dtype) + " of shape " +
                              io::shape_text(found.shape) + ", expected f4 or f8 of shape " +
                              io::shape_text(shape));
  }
}

}  // namespace detail

/// Takes parameters, and statistics such as those of BatchNorm, from a checkpoint: no moments, no counters,
/// no lists of numbers. Method, seed, images and hyper-parameters may be others; tensors of the same names
/// must have the same shapes. Any safetensors file with such tensors will do. Returns the names of what was
/// taken.
///
///     dis::load_weights(model, "runs/first/checkpoint.safetensors", {.prefixes = {"encoder."}});
///
/// @throws FileError naming the tensor, the shape found and the shape expected; the model is then unchanged.
/// @throws ValueError for a prefix with which no parameter of the model begins.
template <class Model>
std::vector<std::string> load_weights(Model& model, std::filesystem::path const& path,
                                      WeightOptions const& options = {}) {
  using T = typename Model::scalar;
  std::string const file_name = path.string();
  io::SafetensorsReader const file = detail::open_checkpoint(path);
  auto tensors = detail::host_tensors(model, false);
  std::vector<std::string> own, taken;
  for (auto const& tensor : tensors) {
    if (!nn::is_moment(tensor.name)) own.push_back(tensor.name);
  }
  for (std::string const& prefix : options.prefixes) {
    if (std::none_of(own.begin(), own.end(), [&](auto const& name) { return name.starts_with(prefix); })) {
      throw ValueError("load_weights: no parameter of the model begins with '" + prefix +
                       "'; they begin with " + detail::first_parts(own));
    }
  }
  auto const wanted = [&](std::string const& name) {
    return !nn::is_moment(name) &&
           (options.prefixes.empty() ||
            std::any_of(options.prefixes.begin(), options.prefixes.end(),
                        [&](std::string const& prefix) { return name.starts_with(prefix); }));
  };
  for (auto& tensor : tensors) {
    if (!wanted(tensor.name)) continue;
    detail::expect_weight(file, file_name, tensor.name, tensor.shape);
    tensor.values = file.read(tensor.name).template as<T>(file_name + ": tensor " + tensor.name);
    taken.push_back(tensor.name);
  }
  std::size_t next = 0;
  model.for_each_tensor([&](std::string const&, auto const&, T* pointer) {
    auto const& tensor = tensors[next++];
    if (wanted(tensor.name)) model.backend().upload(tensor.values.data(), pointer, tensor.values.size());
  });
  return taken;
}

}  // namespace disentangle
