// SPDX-License-Identifier: Apache-2.0
// Draws images like those of 3D Shapes (Burgess, Kim, "3D shapes dataset", 2018) from their factor values.
//
// The published images were made with a MuJoCo scene that was not published. Here a ray-caster draws the same
// scene: a square room without a ceiling, an object on its floor, a camera on an arc around the object, and a
// shadow. Its measures and lights were fitted to 30 published images whose factor values were inferred; faint
// textures of floor and walls are left out. So the factors, what hides what, and the shadow are those of the
// data set, and the pixels are near but not equal: tests/unit/data/shapes3d_test.cpp prints the agreement,
// docs/data.md says it.
//
// Colours are linear in the picture: for each of the 480 geometries (scale, shape, orientation) five planes
// of weights are kept, once somebody has asked for it, and an image is
//   pixel = floor_weight * floor_colour + wall_weight * wall_colour + object_weight * object_colour
//           + sky_weight * sky_colour + white_weight,
// clipped to 1 and rounded to bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <numbers>
#include <span>

namespace disentangle::data {

namespace detail {

/// A point or a direction.
using Vector3 = std::array<double, 3>;
inline double dot(Vector3 const& a, Vector3 const& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline Vector3 unit(Vector3 const& a) {
  double const length = std::sqrt(dot(a, a));
  return {a[0] / length, a[1] / length, a[2] / length};
}

/// Red, green and blue of a hue of 0 .. 1 at full saturation and value.
inline std::array<float, 3> colour_of_hue(double hue) {
  double const sixth = hue * 6;
  auto const channel = [sixth](double centre) {
    double distance = std::abs(sixth - centre);
    distance = std::min(distance, 6 - distance);
    return static_cast<float>(std::clamp(2 - distance, 0.0, 1.0));
  };
  return {channel(0), channel(2), channel(4)};
}

/// The objects of 3D Shapes at the origin, standing on z = 0, and rays against them.
class Shapes3dObject {
 public:
  /// Shape 0 cube, 1 cylinder, 2 sphere, 3 capsule.
  Shapes3dObject(int shape, double scale) : shape_(shape) {
    constexpr double radii[] = {cube / 2, cylinder_radius, sphere_radius, capsule_radius};
    constexpr double heights[] = {cube, cylinder_height, 2 * sphere_radius, capsule_height};
    radius_ = radii[shape] * scale;
    height_ = heights[shape] * scale;
  }

  /// The first point of a ray on the object: the distance along `direction`, or a negative number where it
  /// misses.
  double hit(Vector3 const& origin, Vector3 const& direction, Vector3& normal) const {
    double nearest = -1;
    auto const take = [&](double t, Vector3 const& n) {
      if (t > 1e-6 && (nearest < 0 || t < nearest)) {
        nearest = t;
        normal = n;
      }
    };
    if (shape_ == 0) {
      double enter = -1e30, leave = 1e30, sign = 0;
      std::size_t axis = 0;
      for (std::size_t k = 0; k < 3; ++k) {
        double const low = k == 2 ? 0 : -radius_, high = k == 2 ? height_ : radius_;
        double const slope = direction[k] == 0 ? 1e-300 : direction[k];
        double const a = (low - origin[k]) / slope, b = (high - origin[k]) / slope;
        if (std::min(a, b) > enter) {
          enter = std::min(a, b);
          axis = k;
          sign = a < b ? -1 : 1;
        }
        leave = std::min(leave, std::max(a, b));
      }
      if (enter < leave) {
        Vector3 n{};
        n[axis] = sign;
        take(enter, n);
      }
      return nearest;
    }
    auto const ball = [&](double centre) {
      Vector3 const c{origin[0], origin[1], origin[2] - centre};
      double const b = dot(c, direction), d = b * b - dot(c, c) + radius_ * radius_;
      if (d <= 0) return;
      double const t = -b - std::sqrt(d);
      take(t, {(c[0] + t * direction[0]) / radius_, (c[1] + t * direction[1]) / radius_,
               (c[2] + t * direction[2]) / radius_});
    };
    if (shape_ == 2) {
      ball(radius_);
      return nearest;
    }
    double const low = shape_ == 1 ? 0 : radius_, high = shape_ == 1 ? height_ : height_ - radius_;
    double const a = direction[0] * direction[0] + direction[1] * direction[1],
                 b = origin[0] * direction[0] + origin[1] * direction[1],
                 c = origin[0] * origin[0] + origin[1] * origin[1] - radius_ * radius_, d = b * b - a * c;
    if (d > 0 && a > 0) {
      double const t = (-b - std::sqrt(d)) / a, z = origin[2] + t * direction[2];
      if (z >= low && z <= high) {
        take(t, {(origin[0] + t * direction[0]) / radius_, (origin[1] + t * direction[1]) / radius_, 0});
      }
    }
    if (shape_ == 3) {
      ball(low);
      ball(high);
    } else if (direction[2] != 0) {
      for (double const z : {low, high}) {
        double const t = (z - origin[2]) / direction[2];
        double const x = origin[0] + t * direction[0], y = origin[1] + t * direction[1];
        if (x * x + y * y < radius_ * radius_) take(t, {0, 0, z > 0 ? 1.0 : -1.0});
      }
    }
    return nearest;
  }

 private:
  // In units of the room, at scale 1; fitted.
  static constexpr double cube = 0.72472, cylinder_radius = 0.3412, cylinder_height = 0.6873,
                          sphere_radius = 0.38084, capsule_radius = 0.30019, capsule_height = 1.2493;
  int shape_;
  double radius_ = 0, height_ = 0;
};

}  // namespace detail

/// Renders one image a call; thread-safe. The first image of each geometry costs two or three milliseconds,
/// every other some microseconds; no heap allocation after the constructor, which reserves 20 MB of address
/// space.
class Shapes3dRenderer {
 public:
  static constexpr int side = 64;
  static constexpr std::size_t pixels = std::size_t{side} * side;

