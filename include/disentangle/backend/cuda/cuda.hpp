// SPDX-License-Identifier: Apache-2.0
// The CUDA backend: cuBLAS products, cuDNN convolutions, and kernels made from the same expression types as
// on the CPU. Files that use it are compiled by nvcc (launch.hpp says why). Needs the component `cuda`:
// disentangle::cuda.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/backend/cuda/context.hpp>
#include <disentangle/backend/cuda/convolution.hpp>
#include <disentangle/backend/cuda/fused_kernels.hpp>
#include <disentangle/backend/cuda/gemm.hpp>
#include <disentangle/backend/cuda/graph.hpp>
#include <disentangle/backend/cuda/kernels.hpp>
#include <disentangle/backend/cuda/launch.hpp>
#include <disentangle/backend/cuda/staging.hpp>
#include <disentangle/backend/expression/loop.hpp>
#include <disentangle/backend/expression/tree.hpp>

namespace disentangle::backend {

/// A handle to a device; copying it is cheap and shares the device's streams and memory. T is the scalar of
/// every tensor. Work is queued, not waited for: `download` waits, and Model::step reads the loss back every
/// CudaOptions::read_back_every steps. Used by one host thread at a time. Results are the same bits in every
/// run on one kind of device; they agree with the CPU's to rounding.
/// @throws CudaError where a call fails, with the call, its file and line; CudaMemoryError where memory runs
/// out.
template <class T>
class BasicCuda {
 public:
  using scalar = T;
  using Strides = cuda::Strides;
  static constexpr bool is_device = true;

  /// @throws CudaError if there is no such device.
  explicit BasicCuda(CudaOptions const& options = {}) : shared_(std::make_shared<Shared>(options)) {}

  CudaOptions const& options() const { return context().options(); }
  /// The stream that steps run on, for a user's own kernels.
  cudaStream_t stream() const { return context().stream(); }
  /// Waits until everything queued is done.
  void synchronise() const { context().synchronise(); }

  // ---- storage ------------------------------------------------------------------------------------------
  T* allocate(std::size_t n) {
    return static_cast<T*>(context().allocate(std::max<std::size_t>(n, 1) * sizeof(T)));
  }
  void deallocate(T* p, std::size_t) { context().deallocate(p); }

  void fill(T* p, std::size_t n, T value, std::ptrdiff_t stride = 1) {
    if (n == 0) return;
    if (value == T(0) && stride == 1) {
      DISENTANGLE_CUDA_CALL(cudaMemsetAsync(p, 0, n * sizeof(T), stream()));
    } else {
      cuda::for_each_index(stream(), n, cuda::detail::FillKernel<T>{p, value, stride});
    }
  }
  /// Queues a copy to the device; the host's memory is free when this returns.
  template <class Number>
  void upload(Number const* host, T* p, std::size_t n) {
    for (std::size_t first = 0; first < n; first += largest_piece) {
      std::size_t const count = std::min(largest_piece, n - first);
      auto* const pinned = reinterpret_cast<T*>(shared_->staging.take(count * sizeof(T)));
      std::transform(host + first, host + first + count, pinned, [](Number x) { return static_cast<T>(x); });
      DISENTANGLE_CUDA_CALL(
          cudaMemcpyAsync(p + first, pinned, count * sizeof(T), cudaMemcpyHostToDevice, stream()));
    }
  }
  /// Copies to the host and waits for it, and so for everything queued before.
  template <class Number>
  void download(T const* p, Number* host, std::size_t n) {
    for (std::size_t first = 0; first < n; first += largest_piece) {
      std::size_t const count = std::min(largest_piece, n - first);
      auto* const pinned = reinterpret_cast<T*>(shared_->downloads.reserve(context(), count * sizeof(T)));
      DISENTANGLE_CUDA_CALL(
          cudaMemcpyAsync(pinned, p + first, count * sizeof(T), cudaMemcpyDeviceToHost, stream()));
      synchronise();
      std::transform(pinned, pinned + count, host + first, [](T x) { return static_cast<Number>(x); });
    }
  }
  /// Queues a copy from device to device.
  void copy(T const* from, T* to, std::size_t n) {
    DISENTANGLE_CUDA_CALL(cudaMemcpyAsync(to, from, n * sizeof(T), cudaMemcpyDeviceToDevice, stream()));
  }

