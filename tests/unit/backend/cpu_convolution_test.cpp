// SPDX-License-Identifier: Apache-2.0
// Convolutions and their adjoints against plain loops in double: every geometry path, batch size and
// activation; the same bits for any number of threads; no heap allocation.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/convolution.hpp>
#include <disentangle/core/philox.hpp>

#include "tests/support/count_allocations.hpp"

using disentangle::Activation;
using disentangle::ThreadPool;
using namespace disentangle::backend;
using namespace disentangle::backend::cpu;

namespace {

template <class T>
std::vector<T> numbers(std::size_t n, std::uint32_t stream) {
  disentangle::Philox const random{7, stream, 0};
  std::vector<T> r(n);
  for (std::size_t i = 0; i < n; ++i) r[i] = static_cast<T>(random.uniform(i) - 0.5f);
  return r;
}

double f(Activation a, double x, double slope) {
  switch (a) {
    case Activation::identity: return x;
    case Activation::relu: return x > 0 ? x : 0;
    case Activation::leaky_relu: return x > 0 ? x : slope * x;
    case Activation::tanh: return std::tanh(x);
    default: return 1 / (1 + std::exp(-x));
  }
}
double derivative(Activation a, double y, double slope) {
  switch (a) {
    case Activation::identity: return 1;
    case Activation::relu: return y > 0 ? 1 : 0;
    case Activation::leaky_relu: return y > 0 ? 1 : slope;
    case Activation::tanh: return 1 - y * y;
    default: return y * (1 - y);
  }
}

// Calls visit(input index, weight index, output index) for every product of one image's convolution.
template <class G, class F>
void for_each_product(F visit) {
  for (int oy = 0; oy < G::out_height; ++oy)
    for (int ox = 0; ox < G::out_width; ++ox)
      for (int ky = 0; ky < G::kernel; ++ky)
        for (int kx = 0; kx < G::kernel; ++kx) {
          int const iy = oy * G::stride - G::pad_y + ky, ix = ox * G::stride - G::pad_x + kx;
          if (iy < 0 || iy >= G::in_height || ix < 0 || ix >= G::in_width) continue;
          for (int ci = 0; ci < G::in_channels; ++ci)
            for (int co = 0; co < G::out_channels; ++co)
              visit((iy * G::in_width + ix) * G::in_channels + ci,
                    ((ky * G::kernel + kx) * G::in_channels + ci) * G::out_channels + co,
                    (oy * G::out_width + ox) * G::out_channels + co);
        }
}

template <class T>
void check_near(std::vector<T> const& found, std::vector<double> const& expected, double scale) {
  REQUIRE(found.size() == expected.size());
  double const tolerance = (std::is_same_v<T, float> ? 2e-6 : 1e-14) * scale;
  std::size_t wrong = 0, where = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!(std::abs(static_cast<double>(found[i]) - expected[i]) <= tolerance * (1 + std::abs(expected[i]))))
      wrong++, where = i;
  CAPTURE(where);
  if (wrong != 0) CAPTURE(expected[where]);
  CHECK(wrong == 0);
}

