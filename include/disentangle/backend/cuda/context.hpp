// SPDX-License-Identifier: Apache-2.0
// Context: what a handle of the CUDA backend shares: the device, two streams, the library handles, memory and
// its counts.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include <disentangle/backend/cuda/error.hpp>

namespace disentangle::backend {

/// How a device is used. A plain value: backend::Cuda{{.device = 1, .tf32 = true}}.
struct CudaOptions {
  /// Which device, 0 .. the number of devices - 1.
  int device = 0;
  /// Matrix products and convolutions in TensorFloat-32 (10 bits of mantissa, several times the speed). Off:
  /// float32, and results agree with the CPU's to rounding.
  bool tf32 = false;
  /// Replay the steady-state step as one CUDA graph. Off: every kernel is launched on its own.
  bool graphs = true;
  /// Steps between two readings of the loss (which wait for the device), at least 1.
  long read_back_every = 100;
};

namespace cuda {

/// "no CUDA device: cudaErrorNoDevice: no CUDA-capable device is detected"; empty where there is one.
inline std::string missing_device() {
  int devices = 0;
  cudaError_t const status = cudaGetDeviceCount(&devices);
  if (status != cudaSuccess) {
    static_cast<void>(cudaGetLastError());  // leaves no error behind for the next call
    return "no CUDA device: " + detail::error_text(status);
  }
  return devices == 0 ? "no CUDA device: cudaGetDeviceCount found 0" : "";
}

/// One device, its streams and its library handles. Not copied: handles share it.
class Context {
 public:
  explicit Context(CudaOptions const& options) : options_(options) {
    if (std::string const missing = missing_device(); !missing.empty()) throw CudaError(missing);
    int devices = 0;
    DISENTANGLE_CUDA_CALL(cudaGetDeviceCount(&devices));
    if (options.device < 0 || options.device >= devices) {
      throw CudaError("CUDA: found device " + std::to_string(options.device) + ", expected 0 .. " +
                      std::to_string(devices - 1));
    }
    if (options.read_back_every < 1) {
      throw ValueError("CUDA: read_back_every is " + std::to_string(options.read_back_every) +
                       ", expected at least 1");
    }
    DISENTANGLE_CUDA_CALL(cudaSetDevice(options.device));
    try {
      build();
    } catch (...) {
      release();
      throw;
    }
  }
  Context(Context const&) = delete;
  Context& operator=(Context const&) = delete;
  ~Context() { release(); }

  CudaOptions const& options() const { return options_; }
  /// Everything that a step computes goes here, in order.
  cudaStream_t stream() const { return stream_; }
  /// Uploads of the next minibatch, beside the step before.
  cudaStream_t upload_stream() const { return upload_stream_; }
  cublasHandle_t cublas() const { return cublas_; }
  cudnnHandle_t cudnn() const { return cudnn_; }
  /// For reduce_all: zero before and after.
  unsigned* ticket() const { return ticket_; }

  /// Waits until the device has done everything.
  void synchronise() const { DISENTANGLE_CUDA_CALL(cudaStreamSynchronize(stream_)); }

  /// Device memory in the order of the stream, from the driver's pool, which keeps what is freed.
  /// @throws CudaMemoryError naming the requested and the free size.
  void* allocate(std::size_t bytes) {
    count_allocation();
    void* p = nullptr;
    cudaError_t const status = cudaMallocAsync(&p, bytes, stream_);
    if (status == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      std::size_t free = 0, total = 0;
      DISENTANGLE_CUDA_CALL(cudaMemGetInfo(&free, &total));
      throw CudaMemoryError("CUDA: out of memory on device " + std::to_string(options_.device) +
                            ": requested " + detail::memory_text(bytes) + ", free " +
                            detail::memory_text(free) + " of " + detail::memory_text(total));
    }
    detail::check(status, "cudaMallocAsync", __FILE__, __LINE__);
    return p;
  }
  void deallocate(void* p) noexcept { static_cast<void>(cudaFreeAsync(p, stream_)); }
  /// Number of allocations so far: a step that made none can be captured.
  std::size_t allocations() const { return allocations_; }
  /// Before memory is wanted, on the device or pinned: a capture cannot hold that, so it ends here.
  void count_allocation() {
    if (auto const give_up = std::exchange(give_up_capture_, nullptr)) give_up();
    ++allocations_;
  }