  // ---- a training step as queued work: Model::step calls these where a backend has them -------------------
  /// Whether the loss of this step is read back (the first step's always is).
  bool reads_back(long step) const { return step <= 1 || step % options().read_back_every == 0; }
  /// Uploads minibatch number i of the step on a stream of its own. @return where it will be for the step's
  /// kernels.
  template <class Number>
  T* stage(std::size_t i, Number const* host, std::size_t n) {
    auto& uploads = shared_->uploads;
    while (uploads.size() <= i) uploads.push_back(std::make_unique<cuda::BatchUpload>(context()));
    auto* const pinned = reinterpret_cast<T*>(uploads[i]->begin(n * sizeof(T)));
    std::transform(host, host + n, pinned, [](Number x) { return static_cast<T>(x); });
    return static_cast<T*>(uploads[i]->copy(n * sizeof(T)));
  }
  /// Queues the work of a step. From the second call with the same key that allocated nothing, it is replayed
  /// as a graph: then `work` must not download. `key` stands for everything that the sizes of the step's
  /// tensors depend on.
  template <class Work>
  void submit(std::size_t key, Work&& work) {
    shared_->staging.begin_step();
    struct End {
      Shared& shared;
      ~End() { shared.staging.abandon_step(); }
    } end{*shared_};
    shared_->graph.run(key, work);
    shared_->staging.end_step();
    for (auto const& upload : shared_->uploads) upload->release();
  }

  // ---- fused loops over bound expressions ---------------------------------------------------------------
  template <class Destination, expression::bound_expression<T> Bound>
  void map(expression::Loop const& loop, Destination const& destination, Bound const& bound) {
    cuda::fused_map<T>(context(), loop, destination, bound);
  }
  template <expression::bound_expression<T> Bound, expression::bound_expression<T> Seed>
  void adjoint(expression::Loop const& loop, Bound const& bound, Seed const& seed) {
    cuda::fused_adjoint<T>(context(), loop, bound, seed);
  }
  template <expression::bound_expression<T> Bound, class Scratch>
  void sum(expression::Loop const& loop, Bound const& bound, T* out, Scratch&&) {
    cuda::fused_sum<T>(context(), loop, bound, out);
  }
  template <class Destination, expression::bound_expression<T> Bound>
  void reduce(expression::Loop const& loop, Reduction kind, Destination const& destination,
              Bound const& bound) {
    cuda::fused_reduce<T>(context(), loop, kind, destination, bound);
  }

  // ---- matrices -----------------------------------------------------------------------------------------
  /// C (+)= A B with A (m, k), B (k, n), C (m, n), each with its row and column strides.
  void multiply(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, T const* a, Strides sa, T const* b,
                Strides sb, T* c, Strides sc, bool accumulate) {
    cuda::multiply(context(), m, n, k, a, sa, b, sb, c, sc, accumulate);
  }

  // ---- layers -------------------------------------------------------------------------------------------
  /// out = f(x W + b), x (batch, inputs), W (inputs, features).
  template <Activation A>
  void dense(std::ptrdiff_t batch, std::ptrdiff_t inputs, std::ptrdiff_t features, T const* x,
             T const* weight, T const* bias, T* out, T slope) {
    multiply(batch, features, inputs, x, {inputs, 1}, weight, {features, 1}, out, {features, 1}, false);
    bias_activation<A>(static_cast<std::size_t>(batch * features), static_cast<std::size_t>(features), bias,
                       out, slope);
  }
  /// d *= f'(.) given the outputs y.
  template <Activation A>
  void activation_adjoint(T const* y, T* d, std::size_t n, T slope) {
    if constexpr (A != Activation::identity) {
      cuda::for_each_index(stream(), n, cuda::detail::ActivationAdjointKernel<A, T>{y, d, slope});
    }
  }
  /// to (+)= the sums of the columns of a (rows, columns) matrix: a product with ones, which cuBLAS streams.
  void column_sums(std::ptrdiff_t rows, std::ptrdiff_t columns, T const* from, T* to, bool accumulate) {
    multiply(1, columns, rows, ones(static_cast<std::size_t>(rows)), {rows, 1}, from, {columns, 1}, to,
             {columns, 1}, accumulate);
  }

