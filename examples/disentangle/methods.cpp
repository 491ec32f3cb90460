// SPDX-License-Identifier: Apache-2.0
// The lists of methods and backends. Methods are those of the library's method/shelf.hpp:
// examples/CMakeLists.txt writes a file for each, and program_methods.hpp: PROGRAM_METHODS(X) is X(name) for
// each method of the program, PROGRAM_METHODS_LEFT_OUT those that DISENTANGLE_COMMAND_METHODS left out.
#include "methods.hpp"

#include "program_methods.hpp"
#include "usage_error.hpp"

// The method files are compiled once for each backend of the program, each time in the namespace of its name.
#define DECLARE_METHOD(name) MethodEntry name##_entry();
#define CALL_METHOD(name) name##_entry(),
#define METHODS_OF(backend)                                                        \
  namespace backend {                                                              \
  PROGRAM_METHODS(DECLARE_METHOD)                                                  \
  static std::vector<MethodEntry> all() { return {PROGRAM_METHODS(CALL_METHOD)}; } \
  }

METHODS_OF(cpu)
#if defined(PROGRAM_WITH_XTENSOR)
METHODS_OF(xtensor)
#endif
#if defined(PROGRAM_WITH_CUDA)
METHODS_OF(cuda)
std::string missing_cuda_device();  // backend_cuda.cpp
#endif

std::vector<BackendEntry> const& backends() {
  static std::vector<BackendEntry> const list {
    {"cpu", cpu::all(), nullptr},
#if defined(PROGRAM_WITH_XTENSOR)
        {"xtensor", xtensor::all(), nullptr},
#endif
#if defined(PROGRAM_WITH_CUDA)
        {"cuda", cuda::all(), missing_cuda_device},
#endif
  };
  return list;
}

std::vector<MethodEntry> const& methods() { return backends().front().methods; }

MethodEntry const& find_method(std::string const& name, std::string const& backend) {
  for (BackendEntry const& entry : backends()) {
    if (entry.name != backend) continue;
    std::vector<std::string> names;
    for (MethodEntry const& method : entry.methods) {
      if (method.name == name) return method;
      names.push_back(method.name);
    }
    std::string const left_out = PROGRAM_METHODS_LEFT_OUT;
    throw UsageError("no method '" + name + "'; there are: " + joined(names) +
                     (left_out.empty()
                          ? ""
                          : "; this program was built without " + left_out +
                                ": cmake --preset release && cmake --build --preset release builds all"));
  }
  throw UsageError("--backend: found '" + backend + "', expected cpu, xtensor or cuda");
}

void expect_backend(std::string const& name) {
  for (BackendEntry const& entry : backends()) {
    if (entry.name != name) continue;
    std::string const missing = entry.missing == nullptr ? "" : entry.missing();
    if (!missing.empty()) throw UsageError("--backend " + name + ": " + missing);
    return;
  }
  if (name != "xtensor" && name != "cuda") {
    throw UsageError("--backend: found '" + name + "', expected cpu, xtensor or cuda");
  }
  throw UsageError("--backend " + name +
                   ": this program was built without it; configure with -DDISENTANGLE_COMMAND_BACKENDS=" +
                   name + (name == "cuda" ? " (needs nvcc, cuBLAS and cuDNN)" : " (needs libxtensor-dev)"));
}
