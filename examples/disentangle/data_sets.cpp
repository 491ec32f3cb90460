// SPDX-License-Identifier: Apache-2.0
// Opens data sets by the words of --data.
#include "data_sets.hpp"

#include "usage_error.hpp"

#include <disentangle/core/number_text.hpp>
#include <disentangle/data/cars3d.hpp>
#include <disentangle/data/cifar.hpp>
#include <disentangle/data/coloured.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/data/heads.hpp>
#include <disentangle/data/image_folder.hpp>
#include <disentangle/data/labelled.hpp>
#include <disentangle/data/mnist.hpp>
#include <disentangle/data/mpi3d.hpp>
#include <disentangle/data/npy_files.hpp>
#include <disentangle/data/oval_dsprites.hpp>
#include <disentangle/data/shapes3d.hpp>
#include <disentangle/data/shapes3d_hdf5.hpp>
#include <disentangle/data/small_norb.hpp>
#include <disentangle/data/sprites.hpp>
#include <disentangle/data/stl10.hpp>
#include <disentangle/data/teapots.hpp>
#include <disentangle/data/uci_digits.hpp>
#include <disentangle/data/variants.hpp>

// Readers of optional components, where the build found what they need (examples/CMakeLists.txt).
#if defined(PROGRAM_JPEG)
#include <disentangle/data/celeba.hpp>
#endif

#include <filesystem>

namespace dis = disentangle;
using dis::data::Part;
using Path = std::filesystem::path;

