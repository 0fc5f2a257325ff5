import { expect, test, vi } from "vitest";

vi.stubGlobal("navigator", { languages: [] });
vi.stubGlobal("window", { localStorage: { getItem: () => null, setItem: () => undefined } });
const { translate } = await import(".");
const { languageOf, localeOf } = await import("./language");
const { en } = await import("./en");
const { zh } = await import("./zh");

const holes = (text: unknown) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g))].sort();

test("both languages have every text, with the same values", () => {
  expect(Object.keys(zh)).toEqual(Object.keys(en));
  for (const key of Object.keys(en) as (keyof typeof en)[])
    expect([key, holes(zh[key])]).toEqual([key, holes(en[key])]);
});

test("every text has all plural forms of its language", () => {
  for (const [messages, tag] of [
    [en, "en"],
    [zh, "zh"],
  ] as const)
    for (const text of Object.values(messages))
      if (typeof text !== "string")
        expect(Object.keys(text).sort()).toEqual(
          new Intl.PluralRules(tag).resolvedOptions().pluralCategories.toSorted(),
        );
});

test("numbers choose the plural form and are formatted", () => {
  expect(translate("en", "lyrics.lines", { n: 1 })).toBe("1 line");
  expect(translate("en", "lyrics.lines", { n: 0 })).toBe("0 lines");
  expect(translate("en", "lyrics.syllables", { n: 1200 })).toBe("1,200 syllables");
  expect(translate("zh", "lyrics.lines", { n: 1 })).toBe("1 行");
});

test("values are not expanded again", () => {
  expect(translate("en", "song.deleted", { title: "{n} $& {title}" })).toBe("“{n} $& {title}” deleted");
});

test.each([
  [["zh-TW", "en"], "zh"],
  [["de-DE", "en-GB"], "en"],
  [["fr"], "en"],
  [[], "en"],
])("with the preferences %j the language is %s", (preferred, language) => expect(languageOf(preferred)).toBe(language));

test("dates follow the reader's region", () => {
  expect(localeOf("en", ["de", "en-GB"])).toBe("en-GB");
  expect(localeOf("zh", ["en-GB"])).toBe("zh-Hans");
});
