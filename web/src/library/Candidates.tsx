import type { Take } from "../api/client";
import { useText } from "../i18n";

/** The scores of one candidate. */
export interface Candidate {
  seed: number;
  ended: boolean;
  information: number;
  heard?: number;
  kept?: boolean;
}

/** The candidates that a take was chosen from, with their scores: higher is better. */
export function Candidates({ take, candidates }: { take: Take; candidates: readonly Candidate[] }) {
  const { t, locale } = useText();
  const score = (value: number) => value.toLocaleString(locale, { maximumFractionDigits: 2 });
  return (
    <table className="w-full text-left text-sm tabular-nums">
      <caption className="mb-2 text-left font-medium">{t("facts.candidates", { n: take.number })}</caption>
      <thead className="text-muted">
        <tr>
          {(["create.seed", "facts.information", "facts.heard", "facts.ending"] as const).map((key) => (
            <th key={key} scope="col" className="pr-3 pb-1 font-normal">
              {t(key)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {candidates.map(({ seed, ended, information, heard, kept }) => (
          <tr key={seed} className={kept ? "font-medium text-accent" : ""}>
            <td className="pr-3 wrap-anywhere">
              {seed}
              {kept && ` · ${t("facts.kept")}`}
            </td>
            <td className="pr-3">{score(information)}</td>
            <td className="pr-3">{heard === undefined ? "–" : score(heard)}</td>
            <td>{t(ended ? "facts.ended" : "facts.faded")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
