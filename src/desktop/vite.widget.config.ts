import { defineConfig } from 'vite';

/** The customers' chat: one script beside the desktop, without anything of it. */
export default defineConfig({
  build: {
    outDir: '../trunkline/web/static/chat',
    emptyOutDir: true,
    target: 'es2022',
    lib: { entry: 'src/chat/widget.ts', formats: ['iife'], name: 'trunklineChat', fileName: () => 'widget.js' },
  },
});
