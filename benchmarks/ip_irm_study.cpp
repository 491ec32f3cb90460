// SPDX-License-Identifier: Apache-2.0
// Contrastive methods with and without IP-IRM's partitions, at equal budgets:
//   ip_irm_study DATA METHOD EPOCHS SEED [OUT [IMAGES]]
// DATA: the folder of MNIST's four files (made Coloured MNIST: red or green by a fair coin), or shapes3d
// (rendered, halved to 32 x 32).
// METHOD: sim_clr, dcl, hcl, ip_irm, dcl_ip_irm, hcl_ip_irm. IMAGES to train on, default 10,000. All threads
// of the machine. Prints lines of CSV, "data,method,epochs,seed,what,value": kNN and linear accuracy of each
// factor before and after training, DCI, IRS, modularity, explicitness, LR and GBT accuracy on 5,000 + 5,000
// images that were not trained on, and what each partition found has in common with each factor. With OUT,
// also the pictures, the log and the checkpoint.
//
// Settings are ours (the paper's for these data sets are not in the sources available): LocatelloConv<64>,
// batch 256, lambda_1 = 0.2, lambda_2 = 0.5, a partition before every eighth of the epochs, two starts,
// search minibatches of 512. Coloured MNIST is cropped, turned and blurred, so that no augmentation touches
// colour; Shapes3D gets SimCLR's pipeline without flips.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <disentangle/augment/rotation.hpp>
#include <disentangle/augment/simclr_pipeline.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/augmented.hpp>
#include <disentangle/data/coloured.hpp>
#include <disentangle/data/halved.hpp>
#include <disentangle/data/mnist.hpp>
#include <disentangle/data/shapes3d.hpp>
#include <disentangle/data/subset.hpp>
#include <disentangle/method/ip_irm.hpp>
#include <disentangle/metric/dci.hpp>
#include <disentangle/metric/downstream.hpp>
#include <disentangle/metric/explicitness.hpp>
#include <disentangle/metric/irs.hpp>
#include <disentangle/metric/linear_probe.hpp>
#include <disentangle/metric/modularity.hpp>
#include <disentangle/metric/nearest_neighbours.hpp>
#include <disentangle/report/contrast_history.hpp>
#include <disentangle/report/partition_sheet.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/csv_log.hpp>
#include <disentangle/train/labelled_codes.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/partitions.hpp>
#include <disentangle/train/train.hpp>

namespace dis = disentangle;
namespace metric = dis::metric;
using Shape = dis::ImageShape<32, 32, 3>;
using Images = dis::data::Arrays<Shape>;

