// SPDX-License-Identifier: Apache-2.0
// Fails with its mistake, but not with the words that it expects.
// expected-error: an apple is a plum
#ifdef MISTAKE
static_assert(sizeof(char) == 2, "an apple is not a pear");
#endif
int main() {}
