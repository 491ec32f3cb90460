// SPDX-License-Identifier: Apache-2.0
// Looking things up in a score.
#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/score.hpp>

using namespace disentangle;

TEST_CASE("parts and tables are found by name, and a wrong name is named") {
  metric::Score s;
  s.metric = "mig";
  s.parts = {{"mig", 0.25}};
  s.tables = {metric::Table::vector("per_factor", "factor", {1, 2, 3})};
  CHECK(s.part("mig") == 0.25);
  CHECK(s.table("per_factor").rows == 3);
  CHECK(s.table("per_factor")(2, 0) == 3);
  CHECK_THROWS_WITH_AS((void)s.part("sap"), "score mig: no part is named sap", ValueError);
  CHECK_THROWS_WITH_AS((void)s.table("x"), "score mig: no table is named x", ValueError);
}
