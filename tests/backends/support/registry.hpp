// SPDX-License-Identifier: Apache-2.0
// The topics that are linked to a program: one object file per topic and backend registers itself here.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

/// Called with a row's name before it runs.
using RowBegin = std::function<void(std::string const&)>;
/// Where a row goes when it is done.
using RowSink = std::function<void(Row)>;

/// The rows of a topic on one backend.
struct Topic {
  std::string name, backend;
  Tolerances tolerances;
  std::function<void(RowBegin, RowSink)> run;
  std::function<void(RowBegin, RowSink)> run_as_reference;  ///< empty for all backends but the reference
};

/// All that are linked to this program.
inline std::vector<Topic>& topics() {
  static std::vector<Topic> all;
  return all;
}

}  // namespace disentangle::test
