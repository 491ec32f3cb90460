// SPDX-License-Identifier: Apache-2.0
// What including everything costs before anything is used.
#include <disentangle/disentangle.hpp>