namespace {

/// Images in member "images", labels in "labels" if it is there; one or three channels as the extents say.
OpenedData open_npz(Path const& path) {
  dis::data::NpzOptions options;
  std::vector<std::size_t> shape;
  {
    dis::io::NpzReader const file(path);
    if (file.contains("labels")) options.labels = "labels";
    shape = file.header(options.images).shape;
  }
  bool const colour =
      shape.size() == 4 ? shape[3] == 3 || shape[1] == 3 : shape.size() == 2 && shape[1] == Colour::size;
  if (colour) return AnyData<Colour>(dis::data::npz<Colour>(path, options));
  return AnyData<Grey>(dis::data::npz<Grey>(path, options));
}

/// PNG files of any size, cropped and resized; grey if the first is; labels from labels.csv if it is there.
OpenedData open_folder(Path const& folder) {
  Path labels = folder / "labels.csv";
  if (!std::filesystem::exists(labels)) labels.clear();
  auto const files = dis::data::png_files(folder);
  dis::data::ImageFolderOptions const options{.fit = dis::data::Fit::centre_crop_and_resize};
  if (dis::io::read_png_info(folder / files.front()).channels == 3) {
    return AnyData<Colour>(dis::data::image_folder<Colour>(folder, labels, options));
  }
  return AnyData<Grey>(dis::data::image_folder<Grey>(folder, labels, options));
}

/// Every form of --data. `open` is given the path, empty where there is none.
struct Form {
  DataForm form;
  OpenedData (*open)(Path const&);
};

std::vector<Form> const& forms() {
  static std::vector<Form> const all {
    {{"dsprites", "", "dSprites, rendered on demand: no file needed"},
     [](Path const&) -> OpenedData { return AnyGrid<Grey>(dis::data::dsprites()); }},
        {{"dsprites=", "FILE.npz", "dSprites from the published file"},
         [](Path const& file) -> OpenedData { return AnyGrid<Grey>(dis::data::dsprites(file)); }},
        {{"oval_dsprites", "", "its ellipses: four factors"},
         [](Path const&) -> OpenedData { return AnyGrid<Grey>(dis::data::oval_dsprites()); }},
        {{"colour_dsprites", "", "dSprites in a random colour each (seed 0)"},
         [](Path const&) -> OpenedData {
           return AnyGrid<Colour>(dis::data::in_random_colour(dis::data::dsprites(), dis::seed(0)));
         }},
        {{"noisy_dsprites", "", "dSprites on coloured noise (seed 0)"},
         [](Path const&) -> OpenedData {
           return AnyGrid<Colour>(dis::data::on_noise(dis::data::dsprites(), dis::seed(0)));
         }},
        {{"picture_dsprites:", "FILE.png", "dSprites on random parts of a picture (seed 0)"},
         [](Path const& file) -> OpenedData {
           return AnyGrid<Colour>(
               dis::data::on_picture(dis::data::dsprites(), dis::io::read_png(file, 3), dis::seed(0)));
         }},
        {{"shapes3d", "", "3D Shapes, rendered on demand: near to the published images, not equal"},
         [](Path const&) -> OpenedData { return AnyGrid<Colour>(dis::data::shapes3d()); }},
        {{"shapes3d=", "FILE.h5", "3D Shapes from the published file (5.9 GB of memory)"},
         [](Path const& file) -> OpenedData { return AnyGrid<Colour>(dis::data::shapes3d(file)); }},
        {{"mpi3d:", "FILE.npz", "MPI3D from a published file (12.7 GB of memory)"},
         [](Path const& file) -> OpenedData { return AnyGrid<Colour>(dis::data::mpi3d(file)); }},
        {{"cars3d:", "DIR", "Cars3D from its .mat files"},
         [](Path const& folder) -> OpenedData { return AnyGrid<Colour>(dis::data::cars3d<Colour>(folder)); }},
        {{"small_norb:", "DIR", "Small NORB, both parts, left camera"},
         [](Path const& folder) -> OpenedData { return AnyGrid<Grey>(dis::data::small_norb<Grey>(folder)); }},
        {{"sprites:", "DIR", "figures put together from the sheets of the Liberated Pixel Cup"},
         [](Path const& folder) -> OpenedData { return AnyGrid<Colour>(dis::data::sprites(folder)); }},
        {{"teapots:", "FILE.csv",
          "200,000 pictures (seed 0) of a body of Bezier patches, factors continuous, in ten intervals"},
         [](Path const& file) -> OpenedData {
           return AnyData<Colour>(dis::data::teapots(file, {}, dis::seed(0)));
         }},
        {{"heads", "", "50 made-up heads (seed 0) under azimuth, elevation and light"},
         [](Path const&) -> OpenedData { return AnyGrid<Grey>(dis::data::heads()); }},
#if defined(PROGRAM_JPEG)
        {{"celeba:", "DIR", "the training images of CelebA"},
         [](Path const& folder) -> OpenedData { return AnyData<Colour>(dis::data::celeba<Colour>(folder)); }},
#endif
        {{"npz:", "FILE", "member 'images', with factors in member 'labels' if it is there"}, open_npz},
        {{"folder:", "DIR", "the PNG files of a folder, with factors in labels.csv if it is there"},
         open_folder},
        {{"mnist:", "DIR", "the training images of MNIST, from its IDX files, gzipped or not"},
         [](Path const& folder) -> OpenedData { return AnyData<Grey>(dis::data::mnist<Grey>(folder)); }},
        {{"mnist_test:", "DIR", "its test images"},
         [](Path const& folder) -> OpenedData {
           return AnyData<Grey>(dis::data::mnist<Grey>(folder, Part::test));
         }},
        {{"coloured_mnist:", "DIR",
          "the training images in red or green by a coin (seed 0), the colour a factor"},
         [](Path const& folder) -> OpenedData {
           return AnyData<Colour>(dis::data::coloured(dis::data::mnist<Grey>(folder), dis::seed(0)));
         }},
        {{"fashion_mnist", "",
          "the training images of Fashion-MNIST, from Debian's package dataset-fashion-mnist"},
         [](Path const&) -> OpenedData { return AnyData<Grey>(dis::data::fashion_mnist<Grey>()); }},
        {{"fashion_mnist_test", "", "its test images"},
         [](Path const&) -> OpenedData { return AnyData<Grey>(dis::data::fashion_mnist<Grey>(Part::test)); }},
        {{"uci_digits:", "FILE",
          "handwritten digits 8 x 8: lines of 64 numbers 0 .. 16 and a digit, gzipped or not"},
         [](Path const& file) -> OpenedData { return AnyData<Grey>(dis::data::uci_digits<Grey>(file)); }},
        {{"cifar10:", "DIR", "the training images of CIFAR-10, from its binary files"},
         [](Path const& folder) -> OpenedData {
           return AnyData<Colour>(dis::data::cifar10<Colour>(folder));
         }},
        {{"cifar100:", "DIR", "the training images of CIFAR-100, from its binary files"},
         [](Path const& folder) -> OpenedData {
           return AnyData<Colour>(dis::data::cifar100<Colour>(folder));
         }},
        {{"stl10:", "DIR", "the labelled training images of STL-10, from its binary files"},
         [](Path const& folder) -> OpenedData { return AnyData<Colour>(dis::data::stl10<Colour>(folder)); }},
  };
  return all;
}

/// The form that the words have, and their path.
std::pair<Form const*, std::string> split(std::string const& words) {
  for (Form const& form : forms()) {
    std::string const& start = form.form.start;
    if (form.form.path.empty() ? words == start : words.starts_with(start) && words.size() > start.size()) {
      return {&form, words.substr(start.size())};
    }
  }
  throw UsageError("--data: found '" + words + "', expected " + data_forms);
}

std::string const& joined_forms() {
  static std::string const text = [] {
    std::string joined;
    for (Form const& form : forms())
      joined += (joined.empty() ? "" : ", ") + form.form.start + form.form.path;
    return joined;
  }();
  return text;
}

}  // namespace

