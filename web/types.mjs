/** Makes src/api/schema.ts and src/api/limits.ts from openapi.json; with --check, fails where they are not up to date. */

import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";

const source = new URL("openapi.json", import.meta.url);
const { components, paths } = JSON.parse(readFileSync(source, "utf8"));
const { Event, NewEdit, NewSampling, NewSong, OutlineSection, Problem, Take } = components.schemas;

/** [minimum, maximum] of a number, the maximum length of a text or list; undefined if there is none. */
function limitOf(schema) {
  for (const { minimum, maximum, maxLength, maxItems } of [schema, ...(schema.anyOf ?? [])])
    if (maximum !== undefined) return [minimum, maximum];
    else if (maxLength ?? maxItems) return maxLength ?? maxItems;
}

const fields = Object.entries({ ...NewSong.properties, ...NewSampling.properties, ...NewEdit.properties });
const audio = paths["/api/v1/takes/{take_id}/audio.{format}"].get.parameters;
const lyrics = paths["/api/v1/takes/{take_id}/lyrics.{format}"].get.parameters;
const values = {
  LIMITS: Object.fromEntries(fields.map(([name, schema]) => [name, limitOf(schema)])),
  DEFAULT_SECONDS: NewSong.properties.duration.default,
  AUDIO_FORMATS: audio.find(({ name }) => name === "format").schema.enum,
  LYRIC_FORMATS: lyrics.find(({ name }) => name === "format").schema.enum,
  EVENTS: Event.properties.event.enum,
  SECTION_TAGS: OutlineSection.properties.name.examples,
  PROBLEMS: Problem.properties.kind.examples,
  TROUBLES: Take.properties.error_kind.examples,
};
const limits = Object.entries(values).map(
  ([name, value]) => `export const ${name} = ${JSON.stringify(value)} as const;\n`,
);
const made = {
  "schema.ts": COMMENT_HEADER + astToString(await openapiTS(source, { defaultNonNullable: false })),
  "limits.ts": `/** What the service allows, made from openapi.json by \`npm run types\`. */\n\n${limits.join("")}`,
};
for (const [name, text] of Object.entries(made)) {
  const file = new URL(`src/api/${name}`, import.meta.url);
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) throw new Error(`${name} is not up to date: npm run types`);
}
