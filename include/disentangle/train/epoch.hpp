// SPDX-License-Identifier: Apache-2.0
// Model::before_epoch: what a policy sees of the data set between epochs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <vector>

#include <disentangle/metric/matrix.hpp>
#include <disentangle/train/model.hpp>

namespace disentangle {

/// What a policy's before_epoch(auto& epoch) sees. A policy that has one says so by `static constexpr bool
/// surveys = true`.
///   number()           of the epoch, from 0; its steps follow
///   size()             images of the data set
///   rows(v, f)  f(step, images), a matrix with a row for each image, of view v of all images: (size, columns) on the
///                      host. Nothing is recorded; 256 images at a time
///   rows(n, w, f)      the same for n images that w(first, count, out) writes
///   images(v, indices, out)      view v of some images; each v is augmented with other random numbers
///   random(stream)     the random numbers of this epoch for a named use
///   state()            the policy's own State
template <class Backend, class Image, class... Slots>
template <std::size_t I>
class Model<Method<Slots...>, Backend, Image>::Epoch {
 public:
  Epoch(Assembly& parts, long number, EpochImages const& images)
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
    metric::Matrix<float> result;
    std::size_t const most = std::min<std::size_t>(256, n);
    std::vector<float> pixels(most * Image::size);
    RecordingOff<Backend> const guard(parts_.tape);
    for (std::size_t first = 0; first < n; first += most) {
      std::size_t const count = std::min(most, n - first);
      auto const piece = std::span(pixels).first(count * Image::size);
      write(first, count, piece);
      parts_.tape.reset();
      Minibatch const batch{piece, {}, count, images_.size, {}};
      Forward forward{parts_, std::span<Minibatch const>(&batch, 1)};
      Step<I> step(forward);
      auto const found =
          materialise(f(step, parts_.tape.constant(Extents<2>{static_cast<std::ptrdiff_t>(count),
                                                              static_cast<std::ptrdiff_t>(Image::size)},
                                                   piece.data())));
      auto const columns = static_cast<std::size_t>(found.extent(1));
      if (first == 0) result = metric::Matrix<float>(n, columns);
      auto const copy = reshape(found, found.extents);
      parts_.tape.backend().download(copy.value, result.values.data() + first * columns, count * columns);
    }
    return result;
  }

 private:
  Assembly& parts_;
  EpochImages const& images_;
  long number_;
};

template <class Backend, class Image, class... Slots>
void Model<Method<Slots...>, Backend, Image>::before_epoch(long number, EpochImages const& images) {
  static_cast<void>(number), static_cast<void>(images);
  each_policy([&](auto index, auto const& policy) {
    if constexpr (detail::has_before_epoch<std::remove_cvref_t<decltype(policy)>>) {
      Epoch<decltype(index)::value> epoch(*parts_, number, images);
      policy.before_epoch(epoch);
    }
  });
}

template <class Backend, class Image, class... Slots>
template <class Visitor>
void Model<Method<Slots...>, Backend, Image>::for_each_record(Visitor&& visit) {
  each_policy([&](auto index, auto const&) {
    auto& state = std::get<decltype(index)::value>(parts_->states);
    if constexpr (requires { state->for_each_record(visit); }) state->for_each_record(visit);
  });
  for (auto& [name, values] : parts_->notes) visit("note." + name, values);
}

}  // namespace disentangle
