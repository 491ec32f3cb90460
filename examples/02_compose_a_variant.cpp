// SPDX-License-Identifier: Apache-2.0
// Aim: a method of your own: beta-TCVAE plus a term that penalises correlated posterior means. The term is
//      its formula; its gradient is derived at compile time.
// Paper: the penalty is the off-diagonal part of DIP-VAE-I's; Kumar, Sattigeri, Balakrishnan, ICLR 2018.
// Command: 02_compose_a_variant 2000 runs/orthogonal_means      (steps, folder)
// Expected output: the policies of the method, OrthogonalMeans among them, a progress report with the term's
//        value, and the sum of squared covariances of the means, which the term holds down, with and without
//        it.
// test: 3 run
// prints: Regularizer: OrthogonalMeans {weight = 0.1}
// prints: gradients agree
// prints: with the term +[0-9.e+-]+
#include <disentangle/disentangle.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace dis = disentangle;

struct OrthogonalMeans {  // weight * sum_{i != j} cov(mean)_ij^2
  double weight = 0.1;
  auto operator()(auto const& posterior) const {
    return weight * dis::sum(dis::square(dis::off_diagonal(dis::covariance(posterior.mean))));
  }
};
using MyVae = dis::Plus<dis::method::BetaTcVae, dis::Regularizer<OrthogonalMeans>>;

/// sum_{i != j} cov(mean)_ij^2 over 1000 images.
template <class Model, class Data>
double correlation(Model& model, Data const& data) {
  constexpr std::size_t n = 1000, latents = Model::latent_size;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < n; ++i) indices.push_back(i * (data.size() / n));
  std::vector<float> images(n * Data::image_shape_type::size), means(n * latents);
  data.images(indices, images);
  model.encode(images, means, {});
  double total = 0;
  for (std::size_t i = 0; i < latents; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      double sum_i = 0, sum_j = 0, sum_ij = 0;
      for (std::size_t row = 0; row < n; ++row) {
        double const a = means[row * latents + i], b = means[row * latents + j];
        sum_i += a, sum_j += b, sum_ij += a * b;
      }
      double const covariance = sum_ij / n - sum_i / n * (sum_j / n);
      total += 2 * covariance * covariance;
    }
  }
  return total;
}

double trained_correlation(MyVae method, double weight, long steps, std::filesystem::path const& folder) {
  method.get<OrthogonalMeans>().weight = weight;  // a run-time member: nothing is compiled again
  auto const data = dis::data::dsprites();
  dis::Model model{method, dis::backend::Cpu(), data.image_shape(), dis::seed(0)};
  dis::train(model, data, {.steps = steps}, dis::progress_bar(), dis::csv_log(folder / "log.csv"),
             dis::checkpoint(folder));
  dis::report::traversals(model, data, folder / "traversals.png", {.images = 1000});
  return correlation(model, data);
}

int main(int argc, char** argv) {
  long const steps = argc > 1 ? std::stol(argv[1]) : 2000;
  std::filesystem::path const folder = argc > 2 ? argv[2] : "runs/02_compose_a_variant";

  MyVae method;
  std::printf("%s", describe(method).c_str());

  // Before a term is trained with: its derived gradient against central differences in double precision.
  auto const check = dis::check_term(OrthogonalMeans{});
  std::printf("%s\n", check.text.c_str());
  if (!check.ok) return 1;

  double const with = trained_correlation(method, 0.1, steps, folder / "with");
  double const without = trained_correlation(method, 0, steps, folder / "without");
  std::printf("sum of squared covariances of the means\n  without the term %.6g\n  with the term    %.6g\n",
              without, with);
}
