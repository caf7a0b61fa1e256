import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react(), tailwind()],
  // the client is taken from its source: the studio is built with the package, not after it
  resolve: { conditions: ['spanwise-source', 'module', 'browser', 'import', 'default'] },
  build: {
    outDir: '../packages/spanwise/studio',
    emptyOutDir: true,
    target: 'es2024',
    sourcemap: false,
  },
  // `npm run dev -w spanwise-studio` beside a running `spanwise start`
  server: { proxy: { '/api': process.env['SPANWISE_URL'] ?? 'http://127.0.0.1:4480' } },
})
