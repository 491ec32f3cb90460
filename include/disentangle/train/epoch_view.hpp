// SPDX-License-Identifier: Apache-2.0
// EpochView: what a policy sees of the data set between epochs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <disentangle/metric/matrix.hpp>
#include <disentangle/train/epoch_images.hpp>
#include <disentangle/train/step_view.hpp>

namespace disentangle {

/// What the before_epoch(auto& epoch) of policy number I sees.
///   number()           of the epoch, from 0; its steps follow
///   size()             images of the data set
///   rows(v, f)         f(step, images), a matrix with a row for each image, of view v of all images:
///                      (size, columns) on the host. Nothing is recorded; 256 images at a time
///   rows(n, w, f)      the same for n images that w(first, count, out) writes
///   images(v, indices, out)      view v of some images; each v is augmented with other random numbers
///   random(stream)     the random numbers of this epoch for a named use
///   state()            the policy's own State
template <class A, std::size_t I>
class EpochView {
 public:
  EpochView(A& parts, long number, EpochImages const& images)
      : parts_(parts), images_(images), number_(number) {}

  long number() const { return number_; }
  std::size_t size() const { return images_.size; }
  Philox random(std::string_view name) const {
    return {parts_.seed.value, stream(name), static_cast<std::uint64_t>(number_)};
  }
  auto& state() const { return *std::get<I>(parts_.states); }

  void images(int v, std::span<std::size_t const> indices, std::span<float> out) const {
    images_.view(v, indices, out);
  }

  template <class F>
  metric::Matrix<float> rows(int v, F&& f) const {
    std::vector<std::size_t> indices;
    return rows(
        images_.size,
        [&](std::size_t first, std::size_t count, std::span<float> out) {
          indices.resize(count);
          std::iota(indices.begin(), indices.end(), first);
          images_.view(v, indices, out);
        },
        f);
  }

  template <class Write, class F>
  metric::Matrix<float> rows(std::size_t n, Write&& write, F&& f) const {
    constexpr std::size_t pixels_of_image = A::image_shape_type::size;
    metric::Matrix<float> result;
    std::size_t const most = std::min<std::size_t>(256, n);
    std::vector<float> pixels(most * pixels_of_image);
    RecordingOff<typename A::backend_type> const guard(parts_.tape);
    for (std::size_t first = 0; first < n; first += most) {
      std::size_t const count = std::min(most, n - first);
      auto const piece = std::span(pixels).first(count * pixels_of_image);
      write(first, count, piece);
      parts_.tape.reset();
      Minibatch const batch{piece, {}, count, images_.size, {}};
      Forward<A> forward{parts_, std::span<Minibatch const>(&batch, 1)};
      StepView<A, I> step(forward);
      auto const found =
          materialise(f(step, parts_.tape.constant(Extents<2>{static_cast<std::ptrdiff_t>(count),
                                                              static_cast<std::ptrdiff_t>(pixels_of_image)},
                                                   piece.data())));
      auto const columns = static_cast<std::size_t>(found.extent(1));
      if (first == 0) result = metric::Matrix<float>(n, columns);
      auto const copy = reshape(found, found.extents);
      parts_.tape.backend().download(copy.value, result.values.data() + first * columns, count * columns);
    }
    return result;
  }

 private:
  A& parts_;
  EpochImages const& images_;
  long number_;
};

/// Lets the policies that want it look at the whole data set before an epoch.
template <class A>
void survey_epoch(A& parts, long number, EpochImages const& images) {
  A::traits::each_slot([&](auto index) {
    if constexpr (policy_traits<typename A::traits::template policy<index>>::surveys) {
      EpochView<A, index> epoch(parts, number, images);
      std::get<index>(parts.method.policies).before_epoch(epoch);
    }
  });
}

}  // namespace disentangle
