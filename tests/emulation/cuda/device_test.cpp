// SPDX-License-Identifier: Apache-2.0
// Devices, versions, injected failures.
#include <tests/emulation/cuda/emulation.hpp>
#include <tests/emulation/cuda/support/device_array.hpp>

#include <cublas_v2.h>
#include <cudnn.h>
#include <doctest/doctest.h>
#include <string>

namespace emulation = disentangle::emulation;
using namespace emulation_test;

TEST_CASE("Without a device every call fails as it does on such a machine") {
  emulation::reset();
  emulation::set_device_count(0);
  int count = 5;
  CHECK(cudaGetDeviceCount(&count) == cudaErrorNoDevice);
  CHECK(count == 0);
  void* p = nullptr;
  CHECK(cudaMalloc(&p, 4) == cudaErrorNoDevice);
  CHECK(cudaFree(nullptr) == cudaErrorNoDevice);
  cudaStream_t stream = nullptr;
  CHECK(cudaStreamCreate(&stream) == cudaErrorNoDevice);
  CHECK(cudaSetDevice(0) == cudaErrorNoDevice);
  CHECK(try_launch(nullptr, [] {}) == cudaErrorNoDevice);
  cublasHandle_t blas = nullptr;
  CHECK(cublasCreate(&blas) == CUBLAS_STATUS_NOT_INITIALIZED);
  cudnnHandle_t dnn = nullptr;
  CHECK(cudnnCreate(&dnn) == CUDNN_STATUS_NOT_INITIALIZED);
  int version = -1;
  CHECK(cudaRuntimeGetVersion(&version) == cudaSuccess);
  CHECK(version == CUDART_VERSION);
  CHECK(cudaDriverGetVersion(&version) == cudaSuccess);
  CHECK(version == 0);
  CHECK(std::string(cudaGetErrorName(cudaErrorNoDevice)) == "cudaErrorNoDevice");
  CHECK(std::string(cudaGetErrorString(cudaErrorNoDevice)) == "no CUDA-capable device is detected");
  emulation::reset();
  CHECK(cudaGetDeviceCount(&count) == cudaSuccess);
  CHECK(count == 1);
}

TEST_CASE("Devices are chosen by number, and their streams belong to them") {
  emulation::reset();
  emulation::set_device_count(2);
  CHECK(cudaSetDevice(2) == cudaErrorInvalidDevice);
  CHECK(cudaSetDevice(-1) == cudaErrorInvalidDevice);
  OwnStream const of_first;
  REQUIRE(cudaSetDevice(1) == cudaSuccess);
  int device = -1;
  REQUIRE(cudaGetDevice(&device) == cudaSuccess);
  CHECK(device == 1);
  CHECK(try_launch(of_first, [] {}) == cudaErrorInvalidResourceHandle);
  REQUIRE(cudaSetDevice(0) == cudaSuccess);
  CHECK(try_launch(of_first, [] {}) == cudaSuccess);
  cudaDeviceProp properties;
  CHECK(cudaGetDeviceProperties(&properties, 2) == cudaErrorInvalidDevice);
  REQUIRE(cudaGetDeviceProperties(&properties, 1) == cudaSuccess);
  CHECK(properties.maxThreadsPerBlock == 1024);
  int value = 0;
  REQUIRE(cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, 0) == cudaSuccess);
  CHECK(value == properties.multiProcessorCount);
  CHECK(cudaDeviceGetAttribute(&value, cudaDevAttrClockRate, 0) == cudaErrorNotSupported);
  CHECK(emulation::take_reports().size() == 1);
  emulation::reset();
}

TEST_CASE("An injected failure is met once, by the call that it was meant for, which then does nothing") {
  emulation::reset();
  emulation::inject_failure("cudaMalloc", cudaErrorMemoryAllocation, 1);
  emulation::inject_failure("cudaMemcpyAsync", cudaErrorIllegalAddress);
  void *first = nullptr, *second = nullptr;
  CHECK(cudaMalloc(&first, 4) == cudaSuccess);
  CHECK(cudaMalloc(&second, 4) == cudaErrorMemoryAllocation);
  CHECK(second == nullptr);
  CHECK(emulation::injected_failures() == 1);
  float value = 3;
  CHECK(cudaMemcpyAsync(first, &value, 4, cudaMemcpyHostToDevice, nullptr) == cudaErrorIllegalAddress);
  CHECK(cudaGetLastError() == cudaErrorIllegalAddress);
  CHECK(emulation::counters().to_device_pageable.count == 0);
  CHECK(emulation::injected_failures() == 0);
  CHECK(cudaMalloc(&second, 4) == cudaSuccess);
  CHECK(cudaFree(first) == cudaSuccess);
  CHECK(cudaFree(second) == cudaSuccess);

  emulation::inject_failure("cublasCreate", CUBLAS_STATUS_ALLOC_FAILED);
  emulation::inject_failure("cudnnCreate", CUDNN_STATUS_INTERNAL_ERROR);
  emulation::inject_failure("disentangle_cuda_emulation_launch", cudaErrorLaunchOutOfResources);
  cublasHandle_t blas = nullptr;
  cudnnHandle_t dnn = nullptr;
  CHECK(cublasCreate(&blas) == CUBLAS_STATUS_ALLOC_FAILED);
  CHECK(cudnnCreate(&dnn) == CUDNN_STATUS_INTERNAL_ERROR);
  CHECK(try_launch(nullptr, [] {}) == cudaErrorLaunchOutOfResources);
  CHECK(emulation::counters().launches == 0);
  CHECK(emulation::live() == emulation::Live{});
}
