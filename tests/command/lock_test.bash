# SPDX-License-Identifier: Apache-2.0
# One process at a time trains into a folder: a second is told which; the lock of a process that was killed is taken over.
set -euo pipefail
program=$1

refused() {  # FILE PID ARGUMENTS...
  local file=$1 pid=$2 status=0
  shift 2
  "$program" "$@" >out 2>err || status=$?
  if [ $status != 1 ] || ! grep -q "^disentangle: $file: a .* is under way here, by process $pid on $(hostname) since 20" err; then
    echo "disentangle $*: ended with $status, expected 1 and the name of process $pid, found:"
    cat err
    exit 1
  fi
}

"$program" train --method vae --steps 1000000 --batch-size 4 --checkpoint-every 5 --out run >/dev/null 2>first.log &
pid=$!
for ((i = 0; i < 3000; ++i)); do
  [ ! -e run/checkpoint.safetensors ] || break
  sleep 0.02
done
cp run/config.json config.json
refused run/checkpoint.lock $pid train --method beta_vae --steps 3 --batch-size 4 --out run
refused run/checkpoint.lock $pid train --method beta_vae --steps 3 --batch-size 4 --out run --overwrite
refused run/checkpoint.lock $pid train --resume --steps 3 --out run
cmp config.json run/config.json
[ -e run/log.csv ]
kill -9 $pid
wait $pid 2>/dev/null || true
[ -e run/checkpoint.lock ]
steps=$(($(tail -n 1 run/log.csv | cut -d, -f1) + 200))
"$program" train --resume --steps $steps --out run >summary 2>/dev/null
grep -q "to $steps;" summary
[ ! -e run/checkpoint.lock ]

# a study as well
"$program" compare --methods vae --steps 1000000 --batch-size 4 --out study >/dev/null 2>study.log &
pid=$!
for ((i = 0; i < 3000; ++i)); do
  [ ! -s study/compare.lock ] || [ ! -e study/vae/seed_0/checkpoint.lock ] || break
  sleep 0.02
done
refused study/compare.lock $pid compare --methods vae --steps 10 --batch-size 4 --out study
run=$(sed 's/process \([0-9]*\) .*/\1/' study/vae/seed_0/checkpoint.lock)
refused study/vae/seed_0/checkpoint.lock $run train --method vae --steps 10 --batch-size 4 --out study/vae/seed_0
kill -9 $pid $run
wait $pid 2>/dev/null || true
for ((i = 0; i < 500; ++i)); do
  ! kill -0 $run 2>/dev/null || { sleep 0.02; continue; }
  break
done
rm -r study/vae
"$program" compare --methods vae --steps 2 --batch-size 4 --metrics mig --out study >/dev/null 2>study.log || { cat study.log; exit 1; }
[ ! -e study/compare.lock ]
