// SPDX-License-Identifier: Apache-2.0
// Its second mistake is none.
// expected-error: an apple is not a pear
// expected-error 2: an apple is not a plum
#if defined(MISTAKE) && MISTAKE == 1
static_assert(sizeof(char) == 2, "an apple is not a pear");
#endif
int main() {}
