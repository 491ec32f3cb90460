// SPDX-License-Identifier: Apache-2.0
// PartedVAE on MNIST with 256 labels, its ablations, and a classifier of the same trunk trained on the same
// labels alone:
//   parted_vae_study MNIST_FOLDER VARIANT STEPS SEED [OUT]
// VARIANT: parted, no_attention, no_hinge, no_mixture, no_labels, tc, classifier. One thread. Prints a line
// of CSV (docs/results.md): held-out accuracy of q(c|x), purity of u, accuracy of linear probes for the class
// on z and on u. With OUT, also the pictures. Schedules are scaled to the number of steps: capacities are
// full at the end, kappa at 47 % of the steps.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/labelled.hpp>
#include <disentangle/data/mnist.hpp>
#include <disentangle/method/parted_vae.hpp>
#include <disentangle/report/class_sheets.hpp>
#include <disentangle/train/class_scores.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/train.hpp>

namespace dis = disentangle;
namespace method = dis::method;
using Shape = dis::ImageShape<32, 32, 1>;

/// The trunk and the class head alone: nothing but labelled steps.
using Classifier =
    dis::Method<dis::Encoder<dis::encoder::Parted<dis::encoder::HajimiriTrunk<>, method::DigitCode>>,
                dis::Prior<dis::prior::ClassMixture<method::DigitCode>>,
                dis::Supervision<dis::supervision::LabelledStep>, dis::Optimizer<dis::optim::Adam>>;

template <class M>
int run(std::filesystem::path const& folder, char const* name, long steps, std::uint64_t seed,
        std::filesystem::path const& out) {
  auto const digits = dis::data::mnist<Shape>(folder);
  auto const test = dis::data::mnist<Shape>(folder, dis::data::Part::test);
  auto const data = dis::data::keep_labels(digits, dis::data::first_labelled(digits, 256).indices());
  auto settings = method::parted_vae_mnist<M>();
  settings.for_each_policy([&]<class Policy>(dis::Role, Policy& policy) {
    if constexpr (requires { policy.term.capacity_end; }) policy.term.steps = steps;
    if constexpr (requires { policy.attention.per_step; })
      policy.attention.per_step = 7 / (0.47 * static_cast<double>(steps));
  });
  dis::Model model{settings, dis::backend::Cpu{1}, Shape{}, dis::seed(seed)};
  auto const summary = dis::train(model, data, {.steps = steps, .batch_size = 64});
  if constexpr (M::template has<dis::Role::reconstruction>) {
    auto const scores = dis::class_scores(model, test, {.threads = 1});
    std::printf("%s,%ld,%llu,%.4f,%.4f,%.4f,%.4f,%.0f\n", name, steps, static_cast<unsigned long long>(seed),
                scores.accuracy, scores.purity, scores.leakage, scores.related_probe, summary.seconds);
    if (!out.empty()) {
      auto const classes = dis::class_codes(model);
      std::size_t const images[] = {3,  2,  1, 18, 4,
                                    15, 11, 0, 61, 7};  // of the test part: one of each digit, 0 to 9
      std::size_t const others[] = {10, 5, 35, 30, 6, 23, 21, 17, 84, 9};
      dis::report::draw_class_samples(model, classes).save(out / "class_samples.png");
      dis::report::draw_class_traversals(model, classes, 3).save(out / "class_traversals_3.png");
      dis::report::draw_swaps(model, classes, test, images, others).save(out / "swaps.png");
      dis::report::draw_interpolations(model, test, std::span(images).first(5), std::span(others).last(5))
          .save(out / "interpolations.png");
    }
  } else {
    std::size_t right = 0;
    std::vector<float> images(100 * Shape::size), q(1000);
    std::vector<std::size_t> indices(100);
    std::vector<int> labels(100);
    for (std::size_t first = 0; first < test.size(); first += 100) {
      for (std::size_t i = 0; i < 100; ++i) indices[i] = first + i;
      test.images(indices, images);
      test.labels(indices, labels);
      model.classify(images, q);
      for (std::size_t i = 0; i < 100; ++i) {
        auto const row = q.begin() + static_cast<std::ptrdiff_t>(10 * i);
        right += std::max_element(row, row + 10) - row == labels[i] ? 1 : 0;
      }
    }
    std::printf("%s,%ld,%llu,%.4f,,,,%.0f\n", name, steps, static_cast<unsigned long long>(seed),
                static_cast<double>(right) / static_cast<double>(test.size()), summary.seconds);
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "parted_vae_study MNIST_FOLDER VARIANT STEPS SEED [OUT]\n");
    return 2;
  }
  std::string const variant = argv[2];
  auto const go = [&]<class M>(std::type_identity<M>) {
    return run<M>(argv[1], variant.c_str(), std::stol(argv[3]), std::stoull(argv[4]),
                  argc > 5 ? argv[5] : "");
  };
  if (variant == "parted") return go(std::type_identity<method::PartedVae>{});
  if (variant == "no_attention") return go(std::type_identity<method::PartedVaeWithoutAttention<>>{});
  if (variant == "no_hinge") return go(std::type_identity<method::PartedVaeWithoutHinge<>>{});
  if (variant == "no_mixture") return go(std::type_identity<method::PartedVaeWithoutMixture<>>{});
  if (variant == "no_labels") return go(std::type_identity<method::PartedVaeWithoutLabels<>>{});
  if (variant == "tc") return go(std::type_identity<method::PartedTcVae<>>{});
  if (variant == "classifier") return go(std::type_identity<Classifier>{});
  std::fprintf(stderr, "no variant '%s'\n", variant.c_str());
  return 2;
}
