// SPDX-License-Identifier: Apache-2.0
// Pictures of a teapot whose factors are continuous, by the law of the data set of Eastwood, Williams, "A
// framework for the quantitative evaluation of disentangled representations", ICLR 2018: azimuth, elevation
// and the three colours of the pot, each uniform and independent. Their pictures were rendered by another
// program: the law is theirs, the pixels are ours.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <numbers>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/mesh.hpp>
#include <disentangle/io/csv.hpp>

namespace disentangle::data {

/// How many pictures, and how their continuous factors are told as labels.
struct TeapotOptions {
  std::size_t size = 200'000;
  /// Labels are the number of the interval, of as many equal ones of each factor's range.
  int intervals = 10;
  /// The grey behind the pot, 0 .. 1.
  float background = 1;
};

/// The data set; make one with teapots(). Copies share their storage. A picture is a function of (seed,
/// index).
class Teapots {
 public:
  using image_shape_type = ImageShape<64, 64, 3>;
  /// azimuth 0 .. 2 pi, elevation 0 .. pi/2, red, green and blue 0 .. 1.
  static constexpr std::size_t factor_count = 5;

  Teapots(detail::Mesh mesh, TeapotOptions options, Seed seed) : options_(options), seed_(seed) {
    if (options.size == 0 || options.intervals < 1 || !(options.background >= 0 && options.background <= 1)) {
      throw ValueError("teapots: found " + std::to_string(options.size) + " pictures, " +
                       std::to_string(options.intervals) + " intervals and a background of " +
                       number_text(options.background) + ", expected at least 1, at least 1, and 0 .. 1");
    }
    for (char const* const name : {"azimuth", "elevation", "red", "green", "blue"})
      factors_.push_back({name, options.intervals});
    detail::Float3 low{1e30f, 1e30f, 1e30f}, high{-1e30f, -1e30f, -1e30f};
    for (auto const& corner : mesh.corners) {
      for (std::size_t d = 0; d < 3; ++d) {
        low[d] = std::min(low[d], corner[d]);
        high[d] = std::max(high[d], corner[d]);
      }
    }
    for (std::size_t d = 0; d < 3; ++d) centre_[d] = (low[d] + high[d]) / 2;
    float farthest = 0;
    for (auto const& corner : mesh.corners) {
      detail::Float3 const p{corner[0] - centre_[0], corner[1] - centre_[1], corner[2] - centre_[2]};
      farthest = std::max(farthest, detail::dot(p, p));
    }
    zoom_ = 31 / std::sqrt(farthest);
    mesh_ = std::make_shared<detail::Mesh const>(std::move(mesh));
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "teapots"; }
  std::size_t size() const { return options_.size; }
  std::vector<Factor> const& factors() const { return factors_; }

  /// The factor values themselves. out: (n, 5).
  void values(std::span<std::size_t const> indices, std::span<float> out) const {
    check_request("teapots", "values", indices, size(), out.size(), factor_count);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      auto const drawn = shares(indices[i]);
      for (std::size_t k = 0; k < factor_count; ++k) out[i * factor_count + k] = drawn[k] * range(k);
    }
  }

  /// out: (n, 64, 64, 3).
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    check_request("teapots", "images", indices, size(), out.size(), image_shape_type::size);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      auto const drawn = shares(indices[i]);
      std::array<float, factor_count> values{};
      for (std::size_t k = 0; k < factor_count; ++k) values[k] = drawn[k] * range(k);
      render(values, out.subspan(i * image_shape_type::size).first<image_shape_type::size>());
    }
  }

  /// out: (n, 5), the intervals.
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    check_request("teapots", "labels", indices, size(), out.size(), factor_count);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      auto const drawn = shares(indices[i]);
      for (std::size_t k = 0; k < factor_count; ++k) {
        out[i * factor_count + k] = std::min(
            options_.intervals - 1, static_cast<int>(drawn[k] * static_cast<float>(options_.intervals)));
      }
    }
  }

  /// The picture of any factor values (azimuth, elevation, red, green, blue).
  void render(std::span<float const, factor_count> values,
              std::span<float, image_shape_type::size> out) const {
    constexpr std::size_t pixels = 4096;
    float brightness[pixels], cover[pixels];  // not std::array: nvcc 13 loses its size here
    detail::View view;
    view.axes = detail::axes_from(static_cast<double>(values[0]), static_cast<double>(values[1]));
    view.centre = centre_;
    view.zoom = zoom_;
    // A light above the viewer's left shoulder.
    detail::Float3 light{};
    for (std::size_t d = 0; d < 3; ++d)
      light[d] = -0.4f * view.axes[0][d] + 0.5f * view.axes[1][d] + view.axes[2][d];
    view.light = detail::unit(light);
    detail::draw<64>(*mesh_, view, brightness, cover);
    for (std::size_t p = 0; p < pixels; ++p) {
      for (std::size_t c = 0; c < 3; ++c) {
        out[p * 3 + c] = std::clamp(
            cover[p] * brightness[p] * values[2 + c] + (1 - cover[p]) * options_.background, 0.0f, 1.0f);
      }
    }
  }

 private:
  [[nodiscard]] static constexpr float range(std::size_t factor) {
    return factor == 0   ? static_cast<float>(2 * std::numbers::pi)
           : factor == 1 ? static_cast<float>(std::numbers::pi / 2)
                         : 1.0f;
  }
  /// The factors of a picture as parts of their ranges.
  std::array<float, factor_count> shares(std::size_t index) const {
    Philox const random{seed_.value, stream("teapots"), index};
    std::array<float, factor_count> drawn{};
    for (std::size_t k = 0; k < factor_count; ++k) drawn[k] = random.uniform(k);
    return drawn;
  }

  TeapotOptions options_;
  Seed seed_;
  std::vector<Factor> factors_;
  detail::Float3 centre_{};
  float zoom_ = 1;
  std::shared_ptr<detail::Mesh const> mesh_;
};

