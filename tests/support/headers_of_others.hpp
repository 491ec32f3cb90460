// SPDX-License-Identifier: Apache-2.0
// What nearly every test includes and nobody here changes, parsed once for all of them
// (tests/CMakeLists.txt). A test still names what it uses.
#pragma once

#include <doctest/doctest.h>

#include "tests/support/standard_headers.hpp"
