// SPDX-License-Identifier: Apache-2.0
// The whole vocabulary of formulas.
#pragma once

#include <disentangle/autodiff/elementwise.hpp>
#include <disentangle/autodiff/indexing.hpp>
#include <disentangle/autodiff/linear_algebra.hpp>
#include <disentangle/autodiff/memory_view.hpp>
#include <disentangle/autodiff/reductions.hpp>
#include <disentangle/autodiff/views.hpp>
