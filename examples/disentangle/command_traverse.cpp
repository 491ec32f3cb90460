// SPDX-License-Identifier: Apache-2.0
// disentangle traverse DIR
#include "commands.hpp"
#include "run_config.hpp"

#include <disentangle/core/philox.hpp>
#include <disentangle/core/sample_indices.hpp>
#include <disentangle/report/class_sheets.hpp>
#include <disentangle/report/contrast_history.hpp>
#include <disentangle/report/generated.hpp>
#include <disentangle/report/latent_history.hpp>
#include <disentangle/report/partition_sheet.hpp>
#include <disentangle/report/reconstructions.hpp>
#include <disentangle/report/traversals.hpp>

#include <cstdio>

void traverse_command(TraverseArguments const& given) {
  namespace report = disentangle::report;
  RunFiles const files{.folder = given.folder};
  RunConfig const config = read_config(files.config());
  OpenedData const data = open_data(config.data);
  std::visit(
      [&]<class Data>(Data const& images) {
        long step = 0;
        auto const model = load_model<typename Data::image_shape_type>(files, config, given.threads, step);
        std::string const title =
            config.method + " on " + images.name() + ", " + std::to_string(step) + " steps";
        auto const range = static_cast<float>(given.range);
        std::vector<std::filesystem::path> pictures;
        if (model->decodes()) {
          pictures = {files.folder / "traversals.png", files.folder / "reconstructions.png"};
          report::traversals(
              *model, images, pictures[0],
              {.low = -range, .high = range, .seed = given.seed, .title = "Latent traversals: " + title});
          report::reconstructions(*model, images, pictures[1],
                                  {.seed = given.seed, .title = "Reconstructions: " + title});
        } else {  // a method that compares views: what it found, and how alike views became
          auto const partitions = model->partitions();
          for (auto const& partition : partitions) {
            pictures.push_back(files.folder / ("partition_" + std::to_string(partition.epoch) + ".png"));
            report::draw_partition(partition, images, {.seed = given.seed}).save(pictures.back());
          }
          if (std::filesystem::exists(files.log())) {
            pictures.push_back(files.folder / "history.png");
            report::contrast_history(files.log(), partitions).save(pictures.back());
          }
        }
        if (model->generative()) {  // no posterior, so no KL; its codes have their own range
          pictures.push_back(files.folder / "samples.png");
          report::samples(*model, pictures.back(), {.number = given.seed, .title = "Samples: " + title});
          pictures.push_back(files.folder / "code_traversals.png");
          report::code_traversals(*model, pictures.back(),
                                  {.number = given.seed, .title = "Generator: " + title});
        }
        if (std::filesystem::exists(files.log()) && model->decodes() && !model->generative()) {
          pictures.push_back(files.folder / "latents.png");
          report::latent_history(files.log(), pictures.back());
        }
        if (auto const classes = model->classes()) {
          report::ClassSheetOptions const options{.seed = given.seed};
          auto const save = [&](report::Canvas const& picture, std::string const& name) {
            pictures.push_back(files.folder / name);
            picture.save(pictures.back());
          };
          save(report::draw_class_samples(*model, *classes, options), "class_samples.png");
          for (std::size_t k = 0; k < classes->sizes.front(); ++k) {
            save(report::draw_class_traversals(*model, *classes, k, options),
                 "class_traversals_" + std::to_string(k) + ".png");
          }
          auto const some = disentangle::sample_indices(images.size(), 16, given.seed,
                                                        disentangle::stream("traverse.swaps"));
          if (std::span const all(some); all.size() == 16) {
            save(report::draw_swaps(*model, *classes, images, all.first(8), all.last(8), options),
                 "swaps.png");
            save(report::draw_interpolations(*model, images, all.first(8), all.last(8), 8, options),
                 "interpolations.png");
          }
        }
        for (auto const& picture : pictures) std::printf("%s\n", picture.string().c_str());
      },
      data);
}