template <class T>
bool same_bits(std::vector<T> const& a, std::vector<T> const& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class G, class T>
struct Reference {
  std::size_t batch;
  std::vector<T> in, weights, bias_out, bias_in, d;
  explicit Reference(std::size_t n)
      : batch(n),
        in(numbers<T>(n * G::in_size, 1)),
        weights(numbers<T>(G::weight_size, 2)),
        bias_out(numbers<T>(G::out_channels, 3)),
        bias_in(numbers<T>(G::in_channels, 4)),
        d(numbers<T>(n * G::out_size, 5)) {}
  std::vector<double> forward(std::vector<T> const* bias, Activation a, double slope) const {
    std::vector<double> out(batch * G::out_size);
    for (std::size_t n = 0; n < batch; ++n) {
      for_each_product<G>([&](int i, int w, int o) {
        out[n * G::out_size + o] +=
            static_cast<double>(in[n * G::in_size + i]) * static_cast<double>(weights[w]);
      });
    }
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = f(a, out[i] + (bias ? static_cast<double>((*bias)[i % G::out_channels]) : 0), slope);
    return out;
  }
  // f(bias + conv^T(d, weights))
  std::vector<double> backward(std::vector<T> const& dpre, std::vector<T> const* bias, Activation a,
                               double slope) const {
    std::vector<double> out(batch * G::in_size);
    for (std::size_t n = 0; n < batch; ++n)
      for_each_product<G>([&](int i, int w, int o) {
        out[n * G::in_size + i] +=
            static_cast<double>(dpre[n * G::out_size + o]) * static_cast<double>(weights[w]);
      });
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = f(a, out[i] + (bias ? static_cast<double>((*bias)[i % G::in_channels]) : 0), slope);
    return out;
  }
  std::vector<double> weight(std::vector<T> const& image, std::vector<T> const& dpre) const {
    std::vector<double> dw(G::weight_size);
    for (std::size_t n = 0; n < batch; ++n)
      for_each_product<G>([&](int i, int w, int o) {
        dw[w] +=
            static_cast<double>(image[n * G::in_size + i]) * static_cast<double>(dpre[n * G::out_size + o]);
      });
    return dw;
  }
  static std::vector<double> sums(std::vector<T> const& x, std::size_t channels) {
    std::vector<double> s(channels);
    for (std::size_t i = 0; i < x.size(); ++i) s[i % channels] += static_cast<double>(x[i]);
    return s;
  }
};

template <class T>
std::vector<double> plus(std::vector<double> a, std::vector<T> const& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += static_cast<double>(b[i]);
  return a;
}
template <class T>
std::vector<T> times_derivative(std::vector<T> d, std::vector<T> const& y, Activation a, double slope) {
  for (std::size_t i = 0; i < d.size(); ++i)
    d[i] = static_cast<T>(static_cast<double>(d[i]) * derivative(a, static_cast<double>(y[i]), slope));
  return d;
}

constexpr double slope = 0.2;

// Everything that a geometry can do, both ways round.
template <class G, Activation activation, class T>
void check_geometry(std::size_t batch) {
  using Transposed = TransposedConvolutionGeometry<G::out_height, G::out_width, G::out_channels,
                                                   G::in_channels, G::kernel, G::stride, G::pad_y, G::pad_x>;
  constexpr bool exact = (G::in_height + 2 * G::pad_y - G::kernel) % G::stride == 0 &&
                         (G::in_width + 2 * G::pad_x - G::kernel) % G::stride == 0;
  CAPTURE(batch);
  CAPTURE(G::in_height);
  CAPTURE(G::in_channels);
  CAPTURE(G::out_channels);
  CAPTURE(G::kernel);
  Reference<G, T> const r(batch);
  T const s = static_cast<T>(slope), invalid = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> const workspace_content(convolution_workspace<G>(batch), invalid);
  std::vector<T> const y = numbers<T>(batch * G::out_size, 6), x = numbers<T>(batch * G::in_size, 8);
  std::vector<T> const dpre = times_derivative(r.d, y, activation, slope);
  std::vector<T> const dpre_x = times_derivative(r.in, x, activation, slope);
  double const many = std::sqrt(static_cast<double>(batch * G::out_size));
  std::vector<std::vector<T>> first;
  for (unsigned threads : {1u, 2u, 3u}) {
    ThreadPool pool(threads);
    std::vector<std::vector<T>> results;
    auto const take = [&](std::vector<T> v) -> std::vector<T>& { return results.emplace_back(std::move(v)); };
    results.reserve(32);
    auto workspace = workspace_content;

    auto& out = take(std::vector<T>(batch * G::out_size, invalid));
    auto& plain = take(out);
    auto& din = take(std::vector<T>(batch * G::in_size, invalid));
    auto& dw = take(std::vector<T>(G::weight_size, invalid));
    auto& db = take(std::vector<T>(G::out_channels, invalid));
    auto& dw_added = take(r.weights);
    auto& db_added = take(r.bias_out);
    auto& d_all = take(r.d);
    auto& din_all = take(din);
    auto& dw_all = take(dw);
    auto& db_all = take(db);
    auto& d_last = take(r.d);
    auto& dw_last = take(dw);
    std::size_t const before = disentangle::test::allocations();
    convolution_forward<G, activation>(pool, batch, r.in.data(), r.weights.data(), r.bias_out.data(),
                                       out.data(), s);
    convolution_forward<G, Activation::identity>(pool, batch, r.in.data(), r.weights.data(),
                                                 static_cast<T const*>(nullptr), plain.data());
    convolution_input_adjoint<G>(pool, batch, r.d.data(), r.weights.data(), din.data(), workspace.data());
    convolution_weight_adjoint<G>(pool, batch, r.in.data(), r.d.data(), dw.data(), db.data(), false,
                                  workspace.data());
    convolution_weight_adjoint<G>(pool, batch, r.in.data(), r.d.data(), dw_added.data(), db_added.data(),
                                  true, workspace.data());
    convolution_adjoint<G, activation>(pool, batch, r.in.data(), r.weights.data(), y.data(), d_all.data(),
                                       din_all.data(), dw_all.data(), db_all.data(), false, workspace.data(),
                                       s);
    convolution_adjoint<G, activation>(pool, batch, r.in.data(), r.weights.data(), y.data(), d_last.data(),
                                       static_cast<T*>(nullptr), dw_last.data(), static_cast<T*>(nullptr),
                                       false, workspace.data(), s);
    CHECK(disentangle::test::allocations() == before);
    if (threads == 1) {
      check_near(out, r.forward(&r.bias_out, activation, slope), 10);
      check_near(plain, r.forward(nullptr, Activation::identity, slope), 10);
      check_near(din, r.backward(r.d, nullptr, Activation::identity, slope), 10);
      check_near(dw, r.weight(r.in, r.d), many);
      check_near(db, r.sums(r.d, G::out_channels), many);
      check_near(dw_added, plus(r.weight(r.in, r.d), r.weights), many);
      check_near(db_added, plus(r.sums(r.d, G::out_channels), r.bias_out), many);
      std::vector<double> const exact_dpre(dpre.begin(), dpre.end());
      check_near(d_all, exact_dpre, 1);
      check_near(d_last, exact_dpre, 1);
      check_near(din_all, r.backward(dpre, nullptr, Activation::identity, slope), 10);
      check_near(dw_all, r.weight(r.in, dpre), many);
      check_near(dw_last, r.weight(r.in, dpre), many);
      check_near(db_all, r.sums(dpre, G::out_channels), many);
    }

    // The transposed convolution with the same weights: r.d is its input, r.in the adjoint of its output.
    if constexpr (exact) {
      static_assert(Transposed::in_size == G::out_size && Transposed::out_size == G::in_size);
      CHECK(convolution_workspace<Transposed>(batch) == convolution_workspace<G>(batch));
      auto& t_out = take(std::vector<T>(batch * G::in_size, invalid));
      auto& t_din = take(std::vector<T>(batch * G::out_size, invalid));
      auto& t_dw = take(std::vector<T>(G::weight_size, invalid));
      auto& t_db = take(std::vector<T>(G::in_channels, invalid));
      auto& t_d_all = take(r.in);
      auto& t_din_all = take(t_din);
      auto& t_dw_all = take(r.weights);
      auto& t_db_all = take(r.bias_in);
      std::size_t const before_transposed = disentangle::test::allocations();
      transposed_convolution_forward<Transposed, activation>(
          pool, batch, r.d.data(), r.weights.data(), r.bias_in.data(), t_out.data(), workspace.data(), s);
      transposed_convolution_input_adjoint<Transposed>(pool, batch, r.in.data(), r.weights.data(),
                                                       t_din.data());
      transposed_convolution_weight_adjoint<Transposed>(pool, batch, r.d.data(), r.in.data(), t_dw.data(),
                                                        t_db.data(), false, workspace.data());
      transposed_convolution_adjoint<Transposed, activation>(
          pool, batch, r.d.data(), r.weights.data(), x.data(), t_d_all.data(), t_din_all.data(),
          t_dw_all.data(), t_db_all.data(), true, workspace.data(), s);
      CHECK(disentangle::test::allocations() == before_transposed);
      if (threads == 1) {
        check_near(t_out, r.backward(r.d, &r.bias_in, activation, slope), 10);
        check_near(t_din, r.forward(nullptr, Activation::identity, slope), 10);
        check_near(t_dw, r.weight(r.in, r.d), many);
        check_near(t_db, r.sums(r.in, G::in_channels), many);
        check_near(t_d_all, std::vector<double>(dpre_x.begin(), dpre_x.end()), 1);
        Reference<G, T> of_adjoint = r;
        of_adjoint.in = dpre_x;
        check_near(t_din_all, of_adjoint.forward(nullptr, Activation::identity, slope), 10);
        check_near(t_dw_all, plus(r.weight(dpre_x, r.d), r.weights), many);
        check_near(t_db_all, plus(r.sums(dpre_x, G::in_channels), r.bias_in), many);
      }
    }
    if (threads == 1) {
      first = std::move(results);
    } else {
      for (std::size_t i = 0; i < first.size(); ++i) {
        CAPTURE(i);
        CHECK(same_bits(results[i], first[i]));
      }
    }
  }
}

}  // namespace

