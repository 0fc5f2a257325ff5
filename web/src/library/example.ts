import type { NewSong } from "../api/client";

/** The song that `khala generate` makes when it is told nothing, in two takes. */
export const EXAMPLE: NewSong = {
  prompt: "",
  title: "Sing with me",
  tags: ["pop", "female vocals", "uplifting", "mid tempo", "117 bpm", "piano"],
  lyrics: `[intro]

[verse]
Morning light is in the street
You and I, we find the beat

[chorus]
Sing with me and take my hand
Dancing wild across the land
Sing with me and take my hand
We will run along the sand

[outro]`,
  instrumental: false,
  duration: 30,
  takes: 2,
  seed: 7,
  model: "",
  sampling: {},
};
