import { Info, TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { Remark } from "../api/client";
import { useText } from "../i18n";
import { remarkText } from "../i18n/remarks";

/** Whether a remark is about the style rather than the lyrics. */
export const isOnStyle = ({ kind }: Remark) => ON_STYLE.test(kind);
const ON_STYLE = /^(description-script|tempo-range|time-signature|singers|nothing-to-sing|.*-contradiction)$/;
/** Whether a remark is about the chords of the whole song; those in the lyrics have a line. */
export const isOnChords = ({ kind, line }: Remark) => ON_CHORDS.test(kind) && line === null;
const ON_CHORDS = /^chords-(unknown|key)$/;
/** Worth knowing, but no reason to change anything. */
const QUIET = /^(header-guessed|repeated|chorus-repeated|.*-dropped)$/;
const SHOWN = 4;

/** The service's remarks on a request. */
export function Remarks({ remarks }: { remarks: readonly Remark[] }) {
  const { t, language } = useText();
  const [all, setAll] = useState(false);
  const more = remarks.length - SHOWN;
  return (
    <ul aria-live="polite" className="mt-2 space-y-1.5 empty:hidden">
      {(all ? remarks : remarks.slice(0, SHOWN)).map((remark) => {
        const quiet = QUIET.test(remark.kind);
        const Icon = quiet ? Info : TriangleAlert;
        return (
          <li
            key={JSON.stringify(remark)}
            className={`flex items-start gap-2 rounded-xl px-3 py-2 text-sm ${quiet ? "bg-sunk text-muted" : "bg-warn-soft text-warn"}`}
          >
            <Icon className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
            <span className="min-w-0 wrap-anywhere">
              {remark.line !== null && <span className="font-medium">{t("remark.line", { n: remark.line })} </span>}
              {remarkText(remark, language)}
            </span>
          </li>
        );
      })}
      {!all && more > 0 && (
        <li>
          <button
            type="button"
            className="px-3 py-1 text-sm font-medium text-accent hover:underline pointer-coarse:py-2.5"
            onClick={() => setAll(true)}
          >
            {t("remark.more", { n: more })}
          </button>
        </li>
      )}
    </ul>
  );
}
