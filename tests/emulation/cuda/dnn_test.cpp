// SPDX-License-Identifier: Apache-2.0
// Convolutions of the emulated cuDNN against plain loops, and its rules.
#include <tests/emulation/cuda/emulation.hpp>
#include <tests/emulation/cuda/support/device_array.hpp>
#include <tests/emulation/cuda/support/run_apart.hpp>

#include <cmath>
#include <cudnn.h>
#include <doctest/doctest.h>
#include <limits>
#include <random>

namespace emulation = disentangle::emulation;
using namespace emulation_test;

namespace {

void require(cudnnStatus_t status) {
  if (status != CUDNN_STATUS_SUCCESS) throw std::runtime_error(cudnnGetErrorString(status));
}
using emulation_test::require;

template <class T>
constexpr cudnnDataType_t data_type = sizeof(T) == 8 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;

struct Shape {
  int n, c, h, w, k, r, s, pad, stride, dilation = 1, groups = 1;
  int out(int extent, int kernel) const {
    return (extent + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
  }
  int oh() const { return out(h, r); }
  int ow() const { return out(w, s); }
  std::size_t x_size() const { return static_cast<std::size_t>(n * c * h * w); }
  std::size_t w_size() const { return static_cast<std::size_t>(k * (c / groups) * r * s); }
  std::size_t y_size() const { return static_cast<std::size_t>(n * k * oh() * ow()); }
};

std::size_t index(cudnnTensorFormat_t format, int c_extent, int h_extent, int w_extent, int n, int c, int h,
                  int w) {
  if (format == CUDNN_TENSOR_NCHW)
    return static_cast<std::size_t>(((n * c_extent + c) * h_extent + h) * w_extent + w);
  return static_cast<std::size_t>(((n * h_extent + h) * w_extent + w) * c_extent + c);
}

/// Calls f(index in x, index in w, index in y) for every product that a convolution adds.
template <class F>
void for_each_product(Shape const& s, cudnnTensorFormat_t format, bool flipped, F f) {
  int const channels = s.c / s.groups, kernels = s.k / s.groups;
  for (int n = 0; n < s.n; ++n)
    for (int k = 0; k < s.k; ++k)
      for (int oh = 0; oh < s.oh(); ++oh)
        for (int ow = 0; ow < s.ow(); ++ow)
          for (int c = 0; c < channels; ++c)
            for (int r = 0; r < s.r; ++r)
              for (int q = 0; q < s.s; ++q) {
                int const h = oh * s.stride - s.pad + (flipped ? s.r - 1 - r : r) * s.dilation;
                int const w = ow * s.stride - s.pad + (flipped ? s.s - 1 - q : q) * s.dilation;
                if (h < 0 || h >= s.h || w < 0 || w >= s.w) continue;
                f(index(format, s.c, s.h, s.w, n, k / kernels * channels + c, h, w),
                  index(format, channels, s.r, s.s, k, c, r, q),
                  index(format, s.k, s.oh(), s.ow(), n, k, oh, ow));
              }
}

/// Handle and descriptors of one convolution.
struct Convolution {
  cudnnHandle_t handle = nullptr;
  cudnnTensorDescriptor_t x = nullptr, y = nullptr;
  cudnnFilterDescriptor_t w = nullptr;
  cudnnConvolutionDescriptor_t convolution = nullptr;
  Convolution(Shape const& s, cudnnTensorFormat_t format, cudnnDataType_t type,
              cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION) {
    require(cudnnCreate(&handle));
    require(cudnnCreateTensorDescriptor(&x));
    require(cudnnCreateTensorDescriptor(&y));
    require(cudnnCreateFilterDescriptor(&w));
    require(cudnnCreateConvolutionDescriptor(&convolution));
    require(cudnnSetTensor4dDescriptor(x, format, type, s.n, s.c, s.h, s.w));
    require(cudnnSetFilter4dDescriptor(w, type, format, s.k, s.c / s.groups, s.r, s.s));
    require(cudnnSetConvolution2dDescriptor(convolution, s.pad, s.pad, s.stride, s.stride, s.dilation,
                                            s.dilation, mode, type));
    require(cudnnSetConvolutionGroupCount(convolution, s.groups));
    require(cudnnSetConvolutionMathType(convolution, CUDNN_FMA_MATH));
    int n = 0, c = 0, h = 0, v = 0;
    require(cudnnGetConvolution2dForwardOutputDim(convolution, x, w, &n, &c, &h, &v));
    CHECK(n == s.n);
    CHECK(c == s.k);
    CHECK(h == s.oh());
    CHECK(v == s.ow());
    require(cudnnSetTensor4dDescriptor(y, format, type, n, c, h, v));
  }
  Convolution(Convolution const&) = delete;
  Convolution& operator=(Convolution const&) = delete;
  ~Convolution() {
    cudnnDestroyConvolutionDescriptor(convolution);
    cudnnDestroyFilterDescriptor(w);
    cudnnDestroyTensorDescriptor(y);
    cudnnDestroyTensorDescriptor(x);
    cudnnDestroy(handle);
  }

