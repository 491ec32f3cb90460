# SPDX-License-Identifier: Apache-2.0
# Mistakes: one line on stderr that names what was found and what there is; status 2 for the command line, 1 for the rest.
set -euo pipefail
program=$1

fails() {  # STATUS TEXT ARGUMENTS...
  local expected=$1 text=$2 status=0
  shift 2
  "$program" "$@" >out 2>err || status=$?
  sed -i '/^note: this program was built for /d' err  # where DISENTANGLE_TUNING leaves the processor's instructions out
  if [ $status != $expected ] || [ "$(grep -c '^disentangle: ' err)" != 1 ] || [ "$(wc -l <err)" != 1 ] || ! grep -qF -- "$text" err; then
    echo "disentangle $*: ended with $status, expected $expected and '$text' in one line, found:"
    cat err
    exit 1
  fi
}

fails 2 "list, describe, train, evaluate, score, compare, udr, traverse"
fails 2 "unknown argument '--methud'; there are: --help, --method, --data" train --methud vae --out x
fails 2 "no method 'vea'; there are: vae, beta_vae, " train --method vea --out x
fails 2 "no method 'vea'; there are: vae, beta_vae, " describe vea
fails 2 "--method is needed" train --out x
fails 2 "--out is required" train --method vae
fails 2 "--data: found 'mnist', expected dsprites, dsprites=FILE.npz, oval_dsprites, colour_dsprites, " train --method vae --data mnist --out x
fails 2 "no hyper-parameter 'WeightedKl.gamma'; this method has:" train --method beta_vae --set WeightedKl.gamma=1 --out x
fails 2 "WeightedKl.beta: found 'big', expected a number" train --method beta_vae --set WeightedKl.beta=big --out x
fails 2 "--set: found 'WeightedKl.beta', expected POLICY.MEMBER=VALUE" train --method beta_vae --set WeightedKl.beta --out x
fails 2 "'LocatelloConv.initialisation' names 2 hyper-parameters of this method; write one of: Encoder.LocatelloConv.initialisation, Decoder.LocatelloConv.initialisation" train --method beta_vae --set LocatelloConv.initialisation=he_normal --out x
fails 2 "--steps: found '-3', expected a whole number above 0" train --method vae --steps -3 --out x
fails 2 "--batch-size: found '0', expected a whole number above 0" train --method vae --batch-size 0 --out x
fails 2 "--backend: found 'gpu', expected cpu, xtensor or cuda" train --method vae --backend gpu --out x
if ! nvidia-smi >/dev/null 2>&1; then  # one line, whether the program was built for CUDA or not
  fails 2 "--backend cuda: " train --method vae --backend cuda --out x
fi
fails 2 "x has no config.json" train --resume --out x
fails 2 "--metrics: no metric 'mag'; there are: mig, dci, sap, factor_vae, beta_vae, " evaluate x --metrics mig,mag
fails 1 "none/train-images-idx3-ubyte: no such file" train --method vae --data mnist:none --out x
fails 1 "none.npz" train --method vae --data dsprites=none.npz --out x
fails 1 "x/config.json" evaluate x
fails 1 "z.npy" score --codes z.npy --factors y.npy
[ ! -e x ] || { echo "a command that failed left x behind"; exit 1; }

"$program" train --method vae --steps 2 --batch-size 4 --seed 1 --out run 2>/dev/null >/dev/null
fails 2 "run/checkpoint.safetensors exists; give --resume" train --method vae --out run
fails 2 "--seed: found '2', expected '1'" train --resume --seed 2 --out run
fails 2 "--batch-size: found '8', expected '4'" train --resume --batch-size 8 --out run
fails 2 "--method: found 'beta_vae', expected 'vae'" train --resume --method beta_vae --out run
"$program" train --method vae --steps 1 --batch-size 4 --seed 1 --out run --overwrite 2>/dev/null | grep -q '^1 steps in'

fails 2 "--metrics: class_accuracy needs a method with classes, found vae" evaluate run --metrics mig,class_accuracy
fails 2 "--held-out: found '-3', expected a whole number, 0 or more" evaluate run --held-out -3

cp -r run damaged
truncate -s -1000 damaged/checkpoint.safetensors
fails 1 "damaged/checkpoint.safetensors: " traverse damaged
cp run/checkpoint.safetensors damaged/
sed -i 's/"method": "vae"/"method": "beta_vae"/' damaged/config.json
fails 1 "found 'Regularizer: Kl', expected 'Regularizer: WeightedKl'" traverse damaged
sed -i 's/"seed": 1/"seed": "one"/' damaged/config.json
fails 1 "damaged/config.json: member 'seed': found \"one\", expected a whole number" traverse damaged
echo '{' >damaged/config.json
fails 1 "damaged/config.json: " traverse damaged

"$program" --version >out
grep -qE '^[0-9]+\.[0-9]+\.[0-9]+ \((AVX-512|AVX2 and FMA|AVX2|AVX and FMA|AVX|SSE4\.2|SSE2|NEON( and SVE)?)\)$' out ||
  { echo "disentangle --version: expected a version and an instruction set, found '$(cat out)'"; exit 1; }

# one flipped bit, in the header and in a tensor
for at in 40 -1000; do
  cp run/checkpoint.safetensors run/config.json damaged/
  size=$(stat -c %s run/checkpoint.safetensors)
  place=$((at < 0 ? size + at : at))
  byte=$(od -An -tu1 -j $place -N 1 run/checkpoint.safetensors)
  printf "\\$(printf %o $((byte ^ 4)))" | dd of=damaged/checkpoint.safetensors bs=1 seek=$place conv=notrunc status=none
  fails 1 "is damaged: found CRC-32" traverse damaged
  ! "$program" train --resume --steps 4 --out damaged 2>err || { echo "training went on from a damaged checkpoint"; exit 1; }
  grep -q '^disentangle: .* restore the file from a copy' err
done
