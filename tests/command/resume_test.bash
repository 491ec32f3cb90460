# SPDX-License-Identifier: Apache-2.0
# A run that is killed in the middle and resumed ends with the same bytes as one that was not, and 1 thread gives the same
# bytes as 2.
set -euo pipefail
program=$1
run=(train --method rf_vae --data dsprites --steps 120 --batch-size 8 --seed 3 --checkpoint-every 7 --log-every 10)

"$program" "${run[@]}" --threads 1 --out whole 2>whole.log

"$program" "${run[@]}" --threads 2 --out killed 2>killed.log &
pid=$!
for ((i = 0; i < 3000; ++i)); do
  [ ! -e killed/checkpoint.safetensors ] || break
  sleep 0.02
done
kill -9 $pid
status=0
wait $pid 2>kill.log || status=$?
[ $status = 137 ] || { echo "the run ended with $status before it was killed"; exit 1; }
if cmp -s whole/checkpoint.safetensors killed/checkpoint.safetensors; then
  echo "the run was complete before it was killed"
  exit 1
fi

"$program" train --resume --threads 2 --out killed 2>resumed.log >summary
grep -q 'from step [1-9][0-9]* to 120;' summary || { echo "the killed run did not go on from a checkpoint"; exit 1; }

cmp whole/checkpoint.safetensors killed/checkpoint.safetensors
cmp <(cut -d, -f1,3- whole/log.csv) <(cut -d, -f1,3- killed/log.csv)
[ "$(cut -d, -f1 killed/log.csv | tr '\n' ' ')" = "step 1 10 20 30 40 50 60 70 80 90 100 110 120 " ]
[ "$(ls killed)" = "$(printf 'checkpoint.safetensors\nconfig.json\nlog.csv')" ]
