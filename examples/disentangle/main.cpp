// SPDX-License-Identifier: Apache-2.0
// disentangle: trains, scores and draws disentangled representations from the command line.
//
//   disentangle train --method beta_tc_vae --data dsprites --steps 20000 --seed 0 --out runs/first
//   disentangle evaluate runs/first --metrics mig,dci,sap,factor_vae,beta_vae
//   disentangle traverse runs/first
//
// Exit status: 0 all went well (also where Ctrl-C ended a training run, after saving), 2 a mistake on the
// command line, 1 anything else. Messages are one line on stderr.
#include "commands.hpp"
#include "data_sets.hpp"
#include "usage_error.hpp"

#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/cpu/processor.hpp>
#include <disentangle/core/version.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <new>

namespace {

/// Whole numbers above 0.
CLI::Validator const positive(
    [](std::string& word) {
      bool const digits = !word.empty() && word.find_first_not_of("0123456789") == word.npos;
      return digits && word.find_first_not_of('0') != word.npos
                 ? ""
                 : "found '" + word + "', expected a whole number above 0";
    },
    "");

/// Whole numbers, 0 among them.
CLI::Validator const natural(
    [](std::string& word) {
      bool const digits = !word.empty() && word.find_first_not_of("0123456789") == word.npos;
      return digits ? "" : "found '" + word + "', expected a whole number, 0 or more";
    },
    "");

namespace cpu = disentangle::backend::cpu;

/// Computing takes several times as long as it need where the program was built without the processor's
/// instructions: it says so once, before it begins.
void say_what_is_unused() {
  std::string const has(cpu::unused_instruction_set());
  if (has.empty()) return;
  std::fprintf(stderr,
               "note: this program was built for %s, and this machine has %s: built with -march=native "
               "(DISENTANGLE_TUNING, the default of ./quickstart) it takes a fraction of the time\n",
               std::string(cpu::instruction_set).c_str(), has.c_str());
}

/// What `disentangle --version` prints.
std::string version_text() {
  return std::string(disentangle::version) + " (" + std::string(cpu::instruction_set) + ")";
}

void add_train(CLI::App& app, TrainArguments& a) {
  CLI::App* const train =
      app.add_subcommand("train", "train a method; DIR gets config.json, log.csv and checkpoint.safetensors");
  train->add_option("--method", a.method, "a name of `disentangle list`");
  train->add_option("--data", a.data, std::string(data_forms) + " (default dsprites)");
  train->add_option("--steps", a.steps, "steps in all, those before --resume included (default 20000)")
      ->check(positive);
  train->add_option("--batch-size", a.batch_size, "images per step (default 64)")->check(positive);
  train->add_option("--augment", a.augment,
                    "none, or some of crop,turn,flip,colours,grey,blur (default none; SimCLR's for methods "
                    "that compare views)");
  train->add_option(
      "--labels", a.labels,
      "N or random:N, how many images show their labels to semi-supervised methods (default all)");
  train->add_option("--seed", a.seed, "of initial weights, noise and order of images (default 0)");
  train
      ->add_option(
          "--set", a.set,
          "a hyper-parameter, such as TotalCorrelation.beta=6, with its role in front where two policies "
          "share a name: Encoder.LocatelloConv.initialisation=he_normal; repeatable")
      ->allow_extra_args(false);
  train->add_option("--out", a.out, "the folder of the run")->required();
  train->add_option("--backend", a.backend,
                    "cpu (default), xtensor or cuda, as far as the program was built for them");
  train->add_option("--threads", a.threads, "0: all of the machine (default); results do not depend on it");
  train->add_option("--checkpoint-every", a.checkpoint_every, "steps (default 1000)")->check(positive);
  train->add_option("--log-every", a.log_every, "steps between rows of log.csv (default 100)")
      ->check(positive);
  train->add_flag(
      "--resume", a.resume,
      "go on with the run in DIR; its config.json says the rest, --set may change hyper-parameters");
  train->add_flag("--overwrite", a.overwrite, "replace the run in DIR");
  train->callback([&a] {
    say_what_is_unused();
    train_command(a);
  });
}

void add_scores(CLI::App& app, EvaluateArguments& e, ScoreArguments& s) {
  CLI::App* const evaluate = app.add_subcommand(
      "evaluate", "score a run; writes DIR/scores.json, importance.png and mutual_information.png");
  evaluate->add_option("DIR", e.folder, "the folder of the run")->required();
  evaluate->add_option("--metrics", e.metrics, "names, separated by commas (default: mig,dci,sap)")
      ->delimiter(',');
  evaluate->add_option("--seed", e.seed, "of the metrics' samples (default 0)");
  evaluate
      ->add_option("--pool", e.pool,
                   "images among which factor_vae and beta_vae draw (default 50000; 0: all, as published, "
                   "takes minutes)")
      ->check(natural);
  evaluate
      ->add_option(
          "--held-out", e.held_out,
          "images for scores of classes, of those whose labels training did not see (default 10000; 0: all)")
      ->check(natural);
  evaluate
      ->add_option(
          "--chance", e.chance,
          "permutations of the rows whose mean score is shown as chance, what codes that know nothing reach "
          "(default 0: only where the metric knows it)")
      ->check(natural);
  evaluate->add_option("--threads", e.threads, "0: all of the machine (default)");
  evaluate->callback([&e] {
    say_what_is_unused();
    evaluate_command(e);
  });

  CLI::App* const score = app.add_subcommand("score", "score codes and factors from .npy files");
  score->add_option("--codes", s.codes, "(rows, latents)")->required();
  score->add_option("--factors", s.factors, "(rows, factors), whole numbers from 0")->required();
  score->add_option("--metrics", s.metrics, "names, separated by commas (default: mig,dci,sap)")
      ->delimiter(',');
  score->add_option("--seed", s.seed, "of the metrics' samples (default 0)");
  score
      ->add_option(
          "--chance", s.chance,
          "permutations of the rows whose mean score is shown as chance, what codes that know nothing reach "
          "(default 0: only where the metric knows it)")
      ->check(natural);
  score->add_flag("--json", s.json, "print everything as JSON");
  score->callback([&s] {
    say_what_is_unused();
    score_command(s);
  });
}

void add_udr(CLI::App& app, UdrArguments& a) {
  CLI::App* const udr =
      app.add_subcommand("udr", "rank runs of one method without labels, by how alike their latents are");
  udr->add_option("DIR", a.folders, "the folders of the runs, trained on the same images")
      ->required()
      ->expected(2, -1);
  udr->add_option("--rows", a.rows, "images to compare codes on (default 10000)")->check(positive);
  udr->add_option("--seed", a.seed, "of the choice of images (default 0)");
  udr->add_option("--threads", a.threads, "0: all of the machine (default)");
  udr->add_flag("--spearman", a.spearman, "compare latents by rank correlation, not by a Lasso");
  udr->callback([&a] {
    say_what_is_unused();
    udr_command(a);
  });
}

void add_compare(CLI::App& app, CompareArguments& a) {
  CLI::App* const compare =
      app.add_subcommand("compare", "train and score a grid of methods and seeds; skips what is finished");
  compare->add_option("--methods", a.methods, "names, separated by commas")->delimiter(',')->required();
  compare->add_option("--data", a.data, std::string(data_forms) + " (default dsprites)");
  compare->add_option("--steps", a.steps, "steps of every run (default 20000)")->check(positive);
  compare->add_option("--batch-size", a.batch_size, "images per step (default 64)")->check(positive);
  compare->add_option("--seeds", a.seeds, "separated by commas (default 0)")->delimiter(',');
  compare->add_option("--metrics", a.metrics, "names, separated by commas (default mig,dci,sap)")
      ->delimiter(',');
  compare->add_option("--set", a.set, "METHOD:POLICY.MEMBER=VALUE; repeatable")->allow_extra_args(false);
  compare->add_option("--jobs", a.jobs, "runs at once (default: as many as cores)")->check(positive);
  compare->add_option("--out", a.out, "the folder of the study")->required();
  compare->callback([&a] {
    say_what_is_unused();
    compare_command(a);
  });
}

/// The options that exist where an unknown one was found.
std::string known_options(CLI::App const& app) {
  CLI::App const* at = &app;
  for (CLI::App const* used : app.get_subcommands()) at = used;
  std::vector<std::string> names;
  for (CLI::App const* command : at->get_subcommands([](CLI::App const*) { return true; }))
    names.push_back(command->get_name());
  for (CLI::Option const* option : at->get_options()) names.push_back(option->get_name());
  return joined(names);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains, scores and draws disentangled representations.", "disentangle");
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);
  app.add_subcommand("list", "methods, metrics and data sets")->callback([] { list_command(); });