  std::size_t workspace(cudnnConvolutionFwdAlgo_t number) const {
    std::size_t bytes = 0;
    require(cudnnGetConvolutionForwardWorkspaceSize(handle, x, w, convolution, y, number, &bytes));
    return bytes;
  }
  std::size_t workspace(cudnnConvolutionBwdDataAlgo_t number) const {
    std::size_t bytes = 0;
    require(cudnnGetConvolutionBackwardDataWorkspaceSize(handle, w, y, convolution, x, number, &bytes));
    return bytes;
  }
  std::size_t workspace(cudnnConvolutionBwdFilterAlgo_t number) const {
    std::size_t bytes = 0;
    require(cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, x, y, convolution, w, number, &bytes));
    return bytes;
  }
};

template <class T>
std::vector<T> random_values(std::size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<T> uniform(-1, 1);
  std::vector<T> values(size);
  for (T& value : values) value = uniform(generator);
  return values;
}

template <class T>
void check_close(std::vector<T> const& found, std::vector<double> const& sums, std::vector<T> const& before,
                 T alpha, T beta) {
  REQUIRE(found.size() == sums.size());
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    double const expected = alpha * sums[i] + beta * static_cast<double>(before[i]);
    worst = std::max(worst, std::abs(static_cast<double>(found[i]) - expected) / (1 + std::abs(expected)));
  }
  CHECK(worst < 200 * static_cast<double>(std::numeric_limits<T>::epsilon()));
}

