/** Prints the size of the JavaScript, gzipped; fails over 250 kB. */

import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 250_000;
const folder = new URL("../src/khala/server/static/assets/", import.meta.url);
const size = (name) => gzipSync(readFileSync(new URL(name, folder))).length;
const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
const total = scripts.reduce((sum, name) => sum + size(name), 0);
for (const name of scripts) console.log(`${size(name)}\t${name}`);
console.log(`${total}\tof at most ${LIMIT}`);
process.exitCode = total > LIMIT ? 1 : 0;
