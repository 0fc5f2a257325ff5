// Before anything is drawn: the theme and language chosen last time, so that the page never flashes.
try {
  const { state } = JSON.parse(localStorage.getItem("khala.settings") || "{}");
  const theme = state?.theme ?? "system";
  const dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
} catch {
  document.documentElement.dataset.theme = "light";
}
