#!/bin/sh
# Fetches the recordings of this recipe from Debian's packages: 134 pieces, 629 MB to download.
#
#     recipes/soundtracks/fetch.sh FOLDER
#
# Each package's music comes into a folder of its own, with the package's copyright file. Nothing is installed, and a
# package that is there is not fetched again. Needs apt and dpkg-deb; LICENCES.md says who wrote what, and under which terms.
set -eu

folder=${1:?usage: fetch.sh FOLDER}
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

while read -r package music tags; do
    target=$folder/$package
    [ -d "$target" ] && continue
    (cd "$work" && apt-get download -q "$package")
    dpkg-deb -x "$work/$package"_*.deb "$work/$package"
    mkdir "$work/new"
    find "$work/$package/usr/$music" -name '*.o[gp][gu]*' | while read -r file; do  # .ogg, .opus
        name=${file#"$work/$package/usr/$music/"}
        mkdir -p "$work/new/$(dirname "$name")"
        cp "$file" "$work/new/$name"
        echo "{\"tags\": [\"$tags\"], \"instrumental\": true}" > "$work/new/${name%.*}.json"
    done
    cp "$work/$package/usr/share/doc/$package/copyright" "$work/new/copyright"
    mv "$work/new" "$target"
    rm -r "${work:?}/$package" "$work/$package"_*.deb
done << END
freecol share/games/freecol/default/resources/music/default orchestral
fretsonfire-songs-sectoid share/games/fretsonfire/data/songs/sectoid rock
gigalomania-data share/gigalomania/music ambient
hyperrogue-music share/hyperrogue/music ambient
marsshooter-data share/games/marsshooter/audio/music electronic rock
miceamaze share/games/miceamaze/music electronic
singularity-music share/games/singularity/music electronic
warzone2100-music share/games/warzone2100/music/albums cinematic
wesnoth-1.16-music share/games/wesnoth/1.16/data/core/music orchestral
END
echo "the recordings lie in $folder"
