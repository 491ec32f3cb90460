// SPDX-License-Identifier: Apache-2.0
// The list of metrics: every name once, and definitions by name.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/by_name.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

TEST_CASE("every metric is listed once, and can be had by name and by name and definition") {
  auto names = metric_names();
  CHECK(names.size() >= 24);
  std::vector<std::pair<std::string, metric::Definition>> all;
  for (std::string const& name : names) {
    std::string seen;
    (void)with_metric(name, [&]<class M>(M const&) {
      seen = M::name;
      if constexpr (requires { M::definitions; })
        for (metric::Definition const& each : M::definitions)
          all.emplace_back(name + ":" + std::string(each.name), each);
      return metric::Score{};
    });
    CHECK(seen == name);
  }
  CHECK(all.size() > names.size());
  for (auto const& [name, definition] : all) {
    metric::Definition chosen;
    (void)with_metric(name, [&](auto const& m) {
      if constexpr (requires { m.definition; }) chosen = m.definition;
      return metric::Score{};
    });
    CHECK(chosen == definition);
  }
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("settings that belong to a definition come with it, and wrong names say what there is") {
  (void)with_metric("factor_vae:ubisoft", [](auto const& m) {
    if constexpr (requires {
                    m.num_variance_estimate;
                    m.num_eval;
                  })
      CHECK(m.num_eval == 800);
    return metric::Score{};
  });
  using test::contains;
  using test::message_of;
  std::vector<std::string> names{"mig", "mag"};
  CHECK(contains(message_of<ValueError>([&] { expect_metric_names(names); }),
                 "no metric 'mag'; there are: mig, dci"));
  names[1] = "mig:chen";
  CHECK(contains(message_of<ValueError>([&] { expect_metric_names(names); }),
                 "mig: found definition 'chen', expected one of: disentanglement_lib, dcf, ubisoft"));
  names[1] = "dci:ubisoft";
  CHECK(contains(message_of<ValueError>([&] { expect_metric_names(names); }),
                 "dci: found definition 'ubisoft', expected none"));
}
