// SPDX-License-Identifier: Apache-2.0
// Aim: classes from few labels, and what has to do with the class (u) apart from what has not (z):
// handwritten digits, 256 of them labelled.
// Paper: Hajimiri, Lotfi, Soleymani Baghshah, "Semi-supervised disentanglement of class-related and
// class-independent factors in VAE", 2021.
// Command: 05_parted_vae 3000 runs/digits mnist     (steps, folder, folder of MNIST's four files)
//   Without files it takes Fashion-MNIST, which `apt-get install dataset-fashion-mnist` puts on a Debian
//   machine; without that package it draws ten kinds of small pictures itself. The authors' code has 80
//   epochs, 75,000 steps.
// Expected output: a progress report; held-out accuracy, purity of u, leakage (accuracy of a linear probe for
//   the class on z alone: chance is best); in the folder of the run class_samples.png, class_traversals.png,
//   swaps.png and interpolations.png.
// test: 4 run none
// prints: accuracy +[0-9.]+
// prints: leakage +[0-9.]+
// prints: swaps.png
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/bars.hpp>
#include <disentangle/data/labelled.hpp>
#include <disentangle/data/mnist.hpp>
#include <disentangle/data/split.hpp>
#include <disentangle/method/parted_vae.hpp>
#include <disentangle/report/class_sheets.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/class_scores.hpp>
#include <disentangle/train/csv_log.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/progress_bar.hpp>
#include <disentangle/train/train.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace dis = disentangle;
using Shape = dis::ImageShape<32, 32, 1>;

/// Trains on `images` with the labels of the first 256 and looks at `held_out`.
template <class Data, class HeldOut>
void run(Data const& images, HeldOut const& held_out, long steps, std::filesystem::path const& folder) {
  auto const data = dis::data::keep_labels(images, dis::data::first_labelled(images, 256).indices());

  auto method = dis::method::parted_vae_mnist();
  // The authors' schedules, in proportion to a shorter run: capacities full at its end, attention sharp
  // before its middle.
  method.get<dis::regularizer::OnZ<dis::regularizer::Capacity>>().term.steps = steps;
  method.get<dis::regularizer::OnU<dis::regularizer::Capacity>>().term.steps = steps;
  method.get<dis::Role::encoder>().attention.per_step = 7 / (0.47 * static_cast<double>(steps));
  std::printf("%s", describe(method).c_str());

  dis::Model model{method, dis::backend::Cpu(), Shape{}, dis::seed(0)};
  dis::train(model, data, {.steps = steps, .batch_size = 64}, dis::progress_bar(),
             dis::csv_log(folder / "log.csv"), dis::checkpoint(folder));

  auto const scores = dis::class_scores(model, held_out);
  std::printf("accuracy %.3f  purity of u %.3f  leakage %.3f (chance %.3f)  on %zu images held out\n",
              scores.accuracy, scores.purity, scores.leakage, scores.chance, scores.images);

  auto const classes = dis::class_codes(model);
  dis::report::draw_class_samples(model, classes).save(folder / "class_samples.png");
  dis::report::draw_class_traversals(model, classes, 3).save(folder / "class_traversals.png");
  std::vector<std::size_t> const rows{0, 1, 2, 3, 4, 5}, columns{6, 7, 8, 9, 10, 11, 12, 13};
  dis::report::draw_swaps(model, classes, held_out, rows, columns).save(folder / "swaps.png");
  dis::report::draw_interpolations(model, held_out, rows, std::span(columns).first(6))
      .save(folder / "interpolations.png");
  std::printf("%s: class_samples.png class_traversals.png swaps.png interpolations.png\n",
              folder.string().c_str());
}

int main(int argc, char** argv) {
  long const steps = argc > 1 ? std::stol(argv[1]) : 3000;
  std::filesystem::path const folder = argc > 2 ? argv[2] : "runs/05_parted_vae";
  std::string const files = argc > 3 ? argv[3] : "";
  using dis::data::Part;
  try {
    if (!files.empty() && files != "none") {
      run(dis::data::mnist<Shape>(files), dis::data::mnist<Shape>(files, Part::test), steps, folder);
    } else if (files.empty() && std::filesystem::exists(dis::data::debian_fashion_mnist_folder)) {
      run(dis::data::fashion_mnist<Shape>(Part::train), dis::data::fashion_mnist<Shape>(Part::test), steps,
          folder);
    } else {
      auto const [train, test] = dis::data::split(dis::data::Bars{}, 0.5, dis::seed(0));
      run(train, test, steps, folder);
    }
  } catch (dis::Error const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
