// SPDX-License-Identifier: Apache-2.0
// disentangle evaluate DIR
#include "commands.hpp"
#include "run_config.hpp"
#include "usage_error.hpp"

#include <disentangle/report/heat_map.hpp>
#include <disentangle/report/score_table.hpp>
#include <disentangle/train/evaluate_by_name.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace {

/// importance.png and mutual_information.png: of the first score that has such a table of latents and
/// factors. Pictures of an earlier evaluation go, where this one has no such table.
void draw_tables(std::filesystem::path const& folder, std::span<disentangle::metric::Score const> scores) {
  for (std::string const name : {"importance", "mutual_information"}) {
    std::filesystem::path const path = folder / (name + ".png");
    std::filesystem::remove(path);
    bool drawn = false;
    for (auto const& score : scores) {
      for (auto const& table : score.tables) {
        if (drawn || table.name != name || table.row_axis != "latent" || table.column_axis != "factor")
          continue;
        disentangle::report::heat_map(score, name).save(path);
        drawn = true;
      }
    }
  }
}

/// The names asked for: those of metrics, and those of scores of classes.
struct Names {
  std::vector<std::string> metrics, of_classes;
};

Names split(std::vector<std::string> const& asked) {
  namespace dis = disentangle;
  Names names;
  auto const known = dis::class_metric_names();
  for (std::string const& name : asked) {
    (std::find(known.begin(), known.end(), name) == known.end() ? names.metrics : names.of_classes)
        .push_back(name);
  }
  try {
    dis::expect_model_metric_names(names.metrics);
  } catch (dis::ValueError const& error) {
    throw UsageError(std::string("--metrics: ") + error.what() + ", and for methods with classes " +
                     joined(known));
  }
  return names;
}

/// Scores of classes on images whose labels training did not see: those of the names as metrics, all of them
/// in a line.
template <class Model, class Shape>
void score_classes(Model& model, AnyData<Shape> const& images, RunConfig const& config,
                   EvaluateArguments const& given, std::vector<std::string> const& names,
                   std::vector<disentangle::metric::Score>& scores, std::string& line) {
  auto const codes = model.classes();
  if (!codes) return;
  auto const& of = images.factors();
  if (names.empty() && (of.empty() || of.front().cardinality != static_cast<int>(codes->sizes.front())))
    return;
  disentangle::ClassScoreOptions const options{
      .images = given.held_out, .seed = given.seed, .threads = given.threads};
  auto const classes = *model.class_scores(with_hidden_labels(images, config.labels, config.seed), options);
  bool const held_out = config.labels != "all";
  for (std::string const& name : names) {
    scores.push_back(disentangle::class_score(classes, name, options));
    scores.back().factor_names = {of.front().name};
    scores.back().choices = {
        {"images", held_out ? "labels not seen in training" : "labels seen in training"}};
  }
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(),
                "': accuracy %.4f, purity of u %.4f, leakage into z %.4f (chance %.4f), %zu images whose "
                "labels training %s\n",
                classes.accuracy, classes.purity, classes.leakage, classes.chance, classes.images,
                held_out ? "did not see" : "saw");
  line = "classes as '" + of.front().name + text.data();
}

}  // namespace

void evaluate_command(EvaluateArguments const& given) {
  namespace dis = disentangle;
  Names const names = split(given.metrics);
  RunFiles const files{.folder = given.folder};
  RunConfig const config = read_config(files.config());
  OpenedData const data = open_data(config.data);
  std::visit(
      [&]<class Data>(Data const& images) {
        long step = 0;
        auto const model = load_model<typename Data::image_shape_type>(files, config, given.threads, step);
        if (!names.of_classes.empty() && !model->classes()) {
          throw UsageError("--metrics: " + names.of_classes.front() + " needs a method with classes, found " +
                           config.method);
        }
        std::fprintf(stderr, "%s on %s, %ld steps\n", config.method.c_str(), images.name().c_str(), step);
        auto start = std::chrono::steady_clock::now();
        auto scores =
            dis::evaluate(*model, images, std::span<std::string const>(names.metrics),
                          {.seed = given.seed,
                           .pool = given.pool,
                           .threads = given.threads,
                           .chance_permutations = given.chance},
                          [&](dis::metric::Score const& score) {
                            auto const now = std::chrono::steady_clock::now();
                            std::fprintf(stderr, "  %s %.4f (%.1f s)\n", score.metric.c_str(), score.value,
                                         std::chrono::duration<double>(now - start).count());
                            start = now;
                          });
        std::string classes;
        score_classes(*model, images, config, given, names.of_classes, scores, classes);
        dis::report::write_scores(files.folder / "scores.json", scores);
        draw_tables(files.folder, scores);
        std::printf("%s%s", dis::report::score_table(scores).c_str(), classes.c_str());
      },
      data);
}