  /// out = f(conv(in, W) + b); bias null: none.
  template <class Geometry, Activation A>
  void convolution_forward(std::ptrdiff_t batch, T const* in, T const* weight, T const* bias, T* out, T slope,
                           auto& tape) {
    auto& plan = shared_->convolutions.template get<Geometry>(context(), batch);
    plan.forward(in, filter<Geometry>(weight, tape), out);
    bias_activation<A>(static_cast<std::size_t>(batch) * Geometry::out_size, Geometry::out_channels, bias,
                       out, slope);
  }
  /// All adjoints of out = f(conv(in, W) + b). out_gradient is overwritten; in_gradient null: not wanted;
  /// weight_gradient null: the weights are frozen; bias_gradient null: not wanted.
  template <class Geometry, Activation A>
  void convolution_adjoint(std::ptrdiff_t batch, T const* in, T const* weight, T const* out, T* out_gradient,
                           T* in_gradient, T* weight_gradient, T* bias_gradient, bool accumulate, T slope,
                           auto& tape) {
    auto& plan = shared_->convolutions.template get<Geometry>(context(), batch);
    activation_adjoint<A>(out, out_gradient, static_cast<std::size_t>(batch) * Geometry::out_size, slope);
    if (weight_gradient != nullptr) {
      T* const gradient = tape.scratch(Geometry::weight_size);
      plan.filter_adjoint(in, out_gradient, gradient);
      from_filter<Geometry>(gradient, weight_gradient, accumulate);
      if (bias_gradient != nullptr) {
        column_sums(batch * Geometry::out_height * Geometry::out_width, Geometry::out_channels, out_gradient,
                    bias_gradient, accumulate);
      }
    }
    if (in_gradient != nullptr) plan.input_adjoint(filter<Geometry>(weight, tape), out_gradient, in_gradient);
  }
  template <class Geometry, Activation A>
  void transposed_convolution_forward(std::ptrdiff_t batch, T const* in, T const* weight, T const* bias,
                                      T* out, T slope, auto& tape) {
    using Adjoint = typename Geometry::Adjoint;
    auto& plan = shared_->convolutions.template get<Adjoint>(context(), batch);
    plan.input_adjoint(filter<Adjoint>(weight, tape), in, out);
    bias_activation<A>(static_cast<std::size_t>(batch) * Geometry::out_size, Geometry::out_channels, bias,
                       out, slope);
  }
  template <class Geometry, Activation A>
  void transposed_convolution_adjoint(std::ptrdiff_t batch, T const* in, T const* weight, T const* out,
                                      T* out_gradient, T* in_gradient, T* weight_gradient, T* bias_gradient,
                                      bool accumulate, T slope, auto& tape) {
    using Adjoint = typename Geometry::Adjoint;
    auto& plan = shared_->convolutions.template get<Adjoint>(context(), batch);
    activation_adjoint<A>(out, out_gradient, static_cast<std::size_t>(batch) * Geometry::out_size, slope);
    if (weight_gradient != nullptr) {
      T* const gradient = tape.scratch(Geometry::weight_size);
      plan.filter_adjoint(out_gradient, in, gradient);
      from_filter<Adjoint>(gradient, weight_gradient, accumulate);
      if (bias_gradient != nullptr) {
        column_sums(batch * Geometry::out_height * Geometry::out_width, Geometry::out_channels, out_gradient,
                    bias_gradient, accumulate);
      }
    }
    if (in_gradient != nullptr) plan.forward(out_gradient, filter<Adjoint>(weight, tape), in_gradient);
  }

  /// One optimiser step over flat buffers, one launch: kernel(w, g, moments) for every parameter.
  template <class Kernel, std::size_t Moments>
  void update(Kernel const& kernel, std::size_t n, T* w, T const* g, std::array<T*, Moments> const& moments) {
    cuda::for_each_index(
        stream(), n,
        cuda::detail::UpdateKernel<T, Kernel, Moments>{kernel, w, g, on_device(moments), nullptr, T(0)});
  }
  /// The same with gradients scaled down to the norm clip_norm, whose present square is on the device.
  template <class Kernel, std::size_t Moments>
  void clipped_update(Kernel const& kernel, std::size_t n, T* w, T const* g,
                      std::array<T*, Moments> const& moments, T const* squared_norm, double clip_norm) {
    cuda::for_each_index(stream(), n,
                         cuda::detail::UpdateKernel<T, Kernel, Moments>{
                             kernel, w, g, on_device(moments), squared_norm, static_cast<T>(clip_norm)});
  }

