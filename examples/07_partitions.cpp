// SPDX-License-Identifier: Apache-2.0
// Aim: self-supervised features, and partitions of the images that show what the features hold: handwritten
// digits in red or green, the colour drawn by a coin. No label is used in training.
// Paper: Wang, Yue, Huang, Sun, Zhang, "Self-supervised learning disentangled group representation as
// feature" (IP-IRM), NeurIPS 2021.
// Command: 07_partitions 24 runs/coloured mnist  (epochs of 10,000 images, folder, folder of MNIST's
//          four files)
//   Without files it takes Fashion-MNIST, which `apt-get install dataset-fashion-mnist` puts on a Debian
//   machine; without that package it draws ten kinds of small pictures itself. The authors' code has 400
//   epochs of other data sets.
// Expected output: a progress report; accuracy of weighted nearest neighbours for class and colour before and
//   after training; for each partition that was found, what it says of class and colour, in bits; in the
//   folder of the run a sheet of images for each partition and history.png.
// test: 2 run none 256
// prints: nearest neighbours before
// prints: nearest neighbours after
// prints: partition before epoch 0
// prints: history.png
#include <disentangle/augment/gaussian_blur.hpp>
#include <disentangle/augment/pipeline.hpp>
#include <disentangle/augment/random_resized_crop.hpp>
#include <disentangle/augment/rotation.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/augmented.hpp>
#include <disentangle/data/bars.hpp>
#include <disentangle/data/coloured.hpp>
#include <disentangle/data/mnist.hpp>
#include <disentangle/data/split.hpp>
#include <disentangle/data/subset.hpp>
#include <disentangle/method/ip_irm.hpp>
#include <disentangle/metric/nearest_neighbours.hpp>
#include <disentangle/report/contrast_history.hpp>
#include <disentangle/report/partition_sheet.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/csv_log.hpp>
#include <disentangle/train/labelled_codes.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/partitions.hpp>
#include <disentangle/train/progress_bar.hpp>
#include <disentangle/train/train.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace dis = disentangle;
using Grey = dis::ImageShape<32, 32, 1>;

/// How often the weighted vote of the 200 nearest training images names each factor of a test image.
template <class Model, class Data, class Test>
void print_neighbours(char const* when, Model& model, Data const& data, Test const& test) {
  auto const known = dis::labelled_codes(model, data), asked = dis::labelled_codes(model, test);
  std::printf("nearest neighbours %s:", when);
  for (std::size_t k = 0; k < data.factors().size(); ++k) {
    auto const score = dis::metric::NearestNeighbours{}(known.codes.view(), known.factor(k),
                                                        asked.codes.view(), asked.factor(k));
    std::printf("  %s %.3f", data.factors()[k].name.c_str(), score.value);
  }
  std::printf("\n");
}

/// Trains on `grey` in colours and looks at `grey_test` in colours.
template <class Data, class Test>
void run(Data const& grey, Test const& grey_test, long epochs, std::filesystem::path const& folder,
         std::size_t batch) {
  auto const images = dis::data::coloured(grey, dis::seed(1));
  auto const test = dis::data::coloured(grey_test, dis::seed(2));
  // What an augmentation changes, features may forget: so none that touches the colour, and no flips of
  // digits.
  dis::augment::Pipeline const pipeline{dis::augment::RandomResizedCrop{.scale = {0.5, 1}},
                                        dis::augment::Rotation{.degrees = 15}, dis::augment::GaussianBlur{}};
  auto const data = dis::data::augmented(images, pipeline);

  dis::method::IpIrm method;
  auto& term = method.get<dis::Role::contrast>();
  term.every = std::max(1L, epochs / 8);  // the authors' proportion: eight partitions
  term.search.batch = 512;                // the time of a search goes with this
  std::printf("%s", describe(method).c_str());

  dis::Model model{method, dis::backend::Cpu(), data.image_shape(), dis::seed(0)};
  print_neighbours("before", model, images, test);
  dis::TrainOptions options{.steps = epochs * static_cast<long>(data.size() / batch), .batch_size = batch};
  options.log_every = 10;
  dis::train(model, data, options, dis::progress_bar(), dis::csv_log(folder / "log.csv"),
             dis::checkpoint(folder));
  print_neighbours("after", model, images, test);

  auto const found = dis::partitions(model);
  for (auto const& partition : found) {
    std::printf("partition before epoch %ld:", partition.epoch);
    for (auto const& agreement : dis::metric::partition_agreement(partition.subsets, images))
      std::printf("  %s %.3f bit", agreement.factor.c_str(), agreement.information);
    std::string const name = "partition_" + std::to_string(partition.epoch) + ".png";
    dis::report::draw_partition(partition, images).save(folder / name);
    std::printf("  %s\n", name.c_str());
  }
  dis::report::contrast_history(folder / "log.csv", found).save(folder / "history.png");
  std::printf("%s: %zu sheets of partitions and history.png\n", folder.string().c_str(), found.size());
}

int main(int argc, char** argv) {
  long const epochs = argc > 1 ? std::stol(argv[1]) : 24;
  std::filesystem::path const folder = argc > 2 ? argv[2] : "runs/07_partitions";
  std::string const files = argc > 3 ? argv[3] : "";
  std::size_t const batch = argc > 4 ? std::stoul(argv[4]) : 256;
  using dis::data::Part, dis::data::random_subset;
  try {
    if (!files.empty() && files != "none") {
      run(random_subset(dis::data::mnist<Grey>(files), 10'000, dis::seed(7)),
          dis::data::mnist<Grey>(files, Part::test), epochs, folder, batch);
    } else if (files.empty() && std::filesystem::exists(dis::data::debian_fashion_mnist_folder)) {
      run(random_subset(dis::data::fashion_mnist<Grey>(Part::train), 10'000, dis::seed(7)),
          dis::data::fashion_mnist<Grey>(Part::test), epochs, folder, batch);
    } else {
      auto const [train, test] = dis::data::split(dis::data::Bars{}, 0.5, dis::seed(0));
      run(train, test, epochs, folder, batch);
    }
  } catch (dis::Error const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
