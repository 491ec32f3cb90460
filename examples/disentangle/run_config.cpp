// SPDX-License-Identifier: Apache-2.0
// Reads and writes config.json.
#include "run_config.hpp"

#include <disentangle/core/version.hpp>
#include <disentangle/io/json.hpp>

#include <limits>
#include <sstream>

namespace dis = disentangle;
using dis::io::Json;

namespace {

/// A member of the settings, if it is of the kind that `fits` tells.
Json const& member(std::filesystem::path const& path, Json const& json, char const* name, char const* expected, bool (*fits)(Json const&)) {
  Json const* const found = json.find(name);
  if (found == nullptr) throw dis::FileError(path.string(), std::string("found no member '") + name + "', expected " + expected);
  if (!fits(*found)) throw dis::FileError(path.string(), std::string("member '") + name + "': found " + dis::io::to_line(*found) + ", expected " + expected);
  return *found;
}

bool is_text(Json const& json) { return json.is_text(); }
bool is_whole(Json const& json) { return json.is_natural() && json.natural() <= std::uint64_t{std::numeric_limits<long>::max()}; }
bool is_seed(Json const& json) { return json.is_natural(); }
bool is_list_of_text(Json const& json) {
  bool all = json.is_list();
  for (std::size_t i = 0; all && i < json.size(); ++i) all = json[i].is_text();
  return all;
}

}  // namespace

void write_config(std::filesystem::path const& path, RunConfig const& config, OpenedData const& data) {
  Json json = Json::object(), described = Json::list();
  std::istringstream lines(find_method(config.method).described(config.set));
  for (std::string line; std::getline(lines, line);) described.add(line);
  json.add("library_version", dis::version);
  json.add("method", config.method);
  json.add("set", Json::list(config.set));
  json.add("data", config.data);
  json.add("steps", config.steps);
  json.add("batch_size", config.batch_size);
  json.add("seed", config.seed);
  json.add("checkpoint_every", config.checkpoint_every);
  json.add("log_every", config.log_every);
  json.add("described", described);
  std::visit(
      [&]<class Data>(Data const& d) {
        using Shape = typename Data::image_shape_type;
        json.add("image_shape", Json::list().add(Shape::height).add(Shape::width).add(Shape::channels));
        json.add("images", d.size());
      },
      data);
  dis::io::write_json(path, json);
}

RunConfig read_config(std::filesystem::path const& path) {
  Json const json = dis::io::read_json(path);
  if (!json.is_object()) throw dis::FileError(path.string(), "found no JSON object, expected the settings of a run");
  RunConfig config;
  auto const text = [&](char const* name, char const* expected) { return member(path, json, name, expected, is_text).text(); };
  auto const whole = [&](char const* name) { return static_cast<long>(member(path, json, name, "a whole number", is_whole).natural()); };
  config.method = text("method", "the name of a method");
  Json const& set = member(path, json, "set", "a list of settings POLICY.MEMBER=VALUE", is_list_of_text);
  for (std::size_t i = 0; i < set.size(); ++i) config.set.push_back(set[i].text());
  config.data = text("data", data_forms);
  config.steps = whole("steps");
  config.batch_size = static_cast<std::size_t>(whole("batch_size"));
  config.seed = member(path, json, "seed", "a whole number", is_seed).natural();
  config.checkpoint_every = whole("checkpoint_every");
  config.log_every = whole("log_every");
  return config;
}
