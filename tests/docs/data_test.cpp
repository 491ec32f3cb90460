// SPDX-License-Identifier: Apache-2.0
// The snippets of docs/data.md, on small files written here.
#include <disentangle/augment/simclr_pipeline.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/augmented.hpp>
#include <disentangle/data/batch_source.hpp>
#include <disentangle/data/coloured.hpp>
#include <disentangle/data/combinations.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/data/image_folder.hpp>
#include <disentangle/data/labelled.hpp>
#include <disentangle/data/mnist.hpp>
#include <disentangle/data/noise_factor.hpp>
#include <disentangle/data/npy_files.hpp>
#include <disentangle/data/padded.hpp>
#include <disentangle/data/shapes3d.hpp>
#include <disentangle/data/split.hpp>
#include <disentangle/data/subset.hpp>
#include <disentangle/data/variants.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/npz.hpp>
#include <disentangle/io/png.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

namespace dis = disentangle;

TEST_CASE("dSprites, parts of it, and batches") {
  auto const data = dis::data::dsprites();  // 737,280 images, rendered on demand
  // a heart: shape, scale, orientation, x, y
  std::vector<std::size_t> const which{data.index(std::array{2, 5, 10, 16, 16})};
  std::vector<float> image(64 * 64);
  data.images(which, image);

  auto const some = dis::data::random_subset(data, 10'000, dis::seed(0));
  auto const [train, test] = dis::data::split(some, 0.2, dis::seed(0));

  dis::data::BatchSource source(train, {.batch_size = 64, .seed = 0, .first_step = 300});
  dis::Minibatch const& batch = source.next();  // that of step 300, whatever was drawn before

  CHECK(data.size() == 737'280);
  CHECK(std::count(image.begin(), image.end(), 1.0f) > 200);
  CHECK(test.size() == 2'000);
  CHECK(batch.step == 300);
  std::vector<std::size_t> const resumed(batch.indices.begin(), batch.indices.end());
  dis::data::BatchSource other(train, {.batch_size = 64, .seed = 0, .first_step = 299, .prefetch = 0});
  other.next();
  auto const& again = other.next().indices;
  CHECK(std::vector<std::size_t>(again.begin(), again.end()) == resumed);
}

TEST_CASE("augmentation") {
  auto const images = dis::data::first(dis::data::shapes3d(), 8);
  // crop, flip, colours, grey, blur
  auto pipeline = dis::augment::simclr_pipeline();
  pipeline.get<dis::augment::ColourJitter>().hue = 0;
  auto const data = dis::data::augmented(images, pipeline);  // images() are as they were
  dis::data::BatchSource source(data, {.batch_size = 8, .views = 2}, data.augmentation());
  // batch.view(0), batch.view(1)
  auto const& batch = source.next();
  auto const grey_blur =
      dis::augment::Pipeline{dis::augment::RandomGrayscale{.p = 1}, dis::augment::GaussianBlur{.kernel = 7}};

  CHECK(batch.view(0).images.size() == 8 * 64 * 64 * 3);
  CHECK(!std::ranges::equal(batch.view(0).images, batch.view(1).images));
  CHECK(dis::data::BatchSource(images, {.batch_size = 8}, grey_blur).next().images[1] >= 0);
}

TEST_CASE("digits, and labels for some of the images") {
  test_support::ScratchFolder const folder;
  std::filesystem::create_directory(folder / "mnist");
  for (std::string const start : {"train", "t10k"}) {
    std::vector<std::uint8_t> const pixels(20 * 28 * 28, 7),
        labels{0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 4, 5, 6, 7, 8, 9};
    dis::io::write_file(folder / "mnist" / (start + "-images-idx3-ubyte"),
                        dis::io::idx_bytes(std::vector<std::size_t>{20, 28, 28}, pixels));
    dis::io::write_file(folder / "mnist" / (start + "-labels-idx1-ubyte"),
                        dis::io::idx_bytes(std::vector<std::size_t>{20}, labels));
  }
  auto const before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  // 28 x 28, the training part
  auto const digits = dis::data::mnist("mnist");
  auto const test = dis::data::mnist<dis::ImageShape<32, 32, 1>>("mnist", dis::data::Part::test);  // resized
  std::filesystem::current_path(before);

  // as they come: a part of 4 images
  auto const first = dis::data::first_labelled(digits, 4);
  // equally many of each value
  auto const balanced = dis::data::stratified(digits, 4, "digit", dis::seed(0));
  // all images; other labels are -1
  auto const partly = dis::data::keep_labels(digits, "digit", balanced.indices());
  // some of the factors
  auto const shape_only = dis::data::with_factors(dis::data::dsprites(), {"shape"});

  auto const rooms = dis::data::shapes3d();  // 480,000 images 64 x 64 x 3, rendered on demand

  auto const data = dis::data::dsprites();
  auto const red_or_green =
      dis::data::coloured(dis::data::padded<dis::ImageShape<32, 32, 1>>(digits), dis::seed(0));
  auto const environment = dis::data::irm_coloured(digits, {.colour_flip = 0.2}, dis::seed(0));
  auto const painted = dis::data::in_random_colour(data, dis::seed(0));  // also on_noise, on_picture
  // a sixth factor: five levels of noise
  auto const noisy = dis::data::noise_factor(data, 5, 0.3f, dis::seed(0));
  auto const parts =
      dis::data::hold_out(data, [](std::span<int const> v) { return v[0] == 2 && v[3] >= 16; });
  auto const tied = dis::data::correlated(data, "scale", "posX", 0.2, 50'000, dis::seed(0));

  CHECK(rooms.size() == 480'000);
  CHECK(red_or_green.factors().back() == dis::Factor{"colour", 2});
  CHECK(environment.factors().front() == dis::Factor{"label", 2});
  CHECK(painted.size() == data.size());
  CHECK(noisy.size() == 5 * data.size());
  CHECK(parts.train.size() > parts.test.size());
  CHECK(tied.size() == 50'000);
  CHECK(test.size() == 20);
  CHECK(first.indices() == std::vector<std::size_t>{0, 1, 2, 3});
  CHECK(balanced.size() == 4);
  CHECK(dis::data::labelled(partly).size() == 4);
  CHECK(shape_only.factors() == std::vector<dis::Factor>{{"shape", 3}});
}

TEST_CASE("images of one's own") {
  test_support::ScratchFolder const folder;
  std::vector<std::uint8_t> const faces(10 * 64 * 64 * 3, 128);
  std::vector<std::int64_t> const smile{0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  dis::io::ArrayView const x({10, 64, 64, 3}, std::span(faces)), y({10}, std::span(smile));
  dis::io::write_npz(folder / "faces.npz", {{"x", x}, {"y", y}});
  dis::io::write_npy(folder / "images.npy", x);
  dis::io::write_npy(folder / "labels.npy", y);
  std::filesystem::create_directory(folder / "faces");
  for (char const* name : {"ada.png", "bob.png"}) {
    dis::io::write_png(folder / "faces" / name,
                       {.width = 80, .height = 70, .pixels = std::vector<std::uint8_t>(80 * 70 * 3, 200)});
  }
  std::ofstream(folder / "faces" / "labels.csv") << "file,smile,hair\nada.png,1,red\nbob.png,0,\n";
  auto const before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());

  std::vector<float> const pixels(20 * 28 * 28, 0.5f);
  std::vector<int> const digits(20, 7);

  auto const mine = dis::data::arrays<dis::ImageShape<28, 28, 1>>(pixels, digits, {{"digit", 10}});
  auto const packed = dis::data::npz<dis::ImageShape<64, 64, 3>>("faces.npz", {.images = "x", .labels = "y"});
  auto const plain = dis::data::npy<dis::ImageShape<64, 64, 3>>("images.npy", "labels.npy");
  auto const photos = dis::data::image_folder<dis::ImageShape<64, 64, 3>>(
      "faces", "faces/labels.csv", {.fit = dis::data::Fit::centre_crop_and_resize});

  std::filesystem::current_path(before);
  CHECK(mine.factors()[0] == dis::Factor{"digit", 10});
  CHECK(packed.size() == 10);
  CHECK(packed.factors()[0].cardinality == 2);
  CHECK(plain.size() == 10);
  CHECK(photos.factors()[1] == dis::Factor{"hair", 1});
  std::vector<int> labels(2);
  photos.labels(std::vector<std::size_t>{1}, labels);
  CHECK(labels == std::vector{0, -1});
}