  // ---- rows ---------------------------------------------------------------------------------------------
  void gather_rows(T const* from, int const* rows, std::ptrdiff_t n, std::ptrdiff_t width, T* to) {
    in_pieces(rows, n, [&](std::size_t first, std::size_t count, cuda::detail::Rows const& piece) {
      auto const w = static_cast<std::size_t>(width);
      cuda::for_each_index(stream(), count * w,
                           cuda::detail::GatherKernel<T>{from, to + first * w, w, piece});
    });
  }
  void scatter_add_rows(T const* from, int const* rows, std::ptrdiff_t n, std::ptrdiff_t width, T* to) {
    in_pieces(rows, n, [&](std::size_t first, std::size_t count, cuda::detail::Rows const& piece) {
      auto const w = static_cast<std::size_t>(width);
      cuda::for_each_index(stream(), w,
                           cuda::detail::ScatterAddKernel<T>{from + first * w, to, w, count, piece});
    });
  }

  // ---- random numbers -----------------------------------------------------------------------------------
  void normal(Philox const& random, T* p, std::size_t n) {
    cuda::for_each_index(stream(), (n + 3) / 4, cuda::detail::NormalKernel<T>{random, p, n});
  }
  void uniform(Philox const& random, T* p, std::size_t n) {
    cuda::for_each_index(stream(), n, cuda::detail::UniformKernel<T>{random, p});
  }

 private:
  static constexpr std::size_t largest_piece = (std::size_t{4} << 20) / sizeof(T);

  struct Shared {  // in the order that it must be torn down in, the context last
    cuda::Context context;
    cuda::ConvolutionPlans<T> convolutions;
    cuda::Staging staging{context};
    std::vector<std::unique_ptr<cuda::BatchUpload>> uploads;
    cuda::PinnedBlock downloads;
    cuda::StepGraph graph{context};
    T* ones = nullptr;
    std::size_t ones_size = 0;

    explicit Shared(CudaOptions const& options) : context(options) {}
    ~Shared() {
      if (ones != nullptr) context.deallocate(ones);
    }
  };
  cuda::Context& context() const { return shared_->context; }

  template <Activation A>
  void bias_activation(std::size_t n, std::size_t features, T const* bias, T* out, T slope) {
    if (bias == nullptr && A == Activation::identity) return;
    cuda::for_each_index(stream(), n, cuda::detail::BiasActivationKernel<A, T>{out, bias, features, slope});
  }
  /// Weights in cuDNN's order.
  template <class Geometry>
  T const* filter(T const* weight, auto& tape) {
    T* const to = tape.scratch(Geometry::weight_size);
    cuda::for_each_index(stream(), Geometry::weight_size,
                         cuda::detail::FilterKernel<T>{weight, to,
                                                       Geometry::weight_size / Geometry::out_channels,
                                                       Geometry::out_channels, true, false});
    return to;
  }
  template <class Geometry>
  void from_filter(T const* filter, T* weight, bool accumulate) {
    cuda::for_each_index(stream(), Geometry::weight_size,
                         cuda::detail::FilterKernel<T>{filter, weight,
                                                       Geometry::weight_size / Geometry::out_channels,
                                                       Geometry::out_channels, false, accumulate});
  }
  T const* ones(std::size_t n) {
    if (n > shared_->ones_size) {
      T* const larger = allocate(n);
      fill(larger, n, T(1));
      if (shared_->ones != nullptr) context().deallocate(shared_->ones);
      shared_->ones = larger;
      shared_->ones_size = n;
    }
    return shared_->ones;
  }
  template <std::size_t Moments>
  static FixedArray<T*, Moments> on_device(std::array<T*, Moments> const& moments) {
    FixedArray<T*, Moments> pointers{};
    std::copy(moments.begin(), moments.end(), pointers.values);
    return pointers;
  }
  template <class Piece>
  static void in_pieces(int const* rows, std::ptrdiff_t n, Piece&& piece) {
    constexpr std::size_t most = cuda::detail::Rows::most;
    for (std::size_t first = 0; first < static_cast<std::size_t>(n); first += most) {
      std::size_t const count = std::min(most, static_cast<std::size_t>(n) - first);
      cuda::detail::Rows numbers{};
      std::copy_n(rows + first, count, numbers.at);
      piece(first, count, numbers);
    }
  }

  std::shared_ptr<Shared> shared_;
};

/// A CUDA device in single precision: what methods train in.
using Cuda = BasicCuda<float>;

}  // namespace disentangle::backend
