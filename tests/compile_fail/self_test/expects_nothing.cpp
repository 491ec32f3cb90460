// SPDX-License-Identifier: Apache-2.0
// Says nothing about the message.
#ifdef MISTAKE
static_assert(sizeof(char) == 2, "an apple is not a pear");
#endif
int main() {}
