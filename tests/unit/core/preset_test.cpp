// SPDX-License-Identifier: Apache-2.0
// Preset: a slot whose policy begins with other values, and is the same otherwise.
#include <type_traits>

#include <doctest/doctest.h>

#include <disentangle/core/describe.hpp>
#include <disentangle/core/method.hpp>
#include <disentangle/core/with.hpp>

using namespace disentangle;

namespace {

template <Role Kind, class P>
struct Slot {
  static constexpr Role kind = Kind;
  using policy = P;
};
struct Net {};
struct Loss {
  double weight = 1;
};
constexpr Loss heavy() { return {5}; }

using Plain = Method<Slot<Role::encoder, Net>, Slot<Role::contrast, Loss>>;
using Heavy = Method<Slot<Role::encoder, Net>, Preset<Slot<Role::contrast, Loss>, &heavy>>;

}  // namespace

TEST_CASE("a preset is the first value of its policy, which is found by its own name") {
  Heavy method;
  CHECK(method.get<Loss>().weight == 5);
  CHECK(Plain{}.get<Loss>().weight == 1);
  set(method, "Loss.weight", "2");
  CHECK(method.get<Loss>().weight == 2);
  CHECK(describe(Heavy{}).find("Loss {weight = 5}") != std::string::npos);
}

TEST_CASE("variants keep a preset, and replace or remove its slot by the slot's own name") {
  using Further = Slot<Role::regularizer, Net>;
  CHECK(Plus<Heavy, Further>{}.get<Loss>().weight == 5);
  CHECK(With<Heavy, Further>{}.get<Loss>().weight == 5);
  CHECK(With<Heavy, Slot<Role::contrast, Loss>>{}.get<Loss>().weight == 1);
  using Rest = Without<Plus<Heavy, Slot<Role::supervision, Net>>, Slot<Role::contrast, Loss>>;
  static_assert(std::is_same_v<Rest, Method<Slot<Role::encoder, Net>, Slot<Role::supervision, Net>>>);
}
