import { Toast } from "@base-ui/react/toast";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Refusal } from "./api/client";
import { App } from "./app/App";
import { followSettings } from "./app/settings";
import "./styles.css";

/** A refusal stays one; only a server that does not answer is asked again. */
const retry = (failures: number, error: Error) =>
  failures < 3 && !(error instanceof Refusal && error.kind !== "offline" && error.kind !== "unavailable");

const client = new QueryClient({
  defaultOptions: { queries: { retry, staleTime: 5_000, refetchOnWindowFocus: true } },
});

followSettings();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <Toast.Provider>
        <App />
      </Toast.Provider>
    </QueryClientProvider>
  </StrictMode>,
);
