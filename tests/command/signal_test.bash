# SPDX-License-Identifier: Apache-2.0
# SIGINT and SIGTERM finish the step, save, say so and end with status 0.
set -euo pipefail
program=$1
steps=0
for signal in INT TERM; do
  "$program" train --method vae --steps 1000000 --batch-size 4 --log-every 1 --out run $([ $signal = INT ] || echo --resume) 2>$signal.log &
  pid=$!
  for ((i = 0; i < 3000; ++i)); do
    [ "$(wc -l 2>/dev/null <run/log.csv || echo 0)" -le $((steps + 3)) ] || break
    sleep 0.02
  done
  kill -$signal $pid
  wait $pid
  message=$(grep "stopped by SIG$signal after step" $signal.log)
  [[ $message =~ after\ step\ ([0-9]+)\;\ saved\ run/checkpoint.safetensors\ \(step\ ([0-9]+)\) ]]
  [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
  [ "${BASH_REMATCH[1]}" -gt $steps ]
  steps=${BASH_REMATCH[1]}
  [ "$(tail -n 1 run/log.csv | cut -d, -f1)" = $steps ]
  grep -q 'go on with: disentangle train --resume --out run' $signal.log
done
"$program" train --resume --steps $((steps + 2)) --out run 2>/dev/null | grep -q "^2 steps in .*from step $steps to $((steps + 2));"