namespace {

/// A data set in memory as bytes, so that the methods are compiled once.
template <class Data>
Images in_memory(Data const& data) {
  std::size_t const n = data.size(), width = data.factors().size();
  std::vector<std::uint8_t> bytes(n * Shape::size);
  std::vector<int> labels(n * width);
  std::vector<float> image(Shape::size);
  for (std::size_t i = 0; i < n; ++i) {
    data.images(std::span(&i, 1), image);
    data.labels(std::span(&i, 1), std::span(labels).subspan(i * width, width));
    std::transform(image.begin(), image.end(), bytes.begin() + static_cast<std::ptrdiff_t>(i * Shape::size),
                   [](float v) { return static_cast<std::uint8_t>(v * 255 + 0.5f); });
  }
  return Images(std::move(bytes), std::move(labels), {.name = data.name(), .factors = data.factors()});
}

struct Task {
  std::string name;
  Images train, test;
};

Task task(std::string const& data, std::size_t images) {
  namespace d = dis::data;
  if (data == "shapes3d") {
    auto const part = d::random_subset(d::halved(d::shapes3d()), images + 10'000, dis::seed(7));
    std::vector<std::size_t> order(part.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    auto const middle = order.begin() + static_cast<std::ptrdiff_t>(images);
    return {"shapes3d", in_memory(d::subset(part, {order.begin(), middle})),
            in_memory(d::subset(part, {middle, order.end()}))};
  }
  auto const train = d::coloured(d::mnist<dis::ImageShape<32, 32, 1>>(data), dis::seed(1));
  auto const test = d::coloured(d::mnist<dis::ImageShape<32, 32, 1>>(data, d::Part::test), dis::seed(2));
  return {"coloured_mnist", in_memory(d::random_subset(train, images, dis::seed(7))), in_memory(test)};
}

struct Run {
  std::string data, method;
  long epochs;
  std::uint64_t seed;
  void print(std::string const& what, double value) const {
    std::printf("%s,%s,%ld,%llu,%s,%.5f\n", data.c_str(), method.c_str(), epochs,
                static_cast<unsigned long long>(seed), what.c_str(), value);
    std::fflush(stdout);
  }
};

template <class Model>
void accuracies(Run const& run, Model& model, Task const& task, std::string const& when) {
  auto const train = dis::labelled_codes(model, task.train), test = dis::labelled_codes(model, task.test);
  for (std::size_t k = 0; k < task.train.factors().size(); ++k) {
    auto const name = task.train.factors()[k].name + " " + when;
    auto const known = train.factor(k), asked = test.factor(k);
    run.print("knn " + name,
              metric::NearestNeighbours{}(train.codes.view(), known, test.codes.view(), asked).value);
    run.print(
        "linear " + name,
        metric::LinearProbe{.standardise = true}(train.codes.view(), known, test.codes.view(), asked).value);
  }
}

template <class M>
void study(Run const& run, Task const& task, auto const& augmentation, std::filesystem::path const& out) {
  M method;
  auto& term = method.template get<dis::Role::contrast>();
  if constexpr (requires { term.search; }) {
    term.every = std::max(1L, run.epochs / 8);
    term.search.batch = 512;
    term.search.restarts = 2;
  }
  auto const data = dis::data::augmented(task.train, augmentation);
  dis::Model model{method, dis::backend::Cpu(), Shape{}, dis::seed(run.seed)};
  accuracies(run, model, task, "before");
  dis::TrainOptions options{.steps = run.epochs * static_cast<long>(task.train.size() / 256),
                            .batch_size = 256};
  options.log_every = 20;
  auto const summary =
      out.empty() ? dis::train(model, data, options)
                  : dis::train(model, data, options, dis::csv_log(out / "log.csv"), dis::checkpoint(out));
  run.print("seconds", summary.seconds);
  accuracies(run, model, task, "after");

  auto const test = dis::labelled_codes(model, task.test);
  metric::Matrix<double> codes(test.codes.rows, test.codes.columns);
  std::copy(test.codes.values.begin(), test.codes.values.end(), codes.values.begin());
  auto const scores = [&](auto const& measure, std::vector<std::string> const& parts) {
    metric::Score const score = [&] {
      if constexpr (requires { measure.num_test; }) {
        return measure(codes.view(), test.labels.view(), test.labels.rows / 2);
      } else {
        return measure(codes.view(), test.labels.view());
      }
    }();
    run.print(score.metric, score.value);
    for (auto const& part : parts) run.print(score.metric + " " + part, score.part(part));
  };
  scores(metric::Dci{}, {"completeness", "informativeness_test"});
  scores(metric::Irs{}, {});
  scores(metric::Modularity{}, {});
  scores(metric::Explicitness{}, {});
  scores(metric::DownstreamLogisticRegression{}, {});
  scores(metric::DownstreamTrees{}, {});

  auto const found = dis::partitions(model);
  for (auto const& partition : found) {
    std::string const epoch = std::to_string(partition.epoch);
    run.print("risk of partition " + epoch, partition.risk);
    for (auto const& a : metric::partition_agreement(partition.subsets, task.train)) {
      run.print("purity of partition " + epoch + " " + a.factor, a.purity);
      run.print("bits of partition " + epoch + " " + a.factor, a.information);
    }
    if (!out.empty())
      dis::report::draw_partition(partition, task.train).save(out / ("partition_" + epoch + ".png"));
  }
  if (!out.empty()) dis::report::contrast_history(out / "log.csv", found).save(out / "history.png");
}

template <class M>
void on_data(Run run, std::string const& data, std::size_t images, std::filesystem::path const& out) {
  Task const t = task(data, images);
  run.data = t.name;
  namespace a = dis::augment;
  a::RandomResizedCrop const crop{.scale = {0.5, 1}};
  if (t.name == "shapes3d") {
    study<M>(run, t, a::Pipeline{crop, a::ColourJitter{}, a::RandomGrayscale{}, a::GaussianBlur{}}, out);
  } else {
    study<M>(run, t, a::Pipeline{crop, a::Rotation{.degrees = 15}, a::GaussianBlur{}}, out);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc > 7) {
    std::fprintf(stderr, "usage: ip_irm_study DATA METHOD EPOCHS SEED [OUT [IMAGES]]; see the head of "
                         "benchmarks/ip_irm_study.cpp\n");
    return 2;
  }
  std::string const data = argv[1], name = argv[2];
  std::filesystem::path const out = argc > 5 ? argv[5] : "";
  std::size_t const images = argc > 6 ? std::stoul(argv[6]) : 10'000;
  Run const run{"", name, std::stol(argv[3]), std::stoull(argv[4])};
  namespace m = dis::method;
  try {
    if (name == "sim_clr") on_data<m::SimClr>(run, data, images, out);
    else if (name == "dcl") on_data<m::Dcl>(run, data, images, out);
    else if (name == "hcl") on_data<m::Hcl>(run, data, images, out);
    else if (name == "ip_irm") on_data<m::IpIrm>(run, data, images, out);
    else if (name == "dcl_ip_irm") on_data<m::DclIpIrm>(run, data, images, out);
    else if (name == "hcl_ip_irm") on_data<m::HclIpIrm>(run, data, images, out);
    else {
      std::fprintf(stderr, "ip_irm_study: no method '%s'\n", name.c_str());
      return 2;
    }
  } catch (dis::Error const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
