// SPDX-License-Identifier: Apache-2.0
// Uses the umbrella and, directly, every dependency that disentangle::disentangle brings.
#if __has_include(<disentangle/disentangle.hpp>)
#include <disentangle/disentangle.hpp>
#endif
#include <disentangle/core/version.hpp>

#include <spng.h>
#include <zlib.h>

int main() {
  spng_ctx* const context = spng_ctx_new(0);
  bool const right = context != nullptr && zlibVersion() != nullptr && !disentangle::version.empty();
  spng_ctx_free(context);
  return right ? 0 : 1;
}
