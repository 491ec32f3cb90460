// SPDX-License-Identifier: Apache-2.0
// Numbers as text: as short as reads back exactly, and what is no number is refused, by the standard
// library's from_chars and by what stands in for it where it has none.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/number_text.hpp>
#include <disentangle/prior/class_frequencies.hpp>

using namespace disentangle;

TEST_CASE("the shortest text of a number") {
  CHECK(number_text(1e-9) == "1e-09");  // std::to_string gives 0.000000
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(0.1f) == "0.1");
  CHECK(number_text(2.0) == "2");
  CHECK(number_text(-1.5) == "-1.5");
  CHECK(number_text(1.0 / 3) == "0.3333333333333333");
  CHECK(number_text(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(number_text(-42) == "-42");
  CHECK(number_text(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(number_text(std::numeric_limits<double>::lowest()).size() <= 32);
}

TEST_CASE("what a number's text reads back to") {
  for (double const x : {0.0, -0.0, 1e-9, 1.0 / 3, 5e-324, 1.7976931348623157e308, 123456789.125}) {
    double standard = -1, own = -1;
    CHECK(read_number(number_text(x), standard));
    CHECK(detail::read_floating_point(number_text(x), own));
    CHECK(number_text(standard) == number_text(x));
    CHECK(number_text(own) == number_text(x));
    float const y = static_cast<float>(x < 1e30 ? x : 1.0);
    float single = -1, own_single = -1;
    CHECK(read_number(number_text(y), single));
    CHECK(detail::read_floating_point(number_text(y), own_single));
    CHECK(single == y);
    CHECK(own_single == y);
  }
  double value = 0;
  for (char const* const text :
       {"1", ".5", "1.", "-3e2", "1E+3", "inf", "-inf", "infinity", "0e5", "0.000e-999"}) {
    CAPTURE(text);
    CHECK(read_number(text, value));
    double own = -1;
    CHECK(detail::read_floating_point(text, own));
    CHECK(own == value);
  }
  CHECK(read_number("nan", value));
  CHECK(std::isnan(value));
  CHECK(detail::read_floating_point("nan", value));
  CHECK(std::isnan(value));
}

TEST_CASE("what is no number, or none that fits, leaves the value alone") {
  for (char const* const text : {"", "-", "+1", "--1", "-+1", " 1", "1 ", "1,5", "1.5x", "0x10", "-0x1p3",
                                 "e5", ".", "one", "\t1", "1e999", "-1e999", "1e-999"}) {
    CAPTURE(text);
    double value = 7;
    CHECK_FALSE(read_number(text, value));
    CHECK_FALSE(detail::read_floating_point(text, value));
    CHECK(value == 7);
  }
  int whole = 7;
  CHECK_FALSE(read_number("1.5", whole));
  CHECK_FALSE(read_number("3000000000", whole));
  CHECK(whole == 7);
  std::uint8_t small = 7;
  CHECK_FALSE(read_number("256", small));
  CHECK_FALSE(read_number("-1", small));
  CHECK(read_number("255", small));
  CHECK(small == 255);
}

TEST_CASE("messages show small numbers") {
  prior::ClassFrequencies frequencies;
  CHECK_THROWS_WITH_AS((frequencies = std::string("0.5 -1e-9")),
                       "class frequencies: found -1e-09, expected numbers of [0, 1]", ValueError);
  CHECK_THROWS_AS((frequencies = std::string("0.5 0.5x")), ValueError);
  frequencies = std::string("  0.25  0.75 ");
  CHECK(std::string(frequencies) == "0.25 0.75");
}