char const* const data_forms = joined_forms().c_str();

std::vector<DataForm> described_data_forms() {
  std::vector<DataForm> described;
  for (Form const& form : forms()) described.push_back(form.form);
  return described;
}

OpenedData open_data(std::string const& words) {
  auto const [form, path] = split(words);
  return form->open(path);
}

namespace {

/// The images that show their labels.
template <class Shape>
std::vector<std::size_t> images_with_labels(AnyData<Shape> const& data, std::string const& words,
                                            std::uint64_t seed) {
  bool const random = words.starts_with("random:");
  std::string const number = random ? words.substr(7) : words;
  std::size_t n = 0;
  if (!dis::read_number(number, n) || n == 0) {
    throw UsageError("--labels: found '" + words + "', expected all, a number or random:NUMBER");
  }
  if (data.factors().empty()) throw UsageError("--labels: " + data.name() + " has no labels");
  std::string const& factor = data.factors().front().name;
  return random ? dis::data::random_labelled(data, n, factor, dis::seed(seed)).indices()
                : dis::data::first_labelled(data, n, factor).indices();
}

}  // namespace

template <class Shape>
AnyData<Shape> with_labels(AnyData<Shape> const& data, std::string const& words, std::uint64_t seed) {
  if (words == "all") return data;
  return AnyData<Shape>(dis::data::keep_labels(data, images_with_labels(data, words, seed)));
}
template AnyData<Grey> with_labels(AnyData<Grey> const&, std::string const&, std::uint64_t);
template AnyData<Colour> with_labels(AnyData<Colour> const&, std::string const&, std::uint64_t);

template <class Shape>
AnyData<Shape> with_hidden_labels(AnyData<Shape> const& data, std::string const& words, std::uint64_t seed) {
  if (words == "all") return data;
  std::vector<bool> shown(data.size());
  for (std::size_t i : images_with_labels(data, words, seed)) shown[i] = true;
  std::vector<std::size_t> hidden;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (!shown[i]) hidden.push_back(i);
  }
  return AnyData<Shape>(dis::data::keep_labels(data, hidden));
}
template AnyData<Grey> with_hidden_labels(AnyData<Grey> const&, std::string const&, std::uint64_t);
template AnyData<Colour> with_hidden_labels(AnyData<Colour> const&, std::string const&, std::uint64_t);

std::string with_absolute_path(std::string const& words) {
  auto const [form, path] = split(words);
  if (path.empty()) return words;
  return form->form.start + std::filesystem::absolute(path).lexically_normal().string();
}
