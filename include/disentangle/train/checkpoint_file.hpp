// SPDX-License-Identifier: Apache-2.0
// A model's whole state in one safetensors file: parameters, the optimisers' moments, statistics, and as
// metadata the counters and what the state belongs to, all with digests against accidents. Random numbers and
// minibatches are pure functions of (seed, step), so nothing else is needed to go on bit for bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/describe.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/io/safetensors.hpp>
#include <disentangle/train/checkpoint_header.hpp>
#include <disentangle/train/method_settings.hpp>

namespace disentangle {

/// Whether a checkpoint whose hyper-parameters are not the model's may be loaded.
enum class ChangedSettings { refuse, allow };

/// What load_checkpoint() accepts.
struct LoadOptions {
  /// allow: the model goes on with its own hyper-parameters; what differs stands in the result's `changes`.
  ChangedSettings changed_settings = ChangedSettings::refuse;
};

namespace detail {

template <class Image>
std::string image_shape_text() {
  return std::to_string(Image::height) + " x " + std::to_string(Image::width) + " x " +
         std::to_string(Image::channels);
}

/// A tensor of a model on the host.
template <class T>
struct HostTensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<T> values;
};

/// The names, shapes and, where `values`, contents of a model's tensors.
template <class Model>
auto host_tensors(Model& model, bool values) {
  using T = typename Model::scalar;
  std::vector<HostTensor<T>> tensors;
  model.for_each_tensor([&](std::string const& name, auto const& extents, T* pointer) {
    HostTensor<T> tensor{name, {}, {}};
    std::size_t size = 1;
    for (auto const extent : extents) {
      tensor.shape.push_back(static_cast<std::size_t>(extent));
      size *= static_cast<std::size_t>(extent);
    }
    tensor.values.resize(size);
    if (values) model.backend().download(pointer, tensor.values.data(), size);
    tensors.push_back(std::move(tensor));
  });
  return tensors;
}

inline constexpr char const* record_prefix = "record.";

/// The model's lists of numbers that a file has, by their name in the file.
template <class Model>
std::map<std::string, std::vector<double>> read_records(Model& model, io::SafetensorsReader const& file,
                                                        std::string const& path) {
  std::map<std::string, std::vector<double>> records;
  std::string const of_callbacks = std::string(record_prefix) + "note.";
  for (io::TensorInfo const& found : file.tensors()) {
    if (found.name.starts_with(of_callbacks)) model.note(found.name.substr(of_callbacks.size()));
  }
  model.for_each_record([&]<class T>(std::string const& record, std::vector<T>&) {
    std::string const name = record_prefix + record;
    for (io::TensorInfo const& found : file.tensors()) {
      if (found.name != name) continue;
      if (found.dtype != io::dtype_of<T>() || found.shape.size() != 1) {
        throw FileError(path, "tensor " + name + ": found " + io::name_of(found.dtype) + " of shape " +
                                  io::shape_text(found.shape) + ", expected a list of " +
                                  io::name_of(io::dtype_of<T>()));
      }
      std::vector<T> values(found.shape[0]);
      file.read_into(name, std::span(values));
      records[name].assign(values.begin(), values.end());
    }
  });
  return records;
}

}  // namespace detail

/// Writes a model's state, beside and renamed, so that the file is never half-written. `info` names the data
/// set and the batch size; the rest comes from the model. Tensors are named as the parameters
/// ("encoder.0.weight"), the moments "moment0.encoder.0.weight". @throws NumericalError if a tensor is not
/// finite: the file is then left as it was.
/// @throws FileError if the file cannot be written.
template <class Model>
void save_checkpoint(Model& model, std::filesystem::path const& path, CheckpointInfo const& info = {}) {
  auto const tensors = detail::host_tensors(model, true);
  std::vector<io::NamedTensor> named;
  for (auto const& tensor : tensors) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      if (!std::isfinite(tensor.values[i])) {
        throw NumericalError("step " + std::to_string(model.steps()) + ": element " + std::to_string(i) +
                             " of " + tensor.name + " is " + number_text(tensor.values[i]) + ", so " +
                             path.string() + " is not written");
      }
    }
    named.push_back({tensor.name, io::ArrayView(tensor.shape, std::span(tensor.values))});
  }
  model.for_each_record([&]<class T>(std::string const& record, std::vector<T>& values) {
    if (values.empty()) return;  // a list without numbers is one that the file does not have
    named.push_back({detail::record_prefix + record,
                     io::ArrayView(std::vector<std::size_t>{values.size()}, std::span<T const>(values))});
  });
  CheckpointInfo all = info;
  all.step = model.steps();
  all.counters = model.counters();
  all.counter_names = model.counter_names();
  all.seed = model.seed().value;
  all.method = describe(model.method());
  all.image_shape = detail::image_shape_text<typename Model::image_shape_type>();
  io::write_safetensors(path, named, detail::checkpoint_metadata(all), {.digests = true});
}

