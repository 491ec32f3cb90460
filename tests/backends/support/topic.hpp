// SPDX-License-Identifier: Apache-2.0
// A topic of the matrix: tests/backends/<topic>_test.cpp states its rows once, as a generic body, and is
// compiled once per backend, with DISENTANGLE_TEST_BACKEND_HEADER naming the header of tests/backends/on that
// defines TestedBackend. The comparison (compare.cpp) is linked to it.
#pragma once

#include <string>
#include <utility>

#include "tests/backends/support/rows.hpp"

#include DISENTANGLE_TEST_BACKEND_HEADER

namespace disentangle::test {

/// Registers a generic body(Rows<Backend>&) for the backend that this file is compiled for.
template <class Tested>
struct Register {
  template <class Body>
  Register(std::string topic, Body body) {
    auto const run_on = [body](auto make) {
      return [body, make](RowBegin begin, RowSink sink) {
        Rows<typename Tested::Backend> rows(make(), std::move(begin), std::move(sink));
        body(rows);
      };
    };
    Topic entry{std::move(topic), Tested::name, Tested::tolerances, run_on(&Tested::make), nullptr};
    if constexpr (requires { Tested::make_reference(); })
      entry.run_as_reference = run_on(&Tested::make_reference);
    topics().push_back(std::move(entry));
  }
};

}  // namespace disentangle::test
