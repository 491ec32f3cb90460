// SPDX-License-Identifier: Apache-2.0
// Tests of data/mpi3d.hpp: a small grid from NPZ files, stored and deflated, with zip64 records as the
// published ones have.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <disentangle/data/mpi3d.hpp>

#include "tests/unit/io/scratch_folder.hpp"

namespace dis = disentangle;
using Shape = dis::ImageShape<2, 3, 3>;

TEST_CASE("mpi3d: the published factors") {
  CHECK(dis::data::Grid(dis::data::mpi3d_factors()).size() == 1'036'800);
  CHECK(dis::data::Grid(dis::data::mpi3d_complex_factors()).size() == 460'800);
}

TEST_CASE("npz_grid: images in the order of the grid") {
  test_support::ScratchFolder const folder;
  std::vector<std::uint8_t> pixels(6 * Shape::size);
  for (std::size_t p = 0; p < pixels.size(); ++p) pixels[p] = static_cast<std::uint8_t>(p);
  dis::io::ArrayView const images({6, 2, 3, 3}, std::span<std::uint8_t const>(pixels));
  std::vector<dis::Factor> const factors{{"colour", 2}, {"axis", 3}};
  for (int const level : {0, 6}) {
    dis::io::write_npz(folder / "a.npz", {{"images", images}}, {.level = level, .zip64 = true});
    auto const data = dis::data::npz_grid<Shape>(folder / "a.npz", factors);
    static_assert(dis::data::factor_grid<std::remove_const_t<decltype(data)>>);
    std::vector<float> image(Shape::size);
    std::size_t const index = data.index(std::array{1, 2});
    data.images({&index, 1}, image);
    CHECK(image[17] == 107 * (1.0f / 255));
  }
  auto const message = [&](auto const& call) {
    try {
      call();
    } catch (dis::FileError const& error) {
      return std::string(error.what());
    }
    return std::string("no FileError");
  };
  CHECK(message([&] {
          static_cast<void>(dis::data::npz_grid<Shape>(folder / "a.npz", {{"colour", 5}}));
        }).find("images.npy: found (6, 2, 3, 3) of u1, expected (5, 2, 3, 3) of u1") != std::string::npos);
  CHECK(message([&] {
          static_cast<void>(dis::data::mpi3d(folder / "a.npz"));
        }).find("found (6, 2, 3, 3) of u1, expected (1036800, 64, 64, 3) of u1") != std::string::npos);
  CHECK(message([&] {
          static_cast<void>(dis::data::npz_grid<Shape>(folder / "a.npz", factors, "x"));
        }).find("no array named 'x'; it has images") != std::string::npos);
  auto const size = std::filesystem::file_size(folder / "a.npz");
  for (std::uintmax_t length = 0; length < size; length += 7) {
    std::filesystem::copy_file(folder / "a.npz", folder / "b.npz",
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(folder / "b.npz", length);
    CHECK(message([&] {
            static_cast<void>(dis::data::npz_grid<Shape>(folder / "b.npz", factors));
          }).find("b.npz") != std::string::npos);
  }
}
