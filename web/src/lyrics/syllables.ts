/** Counts syllables well enough to judge whether words fit their time. */

const HAN = /\p{Script=Han}/gu;
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const SMALL_KANA = /[ゃゅょャュョぁぃぅぇぉァィゥェォ]/gu;
const HANGUL = /\p{Script=Hangul}/gu;
const WORD = /[\p{L}\p{M}'’]+/gu;

/** Han and Hangul characters count one each, kana one per mora, words of an alphabet one per group of vowels. */
export function countSyllables(text: string): number {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  const scripts = count(HAN) + count(KANA) - count(SMALL_KANA) + count(HANGUL);
  const rest = text.replace(HAN, " ").replace(KANA, " ").replace(HANGUL, " ");
  return scripts + (rest.match(WORD) ?? []).reduce((sum, word) => sum + ofWord(word), 0);
}

function ofWord(word: string): number {
  const letters = word.toLowerCase().replace(/['’]/g, "");
  if (!letters) return 0;
  const accented = /[^a-z]/.test(letters);
  const plain = letters.normalize("NFD").replace(/\p{M}/gu, "");
  if (!/[a-z]/.test(plain))
    return Math.max(1, plain.match(/[аеёиоуыэюяіїєαεηιουω]/g)?.length ?? Math.ceil(plain.length / 2));
  // English leaves a last "e", "es" and "ed" silent, but not in "table", "wishes" and "wanted".
  const spoken =
    accented || plain.length <= 3
      ? plain
      : plain.replace(
          /(?<![aeiouyl])e$|(?<=[aeiou])le$|(?<![aeiouysxztdcg]|sh|ch)e[sd]$|(?<=[sxzcg])ed$|(?<=sh|ch)ed$/,
          "",
        );
  return Math.max(1, spoken.match(/[aeiouy]+/g)?.length ?? 0);
}
