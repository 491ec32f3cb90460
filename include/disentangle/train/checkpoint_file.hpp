// SPDX-License-Identifier: Apache-2.0
// A model's whole state in one safetensors file: parameters, the optimisers' moments, statistics, and as
// metadata the counters and what the state belongs to. Random numbers and minibatches are pure functions of
// (seed, step), so nothing else is needed to go on bit for bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/describe.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/version.hpp>
#include <disentangle/io/safetensors.hpp>

namespace disentangle {

/// What a checkpoint says beside its tensors. The first four are the caller's to fill in for
/// save_checkpoint().
struct CheckpointInfo {
  std::string data_name;                       ///< of the data set
  std::size_t data_size = 0;                   ///< images in it
  std::size_t batch_size = 0;                  ///< images per minibatch
  std::map<std::string, std::string> notes{};  ///< anything else, kept under "note.<key>"
  long step = 0;                               ///< training steps made
  std::vector<long> counters{};                ///< Model::counters()
  std::uint64_t seed = 0;                      ///< of the run
  std::string method{};                        ///< describe(method), a line per policy
  std::string image_shape{};                   ///< "64 x 64 x 1"
  std::string library_version{};               ///< that wrote the file
};

namespace detail {

inline constexpr char const* checkpoint_format = "disentangle checkpoint 1";

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

/// The metadata of a checkpoint, with errors that name the file and the entry.
class CheckpointHeader {
 public:
  CheckpointHeader(std::string file, std::map<std::string, std::string> const& entries)
      : file_(std::move(file)), entries_(entries) {
    auto const format = entries_.find("format");
    if (format == entries_.end() || format->second != checkpoint_format) {
      throw FileError(
          file_, std::string("no checkpoint of this program: found ") +
                     (format == entries_.end() ? "no entry 'format'" : "format '" + format->second + "'") +
                     ", expected '" + checkpoint_format + "'");
    }
  }

  std::string const& text(std::string const& key) const {
    auto const found = entries_.find(key);
    if (found == entries_.end()) throw FileError(file_, "the metadata has no entry '" + key + "'");
    return found->second;
  }
  template <class T>
  T number(std::string const& key) const {
    return parse<T>(key, text(key));
  }
  std::vector<long> numbers(std::string const& key) const {
    std::vector<long> list;
    std::istringstream words(text(key));
    for (std::string word; words >> word;) list.push_back(parse<long>(key, word));
    return list;
  }
  CheckpointInfo info() const {
    CheckpointInfo info;
    info.data_name = text("data");
    info.data_size = number<std::size_t>("data_size");
    info.batch_size = number<std::size_t>("batch_size");
    info.step = number<long>("step");
    info.counters = numbers("counters");
    info.seed = number<std::uint64_t>("seed");
    info.method = text("method");
    info.image_shape = text("image_shape");
    info.library_version = text("library_version");
    for (auto const& [key, value] : entries_) {
      if (key.starts_with("note.")) info.notes[key.substr(5)] = value;
    }
    if (info.step < 0 || info.counters.empty() || info.counters[0] != info.step) {
      throw FileError(file_, "metadata: found step " + text("step") + " and counters '" + text("counters") +
                                 "', expected the step as the first counter");
    }
    return info;
  }

 private:
  template <class T>
  T parse(std::string const& key, std::string_view word) const {
    T value{};
    if (!read_number(word, value)) {
      throw FileError(file_,
                      "metadata '" + key + "': found '" + std::string(word) + "', expected a whole number");
    }
    return value;
  }

  std::string file_;
  std::map<std::string, std::string> const& entries_;
};

inline std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Throws where the checkpoint's method is not the model's, naming the first policies that only one of them
/// has.
inline void expect_same_method(std::string const& file, std::string const& found,
                               std::string const& expected) {
  if (found == expected) return;
  auto const a = lines_of(found), b = lines_of(expected);
  auto const only_in = [](std::vector<std::string> const& one,
                          std::vector<std::string> const& other) -> std::string {
    for (std::string const& line : one) {
      if (std::find(other.begin(), other.end(), line) == other.end()) return "'" + line + "'";
    }
    return "";
  };
  std::string const has = only_in(a, b), wants = only_in(b, a);
  if (has.empty() && wants.empty())
    throw FileError(file, "the checkpoint is of a method with the same policies in another order or number");
  throw FileError(file, "the checkpoint is of another method: found " +
                            (has.empty() ? "no further policy" : has) + ", expected " +
                            (wants.empty() ? "no further policy" : wants));
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
  std::string counters;
  for (long const count : model.counters()) counters += (counters.empty() ? "" : " ") + std::to_string(count);
  std::map<std::string, std::string> metadata{
      {"format", detail::checkpoint_format},
      {"step", std::to_string(model.steps())},
      {"counters", counters},
      {"seed", std::to_string(model.seed().value)},
      {"method", describe(model.method())},
      {"image_shape", detail::image_shape_text<typename Model::image_shape_type>()},
      {"library_version", std::string(version)},
      {"data", info.data_name},
      {"data_size", std::to_string(info.data_size)},
      {"batch_size", std::to_string(info.batch_size)}};
  for (auto const& [key, value] : info.notes) metadata["note." + key] = value;
  io::write_safetensors(path, named, metadata);
}

/// What a checkpoint says of itself, without its tensors. @throws FileError if it is no checkpoint, or
/// damaged.
inline CheckpointInfo read_checkpoint_info(std::filesystem::path const& path) {
  io::SafetensorsReader const file(path);
  return detail::CheckpointHeader(path.string(), file.metadata()).info();
}

/// Restores a model's state. The model must have the method (every hyper-parameter), the image shape and the
/// seed that the checkpoint was made with. @throws FileError naming what was found and what was expected; the
/// model is then unchanged.
template <class Model>
CheckpointInfo load_checkpoint(Model& model, std::filesystem::path const& path) {
  using T = typename Model::scalar;
  std::string const name = path.string();
  io::SafetensorsReader const file(path);
  CheckpointInfo info = detail::CheckpointHeader(name, file.metadata()).info();
  std::string const shape = detail::image_shape_text<typename Model::image_shape_type>();
  if (info.image_shape != shape) {
    throw FileError(name, "the checkpoint is for images of " + info.image_shape + ", expected " + shape);
  }
  detail::expect_same_method(name, info.method, describe(model.method()));
  if (info.seed != model.seed().value) {
    throw FileError(name, "the checkpoint is of seed " + std::to_string(info.seed) + ", expected " +
                              std::to_string(model.seed().value));
  }
  if (info.counters.size() != model.counters().size()) {
    throw FileError(name, "found " + std::to_string(info.counters.size()) + " counters, expected " +
                              std::to_string(model.counters().size()));
  }
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
  model.set_counters(info.counters);
  return info;
}

}  // namespace disentangle