namespace detail {

/// A mesh of bicubic Bezier patches from a table of columns patch, row, col (0 .. 3), x, y, z.
inline Mesh bezier_mesh(io::CsvTable const& table) {
  auto const number = table.numbers<int>("patch"), row = table.numbers<int>("row"),
             column = table.numbers<int>("col");
  std::array<std::vector<double>, 3> const coordinates{table.numbers<double>("x"), table.numbers<double>("y"),
                                                       table.numbers<double>("z")};
  constexpr std::size_t steps = 8, corners = (steps + 1) * (steps + 1);
  constexpr int most = static_cast<int>(Mesh::most / corners);
  int patches = 0;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    if (number[r] < 0 || number[r] >= most || row[r] < 0 || row[r] > 3 || column[r] < 0 || column[r] > 3) {
      throw FileError(table.file, "line " + std::to_string(table.lines[r]) + ": found patch " +
                                      std::to_string(number[r]) + ", row " + std::to_string(row[r]) +
                                      ", col " + std::to_string(column[r]) + ", expected patches 0 .. " +
                                      std::to_string(most - 1) + ", rows and columns 0 .. 3");
    }
    for (auto const& axis : coordinates) {
      if (!(std::abs(axis[r]) < 1e6)) {
        throw FileError(table.file, "line " + std::to_string(table.lines[r]) + ": found a coordinate of " +
                                        number_text(axis[r]) + ", expected one below 1e6");
      }
    }
    patches = std::max(patches, number[r] + 1);
  }
  std::vector<std::array<Float3, 16>> control(static_cast<std::size_t>(patches));
  std::set<std::array<int, 3>> given;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    given.insert({number[r], row[r], column[r]});
    auto& point =
        control[static_cast<std::size_t>(number[r])][static_cast<std::size_t>(row[r] * 4 + column[r])];
    for (std::size_t d = 0; d < 3; ++d) point[d] = static_cast<float>(coordinates[d][r]);
  }
  if (patches == 0 || given.size() != control.size() * 16 || table.rows() != given.size()) {
    throw FileError(table.file, "found " + std::to_string(table.rows()) + " points, " +
                                    std::to_string(given.size()) +
                                    " of them different, expected 16 for each of " + std::to_string(patches) +
                                    " patches");
  }
  auto const bernstein = [](float t) {
    float const s = 1 - t;
    return std::array{s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t};
  };
  Mesh mesh;
  for (auto const& patch : control) {
    auto const first = mesh.corners.size();
    for (std::size_t i = 0; i <= steps; ++i) {
      auto const bu = bernstein(static_cast<float>(i) / steps);
      for (std::size_t j = 0; j <= steps; ++j) {
        auto const bv = bernstein(static_cast<float>(j) / steps);
        Float3 corner{};
        for (std::size_t k = 0; k < 16; ++k) {
          for (std::size_t d = 0; d < 3; ++d) corner[d] += bu[k / 4] * bv[k % 4] * patch[k][d];
        }
        mesh.corners.push_back(corner);
      }
    }
    for (std::size_t i = 0; i < steps; ++i) {
      for (std::size_t j = 0; j < steps; ++j) {
        auto const at = [&](std::size_t a, std::size_t b) {
          return static_cast<std::uint16_t>(first + a * (steps + 1) + b);
        };
        mesh.triangles.push_back({at(i, j), at(i + 1, j), at(i + 1, j + 1)});
        mesh.triangles.push_back({at(i, j), at(i + 1, j + 1), at(i, j + 1)});
      }
    }
  }
  mesh.smooth_normals();
  return mesh;
}

}  // namespace detail

/// Pictures 64 x 64 of a body of bicubic Bezier patches, such as the Utah teapot (Newell 1975), from a CSV
/// file of columns patch, row, col, x, y, z, z up: 16 lines for each of at most 50 patches. Throws FileError
/// naming the line, what was found and what was expected; ValueError for options out of range. Some tenths of
/// a millisecond a picture.
///
///     auto pots = dis::data::teapots("utah_teapot_bezier_patches.csv", {.size = 10'000}, dis::seed(0));
[[nodiscard]] inline Teapots teapots(std::filesystem::path const& patches, TeapotOptions options, Seed seed) {
  return {detail::bezier_mesh(io::read_csv(patches)), options, seed};
}

}  // namespace disentangle::data
