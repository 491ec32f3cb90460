// SPDX-License-Identifier: Apache-2.0
// Methods as values: get, with, plus; describe and set; what reflection finds in policies.
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/describe.hpp>
#include <disentangle/core/method.hpp>
#include <disentangle/core/reflection.hpp>
#include <disentangle/core/with.hpp>

using namespace disentangle;

namespace {

enum class Colour { red, light_green };
enum class Many {  // clang-format off
  v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, sixteenth, seventeenth,
  sixty_third = 63, beyond = 64, before = -1
};  // clang-format on

template <Role Kind, class P>
struct Slot {
  static constexpr Role kind = Kind;
  using policy = P;
};
struct Net {
  friend bool operator==(Net const&, Net const&) = default;
};
template <int N>
struct Deep {
  int width = N;
  friend bool operator==(Deep const&, Deep const&) = default;
};
struct Schedule {
  double start = 0.5;
  long steps = 10;
  friend bool operator==(Schedule const&, Schedule const&) = default;
};
struct Loss {
  double weight = 0.1;
  bool on = true;
  Colour colour = Colour::red;
  std::string name = "plain";
  Schedule schedule{};
  unsigned bins = 20;
  std::vector<int> list{};
  friend bool operator==(Loss const&, Loss const&) = default;
};
struct Term {
  double beta = 1;
};
struct Hidden {
  explicit Hidden(double = 0) {}
};
struct Choice {
  Many kind = Many::v0;
};

using Base = Method<Slot<Role::encoder, Net>, Slot<Role::decoder, Deep<3>>, Slot<Role::prior, Schedule>,
                    Slot<Role::reconstruction, Loss>>;

}  // namespace

TEST_CASE("get: by type, by role and number") {
  Method<Slot<Role::encoder, Net>, Slot<Role::contrast, Loss>, Slot<Role::regularizer, Term>,
         Slot<Role::regularizer, Term>>
      m;
  m.get<Loss>().weight = 3;
  CHECK(std::as_const(m).get<Loss>().weight == 3);
  m.get<Role::regularizer, 1>().beta = 5;
  CHECK(m.get<Role::regularizer>().beta == 1);
  CHECK(std::as_const(m).get<Role::regularizer, 1>().beta == 5);
  static_assert(decltype(m)::count<Role::regularizer> == 2);
  static_assert(decltype(m)::has<Role::contrast> && !decltype(m)::has<Role::decoder>);
}

TEST_CASE("methods are regular values") {
  static_assert(std::is_same_v<decltype(Base{}), Base>);
  Base a, b;
  CHECK(a == b);
  b.get<Loss>().weight = 2;
  CHECK_FALSE(a == b);
  a = b;
  CHECK(a == b);
  static_assert(is_method<Base> && !is_method<int>);
}

TEST_CASE("With replaces a role or adds it; Plus adds beside") {
  using Other = Slot<Role::decoder, Deep<7>>;
  static_assert(
      std::is_same_v<With<Base, Other>, Method<Slot<Role::encoder, Net>, Other, Slot<Role::prior, Schedule>,
                                               Slot<Role::reconstruction, Loss>>>);
  using T = Slot<Role::regularizer, Term>;
  static_assert(With<Base, T>::count<Role::regularizer> == 1);
  static_assert(With<Plus<Base, T, T>, T>::count<Role::regularizer> == 1);
  static_assert(With<Base, T, T>::count<Role::regularizer> == 2);
  static_assert(Plus<Plus<Base, T>, T>::count<Role::regularizer> == 2);
  static_assert(std::is_same_v<Plus<Base, T>,
                               Method<Slot<Role::encoder, Net>, Slot<Role::decoder, Deep<3>>,
                                      Slot<Role::prior, Schedule>, Slot<Role::reconstruction, Loss>, T>>);
}

TEST_CASE("With: what is given stands where the first of its role stood, a new role comes last") {
  using Encoder = Slot<Role::encoder, Net>;
  using Contrast = Slot<Role::contrast, Loss>;
  using Twice = Method<Encoder, Slot<Role::regularizer, Term>, Contrast, Slot<Role::regularizer, Hidden>,
                       Slot<Role::adversary, Term>>;
  using A = Slot<Role::regularizer, Deep<1>>;
  using B = Slot<Role::regularizer, Deep<2>>;
  using C = Slot<Role::supervision, Loss>;
  using D = Slot<Role::optimizer, Schedule>;
  static_assert(std::is_same_v<With<Twice, A>, Method<Encoder, A, Contrast, Slot<Role::adversary, Term>>>);
  static_assert(
      std::is_same_v<With<Twice, A, B>, Method<Encoder, A, B, Contrast, Slot<Role::adversary, Term>>>);
  static_assert(std::is_same_v<With<Twice, C, B, D, A>,
                               Method<Encoder, B, A, Contrast, Slot<Role::adversary, Term>, C, D>>);
  static_assert(std::is_same_v<With<Twice, Encoder>, Twice>);
  static_assert(std::is_same_v<With<Twice>, Twice>);
  static_assert(
      std::is_same_v<Without<Twice, Slot<Role::regularizer, Hidden>>,
                     Method<Encoder, Slot<Role::regularizer, Term>, Contrast, Slot<Role::adversary, Term>>>);
}

