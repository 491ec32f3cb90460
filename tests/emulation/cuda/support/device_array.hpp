// SPDX-License-Identifier: Apache-2.0
// Arrays, streams and events that the tests of the emulation hold, and their launches.
#pragma once

#include <tests/emulation/cuda/launch.hpp>

#include <cuda_runtime_api.h>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace emulation_test {

inline void require(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorName(error));
}

template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size) : size_(size) {
    require(cudaMalloc(reinterpret_cast<void**>(&data_), size * sizeof(T)));
  }
  explicit DeviceArray(std::vector<T> const& values) : DeviceArray(values.size()) {
    require(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice));
    require(cudaDeviceSynchronize());
  }
  DeviceArray(DeviceArray const&) = delete;
  DeviceArray& operator=(DeviceArray const&) = delete;
  ~DeviceArray() { cudaFree(data_); }
  T* get() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return size_ * sizeof(T); }
  std::vector<T> values() const {
    require(cudaDeviceSynchronize());
    std::vector<T> values(size_);
    require(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  T* data_ = nullptr;
  std::size_t size_;
};

template <class T>
class PinnedArray {
 public:
  explicit PinnedArray(std::size_t size) : size_(size) {
    require(cudaHostAlloc(reinterpret_cast<void**>(&data_), size * sizeof(T), cudaHostAllocDefault));
  }
  PinnedArray(PinnedArray const&) = delete;
  PinnedArray& operator=(PinnedArray const&) = delete;
  ~PinnedArray() { cudaFreeHost(data_); }
  T* get() const { return data_; }
  T& operator[](std::size_t i) const { return data_[i]; }
  std::size_t bytes() const { return size_ * sizeof(T); }

 private:
  T* data_ = nullptr;
  std::size_t size_;
};

class OwnStream {
 public:
  explicit OwnStream(unsigned flags = cudaStreamNonBlocking) {
    require(cudaStreamCreateWithFlags(&stream_, flags));
  }
  OwnStream(OwnStream const&) = delete;
  OwnStream& operator=(OwnStream const&) = delete;
  ~OwnStream() { cudaStreamDestroy(stream_); }
  operator cudaStream_t() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

class OwnEvent {
 public:
  explicit OwnEvent(unsigned flags = cudaEventDisableTiming) {
    require(cudaEventCreateWithFlags(&event_, flags));
  }
  OwnEvent(OwnEvent const&) = delete;
  OwnEvent& operator=(OwnEvent const&) = delete;
  ~OwnEvent() { cudaEventDestroy(event_); }
  operator cudaEvent_t() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Enqueues f() as a kernel.
template <class F>
cudaError_t try_launch(cudaStream_t stream, F const& f, unsigned blocks = 1, unsigned threads = 256) {
  static_assert(std::is_trivially_copyable_v<F>);
  auto const run = [](void const* functor) { (*static_cast<F const*>(functor))(); };
  return static_cast<cudaError_t>(
      disentangle_cuda_emulation_launch(stream, run, &f, sizeof(F), blocks, threads));
}

template <class F>
void launch(cudaStream_t stream, F const& f) {
  require(try_launch(stream, f));
}

}  // namespace emulation_test
