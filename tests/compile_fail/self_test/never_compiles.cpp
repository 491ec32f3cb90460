// SPDX-License-Identifier: Apache-2.0
// Fails with and without its mistake.
// expected-error: an apple is not a pear
static_assert(sizeof(char) == 2, "an apple is not a pear");
int main() {}
