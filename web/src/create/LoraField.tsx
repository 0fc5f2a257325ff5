import { useLoras } from "../api/catalogue";
import { useText } from "../i18n";
import { Labelled } from "../ui/Labelled";
import { Range } from "../ui/Range";
import { useDraft } from "./draft";

const MAX_WEIGHT = 1.5;
const STANDARD_WEIGHT = 1;

/** The adapter that is added to a model, and how much of it; nothing, where none belongs to the model. */
export function LoraField({ model }: { model: string }) {
  const { loras: chosen, set } = useDraft();
  const offered = useLoras().filter((lora) => lora.model === null || lora.model === model);
  const { t } = useText();
  if (!offered.length && !chosen.length) return null;
  const [first] = chosen;
  const about = offered.find(({ name }) => name === first?.name);
  const hint = [
    about?.songs ? t("create.loraSongs", { n: about.songs }) : "",
    about?.trigger ? t("create.loraTrigger", { tag: about.trigger }) : "",
  ];
  return (
    <>
      <Labelled label={t("create.lora")} hint={hint.filter(Boolean).join(" ") || undefined}>
        {(ids) => (
          <select
            {...ids}
            className="field"
            value={first?.name ?? ""}
            onChange={({ currentTarget: { value: name } }) =>
              set({ loras: name ? [{ name, weight: first?.weight ?? STANDARD_WEIGHT }] : [] })
            }
          >
            <option value="">{t("create.loraNone")}</option>
            {[...new Set([...offered, ...chosen].map(({ name }) => name))].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
      </Labelled>
      {chosen.map(({ name, weight }) => (
        <Labelled key={name} label={t("create.loraWeight", { name })} aside={weight.toLocaleString()}>
          {(ids) => (
            <Range
              {...ids}
              min={Math.min(0, weight)}
              max={Math.max(MAX_WEIGHT, weight)}
              step={0.05}
              value={weight}
              onChange={(next) =>
                set({ loras: chosen.map((one) => (one.name === name ? { name, weight: next } : one)) })
              }
            />
          )}
        </Labelled>
      ))}
    </>
  );
}
