// SPDX-License-Identifier: Apache-2.0
// What we use of xtensor, for both places where its headers lie: in one folder up to 0.25 (Debian's 0.24), in
// folders by kind from 0.26 on.
#pragma once

#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xnoalias.hpp>
#elif __has_include(<xtensor/xadapt.hpp>)
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xtensor.hpp>
#else
#error "[disentangle] backend/xtensor needs xtensor 0.24 or later (libxtensor-dev): link disentangle::xtensor"
#endif
