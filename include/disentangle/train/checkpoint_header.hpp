// SPDX-License-Identifier: Apache-2.0
// What a checkpoint says beside its tensors: the metadata of the safetensors file, in formats 1 and 2.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/version.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/safetensors.hpp>
#include <disentangle/train/method_settings.hpp>

namespace disentangle {

/// What a checkpoint says beside its tensors. The first five are the caller's to fill in for
/// save_checkpoint().
struct CheckpointInfo {
  std::string data_name;                       ///< of the data set
  std::size_t data_size = 0;                   ///< images in it
  std::size_t batch_size = 0;                  ///< images per minibatch
  std::map<std::string, std::string> notes{};  ///< anything else, kept under "note.<key>"
  std::vector<SettingChange> changes{};        ///< hyper-parameters changed on the way, the oldest first
  long step = 0;                               ///< training steps made
  std::vector<long> counters{};                ///< Model::counters()
  std::vector<std::string> counter_names{};    ///< Model::counter_names(); empty in files of format 1
  std::uint64_t seed = 0;                      ///< of the run
  std::string method{};                        ///< describe(method), a line per policy
  std::string image_shape{};                   ///< "64 x 64 x 1"
  std::string library_version{};               ///< that wrote the file
};

namespace detail {

// Format 1 has the method as one text, no digests, no names of counters and no changes.
inline constexpr char const* checkpoint_format = "disentangle checkpoint 2";
inline constexpr char const* checkpoint_format_1 = "disentangle checkpoint 1";

/// Opens a checkpoint. A file that cannot be one any more is a FileError with the way out.
inline io::SafetensorsReader open_checkpoint(std::filesystem::path const& path) {
  std::string const name = path.string();
  io::InputFile const file(path);
  constexpr char const* remedy = "; restore the checkpoint from a copy, or start the run anew";
  auto const open = [&] {
    try {
      return io::SafetensorsReader(file);
    } catch (FileError const& error) {
      std::string const what = std::string(error.what()).substr(name.size() + 2);
      throw FileError(name, what.find("restore the file") == what.npos ? what + remedy : what);
    }
  };
  io::SafetensorsReader reader = open();
  auto const format = reader.metadata().find("format");
  if (format != reader.metadata().end() && format->second == checkpoint_format && !reader.has_digests())
    throw FileError(name, std::string("damaged: its digests are missing") + remedy);
  return reader;
}

/// The metadata of a checkpoint, with errors that name the file and the entry.
class CheckpointHeader {
 public:
  CheckpointHeader(std::string file, std::map<std::string, std::string> const& entries)
      : file_(std::move(file)), entries_(entries) {
    auto const format = entries_.find("format");
    if (format == entries_.end() ||
        (format->second != checkpoint_format && format->second != checkpoint_format_1)) {
      throw FileError(
          file_, std::string("no checkpoint of this program: found ") +
                     (format == entries_.end() ? "no entry 'format'" : "format '" + format->second + "'") +
                     ", expected '" + checkpoint_format + "' or '" + checkpoint_format_1 + "'");
    }
    first_format_ = format->second == checkpoint_format_1;
  }

  MethodSettings settings() const {
    return first_format_ ? method_settings(text("method"))
                         : method_settings(text("structure"), text("hyper_parameters"), file_);
  }
  CheckpointInfo info() const {
    CheckpointInfo info;
    info.data_name = text("data");
    info.data_size = number<std::size_t>("data_size");
    info.batch_size = number<std::size_t>("batch_size");
    info.step = number<long>("step");
    std::istringstream words(text("counters"));
    for (std::string word; words >> word;) info.counters.push_back(parse<long>("counters", word));
    info.seed = number<std::uint64_t>("seed");
    info.method = described(settings());
    info.image_shape = text("image_shape");
    info.library_version = text("library_version");
    for (auto const& [key, value] : entries_) {
      if (key.starts_with("note.")) info.notes[key.substr(5)] = value;
    }
    if (!first_format_) {
      for (std::string const& name : split_text(text("counter_names"), '\t'))
        info.counter_names.push_back(unescaped(name));
      for (std::string const& line : split_text(text("changes"), '\n')) {
        std::vector<std::string> const words_of = split_text(line + '\t', '\t');
        if (words_of.size() != 4) throw FileError(file_, "metadata 'changes': found '" + line + "'");
        info.changes.push_back({parse<long>("changes", words_of[0]), unescaped(words_of[1]),
                                unescaped(words_of[2]), unescaped(words_of[3])});
      }
      if (info.counter_names.size() != info.counters.size()) {
        throw FileError(file_, "metadata: found " + std::to_string(info.counters.size()) + " counters and " +
                                   std::to_string(info.counter_names.size()) + " names of them");
      }
    }
    if (info.step < 0 || info.counters.empty() || info.counters[0] != info.step) {
      throw FileError(file_, "metadata: found step " + text("step") + " and counters '" + text("counters") +
                                 "', expected the step as the first counter");
    }
    return info;
  }

