// SPDX-License-Identifier: Apache-2.0
// Aim: train on a folder of your own PNG files, with factors from a CSV table, and take the codes elsewhere.
// Paper: Higgins et al., "beta-VAE: learning basic visual concepts with a constrained variational framework",
// ICLR 2017.
// Command: 03_your_own_images 3000 runs/discs [PICTURES]     (steps, folder, folder of PNG files of any size)
//   PICTURES/labels.csv, if it is there: a header line, then per file its name and one column per factor.
//   Without PICTURES a folder of 400 coloured discs is drawn first.
// Expected output: what was found in the folder, a progress report, scores if there are labels, and in the
//   folder of the run traversals.png, reconstructions.png and codes.npy, factors.npy, which any other program
//   reads.
// test: 3 run
// prints: 400 images, 3 factors: x \(10\) y \(10\) colour \(4\)
// prints: mig +[0-9.]+
// prints: codes.npy
#include <disentangle/disentangle.hpp>
#include <disentangle/io/npy.hpp>

#include <cstdio>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

namespace dis = disentangle;
using Shape = dis::ImageShape<32, 32, 3>;  // images of other sizes are cropped and resized to it

/// 400 pictures 32 x 32 of a disc in one of 10 x 10 places and 4 colours, and labels.csv.
void draw_discs(std::filesystem::path const& folder) {
  constexpr unsigned char colours[4][3] = {{230, 60, 50}, {60, 180, 80}, {60, 110, 230}, {240, 200, 60}};
  dis::io::CsvWriter table(folder / "labels.csv", {"file", "x", "y", "colour"});
  for (int n = 0; n < 400; ++n) {
    int const x = n % 10, y = n / 10 % 10, colour = n / 100;
    dis::io::Image8 image{
        .width = 32, .height = 32, .channels = 3, .pixels = std::vector<std::uint8_t>(32 * 32 * 3)};
    for (int row = 0; row < 32; ++row) {
      for (int column = 0; column < 32; ++column) {
        int const dx = column - 6 - 2 * x, dy = row - 6 - 2 * y;
        for (int c = 0; c < 3 && dx * dx + dy * dy < 20; ++c) {
          image.pixels[static_cast<std::size_t>((row * 32 + column) * 3 + c)] = colours[colour][c];
        }
      }
    }
    std::string const name = "disc_" + std::to_string(1000 + n) + ".png";
    dis::io::write_png(folder / name, image);
    table.row({name, x, y, colour});
  }
}

int main(int argc, char** argv) {
  long const steps = argc > 1 ? std::stol(argv[1]) : 3000;
  std::filesystem::path const run = argc > 2 ? argv[2] : "runs/03_your_own_images";
  std::filesystem::path const pictures = argc > 3 ? argv[3] : run / "pictures";
  if (argc <= 3) draw_discs(pictures);

  std::filesystem::path labels = pictures / "labels.csv";
  if (!std::filesystem::exists(labels)) labels.clear();
  auto const data =
      dis::data::image_folder<Shape>(pictures, labels, {.fit = dis::data::Fit::centre_crop_and_resize});
  std::printf("%zu images, %zu factors:", data.size(), data.factors().size());
  for (dis::Factor const& factor : data.factors())
    std::printf(" %s (%d)", factor.name.c_str(), factor.cardinality);
  std::printf("\n");

  auto method = dis::method::BetaVae{};
  method.get<dis::optim::Adam>().learning_rate = 5e-4;
  dis::Model model{method, dis::backend::Cpu(), data.image_shape(), dis::seed(0)};
  dis::train(model, data, {.steps = steps, .batch_size = std::min<std::size_t>(64, data.size())},
             dis::progress_bar(), dis::csv_log(run / "log.csv"), dis::checkpoint(run));

  if (!data.factors().empty()) {
    auto const scores = dis::evaluate(model, data, {}, dis::metric::Mig{},
                                      dis::metric::FactorVae{.num_train = 2000, .num_eval = 1000});
    std::printf("%s", dis::report::score_table(scores).c_str());
  }
  dis::report::traversals(model, data, run / "traversals.png");
  dis::report::reconstructions(model, data, run / "reconstructions.png");

  // The codes of all images, for NumPy or `disentangle score --codes codes.npy --factors factors.npy`.
  constexpr std::size_t latents = decltype(model)::latent_size;
  std::vector<std::size_t> all(data.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<float> images(data.size() * Shape::size), codes(data.size() * latents);
  std::vector<int> factors(data.size() * data.factors().size());
  data.images(all, images);
  data.labels(all, factors);
  model.encode(images, codes, {});
  dis::io::write_npy(run / "codes.npy", {{data.size(), latents}, std::span<float const>(codes)});
  dis::io::write_npy(run / "factors.npy",
                     {{data.size(), data.factors().size()}, std::span<int const>(factors)});
  std::printf("%s\n", (run / "codes.npy").string().c_str());
}