TEST_CASE("k4 s2 p1 layers of the 64x64 networks") {
  check_geometry<ConvolutionGeometry<16, 16, 1, 32, 4, 2, 1>, Activation::relu, float>(3);
  check_geometry<ConvolutionGeometry<64, 64, 3, 32, 4, 2, 1>, Activation::tanh, float>(1);
  check_geometry<ConvolutionGeometry<32, 32, 32, 32, 4, 2, 1>, Activation::relu, float>(2);
  check_geometry<ConvolutionGeometry<16, 16, 32, 64, 4, 2, 1>, Activation::leaky_relu, float>(9);
  check_geometry<ConvolutionGeometry<8, 8, 64, 64, 4, 2, 1>, Activation::sigmoid, float>(64);
}
TEST_CASE("other kernels, strides, paddings, channel counts and extents that nothing divides") {
  check_geometry<ConvolutionGeometry<7, 9, 3, 2, 3, 2, 0>, Activation::leaky_relu, float>(10);
  check_geometry<ConvolutionGeometry<8, 8, 16, 24, 2, 2, 0>, Activation::tanh, float>(1);
  check_geometry<ConvolutionGeometry<11, 6, 4, 12, 5, 3, 2>, Activation::sigmoid, float>(3);
  check_geometry<ConvolutionGeometry<5, 5, 8, 3, 1, 2, 0>, Activation::relu, float>(65);
  check_geometry<ConvolutionGeometry<6, 6, 1, 1, 6, 1, 5>, Activation::tanh, float>(2);
}
TEST_CASE("paddings that differ between height and width") {
  check_geometry<ConvolutionGeometry<10, 6, 3, 8, 4, 2, 0, 2>, Activation::sigmoid, float>(3);
  check_geometry<ConvolutionGeometry<6, 8, 8, 16, 4, 2, 2, 0>, Activation::relu, double>(9);
}
TEST_CASE("the layers that halve images in residual networks, whose last row and column no kernel position "
          "may see") {
  check_geometry<ConvolutionGeometry<8, 10, 8, 16, 3, 2, 1>, Activation::relu, float>(3);
  check_geometry<ConvolutionGeometry<16, 12, 3, 8, 7, 2, 3>, Activation::relu, float>(2);
  check_geometry<ConvolutionGeometry<32, 32, 1, 8, 5, 2, 1>, Activation::identity, float>(9);
}
TEST_CASE("double") {
  check_geometry<ConvolutionGeometry<16, 16, 1, 32, 4, 2, 1>, Activation::sigmoid, double>(3);
  check_geometry<ConvolutionGeometry<8, 8, 8, 16, 4, 2, 1>, Activation::tanh, double>(9);
  check_geometry<ConvolutionGeometry<7, 9, 5, 7, 3, 1, 1>, Activation::relu, double>(3);
  check_geometry<ConvolutionGeometry<10, 10, 6, 1, 4, 2, 1>, Activation::leaky_relu, double>(3);
}
TEST_CASE("a batch of zero images leaves the bias and weight adjoints zero") {
  using G = ConvolutionGeometry<8, 8, 8, 8, 4, 2, 1>;
  ThreadPool pool(2);
  std::vector<float> dw(G::weight_size, 1), db(G::bias_size, 1), workspace(convolution_workspace<G>(0) + 1);
  convolution_weight_adjoint<G>(pool, 0, static_cast<float const*>(nullptr),
                                static_cast<float const*>(nullptr), dw.data(), db.data(), false,
                                workspace.data());
  for (float v : dw) CHECK(v == 0.f);
  for (float v : db) CHECK(v == 0.f);
}