  Shapes3dRenderer()
      : weights_(std::make_unique_for_overwrite<std::uint16_t[]>(geometries * planes * pixels)),
        made_(std::make_unique<std::array<std::once_flag, geometries>>()) {}

  /// Draws the image of `values` = floor hue 0..9, wall hue 0..9, object hue 0..9, scale 0..7, shape 0..3
  /// (cube, cylinder, sphere, capsule), orientation 0..14, which must be in range, as out = (64, 64, 3),
  /// multiples of 1/255.
  void render(std::span<int const, 6> values, std::span<float> out) const {
    auto const geometry =
        (static_cast<std::size_t>(values[3]) * 4 + static_cast<std::size_t>(values[4])) * 15 +
        static_cast<std::size_t>(values[5]);
    std::uint16_t* const weights = weights_.get() + geometry * planes * pixels;
    std::call_once((*made_)[geometry], [&] { weigh(values[3], values[4], values[5], weights); });
    auto const floor = detail::colour_of_hue(values[0] / 10.0),
               wall = detail::colour_of_hue(values[1] / 10.0),
               object = detail::colour_of_hue(values[2] / 10.0);
    constexpr std::array<float, 3> sky{153.0f / 255, 226.0f / 255, 249.0f / 255};
    constexpr float unit = 255.0f / weight_unit;
    for (std::size_t row = 0; row < pixels; row += side) {
      float line[3][side];
      for (std::size_t c = 0; c < 3; ++c) {
        float const f = floor[c] * unit, w = wall[c] * unit, o = object[c] * unit, s = sky[c] * unit;
        for (std::size_t x = 0; x < side; ++x) {
          std::uint16_t const* const at = weights + row + x;
          float const value = static_cast<float>(at[0]) * f + static_cast<float>(at[pixels]) * w +
                              static_cast<float>(at[2 * pixels]) * o +
                              static_cast<float>(at[3 * pixels]) * s +
                              static_cast<float>(at[4 * pixels]) * unit;
          line[c][x] = static_cast<float>(static_cast<int>(std::min(value, 255.0f) + 0.5f)) * (1.0f / 255);
        }
      }
      float* const target = out.data() + row * 3;
      for (std::size_t x = 0; x < side; ++x) {
        target[3 * x] = line[0][x];
        target[3 * x + 1] = line[1][x];
        target[3 * x + 2] = line[2][x];
      }
    }
  }

  /// What is seen in the middle of each pixel of such an image: 0 sky, 1 floor, 2 wall, 3 object.
  void surfaces(std::span<int const, 6> values, std::span<int> out) const {
    Scene const scene(values[3], values[4], values[5]);
    for (std::size_t p = 0; p < pixels; ++p) {
      out[p] = scene.look(static_cast<double>(p % side) + 0.5, static_cast<double>(p / side) + 0.5).surface;
    }
  }

 private:
  static constexpr std::size_t geometries = 8 * 4 * 15, planes = 5;
  static constexpr float weight_unit = 32768;

  /// What a ray meets, how brightly it is lit, and the white of a highlight.
  struct Look {
    int surface = 0;
    double light = 1;
    double white = 0;
  };

  /// The room from one camera. The origin is the object's foot; x to the right, y away from the camera at
  /// orientation 7, z up.
  class Scene {
   public:
    Scene(int scale, int shape, int orientation) : object_(shape, 0.75 + 0.5 * scale / 7) {
      double const angle = (-30 + 60.0 * orientation / 14) * std::numbers::pi / 180;
      double const pitch = camera_pitch * std::numbers::pi / 180;
      sine_ = std::sin(angle);
      cosine_ = std::cos(angle);
      eye_ = {camera_distance * sine_, -camera_distance * cosine_, camera_height};
      right_ = {cosine_, sine_, 0};
      forward_ = {-sine_ * std::cos(pitch), cosine_ * std::cos(pitch), std::sin(pitch)};
      up_ = {sine_ * std::sin(pitch), -cosine_ * std::sin(pitch), std::cos(pitch)};
      focal_ = side / 2.0 / std::tan(field_of_view * std::numbers::pi / 360);
    }

