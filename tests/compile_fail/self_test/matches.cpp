// SPDX-License-Identifier: Apache-2.0
// Two mistakes with the words that both compilers print, and one word that each has of its own.
// expected-error: an apple is \[not\] a pear; see docs
// expected-error 2: no_such_name
// expected-error 2 gcc: was not declared
// expected-error 2 clang: use of undeclared identifier
#if defined(MISTAKE) && MISTAKE == 1
static_assert(sizeof(char) == 2, "an apple is [not] a pear; see docs");
#elif defined(MISTAKE)
int value = no_such_name;
#endif
int main() {}