TEST_CASE("describe: a line for each slot") {
  CHECK(describe(Base{}) == "Encoder: Net {}\n"
                            "Decoder: Deep<3> {width = 3}\n"
                            "Prior: Schedule {start = 0.5, steps = 10}\n"
                            "Reconstruction: Loss {weight = 0.1, on = true, colour = red, name = plain, "
                            "schedule.start = 0.5, schedule.steps = 10, "
                            "bins = 20, list = []}\n");
  CHECK(describe_policy(Hidden{}) == "Hidden {}");
}

TEST_CASE("set: every kind of member, and describe shows it") {
  Base m;
  set(m, "Loss.weight", "2.5e-3");
  set(m, "Loss.on", "false");
  set(m, "Loss.colour", "light_green");
  set(m, "Loss.name", "my name");
  set(m, "Loss.schedule.steps", "-4");
  set(m, "Loss.bins", "40");
  set(m, "Loss.list", "[3 -1 4]");
  CHECK(describe_policy(m.get<Loss>()).ends_with("list = [3 -1 4]}"));
  set(m, "Deep.width", "8");
  set(m, "Schedule.start", "1");
  CHECK(m.get<Loss>() == Loss{2.5e-3, false, Colour::light_green, "my name", {0.5, -4}, 40, {3, -1, 4}});
  CHECK(m.get<Deep<3>>().width == 8);
  CHECK(m.get<Schedule>().start == 1);
  set(m, "Deep<3>.width", "9");
  CHECK(m.get<Deep<3>>().width == 9);
}

TEST_CASE("set: a name that several members answer to is refused, with the full names") {
  using Two = Method<Slot<Role::encoder, Deep<10>>, Slot<Role::decoder, Deep<3>>, Slot<Role::prior, Net>,
                     Slot<Role::contrast, Loss>>;
  Two m;
  CHECK_THROWS_WITH_AS(set(m, "Deep.width", "8"),
                       "'Deep.width' names 2 hyper-parameters of this method; write one of: "
                       "Encoder.Deep.width, Decoder.Deep.width",
                       ValueError);
  CHECK(m == Two{});
  set(m, "Encoder.Deep.width", "8");
  CHECK(m.get<Deep<10>>().width == 8);
  CHECK(m.get<Deep<3>>().width == 3);
  set(m, "Decoder.Deep<3>.width", "9");
  CHECK(m.get<Deep<3>>().width == 9);
  set(m, "Deep<10>.width", "5");
  CHECK(m.get<Deep<10>>().width == 5);
  set(m, "Contrast.Loss.schedule.steps", "7");
  CHECK(m.get<Loss>().schedule.steps == 7);
  CHECK_THROWS_WITH_AS(
      set(m, "Encoder.Deep.height", "8"),
      doctest::Contains("this method has: Encoder.Deep.width, Decoder.Deep.width, Loss.weight"), ValueError);
  CHECK_THROWS_AS(set(m, "Regularizer.Deep.width", "8"), ValueError);
  CHECK_THROWS_AS(set(m, "Encoder[1].Deep.width", "8"), ValueError);
}

TEST_CASE("set: a role that has a policy twice numbers it") {
  using Base3 = Method<Slot<Role::encoder, Net>, Slot<Role::contrast, Loss>, Slot<Role::regularizer, Deep<1>>,
                       Slot<Role::regularizer, Term>, Slot<Role::regularizer, Term>>;
  Base3 m;
  CHECK_THROWS_WITH_AS(set(m, "Regularizer.Term.beta", "8"),
                       "'Regularizer.Term.beta' names 2 hyper-parameters of this method; write one of: "
                       "Regularizer[1].Term.beta, Regularizer[2].Term.beta",
                       ValueError);
  set(m, "Regularizer[2].Term.beta", "8");
  CHECK(m.get<Role::regularizer, 1>().beta == 1);
  CHECK(m.get<Role::regularizer, 2>().beta == 8);
  set(m, "Regularizer[0].Deep.width", "6");
  CHECK(m.get<Deep<1>>().width == 6);
  CHECK(describe(m).ends_with("Regularizer: Deep<1> {width = 6}\nRegularizer[1]: Term {beta = 1}\n"
                              "Regularizer[2]: Term {beta = 8}\n"));
}

