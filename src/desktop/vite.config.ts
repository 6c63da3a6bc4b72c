import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: '../trunkline/web/static',
    emptyOutDir: true,
    target: 'es2022',
    // The page's CSP has no data: sources.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8800', '/ws': { target: 'ws://127.0.0.1:8800', ws: true } } },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