  std::string method;
  std::vector<std::string> set;
  CLI::App* const describe =
      app.add_subcommand("describe", "the policies of a method with their hyper-parameters");
  describe->add_option("METHOD", method)->required();
  describe->add_option("--set", set, "a hyper-parameter, as for train")->allow_extra_args(false);
  describe->callback([&] { describe_command(method, set); });

  TrainArguments train;
  EvaluateArguments evaluate;
  ScoreArguments score;
  TraverseArguments traverse;
  CompareArguments compare;
  UdrArguments udr;
  evaluate.metrics = score.metrics = {"mig", "dci", "sap"};
  add_train(app, train);
  add_scores(app, evaluate, score);
  add_compare(app, compare);
  add_udr(app, udr);
  CLI::App* const pictures = app.add_subcommand(
      "traverse",
      "draw DIR/traversals.png, reconstructions.png and latents.png (KL, and relevance, over training)");
  pictures->add_option("DIR", traverse.folder, "the folder of the run")->required();
  pictures->add_option("--seed", traverse.seed, "of the images drawn (default 0)");
  pictures->add_option("--range", traverse.range, "latents go from -range to range (default 2)")
      ->check(CLI::PositiveNumber);
  pictures->add_option("--threads", traverse.threads, "0: all of the machine (default)");
  pictures->callback([&] {
    say_what_is_unused();
    traverse_command(traverse);
  });

  try {
    app.parse(argc, argv);
  } catch (CLI::Success const& success) {
    return app.exit(success);
  } catch (CLI::ExtrasError const&) {
    std::fprintf(stderr, "disentangle: unknown argument '%s'; there are: %s\n",
                 app.remaining(true).front().c_str(), known_options(app).c_str());
    return 2;
  } catch (CLI::RequiredError const& error) {
    std::fprintf(stderr, "disentangle: %s; there are: %s\n", error.what(), known_options(app).c_str());
    return 2;
  } catch (CLI::ParseError const& error) {
    std::fprintf(stderr, "disentangle: %s\n", error.what());
    return 2;
  } catch (UsageError const& error) {
    std::fprintf(stderr, "disentangle: %s\n", error.what());
    return 2;
  } catch (std::bad_alloc const&) {
    std::fprintf(
        stderr, "disentangle: memory ran out; take a smaller --batch-size, --pool or fewer --jobs, end other "
                "programs, or take a machine with more memory\n");
    return 1;
  } catch (std::exception const& error) {
    std::fprintf(stderr, "disentangle: %s\n", error.what());
    return 1;
  }
  return 0;
}
