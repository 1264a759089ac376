import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

// The server this page talks to while it is developed with `npm run dev`.
const server = process.env.SNAPBOARD_URL ?? "http://127.0.0.1:7420";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // The client package is built from its sources together with the page.
  resolve: { conditions: ["snapboard-source", ...defaultClientConditions] },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // files only: the page is served under a strict Content-Security-Policy
    reportCompressedSize: true,
  },
  server: {
    proxy: {
      "/api": { target: server },
      "/snapshots": { target: server, ws: true },
    },
  },
});
