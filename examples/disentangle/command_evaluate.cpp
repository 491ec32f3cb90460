// SPDX-License-Identifier: Apache-2.0
// disentangle evaluate DIR
#include "commands.hpp"
#include "run_config.hpp"
#include "usage_error.hpp"

#include <disentangle/report/heat_map.hpp>
#include <disentangle/report/score_table.hpp>
#include <disentangle/train/evaluate.hpp>

#include <chrono>
#include <cstdio>
#include <span>
#include <string>

namespace {

/// importance.png and mutual_information.png: of the first score that has such a table of latents and factors. Pictures of
/// an earlier evaluation go, where this one has no such table.
void draw_tables(std::filesystem::path const& folder, std::span<disentangle::metric::Score const> scores) {
  for (std::string const name : {"importance", "mutual_information"}) {
    std::filesystem::path const path = folder / (name + ".png");
    std::filesystem::remove(path);
    bool drawn = false;
    for (auto const& score : scores) {
      for (auto const& table : score.tables) {
        if (drawn || table.name != name || table.row_axis != "latent" || table.column_axis != "factor") continue;
        disentangle::report::heat_map(score, name).save(path);
        drawn = true;
      }
    }
  }
}

}  // namespace

void evaluate_command(EvaluateArguments const& given) {
  namespace dis = disentangle;
  try {
    dis::expect_model_metric_names(given.metrics);
  } catch (dis::ValueError const& error) {
    throw UsageError(std::string("--metrics: ") + error.what());
  }
  RunFiles const files{.folder = given.folder};
  RunConfig const config = read_config(files.config());
  OpenedData const data = open_data(config.data);
  std::visit(
      [&]<class Data>(Data const& images) {
        long step = 0;
        auto const model = load_model<typename Data::image_shape_type>(files, config, given.threads, step);
        std::fprintf(stderr, "%s on %s, %ld steps\n", config.method.c_str(), images.name().c_str(), step);
        auto start = std::chrono::steady_clock::now();
        auto const scores = dis::evaluate(
            *model, images, std::span<std::string const>(given.metrics),
            {.seed = given.seed, .pool = given.pool, .threads = given.threads}, [&](dis::metric::Score const& score) {
              auto const now = std::chrono::steady_clock::now();
              std::fprintf(stderr, "  %s %.4f (%.1f s)\n", score.metric.c_str(), score.value, std::chrono::duration<double>(now - start).count());
              start = now;
            });
        dis::report::write_scores(files.folder / "scores.json", scores);
        draw_tables(files.folder, scores);
        std::printf("%s", dis::report::score_table(scores).c_str());
        if (!model->classes()) return;
        if (auto const& of = images.factors(); of.empty() || of.front().cardinality != static_cast<int>(model->classes()->sizes.front())) return;
        auto const classes = *model->class_scores(images, given.threads);
        std::printf("classes as '%s': accuracy %.4f, purity of u %.4f, leakage into z %.4f (chance %.4f), %zu images\n",
                    images.factors().front().name.c_str(), classes.accuracy, classes.purity, classes.leakage, classes.chance, classes.images);
      },
      data);
}
