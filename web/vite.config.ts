import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.KHALA_URL ?? "http://127.0.0.1:8889";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    outDir: "../src/khala/server/static",
    emptyOutDir: true,
    chunkSizeWarningLimit: 700, // kB before gzip; size.mjs is the judge
    target: "es2023",
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": server } },
  test: { include: ["src/**/*.test.ts"] },
});
