import { defineConfig } from 'vite';

/** The telephone that the chat loads when a visitor wants to talk. */
export default defineConfig({
  build: {
    outDir: '../trunkline/web/static/chat',
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: 'src/chat/phone.ts', formats: ['es'], fileName: () => 'phone.js' },
  },
});
