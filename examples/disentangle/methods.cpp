// SPDX-License-Identifier: Apache-2.0
// The list of methods. To add one: a file method_<name>.cpp of three lines, and its name here.
#include "methods.hpp"

#include "usage_error.hpp"

// The method files are compiled once for each backend of the program, each time in the namespace of its name.
#define METHODS_OF(backend)                                   \
  namespace backend {                                         \
  MethodEntry vae_entry();                                    \
  MethodEntry beta_vae_entry();                               \
  MethodEntry annealed_vae_entry();                           \
  MethodEntry factor_vae_entry();                             \
  MethodEntry beta_tc_vae_entry();                            \
  MethodEntry dip_vae_i_entry();                              \
  MethodEntry dip_vae_ii_entry();                             \
  MethodEntry info_vae_entry();                               \
  MethodEntry rf_vae_0_entry();                               \
  MethodEntry rf_vae_entry();                                 \
  }                                                           \
  static std::vector<MethodEntry> backend##_methods() {       \
    return {backend::vae_entry(),                             \
            backend::beta_vae_entry(),                        \
            backend::annealed_vae_entry(),                    \
            backend::factor_vae_entry(),                      \
            backend::beta_tc_vae_entry(),                     \
            backend::dip_vae_i_entry(),                       \
            backend::dip_vae_ii_entry(),                      \
            backend::info_vae_entry(),                        \
            backend::rf_vae_0_entry(),                        \
            backend::rf_vae_entry()};                         \
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
  static std::vector<BackendEntry> const all{
      {"cpu", cpu_methods(), nullptr},
#if defined(PROGRAM_WITH_XTENSOR)
      {"xtensor", xtensor_methods(), nullptr},
#endif
#if defined(PROGRAM_WITH_CUDA)
      {"cuda", cuda_methods(), missing_cuda_device},
#endif
  };
  return all;
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
    throw UsageError("no method '" + name + "'; there are: " + joined(names));
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
  throw UsageError("--backend " + name + ": this program was built without it; configure with -DDISENTANGLE_COMMAND_BACKENDS=" + name +
                   (name == "cuda" ? " (needs nvcc, cuBLAS and cuDNN)" : " (needs libxtensor-dev)"));
}
