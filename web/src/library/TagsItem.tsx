import { Menu } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import { useSettings } from "../app/settings";
import { useText } from "../i18n";

/** In a menu of downloads: whether the files say what they are. */
export function TagsItem() {
  const tagged = useSettings((settings) => settings.tagged);
  const { t } = useText();
  return (
    <>
      <div className="my-1 h-px bg-line" />
      <Menu.CheckboxItem
        className="flex w-full items-start gap-3 rounded-lg px-3 py-2 text-sm outline-none data-highlighted:bg-sunk"
        checked={tagged}
        onCheckedChange={(tagged) => useSettings.getState().set({ tagged })}
        closeOnClick={false}
      >
        <span className="mt-0.5 size-4 shrink-0 rounded border border-edge">
          <Menu.CheckboxItemIndicator>
            <Check className="size-3.5 text-accent" />
          </Menu.CheckboxItemIndicator>
        </span>
        <span>
          {t("download.tags")}
          <span className="block max-w-48 text-xs text-muted">{t("download.tagsHint")}</span>
        </span>
      </Menu.CheckboxItem>
    </>
  );
}
