import { expect, test } from "vitest";
import { remarkText } from "./remarks";

const remark = (kind: string, values = {}) => ({ kind, text: "The server's sentence.", line: 3, values });

test("English remarks are the server's; Chinese ones go by kind and by the values present", () => {
  expect(remarkText(remark("script"), "en")).toBe("The server's sentence.");
  expect(remarkText(remark("script", { count: 2, of: 3 }), "zh")).toContain("3 行中有 2 行");
  expect(remarkText(remark("script"), "zh")).toContain("这些行会被略去");
  expect(remarkText(remark("too-much", { seconds: 62.5 }), "zh")).toContain("1:02");
  expect(remarkText(remark("unknown-section", { tag: "vers", meant: "verse" }), "zh")).toContain("verse");
  expect(remarkText(remark("key-contradiction", { kept: "A minor", other: "C major" }), "zh")).toContain("A minor");
  expect(remarkText(remark("unknown-section", { tag: "laser", meant: null }), "zh")).toContain("上方");
});

test("a remark without a translation, or without its values, is the server's sentence", () => {
  expect(remarkText(remark("moon-phase"), "zh")).toBe("The server's sentence.");
  expect(remarkText(remark("lines-unsung"), "zh")).toBe("The server's sentence.");
});
