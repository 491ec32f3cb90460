// SPDX-License-Identifier: Apache-2.0
// config.json: what a run folder was trained with. evaluate, traverse and train --resume need nothing else.
#pragma once

#include "methods.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// The network of all methods of this program, or "own": DISENTANGLE_COMMAND_NETWORK of its build.
std::string program_network();

struct RunConfig {
  std::string method;
  /// DISENTANGLE_COMMAND_NETWORK of the program that trained it.
  std::string network = program_network();
  std::vector<std::string> set;
  std::string data;
  /// How many labels a semi-supervised method sees: "all", "N", "random:N".
  std::string labels = "all";
  /// How minibatches are augmented: "none", or names with commas between.
  std::string augment = "none";
  long steps = 0;
  std::size_t batch_size = 0;
  std::uint64_t seed = 0;
  long checkpoint_every = 0;
  long log_every = 0;
};

/// Writes DIR/config.json; besides the fields, the described method, the image shape and the library's
/// version.
void write_config(std::filesystem::path const& path, RunConfig const& config, OpenedData const& data);

/// Reads it back. Throws FileError that names the member, what was found and what was expected.
RunConfig read_config(std::filesystem::path const& path);

/// A run folder for `evaluate` and `traverse`: the trained model with the data set, both of an image shape.
template <class Shape>
std::unique_ptr<AnyModel<Shape>> load_model(RunFiles const& files, RunConfig const& config, unsigned threads,
                                            long& step) {
  auto model =
      find_method(config.method).model<Shape>({.set = config.set, .seed = config.seed, .threads = threads});
  step = model->load(files.checkpoint());
  return model;
}
