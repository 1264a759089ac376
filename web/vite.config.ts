import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

// The server this page talks to while it is developed with `npm run dev`.
const server = process.env.SNAPBOARD_URL ?? "http://127.0.0.1:7420";

/** Asks for the font together with the style sheet instead of after it, so that the text does not change its face. */
const preloadFont: Plugin = {
  name: "preload-font",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler: (_, { bundle }) =>
      Object.keys(bundle ?? {})
        .filter((file) => file.endsWith(".woff2"))
        .map((file) => ({
          tag: "link",
          injectTo: "head",
          attrs: { rel: "preload", href: `/${file}`, as: "font", type: "font/woff2", crossorigin: true },
        })),
  },
};

export default defineConfig({
  plugins: [react(), tailwindcss(), preloadFont],
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
