# SPDX-License-Identifier: Apache-2.0
# Every subcommand in its turn, on dSprites, on a folder of PNG files and on arrays.
set -euo pipefail
program=$1

"$program" list | grep -q '^  rf_vae '
"$program" describe beta_vae --set WeightedKl.beta=2 | grep -q 'Regularizer: WeightedKl {beta = 2}'

"$program" train --method beta_vae --data dsprites --steps 5 --batch-size 8 --set WeightedKl.beta=2.5 --out run 2>err | grep -q '^5 steps in'
grep -q 'beta = 2.5' err
grep -q '"WeightedKl.beta=2.5"' run/config.json
"$program" evaluate run --metrics mig,factor_vae --pool 1000 2>/dev/null | grep -q '^mig '
mv run/scores.json first.json
"$program" evaluate run --metrics mig,factor_vae --pool 1000 --threads 1 >/dev/null 2>&1
cmp first.json run/scores.json
"$program" traverse run | grep -q '^run/traversals.png$'
for picture in run/traversals.png run/reconstructions.png run/mutual_information.png; do
  [ "$(head -c 8 $picture | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
done

"$program" train --method beta_vae --data dsprites --steps 5 --batch-size 8 --seed 1 --out run_1 >/dev/null 2>&1
"$program" udr run run_1 --rows 200 2>/dev/null | grep -q ' run_1$'

"$program" train --method parted_vae_shapes --data dsprites --labels random:100 --steps 2 --batch-size 4 --out shapes >/dev/null 2>&1
"$program" evaluate shapes --metrics class_accuracy,class_purity,class_leakage --held-out 200 --seed 3 >out 2>/dev/null
grep -q '^class_accuracy  *0\.[0-9]*  *0\.[0-9]*  *disentangle  *200  *seed 3' out
grep -q '^class_leakage (lower is better)  *0\.' out
grep -q "^classes as 'shape': accuracy 0.*, 200 images whose labels training did not see$" out
grep -q '"labels not seen in training"' shapes/scores.json

mkdir pictures
cp run/traversals.png pictures/a.png
cp run/reconstructions.png pictures/b.png
cp run/traversals.png pictures/c.png
cp run/reconstructions.png pictures/d.png
"$program" train --method vae --data shapes3d --steps 2 --batch-size 2 --out rooms_run >/dev/null 2>&1
grep -q '"data": "shapes3d"' rooms_run/config.json
status=0
"$program" udr run rooms_run 2>err || status=$?
[ $status = 1 ]
grep -q 'rooms_run/config.json: found a run on shapes3d, expected dsprites as in run' err
"$program" train --method vae --data folder:pictures --steps 2 --batch-size 2 --out pictures_run >/dev/null 2>&1
"$program" traverse pictures_run >/dev/null
status=0
"$program" evaluate pictures_run 2>err || status=$?
[ $status = 1 ]
grep -q 'pictures: found no factors' err
printf 'file,kind\na.png,grid\nb.png,pairs\nc.png,grid\nd.png,pairs\n' >pictures/labels.csv
(cd pictures && "$program" evaluate ../pictures_run --metrics mig >/dev/null 2>&1)
grep -q '"kind"' pictures_run/scores.json

npy() {  # FILE ROWS COLUMNS, bytes on stdin
  local header
  header=$(printf "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %d), }" "$2" "$3")
  { printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$header"; cat; } >"$1"
}
printf '\0\7\0\3\0\4\1\7\1\3\1\4\2\7\2\3\2\4' | npy z.npy 9 2
printf '\0\0\0\1\0\2\1\0\1\1\1\2\2\0\2\1\2\2' | npy y.npy 9 2
"$program" score --codes z.npy --factors y.npy --metrics mig | grep -q '^mig  *1.0000'
"$program" score --codes z.npy --factors y.npy --metrics mig,med >out
grep -q '^warning: mig, med: 9 rows: with fewer than 100 codes that know nothing may score high$' out
"$program" score --codes z.npy --factors y.npy --metrics mig --chance 2 | grep -q '^metric  *value  *chance  *definition'
"$program" score --codes z.npy --factors y.npy --metrics mig,factor_vae --json | grep -q '"metric": "factor_vae"'
printf '\0\0\0\1\0\2' | npy y.npy 3 2
status=0
"$program" score --codes z.npy --factors y.npy 2>err || status=$?
[ $status = 1 ]
grep -q 'y.npy: found 3 rows, expected 9 as in z.npy' err
