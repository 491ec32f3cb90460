// SPDX-License-Identifier: Apache-2.0
// The subcommands, each in its file command_*.cpp; main.cpp fills in what the command line says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

struct TrainArguments {
  std::optional<std::string> method, data, labels, augment;
  std::optional<long> steps;
  std::optional<std::size_t> batch_size;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> set;
  std::string out;
  std::string backend = "cpu";
  unsigned threads = 0;
  std::optional<long> checkpoint_every, log_every;
  bool resume = false;
  bool overwrite = false;
};

struct EvaluateArguments {
  std::string folder;
  std::vector<std::string> metrics;
  std::uint64_t seed = 0;
  std::size_t pool = 50'000;
  std::size_t held_out = 10'000;
  std::size_t chance = 0;
  unsigned threads = 0;
};

struct TraverseArguments {
  std::string folder;
  std::uint64_t seed = 0;
  double range = 2;
  unsigned threads = 0;
};

struct ScoreArguments {
  std::string codes, factors;
  std::vector<std::string> metrics;
  std::uint64_t seed = 0;
  std::size_t chance = 0;
  bool json = false;
};

struct CompareArguments {
  std::vector<std::string> methods;
  std::string data = "dsprites";
  long steps = 20'000;
  std::size_t batch_size = 64;
  std::vector<std::uint64_t> seeds{0};
  std::vector<std::string> metrics{"mig", "dci", "sap"};
  std::vector<std::string> set;
  std::string out;
  unsigned jobs = 0;
};

struct UdrArguments {
  std::vector<std::string> folders;
  std::size_t rows = 10'000;
  std::uint64_t seed = 0;
  unsigned threads = 0;
  bool spearman = false;
};

// Each returns when all went well and throws otherwise.
void list_command();
void describe_command(std::string const& method, std::vector<std::string> const& set);
void train_command(TrainArguments const& arguments);
void evaluate_command(EvaluateArguments const& arguments);
void traverse_command(TraverseArguments const& arguments);
void score_command(ScoreArguments const& arguments);
void compare_command(CompareArguments const& arguments);
void udr_command(UdrArguments const& arguments);
