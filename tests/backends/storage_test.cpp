// SPDX-License-Identifier: Apache-2.0
// Storage and random numbers: upload and download from and to both types of number, fill with strides, and
// Philox numbers, which are the same on every backend.
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

Register<TestedBackend> const registered("storage", [](auto& rows) {
  for (std::ptrdiff_t const n : {1, 3, 1000, 100003}) {
    rows.row("float and double there and back, " + std::to_string(n), [n](auto& r) {
      auto const host = numbers<1>({n}, 1);
      std::vector<float> const floats(host.values.begin(), host.values.end());
      auto const from_double = r.constant(host);
      auto const from_float = r.tape().constant(host.extents, floats.data());
      std::vector<float> back(floats.size());
      r.backend().download(from_double.value, back.data(), back.size());
      r.keep("double to float", std::vector<double>(back.begin(), back.end()), Kind::exact);
      r.keep("float to double", from_float, Kind::exact);
    });
  }
  rows.row("upload to a part, download of a part", [](auto& r) {
    auto const v = r.constant(numbers<1>({100}, 2));
    std::vector<double> const part{1, 2, 3};
    r.backend().upload(part.data(), v.value + 17, part.size());
    r.backend().upload(part.data(), v.value, 0);
    r.keep("all", v, Kind::exact);
    r.keep("part", v.value + 16, 5, Kind::exact);
  });
  rows.row("fill", [](auto& r) {
    using scalar = typename std::remove_reference_t<decltype(r)>::scalar;
    auto const v = r.constant(numbers<1>({1000}, 3));
    r.backend().fill(v.value + 3, 200, scalar(0.5));
    r.backend().fill(v.value + 300, 20, scalar(-2), 13);
    r.backend().fill(v.value + 900, 1, scalar(7), 50);
    r.backend().fill(v.value + 999, 0, scalar(8));
    r.keep("all", v, Kind::exact);
  });
  rows.row("memory of its own", [](auto& r) {
    using scalar = typename std::remove_reference_t<decltype(r)>::scalar;
    auto& backend = r.backend();
    scalar* const a = backend.allocate(1);
    scalar* const b = backend.allocate(70001);
    backend.fill(a, 1, scalar(3));
    backend.fill(b, 70001, scalar(4));
    r.keep("one", a, 1, Kind::exact);
    r.keep("many", b, 70001, Kind::exact);
    backend.deallocate(b, 70001);
    backend.deallocate(a, 1);
  });
  for (std::ptrdiff_t const n : {1, 3, 4, 5, 1000, 20001}) {
    Philox const random{0x123456789ABCDEFu + static_cast<std::uint64_t>(n), stream("row"), 5000000007u};
    rows.row("uniform, " + std::to_string(n), [&](auto& r) {
      auto const v = r.constant(numbers<1>({n + 4}, 4));
      r.backend().uniform(random, v.value + 2, static_cast<std::size_t>(n));
      r.keep("numbers", v, Kind::exact);
    });
    rows.row("normal, " + std::to_string(n), [&](auto& r) {
      auto const v = r.constant(numbers<1>({n + 4}, 5));
      r.backend().normal(random, v.value + 2, static_cast<std::size_t>(n));
      r.keep("numbers", v, Kind::rounded, Scale::element);
    });
  }
});

}  // namespace
