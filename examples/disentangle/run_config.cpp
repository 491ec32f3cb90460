// SPDX-License-Identifier: Apache-2.0
// Reads and writes config.json.
#include "run_config.hpp"

#include "program_network.hpp"
#include "usage_error.hpp"

#include <disentangle/core/version.hpp>
#include <disentangle/io/json.hpp>

#include <optional>
#include <sstream>

namespace dis = disentangle;
using dis::io::Json;

namespace {

template <class T>
T member(std::filesystem::path const& path, Json const& json, char const* name, char const* expected) {
  Json const* const found = json.find(name);
  if (found == nullptr)
    throw dis::FileError(path.string(), std::string("found no member '") + name + "', expected " + expected);
  // whole numbers are counts
  auto const value = found->kind() == Json::Kind::negative ? std::nullopt : found->as<T>();
  if (!value)
    throw dis::FileError(path.string(), std::string("member '") + name + "': found " +
                                            dis::io::to_compact_text(*found) + ", expected " + expected);
  return *value;
}

}  // namespace

std::string program_network() { return PROGRAM_NETWORK_NAME; }

void write_config(std::filesystem::path const& path, RunConfig const& config, OpenedData const& data) {
  Json json;
  json["library_version"] = std::string(dis::version);
  json["method"] = config.method;
  json["network"] = config.network;
  json["set"] = config.set;
  json["data"] = config.data;
  json["labels"] = config.labels;
  json["augment"] = config.augment;
  json["steps"] = config.steps;
  json["batch_size"] = config.batch_size;
  json["seed"] = config.seed;
  json["checkpoint_every"] = config.checkpoint_every;
  json["log_every"] = config.log_every;
  json["described"] = Json::array();
  std::istringstream lines(find_method(config.method).described(config.set));
  for (std::string line; std::getline(lines, line);) json["described"].push_back(line);
  std::visit(
      [&]<class Data>(Data const& d) {
        using Shape = typename Data::image_shape_type;
        json["image_shape"] = {Shape::height, Shape::width, Shape::channels};
        json["images"] = d.size();
      },
      data);
  dis::io::write_json(path, json);
}

RunConfig read_config(std::filesystem::path const& path) {
  Json const json = dis::io::read_json(path);
  if (!json.is_object())
    throw dis::FileError(path.string(), "found no JSON object, expected the settings of a run");
  RunConfig config;
  config.method = member<std::string>(path, json, "method", "the name of a method");
  config.network =
      json.contains("network") ? member<std::string>(path, json, "network", "the name of a network") : "own";
  if (config.network != program_network()) {
    throw UsageError(
        path.string() + ": found network '" + config.network + "', expected '" + program_network() +
        "', which this program was built with; configure one with -DDISENTANGLE_COMMAND_NETWORK=" +
        config.network);
  }
  config.set = member<std::vector<std::string>>(path, json, "set", "a list of settings POLICY.MEMBER=VALUE");
  config.data = member<std::string>(path, json, "data", data_forms);
  if (json.contains("augment"))
    config.augment = member<std::string>(path, json, "augment", "none, or names of augmentations");
  if (json.contains("labels"))
    config.labels = member<std::string>(path, json, "labels", "all, N or random:N");
  config.steps = member<long>(path, json, "steps", "a whole number");
  config.batch_size = member<std::size_t>(path, json, "batch_size", "a whole number");
  config.seed = member<std::uint64_t>(path, json, "seed", "a whole number");
  config.checkpoint_every = member<long>(path, json, "checkpoint_every", "a whole number");
  config.log_every = member<long>(path, json, "log_every", "a whole number");
  return config;
}