 private:
  std::string const& text(std::string const& key) const {
    auto const found = entries_.find(key);
    if (found == entries_.end()) throw FileError(file_, "the metadata has no entry '" + key + "'");
    return found->second;
  }
  template <class T>
  T number(std::string const& key) const {
    return parse<T>(key, text(key));
  }
  template <class T>
  T parse(std::string const& key, std::string_view word) const {
    T value{};
    auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) {
      throw FileError(file_,
                      "metadata '" + key + "': found '" + std::string(word) + "', expected a whole number");
    }
    return value;
  }

  std::string file_;
  std::map<std::string, std::string> const& entries_;
  bool first_format_ = false;
};

/// The metadata of a checkpoint of this format.
inline std::map<std::string, std::string> checkpoint_metadata(CheckpointInfo const& info) {
  MethodSettings const settings = method_settings(info.method);
  std::string counters, names;
  for (long const count : info.counters) counters += (counters.empty() ? "" : " ") + std::to_string(count);
  for (std::string const& name : info.counter_names) names += (names.empty() ? "" : "\t") + escaped(name);
  std::map<std::string, std::string> metadata{{"format", checkpoint_format},
                                              {"step", std::to_string(info.step)},
                                              {"counters", counters},
                                              {"counter_names", names},
                                              {"seed", std::to_string(info.seed)},
                                              {"structure", structure_text(settings)},
                                              {"hyper_parameters", hyper_parameters_text(settings)},
                                              {"changes", history_text(info.changes)},
                                              {"image_shape", info.image_shape},
                                              {"library_version", std::string(version)},
                                              {"data", info.data_name},
                                              {"data_size", std::to_string(info.data_size)},
                                              {"batch_size", std::to_string(info.batch_size)}};
  for (auto const& [key, value] : info.notes) metadata["note." + key] = value;
  return metadata;
}

/// The counters of a checkpoint in the order of the model's; by name, since slots may stand in another order.
inline std::vector<long> counters_for(CheckpointInfo const& info, std::vector<std::string> const& names,
                                      bool same_order, std::string const& file) {
  auto const listed = [](std::vector<std::string> const& list) {
    std::string text;
    for (std::string const& name : list) text += (text.empty() ? "'" : ", '") + name + "'";
    return text;
  };
  if (info.counters.size() != names.size()) {
    throw FileError(file, "found " + std::to_string(info.counters.size()) + " counters, expected " +
                              std::to_string(names.size()) + ", of " + listed(names));
  }
  if (info.counter_names.empty()) {
    if (same_order || names.size() <= 2) return info.counters;
    throw FileError(file,
                    "the file, of format 1, has its policies in another order than the method, and does "
                    "not say which of its counters is whose; load_weights() takes the parameters alone");
  }
  std::vector<long> counters;
  for (std::string const& name : names) {
    std::size_t i = 0;
    while (i < info.counter_names.size() && info.counter_names[i] != name) ++i;
    if (i == info.counter_names.size()) {
      throw FileError(file, "found counters of " + listed(info.counter_names) + ", expected those of " +
                                listed(names));
    }
    counters.push_back(info.counters[i]);
  }
  return counters;
}

}  // namespace detail

/// What a checkpoint says of itself, without its tensors. @throws FileError if it is no checkpoint, or
/// damaged.
[[nodiscard]] inline CheckpointInfo read_checkpoint_info(std::filesystem::path const& path) {
  io::SafetensorsReader const file = detail::open_checkpoint(path);
  return detail::CheckpointHeader(path.string(), file.metadata()).info();
}

}  // namespace disentangle
