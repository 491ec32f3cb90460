// SPDX-License-Identifier: Apache-2.0
// gather, pick and concatenate with repeated indices, and the primitives under them.
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

auto const matrix = numbers<2>({5, 7}, 1);
std::vector<int> const repeated{4, 0, 4, 4, 1, 0};

Register<TestedBackend> const registered("indexing", [](auto& rows) {
  rows.formula("gather, repeated rows", of(matrix), [](auto x) { return exp(gather(x, repeated)); });
  rows.formula("gather of a transpose", of(numbers<2>({7, 5}, 2)),
               [](auto x) { return exp(gather(transpose(x), repeated)); });
  rows.formula("gather of an expression and of a part", of(matrix),
               [](auto x) { return gather(x * x, repeated) * gather(slice(x, axis<1>, 0, 1), repeated); });
  rows.formula("gather of 3000 rows out of 5", of(matrix), [](auto x) {
    std::vector<int> many(3000);
    for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<int>(i * i % 5);
    return gather(x, many) * 0.01;
  });
  rows.formula("gather of no rows beside a tensor", of(matrix),
               [](auto x) { return concatenate(axis<0>, gather(x, std::vector<int>{}), x) * 2.0; });
  rows.formula("pick", of(matrix), [](auto x) {
    return pick(log_softmax(x, axis<1>), std::vector<int>{6, 0, 3, 3, 1}) * 1.0;
  });
  rows.formula("pick of a transpose", of(numbers<2>({7, 5}, 3)), [](auto x) {
    return exp(pick(transpose(x), std::vector<int>{6, 0, 3, 3, 1}));
  });
  rows.formula("concatenate with repeats", of(matrix), [](auto x) {
    return exp(concatenate(axis<1>, x, x, gather(x, std::vector<int>{1, 1, 0, 2, 4})));
  });
  rows.row("gather_rows", [](auto& r) {
    auto const from = r.constant(matrix), to = r.tape().variable(Extents<2>{6, 7}, false);
    r.backend().gather_rows(from.value, repeated.data(), 6, 7, to.value);
    r.keep("rows", to, Kind::exact);
  });
  rows.row("scatter_add_rows", [](auto& r) {
    auto const from = r.constant(numbers<2>({6, 7}, 4)), to = r.constant(matrix);
    r.backend().scatter_add_rows(from.value, repeated.data(), 6, 7, to.value);
    r.keep("rows", to);
  });
});

}  // namespace
