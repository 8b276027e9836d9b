#!/usr/bin/env bash
# Checks exported projects on an NVIDIA GPU against what steepest's own engine computed.
#   scripts/gpu-check.sh prepare DIR   with Node: exports the projects and records the engine's numbers; DIR must be new
#   scripts/gpu-check.sh run DIR [WORDS]   on the GPU machine (bash, Python, PyTorch, NumPy; no Node): checks (those whose names hold WORDS), prints one table
# DIR has a copy of this script. PYTHON names another Python than python3. Exit code 0: all held, 1: not, 2: can't be run.
set -euo pipefail

verb=${1:-}
folder=${2:-}
here=$(cd "$(dirname "$0")" && pwd)

if [ -z "$folder" ] || { [ "$verb" != prepare ] && [ "$verb" != run ]; }; then
  sed -n '2,5s/^# //p' "$0" >&2
  exit 2
fi

if [ "$verb" = run ]; then
  exec "${PYTHON:-python3}" "$here/gpu_check.py" "$folder" "${3:-}"
fi

root=$(cd "$here/.." && pwd)
[ ! -e "$folder" ] || { echo "gpu-check: $folder is there already; name a new folder" >&2; exit 2; }
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# the sources, whether or not a build lies beside them
steepest() {
  (cd "$root" && node --input-type=module -e '
    import { createJiti } from "jiti";
    const { main } = await createJiti(import.meta.url).import(process.cwd() + "/src/cli/main.ts");
    await main();' -- steepest "$@")
}

logistic=(--data.source lesson-logistic --model.kind mlp --model.activation tanh --loss bce-with-logits
  --schedule.name warmup-cosine --schedule.warmupSteps 5 --clip.globalNorm 0.5 --batchSize 48 --steps 200 --validation 0.1)

# one project and the engine's own run of it
both() {
  local name=$1
  shift
  steepest export "$@" --to torch --out "$folder/$name" --quiet >/dev/null
  steepest train "$@" --out "$folder/$name/reference" --quiet --no-plots --json >/dev/null
  echo "gpu-check: $name" >&2
}

run_file=$folder/logistic.json
echo '{"name":"logistic","data":{"source":"lesson-logistic"},"model":{"kind":"mlp","hidden":[16]},"loss":"bce-with-logits","optimizer":"adamw"}' >"$run_file"
for dtype in float64 float32; do
  for optimizer in adamw lamb amsgrad; do
    both "$optimizer-$dtype" "$run_file" "${logistic[@]}" --optimizer.name "$optimizer" --optimizer.lr 0.01 --dtype "$dtype"
  done
done
images=$folder/images.json
cat >"$images" <<JSON
{"name":"images","data":{"npy":"$root/test/handoff/images.npy","target":"$root/test/handoff/labels.npy","task":"classification"},
"model":{"kind":"cnn","channels":[8,16],"hidden":[32],"batchNorm":true},"loss":"softmax-cross-entropy",
"optimizer":{"name":"adamw","lr":0.001},"batchSize":16,"steps":300,"dtype":"float32","validation":0.2}
JSON
# hundreds of float32 steps drift apart by rounding alone; in float64 a real difference shows
for name in images text; do
  file=$images
  [ "$name" = images ] || file=$root/examples/text.yaml
  both "$name-float64" "$file" --dtype float64
  steepest export "$file" --to torch --out "$folder/$name-float32" --quiet --dtype float32 >/dev/null
done
steepest export "$root/examples/text.yaml" --to torch --out "$folder/speed" --quiet \
  --data.context 128 --model.layers 4 --model.width 128 --model.heads 4 --batchSize 64 --steps 600 --validation 0 >/dev/null
cp "$here/gpu-check.sh" "$here/gpu_check.py" "$folder/"
rm "$images" "$run_file"
du -sh "$folder" >&2
