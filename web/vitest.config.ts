import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["snapboard-source"] },
  ssr: { resolve: { conditions: ["snapboard-source"] } },
  test: { include: ["tests/**/*.test.{ts,tsx}"], testTimeout: 20_000 },
});