namespace detail {

/// What a method's types have by default; nothing where they have no default.
template <class M>
MethodSettings default_settings() {
  if constexpr (std::is_default_constructible_v<M>) {
    return method_settings(describe(M{}));
  } else {
    return {};
  }
}

/// Throws unless the metadata are those of a model that may take the state; adds to info.changes what
/// differs.
inline void expect_fits(std::string const& file, MethodSettings const& found, MethodSettings const& expected,
                        MethodSettings const& defaults, ChangedSettings changed, CheckpointInfo& info) {
  expect_same_structure(file, found, expected);
  std::vector<SettingChange> const changes = setting_changes(found, expected, defaults, info.step);
  if (!changes.empty() && changed == ChangedSettings::refuse) {
    throw FileError(file, "the checkpoint is of other hyper-parameters: " + changes_text(changes) +
                              "; set those of the file, or let them change: .changed_settings = "
                              "ChangedSettings::allow (the program: --resume --set NAME=VALUE)");
  }
  info.changes.insert(info.changes.end(), changes.begin(), changes.end());
}

/// Whether the slots stand in the same order.
inline bool same_order(MethodSettings const& found, MethodSettings const& expected) {
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    if (found[i].slot != expected[i].slot) return false;
  }
  return true;
}

}  // namespace detail

/// Restores a model's state. The model must have the structure (policies in their roles), the image shape,
/// the seed and, unless `options` let them change, the hyper-parameters that the checkpoint was made with. A
/// hyper-parameter that the file lacks, as files of older versions do, had its default. Returns what the file
/// says, with the hyper-parameters that change now at the end of `changes`. @throws FileError naming what was
/// found and what was expected; the model is then unchanged.
template <class Model>
CheckpointInfo load_checkpoint(Model& model, std::filesystem::path const& path,
                               LoadOptions const& options = {}) {
  using T = typename Model::scalar;
  std::string const name = path.string();
  io::SafetensorsReader const file = detail::open_checkpoint(path);
  detail::CheckpointHeader const header(name, file.metadata());
  CheckpointInfo info = header.info();
  std::string const shape = detail::image_shape_text<typename Model::image_shape_type>();
  if (info.image_shape != shape) {
    throw FileError(name, "the checkpoint is for images of " + info.image_shape + ", expected " + shape);
  }
  detail::MethodSettings const saved = header.settings();
  detail::MethodSettings const expected = detail::method_settings(describe(model.method()));
  detail::expect_fits(name, saved, expected,
                      detail::default_settings<std::remove_cvref_t<decltype(model.method())>>(),
                      options.changed_settings, info);
  if (info.seed != model.seed().value) {
    throw FileError(name, "the checkpoint is of seed " + std::to_string(info.seed) + ", expected " +
                              std::to_string(model.seed().value) +
                              "; load_weights() takes the parameters alone, of any seed");
  }
  std::vector<long> const counters =
      detail::counters_for(info, model.counter_names(), detail::same_order(saved, expected), name);
  auto tensors = detail::host_tensors(model, false);
  for (auto& tensor : tensors) {
    io::TensorInfo const& found = file.info(tensor.name);
    if (found.dtype != io::dtype_of<T>() || found.shape != tensor.shape) {
      throw FileError(name, "tensor " + tensor.name + ": found " + io::name_of(found.dtype) + " of shape " +
                                io::shape_text(found.shape) + ", expected " + io::name_of(io::dtype_of<T>()) +
                                " of shape " + io::shape_text(tensor.shape));
    }
    file.read_into(tensor.name, std::span(tensor.values));
  }
  auto const records = detail::read_records(model, file, name);
  if (file.tensors().size() != tensors.size() + records.size()) {
    for (auto const& found : file.tensors()) {
      bool known = records.contains(found.name);
      for (auto const& tensor : tensors) known = known || tensor.name == found.name;
      if (!known) throw FileError(name, "found tensor " + found.name + ", which this model does not have");
    }
  }
  std::size_t next = 0;
  model.for_each_tensor([&](std::string const&, auto const&, T* pointer) {
    auto const& tensor = tensors[next++];
    model.backend().upload(tensor.values.data(), pointer, tensor.values.size());
  });
  model.for_each_record([&]<class T>(std::string const& record, std::vector<T>& values) {
    auto const found = records.find(detail::record_prefix + record);
    if (found == records.end()) {
      values.clear();
    } else {
      values.assign(found->second.begin(), found->second.end());
    }
  });
  model.set_counters(counters);
  return info;
}

}  // namespace disentangle