    /// Through the point (u, v) of the picture, in pixels from its upper left corner.
    Look look(double u, double v) const {
      detail::Vector3 d, normal{};
      for (std::size_t k = 0; k < 3; ++k) {
        d[k] = forward_[k] + (u - side / 2.0) / focal_ * right_[k] + (side / 2.0 - v) / focal_ * up_[k];
      }
      d = detail::unit(d);
      static detail::Vector3 const sun = detail::unit(detail::Vector3{sun_x, sun_y, 1});
      detail::Vector3 const to_camera{sine_, -cosine_, 0};
      if (object_.hit(eye_, d, normal) > 0) {
        double const from_camera = std::max(0.0, detail::dot(normal, to_camera)),
                     from_sun = std::max(0.0, detail::dot(normal, sun));
        detail::Vector3 const half =
            detail::unit(detail::Vector3{sun[0] - d[0], sun[1] - d[1], sun[2] - d[2]});
        double const shine =
            from_sun > 0 ? std::pow(std::max(0.0, detail::dot(normal, half)), highlight_exponent) : 0;
        return {3, object_ambient + object_camera * from_camera + object_sun * from_sun, highlight * shine};
      }
      // The floor, where the ray reaches it inside the room.
      if (d[2] < 0) {
        double const t = -eye_[2] / d[2], x = eye_[0] + t * d[0], y = eye_[1] + t * d[1] + object_y;
        if (std::abs(x) < half_room && std::abs(y) < half_room) {
          if (object_.hit({x, y - object_y, 0}, sun, normal) > 0) return {1, shadow, 0};
          double const a = x / half_room, b = y / half_room;
          return {1,
                  floor_light + floor_x * a + floor_y * b + floor_xx * a * a + floor_xy * a * b +
                      floor_yy * b * b,
                  0};
        }
      }
      double nearest = 1e30;
      Look seen;
      auto const wall = [&](double t, double light) {
        double const z = eye_[2] + t * d[2];
        if (t <= 0 || t >= nearest || z < 0 || z > wall_height) return;
        double const x = eye_[0] + t * d[0], y = eye_[1] + t * d[1] + object_y;
        if (std::abs(x) > half_room + 1e-9 || std::abs(y) > half_room + 1e-9) return;
        nearest = t;
        seen = {2, light, 0};
      };
      double const back = (half_room - object_y - eye_[1]) / d[1], a = (eye_[0] + back * d[0]) / half_room;
      if (d[1] > 0) wall(back, back_wall + wall_camera * cosine_ + back_wall_x * a + back_wall_xx * a * a);
      if (d[0] > 0) wall((half_room - eye_[0]) / d[0], right_wall + wall_camera * std::max(0.0, -sine_));
      if (d[0] < 0) wall((-half_room - eye_[0]) / d[0], left_wall + wall_camera * std::max(0.0, sine_));
      return seen;
    }

   private:
    // Fitted: lengths in units in which the room is 7 wide, angles in degrees, lights relative to the pure
    // colour.
    static constexpr double half_room = 3.5, object_y = -0.25466, camera_distance = 2.63805,
                            camera_height = 0.731, camera_pitch = -0.0649, field_of_view = 46.0,
                            wall_height = 1.9366;
    static constexpr double sun_x = -0.27332, sun_y = 0.14367, shadow = 0.33208;
    static constexpr double object_ambient = 0.51535, object_camera = 0.42567, object_sun = 0.63748,
                            highlight = 0.17318, highlight_exponent = 2;
    static constexpr double back_wall = 0.46834, back_wall_x = -0.074, back_wall_xx = -0.03613,
                            wall_camera = 0.57565, right_wall = 0.39289, left_wall = 0.46363;
    static constexpr double floor_light = 1.06942, floor_x = -0.67745, floor_y = 0.0136, floor_xx = -0.04875,
                            floor_xy = 0.3044, floor_yy = -0.43321;

    detail::Shapes3dObject object_;
    double sine_, cosine_, focal_;
    detail::Vector3 eye_, right_, forward_, up_;
  };

  /// The planes of one geometry from 4 x 4 rays a pixel.
  static void weigh(int scale, int shape, int orientation, std::uint16_t* weights) {
    Scene const scene(scale, shape, orientation);
    constexpr int rays = 4;
    for (std::size_t p = 0; p < pixels; ++p) {
      std::array<double, planes> sum{};
      for (int i = 0; i < rays * rays; ++i) {
        Look const seen = scene.look(static_cast<double>(p % side) + (i % rays + 0.5) / rays,
                                     static_cast<double>(p / side) + (i / rays + 0.5) / rays);
        constexpr std::size_t plane_of_surface[] = {3, 0, 1, 2};
        sum[plane_of_surface[seen.surface]] += std::max(0.0, seen.light);
        sum[4] += seen.white;
      }
      for (std::size_t k = 0; k < planes; ++k) {
        double const weight = sum[k] / (rays * rays);
        weights[k * pixels + p] =
            static_cast<std::uint16_t>(std::min(65535.0, weight * static_cast<double>(weight_unit) + 0.5));
      }
    }
  }

  std::unique_ptr<std::uint16_t[]> weights_;
  std::unique_ptr<std::array<std::once_flag, geometries>> made_;
};

}  // namespace disentangle::data
