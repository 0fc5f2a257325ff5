/** What was typed into a form that was closed, kept until it is sent or the page is left. */

import { useState } from "react";

const kept = new Map<string, string>();

export function useKeptText(take: string, form: "extend" | "edit", initial: string): [string, (text: string) => void] {
  const key = `${take} ${form}`;
  const [text, setText] = useState(() => kept.get(key) ?? initial);
  return [
    text,
    (text) => {
      kept.set(key, text);
      setText(text);
    },
  ];
}

export function forgetText(take: string, form: string): void {
  kept.delete(`${take} ${form}`);
}
