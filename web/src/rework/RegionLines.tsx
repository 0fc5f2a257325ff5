import { useText } from "../i18n";
import { clock } from "../ui/format";
import { Labelled } from "../ui/Labelled";
import { isWithin, type Span, type SungLine } from "./landmarks";

interface Props {
  lines: readonly SungLine[];
  region: Span;
  onChange: (region: Span) => void;
}

/** The first and the last line of a region, to set it by lines. */
export function RegionLines({ lines, region, onChange }: Props) {
  const { t } = useText();
  if (!lines.length) return null;
  const isChosen = (line: SungLine) => isWithin(line, region);
  const [first, last] = [lines.findIndex(isChosen), lines.findLastIndex(isChosen)];
  const choose = (from: number, to: number) =>
    onChange({ start: lines[Math.min(from, to)]!.start, end: lines[Math.max(from, to)]!.end });
  const select = (label: string, value: number, set: (line: number) => void) => (
    <Labelled label={label} className="min-w-0">
      {(ids) => (
        <select
          {...ids}
          className="field truncate"
          value={value}
          onChange={(event) => set(Number(event.currentTarget.value))}
        >
          {value < 0 && <option value={-1}>{t("rework.noLine")}</option>}
          {lines.map(({ text, start }, i) => (
            <option key={start} value={i}>
              {clock(start)} {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      {select(t("rework.firstLine"), first, (line) => choose(line, Math.max(line, last)))}
      {select(t("rework.lastLine"), last, (line) => choose(first < 0 ? line : Math.min(first, line), line))}
    </div>
  );
}
