#!/bin/sh
# Khala Mini from nothing: songs, codec, tokens, backbone, super-resolution, model folder. Run it again after a stop: every
# step goes on where it was. Usage: recipes/mini/run.sh [RUN_FOLDER]   (default: runs/mini)
set -eu
cd "$(dirname "$0")/../.."
recipe=recipes/mini/recipe.toml
run=${1:-runs/mini}
cores=$(nproc)
hours=$(python -c "import tomllib; print(tomllib.load(open('$recipe', 'rb'))['corpus']['hours'])")
seed=$(python -c "import tomllib; print(tomllib.load(open('$recipe', 'rb'))['corpus']['seed'])")

khala corpus synth --out "$run/corpus" --hours "$hours" --seed "$seed" --processes "$cores"
khala train codec $recipe --run "$run" --fit-only
khala corpus tokenize "$run/corpus" --codec "$run/codec" --out "$run/tokens" --processes "$cores"
khala train codec $recipe --run "$run" &  # the vocoder on one core, the language models on the other
vocoder=$!
trap 'kill $vocoder 2>/dev/null || true' EXIT
khala train durations $recipe --run "$run"
khala train backbone $recipe --run "$run"
khala train superres $recipe --run "$run"
wait $vocoder
khala train assemble $recipe --run "$run" --out "$run/model"