  /// Device memory of at least this size that lasts until the next call with a larger one, for one kernel
  /// after another.
  void* workspace(std::size_t bytes) { return grown(workspace_, workspace_size_, bytes); }
  /// The same for partial sums, which must not meet the workspace of a library call.
  void* partials(std::size_t bytes) { return grown(partials_, partials_size_, bytes); }

  /// From here to end_capture() the stream is captured; `give_up` is called where memory is wanted before,
  /// and ends that.
  void begin_capture(std::function<void()> give_up) { give_up_capture_ = std::move(give_up); }
  /// @return whether the capture has not been given up
  bool end_capture() { return std::exchange(give_up_capture_, nullptr) != nullptr; }

 private:
  void build() {
    DISENTANGLE_CUDA_CALL(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    DISENTANGLE_CUDA_CALL(cudaStreamCreateWithFlags(&upload_stream_, cudaStreamNonBlocking));
    cudaMemPool_t pool = nullptr;
    DISENTANGLE_CUDA_CALL(cudaDeviceGetDefaultMemPool(&pool, options_.device));
    unsigned long long keep = ~0ull;  // freed memory stays with us
    DISENTANGLE_CUDA_CALL(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep));

    DISENTANGLE_CUDA_CALL(cublasCreate(&cublas_));
    DISENTANGLE_CUDA_CALL(cublasSetStream(cublas_, stream_));
    DISENTANGLE_CUDA_CALL(
        cublasSetMathMode(cublas_, options_.tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH));
    int major = 0;
    DISENTANGLE_CUDA_CALL(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, options_.device));
    // a workspace of our own, so that cuBLAS neither allocates in a captured step nor changes its sums by
    // chance; the sizes are those that its documentation recommends
    std::size_t const bytes = std::size_t{major >= 9 ? 32u : 4u} << 20;
    cublas_workspace_ = allocate(bytes);
    DISENTANGLE_CUDA_CALL(cublasSetWorkspace(cublas_, cublas_workspace_, bytes));

    DISENTANGLE_CUDA_CALL(cudnnCreate(&cudnn_));
    DISENTANGLE_CUDA_CALL(cudnnSetStream(cudnn_, stream_));
    ticket_ = static_cast<unsigned*>(allocate(sizeof(unsigned)));
    DISENTANGLE_CUDA_CALL(cudaMemsetAsync(ticket_, 0, sizeof(unsigned), stream_));
  }
  void release() noexcept {
    if (stream_ != nullptr) static_cast<void>(cudaStreamSynchronize(stream_));
    if (upload_stream_ != nullptr) static_cast<void>(cudaStreamSynchronize(upload_stream_));
    if (cudnn_ != nullptr) static_cast<void>(cudnnDestroy(cudnn_));
    if (cublas_ != nullptr) static_cast<void>(cublasDestroy(cublas_));
    for (void* p : {static_cast<void*>(ticket_), cublas_workspace_, workspace_, partials_}) {
      if (p != nullptr) deallocate(p);
    }
    if (stream_ != nullptr) {
      static_cast<void>(cudaStreamSynchronize(stream_));
      static_cast<void>(cudaStreamDestroy(stream_));
    }
    if (upload_stream_ != nullptr) static_cast<void>(cudaStreamDestroy(upload_stream_));
  }
  void* grown(void*& p, std::size_t& size, std::size_t bytes) {
    if (bytes > size) {
      void* const larger = allocate(bytes);
      if (p != nullptr) deallocate(p);  // in the order of the stream: whoever uses it now is done before
      p = larger;
      size = bytes;
    }
    return p;
  }

  CudaOptions options_;
  cudaStream_t stream_ = nullptr, upload_stream_ = nullptr;
  cublasHandle_t cublas_ = nullptr;
  cudnnHandle_t cudnn_ = nullptr;
  unsigned* ticket_ = nullptr;
  void *cublas_workspace_ = nullptr, *workspace_ = nullptr, *partials_ = nullptr;
  std::size_t workspace_size_ = 0, partials_size_ = 0, allocations_ = 0;
  std::function<void()> give_up_capture_;  // while a step is captured
};

}  // namespace cuda

}  // namespace disentangle::backend
