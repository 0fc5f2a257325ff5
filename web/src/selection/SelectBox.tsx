import { useText } from "../i18n";
import { selectTo, toggleSelected, useSelection } from "./store";

/** The checkbox of a row, while songs are being selected. */
export function SelectBox({ id, title }: { id: string; title: string }) {
  const active = useSelection((selection) => selection.active);
  const checked = useSelection((selection) => selection.ids.has(id));
  const { t } = useText();
  if (!active) return null;
  return (
    <label className="relative z-10 -mx-2 grid size-10 shrink-0 place-items-center">
      <input
        type="checkbox"
        aria-label={t("select.song", { title })}
        className="size-5 accent-accent"
        checked={checked}
        onChange={({ nativeEvent }) => {
          if ((nativeEvent as MouseEvent).shiftKey) selectTo(id);
          else toggleSelected(id);
        }}
      />
    </label>
  );
}
