// SPDX-License-Identifier: Apache-2.0
// How the emulation tells misuse.
#pragma once

namespace disentangle::emulation::detail {

/// For what the real libraries leave undefined: one line on the standard error output, then abort().
[[noreturn, gnu::format(printf, 1, 2)]] void fail(char const* format, ...);

/// For what the real libraries answer with an error code: one line, kept for take_reports().
[[gnu::format(printf, 1, 2)]] void report(char const* format, ...);

/// Makes the end of the program look for what was left alive and for reports that no test took.
void watch_the_end();

}  // namespace disentangle::emulation::detail
