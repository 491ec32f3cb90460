// SPDX-License-Identifier: Apache-2.0
// disentangle list, disentangle describe METHOD.
#include "commands.hpp"
#include "data_sets.hpp"
#include "methods.hpp"
#include "usage_error.hpp"

#include <disentangle/train/evaluate_by_name.hpp>

#include <cstdio>

void list_command() {
  std::printf("methods (disentangle describe METHOD shows what each is made of):\n");
  for (MethodEntry const& entry : methods())
    std::printf("  %-12s %s\n", entry.name.c_str(), entry.summary.c_str());
  std::printf("metrics:\n  %s\n", joined(disentangle::metric_names()).c_str());
  std::printf("metrics of a model's posteriors (evaluate only):\n  %s\n",
              joined(disentangle::posterior_metric_names()).c_str());
  std::printf("scores of classes (evaluate only, methods that have classes):\n  %s\n",
              joined(disentangle::class_metric_names()).c_str());
  std::printf("data sets (images 64 x 64, grey or colour):\n");
  for (DataForm const& form : described_data_forms()) {
    std::printf("  %-25s %s\n", (form.start + form.path).c_str(), form.summary.c_str());
  }
}

void describe_command(std::string const& method, std::vector<std::string> const& set) {
  MethodEntry const& entry = find_method(method);
  std::printf("%s: %s\n%s", entry.name.c_str(), entry.summary.c_str(), entry.described(set).c_str());
}
