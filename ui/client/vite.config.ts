import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    target: "es2022",
    sourcemap: true,
    lib: {
      entry: "src/index.ts",
      name: "Kefu",
      formats: ["es", "iife"],
      fileName: (format) => (format === "es" ? "kefu-client.js" : "kefu-client.iife.js"),
    },
  },
  test: {
    include: ["test/**/*.test.ts"],
  },
});
