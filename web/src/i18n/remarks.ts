/** The service's remarks in other languages than English, by kind. */

import type { Remark } from "../api/client";
import { clock } from "../ui/format";
import type { Language } from "./language";

/** The first wording whose values are all present is used. */
const TRANSLATIONS: Partial<Record<Language, Record<string, string[]>>> = {
  zh: {
    script: ["模型只唱英语，{of} 行中有 {count} 行会被略去。", "模型不唱这种文字，这些行会被略去。"],
    "description-script": ["模型只读得懂英语，请用英语描述歌曲。"],
    "words-left-out": ["模型只唱英语，{count} 行中有些词会被略去。"],
    language: ["歌词看起来不是英语，会按英语的发音来唱。"],
    "header-guessed": ["“{first}”按段落标签处理；写在方括号里更稳妥。"],
    "cue-dropped": ["提示语（如“{first}”）不会唱出，已略去。"],
    "chords-dropped": ["和弦（如 {first}）不会唱出，已略去。"],
    "not-a-chord": ["“{chord}”不是和弦，所以这一段不按所写的和弦演奏。"],
    "chords-unknown": ["写了和弦，但这个模型自己选择和弦。"],
    "chords-key": ["和弦属于 {fits}，而要求的是 {key}；移调后应为 {chords}。"],
    "stamps-dropped": ["歌词中的时间戳已略去。"],
    "page-text-dropped": ["“{first}”像是网页文字，不是歌词，已略去。"],
    repeated: ["“{first}”会重复演唱，标记本身不会唱出。"],
    "chorus-repeated": ["“{first}”没有自己的歌词，重唱前一段副歌。"],
    "no-words": ["只有段落，没有可唱的歌词。"],
    "too-much": ["这个时长放不下这么多字，大约需要 {seconds}。", "这个时长放不下这么多字。"],
    "too-little": ["歌词只够约 {seconds}，其余部分会重复或只有伴奏。", "对这个时长来说歌词太少。"],
    "lines-unsung": ["时长不足，有 {count} 行唱不到；全部唱完约需 {seconds}。", "时长不足，有 {count} 行唱不到。"],
    "unknown-section": ["模型不认识段落“{tag}”，按“{meant}”处理。", "模型不认识段落“{tag}”，请使用上方的段落。"],
    "tempo-range": ["速度 {asked} 超出模型的范围：{low} 至 {high} BPM。"],
    "time-signature": ["模型不演奏 {asked} 拍，只有三拍或四拍。"],
    contradiction: ["“{kept}”与“{other}”互相矛盾，请只保留一个。", "关于人声的描述互相矛盾。"],
    "nothing-to-sing": ["描述要求人声，但没有歌词就没有人唱。"],
    "goes-on-before-outro": ["歌曲在尾奏之前，从 {seconds} 处继续。"],
    "moved-to-bar": ["歌曲从最近的小节线（{seconds}）继续。"],
    "within-line": ["这里正唱着一句歌词；在没有人唱的地方，接缝最不明显。"],
    singers: ["要求了男女两个声音；模型只有一位歌手，由种子决定是谁。"],
  },
};

/** A remark in the reader's language, or the service's English where there is no translation. */
export function remarkText({ kind, text, values }: Remark, language: Language): string {
  for (const text of TRANSLATIONS[language]?.[kind.replace(/^.*-(?=contradiction$)/, "")] ?? []) {
    const holes = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    if (holes.every((name) => values[name] != null))
      return text.replace(/\{(\w+)\}/g, (_, name: string) =>
        name === "seconds" ? clock(Number(values[name])) : String(values[name]),
      );
  }
  return text;
}
