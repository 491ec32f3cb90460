# SPDX-License-Identifier: Apache-2.0
# Hyper-parameters that --set changes on --resume: said, kept in config.json and in the checkpoint; without --set a
# run goes on as it was.
set -euo pipefail
program=$1

"$program" train --method beta_vae --set WeightedKl.beta=6 --steps 3 --batch-size 4 --out run >/dev/null 2>&1
"$program" train --resume --set WeightedKl.beta=2 --set Adam.learning_rate=1e-3 --steps 5 --out run >summary 2>err
grep -q '^2 steps in .*from step 3 to 5;' summary
grep -q '^WeightedKl.beta: 6 up to step 3, 2 from there on$' err
grep -q '^Adam.learning_rate: .* up to step 3, 0.001 from there on$' err
tr -d '\n ' <run/config.json | grep -q '"set":\["WeightedKl.beta=2","Adam.learning_rate=1e-3"\]'
grep -aq '"changes":"[^"]*3\\tAdam.learning_rate\\t[0-9.e-]*\\t0.001\\n' run/checkpoint.safetensors
grep -aq '"changes":"[^"]*3\\tWeightedKl.beta\\t6\\t2\\n' run/checkpoint.safetensors

# the run goes on with what it has now, and says nothing of it again
"$program" train --resume --steps 6 --out run >/dev/null 2>err
if grep -q 'from there on' err; then
  echo "a resumed run says again what changed before"
  exit 1
fi
"$program" train --resume --set WeightedKl.beta=2 --steps 7 --out run >/dev/null 2>err
if grep -q 'from there on' err; then
  echo "a setting that is as it was is called changed"
  exit 1
fi

# a checkpoint of other hyper-parameters than config.json says: training is refused with the way out, pictures are not
sed -i 's/WeightedKl.beta=2/WeightedKl.beta=3/' run/config.json
status=0
"$program" train --resume --steps 8 --out run >/dev/null 2>err || status=$?
[ $status = 1 ]
grep -q 'WeightedKl.beta: 2 in the file, 3 now; .*--resume --set NAME=VALUE' err
"$program" traverse run >/dev/null 2>err
grep -q '^WeightedKl.beta was 2 in training, is 3 now$' err
"$program" train --resume --set WeightedKl.beta=3 --steps 8 --out run >/dev/null 2>err
grep -q '^WeightedKl.beta: 2 up to step 7, 3 from there on$' err
