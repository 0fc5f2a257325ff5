import { Toast } from "@base-ui/react/toast";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeClient } from "./api/query";
import { App } from "./app/App";
import { followSettings } from "./app/settings";
import { shareDraft } from "./create/draft";
import "./styles.css";

const client = makeClient();
followSettings();
shareDraft();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <Toast.Provider>
        <App />
      </Toast.Provider>
    </QueryClientProvider>
  </StrictMode>,
);
