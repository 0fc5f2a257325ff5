import type { NewSong } from "../api/client";
import example from "./example.json";

/** The song that `khala generate` makes without options, in two takes. */
export const EXAMPLE: NewSong = example;