template <class T>
void check_passes(Shape const& s, cudnnTensorFormat_t format,
                  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION) {
  Convolution const c(s, format, data_type<T>, mode);
  auto const x = random_values<T>(s.x_size(), 1), w = random_values<T>(s.w_size(), 2),
             y = random_values<T>(s.y_size(), 3);
  std::vector<double> dx(x.size()), dw(w.size()), sums(y.size());
  for_each_product(s, format, mode == CUDNN_CONVOLUTION, [&](std::size_t i, std::size_t j, std::size_t o) {
    sums[o] += static_cast<double>(x[i]) * static_cast<double>(w[j]);
    dx[i] += static_cast<double>(w[j]) * static_cast<double>(y[o]);
    dw[j] += static_cast<double>(x[i]) * static_cast<double>(y[o]);
  });
  T const alpha = T(0.75), beta = T(-0.5);
  for (auto const number :
       {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
        CUDNN_CONVOLUTION_FWD_ALGO_GEMM}) {
    DeviceArray<T> const a(x), b(w), out(y);
    DeviceArray<char> const workspace(c.workspace(number));
    require(cudnnConvolutionForward(c.handle, &alpha, c.x, a.get(), c.w, b.get(), c.convolution, number,
                                    workspace.get(), workspace.size(), &beta, c.y, out.get()));
    check_close(out.values(), sums, y, alpha, beta);
  }
  for (auto const number : {CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1}) {
    DeviceArray<T> const b(w), gradient(y), out(x);
    DeviceArray<char> const workspace(c.workspace(number));
    require(cudnnConvolutionBackwardData(c.handle, &alpha, c.w, b.get(), c.y, gradient.get(), c.convolution,
                                         number, workspace.get(), workspace.size(), &beta, c.x, out.get()));
    check_close(out.values(), dx, x, alpha, beta);
  }
  for (auto const number : {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1,
                            CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3}) {
    DeviceArray<T> const a(x), gradient(y), out(w);
    DeviceArray<char> const workspace(c.workspace(number));
    require(cudnnConvolutionBackwardFilter(c.handle, &alpha, c.x, a.get(), c.y, gradient.get(), c.convolution,
                                           number, workspace.get(), workspace.size(), &beta, c.w, out.get()));
    check_close(out.values(), dw, w, alpha, beta);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("The three passes, in both layouts, with odd shapes", T, float, double) {
  emulation::reset();
  for (auto const format : {CUDNN_TENSOR_NHWC, CUDNN_TENSOR_NCHW}) {
    check_passes<T>({.n = 2, .c = 3, .h = 8, .w = 6, .k = 5, .r = 4, .s = 4, .pad = 1, .stride = 2}, format);
    check_passes<T>({.n = 3, .c = 1, .h = 5, .w = 7, .k = 2, .r = 3, .s = 2, .pad = 0, .stride = 1}, format);
    check_passes<T>(
        {.n = 1, .c = 2, .h = 9, .w = 9, .k = 3, .r = 3, .s = 3, .pad = 2, .stride = 3, .dilation = 2},
        format);
    check_passes<T>(
        {.n = 2, .c = 4, .h = 6, .w = 5, .k = 6, .r = 3, .s = 3, .pad = 1, .stride = 1, .groups = 2}, format);
    check_passes<T>({.n = 2, .c = 2, .h = 5, .w = 5, .k = 2, .r = 3, .s = 2, .pad = 1, .stride = 1}, format,
                    CUDNN_CONVOLUTION);
  }
  CHECK(emulation::counters().convolutions_forward == 2 * 5 * 3);
  CHECK(emulation::counters().convolutions_backward_data == 2 * 5 * 2);
  CHECK(emulation::counters().convolutions_backward_filter == 2 * 5 * 3);
  CHECK(emulation::counters().convolutions() == 2 * 5 * 8);
  CHECK(emulation::live() == emulation::Live{});
}

TEST_CASE("Tensors with strides of their own") {
  emulation::reset();
  Shape const s{.n = 2, .c = 2, .h = 4, .w = 4, .k = 3, .r = 3, .s = 3, .pad = 1, .stride = 1};
  Convolution const c(s, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT);
  // The input lies in the first two of five channels.
  require(cudnnSetTensor4dDescriptorEx(c.x, CUDNN_DATA_FLOAT, 2, 2, 4, 4, 80, 1, 20, 5));
  auto const wide = random_values<float>(160, 1), w = random_values<float>(s.w_size(), 2);
  std::vector<double> sums(s.y_size());
  for_each_product(s, CUDNN_TENSOR_NHWC, false, [&](std::size_t i, std::size_t j, std::size_t o) {
    sums[o] += static_cast<double>(wide[i / 2 * 5 + i % 2]) * static_cast<double>(w[j]);
  });
  DeviceArray<float> const a(wide), b(w), out(s.y_size());
  float const one = 1, zero = 0;
  require(cudnnConvolutionForward(c.handle, &one, c.x, a.get(), c.w, b.get(), c.convolution,
                                  CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &zero, c.y,
                                  out.get()));
  check_close(out.values(), sums, std::vector<float>(sums.size()), one, zero);
  int const extents[] = {2, 2, 4, 4}, overlapping[] = {80, 1, 20, 1};
  require(cudnnSetTensorNdDescriptor(c.x, CUDNN_DATA_FLOAT, 4, extents, overlapping));
  CHECK(cudnnConvolutionForward(c.handle, &one, c.x, a.get(), c.w, b.get(), c.convolution,
                                CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &zero, c.y,
                                out.get()) == CUDNN_STATUS_BAD_PARAM);
}

TEST_CASE(
    "Several algorithms are offered, not all supported, the first of backward passes not deterministic") {
  emulation::reset();
  Shape const s{.n = 4, .c = 2, .h = 8, .w = 8, .k = 8, .r = 3, .s = 3, .pad = 1, .stride = 1};
  Convolution const c(s, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT);
  cudnnConvolutionFwdAlgoPerf_t forward[10];
  cudnnConvolutionBwdDataAlgoPerf_t data[10];
  cudnnConvolutionBwdFilterAlgoPerf_t filter[10];
  int count = 0;
  require(
      cudnnGetConvolutionForwardAlgorithm_v7(c.handle, c.x, c.w, c.convolution, c.y, 10, &count, forward));
  CHECK(count == CUDNN_CONVOLUTION_FWD_ALGO_COUNT);
  CHECK(forward[0].status == CUDNN_STATUS_SUCCESS);
  CHECK(forward[0].memory == c.workspace(forward[0].algo));
  CHECK(forward[0].memory > 0);
  CHECK(forward[0].mathType == CUDNN_FMA_MATH);
  CHECK(forward[7].status == CUDNN_STATUS_NOT_SUPPORTED);
  require(
      cudnnGetConvolutionBackwardDataAlgorithm_v7(c.handle, c.w, c.y, c.convolution, c.x, 1, &count, data));
  CHECK(count == 1);
  CHECK(data[0].determinism == CUDNN_NON_DETERMINISTIC);
  require(cudnnGetConvolutionBackwardFilterAlgorithm_v7(c.handle, c.x, c.y, c.convolution, c.w, 10, &count,
                                                        filter));
  CHECK(count == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT);
  CHECK(filter[0].determinism == CUDNN_NON_DETERMINISTIC);
  int deterministic = 0;
  for (int i = 0; i < count; ++i)
    deterministic += filter[i].status == CUDNN_STATUS_SUCCESS && filter[i].determinism == CUDNN_DETERMINISTIC;
  CHECK(deterministic == 1);
  std::size_t bytes = 0;
  CHECK(cudnnGetConvolutionForwardWorkspaceSize(c.handle, c.x, c.w, c.convolution, c.y,
                                                CUDNN_CONVOLUTION_FWD_ALGO_FFT,
                                                &bytes) == CUDNN_STATUS_NOT_SUPPORTED);
}

TEST_CASE("An algorithm that is not deterministic gives other bits the next time, one that is the same") {
  emulation::reset();
  Shape const s{.n = 8, .c = 3, .h = 8, .w = 8, .k = 4, .r = 3, .s = 3, .pad = 1, .stride = 1};
  Convolution const c(s, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT);
  DeviceArray<float> const x(random_values<float>(s.x_size(), 1)), dy(random_values<float>(s.y_size(), 2)),
      w(random_values<float>(s.w_size(), 3)), dw(s.w_size()), dx(s.x_size());
  float const one = 1, zero = 0;
  auto const filter = [&](cudnnConvolutionBwdFilterAlgo_t number) {
    DeviceArray<char> const workspace(c.workspace(number));
    require(cudnnConvolutionBackwardFilter(c.handle, &one, c.x, x.get(), c.y, dy.get(), c.convolution, number,
                                           workspace.get(), workspace.size(), &zero, c.w, dw.get()));
    return dw.values();
  };
  auto const data = [&](cudnnConvolutionBwdDataAlgo_t number) {
    DeviceArray<char> const workspace(c.workspace(number));
    require(cudnnConvolutionBackwardData(c.handle, &one, c.w, w.get(), c.y, dy.get(), c.convolution, number,
                                         workspace.get(), workspace.size(), &zero, c.x, dx.get()));
    return dx.values();
  };
  CHECK(filter(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1) == filter(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1));
  CHECK(filter(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0) != filter(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0));
  CHECK(data(CUDNN_CONVOLUTION_BWD_DATA_ALGO_1) == data(CUDNN_CONVOLUTION_BWD_DATA_ALGO_1));
  CHECK(data(CUDNN_CONVOLUTION_BWD_DATA_ALGO_0) != data(CUDNN_CONVOLUTION_BWD_DATA_ALGO_0));
}

TEST_CASE("A workspace that is too small is refused, one beyond its allocation ends the program, a good one "
          "is overwritten") {
  emulation::reset();
  Shape const s{.n = 2, .c = 2, .h = 4, .w = 4, .k = 3, .r = 3, .s = 3, .pad = 1, .stride = 1};
  auto const program = [&](std::ptrdiff_t missing_in_call, std::ptrdiff_t missing_in_memory) {
    return run_apart([=] {
      Convolution const c(s, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT);
      constexpr auto number = CUDNN_CONVOLUTION_FWD_ALGO_GEMM;
      auto const bytes = static_cast<std::ptrdiff_t>(c.workspace(number));
      DeviceArray<float> const x(random_values<float>(s.x_size(), 1)), w(random_values<float>(s.w_size(), 2)),
          y(s.y_size());
      DeviceArray<char> const workspace(
          std::vector<char>(static_cast<std::size_t>(bytes - missing_in_memory), 0));
      float const one = 1, zero = 0;
      auto const status = cudnnConvolutionForward(
          c.handle, &one, c.x, x.get(), c.w, w.get(), c.convolution, number, workspace.get(),
          static_cast<std::size_t>(bytes - missing_in_call), &zero, c.y, y.get());
      if (status != CUDNN_STATUS_SUCCESS) {
        char message[200];
        cudnnGetLastErrorString(message, sizeof message);
        std::fprintf(stderr, "%s: %s\n", cudnnGetErrorString(status), message);
        _exit(4);
      }
      for (char const byte : workspace.values()) require_apart(byte != 0);
    });
  };
  CHECK(program(0, 0).well());
  auto const small = program(1, 0);
  CHECK(small.status == 4);
  CHECK(small.says("CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT: a convolution: the workspace is smaller"));
  auto const outside = program(0, 1);
  CHECK_FALSE(outside.normal);
  CHECK(outside.says("the workspace of"));
  CHECK(outside.says("goes beyond its allocation"));
}

TEST_CASE("Descriptors that do not fit together are refused") {
  emulation::reset();
  Shape const s{.n = 2, .c = 2, .h = 4, .w = 4, .k = 3, .r = 3, .s = 3, .pad = 1, .stride = 1};
  Convolution const c(s, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT);
  DeviceArray<float> const x(s.x_size()), w(s.w_size()), y(s.y_size());
  float const one = 1, zero = 0;
  auto const run = [&] {
    return cudnnConvolutionForward(c.handle, &one, c.x, x.get(), c.w, w.get(), c.convolution,
                                   CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &zero, c.y, y.get());
  };
  constexpr auto nhwc = CUDNN_TENSOR_NHWC;
  constexpr auto single = CUDNN_DATA_FLOAT;
  CHECK(run() == CUDNN_STATUS_SUCCESS);
  require(cudnnSetTensor4dDescriptor(c.y, nhwc, single, 2, 3, 3, 4));
  CHECK(run() == CUDNN_STATUS_BAD_PARAM);
  char message[200];
  cudnnGetLastErrorString(message, sizeof message);
  CHECK(std::string(message).find("the output is 2 x 3 x 3 x 4 (n, c, h, w), expected 2 x 3 x 4 x 4") !=
        std::string::npos);
  require(cudnnSetTensor4dDescriptor(c.y, nhwc, CUDNN_DATA_DOUBLE, 2, 3, 4, 4));
  CHECK(run() == CUDNN_STATUS_BAD_PARAM);
  require(cudnnSetTensor4dDescriptor(c.y, nhwc, single, 2, 3, 4, 4));
  require(cudnnSetTensor4dDescriptor(c.x, nhwc, single, 2, 1, 4, 4));
  CHECK(run() == CUDNN_STATUS_BAD_PARAM);
  CHECK(cudnnSetTensor4dDescriptor(c.x, nhwc, single, 2, 0, 4, 4) == CUDNN_STATUS_BAD_PARAM);
  CHECK(cudnnSetTensor4dDescriptor(c.x, nhwc, CUDNN_DATA_HALF, 2, 2, 4, 4) ==
        CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE);
  require(cudnnSetTensor4dDescriptor(c.x, nhwc, single, 2, 2, 4, 4));
  CHECK(run() == CUDNN_STATUS_SUCCESS);
  cudnnTensorDescriptor_t unset = nullptr;
  require(cudnnCreateTensorDescriptor(&unset));
  std::size_t bytes = 0;
  CHECK(cudnnGetConvolutionForwardWorkspaceSize(c.handle, unset, c.w, c.convolution, c.y,
                                                CUDNN_CONVOLUTION_FWD_ALGO_GEMM,
                                                &bytes) == CUDNN_STATUS_BAD_PARAM);
  require(cudnnDestroyTensorDescriptor(unset));
  CHECK(cudnnDestroyTensorDescriptor(unset) == CUDNN_STATUS_BAD_PARAM);
  CHECK(emulation::take_reports().size() == 1);
  require(cudaDeviceSynchronize());
}

TEST_CASE("Float convolutions with the default math round to TF32, as tensor cores do; FMA does not") {
  emulation::reset();
  Shape const s{.n = 1, .c = 1, .h = 1, .w = 1, .k = 1, .r = 1, .s = 1, .pad = 0, .stride = 1};
  Convolution const c(s, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT);
  float const value = 1 + 0x1p-12f, one = 1, zero = 0;
  DeviceArray<float> const x(std::vector<float>{value}), w(std::vector<float>{1}), y(1);
  auto const run = [&](cudnnMathType_t math) {
    require(cudnnSetConvolutionMathType(c.convolution, math));
    require(cudnnConvolutionForward(c.handle, &one, c.x, x.get(), c.w, w.get(), c.convolution,
                                    CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &zero, c.y,
                                    y.get()));
    return y.values()[0];
  };
  CHECK(run(CUDNN_FMA_MATH) == value);
  CHECK(run(CUDNN_DEFAULT_MATH) == 1);
  CHECK(run(CUDNN_TENSOR_OP_MATH) == 1);
}

TEST_CASE("With beta 0 the output is not read, and overlapping operands end the program") {
  emulation::reset();
  Shape const s{.n = 1, .c = 1, .h = 2, .w = 2, .k = 1, .r = 1, .s = 1, .pad = 0, .stride = 1};
  auto const program = [&](bool mistaken) {
    return run_apart([=] {
      Convolution const c(s, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT);
      DeviceArray<float> const x(std::vector<float>{1, 2, 3, 4}), w(std::vector<float>{2}), y(4);
      float const one = 1, zero = 0;
      require(cudnnConvolutionForward(c.handle, &one, c.x, x.get(), c.w, w.get(), c.convolution,
                                      CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &zero, c.y,
                                      mistaken ? x.get() : y.get()));
      require_apart(y.values() == std::vector<float>{2, 4, 6, 8});
    });
  };
  CHECK(program(false).well());
  auto const ending = program(true);
  CHECK_FALSE(ending.normal);
  CHECK(ending.says("overlap"));
}

TEST_CASE("Convolutions go to the stream of their handle, and into graphs") {
  emulation::reset();
  Shape const s{.n = 1, .c = 1, .h = 2, .w = 2, .k = 1, .r = 1, .s = 1, .pad = 0, .stride = 1};
  Convolution const c(s, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT);
  OwnStream const stream;
  require(cudnnSetStream(c.handle, stream));
  DeviceArray<float> const x(std::vector<float>{1, 2, 3, 4}), w(std::vector<float>{2}),
      y(std::vector<float>(4, 0.f));
  float const one = 1;
  auto const run = [&] {
    require(cudnnConvolutionForward(c.handle, &one, c.x, x.get(), c.w, w.get(), c.convolution,
                                    CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &one, c.y,
                                    y.get()));
  };
  require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  run();
  cudaGraph_t graph = nullptr;
  require(cudaStreamEndCapture(stream, &graph));
  cudaGraphExec_t executable = nullptr;
  require(cudaGraphInstantiate(&executable, graph, 0));
  CHECK(emulation::counters().convolutions() == 0);
  CHECK(y.values() == std::vector<float>(4, 0.f));
  require(cudaGraphLaunch(executable, stream));
  require(cudaGraphLaunch(executable, stream));
  CHECK(y.values() == std::vector<float>{4, 8, 12, 16});
  require(cudaGraphExecDestroy(executable));
  require(cudaGraphDestroy(graph));
}
