import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useStatus } from "../api/catalogue";
import { api, Refusal, unwrap } from "../api/client";
import { problemText } from "../api/problems";
import { useText } from "../i18n";
import { Button } from "../ui/Button";
import { Labelled } from "../ui/Labelled";

/** Asks for a key if the service needs one; it is kept in a cookie that scripts cannot read. */
export function KeyGate({ children }: { children: ReactNode }) {
  const { error } = useStatus();
  if (error instanceof Refusal && error.kind === "unauthorized") return <KeyForm />;
  return children;
}

function KeyForm() {
  const client = useQueryClient();
  const [key, setKey] = useState("");
  const [failed, setFailed] = useState<unknown>(null);
  const { t } = useText();
  const enter = async () => {
    try {
      await unwrap(api.POST("/api/v1/session", { body: { key: key.trim() } }));
      await client.resetQueries();
    } catch (error) {
      setFailed(error);
    }
  };
  return (
    <main className="grid h-dvh place-items-center p-6">
      <form
        className="w-full max-w-sm space-y-5"
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <h1 className="text-3xl font-semibold tracking-tight">Khala</h1>
        <Labelled label={t("key.name")} hint={t("key.hint")}>
          {(ids) => (
            <input
              {...ids}
              type="password"
              autoComplete="current-password"
              className="field"
              value={key}
              onChange={(event) => setKey(event.currentTarget.value)}
            />
          )}
        </Labelled>
        {failed !== null && (
          <p role="alert" className="text-sm text-danger">
            {problemText(failed, t).title}
          </p>
        )}
        <Button type="submit" look="primary" size="lg" className="w-full" disabled={!key.trim()}>
          {t("key.enter")}
        </Button>
      </form>
    </main>
  );
}