TEST_CASE("enumerators have names below 64, and numbers never look alike") {
  using M = Method<Slot<Role::encoder, Net>, Slot<Role::contrast, Choice>>;
  M m;
  for (auto const& [value, name] :
       {std::pair{Many::v15, "v15"}, std::pair{Many::sixteenth, "sixteenth"},
        std::pair{Many::seventeenth, "seventeenth"}, std::pair{Many::sixty_third, "sixty_third"}}) {
    CHECK(enumerator_name(value) == name);
    set(m, "Choice.kind", name);
    CHECK(m.get<Choice>().kind == value);
    CHECK(describe_policy(m.get<Choice>()) == "Choice {kind = " + std::string(name) + "}");
  }
  CHECK(enumerator_name(Many::beyond).empty());
  CHECK_FALSE(is_enumerator(Many::beyond));
  CHECK_FALSE(is_enumerator(static_cast<Many>(40)));
  CHECK(describe_policy(Choice{Many::beyond}) == "Choice {kind = 64}");
  CHECK(describe_policy(Choice{Many::before}) == "Choice {kind = -1}");
  CHECK_THROWS_WITH_AS(set(m, "Choice.kind", "beyond"), doctest::Contains("v0 or v1"), ValueError);
}

TEST_CASE("describe and set are a round trip, to the last bit") {
  Base a;
  a.get<Loss>().weight = 1.0 / 3;
  a.get<Loss>().colour = Colour::light_green;
  a.get<Loss>().schedule.start = 1e-300;
  a.get<Loss>().list = {1, 2};
  a.get<Deep<3>>().width = -7;
  Base b;
  std::string const text = describe(a);
  for (std::size_t line = 0; line < text.size();) {
    std::size_t const end = text.find('\n', line), name = text.find(": ", line) + 2,
                      brace = text.find(" {", name);
    std::string const policy = text.substr(name, brace - name);
    std::string members = text.substr(brace + 2, end - brace - 3) + ", ";
    for (std::size_t at = 0; members.size() > 2 && at < members.size();) {
      std::size_t const equals = members.find(" = ", at), comma = members.find(", ", equals);
      if (members.substr(equals + 3, comma - equals - 3) != "...") {
        set(b, policy + "." + members.substr(at, equals - at),
            members.substr(equals + 3, comma - equals - 3));
      }
      at = comma + 2;
    }
    line = end + 1;
  }
  CHECK(a == b);
}

TEST_CASE("set: errors name what exists and what is accepted, and change nothing") {
  Base m;
  CHECK_THROWS_WITH_AS(
      set(m, "Loss.wieght", "1"),
      "no hyper-parameter 'Loss.wieght'; this method has: Deep.width, Schedule.start, Schedule.steps, "
      "Loss.weight, "
      "Loss.on, Loss.colour, Loss.name, Loss.schedule.start, Loss.schedule.steps, Loss.bins, Loss.list",
      ValueError);
  CHECK_THROWS_WITH_AS(set(m, "Loss.weight", "heavy"), "Loss.weight: found 'heavy', expected a number",
                       ValueError);
  CHECK_THROWS_WITH_AS(set(m, "Loss.weight", "1.5x"), "Loss.weight: found '1.5x', expected a number",
                       ValueError);
  CHECK_THROWS_WITH_AS(set(m, "Loss.bins", "-3"), "Loss.bins: found '-3', expected an integer", ValueError);
  CHECK_THROWS_WITH_AS(set(m, "Deep.width", "2.5"), "Deep.width: found '2.5', expected an integer",
                       ValueError);
  CHECK_THROWS_WITH_AS(set(m, "Loss.on", "yes"), "Loss.on: found 'yes', expected true or false", ValueError);
  CHECK_THROWS_WITH_AS(set(m, "Loss.colour", "blue"),
                       "Loss.colour: found 'blue', expected red or light_green", ValueError);
  CHECK_THROWS_WITH_AS(set(m, "Loss.list", "[1 two]"),
                       "Loss.list: found '[1 two]', expected a list of numbers such as [1 2 3]", ValueError);
  CHECK(m == Base{});
}

TEST_CASE("reflection: names of types, enumerators and members") {
  CHECK(qualified_name<Role>() == "disentangle::Role");
  struct Local {};
  CHECK(type_name<Local>() == "Local");
  CHECK(type_name<std::pair<Deep<12>, Net>>() == "pair<Deep<12>, Net>");
  CHECK(type_name<Method<Slot<Role::encoder, Net>>>().find("Method<Slot<") == 0);
  CHECK(type_name<Deep<12>>() == "Deep<12>");
  CHECK(type_name<int>() == "int");
  CHECK(enumerator_name(Colour::light_green) == "light_green");
  CHECK(is_enumerator(Colour::red));
  CHECK_FALSE(is_enumerator(static_cast<Colour>(7)));
  std::string names;
  Loss loss;
  for_each_member(loss, [&](std::string const& name, auto&) { names += name + " "; });
  CHECK(names == "weight on colour name schedule.start schedule.steps bins list ");
}
