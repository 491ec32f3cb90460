// SPDX-License-Identifier: Apache-2.0
// The sheets of partitions and the history of a contrastive method.
#include <disentangle/report/contrast_history.hpp>
#include <disentangle/report/partition_sheet.hpp>

#include <tests/support/tiny.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <fstream>

namespace dis = disentangle;
using test_support::Blocks;

namespace {

/// Blocks by their brightness.
dis::FoundPartition by_brightness() {
  dis::FoundPartition partition{3, -1.5, {}};
  for (int i = 0; i < 32; ++i) partition.subsets.push_back(i < 16 ? 0 : 1);
  return partition;
}

}  // namespace

TEST_CASE("a sheet shows images of subset 0 above those of subset 1") {
  auto const sheet =
      dis::report::draw_partition(by_brightness(), Blocks{}, {.columns = 4, .rows = 2, .zoom = 4});
  // subset 0 has the blocks of half brightness: eight of 8 x 8 pixels, none in the two lowest rows of images
  int grey = 0, lowest = 0;
  for (int y = 0; y < sheet.height(); ++y) {
    for (int x = 0; x < sheet.width(); ++x) {
      if (sheet.at(x, y) != dis::report::Colour{128, 128, 128}) continue;
      ++grey;
      lowest = y;
    }
  }
  CHECK(grey == 8 * 64);
  CHECK(lowest < sheet.height() - 2 * 32);
}

TEST_CASE("a subset with fewer images than the sheet has places leaves them white") {
  auto partition = by_brightness();
  partition.subsets.assign(32, 1);
  partition.subsets[3] = 0;
  CHECK_NOTHROW(dis::report::draw_partition(partition, Blocks{}));
}

TEST_CASE("a partition of another data set, and a sheet without columns, are errors") {
  auto partition = by_brightness();
  CHECK_THROWS_AS(dis::report::draw_partition(partition, Blocks{}, {.columns = 0}), dis::ValueError);
  partition.subsets.pop_back();
  CHECK_THROWS_WITH_AS(dis::report::draw_partition(partition, Blocks{}),
                       doctest::Contains("partition of 31 images, expected one of the 32"), dis::ShapeError);
}

TEST_CASE("the history shows what the log has") {
  test_support::ScratchFolder const folder;
  auto const log = folder.path() / "log.csv";
  std::ofstream(log) << "step,loss,positive_similarity,negative_similarity\n1,2,0.5,0.1\n2,1.5,0.6,0\n";
  auto const plain = dis::report::contrast_history(log);
  std::ofstream(log)
      << "step,loss,whole_loss,subset_loss,invariance_penalty,positive_similarity,negative_similarity\n"
         "1,2,1,1,0.1,0.5,0.1\n2,1.5,0.9,0.8,0.2,0.6,0\n";
  std::vector<dis::FoundPartition> const partitions{by_brightness(), by_brightness()};
  auto const whole = dis::report::contrast_history(log, partitions);
  CHECK(whole.height() > 2 * plain.height());
  std::ofstream(log) << "step,loss\n1,2\n";
  CHECK_THROWS_WITH_AS(dis::report::contrast_history(log), doctest::Contains("positive_similarity"),
                       dis::FileError);
}
