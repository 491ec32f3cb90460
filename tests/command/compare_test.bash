# SPDX-License-Identifier: Apache-2.0
# A study of two methods and two seeds: its tables and plot, runs that are skipped or gone on with, and what it refuses.
set -euo pipefail
program=$1
study() { "$program" compare --methods vae,rf_vae --data oval_dsprites --seeds 0,1 --metrics mig --out study "$@"; }
refused() {  # STATUS TEXT COMMAND...
  local expected=$1 text=$2 status=0
  shift 2
  "$@" >out 2>err || status=$?
  [ $status = "$expected" ] && grep -qF -- "$text" err || { cat out err; echo "expected status $expected and '$text', found $status"; exit 1; }
}

study --batch-size 8 --steps 4 >out 2>err
grep -q '^| vae (2) | [0-9.]* ± [0-9.]* |' out
grep -q '^rf_vae  *seed 1  *done  *step 4/4' err
[ "$(wc -l <study/runs.csv)" = 5 ] && [ "$(wc -l <study/table.csv)" = 3 ]
grep -q '^| rf_vae | 1 | 4 |' study/table.md
[ "$(head -c 8 study/scores.png | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]

# Finished runs are skipped; a study with more steps goes on with its runs.
cp study/vae/seed_0/checkpoint.safetensors before
study --batch-size 8 --steps 4 2>err | cmp - out
[ "$(grep -c 'done (before)' err)" = 4 ]
cmp before study/vae/seed_0/checkpoint.safetensors
rm study/vae/seed_0/scores.json
study --batch-size 8 --steps 6 >out 2>err
grep -q '^| vae | 0 | 6 |' study/table.md
"$program" train --method vae --data oval_dsprites --batch-size 8 --seed 1 --steps 6 --out alone >/dev/null 2>&1
cmp alone/checkpoint.safetensors study/vae/seed_1/checkpoint.safetensors

refused 2 "no method 'nothing'" "$program" compare --methods vae,nothing --data oval_dsprites --steps 2 --out other
refused 2 "no metric 'nothing'" "$program" compare --methods vae --metrics nothing --steps 2 --out other
refused 2 "expected METHOD:POLICY.MEMBER=VALUE" "$program" compare --methods vae --set WeightedKl.beta=2 --steps 2 --out other
refused 2 "found vae with seed 0 twice" "$program" compare --methods vae,vae --steps 2 --out other
refused 2 "expected at most 2" study --batch-size 8 --steps 2
refused 2 "found batch size '8', expected '16'" study --steps 6 --batch-size 16
[ ! -e other ]
